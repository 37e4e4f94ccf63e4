"""Bodies of known length, so large that they are read into one place: whole or not at all, and the connection after."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import indoxrouter
import pytest

from .harness import ENVELOPE, MESSAGES, Mode, do
from .server import CLOSE, RESET, STALL, Step, answer, head

BOTH_ENGINES = ""

TEXT = "The quick brown fox. " * 20_000
BODY = json.dumps({**ENVELOPE, "data": TEXT}).encode()
HEAD = head(headers=[("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
HALF = len(BODY) // 2


async def chat(client: Any) -> str:
    text: str = (await do(client.chat(MESSAGES))).text
    return text


@pytest.mark.parametrize(
    "steps",
    [
        [HEAD + BODY],
        [HEAD, BODY],
        [HEAD + BODY[:10], BODY[10:HALF], BODY[HALF:-1], BODY[-1:]],
    ],
    ids=["at once", "after its head", "in pieces"],
)
async def test_it_is_read_whole_and_leaves_the_connection(mode: Mode, steps: list[Step]) -> None:
    mode.server.on("/chat/completions", steps)
    client = mode.client()
    assert [await chat(client) for _ in range(3)] == [TEXT] * 3
    assert len(mode.server.connections) == 1


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (CLOSE, indoxrouter.NetworkError),
        (RESET, indoxrouter.NetworkError),
        (STALL, indoxrouter.RequestTimeoutError),
    ],
    ids=["closed", "reset", "stalled"],
)
async def test_half_of_it_is_a_failure(mode: Mode, ending: Any, kind: type[Exception]) -> None:
    whole = answer({**ENVELOPE, "data": "short"})
    mode.server.on("/chat/completions", [HEAD + BODY[:HALF], ending], whole)
    client = mode.client(timeout=0.5)
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert isinstance(error, kind)
    assert len(mode.server.sent("/chat/completions")) == 1  # billed: not repeated
    assert await chat(client) == "short"
    assert len(mode.server.connections) == 2


@pytest.fixture
def fast(mode: Mode) -> Mode:
    """Only the direct engine knows the length of a body, and whose bytes follow it; h11 keeps both to itself."""
    if mode.engine != "direct":
        pytest.skip("about the direct engine")
    return mode


@pytest.mark.parametrize("mode", ["sync", "async"], indirect=True)
async def test_one_that_says_it_is_too_large_is_refused_before_it_comes(fast: Mode) -> None:
    mode = fast
    mode.server.on("/chat/completions", [HEAD + BODY[:10], STALL], answer({**ENVELOPE, "data": "short"}))
    client = mode.client(max_response_bytes=len(BODY) - 1, timeout=30)
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert type(error) is indoxrouter.APIError
    assert f"{len(BODY) - 1:,} bytes" in str(error)
    assert mode.server.sent("/chat/completions")[-1].connection.left.wait(3)
    assert await chat(client) == "short"


async def test_one_of_just_the_limit_is_read(mode: Mode) -> None:
    mode.server.on("/chat/completions", [HEAD + BODY])
    assert await chat(mode.client(max_response_bytes=len(BODY))) == TEXT


@pytest.mark.parametrize("mode", ["sync", "async"], indirect=True)
async def test_more_than_it_said_is_dropped_with_the_connection(fast: Mode) -> None:
    mode = fast
    mode.server.on("/chat/completions", [HEAD, BODY + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
    client = mode.client()
    assert [await chat(client) for _ in range(2)] == [TEXT] * 2
    assert len(mode.server.connections) == 2


@pytest.mark.parametrize("mode", ["async", "async-httpx"], indirect=True)
async def test_a_cancelled_reader_frees_its_connection(mode: Mode) -> None:
    half_sent = threading.Event()
    mode.server.on("/chat/completions", [HEAD + BODY[:HALF], lambda _: half_sent.set(), STALL])
    reading = asyncio.ensure_future(chat(mode.client()))
    await asyncio.to_thread(half_sent.wait, 5)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await asyncio.to_thread(mode.server.sent("/chat/completions")[-1].connection.left.wait, 3)
