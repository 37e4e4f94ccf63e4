"""One way to ask any engine: a request in, the whole answer or a `TransportFailure` out."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import uvloop
from indoxrouter._runtime.http.interface import HttpRequest, Timeouts

from indoxrouter_ext.http.direct.asynchronous import AsyncDirectEngine
from indoxrouter_ext.http.direct.blocking import DirectEngine

__all__ = ["LOOPS", "Got", "ask", "ask_sync", "new_engine", "run_on"]

TIMEOUTS = Timeouts(10.0, 10.0, 10.0, 10.0)
LOOPS = ("sync", "asyncio", "uvloop")


class Got(NamedTuple):
    """What an engine made of an answer."""

    status: int
    asker: str | None
    body: bytes


def new_engine(loop: str) -> Any:
    """A direct engine."""
    return DirectEngine() if loop == "sync" else AsyncDirectEngine()


def run_on(loop: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine function on an event loop of a kind."""
    if loop == "uvloop":
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # type: ignore[attr-defined]  # since 3.11, which the tests need
            runner.run(work())
    else:
        asyncio.run(work())


def _request(method: str, url: str) -> HttpRequest:
    return HttpRequest(method, url, [("User-Agent", "fuzz")], None, TIMEOUTS)


def ask_sync(engine: Any, method: str, url: str) -> Got:
    """Ask and read the whole answer; raises `TransportFailure`."""
    response = engine.send(_request(method, url))
    try:
        body = b"".join(response.iter_raw())
    finally:
        response.close()
    return Got(response.status, response.headers.get("x-asker"), body)


async def ask(engine: Any, method: str, url: str) -> Got:
    """The asynchronous form of `ask_sync`."""
    response = await engine.send(_request(method, url))
    try:
        body = b"".join([piece async for piece in response.iter_raw()])
    finally:
        closing = response.close()
        if inspect.isawaitable(closing):
            await closing
    return Got(response.status, response.headers.get("x-asker"), body)
