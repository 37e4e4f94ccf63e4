"""Whether a mocking or tracing tool has put something in the place of httpx's methods.

Requests that go past httpx are faster, and invisible to respx, pytest-httpx, vcrpy and the tracers of OpenTelemetry and
Sentry, which replace methods of its classes, or the classes. A mock that is gone past means a real request, so this is
asked for each request: a tool may come after the first one, and go again.

What has been replaced is told by where a function's globals are. `__module__` says less, because `functools.wraps`
copies it, and equality less still, because the proxies of wrapt are equal to what they wrap.
"""

from __future__ import annotations

from sys import modules
from types import FunctionType
from typing import Any

__all__ = ["ASYNC_HTTPX", "SYNC_HTTPX", "Watch", "httpx_is_watched"]

_METHODS = ("__init__", "send", "_send_single_request", "_transport_for_url")


class Watch:
    """The methods of httpx that one kind of request passes, and how they were when nobody had replaced them."""

    __slots__ = ("_client", "_handle", "_known", "_transport")

    def __init__(self, client: str, transport: str, handle: str) -> None:
        self._client = client
        self._transport = transport
        self._handle = handle
        self._known: tuple[Any, ...] = (None,) * 7

    def is_untouched(self) -> bool:
        """Whether requests may go past httpx: it is not even imported, or all is as it was made. Takes 0.3 µs."""
        httpx = modules.get("httpx")
        if httpx is None:
            return True
        client = getattr(httpx, self._client, None)
        transport = getattr(httpx, self._transport, None)
        if client is None or transport is None:  # another thread is importing it, and has not come far
            return True
        known = self._known
        if (
            client is known[0]
            and transport is known[1]
            and getattr(transport, self._handle) is known[2]
            and client.__init__ is known[3]
            and client.send is known[4]
            and client._send_single_request is known[5]
            and client._transport_for_url is known[6]
        ):
            return True
        methods = [getattr(client, name, None) for name in _METHODS]
        methods.insert(0, getattr(transport, self._handle, None))
        if not all(_is_class_of("httpx", owner) for owner in (client, transport)):
            return False
        if not all(_is_function_of("httpx", method) for method in methods):
            return False
        self._known = (client, transport, *methods)
        return True


def _is_class_of(package: str, found: object) -> bool:
    return type(found) is type and found.__module__.partition(".")[0] == package


def _is_function_of(package: str, found: object) -> bool:
    if type(found) is not FunctionType:
        return False
    home = found.__globals__.get("__name__")
    return isinstance(home, str) and home.partition(".")[0] == package


SYNC_HTTPX = Watch("Client", "HTTPTransport", "handle_request")
ASYNC_HTTPX = Watch("AsyncClient", "AsyncHTTPTransport", "handle_async_request")

_CORE = (("ConnectionPool", "handle_request"), ("AsyncConnectionPool", "handle_async_request"))


def httpx_is_watched() -> bool:
    """Whether some tool has replaced a method of httpx or httpcore; if neither is imported, none has."""
    core = modules.get("httpcore")
    for owner, method in _CORE:
        found = getattr(getattr(core, owner, None), method, None)
        if found is not None and not _is_function_of("httpcore", found):
            return True
    return not (SYNC_HTTPX.is_untouched() and ASYNC_HTTPX.is_untouched())
