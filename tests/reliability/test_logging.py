"""Logging: one structured line for each call under `indoxrouter`, by the standard library's rules."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.spec.document import present_argument

from .harness import ENVELOPE, MESSAGES, Clock, Mode, do, serve_everything
from .server import RESET, answer

LINE = re.compile(
    r"(?P<method>[A-Z]+) (?P<path>/\S*) status=(?P<status>\d+|-) attempts=(?P<attempts>\d+) ms=(?P<ms>\d+) "
    r"request_id=(?P<id>\S+)(?: error=(?P<error>\w+))?\Z"
)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    logger = logging.getLogger("indoxrouter")
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, str]]:
    found = [record.getMessage() for record in caplog.records if record.name == "indoxrouter"]
    matches = [LINE.match(line) for line in found]
    assert all(matches), found
    return [match.groupdict() for match in matches if match is not None]


async def test_each_call_writes_one_line(mode: Mode, caplog: pytest.LogCaptureFixture, clock: Clock) -> None:
    caplog.set_level(logging.INFO, "indoxrouter")
    busy = answer(b"", 503)
    mode.server.on("/chat/completions", busy, answer(ENVELOPE, headers=[("X-Request-Id", "req-1")]))
    await do(mode.client().chat(MESSAGES))
    [line] = [line for line in lines(caplog) if line["path"] == "/chat/completions"]
    assert (line["method"], line["status"], line["attempts"], line["id"]) == ("POST", "200", "2", "req-1")
    assert line["error"] is None


async def test_a_failure_writes_one_line_as_a_warning(
    mode: Mode, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    caplog.set_level(logging.WARNING, "indoxrouter")
    mode.server.on("/user/usage", [RESET])
    await mode.failure(mode.client().get_usage)
    [line] = lines(caplog)
    assert (line["path"], line["status"], line["attempts"]) == ("/user/usage", "-", "3")
    assert line["error"] == "NetworkError"
    assert caplog.records[-1].levelno == logging.WARNING


async def test_query_strings_are_not_logged(mode: Mode, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "indoxrouter")
    mode.server.on("/user/transactions", answer({"transactions": []}))
    await do(mode.client().api.user.list_transactions(limit=7))
    assert not any(
        "limit" in record.getMessage() for record in caplog.records if record.name == "indoxrouter"
    )
    assert mode.server.sent("/user/transactions")[0].query == [
        (present_argument("get_transactions", "limit"), "7")
    ]


async def test_nothing_is_logged_unless_somebody_listens(
    mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    serve_everything(mode.server)
    logging.getLogger("indoxrouter").setLevel(logging.ERROR)
    await do(mode.client().get_usage())
    assert lines(caplog) == []


USE = """
import sys
from indoxrouter import Client
client = Client("indox-" + "k" * 32, base_url=sys.argv[1])
client.get_usage()
client.close()
"""


@pytest.mark.parametrize(("level", "count"), [("debug", 1), ("INFO", 1), ("warning", 0), ("", 0)])
async def test_the_environment_switches_it_on(
    run_python: Callable[..., subprocess.CompletedProcess[str]], mode: Mode, level: str, count: int
) -> None:
    serve_everything(mode.server)
    done = run_python(USE, mode.server.url, env={"INDOX_ROUTER_LOG": level})
    assert done.stderr.count("status=200") == count
    assert "kkkk" not in done.stderr
    assert "token-1" not in done.stderr


async def test_a_level_that_does_not_exist_is_refused(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDOX_ROUTER_LOG", "loud")
    with pytest.raises(ValueError, match="INDOX_ROUTER_LOG"):
        mode.client()


async def test_enable_debug_shows_the_lines(mode: Mode, capsys: pytest.CaptureFixture[str]) -> None:
    serve_everything(mode.server)
    client = mode.client()
    client.enable_debug()
    client.enable_debug("INFO")  # a second time adds no second handler
    await do(client.get_usage())
    assert capsys.readouterr().err.count("GET /user/usage status=200") == 1


@pytest.mark.parametrize("level", ["LOUD", 1.5, None, object()], ids=["text", "float", "None", "object"])
async def test_enable_debug_refuses_what_logging_does_not_know(mode: Mode, level: object) -> None:
    with pytest.raises(ValueError, match=r"(?i)level"):
        mode.lazy_client().enable_debug(level)
