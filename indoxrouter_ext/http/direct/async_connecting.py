"""How the asynchronous engine connects: the lookup, the race of addresses, and the handshake, within one limit."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.http.interface import Deadline, TransportFailure, time_left, timed_out

from .addresses import STAGGER, Address, Lookup, Origin, reason_of, resolve_in_thread, try_order
from .async_connection import AsyncConnection

if TYPE_CHECKING:
    import ssl

__all__ = ["connect"]


async def connect(
    origin: Origin,
    tls: ssl.SSLContext | None,
    buffer: memoryview,
    seconds: float | None,
    deadline: Deadline | None,
) -> AsyncConnection:
    """A connection to the first address of a server that answers; TLS included.

    `seconds` limits the lookup, all addresses and the handshake together.

    Raises:
        TransportFailure: of a kind that says that nothing was sent.
    """
    limit = time_left("connect_timeout", seconds, deadline)
    attempt = asyncio.ensure_future(_connect(origin, tls, buffer))
    try:
        # The attempt is a task of its own: whatever moment a cancellation chooses, what has been opened is closed.
        await asyncio.wait({attempt}, timeout=limit)
        if not attempt.done():
            raise timed_out("connect_timeout", seconds, deadline)
        outcome = attempt.result()
        if isinstance(outcome, OSError):
            raise TransportFailure("connect", reason_of(outcome))
        return outcome
    except BaseException:
        _discard(attempt)
        raise


async def _connect(
    origin: Origin, tls: ssl.SSLContext | None, buffer: memoryview
) -> AsyncConnection | OSError:
    """A connection, or why there is none. An error that was raised would keep the sockets in its traceback."""
    loop = asyncio.get_running_loop()
    sock = await _race(loop, await _resolve(loop, origin))
    if isinstance(sock, OSError):
        return sock
    connection: AsyncConnection | None = None
    usable = False
    try:  # from `create_connection` on, the transport closes the socket
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = made = AsyncConnection(loop, origin, tls, buffer)
        await loop.create_connection(lambda: made, sock=sock)
        await connection.shake_hands()
        usable = True
        return connection
    except OSError as error:
        return error
    except ValueError:  # a server name that TLS cannot carry
        return OSError("the host name is not valid")
    finally:
        if connection is None:
            sock.close()
        elif not usable:
            connection.close()


async def _resolve(loop: asyncio.AbstractEventLoop, origin: Origin) -> Lookup:
    found: asyncio.Future[Lookup] = loop.create_future()

    def report(result: Lookup) -> None:
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(lambda: None if found.done() else found.set_result(result))

    resolve_in_thread(origin, report)
    return await found


async def _race(loop: asyncio.AbstractEventLoop, addresses: Lookup) -> socket.socket | OSError:
    """The first socket to connect. Another address joins every `STAGGER` seconds, and at once when one has failed."""
    if isinstance(addresses, OSError):
        return addresses
    waiting = try_order(addresses)[::-1]
    attempts: set[asyncio.Task[socket.socket | OSError]] = set()
    outcome: socket.socket | OSError = OSError("the host has no address")
    try:
        while waiting or attempts:
            if waiting:
                attempt = _open(loop, waiting.pop())
                if not waiting and not attempts:
                    return await attempt
                attempts.add(loop.create_task(attempt))
            done, _ = await asyncio.wait(
                attempts, timeout=STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for finished in done:
                attempts.remove(finished)
                outcome = finished.result()
                if isinstance(outcome, socket.socket):
                    return outcome
        return outcome
    finally:
        for loser in attempts:
            _discard(loser)


async def _open(loop: asyncio.AbstractEventLoop, address: Address) -> socket.socket | OSError:
    sock: socket.socket | None = None
    connected = False
    try:
        sock = socket.socket(address.family, address.kind, address.protocol)
        sock.setblocking(False)
        await loop.sock_connect(sock, address.place)
        connected = True
        return sock
    except OSError as error:  # or the family is not supported here
        return error
    finally:
        if sock is not None and not connected:
            sock.close()


def _discard(attempt: asyncio.Future[Any]) -> None:
    """Stop an attempt, and close what it has opened or still opens."""

    def close(done: asyncio.Future[Any]) -> None:
        if not done.cancelled() and done.exception() is None and not isinstance(done.result(), OSError):
            done.result().close()

    attempt.add_done_callback(close)
    attempt.cancel()
