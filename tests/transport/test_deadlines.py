"""`deadline` bounds a call whatever the server does, and the error says which limit ran out.

A deadline of 0.3 s runs beside a timeout of 10 s for each wait, so a call in which only the waits are limited takes
longer than `LATE`, however slow the machine. Servers are paced, which synchronises nothing.
"""

from __future__ import annotations

import contextlib
import gc
import gzip
import json
import math
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import indoxrouter
import pytest

from tests.reliability.harness import ENVELOPE, KEY, MESSAGES, Mode, do, serve_everything
from tests.reliability.server import (
    STALL,
    Connection,
    ScriptedServer,
    Step,
    answer,
    head,
    http_chunk,
    stream_head,
)

BOTH_ENGINES = ""

DEADLINE = 0.3
LATE = 2.5
PATH = "/chat/completions"
WHOLE = answer(ENVELOPE)
HEAD, _, BODY = WHOLE.partition(b"\r\n\r\n")
PACKED = gzip.compress(json.dumps({**ENVELOPE, "data": "x" * 5000}).encode())


def drip(data: bytes, size: int = 1) -> Callable[[Connection], None]:
    """Send a few bytes every 20 ms until the client leaves."""

    def send(connection: Connection) -> None:
        for start in range(0, len(data), size):
            if connection.left.wait(0.02):
                return
            try:
                connection.sock.sendall(data[start : start + size])
            except OSError:
                connection.left.set()

    return send


CONTINUE = b"HTTP/1.1 102 Processing\r\n\r\n"
EVENTS = stream_head()
SLOW: dict[str, list[Step]] = {
    "silence": [STALL],
    "head": [drip(WHOLE[:90]), STALL],
    "head, then silence": [HEAD[:40], STALL],
    "1xx": [drip(CONTINUE * 200, len(CONTINUE))],
    "body": [HEAD + b"\r\n\r\n", drip(BODY[:-1]), STALL],
    "body, then silence": [WHOLE[:-20], STALL],
    "chunks": [head(headers=[("Transfer-Encoding", "chunked")]), drip(http_chunk(b" ") * 200, 6)],
    "gzip": [
        head(headers=[("Content-Encoding", "gzip"), ("Content-Length", str(len(PACKED)))]),
        drip(PACKED[:-1]),
        STALL,
    ],
    "an error": [head(500, [("Content-Length", "5000")]), drip(b"x" * 4000)],
    "a redirect": [head(302, [("Location", "/elsewhere"), ("Content-Length", "5000")]), drip(b"x" * 4000)],
}


def taken(began: float) -> float:
    return time.monotonic() - began


def client_of(mode: Mode, **options: Any) -> Any:
    return mode.client(
        **{"auth": "api_key", "max_retries": 0, "timeout": 10, "deadline": DEADLINE, **options}
    )


def check(error: Exception, began: float, limit: str = "deadline=0.3 s") -> None:
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert limit in str(error)
    assert taken(began) < LATE


@pytest.mark.parametrize("what", SLOW)
async def test_a_deadline_holds_while_the_answer_is_slow(mode: Mode, what: str) -> None:
    mode.server.on(PATH, SLOW[what])
    client = client_of(mode)
    began = time.monotonic()
    check(await mode.failure(lambda: client.chat(MESSAGES)), began)
    serve_everything(mode.server)
    assert (await do(client.with_options(deadline=None).chat(MESSAGES))).text == "hello there"


@pytest.mark.parametrize("what", ["silence", "head", "1xx"])
async def test_a_deadline_holds_until_a_stream_begins(mode: Mode, what: str) -> None:
    mode.server.on(PATH, SLOW[what])
    began = time.monotonic()
    check(await mode.failure(lambda: client_of(mode).chat(MESSAGES, stream=True)), began)


@pytest.mark.parametrize("what", ["comments", "silence"])
async def test_a_deadline_holds_for_a_stream(mode: Mode, what: str) -> None:
    comment = http_chunk(b": ping\n\n")
    mode.server.on(PATH, [EVENTS, drip(comment * 500, len(comment)) if what == "comments" else STALL])
    stream = await do(client_of(mode).chat(MESSAGES, stream=True))
    began = time.monotonic()
    check(await mode.failure(stream.until_done), began)


class SlowReader:
    """Accepts connections and reads 2 KiB every 50 ms."""

    def __init__(self) -> None:
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        self.ended = threading.Event()
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def _accept(self) -> None:
        try:
            while True:
                sock, _ = self.listener.accept()
                threading.Thread(target=self._read, args=(sock,), daemon=True).start()
        except OSError:
            return

    def _read(self, sock: socket.socket) -> None:
        with sock:
            try:
                while not self.ended.wait(0.05) and sock.recv(2048):
                    pass
            except OSError:
                return

    def close(self) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join(20)  # closed under it, `accept` may go on with the next socket of the same number
        self.listener.close()


@pytest.fixture
def slow_reader() -> Iterator[SlowReader]:
    running = SlowReader()
    yield running
    running.close()


@pytest.mark.parametrize("what", ["JSON", "a file"])
async def test_a_deadline_holds_while_the_request_is_sent(
    mode: Mode, slow_reader: SlowReader, what: str
) -> None:
    client = client_of(mode, base_url=f"http://127.0.0.1:{slow_reader.port}")
    began = time.monotonic()
    if what == "JSON":
        call = lambda: client.chat([{"role": "user", "content": "z" * 8_000_000}])  # noqa: E731
    else:
        call = lambda: client.speech_to_text(("a.mp3", b"z" * 8_000_000))  # noqa: E731
    check(await mode.failure(call), began)


