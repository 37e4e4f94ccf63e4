"""One harness for both clients: a test is written once, as a coroutine, and run with each of them.

`await do(client.chat(…))` is a plain call for the synchronous client and an awaited one for the other.
"""

from __future__ import annotations

import gc
import inspect
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any

import indoxrouter
import pytest

from indoxrouter_ext.calls import client_state

from .server import ScriptedServer, answer

KEY = "indox-" + "k" * 32
MESSAGES: list[Any] = [{"role": "user", "content": "hello"}]
ENGINE = os.environ.get("INDOX_ROUTER_ENGINE") or "direct"
"""The engine under which tests run that name none: `make test-engines` runs all of them under each."""

ENVELOPE = {
    "request_id": "00000000-0000-4000-8000-000000000001",
    "created_at": "2025-06-01T12:00:00Z",
    "duration_ms": 12.5,
    "provider": "openai",
    "model": "gpt-4o-mini",
    "success": True,
    "message": "",
    "data": "hello there",
    "usage": {"tokens_prompt": 1, "tokens_completion": 2, "tokens_total": 3, "cost": 0.001, "latency": 0.5},
    "raw_response": None,
    "finish_reason": "stop",
}
"""A documented answer to a chat."""

USAGE = {"total_requests": 1, "total_cost": 0.5, "remaining_credits": 9.5}
MODELS = [{"id": "openai", "name": "OpenAI", "models": []}]


async def do(value: Any) -> Any:
    """The result of a call, awaited if it has to be."""
    return await value if inspect.isawaitable(value) else value


async def each(stream: Any) -> AsyncIterator[Any]:
    """The items of a stream of either kind."""
    if hasattr(stream, "__aiter__"):
        async for item in stream:
            yield item
    else:
        for item in stream:
            yield item


async def following(stream: Any) -> Any:
    """The next item of a stream of either kind, or None at its end."""
    return await anext(stream, None) if hasattr(stream, "__anext__") else next(stream, None)


async def texts_and_error(stream: Any) -> tuple[list[str], Any]:
    """Read a stream as far as it goes: the texts that came, and the error of this package that ended it."""
    texts: list[str] = []
    try:
        async for chunk in each(stream):
            texts.append(chunk.text)
    except indoxrouter.IndoxRouterError as error:
        return texts, error
    return texts, None


class Mode:
    """The synchronous or the asynchronous client, under one face, over one of the engines.

    Args:
        name: such as `sync` or `async-httpx`: the client, and the engine unless it is the one that the run is about.
    """

    def __init__(self, name: str, server: ScriptedServer) -> None:
        self.name, _, engine = name.partition("-")
        self.engine = engine or ENGINE
        self.server = server
        self.clients: list[Any] = []
        self.owned: list[Any] = []  # httpx clients that a test made itself

    def __repr__(self) -> str:
        return self.name

    @property
    def is_async(self) -> bool:
        return self.name == "async"

    @property
    def kind(self) -> Callable[..., Any]:
        return indoxrouter.AsyncClient if self.is_async else indoxrouter.Client

    def client(self, **options: Any) -> Any:
        """A client of the scripted server, closed when the test ends; with `clock`, by that clock."""
        clock: Clock | None = options.pop("clock", None)
        options.setdefault("api_key", KEY)
        options.setdefault("base_url", self.server.url)
        if "http_client" not in options:
            options.setdefault("engine", self.engine)
        with pytest.MonkeyPatch.context() as patched:
            if clock is not None:
                patched.setattr(client_state, "time", Shadow(time, monotonic=clock))
            client = self.kind(**options)
        self.clients.append(client)
        return client

    def lazy_client(self, **options: Any) -> Any:
        """A client that has made no exchange yet, as the asynchronous one always is at first."""
        return self.client(**options, **({} if self.is_async else {"authenticate": False}))

    async def close(self) -> None:
        for client in self.clients:
            await do(client.close())
        for own in self.owned:
            await do(own.aclose() if hasattr(own, "aclose") else own.close())

    async def failure(self, make_call: Callable[[], Any]) -> indoxrouter.IndoxRouterError:
        """The error of this package that a call ends in; anything else fails the test."""
        with pytest.raises(indoxrouter.IndoxRouterError) as caught:
            await do(make_call())
        return caught.value


class Clock:
    """A clock that goes when it is told, and the waits that were asked for. Waiting moves it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds

    def wait(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            self.now += seconds


class Shadow:
    """A module with one name replaced, for one importer of it."""

    def __init__(self, module: ModuleType, **names: Any) -> None:
        self.__dict__.update(names)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def without_waiting(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Make the shells' waits between attempts take no time, and record them."""
    import asyncio

    from indoxrouter_ext.calls import asynchronous, blocking

    async def wait(seconds: float) -> None:
        clock.wait(seconds)

    monkeypatch.setattr(blocking, "time", Shadow(time, sleep=clock.wait))
    monkeypatch.setattr(asynchronous, "asyncio", Shadow(asyncio, sleep=wait))


def wait_until_waiting(thread: threading.Thread) -> None:
    """Wait until a thread waits for another one, in `threading.Condition.wait`."""
    while (frame := sys._current_frames().get(thread.ident or 0)) is None or (
        frame.f_code is not threading.Condition.wait.__code__
    ):
        time.sleep(0.001)


def held_by(thing: object) -> list[Any]:
    """What an object of this package refers to, at any depth: objects of the package, and locks."""
    locks = (type(threading.Lock()), type(threading.RLock()))
    found: list[Any] = []
    seen: set[int] = set()
    to_do = [thing]
    while to_do:
        one = to_do.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, locks) or type(one).__module__.startswith("indoxrouter"):
            found.append(one)
        elif not isinstance(one, (dict, list, tuple, set, threading.Condition)):
            continue
        to_do.extend(gc.get_referents(one))
    return found


def serve_everything(server: ScriptedServer) -> None:
    """Answer every path that the tests call as the documents say."""
    server.on("/chat/completions", answer(ENVELOPE))
    server.on("/embeddings", answer({**ENVELOPE, "data": [[0.1, 0.2]], "dimensions": 2}))
    server.on("/models/", answer(MODELS))
    server.on("/user/usage", answer(USAGE))
