"""Which connections the direct engine keeps, and what an interruption from outside does to the answer under way."""

from __future__ import annotations

import contextlib
import gc
import os
import ssl
import threading
from collections.abc import Iterator

import pytest
import trustme
from indoxrouter._runtime.http.interface import HttpRequest, Timeouts, TransportFailure

from indoxrouter_ext.http.direct import pool
from indoxrouter_ext.http.direct.asynchronous import AsyncDirectEngine
from indoxrouter_ext.http.direct.blocking import DirectEngine

from .server import STALL, Connection, ScriptedServer, answer

PATIENCE = 10.0
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nthe beginning"


def get(server: ScriptedServer, path: str = "/thing") -> HttpRequest:
    return HttpRequest("GET", server.url + path, [], None, Timeouts(PATIENCE, PATIENCE, PATIENCE, PATIENCE))


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    running = ScriptedServer(tls=context)
    yield running
    running.close()


def trust(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


def without_notice(connection: Connection) -> None:
    connection.sock.close()  # FIN, without the close_notify of TLS


def with_notice(connection: Connection) -> None:
    with contextlib.suppress(OSError):  # the client does not answer with a notice of its own
        connection.sock.unwrap()  # type: ignore[attr-defined]  # a TLS socket


def test_an_aborted_read_does_not_end_the_body(server: ScriptedServer) -> None:
    server.on("/thing", [UNTIL_CLOSE, STALL])
    engine = DirectEngine()
    response = engine.send(get(server))
    pieces = response.iter_raw()
    assert next(pieces) == b"the beginning"
    threading.Timer(0.05, response.abort).start()
    with pytest.raises(TransportFailure, match="the answer was closed"):
        next(pieces)
    assert engine._active == 0
    response.abort()  # again, when there is nothing to break
    engine.close()


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_body_without_length_needs_the_end_of_tls(
    kind: str, tls_server: ScriptedServer, authority: trustme.CA
) -> None:
    tls_server.on("/cut", [UNTIL_CLOSE, without_notice])
    tls_server.on("/whole", [UNTIL_CLOSE, with_notice])
    if kind == "sync":
        engine = DirectEngine()
        engine._tls = trust(authority)
        assert b"".join(engine.send(get(tls_server, "/whole")).iter_raw()) == b"the beginning"
        with pytest.raises(TransportFailure, match="the body may be incomplete"):
            b"".join(engine.send(get(tls_server, "/cut")).iter_raw())
        engine.close()
    else:
        async_engine = AsyncDirectEngine()
        async_engine._tls = trust(authority)
        whole = await async_engine.send(get(tls_server, "/whole"))
        assert b"".join([piece async for piece in whole.iter_raw()]) == b"the beginning"
        cut = await async_engine.send(get(tls_server, "/cut"))
        with pytest.raises(TransportFailure, match="the body may be incomplete"):
            b"".join([piece async for piece in cut.iter_raw()])
        await async_engine.close()


def test_idle_connections_end_after_a_rush(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    server.on("/thing", answer(b"ok"))
    server.on("/held", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", gate, b"ok"])
    engine = DirectEngine()
    rush = [engine.send(get(server, "/held")) for _ in range(8)]
    gate.set()
    for response in rush:
        assert b"".join(response.iter_raw()) == b"ok"
    [idle] = engine._idle.values()
    assert len(idle) == 8
    last = idle[-1]
    for connection in idle:
        connection.idle_since -= 0 if connection is last else pool.IDLE_SECONDS
    assert b"".join(engine.send(get(server)).iter_raw()) == b"ok"
    assert list(idle) == [last]
    engine.close()


async def test_async_idle_connections_end_after_a_rush(server: ScriptedServer) -> None:
    gate = threading.Event()
    server.on("/thing", answer(b"ok"))
    server.on("/held", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", gate, b"ok"])
    engine = AsyncDirectEngine()
    rush = [await engine.send(get(server, "/held")) for _ in range(8)]
    gate.set()
    for response in rush:
        assert b"".join([piece async for piece in response.iter_raw()]) == b"ok"
    [idle] = engine._idle.values()
    assert len(idle) == 8
    last = idle[-1]
    for connection in idle:
        connection.idle_since -= 0 if connection is last else pool.IDLE_SECONDS
    response = await engine.send(get(server))
    assert b"".join([piece async for piece in response.iter_raw()]) == b"ok"
    assert list(idle) == [last]
    await engine.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_not_stopped_by_a_lock_of_the_parent(server: ScriptedServer) -> None:
    server.on("/thing", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"four", STALL])
    engine = DirectEngine()
    response = engine.send(get(server))
    with engine.lock:  # another thread may hold it at the moment of the fork
        child = os.fork()
        if child == 0:
            response.close()
            os._exit(0 if engine._active <= 0 else 1)
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
