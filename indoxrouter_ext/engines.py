"""Which engine sends the requests. Engines are made when the first request is sent, and imported no earlier."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx
    from indoxrouter._runtime.transport import AsyncEngine, Engine

__all__ = ["async_engine_maker", "sync_engine_maker"]

NAMES = ("httpx",)


def _check(engine: object, http_client: object) -> str | None:
    """The engine's name, checked; None for an engine object of the caller's own."""
    if engine is not None and http_client is not None and engine != "httpx":
        raise ValueError("engine and http_client: give one of them; http_client means the engine httpx")
    if engine is None or isinstance(engine, str):
        if engine is not None and engine not in NAMES:
            raise ValueError(
                f"engine: expected one of {', '.join(NAMES)} or an engine object, got {engine!r:.40}"
            )
        return engine or "httpx"
    for method in ("send", "close"):
        if not callable(getattr(engine, method, None)):
            raise ValueError(
                f"engine: expected a name or an object with send and close, got {type(engine).__name__}"
            )
    return None


def sync_engine_maker(engine: str | Engine | None, http_client: httpx.Client | None) -> Callable[[], Engine]:
    """How the engine of a synchronous client is made.

    Raises:
        ValueError: for an engine that does not exist, and for an `httpx.AsyncClient` where a `Client` is needed.
    """
    name = _check(engine, http_client)
    if http_client is not None and not hasattr(http_client, "__enter__"):
        raise ValueError(f"http_client: expected an httpx.Client, got {type(http_client).__name__}")

    def make() -> Engine:
        if name is None and engine is not None and not isinstance(engine, str):
            return engine
        from indoxrouter._runtime.httpx_engine import HttpxEngine

        return HttpxEngine(http_client)

    return make


def async_engine_maker(
    engine: str | AsyncEngine | None, http_client: httpx.AsyncClient | None
) -> Callable[[], AsyncEngine]:
    """How the engine of an asynchronous client is made; raises as `sync_engine_maker` does."""
    name = _check(engine, http_client)
    if http_client is not None and not hasattr(http_client, "__aenter__"):
        raise ValueError(f"http_client: expected an httpx.AsyncClient, got {type(http_client).__name__}")

    def make() -> AsyncEngine:
        if name is None and engine is not None and not isinstance(engine, str):
            return engine
        from indoxrouter._runtime.httpx_engine import AsyncHttpxEngine

        return AsyncHttpxEngine(http_client)

    return make
