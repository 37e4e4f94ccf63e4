"""Which engine sends the requests. Engines are made when the first request is sent, and imported no earlier.

In this order: an engine or an `http_client` that the caller gave; the name in `INDOX_ROUTER_ENGINE` (`httpx` or
`fast`); the fast engine, if `indoxrouter[fast]` is installed; httpx. Where the fast engine was not asked for by
name, httpx also serves whatever it alone can: proxies that the environment names, and mocking or tracing tools that
have taken the place of httpx's or httpcore's own methods, because requests that went past them would be real.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx
    from indoxrouter._runtime.transport import AsyncEngine, Engine

__all__ = ["async_engine_maker", "sync_engine_maker"]

NAMES = ("httpx", "fast")
VARIABLE = "INDOX_ROUTER_ENGINE"


def _check(engine: object, http_client: object) -> str | None:
    """The engine's name as the caller or the environment gives it, checked; None where nobody said anything."""
    if engine is not None and http_client is not None and engine != "httpx":
        raise ValueError("engine and http_client: give one of them; http_client means the engine httpx")
    if http_client is not None:
        return "httpx"
    if engine is None:
        name = os.environ.get(VARIABLE, "").strip().lower() or None
        if name is not None and name not in NAMES:
            raise ValueError(f"{VARIABLE}: expected one of {', '.join(NAMES)}, got {name!r:.40}")
        return name
    if isinstance(engine, str):
        if engine not in NAMES:
            raise ValueError(
                f"engine: expected one of {', '.join(NAMES)} or an engine object, got {engine!r:.40}"
            )
        if engine == "fast" and not _fast_is_installed():
            raise ValueError(
                "engine: 'fast' needs a package that is missing: pip install 'indoxrouter[fast]'"
            )
        return engine
    for method in ("send", "close"):
        if not callable(getattr(engine, method, None)):
            raise ValueError(
                f"engine: expected a name or an object with send and close, got {type(engine).__name__}"
            )
    return None


def _is_client(found: object, entered_by: str) -> bool:
    """Whether it is a client of httpx or httpx2, or behaves like one; a session of another library does not."""
    return all(hasattr(found, name) for name in (entered_by, "send", "build_request", "is_closed"))


def _fast_is_installed() -> bool:
    try:
        import httptools
    except ImportError:
        return False
    return callable(httptools.HttpResponseParser)


def _choose(name: str | None) -> str:
    """The engine to use, when the first request is about to be sent."""
    if name is not None:
        return name
    if not _fast_is_installed():
        return "httpx"
    from indoxrouter._runtime.proxies import proxies_are_set
    from indoxrouter._runtime.watch import httpx_is_watched

    return "httpx" if proxies_are_set() or httpx_is_watched() else "fast"


def sync_engine_maker(engine: str | Engine | None, http_client: httpx.Client | None) -> Callable[[], Engine]:
    """How the engine of a synchronous client is made.

    Raises:
        ValueError: for an engine that does not exist, and for an `httpx.AsyncClient` where a `Client` is needed.
    """
    name = _check(engine, http_client)
    if http_client is not None and not _is_client(http_client, "__enter__"):
        raise ValueError(f"http_client: expected an httpx.Client, got {type(http_client).__name__}")

    def make() -> Engine:
        if engine is not None and not isinstance(engine, str):
            return engine
        if _choose(name) == "fast":
            from .fast.sync_engine import FastEngine

            return FastEngine()
        from indoxrouter._runtime.httpx_engine import HttpxEngine

        return HttpxEngine(http_client)

    return make


def async_engine_maker(
    engine: str | AsyncEngine | None, http_client: httpx.AsyncClient | None
) -> Callable[[], AsyncEngine]:
    """How the engine of an asynchronous client is made; raises as `sync_engine_maker` does."""
    name = _check(engine, http_client)
    if http_client is not None and not _is_client(http_client, "__aenter__"):
        raise ValueError(f"http_client: expected an httpx.AsyncClient, got {type(http_client).__name__}")

    def make() -> AsyncEngine:
        if engine is not None and not isinstance(engine, str):
            return engine
        if _choose(name) == "fast":
            from .fast.async_engine import AsyncFastEngine

            return AsyncFastEngine()
        from indoxrouter._runtime.async_httpx_engine import AsyncHttpxEngine

        return AsyncHttpxEngine(http_client)

    return make
