"""The timeouts of streams and calls, and which of them keep-alive comments can and cannot reset."""

from __future__ import annotations

import threading
import time
from typing import Any

import indoxrouter
import pytest

from .harness import ENVELOPE, MESSAGES, Clock, Mode, do, following, texts_and_error
from .server import DONE, STALL, Connection, answer, head, http_chunk, stream_head, streamed, text_event

BOTH_ENGINES = ""

COMMENT = http_chunk(b": keep-alive\n\n")


def comments_for_ever(connection: Connection) -> None:
    """A comment every 20 ms until the client leaves. (Pacing the server, not synchronising with it.)"""
    while not connection.left.wait(0.02):
        try:
            connection.sock.sendall(COMMENT)
        except OSError:
            connection.left.set()


def taken(began: float) -> float:
    return time.monotonic() - began


@pytest.mark.parametrize("option", ["first_token_timeout", "deadline"])
async def test_comments_do_not_put_off_the_first_token(mode: Mode, option: str) -> None:
    mode.server.on("/chat/completions", [stream_head(), comments_for_ever])
    client = mode.client(timeout=10, **{option: 0.3})
    began = time.monotonic()
    texts, error = await texts_and_error(await do(client.chat(MESSAGES, stream=True)))
    assert texts == []
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert isinstance(error, TimeoutError)
    assert option in str(error)
    assert 0.25 < taken(began) < 3
    assert mode.server.connections[-1].left.wait(3)


@pytest.mark.parametrize("option", ["token_timeout", "deadline"])
async def test_comments_do_not_put_off_the_next_token(mode: Mode, option: str) -> None:
    mode.server.on("/chat/completions", [stream_head(), http_chunk(text_event("a")), comments_for_ever])
    client = mode.client(timeout=10, **{option: 0.3})
    began = time.monotonic()
    texts, error = await texts_and_error(await do(client.chat(MESSAGES, stream=True)))
    assert (texts, type(error)) == (["a"], indoxrouter.RequestTimeoutError)
    assert error is not None
    assert error.partial.text == "a"
    assert option in str(error)
    assert 0.25 < taken(began) < 3


async def test_comments_do_put_off_the_idle_timeout(mode: Mode) -> None:
    gate = threading.Event()

    def comment_a_while(connection: Connection) -> None:
        for _ in range(40):
            connection.sock.sendall(COMMENT)
            gate.wait(0.02)

    mode.server.on(
        "/chat/completions", [stream_head(), comment_a_while, *streamed(text_event("a"), DONE)[1:]]
    )
    client = mode.client(timeout=0.4)  # the comments take twice as long
    assert (await texts_and_error(await do(client.chat(MESSAGES, stream=True)))) == (["a"], None)


@pytest.mark.parametrize(
    "steps", [[stream_head(), STALL], [STALL]], ids=["after the head", "before the head"]
)
async def test_a_stall_before_the_first_token_is_a_timeout(mode: Mode, steps: Any) -> None:
    mode.server.on("/chat/completions", steps)
    client = mode.client(timeout=0.3)
    began = time.monotonic()
    with pytest.raises(indoxrouter.RequestTimeoutError):  # noqa: PT012  # the loop is what is left
        _, error = await texts_and_error(await do(client.chat(MESSAGES, stream=True)))
        raise error or AssertionError
    assert 0.25 < taken(began) < 3
    assert len(mode.server.sent("/chat/completions")) == 1


@pytest.mark.parametrize("option", ["timeout", "token_timeout", "deadline"])
async def test_a_stall_between_tokens_is_a_timeout_with_the_partial_kept(mode: Mode, option: str) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), ending=[STALL]))
    client = mode.client(**{"timeout": 10, option: 0.3})
    began = time.monotonic()
    texts, error = await texts_and_error(await do(client.chat(MESSAGES, stream=True)))
    assert (texts, type(error)) == (["a"], indoxrouter.RequestTimeoutError)
    assert error is not None
    assert error.partial.text == "a"
    assert 0.25 < taken(began) < 3


async def test_the_first_token_timeout_covers_the_wait_for_the_head(mode: Mode) -> None:
    mode.server.on("/chat/completions", [STALL])
    client = mode.client(timeout=10, first_token_timeout=0.3)
    began = time.monotonic()
    error = await mode.failure(lambda: client.chat(MESSAGES, stream=True))
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert taken(began) < 3


async def test_the_first_token_timeout_does_not_limit_later_tokens(mode: Mode) -> None:
    gate = threading.Event()
    mode.server.on("/chat/completions", streamed(text_event("a"), gate, text_event("b"), DONE))
    client = mode.client(timeout=10, first_token_timeout=0.2)
    threading.Timer(0.5, gate.set).start()
    assert (await texts_and_error(await do(client.chat(MESSAGES, stream=True)))) == (["a", "b"], None)


