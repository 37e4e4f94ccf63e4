"""One connection of the fast engine for asyncio: what arrives goes to the reader of the answer under way."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.transport import TransportFailure

from .origins import Origin, Watch, reason_of, shut
from .wire import AnswerReader

if TYPE_CHECKING:
    from indoxrouter._runtime.codecs.multipart import MultipartBody

__all__ = ["Connection"]

IDLE_SECONDS = 30.0
MOST_HELD = 256 * 1024  # bytes of a body that nobody has asked for yet; beyond it, the server has to wait


class Connection(asyncio.BufferedProtocol):
    """One connection: hands what arrives to the reader of the answer under way, and wakes who waits for it.

    Args:
        loop: that it belongs to.
        origin: the server.
        buffer: what arrives is written here first. All connections of an engine share it, because each read is taken
            out of it before the next one; without it, the event loop maps 256 KiB of memory for every read.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, origin: Origin, buffer: memoryview) -> None:
        self.loop = loop
        self.origin = origin
        self._buffer = buffer
        self.place: memoryview | None = None  # for the rest of a body, past the buffer
        self.transport: Any = None
        self.reader: AnswerReader | None = None
        self.failure: TransportFailure | None = None
        self.closed = False
        self.idle_since = 0.0
        self.proven = False  # it has carried more than one request
        self._process = os.getpid()
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._until: float | None = None  # when the wait under way is over
        self._timer: asyncio.TimerHandle | None = None
        self._room: asyncio.Future[None] | None = None
        self._full = False

    # What asyncio calls.

    def connection_made(self, transport: Any) -> None:
        """Called with the transport."""
        self.transport = transport
        self._watch = Watch(transport.get_extra_info("socket"))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes are to be written."""
        return self._buffer if self.place is None else self.place

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes arrived."""
        reader, place = self.reader, self.place
        if place is not None and reader is not None:
            reader.filled(nbytes)
            self.place = None if reader.complete else place[nbytes:]
            self._wake()
            return
        data = bytes(self._buffer[:nbytes])
        if reader is None:  # nothing was asked
            self.abort()
            return
        try:
            reader.feed(data)
        except TransportFailure as failure:
            self.failure = failure
        if reader.fault is not None:
            self.failure = reader.fault
        if reader.held > MOST_HELD and not self._paused and not reader.complete:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The server closed its side."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.closed = True
        self._end(exc)
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def pause_writing(self) -> None:
        """The network is slower than we are."""
        self._full = True

    def resume_writing(self) -> None:
        """The network has caught up."""
        self._full = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _end(self, error: Exception | None) -> None:
        if self.reader is not None and self.failure is None and not self.reader.complete:
            if isinstance(error, OSError):
                self.failure = TransportFailure("read", reason_of(error))
            else:
                try:
                    self.reader.end_of_data()
                except TransportFailure as failure:
                    self.failure = failure
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # What the engine calls.

    def is_usable(self) -> bool:
        """Whether the server still holds its side. The event loop may not have noticed yet, so the socket is asked."""
        if self.closed or self.transport.is_closing() or self.loop.time() - self.idle_since >= IDLE_SECONDS:
            return False
        return self._watch.is_silent()

    async def changed(self, limit: float | None) -> None:
        """Wait until something has arrived, the connection has ended or time is up."""
        self._waiter = waiter = self.loop.create_future()
        if limit is None:
            self._until = None
        else:
            self._until = until = self.loop.time() + limit
            # One timer serves many waits: when it rings too early, it is set anew.
            if self._timer is None or self._timer.when() > until:
                self._set_timer(until)
        try:
            await waiter
        finally:
            self._waiter = None

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._timer = None
        waiter, until = self._waiter, self._until
        if waiter is None or until is None or waiter.done():
            return
        if self.loop.time() < until:
            self._set_timer(until)
            return
        self.failure = TransportFailure("read_timeout", "nothing arrived within the read timeout")
        waiter.set_result(None)

    async def write(self, head: bytes, content: bytes | MultipartBody | None, limit: float | None) -> None:
        """Write a request; a body that comes in pieces is read no faster than the network takes it."""
        if content is None:
            self.transport.write(head)
        elif isinstance(content, bytes):
            self.transport.write(head + content if len(content) <= MOST_HELD else head)
            if len(content) > MOST_HELD:
                self.transport.write(content)
        else:
            self.transport.write(head)
            async for piece in content:
                if self.closed:
                    return  # the answer, if there is one, says why
                self.transport.write(piece)
                if self._full:
                    await self._drain(limit)
        if self._full:
            await self._drain(limit)

    async def _drain(self, limit: float | None) -> None:
        """Wait until the network has taken some of what was written; within the limit for each step."""
        timed_out = False

        def time_out() -> None:
            nonlocal timed_out
            timed_out = True
            if self._room is not None and not self._room.done():
                self._room.set_result(None)

        left = self.transport.get_write_buffer_size()
        while self._full and not self.closed:
            self._room = self.loop.create_future()
            timer = None if limit is None else self.loop.call_later(limit, time_out)
            try:
                await self._room
            finally:
                self._room = None
                if timer is not None:
                    timer.cancel()
            now = self.transport.get_write_buffer_size()
            if timed_out and self._full and now >= left:
                raise TransportFailure(
                    "write_timeout", "the request could not be sent within the write timeout"
                )
            timed_out, left = False, now

    def resume(self) -> None:
        """Let the server send again."""
        if self._paused and not self.closed:
            self._paused = False
            self.transport.resume_reading()

    def abort(self) -> None:
        """Drop the connection now; whoever waits for it wakes up."""
        self.closed = True
        if self.reader is not None and self.failure is None and not self.reader.complete:
            self.failure = TransportFailure("read", "the connection was closed while the answer was read")
        if self.transport is not None:
            # The transport lets go of its socket in the loop's next round, and nobody knows when that is.
            shut(self.transport.get_extra_info("socket"), self._process)
            self.transport.abort()
        self._end(None)
