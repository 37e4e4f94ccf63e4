"""The pytest plugin, in test suites of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from indoxrouter_mock import MockServer
from tests.patience import seconds

from .conftest import HELLO

SUITE = """
import httpx
import pytest

CHAT = {"messages": [{"role": "user", "content": "Hi"}]}
seen = []


def usage(mock):
    return httpx.get(f"{mock.base_url}/user/usage", headers={"Authorization": f"Bearer {mock.api_key}"}).json()


@pytest.mark.parametrize("number", range(3))
def test_every_test_finds_a_fresh_mock(indoxrouter_mock, number):
    assert usage(indoxrouter_mock)["total_requests"] == 0
    assert len(indoxrouter_mock.requests) == 1
    headers = {"Authorization": f"Bearer {indoxrouter_mock.api_key}"}
    assert httpx.post(f"{indoxrouter_mock.base_url}/chat/completions", json=CHAT, headers=headers).status_code == 200
    assert usage(indoxrouter_mock)["total_requests"] == 1
    indoxrouter_mock.faults.add("no_answer")
    indoxrouter_mock.clock.advance(10**6)
    seen.append(indoxrouter_mock.url)


@pytest.mark.indoxrouter_mock(tier="free", credits=0)
class TestMarked:
    def test_marker_of_the_class_sets_the_mock_up(self, indoxrouter_mock):
        assert (indoxrouter_mock.tier, indoxrouter_mock.credits) == ("free", 0)

    @pytest.mark.indoxrouter_mock(credits=2)
    def test_marker_of_the_test_is_stronger(self, indoxrouter_mock):
        assert (indoxrouter_mock.tier, indoxrouter_mock.credits) == ("free", 2)


def test_settings_do_not_leak(indoxrouter_mock):
    assert indoxrouter_mock.tier == "unlimited"
    assert len(set(seen)) == 1
"""

WITH_SDK = """
import pytest
import indoxrouter


def test_client_talks_to_the_mock(indoxrouter_mock, indoxrouter_client):
    assert "Hi" in indoxrouter_client.chat([{"role": "user", "content": "Hi"}])["data"]
    assert [request["operation"] for request in indoxrouter_mock.requests][-1] == "createChatCompletion"


def test_fault_reaches_the_client(indoxrouter_mock, indoxrouter_client):
    indoxrouter_mock.faults.add("insufficient_credits")
    with pytest.raises(indoxrouter.InsufficientCreditsError):
        indoxrouter_client.chat([{"role": "user", "content": "Hi"}])


@pytest.mark.anyio
async def test_async_client_talks_to_the_mock(indoxrouter_mock, indoxrouter_async_client):
    async with indoxrouter_async_client as client:
        assert "Hi" in (await client.chat([{"role": "user", "content": "Hi"}]))["data"]


@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


PLUGINS = ["-p", "no:cacheprovider", "-p", "indoxrouter_mock.pytest_plugin", "-p", "anyio.pytest_plugin"]


def alone() -> dict[str, str]:
    """No other plugins: what is tested is this one, and the environment's others take a second to load."""
    return {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def run(suite: str, directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (directory / "test_suite.py").write_text(suite, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", *PLUGINS, *options]
    return subprocess.run(
        command, cwd=directory, capture_output=True, text=True, timeout=seconds(50), check=False, env=alone()
    )


def test_each_test_of_a_suite_has_a_mock_of_its_own(tmp_path: Path) -> None:
    result = run(SUITE, tmp_path, "--strict-markers")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "6 passed" in result.stdout


def test_clients_come_ready_made(tmp_path: Path) -> None:
    result = run(WITH_SDK, tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 passed" in result.stdout


def test_missing_extra_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("import sys; sys.modules['uvicorn'] = None", encoding="utf-8")
    result = run("def test_it(indoxrouter_mock): pass", tmp_path)
    assert result.returncode == 1
    assert "the package uvicorn is missing: pip install 'indoxrouter[mock]'" in result.stdout


@pytest.mark.parametrize("fixture", ["indoxrouter_client", "indoxrouter_async_client"])
def test_missing_client_is_named_by_the_fixtures_that_need_it(tmp_path: Path, fixture: str) -> None:
    (tmp_path / "conftest.py").write_text("import sys; sys.modules['indoxrouter'] = None", encoding="utf-8")
    result = run(f"def test_it({fixture}): pass\ndef test_mock(indoxrouter_mock): pass", tmp_path)
    assert "1 passed" in result.stdout
    assert "this fixture needs the client, which is missing: pip install indoxrouter" in result.stdout
    assert "Traceback" not in result.stdout


def test_plugin_is_found_without_being_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--fixtures", "-q"]
    found = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=seconds(50), check=False
    ).stdout
    for name in ("indoxrouter_mock", "indoxrouter_client", "indoxrouter_async_client"):
        assert f"\n{name}" in found


def test_server_starts_and_answers_in_less_than_300_milliseconds() -> None:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        with MockServer() as mock:
            answer = httpx.post(
                f"{mock.base_url}/chat/completions",
                json=HELLO,
                headers={"Authorization": f"Bearer {mock.api_key}"},
            )
            times.append(time.perf_counter() - started)
            assert answer.status_code == 200
    assert min(times) < seconds(0.3)


def test_servers_side_by_side_share_nothing() -> None:
    with MockServer(seed=1, credits=5) as one, MockServer(seed=2, api_key="indox-" + "b" * 32) as other:
        assert one.url != other.url
        assert (one.credits, other.credits) == (5, 1_000_000)
        assert (
            httpx.get(
                f"{one.base_url}/user/me", headers={"Authorization": f"Bearer {other.api_key}"}
            ).status_code
            == 401
        )
        assert other.requests == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(one.url)


def test_unknown_tier_is_refused(mock: MockServer) -> None:
    with pytest.raises(ValueError, match="gold"):
        mock.tier = "gold"
