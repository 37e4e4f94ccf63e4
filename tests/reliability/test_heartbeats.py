"""Streams that are kept alive, closed, and read by several at once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import Any

import indoxrouter
import pytest

from .harness import ENVELOPE, MESSAGES, Mode, do, following, texts_and_error
from .server import DONE, STALL, Connection, event, http_chunk, streamed, text_event

BOTH_ENGINES = "heartbeat|readers"

BEATS = {
    "a comment": b": OPENROUTER PROCESSING\n\n",
    "a comment without text": b":\n\n",
    "blank lines": b"\n\n\n",
    "an id": b"id: 7\nretry: 10000\n\n",
    "a name": b"event: keepalive\n\n",
    "a name and a date": b"event: ping\ndata: 2026-01-01T00:00:00Z\n\n",
    "a name and JSON": b'event: ping\ndata: {"type": "ping"}\n\n',
    "a name and null": b"event: heartbeat\ndata: null\n\n",
    "a name and text": b'event: keep-alive\ndata: "still here"\n\n',
    "no data": b"data:\n\n",
    "null": b"data: null\n\n",
    "an empty object": b"data: {}\n\n",
    "an empty list": b"data: []\n\n",
    "text": b"data: ping\n\n",
    "a number": b"data: 1\n\n",
    "true": b"data: true\n\n",
    "a type": b'data: {"type": "heartbeat", "time": 17}\n\n',
    "no choices": b'data: {"id": "x", "choices": []}\n\n',
    "null for choices": b'data: {"id": "x", "choices": null}\n\n',
    "a list": b"data: [1, 2]\n\n",
}


@pytest.mark.parametrize("cut", [1, 9, 10_000])
@pytest.mark.parametrize("beat", BEATS)
async def test_a_heartbeat_of_any_form_ends_no_stream(mode: Mode, beat: str, cut: int) -> None:
    usage = event({"choices": [], "usage": ENVELOPE["usage"]})
    events = [text_event("pa"), text_event("id", "stop"), usage, DONE]
    body = b"".join(BEATS[beat] + part for part in events)
    mode.server.on("/chat/completions", streamed(*(body[at : at + cut] for at in range(0, len(body), cut))))
    stream = await do(mode.client().chat(MESSAGES, stream=True, stream_options={"include_usage": True}))
    texts, error = await texts_and_error(stream)
    assert ("".join(texts), error) == ("paid", None)
    assert stream.response.finish_reason == "stop"
    assert stream.response.usage.tokens_total == 3


def beating(connection: Connection) -> None:
    """Send heartbeats until the client leaves."""
    with contextlib.suppress(OSError):
        while not connection.left.wait(0.05):
            connection.sock.sendall(http_chunk(b": hi\n\n" + BEATS["a type"]))


@pytest.mark.parametrize("wanted", [False, True], ids=["no usage", "usage"])
async def test_a_heartbeat_does_not_put_off_the_end_after_the_finish_reason(mode: Mode, wanted: bool) -> None:
    mode.server.on("/chat/completions", streamed(text_event("paid", "stop"), ending=[beating, STALL]))
    options = {"stream_options": {"include_usage": True}} if wanted else {}
    client = mode.client(timeout=60)
    began = time.monotonic()
    response = await do((await do(client.chat(MESSAGES, stream=True, **options))).until_done())
    assert (response.text, response.finish_reason, response.usage) == ("paid", "stop", None)
    assert time.monotonic() - began < 40  # the time-out is not waited for


async def test_two_readers_at_once_are_refused_by_name(mode: Mode) -> None:
    arrived = threading.Event()
    mode.server.on("/chat/completions", streamed(text_event("a"), arrived, text_event("b", "stop"), DONE))
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert (await following(stream)).text == "a"
    readers = {
        asyncio.ensure_future(asyncio.to_thread(next, stream) if mode.name == "sync" else anext(stream))
        for _ in range(2)
    }
    (second,), (first,) = await asyncio.wait(readers, return_when=asyncio.FIRST_COMPLETED)
    with pytest.raises(indoxrouter.RequestError, match="read by another thread or task"):
        await second
    arrived.set()
    assert (await first).text == "b"
    assert await following(stream) is None


async def test_a_second_loop_at_the_same_time_is_refused(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), text_event("b", "stop"), DONE))
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    inner: Any = None
    seen: list[str] = []
    if mode.name == "sync":
        for chunk in stream:
            seen.append(chunk.text)
            if inner is None:
                with pytest.raises(indoxrouter.RequestError, match="read by another loop") as inner:
                    next(iter(stream))
    else:
        async for chunk in stream:
            seen.append(chunk.text)
            if inner is None:
                with pytest.raises(indoxrouter.RequestError, match="read by another loop") as inner:
                    await anext(aiter(stream))
    assert seen == ["a", "b"]


@pytest.mark.parametrize("of", ["stream", "text_stream"])
@pytest.mark.parametrize("mode", ["async"], indirect=True)
async def test_an_asynchronous_stream_is_closed_by_contextlib(mode: Mode, of: str) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), ending=[STALL]))
    stream = await mode.client().chat(MESSAGES, stream=True)
    async with contextlib.aclosing(stream if of == "stream" else stream.text_stream) as opened:
        first = await anext(opened)
        assert str(first) == "a"
        assert "open" in repr(stream)
    assert "closed" in repr(stream)
    await stream.aclose()
    assert isinstance((await texts_and_error(stream))[1], indoxrouter.RequestError)
    with pytest.raises(indoxrouter.StreamTruncatedError) as caught:
        await stream.until_done()
    assert caught.value.partial.text == "a"
