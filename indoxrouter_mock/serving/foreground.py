"""The mock's uvicorn: its settings, sockets and shutdown; and the server in the foreground for the command line."""

from __future__ import annotations

import contextlib
import logging
import secrets
import signal
import socket
from collections.abc import Generator
from types import FrameType
from typing import Any

import uvicorn

from ..app.access import is_loopback
from ..app.application import MockApp
from .protocol import mock_protocol

BACKLOG = 2048
DUPLICATES = 31


def uvicorn_config(app: Any) -> uvicorn.Config:
    """uvicorn's settings for the mock: no access log, no server header, a short shutdown."""
    return uvicorn.Config(
        app,
        access_log=False,
        http=mock_protocol(),
        log_config=None,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        backlog=BACKLOG,
    )


class Server(uvicorn.Server):
    """uvicorn that closes open streams at once on shutdown, and does not log that as an error."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the streams, then the server."""
        log = logging.getLogger("uvicorn.error")
        level = log.level
        log.setLevel(logging.CRITICAL)
        app = self.config.app if isinstance(self.config.app, MockApp) else None
        if app is not None:
            app.close_streams()
        try:
            await super().shutdown(sockets=sockets)
        finally:
            log.setLevel(level)
            if app is not None:
                await app.aclose()


class ForegroundServer(Server):
    """Prints its address once it accepts requests, and shuts down cleanly on SIGINT and SIGTERM.

    uvicorn raises the signal again after its shutdown, which makes an ordinary stop look like a crash.
    """

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then print the announcement."""
        await super().startup(sockets=sockets)
        print(self._announcement, flush=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Let SIGINT and SIGTERM stop the server, and restore the handlers afterwards."""

        def leave(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        previous = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError or OverflowError when it can't be had: taken, not there, no port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(BACKLOG)
    except (OSError, OverflowError):
        found.close()
        raise
    return found


def with_duplicates(listener: socket.socket) -> list[socket.socket]:
    """A listening socket and duplicates of it, for `Server.run`.

    uvloop accepts one connection in a turn of the event loop for each socket that it listens on. With one socket, the
    last of 200 clients that connect at once to a busy server would wait for 200 turns, which take seconds. Servers for
    tests do without the duplicates: a process may have many servers, and only so many open files.
    """
    return [listener, *(listener.dup() for _ in range(DUPLICATES))]


def require_token(app: MockApp, host: str) -> None:
    """Give an application that others can reach an admin token, unless it has one."""
    if app.admin_token is None and not is_loopback(host):
        app.admin_token = secrets.token_urlsafe(24)
