"""One connection of the fast engine for threads: a socket that blocks, used by one thread at a time."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

from indoxrouter._runtime.transport import TransportFailure

from .origins import Origin, Watch, reason_of

if TYPE_CHECKING:
    from .wire import AnswerReader

__all__ = ["READ_SIZE", "Connection"]

READ_SIZE = 64 * 1024  # larger buffers are mapped and unmapped by malloc for each read
AWAKE = 0.0001
"""Seconds for which an answer is waited for awake, if the last ones came as quickly.

To put a thread to sleep and wake it costs 10 to 40 µs, most of them on virtual machines, and leaves the processor's
caches cold. A server on the same machine (a gateway, a mock in tests) may have answered by then. Others take longer,
are noticed to, and are waited for asleep: a model's answer over a network costs nothing more.
"""
_ENOUGH = 3  # quick answers in a row before the next one is waited for awake
_SEVERAL_PROCESSORS = (os.cpu_count() or 1) > 1  # on a single one, the server could not answer meanwhile


class Connection:
    """A socket that is connected, and what has to be known to use it again."""

    __slots__ = ("_descriptor", "_quick", "_sock", "_timeout", "_watch", "idle_since", "origin", "proven")

    def __init__(self, sock: socket.socket, origin: Origin, timeout: float | None) -> None:
        self.origin = origin
        self.idle_since = 0.0
        self.proven = False  # it has carried more than one request
        self._sock = sock
        self._timeout = timeout
        self._watch = Watch(sock)
        self._quick = 0
        # A socket with a timeout is asked before each `send` whether it can be written to, by a system call of its own.
        # Nearly always it can, so a plain one is written to without asking. (SO_RCVTIMEO would save the question before
        # `recv` as well, but then each signal, such as a profiler's, starts the time anew.)
        plain = type(sock) is socket.socket and os.name == "posix"
        self._descriptor = sock.fileno if plain else None

    def set_timeout(self, seconds: float | None) -> None:
        """Limit the next operations; a system call only where it changes something."""
        if seconds != self._timeout:
            self._sock.settimeout(seconds)
            self._timeout = seconds

    def is_silent(self, seconds: float = 0) -> bool:
        """Whether nothing can be read: the server has neither closed the connection nor spoken out of turn."""
        return self._watch.is_silent(seconds)

    def write(self, data: bytes) -> None:
        """Write everything; the timeout holds for each part that the network takes, not for all of them together.

        Raises:
            TransportFailure: when the network takes nothing more, or the connection is gone.
        """
        failure: TransportFailure | None = None
        try:
            sent = 0
            if self._descriptor is not None:
                with suppress(BlockingIOError):
                    sent = os.write(self._descriptor(), data)
            if sent < len(data):
                rest = memoryview(data)[sent:]
                while rest:
                    rest = rest[self._sock.send(rest) :]
            return
        except TimeoutError:
            failure = TransportFailure(
                "write_timeout", "the request could not be sent within the write timeout"
            )
        except OSError as error:
            failure = TransportFailure("write", reason_of(error))
        raise failure

    def read_head(self, reader: AnswerReader) -> None:
        """Read until the head of the answer is there; raises as `read_into` does."""
        began = perf_counter()
        if self._quick >= _ENOUGH and _SEVERAL_PROCESSORS:
            self._watch.stay_awake(began + AWAKE)
        self.read_into(reader)
        self._quick = self._quick + 1 if perf_counter() - began < AWAKE else 0
        while reader.headers is None:
            self.read_into(reader)

    def read_into(self, reader: AnswerReader) -> None:
        """Read once, whatever is there, and give it to the reader of the answer.

        Raises:
            TransportFailure: when nothing comes in time, or the connection breaks, or what came is no answer.
        """
        failure = reader.fault
        if failure is not None:
            raise failure
        data = b""
        try:
            data = self._sock.recv(READ_SIZE)
        except (OSError, ValueError) as error:
            failure = _failure_of(error)
        if failure is not None:
            raise failure
        if data:
            reader.feed(data)
        else:
            reader.end_of_data()

    def fill(self, place: memoryview) -> int:
        """Read once, into a place; how many bytes came, 0 at the end of the connection.

        Raises:
            TransportFailure: when nothing comes in time, or the connection breaks.
        """
        try:
            return self._sock.recv_into(place)
        except (OSError, ValueError) as error:
            failure = _failure_of(error)
        raise failure

    def shut(self) -> None:
        """Break the connection, so that a thread that waits for it wakes up. It is closed by whoever has it."""
        with suppress(OSError):  # it is closed already
            # Not the TLS socket's own method, which would take the TLS state away from the thread that reads.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket; in a forked child this leaves the parent's connection alone."""
        with suppress(OSError):
            self._sock.close()


def _failure_of(error: OSError | ValueError) -> TransportFailure:
    if isinstance(error, TimeoutError):
        return TransportFailure("read_timeout", "nothing arrived within the read timeout")
    # ValueError: the socket was closed under our feet by another thread.
    return TransportFailure(
        "read", reason_of(error) if isinstance(error, OSError) else "the connection was closed"
    )
