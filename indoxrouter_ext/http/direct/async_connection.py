"""One connection of the asynchronous engine: what arrives goes to the response under way and wakes its reader.

`connect` makes one: the lookup, the race of addresses, and the handshake, within one limit.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.http.interface import Deadline, FailureKind, TransportFailure, time_left, timed_out

from .addresses import (
    STAGGER,
    Address,
    Lookup,
    Origin,
    connect_failure,
    new_socket,
    resolve_in_thread,
    try_order,
)
from .pool import Connection
from .tls_session import TlsSession

if TYPE_CHECKING:
    import ssl

READ_SIZE = 256 * 1024
MAX_HELD = 256 * 1024
"""Bytes of a body that may wait for their reader; beyond it the server has to wait."""


class AsyncConnection(Connection, asyncio.BufferedProtocol):
    """One connection of an event loop.

    TLS is spoken here, over a transport that knows nothing of it: asyncio's own TLS drops what has arrived when a write
    fails, and with it the answer of a server that refuses an upload and closes.

    Args:
        sock: connected. The transport owns it; it is needed beside it because a transport cannot shut down, nor read
            behind a failed write.
        origin: the server.
        tls: the context for an https server, else None.
        buffer: where arriving bytes are written first. All connections of an engine share it, because each read is
            taken out of it before the next one. Without it, the event loop allocates 256 KiB for every read.
    """

    def __init__(
        self, sock: socket.socket, origin: Origin, tls: ssl.SSLContext | None, buffer: memoryview
    ) -> None:
        super().__init__(sock, origin)
        self._loop = asyncio.get_running_loop()
        self._buffer = buffer
        self._transport: Any = None
        self._writing_paused = False
        self._waiter: asyncio.Future[bool] | None = None  # its result: whether something happened in time
        self._tls = None if tls is None else TlsSession(tls, origin.host)

    # Called by asyncio.

    def connection_made(self, transport: Any) -> None:
        """The connection is there."""
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes are to be written."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have arrived."""
        self._receive(bytes(self._buffer[:nbytes]))

    def eof_received(self) -> None:
        """The server has closed its side."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        error = exc if isinstance(exc, OSError) else None
        if error is not None and self.failure is None:
            # The answer of a server that refused the rest of an upload: asyncio drops it when a write fails.
            with suppress(OSError):
                while data := self._sock.recv(READ_SIZE):
                    self._receive(data)
        self._end(error)

    def pause_writing(self) -> None:
        """The network takes the request more slowly than it is written."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """The network has taken most of what was written."""
        self._writing_paused = False
        self._wake()

    def _receive(self, data: bytes) -> None:
        tls = self._tls
        if tls is not None:
            data = tls.receive(data)
            self._write_outgoing(tls)
        if data:
            self.feed(data)
        parser = self.parser
        if parser is not None and parser.held > MAX_HELD and not parser.complete:
            self._transport.pause_reading()
        if tls is not None and (tls.notified or tls.problem is not None):
            self._end(tls.problem)
        self._wake()

    def _write_outgoing(self, tls: TlsSession) -> None:
        data = tls.outgoing()
        if data and self.failure is None:
            self._transport.write(data)

    def _end(self, error: OSError | None) -> None:
        self.end(error, in_order=self._tls is None or self._tls.notified)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None:
            _settle(self._waiter, True)

    # Called by the engine.

    async def wait(self, kind: FailureKind, seconds: float | None, deadline: Deadline | None) -> None:
        """Wait until bytes have arrived, the network takes more, or the connection has ended.

        Raises:
            TransportFailure: when nothing of it happens in time, or nothing more will arrive.
        """
        if self.failure is not None:
            raise self.failure
        limit = time_left(kind, seconds, deadline)
        if not self._transport.is_reading():
            self._transport.resume_reading()
        self._waiter = waiter = self._loop.create_future()
        timer = None if limit is None else self._loop.call_later(limit, _settle, waiter, False)
        try:
            if not await waiter:
                raise timed_out(kind, seconds, deadline)
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    async def write(self, data: bytes | memoryview, seconds: float | None, deadline: Deadline | None) -> bool:
        """Write, and wait while the network is slower, but no further than until the final answer arrives.

        `seconds` limits the wait for the network to take a part, `deadline` all of it.

        Returns:
            False when the answer had arrived, or the connection had ended, before anything was written.
        """
        time_left("write_timeout", seconds, deadline)  # nothing is sent after the deadline
        if self.settled:
            return False
        if self._tls is None:
            self._transport.write(data)
        else:
            self._tls.send(data)
            self._write_outgoing(self._tls)
        while self._writing_paused and not self.settled:
            left = self._transport.get_write_buffer_size()
            try:
                await self.wait("write_timeout", seconds, deadline)
            except TransportFailure as failure:
                if failure.option is not None or self._transport.get_write_buffer_size() >= left:
                    raise
        return True

    async def shake_hands(self) -> None:
        """Agree on the keys of TLS.

        Raises:
            OSError: when the server does not speak TLS, or its certificate is not trusted.
        """
        tls = self._tls
        while tls is not None:
            try:
                established = tls.shake_hands()
            finally:
                self._write_outgoing(tls)
            if established:
                self._receive(b"")  # what has arrived behind the handshake
                return
            if self.failure is not None:
                raise ConnectionError("the server closed the connection during the handshake")
            await self.wait("connect_timeout", None, None)

    def close(self) -> None:
        """Drop the connection now. A reader that waits wakes up to a failure."""
        # The server sees the end at once; the transport would close the socket in the loop's next round.
        self.shutdown()
        if self._transport is not None:
            with suppress(RuntimeError):  # the loop has been closed, and the transport with it
                self._transport.abort()
        self._wake()


def _settle(waiter: asyncio.Future[bool], result: bool) -> None:
    if not waiter.done():
        waiter.set_result(result)


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
        return attempt.result()
    except (OSError, ValueError) as error:
        failure = connect_failure(error)
    except BaseException:  # the time is up, or the task was cancelled
        _discard(attempt)
        raise
    raise failure


async def _connect(origin: Origin, tls: ssl.SSLContext | None, buffer: memoryview) -> AsyncConnection:
    loop = asyncio.get_running_loop()
    sock = await _race(loop, try_order(await _resolve(loop, origin)))
    opened: socket.socket | AsyncConnection = sock
    try:
        opened = connection = AsyncConnection(sock, origin, tls, buffer)
        # From here on, the transport closes the socket.
        await loop.create_connection(lambda: connection, sock=sock)
        await connection.shake_hands()
        return connection
    except BaseException:  # a failure, or the task was cancelled
        opened.close()
        raise


async def _resolve(loop: asyncio.AbstractEventLoop, origin: Origin) -> Lookup:
    found: asyncio.Future[Lookup] = loop.create_future()

    def report(result: Lookup) -> None:
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(lambda: None if found.done() else found.set_result(result))

    resolve_in_thread(origin, report)
    return await found


async def _race(loop: asyncio.AbstractEventLoop, addresses: list[Address]) -> socket.socket:
    """The first socket to connect. Another address joins every `STAGGER` seconds, and at once when one has failed."""
    waiting = addresses[::-1]
    attempts: set[asyncio.Task[socket.socket]] = set()
    failure = OSError("the host has no address")
    try:
        while waiting or attempts:
            if waiting:
                attempts.add(loop.create_task(_open(loop, waiting.pop())))
            pause = STAGGER if waiting else None
            done, _ = await asyncio.wait(attempts, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for finished in done:
                attempts.remove(finished)
                try:
                    return finished.result()
                except OSError as error:
                    failure = error
    finally:
        for loser in attempts:
            _discard(loser)
    raise failure


async def _open(loop: asyncio.AbstractEventLoop, address: Address) -> socket.socket:
    sock = new_socket(address)
    try:
        await loop.sock_connect(sock, address.place)
    except BaseException:  # a failure, or the task was cancelled
        sock.close()
        raise
    return sock


def _discard(attempt: asyncio.Future[Any]) -> None:
    """Stop an attempt, and close what it has opened or still opens."""

    def close(done: asyncio.Future[Any]) -> None:
        if not done.cancelled() and done.exception() is None:
            done.result().close()

    attempt.add_done_callback(close)
    attempt.cancel()
