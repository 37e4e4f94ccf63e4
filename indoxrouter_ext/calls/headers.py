"""The headers of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call

    from ..settings.values import Settings

__all__ = ["RequestHeaders"]

Pairs = list[tuple[str, str]]
SharedPairs = tuple[tuple[str, str], ...]

_ACCEPT = ("Accept", "application/json, */*;q=0.5")
_ACCEPT_STREAM = ("Accept", "text/event-stream, application/json")
_ACCEPT_ENCODING = ("Accept-Encoding", "gzip, deflate")
_MAX_CACHED = 16  # every multipart body has a content type of its own


class RequestHeaders:
    """Builds the headers of requests. Those that all calls share are built once, until the token changes."""

    __slots__ = ("_cached",)

    def __init__(self) -> None:
        self._cached: dict[tuple[bool, str | None], tuple[Settings, str | None, SharedPairs]] = {}

    def of(
        self, call: Call[Any], settings: Settings, token: str | None, key: str | None
    ) -> tuple[Pairs, SharedPairs]:
        """All headers of a request, and the first of them, which the next request is likely to share.

        Args:
            call: the request; it may have headers of its own.
            settings: their headers replace all others of the same names.
            token: the bearer token, or None.
            key: the idempotency key, or None.
        """
        kind = (call.streaming, call.content_type)
        cached = self._cached.get(kind)
        if cached is None or cached[0] is not settings or cached[1] != token:
            if len(self._cached) >= _MAX_CACHED:
                self._cached.clear()
            cached = self._cached[kind] = (settings, token, _shared(call, settings, token))
        shared = cached[2]
        headers = [*shared]
        if key is not None:
            headers.append(("Idempotency-Key", key))
        if call.headers:
            headers.extend(call.headers.items())
        if settings.headers and len(headers) > len(shared):
            own = {name.lower() for name, _ in settings.headers}
            headers[len(shared) :] = [pair for pair in headers[len(shared) :] if pair[0].lower() not in own]
        return headers, shared


def _shared(call: Call[Any], settings: Settings, token: str | None) -> SharedPairs:
    headers = [
        _ACCEPT_STREAM if call.streaming else _ACCEPT,
        _ACCEPT_ENCODING,
        ("User-Agent", settings.user_agent),
    ]
    if call.content_type is not None:
        headers.append(("Content-Type", call.content_type))
    if token is not None:
        headers.append(("Authorization", f"Bearer {token}"))
    if settings.headers:
        own = {name.lower() for name, _ in settings.headers}
        headers = [pair for pair in headers if pair[0].lower() not in own]
        headers.extend(settings.headers)
    return tuple(headers)
