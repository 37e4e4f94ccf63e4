"""Every way of leaving a stream frees its connection at once, and nothing is left behind in a cycle.

The server sees the connection close, and the pool has its slot back: with a pool of one connection, the next call goes
through. The garbage collector is off, so what frees the connection is the leaving itself.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import httpx
import indoxrouter
import pytest

from indoxrouter_ext.streaming import async_stream as async_streams
from indoxrouter_ext.streaming import base
from indoxrouter_ext.streaming import stream as streams
from indoxrouter_ext.streaming.state import StreamState
from tests.patience import seconds

from .harness import ENVELOPE, MESSAGES, Mode, do, following, texts_and_error
from .server import DONE, LAST_CHUNK, STALL, answer, event, streamed, text_event

BOTH_ENGINES = ""
# httpx closes the connection of a stream that is left before the end of its body.
EACH_ENGINE = ["sync-direct", "async-direct", "sync-httpx", "async-httpx"]

SOON = seconds(3)


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Walkout(Exception):
    """The caller's own exception."""


@pytest.fixture
def client(mode: Mode) -> Any:
    """A client whose pool has room for one connection; the chat streams two events and stalls."""
    limits = httpx.Limits(max_connections=1)
    own: Any = httpx.AsyncClient(limits=limits) if mode.is_async else httpx.Client(limits=limits)
    mode.server.on("/chat/completions", streamed(text_event("a"), text_event("b"), ending=[STALL]))
    mode.server.on("/embeddings", answer({**ENVELOPE, "data": [[0.5]], "dimensions": 1}))
    mode.owned.append(own)
    return mode.client(http_client=own, timeout=10)


async def open_stream(client: Any) -> Any:
    return await do(client.chat(MESSAGES, stream=True))


async def expect_free(mode: Mode, client: Any) -> None:
    """The server saw the connection close, and the only slot of the pool can be used again."""
    connection = mode.server.sent("/chat/completions")[-1].connection
    assert connection.left.wait(SOON), "the connection is still open"
    await do(client.with_options(timeout=(SOON, SOON, SOON, SOON)).embeddings("x"))


async def leave_by_break(stream: Any) -> None:
    if hasattr(stream, "__aiter__"):
        async for _ in stream:
            break
    else:
        for _ in stream:
            break


async def leave_by_close(stream: Any) -> None:
    await following(stream)
    await do(stream.close())


async def leave_by_close_unread(stream: Any) -> None:
    await do(stream.close())


async def leave_by_exception(stream: Any) -> None:
    with pytest.raises(Walkout):  # noqa: PT012  # the loop is what is left
        if hasattr(stream, "__aiter__"):
            async for _ in stream:
                raise Walkout
        else:
            for _ in stream:
                raise Walkout


async def leave_by_with(stream: Any) -> None:
    if hasattr(stream, "__aenter__"):
        async with stream:
            await anext(stream)
    else:
        with stream:
            next(stream)


async def leave_by_exception_in_with(stream: Any) -> None:
    with pytest.raises(Walkout):  # noqa: PT012  # the loop is what is left
        if hasattr(stream, "__aenter__"):
            async with stream:
                raise Walkout
        else:
            with stream:
                raise Walkout


async def leave_text_by_break(stream: Any) -> None:
    if hasattr(stream, "__aiter__"):
        async for _ in stream.text_stream:
            break
    else:
        for _ in stream.text_stream:
            break


WAYS = [
    leave_by_break,
    leave_by_close,
    leave_by_close_unread,
    leave_by_exception,
    leave_by_with,
    leave_by_exception_in_with,
    leave_text_by_break,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_leaving_a_stream_frees_its_connection(mode: Mode, client: Any, way: Any) -> None:
    stream = await open_stream(client)
    await way(stream)
    await expect_free(mode, client)
    assert "closed" in repr(stream)  # it was the leaving that freed the connection: the stream is still here


async def test_stopping_a_stream_asks_the_server_and_frees_its_connection(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), ending=[STALL]))
    mode.server.on("/chat/stop-stream/stream-1", answer({"success": True}))
    stream = await open_stream(mode.client())
    await following(stream)
    await do(stream.stop())
    assert len(mode.server.sent("/chat/stop-stream/stream-1")) == 1
    assert mode.server.sent("/chat/completions")[0].connection.left.wait(SOON)


