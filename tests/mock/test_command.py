"""`python -m indoxrouter_mock` as users run it: a process, its output, its signals."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from indoxrouter_mock.cli import main, parser
from tests.patience import seconds

from .conftest import HELLO

KEY = "indox-" + "k" * 32


def _arguments(options: tuple[str, ...]) -> list[str]:
    if options[:1] == ("record",):
        return [*options, "--port", "0"]
    return ["--port", "0", "--api-key", KEY, *options]


class Running:
    """The command, started; its output is read to the end so that it never waits for a reader."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "indoxrouter_mock", *_arguments(options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        found = re.search(r"http://[\d.]+:\d+", first)
        assert found, f"the first line printed was {first!r}"
        self.url = found.group()
        self.key_line = self.process.stdout.readline()

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; returns the exit code and what was logged."""
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=seconds(20))
        return self.process.returncode, log


@pytest.fixture
def start() -> Iterator[type[Running]]:
    started: list[Running] = []

    class Tracked(Running):
        def __init__(self, *options: str) -> None:
            super().__init__(*options)
            started.append(self)

    yield Tracked
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.communicate()


def chat(url: str, **more: object) -> httpx.Response:
    return httpx.post(
        f"{url}/api/v1/chat/completions", json={**HELLO, **more}, headers={"Authorization": f"Bearer {KEY}"}
    )


def test_command_prints_an_admin_token_when_others_can_reach_it(start: type[Running]) -> None:
    running = start("--host", "0.0.0.0")
    assert running.process.stdout is not None
    token = running.process.stdout.readline().split()[2]
    status = running.url.replace("0.0.0.0", "127.0.0.1") + "/__mock__/status"
    assert httpx.get(status).status_code == 401
    assert httpx.get(status, headers={"Authorization": f"Bearer {token}"}).json()["api_key"] == KEY


def test_command_says_where_it_is_when_it_takes_requests(start: type[Running]) -> None:
    running = start()
    assert running.key_line == f"Demo API key: {KEY}\n"
    assert chat(running.url).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_ends_in_good_order_on_a_signal_even_with_a_stream_open(
    start: type[Running], number: signal.Signals
) -> None:
    running = start("--chunk-delay", "5")
    opened = threading.Event()

    def read() -> None:
        try:
            with httpx.stream(
                "POST",
                f"{running.url}/api/v1/chat/completions",
                json={**HELLO, "stream": True},
                headers={"Authorization": f"Bearer {KEY}"},
                timeout=seconds(30),
            ) as answer:
                for _ in answer.iter_lines():
                    opened.set()
        except httpx.TransportError:
            pass

    reader = threading.Thread(target=read)
    reader.start()
    assert opened.wait(10)
    code, log = running.end(number)
    reader.join(10)
    assert code == 0
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("fault", "stream"),
    [("latency", False), ("latency, rate_limit", False), ("stall", False), ("stall", True)],
)
def test_pause_ends_with_the_server_and_prints_no_traceback(
    start: type[Running], fault: str, stream: bool
) -> None:
    server = start("--log-level", "warning")
    headers = {
        "Authorization": f"Bearer {KEY}",
        "X-Mock-Fault": fault.replace("latency", "latency;seconds=600").replace("stall", "stall;seconds=600"),
    }
    ended = threading.Event()

    def wait() -> None:
        try:
            body = {**HELLO, "stream": stream}
            httpx.post(f"{server.url}/api/v1/chat/completions", json=body, headers=headers, timeout=None)
        except httpx.TransportError:
            ended.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    while not httpx.get(f"{server.url}/__mock__/counters").json()["counters"].get("faults"):
        assert thread.is_alive()
    code, log = server.end()
    thread.join(20)
    assert (code, log, ended.is_set()) == (0, "", True)


def test_log_has_a_line_for_each_request_and_neither_bodies_nor_secrets(start: type[Running]) -> None:
    running = start()
    chat(running.url, byok_api_key="sk-own-secret")
    httpx.post(f"{running.url}/auth/token", json={"username": KEY, "password": KEY})
    httpx.get(f"{running.url}/api/v1/nothing?api_key={KEY}")
    _, log = running.end()
    lines = log.splitlines()
    assert [line.split()[1:4] for line in lines] == [
        ["POST", "/api/v1/chat/completions", "200"],
        ["POST", "/auth/token", "200"],
        ["GET", "/api/v1/nothing", "404"],
    ]
    for secret in (KEY, "sk-own-secret", "Hello there"):
        assert secret not in log


def test_quiet_log_level_is_quiet(start: type[Running]) -> None:
    running = start("--log-level", "warning")
    chat(running.url)
    assert running.end()[1] == ""


def test_options_reach_the_server(start: type[Running]) -> None:
    options = [
        "--tier",
        "free",
        "--credits",
        "3",
        "--shape",
        "openai",
        "--reply-tokens",
        "4",
        "--token-lifetime",
        "5",
        "--seed",
        "8",
    ]
    running = start(*options)
    answer = chat(running.url)
    assert answer.headers["x-ratelimit-limit"] == "10"
    assert answer.json()["usage"]["completion_tokens"] == 4
    status = httpx.get(f"{running.url}/__mock__/status").json()
    assert (status["options"]["credits"], status["options"]["seed"], status["options"]["token_lifetime"]) == (
        3,
        8,
        5,
    )


def test_taken_port_is_one_sentence_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    told = capsys.readouterr().err
    assert f"127.0.0.1:{port} can't be listened on" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--spec", "/nowhere/openapi.yaml"], "/nowhere/openapi.yaml can't be read"),
        (["--credits", "-5"], "--credits is -5.0"),
        (["--token-lifetime", "0"], "--token-lifetime is 0.0"),
        (["--port", "99999"], "can't be listened on"),
        (["--host", "no.such.host.invalid"], "can't be listened on"),
    ],
)
def test_what_cannot_be_served_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    assert main(["--port", "0", *options]) == 1
    assert told in capsys.readouterr().err


def test_broken_spec_names_file_and_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text("openapi: 3.1.0\npaths:\n  /x: [\n", encoding="utf-8")
    assert main(["--port", "0", "--spec", str(spec)]) == 1
    assert f"{spec}, line 4" in capsys.readouterr().err


def test_help_explains_every_option() -> None:
    for action in parser()._actions:
        assert action.help, action.option_strings
    text = parser().format_help()
    for header in ("X-Mock-Fault", "X-Mock-Shape", "X-Mock-Events", "X-Mock-Tokens", "X-Mock-Chunk-Delay"):
        assert header in text


def test_mock_knows_nothing_of_the_sdk(root: Path) -> None:
    """Read from the sources: the plugin's client fixtures are the one place, and they import when asked for."""
    for path in sorted((root / "indoxrouter_mock").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found = re.findall(
            r"(?:^\s*(?:from|import) |import_module\(['\"])(indoxrouter(?:_ext)?|indoxRouter)\b(?!_mock)",
            text,
            re.MULTILINE,
        )
        assert len(found) == (1 if path.name == "pytest_plugin.py" else 0), path
