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

from indoxrouter._runtime.http.interface import Deadline, TransportFailure, time_left, timed_out

from .addresses import STAGGER, Address, Lookup, Origin, reason_of, resolve_in_thread, try_order
from .http1 import ResponseParser
from .pool import readiness

if TYPE_CHECKING:
    import ssl

__all__ = ["Connection", "connect"]

READ_SIZE = 64 * 1024  # malloc maps and unmaps larger buffers for each read


class Connection:
    """A connected socket, and what has to be known to use it again."""

    __slots__ = ("_cut", "_is_ready", "_limit", "_nothing", "_sock", "idle_since", "origin", "reused")

    def __init__(
        self,
        sock: socket.socket,
        origin: Origin,
        nothing: tuple[type[OSError], ...] = (BlockingIOError,),
        cut: tuple[type[OSError], ...] = (),
    ) -> None:
        self.origin = origin
        self._nothing = nothing  # the errors of a read or a write that would have to wait
        self._cut = cut  # the errors of a TLS connection that ends without notice
        self.idle_since = 0.0
        self.reused = False  # whether it has been checked before a second request
        self._sock = sock
        self._limit: float | None = -1.0  # none has been set yet
        self._is_ready: Callable[[float], bool] | None = None

    def _set_limit(self, seconds: float | None) -> None:
        if seconds != self._limit:  # a system call, and most waits have the same limit
            self._sock.settimeout(seconds)
            self._limit = seconds

    def has_unread(self, seconds: float = 0) -> bool:
        """Whether there is something to read, now or within some seconds: bytes, or the end of the connection."""
        pending = getattr(
            self._sock, "pending", None
        )  # decrypted bytes, of which the operating system knows nothing
        try:
            if pending is not None and pending():
                return True
            if self._is_ready is None:
                self._is_ready = readiness(self._sock)
            return self._is_ready(seconds)
        except (OSError, ValueError):
            return True  # the socket is closed

    def is_usable(self) -> bool:
        """Whether an idle connection can carry another request."""
        return not self.has_unread()

    def write(
        self,
        data: bytes | memoryview,
        seconds: float | None,
        deadline: Deadline | None,
        parser: ResponseParser,
    ) -> None:
        """Write everything, but no further than until the final answer arrives.

        A server that refuses an upload may answer, read no more and keep the connection: a write would wait in vain.

        Args:
            data: a head, a body or a piece of one.
            seconds: limits the wait for the network to take a part.
            deadline: limits all of it.
            parser: receives what arrives meanwhile.

        Raises:
            TransportFailure: when the network takes nothing more, or the connection is gone.
        """
        while True:
            limit = time_left("write_timeout", seconds, deadline)
            failure: TransportFailure | None = None
            try:
                self._set_limit(0)
                sent = self._sock.send(data)
                if sent == len(data):
                    return
                data = memoryview(data)[sent:]
            except self._nothing:
                pass
            except OSError as error:
                failure = TransportFailure("write", reason_of(error))
            if failure is not None:
                raise failure
            readable, writable = self._wait_for_either(limit)
            if readable:
                self.read(parser, 0, None)
                if parser.headers is not None:
                    return
            elif not writable:
                raise timed_out("write_timeout", seconds, deadline)

    def _wait_for_either(self, seconds: float | None) -> tuple[bool, bool]:
        """Wait until there is something to read, or room to write."""
        with DefaultSelector() as selector:
            selector.register(self._sock, EVENT_READ | EVENT_WRITE)
            events = next((found for _, found in selector.select(seconds)), 0)
        return bool(events & EVENT_READ), bool(events & EVENT_WRITE)

    def read(self, parser: ResponseParser, seconds: float | None, deadline: Deadline | None) -> None:
        """Read once, and give the bytes to the parser.

        With `seconds=0` it takes what has arrived, if anything. A TLS connection may be readable and hold nothing for
        us, such as a session ticket. What went wrong is left to the next write, or the next read that waits.

        Raises:
            TransportFailure: when nothing arrives in time, the connection breaks, or the answer is malformed.
        """
        if parser.fault is not None:
            raise parser.fault
        failure: TransportFailure | None = None
        data = b""
        in_order = True
        try:
            self._set_limit(time_left("read_timeout", seconds, deadline))
            data = self._sock.recv(READ_SIZE)
        except self._nothing:
            return
        except TimeoutError:
            failure = timed_out("read_timeout", seconds, deadline)
        except self._cut:
            in_order = False
        except OSError as error:
            failure = TransportFailure("read", reason_of(error))
        except ValueError:  # another thread has closed the socket
            failure = TransportFailure("read", "the connection was closed")
        if failure is not None:
            if seconds == 0:
                return
            raise failure
        if data:
            parser.feed(data)
        else:
            parser.end_of_data(in_order=in_order)

    def shutdown(self) -> None:
        """Break the connection, so that a thread that waits for it wakes up. Its user closes it."""
        with suppress(OSError):  # it is closed already
            # Not the method of a TLS socket, which would take the TLS state away from the thread that reads.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket. In a forked child this leaves the parent's connection alone."""
        with suppress(OSError):
            self._sock.close()


