"""Connections of the default engine: a head goes with its body, and a stream that ended leaves its own behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any, cast

import httpcore
import pytest
from indoxrouter import AsyncClient, Client
from indoxrouter._runtime.httpx_engine import HttpxEngine
from indoxrouter._runtime.lines import AsyncLine, Line
from indoxrouter._runtime.transport import HttpRequest, Timeouts

from .counting import KEY, MESSAGES, calls_of
from .recorder import Recorder, recording

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
DONE = b'data: {"choices": [{"index": 0, "delta": {"content": "x"}}]}\n\ndata: [DONE]\n\n'
STREAM = HEAD + b"%x\r\n%s\r\n" % (len(DONE), DONE)
END = b"0\r\n\r\n"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as server:
        yield server


class Tape:
    """A network stream of httpcore that takes down what is asked of it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.limits: list[float | None] = []

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written.append(buffer)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.limits.append(timeout)
        return b"answer"


class AsyncTape(Tape):
    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # type: ignore[override]
        super().write(buffer, timeout)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # type: ignore[override]
        return super().read(max_bytes, timeout)


def play(tape: Tape, acts: list[bytes | None]) -> list[bytes]:
    """What reaches the network when httpcore writes these pieces; None is a read."""
    if isinstance(tape, AsyncTape):
        line: Any = AsyncLine(tape)  # type: ignore[arg-type]

        async def perform() -> None:
            for act in acts:
                await (line.read(9) if act is None else line.write(act))

        asyncio.run(perform())
    else:
        line = Line(tape)  # type: ignore[arg-type]
        for act in acts:
            line.read(9) if act is None else line.write(act)
    return tape.written


LONG = b"x" * 70_000


@pytest.mark.parametrize(
    ("acts", "written"),
    [
        ([b"head", b"body", b"", None], [b"headbody"]),
        ([b"head", b"", None, b"head", b"", None], [b"head", b"head"]),  # no body, and then once more
        ([b"head", b"one", b"two", b"three", b""], [b"headone", b"two", b"three"]),
        ([b"head", LONG, b""], [b"head", LONG]),
        ([b"head", None], [b"head"]),
        ([b"head", b"body", None, None, b"head", b"body"], [b"headbody", b"headbody"]),
    ],
)
def test_in_asyncio_the_head_of_a_request_goes_with_its_body(
    acts: list[bytes | None], written: list[bytes]
) -> None:
    assert play(AsyncTape(), acts) == written


def test_in_threads_the_head_of_a_request_goes_ahead() -> None:
    acts = [b"head", b"body", b"", None, b"head", b"", None]
    assert play(Tape(), acts) == [b"head", b"body", b"head"]


def test_a_line_in_a_hurry_waits_no_longer_than_that() -> None:
    tape = Tape()
    line = Line(tape)  # type: ignore[arg-type]
    for hurry, limit in ((None, 5.0), (0.1, 5.0), (0.1, None), (0.1, 0.05), (None, None)):
        line.hurry = hurry
        line.read(1, limit)
    assert tape.limits == [5.0, 0.1, 0.1, 0.05, None]


def test_a_stream_whose_end_is_there_leaves_its_connection_to_the_next_call(recorder: Recorder) -> None:
    late = threading.Event()

    def answer(write: Callable[[bytes], Any]) -> None:
        if len(recorder.requests) == 3:
            late.wait(0.05)  # longer than the end of a body is waited for: that limit is gone by now
        write(STREAM + END)

    recorder.answer = answer
    with Client(KEY, base_url=recorder.url, auth="api_key", engine="httpx", max_retries=0) as client:
        for _ in range(3):
            assert [chunk.text for chunk in client.chat(MESSAGES, stream=True)] == ["x"]
    assert len(recorder.requests) == 3
    assert recorder.connections == 1


async def test_an_asynchronous_stream_does_the_same(recorder: Recorder) -> None:
    late = threading.Event()

    def answer(write: Callable[[bytes], Any]) -> None:
        if len(recorder.requests) == 3:
            late.wait(0.05)
        write(STREAM + END)

    recorder.answer = answer
    async with AsyncClient(
        KEY, base_url=recorder.url, auth="api_key", engine="httpx", max_retries=0
    ) as client:
        for _ in range(3):
            assert [chunk.text async for chunk in await client.chat(MESSAGES, stream=True)] == ["x"]
    assert recorder.connections == 1


@pytest.mark.parametrize("rest", [b"", b"2\r\n\n\n\r\n" * 50], ids=["silence", "babble"])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_stream_whose_end_does_not_come_is_not_waited_for(
    recorder: Recorder, rest: bytes, asynchronous: bool
) -> None:
    done = threading.Event()
    in_time: Queue[bool] = Queue()

    def answer(write: Callable[[bytes], Any]) -> None:
        write(STREAM + rest)
        in_time.put(done.wait(5))

    recorder.answer = answer
    if asynchronous:
        async with AsyncClient(KEY, base_url=recorder.url, auth="api_key", engine="httpx") as other:
            assert [chunk.text async for chunk in await other.chat(MESSAGES, stream=True)] == ["x"]
            done.set()
    else:
        with Client(KEY, base_url=recorder.url, auth="api_key", engine="httpx") as client:
            assert [chunk.text for chunk in client.chat(MESSAGES, stream=True)] == ["x"]
            done.set()
    assert in_time.get(timeout=10)


def test_the_engine_adds_few_calls_to_those_of_httpcore(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = [(b"Content-Type", b"application/json"), (b"Content-Length", b"2")]
    url = httpcore.URL("http://127.0.0.1:1/a")
    sent = [(b"Host", b"x"), *[(b"Accept", b"*/*")] * 6, (b"Content-Length", b"2")]

    def answer(*_: object) -> httpcore.Response:
        return httpcore.Response(200, headers=headers, content=b"{}")

    def by_hand() -> None:
        httpcore.Request("POST", url, headers=sent, content=b"{}", extensions={})
        response = answer()
        assert list(cast("Iterator[bytes]", response.stream)) == [b"{}"]
        response.close()

    monkeypatch.setattr(httpcore.ConnectionPool, "handle_request", answer)
    limits = Timeouts(5, 5, 5, 5)
    request = HttpRequest("POST", "http://127.0.0.1:1/a", [("Accept", "*/*")] * 6, b"{}", limits)
    engine = HttpxEngine()

    def past_httpx() -> None:
        response = engine.send(request)
        assert list(response.iter_raw()) == [b"{}"]
        response.close()

    assert calls_of(past_httpx) - calls_of(by_hand) <= 50  # 46 with CPython 3.11
