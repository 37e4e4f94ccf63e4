"""A server that answers an upload, reads no more of it, and keeps the connection."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from indoxrouter._runtime.http.interface import HttpRequest, Timeouts, TransportFailure

from indoxrouter_ext.http.direct import asynchronous, blocking
from indoxrouter_ext.http.direct.addresses import new_socket
from indoxrouter_ext.http.direct.async_connection import connect
from indoxrouter_ext.http.direct.asynchronous import AsyncDirectEngine
from indoxrouter_ext.http.direct.blocking import DirectEngine

BODY = b"u" * 50_000_000  # more than the buffers of both sides take


@dataclass
class Refusing:
    """A server for one upload."""

    url: str
    done: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    def is_left(self) -> bool:
        """Whether the client has ended the connection. If it keeps it, the answer takes a second."""
        self.done.set()
        return self.left.wait(5)


@pytest.fixture
def refusing(request: pytest.FixtureRequest) -> Iterator[Refusing]:
    """Answers as soon as no more of the body fits anywhere; the answer arrives while the client waits to write."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    pause = getattr(
        request, "param", 0.2
    )  # not for the test to pass: the client is to be in the middle of its write
    server = Refusing(f"http://127.0.0.1:{listener.getsockname()[1]}/")

    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.recv(1_000)
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            server.done.wait(pause)
            with suppress(OSError):  # the client has left
                sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\n\r\nrefused")
            server.done.wait(30)
            sock.settimeout(1)
            try:
                while sock.recv(1 << 20):
                    pass
            except TimeoutError:
                return
            except ConnectionResetError:
                pass
            server.left.set()

    thread = threading.Thread(target=serve)
    thread.start()
    yield server
    server.done.set()
    thread.join()
    listener.close()


def post(server: Refusing, write: float = 20.0, body: bytes = BODY) -> HttpRequest:
    return HttpRequest("POST", server.url, [], body, Timeouts(20.0, 20.0, write, 0.05))


def test_a_refusal_reaches_a_thread_that_waits_to_write(refusing: Refusing) -> None:
    engine = DirectEngine()
    response = engine.send(post(refusing))
    assert response.status == 413
    assert b"".join(response.iter_raw()) == b"refused"
    assert refusing.is_left()  # it awaits the rest of the body
    engine.close()


async def test_a_refusal_reaches_a_task_that_waits_to_write(refusing: Refusing) -> None:
    engine = AsyncDirectEngine()
    response = await engine.send(post(refusing))
    assert response.status == 413
    assert b"".join([piece async for piece in response.iter_raw()]) == b"refused"
    assert await asyncio.to_thread(refusing.is_left)
    await engine.close()


@pytest.mark.parametrize("refusing", [60.0], indirect=True)
def test_a_write_that_gets_nowhere_ends_and_frees_its_place(
    refusing: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "MAX_CONNECTIONS", 1)
    engine = DirectEngine()
    for _ in range(2):
        with pytest.raises(TransportFailure, match=r"within timeout\.write=0\.05 s") as caught:
            engine.send(post(refusing, write=0.05))
        assert caught.value.kind == "write_timeout"
    engine.close()


def test_a_short_body_that_was_not_written_whole_ends_its_connection(
    refusing: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small_socket(address: Any) -> Any:
        sock = new_socket(address)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return sock

    monkeypatch.setattr("indoxrouter_ext.http.direct.blocking_connection.new_socket", small_socket)
    engine = DirectEngine()
    response = engine.send(post(refusing, body=b"u" * 60_000))
    assert b"".join(response.iter_raw()) == b"refused"
    assert refusing.is_left()  # the next request would become the rest of this one
    engine.close()


async def test_a_connection_that_ends_before_it_is_used_is_a_failure_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    async def connect_and_lose(*arguments: Any) -> Any:
        connection = await connect(*arguments)
        listener.accept()[0].close()
        while connection.failure is None:  # noqa: ASYNC110  # no event tells of it
            await asyncio.sleep(0.001)
        return connection

    monkeypatch.setattr(asynchronous, "connect", connect_and_lose)
    engine = AsyncDirectEngine()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with pytest.raises(TransportFailure) as caught:
        await engine.send(HttpRequest("POST", url, [], b"{}", Timeouts(5.0, 1.0, 5.0, 5.0)))
    assert caught.value.kind == "disconnected"
    await engine.close()
    listener.close()
