"""A small file server for downloads: real sockets, scripted answers, and a memory of what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["FileRequest"], None]


class FileRequest(BaseHTTPRequestHandler):
    """One request; the script of its path answers it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        files: FileServer = self.server.files  # type: ignore[attr-defined]  # set by `serving`
        files.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        script = files.scripts.get(self.path.partition("?")[0])
        if script is None:
            self.answer(404, b"")
        else:
            script(self)

    def answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, *, length: int | None = None
    ) -> None:
        """Send an answer; `length` announces more than is sent, and the connection is then broken."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length > len(body):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class FileServer:
    """Scripts by path, and the requests so far as (path, headers)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.scripts: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []

    def file(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> str:
        """Serve bytes; returns their URL."""
        self.scripts[path] = lambda request: request.answer(200, body, headers)
        return self.url + path


@contextmanager
def serving() -> Iterator[FileServer]:
    """A running server on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), FileRequest)
    server.daemon_threads = True
    files = FileServer(f"http://127.0.0.1:{server.server_address[1]}")
    server.files = files  # type: ignore[attr-defined]  # read by the requests
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
