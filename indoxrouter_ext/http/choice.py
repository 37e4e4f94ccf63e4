"""Which engine sends the requests. Engines are made, and imported, when the first request is sent.

The direct engine serves by default. The httpx engine serves what it alone can: an `http_client`, proxies, Pythons
without `httptools`, and tools that have replaced methods of httpx or httpcore, because a request past them would be a
real one. Whether a tool has replaced something is checked before each request: tools are set up and removed while a
client lives. `engine=` and the variable `INDOX_ROUTER_ENGINE` name an engine; an object with the methods of an engine
is used as it is.
"""

from __future__ import annotations

import os
import sys
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.codecs.base import describe
from indoxrouter._runtime.http.interface import TransportFailure
from indoxrouter._runtime.http.patch_detection import httpx_is_patched
from indoxrouter._runtime.http.proxies import proxy_for

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import HttpRequest

NAMES = ("direct", "httpx")
VARIABLE = "INDOX_ROUTER_ENGINE"
_OLDEST_HTTPTOOLS = (0, 7, 1)  # older ones contain a parser that accepts malformed messages


class EngineChoice:
    """The engine of a client: what was asked for, checked when the client is made.

    Args:
        engine: a name, an engine, or None.
        http_client: the caller's client of httpx, or None.
        asynchronous: which kind of client the engine is for.

    Raises:
        ValueError: for an engine that does not exist or cannot work here, and for an `http_client` of the wrong kind.
    """

    def __init__(self, engine: object, http_client: object, *, asynchronous: bool) -> None:
        self._http_client = http_client
        self.asynchronous = asynchronous
        self._given: Any = None
        self._named = True
        if http_client is not None:
            if engine is not None and engine != "httpx":
                raise ValueError("engine and http_client: pass one of them; http_client means engine httpx")
            _check_client(http_client, asynchronous)
            self.name = "httpx"
        elif engine is None or isinstance(engine, str):
            self.name, self._named = _named(engine)
        else:
            for method in ("send", "close"):
                if isinstance(engine, type) or not callable(getattr(engine, method, None)):
                    expected = "a name or an object with send and close"
                    raise ValueError(f"engine: expected {expected}, got {describe(engine)}")
            self._given = engine
            self.name = str(getattr(engine, "name", type(engine).__name__))

    def check_url(self, base_url: str) -> None:
        """Check that the engine can reach a server.

        Raises:
            ValueError: for a malformed proxy variable, and for an engine that would ignore a proxy.
        """
        proxy = proxy_for(base_url) if self._given is None and self._http_client is None else None
        if proxy is not None and self.name == "direct":
            if self._named:
                raise ValueError(
                    "engine: 'direct' uses no proxies, and the environment names one for this server; "
                    "leave engine out, or add the server to NO_PROXY"
                )
            self.name = "httpx"

    def make(self) -> Any:
        """The engine, an `Engine` or an `AsyncEngine`."""
        _log("engine %s serves %s", self.name, "because it was chosen" if self._named else "by default")
        if self._given is not None:
            return self._given
        if self._needs_httpx():
            return self.make_httpx()
        if self.asynchronous:
            from .direct.asynchronous import AsyncDirectEngine  # costs 3 ms: it imports httptools

            return _AsyncSwitch(AsyncDirectEngine(), self)
        from .direct.blocking import DirectEngine  # costs 3 ms: it imports httptools

        return _SyncSwitch(DirectEngine(), self)

    def make_httpx(self) -> Any:
        """The engine over httpx."""
        from indoxrouter._runtime.http.httpx_adapter import (  # costs 60 ms: it imports httpx
            AsyncHttpxEngine,
            HttpxEngine,
        )

        kind: Any = AsyncHttpxEngine if self.asynchronous else HttpxEngine
        return kind(self._http_client)

    def _needs_httpx(self) -> bool:
        """Whether httpx sends every request. The parser's version is checked here: its import costs 3 ms."""
        if not self._named and not _has_httptools():
            self._named, self.name = True, "httpx"
        return self._named and self.name == "httpx"