@pytest.mark.parametrize("what", ["silence", "drip"])
@pytest.mark.usefixtures("trusted")
async def test_a_deadline_holds_during_the_handshake(mode: Mode, what: str) -> None:
    """The server accepts, and then is silent, or sends a record's beginning byte by byte."""
    mode.server.greeting = [STALL if what == "silence" else drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 2000)]
    client = client_of(mode, base_url=f"https://127.0.0.1:{mode.server.port}")
    began = time.monotonic()
    check(await mode.failure(lambda: client.chat(MESSAGES)), began)
    if mode.engine == "httpx":
        # httpx leaves the socket of a handshake that is cancelled to the garbage collector.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


async def test_retries_and_waits_are_within_the_deadline(mode: Mode) -> None:
    mode.server.on("/user/usage", answer({"detail": "busy"}, 503, [("Retry-After", "30")]))
    began = time.monotonic()
    error = await mode.failure(lambda: client_of(mode, max_retries=5).get_usage())
    assert error.status_code == 503 or isinstance(error, indoxrouter.RequestTimeoutError)
    assert taken(began) < LATE


async def test_a_token_exchange_is_within_the_deadline(mode: Mode) -> None:
    mode.server.on("/auth/token", [STALL])
    client = mode.lazy_client(timeout=10, deadline=DEADLINE, max_retries=0)
    began = time.monotonic()
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert taken(began) < LATE


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
async def test_nothing_is_sent_after_the_deadline(
    mode: Mode, secure: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    """The lookup takes as long as the deadline, and a paid request must not follow it."""
    serving = secure if tls else mode.server
    serve_everything(serving)
    real = socket.getaddrinfo
    looked_up = threading.Event()

    def late(*arguments: Any, **named: Any) -> Any:
        time.sleep(DEADLINE + 0.1)  # the fault itself
        looked_up.set()
        return real(*arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", late)
    url = serving.url.replace("127.0.0.1", "localhost")
    began = time.monotonic()
    error = await mode.failure(lambda: client_of(mode, base_url=url).chat(MESSAGES))
    check(error, began)
    assert looked_up.wait(5)
    monkeypatch.setattr(socket, "getaddrinfo", real)
    client = client_of(mode, base_url=url, deadline=None)
    await do(client.get_usage())  # by now a late request would have arrived
    assert serving.sent(PATH) == []


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        ({"timeout": 0.3, "deadline": None}, "timeout.read=0.3 s"),
        ({"timeout": (5, 0.25, 5, 5), "deadline": None}, "timeout.read=0.25 s"),
        ({"deadline": 0.3}, "deadline=0.3 s"),
        ({"deadline": 5, "timeout": 0.3}, "timeout.read=0.3 s"),
    ],
    ids=str,
)
async def test_the_error_names_the_limit_that_ran_out(
    mode: Mode, options: dict[str, Any], limit: str
) -> None:
    mode.server.on(PATH, [STALL])
    error = await mode.failure(lambda: client_of(mode, **options).chat(MESSAGES))
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert limit in str(error)


async def test_the_error_names_the_first_token_timeout(mode: Mode) -> None:
    mode.server.on(PATH, [STALL])
    client = client_of(mode, deadline=None, first_token_timeout=0.25)
    began = time.monotonic()
    check(await mode.failure(lambda: client.chat(MESSAGES, stream=True)), began, "first_token_timeout=0.25 s")


ABSURD = [-1, 0, math.nan, math.inf, 1e10, 10**30, "5", True, b"1"]


@pytest.mark.parametrize("value", ABSURD, ids=repr)
@pytest.mark.parametrize("option", ["timeout", "deadline", "first_token_timeout", "token_timeout"])
def test_absurd_limits_are_refused_by_name(option: str, value: Any) -> None:
    for kind in (indoxrouter.Client, indoxrouter.AsyncClient):
        options: dict[str, Any] = {"base_url": "http://127.0.0.1:1", "auth": "api_key"}
        with pytest.raises(ValueError, match=option):
            kind(KEY, **options, **{option: value})
        with pytest.raises(ValueError, match=option):
            kind(KEY, **options).with_options(**{option: value})


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ((1, 2, 3), "timeout"),
        ((1, 2, 3, 4, 5), "timeout"),
        ((), "timeout"),
        ((-1, 1, 1, 1), "timeout.connect"),
        ((1, 1e10, 1, 1), "timeout.read"),
        ((1, 1, "1", 1), "timeout.write"),
        ((1, 1, 1, math.nan), "timeout.pool"),
        ([1, 1, 1, 1], "timeout"),
    ],
    ids=str,
)
def test_absurd_parts_of_a_timeout_are_refused_by_name(value: Any, part: str) -> None:
    for kind in (indoxrouter.Client, indoxrouter.AsyncClient):
        with pytest.raises(ValueError, match=part):
            kind(KEY, base_url="http://127.0.0.1:1", auth="api_key", timeout=value)


async def test_a_long_deadline_does_not_harm_later_ones(mode: Mode) -> None:
    replies: list[Any] = [answer(ENVELOPE), [STALL]]
    mode.server.on(PATH, *replies)
    client = client_of(mode, deadline=1_000_000)
    assert (await do(client.chat(MESSAGES))).text == "hello there"
    began = time.monotonic()
    check(await mode.failure(lambda: client.with_options(deadline=DEADLINE).chat(MESSAGES)), began)


@pytest.mark.parametrize("mode", ["sync-direct"], indirect=True)
async def test_deadlines_need_no_threads(mode: Mode) -> None:
    serve_everything(mode.server)
    client = client_of(mode, deadline=5)
    client.chat(MESSAGES)
    before = threading.active_count()
    started: list[Any] = []
    real = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        started.append(thread.name)
        real(thread)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        for _ in range(5):
            client.chat(MESSAGES)
    assert [name for name in started if "indoxrouter" in name] == []
    assert threading.active_count() <= before + 1
