"""A server that keeps what it is sent, to the byte, and answers as a test wants it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

__all__ = ["Recorder", "recording"]

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Handler(StreamRequestHandler):
    """Keeps what arrives, to the byte, and lets the test answer."""

    server: Recorder
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.server.connections += 1
        while line := self.rfile.readline():
            request, length = line, 0
            while (line := self.rfile.readline()).strip():
                request += line
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            request += line + self.rfile.read(length)
            self.server.requests.append(request)
            self.server.answer(self.wfile.write)


class Recorder(ThreadingTCPServer):
    """Listens on a free port of the loopback interface."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections = 0
        self.requests: list[bytes] = []
        self.answer: Callable[[Callable[[bytes], Any]], Any] = lambda write: write(PLAIN)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def recording() -> Iterator[Recorder]:
    """A recorder that serves while the block runs."""
    with Recorder() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