async def test_a_dropped_stream_frees_its_connection_without_the_collector(mode: Mode, client: Any) -> None:
    stream = await open_stream(client)
    await following(stream)
    gone = weakref.ref(stream)
    del stream
    assert gone() is None
    await expect_free(mode, client)


async def test_a_dropped_text_stream_frees_its_connection(mode: Mode, client: Any) -> None:
    texts = (await open_stream(client)).text_stream
    assert await following(texts) == "a"
    del texts
    await expect_free(mode, client)


async def test_a_stream_that_was_never_read_frees_its_connection(mode: Mode, client: Any) -> None:
    stream = await open_stream(client)
    del stream
    await expect_free(mode, client)


ENDINGS = {
    "exhausted": [text_event("b", "stop"), DONE],
    "truncated": [text_event("b")],
    "failed": [event({"error": {"message": "no"}})],
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_stream_that_ended_leaves_no_cycle(mode: Mode, client: Any, ending: str) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), *ENDINGS[ending]))

    async def read() -> tuple[weakref.ref[Any], weakref.ref[Any]]:
        stream = await open_stream(client)
        try:
            while await following(stream) is not None:
                pass
        except indoxrouter.IndoxRouterError as error:
            assert ending != "exhausted"
            return weakref.ref(stream), weakref.ref(error)
        return weakref.ref(stream), weakref.ref(stream)

    stream, error = await read()
    assert stream() is None
    assert error() is None


async def test_a_failed_call_leaves_no_cycle(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer({"error": "invalid_request", "message": "no"}, 400))
    client = mode.client()

    async def fail() -> weakref.ref[Any]:
        try:
            await do(client.chat(MESSAGES))
        except indoxrouter.IndoxRouterError as error:
            return weakref.ref(error)
        raise AssertionError

    assert (await fail())() is None


async def test_a_dropped_client_is_freed_without_the_collector(mode: Mode) -> None:
    client = mode.kind(api_key="indox-" + "k" * 32, base_url=mode.server.url)
    mode.server.on("/chat/completions", answer(ENVELOPE))
    await do(client.chat(MESSAGES))
    await do(client.close())
    gone = weakref.ref(client)
    del client
    assert gone() is None


@pytest.mark.parametrize("mode", ["async"], indirect=True)
class TestCancellation:
    async def test_a_cancelled_reader_frees_its_connection(self, mode: Mode, client: Any) -> None:
        stream = await open_stream(client)
        second = asyncio.Event()

        async def read() -> None:
            async for chunk in stream:
                if chunk.text == "b":
                    second.set()

        reader = asyncio.create_task(read())
        await second.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        await expect_free(mode, client)

    async def test_a_timeout_around_a_loop_frees_its_connection(self, mode: Mode, client: Any) -> None:
        stream = await open_stream(client)

        async def read() -> None:
            async for _ in stream:
                pass

        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(read(), 0.1)
        await expect_free(mode, client)

    async def test_a_call_cancelled_before_its_answer_frees_its_connection(
        self, mode: Mode, client: Any
    ) -> None:
        mode.server.on("/chat/completions", [STALL])
        call = asyncio.create_task(client.chat(MESSAGES, stream=True))
        await asyncio.to_thread(mode.server.wait_for, "/chat/completions")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await expect_free(mode, client)

    async def test_no_task_is_left_behind(self, mode: Mode, client: Any) -> None:
        before = asyncio.all_tasks()
        stream = await open_stream(client)
        await anext(stream)
        del stream
        await expect_free(mode, client)
        assert asyncio.all_tasks() == before

    async def test_closing_from_another_task_wakes_the_reader(self, mode: Mode, client: Any) -> None:
        stream = await open_stream(client)
        await anext(stream)
        await anext(stream)
        reader = asyncio.create_task(anext(stream, None))
        await asyncio.sleep(0.01)
        await stream.close()
        assert await asyncio.wait_for(reader, SOON) is None
        await expect_free(mode, client)


