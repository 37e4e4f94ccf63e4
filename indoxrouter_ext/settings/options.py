"""The options of a client and of a call, for type checkers and readers; `values.py` checks and holds their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

from indoxrouter._runtime.values.introspection import UNCHECKED

if TYPE_CHECKING:
    import httpx
    from indoxrouter import BudgetProtocol, Observer  # the front door: both live in folders above this one
    from indoxrouter._runtime.http.interface import Timeouts
    from typing_extensions import TypedDict
else:
    try:
        from typing_extensions import TypedDict  # pydantic requires this one before Python 3.12
    except ImportError:
        from typing import TypedDict

_FourTimes = tuple[float | None, float | None, float | None, float | None]

# One literal: pyright reads no text that is put together.
TimeoutInput: TypeAlias = "Annotated[float | _FourTimes | Timeouts | httpx.Timeout | None, UNCHECKED]"
"""Seconds to wait for the next byte; or `(connect, read, write, pool)`; or an `httpx.Timeout`; None waits
indefinitely."""


class ClientOptions(TypedDict, total=False):
    """The keyword options of a client."""

    deadline: float | None
    """Seconds for a whole call, retries and waiting included; for a stream, until its last event. Default: None, no
    limit."""
    first_token_timeout: float | None
    """Seconds from the request to the first event of a stream; keep-alive comments do not count. Default: None, no
    limit."""
    token_timeout: float | None
    """Seconds between two events of a stream; keep-alive comments do not count. Default: None, no limit."""
    max_retries: int
    """Attempts after the first one, where a retry is safe. Default: 2."""
    max_retry_wait: float
    """Seconds; a longer `Retry-After` is not waited for, and the error is raised. Default: 60."""
    headers: Mapping[str, str]
    """Headers added to each request; they replace the client's own headers of the same names. Default: none."""
    max_response_bytes: int
    """Largest body after decompression, and largest event of a stream, in bytes. Default: 268435456 (256 MiB)."""
    idempotency_key: str | None
    """Sent as `Idempotency-Key`, 1 to 255 visible ASCII characters. Pass one only if the server honours it:
    billable calls are then retried after every failure that may be temporary. Default: None, a random key for each
    call."""
    observers: Sequence[Observer]
    """Objects that are notified of each call; see `Observer`. Default: none."""
    budget: BudgetProtocol | None
    """Limits what calls may cost, such as `Budget(usd=5.0)`. Default: None, no limit."""
    fallback_models: Sequence[str]
    """Models to ask, in order, when the model of the call is unavailable; see the guide "Fallbacks". Default: none."""


class CallOptions(ClientOptions, total=False):
    """The options of `with_options`."""

    timeout: TimeoutInput
    """Seconds to wait for the next byte; or `(connect, read, write, pool)`; or an `httpx.Timeout`; None waits
    indefinitely.
    Default: 30; connecting may take at most 10."""
