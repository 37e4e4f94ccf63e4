"""The places of the direct engine's pool: who waits for one gets it, and nothing keeps one for good."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from indoxrouter._runtime.http.interface import HttpRequest, Timeouts, TransportFailure

from indoxrouter_ext.http.direct import asynchronous, blocking
from indoxrouter_ext.http.direct.asynchronous import AsyncDirectEngine
from indoxrouter_ext.http.direct.blocking import DirectEngine

from .harness import do, wait_until_waiting
from .server import STALL, ScriptedServer, answer

PATIENCE = 10.0
HELD: list[Any] = [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", STALL]


def get(server: ScriptedServer, path: str = "/thing", pool: float | None = None) -> HttpRequest:
    return HttpRequest("GET", server.url + path, [], None, Timeouts(PATIENCE, PATIENCE, PATIENCE, pool))


async def places(engine: Any, server: ScriptedServer) -> int:
    """How many answers an engine holds at once before it refuses a request for want of a place."""
    server.on("/held", HELD)
    held: list[Any] = []
    try:
        while True:
            held.append(await do(engine.send(get(server, "/held", pool=0.05))))
    except TransportFailure as failure:
        if failure.kind != "pool_timeout":
            raise
    for response in held:
        await do(response.close())
    return len(held)


async def test_each_place_that_becomes_free_wakes_a_waiter(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "MAX_CONNECTIONS", 2)
    server.on("/held", HELD)
    server.on("/thing", answer(b"ok"))
    engine = DirectEngine()
    held = [engine.send(get(server, "/held")) for _ in range(2)]
    threads = [
        threading.Thread(target=lambda: engine.send(get(server)).close(), daemon=True) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
        wait_until_waiting(thread)
    for response in held:
        response.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    assert await places(engine, server) == 2
    engine.close()


def test_closing_the_engine_ends_the_wait_for_a_place(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "MAX_CONNECTIONS", 1)
    server.on("/held", HELD)
    engine = DirectEngine()
    held = engine.send(get(server, "/held"))
    failures: list[TransportFailure] = []

    def wait() -> None:
        try:
            engine.send(get(server))
        except TransportFailure as failure:
            failures.append(failure)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    wait_until_waiting(thread)
    engine.close()
    thread.join(PATIENCE)
    assert [failure.kind for failure in failures] == ["protocol"]
    held.close()
    assert server.sent("/held")[0].connection.left.wait(PATIENCE)
    assert server.sent("/thing") == []


async def test_places_survive_cancelled_waiters(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asynchronous, "MAX_CONNECTIONS", 3)
    server.on("/thing", answer(b"ok"))
    engine = AsyncDirectEngine()

    async def ask(number: int) -> bytes:
        response = await engine.send(get(server))
        return b"".join([piece async for piece in response.iter_raw()])

    tasks = [asyncio.create_task(ask(number)) for number in range(1_200)]
    await asyncio.sleep(0)
    for number, task in enumerate(tasks):
        if number % 3 == 0:
            task.cancel()
        if number % 100 == 0:
            await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcome for outcome in outcomes if isinstance(outcome, bytes)] == [b"ok"] * 800
    assert await places(engine, server) == 3
    await engine.close()


async def test_closing_the_async_engine_ends_the_wait_for_a_place(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asynchronous, "MAX_CONNECTIONS", 1)
    server.on("/held", HELD)
    engine = AsyncDirectEngine()
    held = await engine.send(get(server, "/held"))
    waiting = [asyncio.create_task(engine.send(get(server))) for _ in range(3)]
    await asyncio.sleep(0)
    await engine.close()
    done, _ = await asyncio.wait(waiting, timeout=PATIENCE)
    assert len(done) == 3
    for task in done:
        failure = task.exception()
        assert isinstance(failure, TransportFailure)
        assert failure.kind == "protocol"
    await held.close()
    assert await asyncio.to_thread(server.sent("/held")[0].connection.left.wait, PATIENCE)
    assert server.sent("/thing") == []
