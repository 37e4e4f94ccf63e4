"""Bodies in odd codings and encodings, and event streams that are never closed: what was paid for is delivered."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import indoxrouter
import pytest

from tests.patience import seconds

from .harness import ENVELOPE, MESSAGES, Mode, do, following, texts_and_error
from .server import DONE, STALL, Step, answer, event, head, streamed, text_event

BOTH_ENGINES = "coding|encoded|closes|moment|caller"

WHOLE = json.dumps({**ENVELOPE, "data": "pâté 日本 😀"}, ensure_ascii=False)
PIECES = text_event("PAID") + text_event(" ANSWER", "stop") + DONE


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


Packer = Callable[[bytes], bytes]

CODINGS: dict[str, Packer] = {
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
    "gzip, identity": lambda body: bytes(gzip.compress(body)),
    "deflate, gzip": lambda body: gzip.compress(zlib.compress(body)),
    "gzip, deflate": lambda body: raw_deflate(gzip.compress(body)),
    "gzip, gzip, gzip": lambda body: gzip.compress(gzip.compress(gzip.compress(body))),
    "x-gzip,utf-8, gzip": lambda body: gzip.compress(gzip.compress(body)),
}
# A proxy repeats the header, or leaves it although it has unpacked the body.
CLAIMED: dict[str, Packer] = {
    "gzip, gzip ": lambda body: bytes(gzip.compress(body)),
    "gzip, gzip  ": lambda body: body,
    "deflate, gzip ": lambda body: body,
    "deflate": lambda body: body,
    "x-new": lambda body: body,
}


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("coding", [*CODINGS, *CLAIMED])
async def test_stacked_content_codings_are_unpacked(mode: Mode, coding: str, size: int) -> None:
    packers: dict[str, Packer] = {**CODINGS, **CLAIMED}
    body = packers[coding](WHOLE.encode())
    start = head(
        headers=[
            ("Content-Type", "application/json"),
            ("Content-Encoding", coding),
            ("Content-Length", str(len(body))),
        ]
    )
    mode.server.on("/chat/completions", [start, *(body[at : at + size] for at in range(0, len(body), size))])
    assert (await do(mode.client(auth="api_key").chat(MESSAGES))).text == "pâté 日本 😀"


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_stream_in_stacked_content_codings_is_unpacked(mode: Mode, coding: str) -> None:
    mode.server.on(
        "/chat/completions",
        answer(
            CODINGS[coding](PIECES),
            headers=[("Content-Encoding", coding)],
            content_type="text/event-stream",
        ),
    )
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    assert await texts_and_error(stream) == (["PAID", " ANSWER"], None)


async def test_stacked_content_codings_keep_to_the_limit(mode: Mode) -> None:
    bomb = gzip.compress(gzip.compress(b" " * 50_000_000, 9), 9)
    assert len(bomb) < 1000
    mode.server.on("/chat/completions", answer(bomb, headers=[("Content-Encoding", "gzip, gzip")]))
    client = mode.client(auth="api_key", max_response_bytes=40_000_000)
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert "decompression bombs" in str(error) or "40,000,000" in str(error)


async def test_more_codings_than_any_server_uses_are_refused(mode: Mode) -> None:
    body = WHOLE.encode()
    for _ in range(6):
        body = gzip.compress(body)
    mode.server.on("/chat/completions", answer(body, headers=[("Content-Encoding", "gzip" + ", gzip" * 5)]))
    error = await mode.failure(lambda: mode.client(auth="api_key").chat(MESSAGES))
    assert "not requested" in str(error)


ENCODINGS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_json_in_any_unicode_encoding_is_read(mode: Mode, stream: bool, encoding: str) -> None:
    body = WHOLE.encode(encoding)
    start = head(headers=[("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    mode.server.on("/chat/completions", [start, *(body[at : at + 1] for at in range(len(body)))])
    client = mode.client(auth="api_key")
    if stream:
        texts, error = await texts_and_error(await do(client.chat(MESSAGES, stream=True)))
        assert ("".join(texts), error) == ("pâté 日本 😀", None)
    else:
        assert (await do(client.chat(MESSAGES))).text == "pâté 日本 😀"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
async def test_an_error_encoded_as_utf_16_keeps_its_message(mode: Mode, encoding: str) -> None:
    body = json.dumps({"error": "rate_limit_exceeded", "message": "langsam ü"}).encode(encoding)
    mode.server.on("/chat/completions", answer(body, 429))
    error = await mode.failure(lambda: mode.client(auth="api_key", max_retries=0).chat(MESSAGES))
    assert isinstance(error, indoxrouter.RateLimitError)
    assert error.message == "langsam ü"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
async def test_events_encoded_as_utf_16_are_read_in_any_cut(mode: Mode, encoding: str) -> None:
    body = PIECES.decode().encode(encoding)
    mode.server.on("/chat/completions", streamed(*(body[at : at + 3] for at in range(0, len(body), 3))))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    assert await texts_and_error(stream) == (["PAID", " ANSWER"], None)


VECTORS = {**ENVELOPE, "data": [[0.5, 1.5]], "dimensions": 2}
OPEN: dict[str, list[bytes]] = {
    "an event": [event(VECTORS)],
    "an event after heartbeats": [b": hello\n\n", event("1", "ping"), event("[]"), event(VECTORS)],
    "[DONE]": [event(VECTORS) + DONE],
    "a named end": [event(VECTORS, "result"), event({}, "done")],
    "comments": [event(VECTORS), *[b": waiting\n\n"] * 5],
    "JSON, then [DONE]": [json.dumps(VECTORS).encode() + b"\n\n" + DONE],
    "small pieces": [event(VECTORS)[at : at + 7] for at in range(0, len(event(VECTORS)), 7)],
}


@pytest.mark.parametrize("name", OPEN)
async def test_an_event_stream_that_never_closes_answers_a_call_without_a_stream(
    mode: Mode, name: str
) -> None:
    mode.server.on("/embeddings", streamed(*OPEN[name], ending=[STALL]))
    client = mode.client(auth="api_key", timeout=60)
    began = time.monotonic()
    vectors = await do(client.embeddings("x"))
    assert (vectors.data, vectors.http.status) == ([[0.5, 1.5]], 200)
    assert time.monotonic() - began < 30  # and not the 60 s that a byte may take
    assert (await do(client.api.embeddings.create_embedding(body={"text": "x"}))).data == [[0.5, 1.5]]


async def test_a_catalog_in_an_event_stream_that_never_closes(mode: Mode) -> None:
    mode.server.on("/models/", streamed(event([{"id": "openai", "models": []}]), ending=[STALL]))
    began = time.monotonic()
    assert list(await do(mode.client(auth="api_key", timeout=60).models())) == ["openai"]
    assert time.monotonic() - began < 30


async def test_a_refusal_in_an_event_stream_that_never_closes_is_repeated(mode: Mode) -> None:
    refusal = event({"message": "too many", "code": "rate_limit_exceeded"}, "error")
    first: list[Step] = [
        head(429, [("Content-Type", "text/event-stream"), ("Retry-After", "0")]),
        refusal,
        STALL,
    ]
    mode.server.on("/chat/completions", first, answer(ENVELOPE))
    began = time.monotonic()
    response = await do(mode.client(auth="api_key", timeout=60).chat(MESSAGES))
    assert (response.text, len(response.http.attempts)) == ("hello there", 2)
    assert time.monotonic() - began < 30


async def test_missing_credits_in_an_event_stream_are_never_waited_for(mode: Mode) -> None:
    spent = event({"code": "insufficient_credits", "message": "no credits"}, "error")
    mode.server.on("/chat/completions", [head(429, [("Content-Type", "text/event-stream")]), spent, STALL])
    client = mode.client(auth="api_key", timeout=60)
    for stream in (False, True):
        error = await mode.failure(partial(client.chat, MESSAGES, stream=stream))
        assert isinstance(error, indoxrouter.InsufficientCreditsError)
        assert (error.message, len(error.attempts)) == ("no credits", 1)


async def test_a_token_in_an_event_stream_is_a_token(mode: Mode) -> None:
    token = event({"access_token": "token-1", "expires_in": 3600})
    mode.server.on("/auth/token", streamed(token, ending=[STALL]))
    mode.server.on("/chat/completions", answer(ENVELOPE))
    await do(mode.client(timeout=60).chat(MESSAGES))
    assert mode.server.sent("/chat/completions")[0].header("Authorization") == "Bearer token-1"


async def test_an_event_stream_without_an_answer_is_waited_for_until_the_deadline(mode: Mode) -> None:
    mode.server.on("/embeddings", streamed(b": waiting\n\n", event("null"), ending=[STALL]))
    client = mode.client(auth="api_key", deadline=1, max_retries=0)
    assert isinstance(await mode.failure(lambda: client.embeddings("x")), indoxrouter.RequestTimeoutError)


USAGE = event({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})
ASKING: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}


@pytest.mark.parametrize("sign", [b": hi\n\n", event("null"), event({}), event({"choices": []})])
async def test_usage_that_never_comes_costs_a_moment(mode: Mode, sign: bytes) -> None:
    """Also with signs of life, which are sent until the client leaves."""

    def alive(connection: Any) -> None:
        try:
            while not connection.left.wait(0.05):
                connection.sock.sendall(b"%x\r\n%s\r\n" % (len(sign), sign))
        except OSError:
            connection.left.set()

    mode.server.on("/chat/completions", streamed(text_event("hi", "stop"), ending=[alive]))
    began = time.monotonic()
    stream = await do(mode.client(auth="api_key", timeout=60).chat(MESSAGES, **ASKING))
    response = await do(stream.until_done())
    assert (response.text, response.usage) == ("hi", None)
    assert time.monotonic() - began < 30


ANSWERED = event(
    {
        "choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
)


@pytest.mark.parametrize("first", [": hi\n\n", "data: {"], ids=["after a comment", "in two parts"])
@pytest.mark.parametrize("options", [{}, {"token_timeout": 0.4}], ids=["plain", "with token_timeout"])
async def test_time_that_the_caller_takes_is_no_wait_for_the_server(
    mode: Mode, first: str, options: dict[str, Any]
) -> None:
    """The server has said all when the caller goes on, in pieces that are read one by one."""
    paused, second = threading.Event(), 'data: {"a": 1}\n\n' if first[0] == ":" else '"a": 1}\n\n'

    def later(connection: Any) -> None:
        paused.wait(seconds(10))
        for piece in (first, second):
            connection.sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece.encode()))
            time.sleep(0.05)  # so that they are read one by one

    mode.server.on("/chat/completions", streamed(ANSWERED, later, DONE))
    stream = await do(mode.client(auth="api_key", **options).chat(MESSAGES, stream=True))
    await following(stream)
    await asyncio.sleep(0.6)  # longer than the end is waited for, and than token_timeout
    paused.set()
    last = await following(stream)
    assert last is not None
    assert last["a"] == 1
    assert await following(stream) is None


async def test_usage_that_comes_within_a_moment_is_not_lost(mode: Mode) -> None:
    def slow(connection: Any) -> None:
        connection.left.wait(0.2)  # a slow server

    mode.server.on("/chat/completions", streamed(text_event("hi", "stop"), slow, USAGE, ending=[STALL]))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, **ASKING))
    assert (await do(stream.until_done())).usage.total_tokens == 2