@pytest.mark.parametrize("mode", ["sync"], indirect=True)
async def test_closing_from_another_thread_wakes_the_reader(mode: Mode, client: Any) -> None:
    stream = await open_stream(client.with_options(timeout=100))
    assert [next(stream).text, next(stream).text] == ["a", "b"]
    ended = threading.Event()

    def read() -> None:
        assert next(stream, None) is None
        ended.set()

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.1)  # noqa: ASYNC251  # until it is inside of recv(), which nothing outside can see
    stream.close()
    assert ended.wait(SOON)
    reader.join()
    await expect_free(mode, client)


@pytest.mark.parametrize("mode", ["sync"], indirect=True)
async def test_an_interrupted_read_frees_its_connection(
    mode: Mode, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await open_stream(client)
    next(stream)

    def interrupt(state: StreamState, piece: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(StreamState, "feed", interrupt)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012  # the loop is what is left
        while True:
            next(stream)
    await expect_free(mode, client)


async def test_closing_twice_and_closing_a_read_stream_do_nothing(mode: Mode, client: Any) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), DONE))
    stream = await open_stream(client)
    assert (await following(stream)).text == "a"
    await do(stream.close())
    await do(stream.close())
    await expect_free(mode, client)


async def test_chunks_that_had_arrived_can_be_read_after_close(mode: Mode, client: Any) -> None:
    both = text_event("a") + text_event("b")
    mode.server.on("/chat/completions", streamed(both, ending=[STALL]))
    stream = await open_stream(client)
    assert (await following(stream)).text == "a"
    await do(stream.close())
    assert (await following(stream)).text == "b"
    assert await following(stream) is None


async def test_an_answer_that_is_no_stream_frees_its_connection(mode: Mode, client: Any) -> None:
    mode.server.on("/chat/completions", answer("<html>", content_type="text/html"))
    await mode.failure(lambda: client.chat(MESSAGES, stream=True))
    await do(client.with_options(timeout=(SOON, SOON, SOON, SOON)).embeddings("x"))


ENGINES = (
    "indoxrouter_ext.http.direct.blocking",
    "indoxrouter_ext.http.direct.asynchronous",
    "indoxrouter._runtime.http.httpx_adapter",
)


@pytest.mark.parametrize("mode", EACH_ENGINE, indirect=True)
@pytest.mark.parametrize("left_by", ["loop", "until_done"])
async def test_a_stream_that_ended_leaves_its_connection_to_the_next_call(
    mode: Mode, monkeypatch: pytest.MonkeyPatch, left_by: str
) -> None:
    for engine in ENGINES:  # this machine may be busy
        monkeypatch.setattr(f"{engine}.GRACE", 5.0)
    last_event_read = threading.Event()
    finisher_of = base.finisher_of  # called when nothing but the end of the body is missing

    def finisher_noticed(response: Any) -> Any:
        last_event_read.set()
        return finisher_of(response)

    for module in (streams, async_streams):
        monkeypatch.setattr(module, "finisher_of", finisher_noticed)
    mode.server.on(
        "/chat/completions",
        streamed(text_event("a"), text_event("b", "stop"), DONE, ending=[last_event_read, LAST_CHUNK]),
    )
    mode.server.on("/embeddings", answer({**ENVELOPE, "data": [[0.5]], "dimensions": 1}))
    client = mode.client()
    for _ in range(3):
        last_event_read.clear()
        stream = await do(client.chat(MESSAGES, stream=True))
        if left_by == "loop":
            assert await texts_and_error(stream) == (["a", "b"], None)
        else:
            assert (await do(stream.until_done())).text == "ab"
    await do(client.embeddings("x"))
    assert len(mode.server.connections) == 1


@pytest.mark.parametrize("mode", EACH_ENGINE, indirect=True)
async def test_a_stream_whose_body_goes_on_after_its_end_is_not_waited_for(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), DONE, ending=[STALL]))
    mode.server.on("/embeddings", answer({**ENVELOPE, "data": [[0.5]], "dimensions": 1}))
    client = mode.client(timeout=30)
    began = time.monotonic()
    assert await texts_and_error(await do(client.chat(MESSAGES, stream=True))) == (["a"], None)
    await do(client.embeddings("x"))
    assert time.monotonic() - began < SOON
    assert len(mode.server.connections) == 2
