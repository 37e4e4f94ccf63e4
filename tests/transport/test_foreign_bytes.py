"""Bytes behind an answer never become the answer to another request.

A server that sends more than it was asked for may do so in the same packet as the end of the answer, in a packet of its
own, or in a TLS record that is decrypted together with the answer's. The direct engine retires such a connection.
httpx's parser keeps bytes that it has read behind an answer; nothing outside can see them, so for the httpx engine the
rule is held for bytes that arrive after the answer (docs/reliability.md).
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import indoxrouter
import pytest

from tests.reliability.harness import ENVELOPE, Mode, do
from tests.reliability.server import (
    Request,
    ScriptedServer,
    Step,
    answer,
    event,
    head,
    http_chunk,
    text_event,
)

EVIL = answer({**ENVELOPE, "data": "the answer to somebody else"})
PATH = "/chat/completions"
JSON = ("Content-Type", "application/json")


def asking(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


class Talkative:
    """Answers each request with its own text, and sends more on the first request of each connection."""

    def __init__(self, server: ScriptedServer, kind: str, pad: int) -> None:
        self.server, self.kind, self.pad = server, kind, pad
        self.seen: dict[int, int] = {}
        self.received: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> list[Step]:
        number = self.seen[request.connection.number] = self.seen.get(request.connection.number, 0) + 1
        self.received.append(request.json)
        body = json.dumps(
            {**ENVELOPE, "data": f"echo:{request.json['messages'][0]['content']}{' ' * self.pad}"}
        )
        steps: list[Step] = getattr(self, self.kind)(body.encode(), number == 1)
        return steps

    def in_the_same_packet(self, body: bytes, first: bool) -> list[Step]:
        return [answer(body) + (EVIL if first else b"")]

    def with_the_end_of_the_body(self, body: bytes, first: bool) -> list[Step]:
        return [head(headers=[JSON, ("Content-Length", str(len(body)))]), body + (EVIL if first else b"")]

    def half_of_it_before_the_next_request(self, body: bytes, first: bool) -> list[Step]:
        return [answer(body) + EVIL[:12] if first else EVIL[12:] + answer(body)]

    def an_empty_line(self, body: bytes, first: bool) -> list[Step]:
        return [answer(body) + (b"\r\n" if first else b"")]

    def behind_the_last_chunk(self, body: bytes, first: bool) -> list[Step]:
        start = head(headers=[JSON, ("Transfer-Encoding", "chunked")])
        return [start + http_chunk(body) + b"0\r\n\r\n" + (EVIL if first else b"")]

    def with_the_last_chunk(self, body: bytes, first: bool) -> list[Step]:
        start = head(headers=[JSON, ("Transfer-Encoding", "chunked")])
        return [start + http_chunk(body), b"0\r\n\r\n" + (EVIL if first else b"")]

    def a_body_of_204(self, body: bytes, first: bool) -> list[Step]:
        return [head(204, [("Content-Length", str(len(EVIL)))]) + EVIL if first else answer(body)]

    def a_body_of_304(self, body: bytes, first: bool) -> list[Step]:
        return [head(304, [("Content-Length", str(len(EVIL)))]) + EVIL if first else answer(body)]

    def behind_an_error(self, body: bytes, first: bool) -> list[Step]:
        return [answer({"detail": "no"}, 500) + EVIL if first else answer(body)]


KINDS = [name for name in vars(Talkative) if not name.startswith("_")]
WITHOUT_A_TEXT = {"a_body_of_204", "a_body_of_304", "behind_an_error"}


async def outcomes(client: Any, count: int = 3) -> list[str]:
    texts = []
    for number in range(count):
        try:
            texts.append((await do(client.chat(asking(str(number))))).text.strip())
        except indoxrouter.IndoxRouterError as error:
            texts.append(type(error).__name__)
    return texts


def check(texts: list[str], kind: str) -> None:
    for number, text in enumerate(texts):
        assert text == f"echo:{number}" or (
            kind in WITHOUT_A_TEXT and ":" not in text and "else" not in text
        ), texts


@pytest.mark.parametrize("mode", ["sync-direct", "async-direct"], indirect=True)
@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest.mark.parametrize("pad", [0, 200_000], ids=["short", "long"])
@pytest.mark.parametrize("kind", KINDS)
async def test_no_request_gets_them(
    mode: Mode, secure: ScriptedServer, kind: str, pad: int, tls: bool
) -> None:
    serving = secure if tls else mode.server
    serving.on(PATH, Talkative(serving, kind, pad))
    client = mode.client(base_url=serving.url, auth="api_key", max_retries=0)
    check(await outcomes(client), kind)
    if kind != "an_empty_line":  # the parser skips it, and it cannot be an answer
        assert len(serving.connections) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_gets_them_on_uvloop(server: ScriptedServer, kind: str) -> None:
    uvloop = pytest.importorskip("uvloop")
    server.on(PATH, Talkative(server, kind, 200_000))

    async def use() -> list[str]:
        async with indoxrouter.AsyncClient(
            "indox-" + "k" * 32, base_url=server.url, auth="api_key", max_retries=0, engine="direct"
        ) as client:
            return await outcomes(client)

    loop = uvloop.new_event_loop()
    try:
        check(loop.run_until_complete(use()), kind)
    finally:
        loop.close()


@pytest.mark.parametrize("mode", ["sync-direct", "async-direct"], indirect=True)
async def test_nor_behind_a_stream(mode: Mode) -> None:
    events = text_event("a") + event("[DONE]")
    start = head(headers=[("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])
    mode.server.on(
        PATH, start + http_chunk(events) + b"0\r\n\r\n" + EVIL, answer({**ENVELOPE, "data": "mine"})
    )
    client = mode.client()
    stream = await do(client.chat(asking("0"), stream=True))
    assert (await do(stream.until_done())).text == "a"
    assert (await do(client.chat(asking("1")))).text == "mine"
    assert len(mode.server.connections) == 2


@pytest.mark.parametrize("mode", ["sync-direct", "async-direct", "sync-httpx", "async-httpx"], indirect=True)
@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest.mark.parametrize(
    "late", [EVIL, EVIL[:5], b"\r\n"], ids=["an answer", "a part of one", "an empty line"]
)
async def test_bytes_that_arrive_on_an_idle_connection_retire_it(
    mode: Mode, secure: ScriptedServer, late: bytes, tls: bool
) -> None:
    read, sent = threading.Event(), threading.Event()
    signal: Callable[[Any], None] = lambda connection: sent.set()  # noqa: E731  # a step
    serving = secure if tls else mode.server
    serving.on(
        PATH, [answer({**ENVELOPE, "data": "0"}), read, late, signal], answer({**ENVELOPE, "data": "1"})
    )
    client = mode.client(base_url=serving.url, auth="api_key")
    assert (await do(client.chat(asking("0")))).text == "0"
    read.set()
    assert await asyncio.to_thread(sent.wait, 10)
    assert (await do(client.chat(asking("1")))).text == "1"
    assert len(serving.connections) == 2
