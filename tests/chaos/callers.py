"""The callers: threads and tasks that ask, give up, cancel and close by chance, and judge what reaches them."""

from __future__ import annotations

import asyncio
import inspect
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import indoxrouter

from indoxrouter_ext.http.direct import asynchronous, blocking

__all__ = ["KEY", "Tally", "async_callers", "sync_callers"]

KEY = "indox-" + "c" * 32
_OPTIONS: dict[str, Any] = {"timeout": 1.5, "max_retries": 1}


@dataclass
class Tally:
    """How calls ended, and what must not be."""

    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def judge(self, kind: str, asked: str, got: str, *, whole: bool = True) -> None:
        """Compare the text of an answer, or the beginning of it, with what its asker asked."""
        if got == asked or (not whole and asked.startswith(got)):
            self.ends[f"{kind} right"] += 1
        else:
            self.wrong.append(f"{kind}: asked {asked!r}, got {got[:80]!r}")

    def failed(self, kind: str, error: BaseException, meant: tuple[type[BaseException], ...] = ()) -> None:
        """Count an error of the package, or one that we asked for; any other one is wrong."""
        if isinstance(error, (indoxrouter.IndoxRouterError, *meant)):
            self.ends[f"{kind} {type(error).__name__}"] += 1
        else:
            self.wrong.append(f"{kind}: {type(error).__module__}.{type(error).__name__}: {error}")


def _message(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def sync_callers(url: str, engine: str | None, count: int, until: float, seed: int, tally: Tally) -> None:
    """Call from threads that share a client, until a moment on `time.monotonic`."""
    client = indoxrouter.Client(KEY, base_url=url, engine=engine, **_OPTIONS)

    def make() -> indoxrouter.Client:
        return indoxrouter.Client(KEY, base_url=url, engine=engine, **_OPTIONS)

    lock = threading.Lock()

    def work(number: int) -> None:
        rng = random.Random(f"{seed}-{number}")
        calls = 0
        while time.monotonic() < until:
            calls += 1
            text = f"thread {number} call {calls} " + "x" * rng.randrange(30)
            mine = Tally()
            _one_sync_call(client, make, rng, text, mine)
            with lock:
                tally.ends.update(mine.ends)
                tally.wrong += mine.wrong

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(_check_places(client, blocking, "sync", tally))
    client.close()


def _one_sync_call(client: Any, make: Callable[[], Any], rng: random.Random, text: str, tally: Tally) -> None:
    kind = rng.choice(("chat", "chat", "chat", "deadline", "stream", "stream", "left", "dropped", "closed"))
    try:
        if kind == "chat":
            tally.judge("sync chat", text, client.chat(_message(text)).text)
        elif kind == "deadline":
            hurried = client.with_options(deadline=rng.choice((0.001, 0.02, 0.3)))
            tally.judge("sync deadline", text, hurried.chat(_message(text)).text)
        elif kind == "stream":
            answer = client.chat(_message(text), stream=True).until_done()
            tally.judge("sync stream", text, answer.text)
        elif kind in ("left", "dropped"):
            stream = client.chat(_message(text), stream=True)
            got = "".join(next(stream).text for _ in range(2))
            tally.judge(f"sync {kind}", text, got, whole=False)
            if kind == "left":
                stream.close()
        elif rng.random() < 0.2:
            own = make()
            closer = threading.Timer(rng.random() * 0.05, own.close)
            closer.start()
            try:
                got = "".join(chunk.text for chunk in own.chat(_message(text), stream=True))
                tally.judge("sync closed", text, got, whole=False)
            finally:
                closer.join()
    except Exception as error:  # noqa: BLE001  # judged
        tally.failed(f"sync {kind}", error, (StopIteration,) if kind in ("left", "dropped") else ())


async def async_callers(
    url: str, engine: str | None, count: int, until: float, seed: int, tally: Tally
) -> None:
    """Call from tasks that share a client, until a moment on `time.monotonic`."""

    def make() -> indoxrouter.AsyncClient:
        return indoxrouter.AsyncClient(KEY, base_url=url, engine=engine, **_OPTIONS)

    client = make()

    async def work(number: int) -> None:
        rng = random.Random(f"{seed}-{number}-async")
        calls = 0
        while time.monotonic() < until:
            calls += 1
            text = f"task {number} call {calls} " + "x" * rng.randrange(30)
            await _one_async_call(client, make, rng, text, tally)

    await asyncio.gather(*(work(number) for number in range(count)))
    await asyncio.sleep(0.05)  # dropped streams are released in the loop's next rounds
    await _check_places(client, asynchronous, "async", tally)
    await client.close()
    await asyncio.sleep(0.05)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if left:
        tally.wrong.append(f"async: tasks are left: {left}")


async def _one_async_call(
    client: Any, make: Callable[[], Any], rng: random.Random, text: str, tally: Tally
) -> None:
    kind = rng.choice(
        ("chat", "chat", "cancelled", "cancelled", "deadline", "stream", "left", "dropped", "closed")
    )
    meant: tuple[type[BaseException], ...] = ()
    try:
        if kind == "chat":
            tally.judge("async chat", text, (await client.chat(_message(text))).text)
        elif kind == "cancelled":
            meant = (asyncio.CancelledError,)
            call = asyncio.ensure_future(client.chat(_message(text)))
            asyncio.get_running_loop().call_later(rng.choice((0, 0.001, 0.004, 0.05)), call.cancel)
            tally.judge("async cancelled", text, (await call).text)
        elif kind == "deadline":
            hurried = client.with_options(deadline=rng.choice((0.001, 0.02, 0.3)))
            tally.judge("async deadline", text, (await hurried.chat(_message(text))).text)
        elif kind == "stream":
            stream = await client.chat(_message(text), stream=True)
            tally.judge("async stream", text, (await stream.until_done()).text)
        elif kind in ("left", "dropped"):
            meant = (StopAsyncIteration,)
            stream = await client.chat(_message(text), stream=True)
            got = (await anext(stream)).text + (await anext(stream)).text
            tally.judge(f"async {kind}", text, got, whole=False)
            if kind == "left":
                await stream.close()
        elif rng.random() < 0.2:
            await _closed_while_read(make(), rng, text, tally)
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # judged
        tally.failed(f"async {kind}", error, meant)


async def _closed_while_read(own: Any, rng: random.Random, text: str, tally: Tally) -> None:
    async def close() -> None:
        await asyncio.sleep(rng.random() * 0.05)
        await own.close()

    closing = asyncio.ensure_future(close())
    try:
        stream = await own.chat(_message(text), stream=True)
        got = "".join([chunk.text async for chunk in stream])
        tally.judge("async closed", text, got, whole=False)
    finally:
        await closing


async def _check_places(client: Any, pool: Any, kind: str, tally: Tally) -> None:
    """Whether every place of the direct engine is free again: with one place, a call gets it; with none, it does not.

    Args:
        pool: the module whose limit the engine of this client obeys.
    """
    if "engine='direct'" not in repr(client):
        return
    hurried = client.with_options(timeout=(1, 1, 1, 0.2), max_retries=0)
    for places in (1, 0):
        with patch.object(pool, "MAX_CONNECTIONS", places):
            got_one = True
            try:
                call = hurried.chat(_message("a place"))
                await call if inspect.isawaitable(call) else call
            except indoxrouter.IndoxRouterError as error:  # of the chaos, or of the pool
                got_one = "no free connection" not in str(error)
        if got_one != bool(places):
            tally.wrong.append(
                f"{kind}: with {places} places, a call {'gets one' if got_one else 'waits in vain'}"
            )
