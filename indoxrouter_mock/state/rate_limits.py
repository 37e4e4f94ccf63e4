"""Rate limits by tier: requests in a minute and tokens in an hour, in fixed windows on the mock's clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..base.clock import Clock, iso
from ..base.text import plural
from ..spec.errors import ApiError
from .accounts import Account, ApiKey

MINUTE = 60.0
HOUR = 3600.0


@dataclass(slots=True)
class Window:
    """What was used since `start`, in a window of `length` seconds."""

    length: float
    start: float = -math.inf
    used: int = 0

    def roll(self, now: float) -> None:
        """Begin a new window when this one has ended."""
        if now >= self.start + self.length:
            self.start, self.used = now, 0

    @property
    def end(self) -> float:
        """When the window ends."""
        return self.start + self.length


class RateLimits:
    """Counts requests and tokens for each API key, and refuses a request beyond the limits of the account's tier."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[int, int], tuple[Window, Window]] = {}

    def admit(self, account: Account, key: ApiKey | None) -> list[tuple[str, str]]:
        """Count one request and return the limit headers. Raises ApiError 429 when the account is over a limit."""
        tier = account.tier
        if tier.requests_per_minute is None or tier.tokens_per_hour is None:
            return []
        now = self._clock.now()
        requests, tokens = self._windows.setdefault(_owner(account, key), (Window(MINUTE), Window(HOUR)))
        requests.roll(now)
        tokens.roll(now)
        if requests.used >= tier.requests_per_minute:
            raise exceeded("requests_per_minute", tier.requests_per_minute, requests.end, now)
        if tokens.used >= tier.tokens_per_hour:
            raise exceeded("tokens_per_hour", tier.tokens_per_hour, tokens.end, now)
        requests.used += 1
        return limit_headers(tier.requests_per_minute, tier.requests_per_minute - requests.used, requests.end)

    def forget(self, account: Account) -> None:
        """Reset all windows of an account."""
        self._windows = {owner: each for owner, each in self._windows.items() if owner[0] != account.id}

    def spend(self, account: Account, key: ApiKey | None, tokens: int) -> None:
        """Count tokens that a request has used."""
        if self._windows and (windows := self._windows.get(_owner(account, key))) is not None:
            windows[1].used += tokens


def _owner(account: Account, key: ApiKey | None) -> tuple[int, int]:
    """Limits apply to each API key; logins by password share one further count."""
    return account.id, key.id if key is not None else 0


def limit_headers(limit: int, remaining: int, reset: float) -> list[tuple[str, str]]:
    """The `X-RateLimit-*` headers; `reset` is the end of the window in seconds since the epoch."""
    return [
        ("x-ratelimit-limit", str(limit)),
        ("x-ratelimit-remaining", str(max(0, remaining))),
        ("x-ratelimit-reset", str(math.ceil(reset))),
    ]


def exceeded(kind: str, limit: int, reset: float, now: float) -> ApiError:
    """The documented 429: `Retry-After`, the limit headers, and the same again in the body's details."""
    wait = max(1, math.ceil(reset - now))
    noun, period = kind.split("s_per_")
    return ApiError(
        429,
        f"rate limit exceeded: {plural(limit, noun)} per {period}; try again in {wait} s",
        details={"limit_type": kind, "limit": limit, "reset_time": iso(reset), "retry_after": wait},
        headers=[("retry-after", str(wait)), *limit_headers(limit, 0, reset)],
    )
