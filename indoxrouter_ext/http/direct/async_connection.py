"""One connection of the asynchronous engine: what arrives goes to the response under way and wakes its reader."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.http.interface import (
    Deadline,
    FailureKind,
    TransportFailure,
    time_left,
    timed_out,
)

from .addresses import Origin, reason_of
from .http1 import ResponseParser
from .pool import CLOSED_RESPONSE, readiness
from .tls_session import TlsSession

if TYPE_CHECKING:
    import ssl

__all__ = ["READ_SIZE", "AsyncConnection"]

READ_SIZE = 256 * 1024
MAX_HELD = 256 * 1024
"""Bytes of a body that may wait for their reader; beyond it the server has to wait."""


class AsyncConnection(asyncio.BufferedProtocol):
    """One connection. `wait` returns when something has changed: look at `parser` and `failure` then.

    TLS is spoken here, over a transport that knows nothing of it: asyncio's own TLS drops what has arrived when a write
    fails, and with it the answer of a server that refuses an upload and closes.

    Args:
        loop: the event loop that it belongs to.
        origin: the server.
        tls: the context for an https server, else None.
        buffer: where arriving bytes are written first. All connections of an engine share it, because each read is
            taken out of it before the next one. Without it, the event loop allocates 256 KiB for every read.

    Attributes:
        parser: of the response under way; None while the connection is idle.
        failure: why nothing more will arrive, or None.
        closed: whether the connection has ended, on either side.
        reused: whether it has been checked before a second request.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        origin: Origin,
        tls: ssl.SSLContext | None,
        buffer: memoryview,
    ) -> None:
        self.origin = origin
        self.parser: ResponseParser | None = None
        self.failure: TransportFailure | None = None
        self.closed = False
        self.reused = False
        self.idle_since = 0.0
        self._loop = loop
        self._buffer = buffer
        self._transport: Any = None
        self._process = os.getpid()
        self._is_ready: Callable[[float], bool] | None = None
        self._reading_paused = False
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

    def _receive(self, data: bytes) -> None:
        tls = self._tls
        if tls is None:
            self._feed(data)
            return
        data = tls.receive(data)
        self._write_outgoing(tls)
        if not tls.established:
            self._wake()  # the handshake goes on
        elif data:
            self._feed(data)
        if tls.notified or tls.problem is not None:
            self._end(tls.problem)

    def _feed(self, data: bytes) -> None:
        parser = self.parser
        if parser is None:  # nothing was asked for, so this connection cannot be trusted any more
            self.close()
            return
        try:
            parser.feed(data)
        except TransportFailure as failure:
            self.failure = failure
        else:
            self.failure = parser.fault
        if parser.held > MAX_HELD and not parser.complete:
            self._reading_paused = True
            self._transport.pause_reading()
        self._wake()

    def _write_outgoing(self, tls: TlsSession) -> None:
        data = tls.outgoing()
        if data and not self.closed:
            self._transport.write(data)

    def eof_received(self) -> None:
        """The server has closed its side."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._end(exc)

    def pause_writing(self) -> None:
        """The network takes the request more slowly than it is written."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """The network has taken most of what was written."""
        self._writing_paused = False
        self._wake()

    def _end(self, error: Exception | None) -> None:
        known, self.closed = self.closed, True
        parser = self.parser
        if parser is None:
            self.close()
            return
        if isinstance(error, OSError) and not known:
            self._read_behind_failed_write()
        if self.failure is None and not parser.complete:
            try:
                if isinstance(error, OSError):
                    raise TransportFailure("read", reason_of(error))
                parser.end_of_data(in_order=self._tls is None or self._tls.notified)
            except TransportFailure as failure:
                self.failure = failure
        self._wake()

    def _read_behind_failed_write(self) -> None:
        """Take the answer of a server that refused the rest of an upload: asyncio drops it when a write fails."""
        sock = self._transport.get_extra_info("socket")
        with suppress(OSError, ValueError), socket.socket(fileno=os.dup(sock.fileno())) as duplicate:
            duplicate.setblocking(False)
            while data := duplicate.recv(READ_SIZE):
                self._receive(data)

    def _wake(self) -> None:
        if self._waiter is not None:
            _settle(self._waiter, True)

    # Called by the engine.

    async def wait(self, kind: FailureKind, seconds: float | None, deadline: Deadline | None) -> None:
        """Wait until bytes have arrived, the network takes more, or the connection has ended.

        Raises:
            TransportFailure: when nothing of it happens in time.
        """
        limit = time_left(kind, seconds, deadline)
        self._waiter = waiter = self._loop.create_future()
        timer = None if limit is None else self._loop.call_later(limit, _settle, waiter, False)
        try:
            if not await waiter:
                raise timed_out(kind, seconds, deadline)
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    async def write(self, data: bytes | memoryview, seconds: float | None, deadline: Deadline | None) -> None:
        """Write, and wait while the network is slower; ends early when the server answers or closes.

        `seconds` limits the wait for the network to take a part, `deadline` all of it.
        """
        if self.closed:
            return  # the answer, if there is one, says why
        if self._tls is None:
            self._transport.write(data)
        else:
            self._tls.send(data)
            self._write_outgoing(self._tls)
        while self._writing_paused and not self.closed and not self.answered:
            left = self._transport.get_write_buffer_size()
            try:
                await self.wait("write_timeout", seconds, deadline)
            except TransportFailure as failure:
                if failure.option is not None or self._transport.get_write_buffer_size() >= left:
                    raise

    async def shake_hands(self) -> None:
        """Agree on the keys of TLS.

        Raises:
            OSError: when the server does not speak TLS, or its certificate is not trusted.
        """
        tls = self._tls
        established = tls is None
        while tls is not None and not established:
            try:
                established = tls.shake_hands()
            finally:
                self._write_outgoing(tls)
            if established:
                self._receive(b"")  # what has arrived behind the handshake
            elif self.closed:
                raise ConnectionError("the server closed the connection during the handshake")
            else:
                await self.wait("connect_timeout", None, None)

    @property
    def answered(self) -> bool:
        """Whether the head of the final answer has arrived."""
        return self.parser is not None and self.parser.headers is not None

    def resume_reading(self) -> None:
        """Let the server send again."""
        if self._reading_paused and not self.closed:
            self._reading_paused = False
            self._transport.resume_reading()

    def rest(self) -> None:
        """Become idle."""
        self.parser = None
        self.resume_reading()

    def is_usable(self) -> bool:
        """Whether an idle connection can carry another request."""
        if self.closed or self._transport.is_closing():
            return False
        try:  # the event loop may not have noticed yet what has arrived, so the socket is asked
            if self._is_ready is None:
                self._is_ready = readiness(self._transport.get_extra_info("socket"))
            return not self._is_ready(0)
        except (OSError, ValueError):
            return False

    def close(self) -> None:
        """Drop the connection now. A reader that waits wakes up to a failure."""
        if self.parser is not None and self.failure is None and not self.parser.complete:
            self.failure = TransportFailure("read", CLOSED_RESPONSE)
        self.closed = True
        if self._transport is not None:
            self._shutdown()
            with suppress(RuntimeError):  # the loop has been closed, and the transport with it
                self._transport.abort()
        self._wake()

    def _shutdown(self) -> None:
        """Close the connection for the server at once; the transport would do so in the loop's next round.

        In a forked child this would break the parent's connection. The sockets of uvloop cannot be shut down
        themselves, so a duplicate is.
        """
        sock = self._transport.get_extra_info("socket")
        if sock is not None and os.getpid() == self._process:
            with suppress(OSError, ValueError), socket.socket(fileno=os.dup(sock.fileno())) as duplicate:
                duplicate.shutdown(socket.SHUT_RDWR)


def _settle(waiter: asyncio.Future[bool], result: bool) -> None:
    if not waiter.done():
        waiter.set_result(result)
