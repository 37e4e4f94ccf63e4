"""What a deadline leaves behind under the httpx engine: nothing that keeps a connection, or reads from a closed one."""

from __future__ import annotations

import threading
import time

import httpx
import pytest
from indoxrouter._runtime.http.httpx_adapter import AsyncHttpxEngine, HttpxEngine
from indoxrouter._runtime.http.httpx_calls import LeftBehind, within
from indoxrouter._runtime.http.interface import Deadline, HttpRequest, Timeouts, TransportFailure

from .server import STALL, ScriptedServer, answer

PATIENCE = 20.0
ONE = httpx.Limits(max_connections=1)


def get(server: ScriptedServer, path: str, seconds: float | None = None) -> HttpRequest:
    deadline = None if seconds is None else Deadline(time.monotonic() + seconds, "deadline", seconds)
    timeouts = Timeouts(PATIENCE, PATIENCE, PATIENCE, PATIENCE)
    return HttpRequest("GET", server.url + path, [], None, timeouts, deadline=deadline)


def test_a_late_answer_frees_the_only_connection(server: ScriptedServer) -> None:
    gate = threading.Event()
    server.on("/late", [gate, answer(b"late")])
    server.on("/thing", answer(b"ok"))
    with httpx.Client(limits=ONE) as client:
        engine = HttpxEngine(client)
        with pytest.raises(TransportFailure, match=r"deadline=0\.1 s"):
            engine.send(get(server, "/late", 0.1))
        gate.set()
        response = engine.send(get(server, "/thing"))
        assert b"".join(response.iter_raw()) == b"ok"
        response.close()


def test_a_body_that_is_given_up_breaks_its_connection(server: ScriptedServer) -> None:
    server.on("/slow", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour", STALL])
    server.on("/thing", answer(b"ok"))
    with httpx.Client(limits=ONE) as client:
        engine = HttpxEngine(client)
        response = engine.send(get(server, "/slow", 0.2))
        with pytest.raises(LeftBehind):
            list(response.iter_raw())
        response.close()
        assert server.connections[0].left.wait(PATIENCE)
        response = engine.send(get(server, "/thing"))
        assert b"".join(response.iter_raw()) == b"ok"
        response.close()


async def test_a_late_answer_frees_the_only_async_connection(server: ScriptedServer) -> None:
    gate = threading.Event()
    server.on("/late", [gate, answer(b"late")])
    server.on("/thing", answer(b"ok"))
    async with httpx.AsyncClient(limits=ONE) as client:
        engine = AsyncHttpxEngine(client)
        with pytest.raises(TransportFailure, match=r"deadline=0\.1 s"):
            await engine.send(get(server, "/late", 0.1))
        gate.set()
        response = await engine.send(get(server, "/thing"))
        assert b"".join([piece async for piece in response.iter_raw()]) == b"ok"
        await response.close()
        await engine.close()


def test_what_arrives_at_the_deadline_is_either_returned_or_discarded(server: ScriptedServer) -> None:
    for pause in (0.0, 0.0005, 0.001, 0.0015, 0.002) * 20:
        made: list[object] = []
        discarded = threading.Event()
        waiting = threading.Event()

        def work(
            pause: float = pause, made: list[object] = made, waiting: threading.Event = waiting
        ) -> object:
            waiting.wait(pause)
            made.append(object())
            return made[0]

        def discard(_: object, discarded: threading.Event = discarded) -> None:
            discarded.set()

        try:
            result = within(work, get(server, "/"), get(server, "/", 0.001).deadline, discard)
        except LeftBehind:
            assert discarded.wait(PATIENCE)
        else:
            assert result is made[0]
            assert not discarded.is_set()
