"""Whether a server keeps connections open between requests, found out without losing a billed call."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .transport import HttpRequest

__all__ = ["Probation"]


class Probation:
    """Whether the server keeps connections, as far as this engine has seen.

    Some servers close after each answer without saying so. Their FIN is a moment behind the answer, and a billed call
    that is written into that moment fails for nothing. Until a connection has carried two requests, calls that cannot
    be repeated therefore wait a millisecond, after which httpcore notices a connection that was closed.
    """

    __slots__ = ("_seen", "_since")

    SECONDS = 0.001

    def __init__(self) -> None:
        self._seen: weakref.WeakSet[Any] | None = weakref.WeakSet()
        self._since = float("-inf")

    def pause(self, request: HttpRequest) -> float:
        """Seconds to wait before a request."""
        if self._seen is None or request.method == "GET" or time.monotonic() - self._since > 0.05:
            return 0.0
        return self.SECONDS

    def note(self, connection: object) -> None:
        """Take down which connection an answer came by."""
        seen = self._seen
        if seen is None or connection is None:
            return
        if connection in seen:
            self._seen = None  # proven
        else:
            seen.add(connection)
            self._since = time.monotonic()
