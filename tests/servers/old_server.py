"""The same application behind `http.server` of Python: HTTP/1.0, each body ends with its connection."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asgi_app import reply_to  # type: ignore[import-not-found]  # a file beside this one, which is run as a script

__all__ = ["main"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        status, headers, pieces = reply_to(self.path, body)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name.decode(), value.decode())
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve on the port that is the first argument."""
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()


if __name__ == "__main__":
    main()
