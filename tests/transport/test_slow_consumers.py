"""A consumer that does something else between two chunks still gets the end of its stream."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import NamedTuple

import pytest

from tests.reliability.harness import MESSAGES, Mode, do, following, serve_everything
from tests.reliability.server import (
    DONE,
    LAST_CHUNK,
    Connection,
    Step,
    head,
    http_chunk,
    stream_head,
    text_event,
)

BOTH_ENGINES = ""

TEXTS = [f"{number} " for number in range(20)]
LONG_TEXTS = [text * 8192 for text in TEXTS]  # more than a connection holds for a reader that is elsewhere
UNSIZED = head(headers=[("Content-Type", "text/event-stream"), ("Connection", "close")])


def chunks(texts: list[str]) -> list[bytes]:
    return [http_chunk(event) for event in [*map(text_event, texts), DONE]]


def end_writing(connection: Connection) -> None:
    connection.sock.shutdown(socket.SHUT_WR)  # the end arrives before the test goes on


async def let_the_loop_read() -> None:
    for _ in range(10):  # what has arrived, and the end of the connection, take a round each
        await asyncio.sleep(0)


class Body(NamedTuple):
    """One form of a healthy stream: its head, its events, and how it ends."""

    texts: list[str]
    start: bytes
    events: list[bytes]
    ending: list[Step]


BODIES = {
    "chunked": Body(TEXTS, stream_head(), chunks(TEXTS), [LAST_CHUNK]),
    "chunked, then closed": Body(TEXTS, stream_head(), chunks(TEXTS), [LAST_CHUNK, end_writing]),
    "chunked, closed behind the last event": Body(TEXTS, stream_head(), chunks(TEXTS), [end_writing]),
    "chunked, and long": Body(LONG_TEXTS, stream_head(), chunks(LONG_TEXTS), [LAST_CHUNK]),
    "chunked, long, then closed": Body(
        LONG_TEXTS, stream_head(), chunks(LONG_TEXTS), [LAST_CHUNK, end_writing]
    ),
    "until the end of the connection": Body(TEXTS, UNSIZED, [*map(text_event, TEXTS), DONE], [end_writing]),
}


@pytest.mark.parametrize("body", BODIES)
async def test_the_rest_arrives_while_the_consumer_is_elsewhere(mode: Mode, body: str) -> None:
    expected, start, events, ending = BODIES[body]
    first_read, all_sent = threading.Event(), threading.Event()
    notice: Step = lambda connection: all_sent.set()  # noqa: E731  # a step
    mode.server.on("/chat/completions", [start, events[0], first_read, *events[1:], *ending, notice])
    serve_rest = mode.server
    client = mode.client(timeout=10)
    stream = await do(client.chat(MESSAGES, stream=True))
    texts = [(await following(stream)).text]
    first_read.set()
    assert await asyncio.to_thread(all_sent.wait, 10)
    await let_the_loop_read()
    while (chunk := await following(stream)) is not None:
        texts.append(chunk.text)
        await let_the_loop_read()
    assert texts == expected
    serve_everything(serve_rest)
    assert (await do(client.chat(MESSAGES))).text == "hello there"