async def test_the_time_between_tokens_counts_from_the_last_one(mode: Mode) -> None:
    texts, gates = ["a", "b", "c", "d"], [threading.Event() for _ in range(3)]
    steps: list[bytes | threading.Event] = [text_event(texts[0])]
    for gate, text in zip(gates, texts[1:], strict=True):
        steps += [gate, text_event(text)]
    mode.server.on("/chat/completions", streamed(*steps, DONE))
    clock = Clock()
    client = mode.client(clock=clock, timeout=30, token_timeout=10)
    stream = await do(client.chat(MESSAGES, stream=True))
    read = [(await following(stream)).text]
    for gate in gates:
        clock.advance(6)  # seconds since the token before; 18 in all
        gate.set()
        read.append((await following(stream)).text)
    assert read == texts
    assert await following(stream) is None


async def test_a_stream_within_its_limits_is_not_disturbed(mode: Mode) -> None:
    events = [text_event(str(number)) for number in range(500)]
    mode.server.on("/chat/completions", streamed(*events, DONE))
    client = mode.client(deadline=20, first_token_timeout=10, token_timeout=10)
    texts, error = await texts_and_error(await do(client.chat(MESSAGES, stream=True)))
    assert (len(texts), error) == (500, None)


async def test_nothing_is_sent_again_once_a_chunk_was_delivered(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), ending=[STALL]))
    client = mode.client(timeout=0.2, max_retries=5, idempotency_key="mine")
    texts, error = await texts_and_error(await do(client.chat(MESSAGES, stream=True)))
    assert (texts, type(error)) == (["a"], indoxrouter.RequestTimeoutError)
    assert len(mode.server.sent("/chat/completions")) == 1


async def test_the_deadline_covers_a_body_that_trickles(mode: Mode) -> None:
    whole = answer(ENVELOPE)
    split = whole.index(b"\r\n\r\n") + 4

    def trickle(connection: Connection) -> None:
        for position in range(split, len(whole)):
            if connection.left.wait(0.02):
                return
            try:
                connection.sock.sendall(whole[position : position + 1])
            except OSError:
                return

    mode.server.on("/chat/completions", [whole[:split], trickle])
    client = mode.client(timeout=10, deadline=0.4)
    began = time.monotonic()
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert 0.3 < taken(began) < 3


async def test_the_deadline_covers_a_body_that_stalls(mode: Mode) -> None:
    mode.server.on("/chat/completions", [head(headers=[("Content-Length", "10")]), b"12345", STALL])
    client = mode.client(timeout=10, deadline=0.3)
    began = time.monotonic()
    assert isinstance(await mode.failure(lambda: client.chat(MESSAGES)), indoxrouter.RequestTimeoutError)
    assert taken(began) < 3


async def test_the_deadline_covers_retries_and_waiting(mode: Mode, clock: Clock) -> None:
    mode.server.on("/user/usage", answer({"detail": "busy"}, 503))
    client = mode.client(clock=clock, max_retries=50, deadline=10)
    error = await mode.failure(client.get_usage)
    assert sum(clock.waits) <= 10
    assert 2 <= len(error.attempts) < 20
    assert len(mode.server.sent("/user/usage")) == len(error.attempts)


async def test_a_wait_longer_than_the_deadline_is_not_begun(mode: Mode, clock: Clock) -> None:
    mode.server.on("/user/usage", answer({"detail": "busy"}, 503, [("Retry-After", "30")]))
    client = mode.client(clock=clock, deadline=20)
    await mode.failure(client.get_usage)
    assert clock.waits == []


async def test_each_kind_of_timeout_is_its_own(mode: Mode) -> None:
    import httpx

    asked: list[dict[str, float]] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions["timeout"])
        return httpx.Response(200, json=ENVELOPE)

    transport = httpx.MockTransport(respond)
    own: Any = httpx.AsyncClient(transport=transport) if mode.is_async else httpx.Client(transport=transport)
    mode.owned.append(own)
    client = mode.client(http_client=own, timeout=(1.0, 2.0, 3.0, 4.0), auth="api_key")
    await do(client.chat(MESSAGES))
    assert asked == [{"connect": 1.0, "read": 2.0, "write": 3.0, "pool": 4.0}]
    assert client.timeout == 2.0


async def test_a_read_timeout_of_a_call_is_typed(mode: Mode) -> None:
    mode.server.on("/chat/completions", [head(headers=[("Content-Length", "10")]), b"12345", STALL])
    error = await mode.failure(lambda: mode.client(timeout=0.2).chat(MESSAGES))
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert isinstance(error, indoxrouter.NetworkError)


async def test_the_pool_timeout_is_typed(mode: Mode) -> None:
    import httpx

    limits = httpx.Limits(max_connections=1)
    own: Any = httpx.AsyncClient(limits=limits) if mode.is_async else httpx.Client(limits=limits)
    mode.owned.append(own)
    mode.server.on("/chat/completions", streamed(text_event("a"), ending=[STALL]))
    client = mode.client(http_client=own, timeout=(5, 5, 5, 0.1), max_retries=0)
    stream = await do(client.chat(MESSAGES, stream=True))
    error = await mode.failure(lambda: client.embeddings("x"))
    assert isinstance(error, indoxrouter.NetworkError)
    assert error.error_type == "pool_timeout"
    await do(stream.close())


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf"), "5", True, (1, 2), (1, 2, 3, "x")])
async def test_senseless_timeouts_are_refused_by_name(mode: Mode, bad: Any) -> None:
    with pytest.raises(ValueError, match="timeout"):
        mode.client(timeout=bad)
