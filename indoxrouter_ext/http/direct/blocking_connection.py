"""One connection of the blocking engine: a socket, used by one thread at a time, with a limit on every wait."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from time import monotonic
from typing import TYPE_CHECKING

from indoxrouter._runtime.http.interface import Deadline, FailureKind, TransportFailure, time_left, timed_out

from .addresses import (
    STAGGER,
    Address,
    Lookup,
    Origin,
    connect_failure,
    new_socket,
    reason_of,
    resolve_in_thread,
    try_order,
)
from .pool import Connection

if TYPE_CHECKING:
    import ssl

READ_SIZE = 64 * 1024  # malloc maps and unmaps larger buffers for each read


class BlockingConnection(Connection):
    """A socket that does not block. Each wait for it has a limit.

    Args:
        sock: the socket, or that of TLS over it.
        origin: the server.
        nothing: the errors of a read or a write that would have to wait.
        cut: the errors of a TLS connection that ends without notice.
    """

    def __init__(
        self,
        sock: socket.socket,
        origin: Origin,
        nothing: tuple[type[OSError], ...] = (BlockingIOError,),
        cut: tuple[type[OSError], ...] = (),
    ) -> None:
        super().__init__(sock, origin)
        self._nothing = nothing
        self._cut = cut

    def wait(self, kind: FailureKind, seconds: float | None, deadline: Deadline | None) -> None:
        """Wait until something arrives, and give it to the parser.

        A TLS connection may be readable and hold nothing for us, such as a session ticket.

        Raises:
            TransportFailure: when nothing arrives in time, or nothing more will.
        """
        if self.failure is not None:
            raise self.failure
        limit = time_left(kind, seconds, deadline)
        if not self.has_unread(limit):
            raise timed_out(kind, seconds, deadline)
        self._receive()

    def _receive(self) -> None:
        try:
            data = self._sock.recv(READ_SIZE)
        except self._nothing:
            return
        except self._cut:
            self.end(in_order=False)
        except OSError as error:
            self.end(error)
        except ValueError:  # another thread has closed the TLS socket
            self.shutdown()
        else:
            if data:
                self.feed(data)
            else:
                self.end()

    def write(self, data: bytes | memoryview, seconds: float | None, deadline: Deadline | None) -> bool:
        """Write, but no further than until the final answer arrives, or the connection ends.

        A server that refuses an upload may answer, read no more and keep the connection: a write would wait in vain.
        `seconds` limits the wait for the network to take a part, `deadline` all of it.

        Returns:
            Whether everything has been written.

        Raises:
            TransportFailure: when the network takes nothing more in time.
        """
        if len(data) > READ_SIZE and self.has_unread():
            self._receive()  # the answer to what went before, perhaps
        while not self.settled:
            limit = time_left("write_timeout", seconds, deadline)
            data = self._send(data)
            if not data:
                return True
            with DefaultSelector() as selector:
                selector.register(self._sock, EVENT_READ | EVENT_WRITE)
                ready = selector.select(limit)
            if not ready:
                raise timed_out("write_timeout", seconds, deadline)
            if ready[0][1] & EVENT_READ:
                self._receive()
        return False

    def _send(self, data: bytes | memoryview) -> bytes | memoryview:
        """Write what the network takes now; returns the rest."""
        try:
            return memoryview(data)[self._sock.send(data) :]
        except self._nothing:
            return data
        except OSError as error:
            refused = TransportFailure("write", reason_of(error))
        while not self.settled and self.has_unread():
            self._receive()  # a server that stops reading may have said why
        if self.parser is None or self.parser.headers is None:
            self.failure = refused
        return data

    def close(self) -> None:
        """Close the socket. In a forked child this leaves the parent's connection alone."""
        with suppress(OSError):
            self._sock.close()


def connect(
    origin: Origin, tls: ssl.SSLContext | None, seconds: float | None, deadline: Deadline | None
) -> BlockingConnection:
    """A connection to the first address of a server that answers; TLS included.

    `seconds` limits the lookup, all addresses and the handshake together.

    Raises:
        TransportFailure: of a kind that says that nothing was sent.
    """
    began = monotonic()

    def left() -> float | None:
        remaining = None if seconds is None else seconds - (monotonic() - began)
        if remaining is not None and remaining <= 0:
            raise timed_out("connect_timeout", seconds, deadline)
        return time_left("connect_timeout", remaining, deadline)

    sock: socket.socket | None = None
    try:
        sock = _race(try_order(_resolve(origin, left())), left)
        if tls is None:
            return BlockingConnection(sock, origin)
        import ssl  # costs 5 ms; the context has paid them

        sock.settimeout(left())  # limits the handshake as a whole
        sock = tls.wrap_socket(sock, server_hostname=origin.host, suppress_ragged_eofs=False)
        sock.setblocking(False)
        nothing = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
        return BlockingConnection(sock, origin, nothing, (ssl.SSLEOFError,))
    except (OSError, ValueError, TransportFailure) as error:
        failure = connect_failure(error)
    if sock is not None:
        sock.close()
    left()  # where the time ran out, it raises what says so
    raise failure


def _resolve(origin: Origin, seconds: float | None) -> Lookup:
    found: list[Lookup] = []
    done = threading.Event()

    def report(result: Lookup) -> None:
        found.append(result)
        done.set()

    resolve_in_thread(origin, report)
    return found[0] if done.wait(seconds) else TimeoutError()


def _race(addresses: list[Address], left: Callable[[], float | None]) -> socket.socket:
    """The first socket to connect. Another address joins every `STAGGER` seconds, and at once when one has failed."""
    waiting = addresses[::-1]
    failure = OSError("the host has no address")
    with DefaultSelector() as attempts:
        try:
            while waiting or attempts.get_map():
                if waiting:
                    try:
                        attempts.register(_start(waiting.pop()), EVENT_WRITE)
                    except OSError as error:
                        failure = error
                        continue
                pause = left()
                if waiting:
                    pause = STAGGER if pause is None else min(pause, STAGGER)
                for key, _ in attempts.select(pause):
                    sock: socket.socket = key.fileobj  # type: ignore[assignment]  # what was registered above
                    attempts.unregister(sock)
                    number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not number:
                        return sock
                    sock.close()
                    failure = OSError(number, os.strerror(number))
        finally:
            for key in list(attempts.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr]  # a socket
    raise failure


def _start(address: Address) -> socket.socket:
    """A socket that is connecting; raises what keeps it from starting."""
    sock = new_socket(address)
    number = sock.connect_ex(address.place)
    if number in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
        return sock
    sock.close()
    raise OSError(number, os.strerror(number))
