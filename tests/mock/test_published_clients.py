"""The clients that are published on PyPI (`indoxrouter` 0.1.39 and `indoxhub` 0.2.2) against the mock.

They share their package's name with this project, so they live in an environment of their own, which `make test` builds
from `published_clients.txt`; PUBLISHED_CLIENTS_PYTHON names another interpreter that has them. What they rely on is
tested by raw requests below, whether they are there or not.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from indoxrouter_mock import MockServer
from tests.clients.__main__ import Outcome, read
from tests.patience import seconds

from .reading import events_of

ENVIRONMENT = Path(__file__).resolve().parents[2] / ".published-clients"
TOUR = ENVIRONMENT.parent / "tests" / "clients" / "tours" / "published_tour.py"
PYTHON = os.environ.get("PUBLISHED_CLIENTS_PYTHON") or str(ENVIRONMENT / "bin" / "python")


@pytest.mark.skipif(
    not Path(PYTHON).exists(),
    reason="the published clients are not installed: `make test` does that where the package index can be reached",
)
@pytest.mark.parametrize("package", ["indoxrouter", "indoxhub"])
def test_published_client_works(mock: MockServer, package: str, tmp_path: Path) -> None:
    found = subprocess.run(
        [PYTHON, str(TOUR), package],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=seconds(50),
        check=False,
        env={**os.environ, "MOCK_URL": mock.url, "MOCK_KEY": mock.api_key, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    outcome = Outcome()
    read(found.stdout, outcome)
    assert outcome.failed == {}
    assert len(outcome.passed) == 13, found.stderr


def test_fields_that_are_null_count_as_absent(http: httpx.Client) -> None:
    """Published clients write every field that was not given as null."""
    body = {
        "messages": [{"role": "user", "content": "Hi"}],
        "model": "openai/gpt-4o-mini",
        "temperature": 0.7,
        "max_tokens": None,
        "stream": False,
        "byok_api_key": None,
        "additional_params": {},
    }
    answer = http.post("/chat/completions", json=body)
    assert answer.status_code == 200
    assert answer.json()["byok_api_key"] is False
    assert events_of(http.post("/chat/completions", json={**body, "stream": True}))


def test_get_may_announce_json_and_send_nothing(http: httpx.Client) -> None:
    assert http.get("/user/usage", headers={"Content-Type": "application/json"}).status_code == 200
    assert http.get("/models/openai", headers={"Content-Type": "application/json"}).json()["name"] == "OpenAI"


def test_key_that_fails_at_the_first_endpoint_fails_at_the_fallbacks_too(mock: MockServer) -> None:
    wrong = "indox-" + "w" * 32
    assert httpx.post(f"{mock.base_url}/auth/api-key", headers={"X-API-Key": wrong}).status_code == 401
    for username in (wrong, "pip_client"):
        assert (
            httpx.post(
                f"{mock.base_url}/auth/token", data={"username": username, "password": wrong}
            ).status_code
            == 401
        )


@pytest.mark.parametrize("path", ["/chat/completions", "/completions"])
def test_chunks_hold_a_choice_each_as_published_clients_take_the_first(http: httpx.Client, path: str) -> None:
    body = {"messages": [{"role": "user", "content": "Hi"}], "prompt": "Hi", "stream": True}
    assert all(event["choices"] for event in events_of(http.post(path, json=body)))
