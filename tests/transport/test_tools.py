"""respx, pytest-httpx, vcrpy and OpenTelemetry see the requests of clients that are older than their set-up.

The clients are made, and used, before the tool is; a module-level client is such a one. After the tool has been removed
the direct engine sends again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import indoxrouter
import pytest
import respx
import vcr
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.reliability.harness import ENVELOPE, KEY, MESSAGES, serve_everything
from tests.reliability.server import ScriptedServer

PATH = "/chat/completions"
MOCKED = {**ENVELOPE, "data": "mocked"}
REAL = "hello there"


class Caller:
    """A client that has sent a request, of either kind, for tests that are not coroutines."""

    def __init__(self, server: ScriptedServer, asynchronous: bool, engine: str | None) -> None:
        serve_everything(server)
        self.loop = asyncio.new_event_loop() if asynchronous else None
        kind: Any = indoxrouter.AsyncClient if asynchronous else indoxrouter.Client
        self.client = kind(KEY, base_url=server.url, engine=engine, max_retries=0)
        assert self.chat() == REAL

    def _wait(self, value: Any) -> Any:
        return value if self.loop is None else self.loop.run_until_complete(value)

    def chat(self) -> str:
        return str(self._wait(self.client.chat(MESSAGES)).text)

    def close(self) -> None:
        self._wait(self.client.close())
        if self.loop is not None:
            self.loop.close()


@pytest.fixture(params=["sync", "async"])
def asynchronous(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "async")


@pytest.fixture(params=[None, "httpx"], ids=["default", "httpx"])
def caller(server: ScriptedServer, asynchronous: bool, request: pytest.FixtureRequest) -> Iterator[Caller]:
    running = Caller(server, asynchronous, request.param)
    yield running
    running.close()


@pytest.mark.parametrize("using", ["httpx", "httpcore"])
def test_respx(caller: Caller, server: ScriptedServer, using: str) -> None:
    for _ in range(2):
        before = len(server.sent(PATH))
        with respx.mock(using=using) as router:
            route = router.post(f"{server.url}{PATH}").mock(return_value=httpx.Response(200, json=MOCKED))
            assert [caller.chat(), caller.chat()] == ["mocked"] * 2
        assert route.call_count == 2
        assert len(server.sent(PATH)) == before  # nothing left the machine
        assert caller.chat() == REAL


def test_pytest_httpx(caller: Caller, server: ScriptedServer, request: pytest.FixtureRequest) -> None:
    before = len(server.sent(PATH))
    mock = request.getfixturevalue("httpx_mock")
    mock.add_response(url=f"{server.url}{PATH}", json=MOCKED, is_reusable=True)
    assert [caller.chat(), caller.chat()] == ["mocked"] * 2
    assert len(mock.get_requests()) == 2
    assert len(server.sent(PATH)) == before


def test_vcrpy(caller: Caller, server: ScriptedServer, tmp_path: Path) -> None:
    cassette = str(tmp_path / "chat.yaml")
    for expected in (1, 0):  # recorded, then replayed
        before = len(server.sent(PATH))
        with vcr.use_cassette(cassette, record_mode="once") as tape:
            assert caller.chat() == REAL
        assert len(server.sent(PATH)) - before == expected
        assert len(tape) == 1
        assert caller.chat() == REAL
        assert len(server.sent(PATH)) - before == expected + 1


def test_opentelemetry(caller: Caller, server: ScriptedServer) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = HTTPXClientInstrumentor()
    for _ in range(2):
        exporter.clear()
        instrumentor.instrument(tracer_provider=provider)
        try:
            assert [caller.chat(), caller.chat()] == [REAL] * 2
        finally:
            instrumentor.uninstrument()
        assert len(exporter.get_finished_spans()) == 2
        assert server.sent(PATH)[-1].header("traceparent") is not None
        assert caller.chat() == REAL
        assert len(exporter.get_finished_spans()) == 2
        assert server.sent(PATH)[-1].header("traceparent") is None
