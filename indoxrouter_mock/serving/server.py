"""The mock on a real socket, in a thread: for tests."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any

import uvicorn

from ..app.application import MockApp
from ..base.options import MockOptions
from ..state.verdict import Offence
from .control import MockControl
from .foreground import Server, listen, require_token, uvicorn_config

STOP_SECONDS = 20.0
CLOSING_SECONDS = 5.0


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
        """The base URL for clients of the native API."""
        return f"{self.url}/api/v1"

    @property
    def openai_base_url(self) -> str:
        """The `base_url` for the `openai` package."""
        return f"{self.url}/v1"

    def start(self) -> MockServer:
        """Start the server; returns once it accepts requests."""
        listener = listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._server = server = Server(uvicorn_config(self.app))
        self._thread = threading.Thread(
            target=server.run,
            kwargs={"sockets": [listener]},
            name="indoxrouter-mock",
            daemon=True,
        )
        self._thread.start()
        # The socket already listens: a request made now waits in the backlog, so nothing has to wait for the loop
        # to start.
        return self

    def stop(self) -> None:
        """Stop the server and wait for its thread. Open streams are aborted."""
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
        """The offences of the client; see `MockControl.verdict`.

        Pass `closed=True` after the client was closed: a connection that is open some seconds later is an offence.
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
