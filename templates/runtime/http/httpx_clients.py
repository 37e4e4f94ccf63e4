"""Which client of httpx sends a request, the caller's or one of our own, and the request in its form."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from http.cookiejar import CookieJar
from typing import Any, Generic, TypeVar

import httpx

from .interface import HttpRequest, TransportFailure, time_left
from .proxies import proxy_for
from .tls import tls_context

ClientT = TypeVar("ClientT", bound="httpx.Client | httpx.AsyncClient")

LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=30.0)


class Clients(Generic[ClientT]):
    """The caller's client, or one of our own for each proxy.

    Ours are kept by their class as well, because some tracing tools replace the class `httpx.Client`.
    """

    def __init__(self, given: ClientT | None, kind: Callable[[], type[ClientT]]) -> None:
        self.given: ClientT | None = given
        self._kind: Callable[[], type[ClientT]] = kind
        self._lock = threading.Lock()
        self.own: dict[tuple[type, str | None, bool], ClientT] = {}
        self.closed = False

    def of(self, url: str) -> ClientT:
        """The client for a request to a URL."""
        client = self.given
        if client is None:
            proxy = proxy_for(url)
            key = (self._kind(), proxy, url.startswith("https:") or (proxy or "").startswith("https:"))
            with self._lock:
                client = self.own.get(key) or self.own.setdefault(key, _own_client(*key))
        if self.closed or client.is_closed:
            raise TransportFailure("protocol", "the httpx client that sends the requests has been closed")
        return client

    def build(self, client: ClientT, request: HttpRequest, content: Any, trace: object) -> Any:
        """The request, in the classes of the client's package.

        Only the caller's client adds headers, parameters and cookies. Ours have none, and merging nothing takes time.

        Args:
            client: as `of` returned it.
            request: what to send.
            content: its body, as httpx takes it.
            trace: called for each step if the request has a deadline; see `refuse_late`.
        """
        limits, deadline = request.timeouts, request.deadline
        timeout = {
            "connect": time_left("connect_timeout", limits.connect, deadline),
            "read": limits.read,  # holds for the whole body, for which the deadline of the head is none
            "write": time_left("write_timeout", limits.write, deadline),
            "pool": time_left("pool_timeout", limits.pool, deadline),
        }
        headers = [*request.headers]
        if request.content is not None:
            headers.append(("Content-Length", str(len(request.content))))
        extensions = {"timeout": timeout} if deadline is None else {"timeout": timeout, "trace": trace}
        url, method = request.url, request.method
        if client is self.given:
            return client.build_request(method, url, headers=headers, content=content, extensions=extensions)
        return httpx.Request(method, _url(url), headers=headers, content=content, extensions=extensions)

    def explained(self, failure: TransportFailure, url: str) -> TransportFailure:
        """The failure, with the proxy of the environment that the request went through."""
        proxy = proxy_for(url) if self.given is None else None
        if proxy is None or failure.kind not in ("connect", "connect_timeout"):
            return failure
        scheme, _, rest = proxy.partition("://")  # the part before an @ may hold a password
        reason = f"the proxy {scheme}://{rest.rpartition('@')[2]}, which the environment names, failed: {failure.reason}"
        return TransportFailure(failure.kind, reason, failure.option)

    def remove(self, client: ClientT) -> bool:
        """Use one of our own clients for no further request; False for the caller's."""
        with self._lock:
            keys = [key for key, own in self.own.items() if own is client]
            for key in keys:
                del self.own[key]
        return bool(keys)


_url = lru_cache(maxsize=64)(httpx.URL)
"""Parsed URLs, which are immutable. A client calls few of them."""


def refuse_late(request: HttpRequest, event: str) -> None:
    """Called by httpx's tracing: keeps a request from being sent after its deadline."""
    if event.endswith("send_request_headers.started"):
        time_left("connect_timeout", None, request.deadline)


class _NoCookies(CookieJar):
    """Keeps no cookies: one may hold a token."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Do nothing, which also takes less time."""


def _own_client(kind: Any, proxy: str | None, secure: bool) -> Any:
    # To read the certificates takes 15 ms, and plain HTTP needs none.
    verify = tls_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with suppress(ImportError):
        return kind(verify=verify, proxy=proxy, limits=LIMITS, trust_env=False, cookies=_NoCookies())
    raise TransportFailure(
        "connect", "the proxy is a SOCKS proxy, which needs one more package: pip install 'httpx[socks]'"
    )
