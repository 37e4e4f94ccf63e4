"""A consumer that does something else between two chunks still gets the end of its stream."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.reliability.harness import MESSAGES, Mode, do, following, serve_everything
from tests.reliability.server import CLOSE, DONE, LAST_CHUNK, Step, head, http_chunk, stream_head, text_event

BOTH_ENGINES = ""

EVENTS = [text_event(f"{number} ") for number in range(20)]
UNSIZED = head(headers=[("Content-Type", "text/event-stream"), ("Connection", "close")])
BODIES: dict[str, tuple[bytes, list[bytes], list[Step]]] = {
    "chunked": (stream_head(), [http_chunk(event) for event in [*EVENTS, DONE]], [LAST_CHUNK]),
    "chunked, then closed": (
        stream_head(),
        [http_chunk(event) for event in [*EVENTS, DONE]],
        [LAST_CHUNK, CLOSE],
    ),
    "until the end of the connection": (UNSIZED, [*EVENTS, DONE], [CLOSE]),
}


@pytest.mark.parametrize("body", BODIES)
async def test_the_rest_arrives_while_the_consumer_is_elsewhere(mode: Mode, body: str) -> None:
    start, events, ending = BODIES[body]
    first_read, all_sent = threading.Event(), threading.Event()
    notice: Step = lambda connection: all_sent.set()  # noqa: E731  # a step
    end = [notice, *ending] if CLOSE in ending else [*ending, notice]
    mode.server.on("/chat/completions", [start, events[0], first_read, *events[1:], *end])
    serve_rest = mode.server
    client = mode.client(timeout=10)
    stream = await do(client.chat(MESSAGES, stream=True))
    texts = [(await following(stream)).text]
    first_read.set()
    assert await asyncio.to_thread(all_sent.wait, 10)
    while (chunk := await following(stream)) is not None:
        texts.append(chunk.text)
        for _ in range(3):
            await asyncio.sleep(0)  # the event loop sees the end of the connection between two chunks
    assert texts == [f"{number} " for number in range(20)]
    serve_everything(serve_rest)
    assert (await do(client.chat(MESSAGES))).text == "hello there"
