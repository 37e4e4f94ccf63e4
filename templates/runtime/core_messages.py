"""Requests in the form that httpcore takes, and what its answers have in common with those of httpx.

What reaches the wire is what httpx would send. URLs of the usual form are taken apart here, with a few comparisons; for
any other (hosts in Unicode, IPv6, dot segments, characters that have to be escaped) httpx is imported and asked.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpcore

from .breaking import abort
from .lines import Habits
from .transport import Headers

if TYPE_CHECKING:
    import httpx

    from .transport import HttpRequest

__all__ = ["MOST_LEFT", "Address", "OpenAnswer", "address_of", "core_request", "headers_of", "timeouts_of"]

_DIGITS = frozenset("0123456789")
_IN_HOSTS = _DIGITS | frozenset("abcdefghijklmnopqrstuvwxyz-.")
# The letters, digits and marks that neither a path nor a query may or need escape.
_IN_TARGETS = _IN_HOSTS | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ_~!$&'()*+,;=:@/?%")
_HEXADECIMAL = frozenset("0123456789ABCDEFabcdef")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST = 8192
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

MOST_LEFT = 4
"""Pieces of a body that are read behind the event that ends a stream, to find the end of the body."""


class _Url(httpcore.URL):
    """A URL that finds out its origin once. httpcore asks for it three times in each request."""

    _origin: httpcore.Origin | None = None

    @property
    def origin(self) -> httpcore.Origin:
        if self._origin is None:
            self._origin = super().origin
        return self._origin


class Address:
    """A URL as httpcore takes it, and the value of the Host header."""

    __slots__ = ("host", "secure", "url")

    def __init__(self, scheme: str, host: str, port: int | None, target: str, shown: str) -> None:
        self.secure = scheme == "https"
        self.host = shown.encode("ascii")
        self.url = _Url(scheme=scheme, host=host, port=port, target=target)


@lru_cache(maxsize=64)
def address_of(url: str) -> Address:
    """Take a URL apart.

    Raises:
        httpx.InvalidURL: for a URL that cannot be requested.
    """
    plain = _plain_address(url)
    if plain is not None:
        return plain
    import httpx

    parts = httpx.URL(url)
    target = parts.raw_path.decode("ascii")
    return Address(
        parts.scheme, parts.raw_host.decode("ascii"), parts.port, target, parts.netloc.decode("ascii")
    )


def _plain_address(url: str) -> Address | None:
    """The address, if httpx would take every part of the URL as it stands; None if that is not certain."""
    scheme, mark, rest = url.partition("://")
    slash = rest.find("/")
    authority, target = (rest, "/") if slash < 0 else (rest[:slash], rest[slash:])
    host, colon, digits = authority.partition(":")
    if not mark or scheme not in _DEFAULT_PORTS or len(url) > _LONGEST:
        return None
    if not _is_plain_host(host) or not _is_plain_target(target):
        return None
    port: int | None = None
    if colon:
        if not digits or digits[0] == "0" or len(digits) > 5 or not _DIGITS.issuperset(digits):
            return None
        port = int(digits)
        if port == _DEFAULT_PORTS[scheme]:
            port = None
    return Address(scheme, host, port, target, host if port is None else f"{host}:{port}")


def _is_plain_host(host: str) -> bool:
    """Whether it is a name in lower case or an IPv4 address in its usual form."""
    if not host or not _IN_HOSTS.issuperset(host):
        return False
    if any(character.isalpha() for character in host):
        return True
    numbers = host.split(".")
    return len(numbers) == 4 and all(
        _DIGITS.issuperset(number) and number == str(int(number or -1)) and int(number) < 256
        for number in numbers
    )


def _is_plain_target(target: str) -> bool:
    """Whether path and query hold nothing that has to be escaped or resolved."""
    if not _IN_TARGETS.issuperset(target) or "/." in target:
        return False
    escapes = target.split("%")[1:]
    return all(len(escape) > 1 and _HEXADECIMAL.issuperset(escape[:2]) for escape in escapes)


def headers_of(request: HttpRequest, host: bytes) -> list[tuple[bytes, bytes]]:
    """Exactly our headers, after Host and before the length of the body.

    Raises:
        UnicodeEncodeError: for a header that is not ASCII.
    """
    headers = [(b"Host", host)]
    headers += [(name.encode("ascii"), value.encode("ascii")) for name, value in request.headers]
    content = request.content
    if content is not None:
        headers.append((b"Content-Length", b"%d" % len(content)))
    elif request.method in _WITH_BODY:
        headers.append((b"Content-Length", b"0"))
    return headers


def timeouts_of(request: HttpRequest) -> dict[str, float | None]:
    """The time limits in the form of the extension that httpx and httpcore share."""
    limits = request.timeouts
    return {"connect": limits.connect, "read": limits.read, "write": limits.write, "pool": limits.pool}


def core_request(
    request: HttpRequest, address: Address, timeouts: dict[str, float | None]
) -> httpcore.Request:
    """The request for a pool of httpcore, synchronous or not."""
    content = request.content
    return httpcore.Request(
        request.method,
        address.url,
        headers=headers_of(request, address.host),
        content=b"" if content is None else content,
        extensions={"timeout": timeouts},
    )


class OpenAnswer:
    """An answer of httpcore or httpx whose body has not been read."""

    __slots__ = ("_pieces", "_process", "_response", "_stream", "connection", "headers", "status")

    def __init__(self, response: httpcore.Response | httpx.Response) -> None:
        self._response = response
        self._stream: Any = response.stream
        self._pieces: Any = None
        self._process = os.getpid()
        if isinstance(response, httpcore.Response):
            self.status = response.status
            pairs = response.headers
        else:
            self.status = response.status_code
            pairs = response.headers.raw
        self.headers = Headers.of_bytes(pairs)
        self.connection: object = response.extensions.get("network_stream")
        if isinstance(self.connection, Habits):
            self.connection.settle(self.headers.get("transfer-encoding") == "chunked")

    def abort(self) -> None:
        """Break the connection from another thread, or from a callback of the event loop."""
        abort(self.connection, self._process)
