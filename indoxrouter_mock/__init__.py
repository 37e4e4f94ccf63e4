"""A mock server of the IndoxRouter API for tests: driven by openapi.yaml, stateful, with faults on demand.

- `python -m indoxrouter_mock` serves it on a port.
- `MockServer` serves it from a thread; the pytest fixture `indoxrouter_mock` is one with a fresh state for each test.
- `asgi_app(...)` is the ASGI application for use in-process, for example with `httpx.ASGITransport`;
  `InProcessTransport(asgi_app())` is the same for a synchronous `httpx.Client`.
- `TapeServer` records the answers of a real server and replays them; `read_tape` reads a recording.

Nothing here imports the SDK: a mock built on the client would agree with the client's mistakes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app.application import MockApp
    from .base.options import DEMO_API_KEY, MockOptions
    from .serving.in_process import InProcessTransport
    from .serving.server import MockServer
    from .serving.tape_server import TapeServer
    from .spec.document import SpecError
    from .tapes.exchange import Exchange, TapeError, read_tape

__all__ = [
    "DEMO_API_KEY",
    "Exchange",
    "InProcessTransport",
    "MockApp",
    "MockOptions",
    "MockServer",
    "SpecError",
    "TapeError",
    "TapeServer",
    "asgi_app",
    "read_tape",
]

_HOMES = {
    "DEMO_API_KEY": "base.options",
    "MockApp": "app.application",
    "MockOptions": "base.options",
    "MockServer": "serving.server",
    "InProcessTransport": "serving.in_process",
    "SpecError": "spec.document",
    "Exchange": "tapes.exchange",
    "TapeError": "tapes.exchange",
    "TapeServer": "serving.tape_server",
    "read_tape": "tapes.exchange",
}


def asgi_app(**settings: Any) -> MockApp:
    """The mock as an ASGI application, with settings as in `MockOptions`: `asgi_app(tier="free", seed=7)`.

    Raises SpecError when the spec can't be read, TypeError for an unknown setting, ValueError for a wrong value.
    """
    from .app.application import MockApp
    from .base.options import MockOptions

    return MockApp(MockOptions().changed(**settings))


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{home}", __name__), name)