def _named(engine: str | None) -> tuple[str, bool]:
    """The name of the engine, and whether the caller or the environment chose it."""
    source = "engine"
    if engine is None:
        source, engine = VARIABLE, os.environ.get(VARIABLE)
    name = (engine or "").strip().lower()
    if not name:
        return ("direct" if find_spec("httptools") is not None else "httpx"), False
    if name not in NAMES:
        raise ValueError(
            f"{source}: expected one of {', '.join(NAMES)} or an engine object, got {engine!r:.40}"
        )
    if name == "direct" and not _has_httptools():
        oldest = ".".join(map(str, _OLDEST_HTTPTOOLS))
        raise ValueError(
            f"{source}: 'direct' needs a package that is missing: pip install 'httptools>={oldest}'"
        )
    return name, True


def _check_client(client: object, asynchronous: bool) -> None:
    """Whether it is a client of httpx or httpx2, or behaves like one; a session of another library does not."""
    needed = ("__aenter__" if asynchronous else "__enter__", "send", "build_request", "is_closed")
    if isinstance(client, type) or not all(hasattr(client, name) for name in needed):
        expected = "httpx.AsyncClient" if asynchronous else "httpx.Client"
        raise ValueError(
            f"http_client: expected an {expected}, got {describe(client).removeprefix('an object of type ')}"
        )


def _has_httptools() -> bool:
    try:
        import httptools  # optional: it is built for CPython only
    except ImportError:
        return False
    parts = str(getattr(httptools, "__version__", "0")).split(".")[:3]
    return tuple(int(part) if part.isdigit() else 0 for part in parts) >= _OLDEST_HTTPTOOLS


class _Switch:
    """Sends each request through the direct engine, or through httpx where there is a proxy or a tool in between."""

    name = "direct"

    def __init__(self, direct: Any, choice: EngineChoice) -> None:
        self._direct = direct
        self._choice = choice
        self._httpx: Any = None
        self._lock = threading.Lock()
        self._proxied: dict[str, bool] = {}  # by origin: like httpx, asked once in the life of a client

    def _serving(self, request: HttpRequest) -> Any:
        url = request.url
        origin = url[: url.find("/", 8)]  # behind the two of https://
        proxied = self._proxied.get(origin)
        if proxied is None:
            proxied = self._proxied[origin] = _is_proxied(url)
        if not proxied and not httpx_is_patched(self._choice.asynchronous):
            return self._direct
        with self._lock:
            if self._httpx is None:
                reason = "a proxy is set for" if proxied else "a tool has replaced methods of httpx, seen at"
                _log("engine httpx serves requests because %s %s", reason, origin)
                self._httpx = self._choice.make_httpx()
            return self._httpx

    def send(self, request: HttpRequest) -> Any:
        """See `Engine.send`; of an asynchronous engine, this returns the coroutine."""
        return self._serving(request).send(request)

    def _made(self) -> list[Any]:
        return [self._direct] if self._httpx is None else [self._direct, self._httpx]


def _log(message: str, *facts: str) -> None:
    logging = sys.modules.get("logging")  # not imported for this: without it no log is read
    if logging is not None:
        logging.getLogger("indoxrouter").debug(message, *facts)


def _is_proxied(url: str) -> bool:
    problem = ""
    try:
        return proxy_for(url) is not None
    except ValueError as error:
        problem = str(error)
    raise TransportFailure("connect", problem)


class _SyncSwitch(_Switch):
    def close(self) -> None:
        """Close the connections of both engines."""
        for engine in self._made():
            engine.close()


class _AsyncSwitch(_Switch):
    async def close(self) -> None:
        """Close the connections of both engines."""
        for engine in self._made():
            await engine.close()

    def abandon(self) -> None:
        """Close the connections of both engines without awaiting."""
        for engine in self._made():
            engine.abandon()