def connect(
    origin: Origin, tls: ssl.SSLContext | None, seconds: float | None, deadline: Deadline | None
) -> Connection:
    """A connection to the first address of a server that answers; TLS included.

    Args:
        origin: the server.
        tls: the context for an https server, else None.
        seconds: for the lookup, all addresses and the handshake together.
        deadline: of the exchange.

    Raises:
        TransportFailure: of a kind that says that nothing was sent.
    """
    began = monotonic()

    def left() -> float | None:
        remaining = None if seconds is None else seconds - (monotonic() - began)
        if remaining is not None and remaining <= 0:
            raise timed_out("connect_timeout", seconds, deadline)
        return time_left("connect_timeout", remaining, deadline)

    failure: TransportFailure
    sock: socket.socket | None = None
    try:
        sock = _race(try_order(_resolve(origin, left())), left)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            from ssl import (
                SSLEOFError,
                SSLWantReadError,
                SSLWantWriteError,
            )  # costs 5 ms; the context has paid them

            sock.settimeout(left())  # limits the handshake as a whole
            sock = tls.wrap_socket(sock, server_hostname=origin.host, suppress_ragged_eofs=False)
            nothing = (BlockingIOError, SSLWantReadError, SSLWantWriteError)
            return Connection(sock, origin, nothing, (SSLEOFError,))
        return Connection(sock, origin)
    except TimeoutError:
        failure = timed_out("connect_timeout", seconds, deadline)
    except OSError as error:
        failure = TransportFailure("connect", reason_of(error))
    except TransportFailure as error:
        failure = error
    except ValueError:  # a server name that TLS cannot carry
        failure = TransportFailure("connect", "the host name is not valid")
    if sock is not None:
        sock.close()
    raise failure


def _resolve(origin: Origin, seconds: float | None) -> list[Address]:
    found: list[Lookup] = []
    done = threading.Event()

    def report(result: Lookup) -> None:
        found.append(result)
        done.set()

    resolve_in_thread(origin, report)
    if not done.wait(seconds):
        raise TimeoutError
    result = found[0]
    if isinstance(result, OSError):
        raise result
    return result


def _race(addresses: list[Address], left: Callable[[], float | None]) -> socket.socket:
    """The first socket to connect. Another address joins every `STAGGER` seconds, and at once when one has failed."""
    waiting = addresses[::-1]
    failure = OSError("the host has no address")
    with DefaultSelector() as attempts:
        try:
            while waiting or attempts.get_map():
                if waiting:
                    outcome = _start(waiting.pop())
                    if isinstance(outcome, OSError):
                        failure = outcome
                        continue
                    attempts.register(outcome, EVENT_WRITE)
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


def _start(address: Address) -> socket.socket | OSError:
    """A socket that is connecting, or what kept it from starting."""
    sock: socket.socket | None = None
    try:
        sock = socket.socket(address.family, address.kind, address.protocol)
        sock.setblocking(False)
        number = sock.connect_ex(address.place)
    except OSError as error:  # the family is not supported here
        if sock is not None:
            sock.close()
        return error
    if number in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
        return sock
    sock.close()
    return OSError(number, os.strerror(number))
