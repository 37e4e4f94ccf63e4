"""Which connections the direct engine keeps, and what an interruption from outside does to the answer under way."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from indoxrouter._runtime.http.interface import HttpRequest, Timeouts, TransportFailure

from indoxrouter_ext.http.direct import blocking, pool
from indoxrouter_ext.http.direct.asynchronous import AsyncDirectEngine
from indoxrouter_ext.http.direct.blocking import DirectEngine

from .harness import Clock, Shadow
from .server import STALL, Connection, ScriptedServer, answer

PATIENCE = 10.0
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nthe beginning"


def get(server: ScriptedServer, path: str = "/thing", pool: float = PATIENCE) -> HttpRequest:
    return HttpRequest("GET", server.url + path, [], None, Timeouts(PATIENCE, PATIENCE, PATIENCE, pool))


@pytest.fixture
def tls_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    running = ScriptedServer(tls=context)
    yield running
    running.close()


def without_notice(connection: Connection) -> None:
    connection.sock.close()  # FIN, without the close_notify of TLS


def with_notice(connection: Connection) -> None:
    with contextlib.suppress(OSError):  # the client does not answer with a notice of its own
        connection.sock.unwrap()  # type: ignore[attr-defined]  # a TLS socket


def test_an_aborted_read_does_not_end_the_body(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "MAX_CONNECTIONS", 1)
    server.on("/thing", [UNTIL_CLOSE, STALL])
    engine = DirectEngine()
    response = engine.send(get(server))
    pieces = response.iter_raw()
    assert next(pieces) == b"the beginning"
    threading.Timer(0.05, response.abort).start()
    with pytest.raises(TransportFailure, match="the answer was closed"):
        next(pieces)
    response.abort()  # again, when there is nothing to break
    engine.send(get(server, pool=0.05)).close()  # the place is free
    engine.close()


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_body_without_length_needs_the_end_of_tls(kind: str, tls_server: ScriptedServer) -> None:
    tls_server.on("/cut", [UNTIL_CLOSE, without_notice])
    tls_server.on("/whole", [UNTIL_CLOSE, with_notice])
    if kind == "sync":
        engine = DirectEngine()
        assert b"".join(engine.send(get(tls_server, "/whole")).iter_raw()) == b"the beginning"
        with pytest.raises(TransportFailure, match="the body may be incomplete"):
            b"".join(engine.send(get(tls_server, "/cut")).iter_raw())
        engine.close()
    else:
        async_engine = AsyncDirectEngine()
        whole = await async_engine.send(get(tls_server, "/whole"))
        assert b"".join([piece async for piece in whole.iter_raw()]) == b"the beginning"
        cut = await async_engine.send(get(tls_server, "/cut"))
        with pytest.raises(TransportFailure, match="the body may be incomplete"):
            b"".join([piece async for piece in cut.iter_raw()])
        await async_engine.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time by which connections are idle."""
    ticking = Clock()
    monkeypatch.setattr(pool, "time", Shadow(time, monotonic=ticking))
    return ticking


def expect_the_last_one_only(server: ScriptedServer) -> None:
    """The two requests after the rush came over the connection that ended it; the seven others are closed."""
    *others, last = (request.connection for request in server.sent("/held"))
    assert [request.connection for request in server.sent("/thing")] == [last, last]
    assert len(server.connections) == 8
    assert all(connection.left.wait(PATIENCE) for connection in others)
    assert not last.left.is_set()


def test_idle_connections_end_after_a_rush(server: ScriptedServer, clock: Clock) -> None:
    gate = threading.Event()
    server.on("/thing", answer(b"ok"))
    server.on("/held", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", gate, b"ok"])
    engine = DirectEngine()
    rush = [engine.send(get(server, "/held")) for _ in range(8)]
    gate.set()
    for response in rush:
        assert b"".join(response.iter_raw()) == b"ok"
    for _ in range(2):
        clock.advance(pool.IDLE_SECONDS * 0.6)
        assert b"".join(engine.send(get(server)).iter_raw()) == b"ok"
    expect_the_last_one_only(server)
    engine.close()


async def test_async_idle_connections_end_after_a_rush(server: ScriptedServer, clock: Clock) -> None:
    gate = threading.Event()
    server.on("/thing", answer(b"ok"))
    server.on("/held", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", gate, b"ok"])
    engine = AsyncDirectEngine()
    rush = [await engine.send(get(server, "/held")) for _ in range(8)]
    gate.set()
    for response in rush:
        assert b"".join([piece async for piece in response.iter_raw()]) == b"ok"
    for _ in range(2):
        clock.advance(pool.IDLE_SECONDS * 0.6)
        response = await engine.send(get(server))
        assert b"".join([piece async for piece in response.iter_raw()]) == b"ok"
    await asyncio.sleep(0)  # transports close their sockets in the loop's next round
    expect_the_last_one_only(server)
    await engine.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_not_stopped_by_a_lock_of_the_parent(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "MAX_CONNECTIONS", 1)
    server.on("/thing", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"four", STALL])
    engine = DirectEngine()
    response = engine.send(get(server))
    with engine.lock:  # another thread may hold it at the moment of the fork
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                response.close()
                engine.send(get(server, pool=0.05))
                os._exit(0)
            os._exit(1)
    deadline = threading.Event()
    for _ in range(1_000):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        deadline.wait(0.01)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("the child waits for a lock that nobody holds")
    assert os.waitstatus_to_exitcode(status) == 0
    assert next(response.iter_raw()) == b"four"  # the parent's connection is alive
    response.close()
    engine.close()
    gc.collect()
