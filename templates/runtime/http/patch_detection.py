"""Whether a mocking or tracing tool has replaced something in httpx or httpcore.

The direct engine sends requests past httpx. That would make them invisible to respx, pytest-httpx, vcrpy and the
tracers of OpenTelemetry and Sentry, which replace methods of its classes, or the classes. A request that was meant for
a mock costs money when it is sent, so this is checked before each request: a tool may be set up after the first one,
and removed again.
"""

from __future__ import annotations

from sys import modules
from types import FunctionType
from typing import Any


class _Original:
    """One class, and its attributes as they were when no tool had replaced any."""

    __slots__ = ("_attributes", "_class", "_ids", "_name", "_package")

    def __init__(self, package: str, name: str) -> None:
        self._package = package
        self._name = name
        self._class: type[Any] | None = None
        self._ids: list[int] = []
        self._attributes: list[Any] = []  # keeps them alive, so that no other object gets one of the ids

    def is_intact(self) -> bool:
        """Whether the class and its methods are the package's own. Takes a microsecond."""
        found: type[Any] | None = getattr(modules.get(self._package), self._name, None)
        if found is None:  # not imported, or another thread is importing it
            return True
        # Compared by identity: the proxies of wrapt are equal to what they replace.
        ids = list(map(id, vars(found).values()))
        if found is self._class and ids == self._ids:
            return True
        attributes = [*vars(found).values()]
        if type(found) is not type or not _belongs(found.__module__, self._package):
            return False
        if not all(_is_own(attribute, self._package) for attribute in attributes if callable(attribute)):
            return False
        self._class, self._ids, self._attributes = found, ids, attributes
        return True


def _is_own(attribute: object, package: str) -> bool:
    if isinstance(attribute, (type, classmethod, staticmethod)):
        return True
    # Where its globals are: `__module__` says nothing, because functools.wraps copies it.
    home = attribute.__globals__.get("__name__") if type(attribute) is FunctionType else None
    return home == "contextlib" or _belongs(home, package)


def _belongs(module: object, package: str) -> bool:
    return isinstance(module, str) and module.partition(".")[0] == package


_SYNC = (
    _Original("httpx", "Client"),
    _Original("httpx", "HTTPTransport"),
    _Original("httpcore", "ConnectionPool"),
)
_ASYNC = (
    _Original("httpx", "AsyncClient"),
    _Original("httpx", "AsyncHTTPTransport"),
    _Original("httpcore", "AsyncConnectionPool"),
)


def httpx_is_patched(asynchronous: bool) -> bool:
    """Whether requests of one kind have to go through httpx to be seen. Takes 3 µs, if httpx is imported at all."""
    if "httpx" not in modules and "httpcore" not in modules:
        return False
    return not all(original.is_intact() for original in (_ASYNC if asynchronous else _SYNC))
