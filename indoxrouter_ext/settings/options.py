"""The options of a client and of a call, for type checkers. `settings` says how they are checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, TypedDict

if TYPE_CHECKING:
    import httpx
    from indoxrouter._runtime.http.interface import Timeouts

__all__ = ["CallOptions", "ClientOptions", "TimeoutInput"]

TimeoutInput: TypeAlias = (
    "float | tuple[float | None, float | None, float | None, float | None] | Timeouts | httpx.Timeout | None"
)
"""Seconds between two bytes; or `(connect, read, write, pool)`; or an `httpx.Timeout`; None waits for ever."""


class ClientOptions(TypedDict, total=False):
    """What a constructor takes beside its named arguments."""

    deadline: float | None
    first_token_timeout: float | None
    token_timeout: float | None
    max_retries: int
    max_retry_wait: float
    headers: Mapping[str, str]
    max_response_bytes: int
    idempotency_key: str | None


class CallOptions(ClientOptions, total=False):
    """What `with_options` takes."""

    timeout: TimeoutInput
