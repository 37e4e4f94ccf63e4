"""A cancellation at any moment leaves nothing behind: the place in the pool is free, and the next call is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

import httpx
import pytest

from tests.patience import seconds
from tests.reliability.harness import MESSAGES, Mode, do, serve_everything
from tests.reliability.server import (
    CLOSE,
    DONE,
    LAST_CHUNK,
    answer,
    head,
    http_chunk,
    stream_head,
    text_event,
)

BOTH_ENGINES = ""
ASYNC = ["async-direct", "async-httpx"]
PATH = "/chat/completions"


class CancelledAt:
    """Runs a coroutine, and cancels the task at one of its suspensions.

    Args:
        work: the coroutine.
        number: which suspension, from 0.
        late: cancel in the moment when what was awaited is done, but before the task has noticed.
    """

    def __init__(self, work: Coroutine[Any, Any, Any], number: int, late: bool) -> None:
        self.work, self.number, self.late = work, number, late

    def __await__(self) -> Generator[Any, Any, Any]:
        task = asyncio.current_task()
        assert task is not None
        step: Any = self.work.send
        argument: Any = None
        for number in range(1_000_000):
            try:
                awaited = step(argument)
            except StopIteration as end:
                return end.value
            if number == self.number:
                if self.late and awaited is not None:
                    awaited.add_done_callback(lambda _: task.cancel())
                else:
                    task.cancel()
            step = self.work.send
            argument = None
            try:
                yield awaited
            except BaseException as error:  # noqa: BLE001  # handed on to the coroutine
                step, argument = self.work.throw, error
        raise AssertionError("the coroutine never ended")


async def chat(client: Any) -> str:
    return str((await client.chat(MESSAGES)).text)


async def stream(client: Any) -> str:
    return "".join([chunk.text async for chunk in await client.chat(MESSAGES, stream=True)])


async def leave(client: Any) -> str:
    async with await client.chat(MESSAGES, stream=True) as opened:
        async for chunk in opened:
            return str(chunk.text)
    return ""


EVENTS = [http_chunk(text_event("a")), http_chunk(text_event("b")), http_chunk(DONE)]
LONG = b'{"success": true, "data": "' + b"x" * 700_000 + b'"}'
CALLS = {
    "a call": (chat, None),
    "a call of which the body is long": (
        chat,
        [head(headers=[("Content-Type", "application/json"), ("Content-Length", str(len(LONG)))]), LONG],
    ),
    "a call of which the connection is closed": (
        chat,
        [answer({"success": True, "data": "x"}, headers=[("Connection", "close")]), CLOSE],
    ),
    "a stream": (stream, [stream_head(), *EVENTS, LAST_CHUNK]),
    "a stream that is left": (leave, [stream_head(), *EVENTS, LAST_CHUNK]),
}


@pytest.mark.parametrize("mode", ASYNC, indirect=True)
@pytest.mark.parametrize("late", [False, True], ids=["while it waits", "when it is done"])
@pytest.mark.parametrize("name", CALLS)
async def test_the_next_call_is_answered(
    mode: Mode, name: str, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indoxrouter_ext.http.direct.asynchronous.MAX_CONNECTIONS", 1)
    monkeypatch.setattr("indoxrouter._runtime.http.httpx_clients.LIMITS", httpx.Limits(max_connections=1))
    call, reply = CALLS[name]
    tasks = asyncio.all_tasks()
    uncancelled = number = 0
    for number in range(200):
        serve_everything(mode.server)
        if reply is not None:
            mode.server.on(PATH, reply)  # type: ignore[arg-type]  # pieces and endings
        client = mode.client(timeout=10, max_retries=0)
        if number % 2:  # over a connection that has been used, and over a new one
            serve_everything(mode.server)
            await chat(client)
            if reply is not None:
                mode.server.on(PATH, reply)  # type: ignore[arg-type]  # as above

        async def cancelled() -> Any:
            return await CancelledAt(call(client), number // 2, late)  # noqa: B023  # awaited in this turn

        attempt = asyncio.ensure_future(cancelled())
        await asyncio.wait({attempt}, timeout=seconds(10))
        assert attempt.done()
        ended = not attempt.cancelled()
        serve_everything(mode.server)
        for _ in range(2):  # there is one place, and it is free
            assert await asyncio.wait_for(chat(client), 5) == "hello there"
        await client.close()
        uncancelled = uncancelled + 1 if ended else 0
        if uncancelled == 2:  # neither kind of connection has a suspension of this number
            break
    assert number > 3  # some have been
    for _ in range(3):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() <= tasks


@pytest.mark.parametrize("mode", ASYNC, indirect=True)
async def test_a_place_is_passed_on_when_one_who_waits_for_it_is_cancelled(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indoxrouter_ext.http.direct.asynchronous.MAX_CONNECTIONS", 1)
    monkeypatch.setattr("indoxrouter._runtime.http.httpx_clients.LIMITS", httpx.Limits(max_connections=1))
    serve_everything(mode.server)
    client = mode.client(timeout=10, max_retries=0)
    await chat(client)
    for number in range(10):
        first, second, third = (asyncio.ensure_future(chat(client)) for _ in range(3))
        for _ in range(number):
            await asyncio.sleep(0)
        second.cancel()
        assert await asyncio.wait_for(first, 5) == await asyncio.wait_for(third, 5) == "hello there"
    assert await chat(client) == "hello there"


@pytest.mark.parametrize("reply", [[CLOSE], [b"nonsense\r\n\r\n", CLOSE]], ids=["closed", "no HTTP"])
async def test_a_failure_frees_its_place(
    mode: Mode, reply: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("asynchronous", "blocking"):
        monkeypatch.setattr(f"indoxrouter_ext.http.direct.{module}.MAX_CONNECTIONS", 1)
    monkeypatch.setattr("indoxrouter._runtime.http.httpx_clients.LIMITS", httpx.Limits(max_connections=1))
    mode.server.on(PATH, reply)
    client = mode.client(timeout=5, max_retries=0)
    for _ in range(3):
        await mode.failure(lambda: client.chat(MESSAGES))
    serve_everything(mode.server)
    assert (await do(client.chat(MESSAGES))).text == "hello there"
