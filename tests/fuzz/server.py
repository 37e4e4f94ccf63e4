"""A server for fuzzing: what it does with each request is a function of the request, byte by byte."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from unittest.mock import patch

import trustme

__all__ = ["CLOSE", "RAGGED", "RESET", "Authority", "FuzzServer"]

CLOSE: Final = "close"  # FIN, under TLS after a close_notify
RAGGED: Final = "ragged"  # FIN; under TLS without the close_notify that would vouch for the end
RESET: Final = "reset"


class Authority:
    """A certificate authority of our own.

    Attributes:
        server: the context of servers.
    """

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert("localhost", "127.0.0.1").configure_cert(self.server)

    @contextlib.contextmanager
    def trusted(self) -> Iterator[None]:
        """Let engines that connect meanwhile trust this authority and nobody else."""
        with self._ca.cert_pem.tempfile() as path, patch.dict(os.environ, SSL_CERT_FILE=path):
            yield


class FuzzServer:
    """A thread for each connection. `play(head, number)` returns the steps for one request: bytes, pauses, an ending.

    Args:
        play: gets the head of the request, and how many requests the connection has carried before.
        tls: the context, or None for plain TCP.
    """

    def __init__(
        self, play: Callable[[bytes, int], Iterable[object]], tls: ssl.SSLContext | None = None
    ) -> None:
        self._play = play
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.connections = 0
        self.reused = 0
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls is not None:
                sock.settimeout(20)
                sock = self._tls.wrap_socket(sock, server_side=True)
            self._open.add(sock)
            number = 0
            while (head := _read_head(sock)) is not None:
                self.reused += number > 0
                for step in self._play(head, number):
                    if isinstance(step, bytes):
                        sock.sendall(step)
                    elif isinstance(step, float):
                        time.sleep(step)
                    elif isinstance(step, str):
                        sock = _end(sock, step)
                        return
                    elif callable(step):
                        step()
                number += 1
        except OSError:
            pass  # the client left
        finally:
            self._open.discard(sock)
            sock.close()

    def close(self) -> None:
        """Stop listening and break every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._thread.join(20)  # closed under it, `accept` may go on with the next socket of the same number
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _read_head(sock: socket.socket) -> bytes | None:
    """The head of the next request; these requests have no body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = sock.recv(65536)
        if not data:
            return None
        head += data
    return head


def _end(sock: socket.socket, how: str) -> socket.socket:
    if how == RESET:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return sock
    if how == CLOSE and isinstance(sock, ssl.SSLSocket):
        sock.settimeout(0.5)
        with contextlib.suppress(OSError, ValueError):
            sock = sock.unwrap()
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_WR)
        sock.settimeout(0.5)
        while socket.socket.recv(sock, 65536):  # closing with unread bytes would send RST
            pass
    return sock
