"""The mock on a real socket: in the foreground for the command line, in a thread for tests."""

from __future__ import annotations

import contextlib
import logging
import secrets
import signal
import socket
import threading
import time
from collections.abc import Generator
from types import FrameType, TracebackType
from typing import Any

import uvicorn

from ..app.access import is_loopback
from ..app.application import MockApp
from ..base.options import MockOptions
from ..state.verdict import Offence
from .control import MockControl

STOP_SECONDS = 20.0
CLOSING_SECONDS = 5.0
BACKLOG = 2048
DUPLICATES = 31


def uvicorn_config(app: MockApp) -> uvicorn.Config:
    """uvicorn's settings for the mock: no access log, no server header, a short shutdown."""
    return uvicorn.Config(
        app,
        access_log=False,
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


class _Server(uvicorn.Server):
    """uvicorn that closes open streams at once on shutdown, and does not log that as an error."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
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


class ForegroundServer(_Server):
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
    last of 200 clients that connect at once to a busy server would wait for 200 turns, which take seconds.
    """
    return [listener, *(listener.dup() for _ in range(DUPLICATES))]


def require_token(app: MockApp, host: str) -> None:
    """Give an application that others can reach an admin token, unless it has one."""
    if app.admin_token is None and not is_loopback(host):
        app.admin_token = secrets.token_urlsafe(24)


class MockServer(MockControl):
    """A mock server on its own port, in a thread: `with MockServer(tier="free") as mock: … mock.url`.

    Settings are those of `MockOptions`. Raises SpecError, ValueError or OSError when it can't start.
    """

    def __init__(
        self, options: MockOptions | None = None, *, host: str = "127.0.0.1", port: int = 0, **settings: Any
    ) -> None:
        super().__init__(self._application((options or MockOptions()).changed(**settings)))
        require_token(self.app, host)
        self._host = host
        self._port = port
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None

    def _application(self, options: MockOptions) -> MockApp:
        return MockApp(options)

    @property
    def url(self) -> str:
        """The server's root, for example `http://127.0.0.1:8000`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def base_url(self) -> str:
        """What a client of the native API takes as its base URL."""
        return f"{self.url}/api/v1"

    @property
    def openai_base_url(self) -> str:
        """What the `openai` package takes as its `base_url`."""
        return f"{self.url}/v1"

    def start(self) -> MockServer:
        """Listen and serve; returns when requests are taken."""
        listener = listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._server = server = _Server(uvicorn_config(self.app))
        self._thread = threading.Thread(
            target=server.run,
            kwargs={"sockets": with_duplicates(listener)},
            name="indoxrouter-mock",
            daemon=True,
        )
        self._thread.start()
        # The socket already listens: a request made now waits in the backlog, so nothing has to wait for the loop
        # to start.
        return self

    def stop(self) -> None:
        """Stop serving and wait for the thread. Streams under way are cut off."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            self._thread = None

    @property
    def connections(self) -> int:
        """The connections of clients that are open now, idle ones included."""
        return len(self._server.server_state.connections) if self._server is not None else 0

    def verdict(self, account: str | None = None, *, closed: bool = False) -> list[Offence]:
        """What the client did wrong, as in `MockControl.verdict`. With `closed`, the client has been closed, and every
        connection that is still open some seconds later is a leaked one.
        """
        if closed:
            end = time.monotonic() + CLOSING_SECONDS
            while self.connections and time.monotonic() < end:
                time.sleep(0.01)
        found = super().verdict(account)
        if closed and (count := self.connections):
            message = (
                f"{count} connection{'s are' if count > 1 else ' is'} open although the client is closed"
            )
            found.append(Offence("leaked_connection", message))
        return found

    def __enter__(self) -> MockServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
