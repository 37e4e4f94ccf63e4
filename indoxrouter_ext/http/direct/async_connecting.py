"""How the asynchronous engine connects: the lookup, the race of addresses, and the handshake, within one limit."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

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

    `seconds` limits the lookup, all addresses and the handshakes together.

    Raises:
        TransportFailure: of a kind that says that nothing was sent.
    """
    limit = time_left("connect_timeout", seconds, deadline)
    attempt = asyncio.ensure_future(_connect_any(origin, tls, buffer))
    try:
        # The attempt is a task of its own: whatever moment a cancellation chooses, what has been opened is closed.
        await asyncio.wait({attempt}, timeout=limit)
        if not attempt.done():
            raise timed_out("connect_timeout", seconds, deadline)
        outcome = attempt.result()
        if isinstance(outcome, AsyncConnection):
            return outcome
        raise TransportFailure("connect", outcome)
    except BaseException:
        attempt.add_done_callback(_discard)
        attempt.cancel()
        raise


def _discard(attempt: asyncio.Future[AsyncConnection | str]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        outcome = attempt.result()
        if isinstance(outcome, AsyncConnection):
            outcome.close()


async def _connect_any(
    origin: Origin, tls: ssl.SSLContext | None, buffer: memoryview
) -> AsyncConnection | str:
    """The first connection; another address joins every `STAGGER` seconds, and at once when one has failed.

    Returns the reason in place of a connection when there is none: an exception would refer to the connections.
    """
    loop = asyncio.get_running_loop()
    addresses = await _resolve(loop, origin)
    if isinstance(addresses, OSError):
        return reason_of(addresses)
    waiting = try_order(addresses)[::-1]
    attempts: set[asyncio.Task[AsyncConnection | str]] = set()
    reason = "the host has no address"
    try:
        while waiting or attempts:
            if waiting:
                attempt = _connect_one(loop, origin, waiting.pop(), tls, buffer)
                if not waiting and not attempts:
                    return await attempt
                attempts.add(loop.create_task(attempt))
            done, attempts = await asyncio.wait(
                attempts, timeout=STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            while done:
                outcome = done.pop().result()
                if isinstance(outcome, AsyncConnection):
                    attempts |= done
                    return outcome
                reason = outcome
        return reason
    finally:
        for loser in attempts:
            loser.add_done_callback(_discard)
            loser.cancel()


async def _resolve(loop: asyncio.AbstractEventLoop, origin: Origin) -> Lookup:
    found: asyncio.Future[Lookup] = loop.create_future()

    def report(result: Lookup) -> None:
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(lambda: None if found.done() else found.set_result(result))

    resolve_in_thread(origin, report)
    return await found


async def _connect_one(
    loop: asyncio.AbstractEventLoop,
    origin: Origin,
    address: Address,
    tls: ssl.SSLContext | None,
    buffer: memoryview,
) -> AsyncConnection | str:
    """One connection, or the reason why there is none."""
    try:
        sock = socket.socket(address.family, address.kind, address.protocol)
    except OSError as error:  # the family is not supported here
        return reason_of(error)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, address.place)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        sock.close()
        return reason_of(error)
    except BaseException:  # cancelled
        sock.close()
        raise
    connection: AsyncConnection | None = None
    usable = False
    try:  # from here on the transport closes the socket
        connection = made = AsyncConnection(loop, origin, tls, buffer)
        await loop.create_connection(lambda: made, sock=sock)
        await connection.shake_hands()
        usable = True
        return connection
    except OSError as error:
        return reason_of(error)
    except ValueError:  # a server name that TLS cannot carry
        return "the host name is not valid"
    finally:
        if connection is None:
            sock.close()
        elif not usable:
            connection.close()
