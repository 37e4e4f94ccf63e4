"""Tokens: what is known about the current one, and the rules by which it is replaced."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["Flight", "TokenStore"]

FlightT = TypeVar("FlightT")

DEFAULT_LIFETIME = 3600.0
LONGEST_MARGIN = 60.0
RENEWAL_PAUSE = 5.0


class TokenStore(Generic[FlightT]):
    """The token of one client, shared by all of its threads or tasks. The policy:

    1. A token is used until `min(60 s, half its life)` before its end, then replaced before the next request.
    2. Its life is `expires_in`, counted from the moment the answer arrived, on the monotonic clock. Text such as
       "3600" is read as a number; null, nonsense and a missing value mean one hour. The `exp` inside a JWT is never
       looked at: the local clock may be wrong.
    3. One caller at a time replaces it (single flight). All others wait for that one exchange and share its result, and
       its failure too: 200 tasks that meet an expired token make one request, whether it succeeds or not.
    4. The exchange happens outside the lock. In asyncio it is a task of its own, so that a caller who is cancelled
       takes nobody else down.
    5. A 401 discards the token only if it is still the one that was sent. A caller may replace a token once for each
       call; a second 401 is the answer.
    6. A refresh token is used where the server gave one, and dropped when it is refused; then the API key is exchanged.
    7. Only 401 and 403 from the token endpoint mean that the key is bad. Everything else is an outage and says so.
    8. With automatic refreshing off, an expired token raises `AuthenticationError`, and nothing is exchanged.
    9. A renewal that fails does not fail a call while the present token is good; it is tried again 5 s later.
    10. Nothing here is ever shown: `repr` tells whether there is a token and for how long.

    Args:
        clock: seconds on a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self._refresh_token: str | None = None
        self._expires_at = 0.0
        self._renew_at = 0.0
        self._flight: FlightT | None = None

    def __repr__(self) -> str:
        if self._token is None:
            return "TokenStore(no token)"
        return f"TokenStore(a token for {max(0.0, self._expires_at - self._clock()):.0f} s more)"

    @property
    def token(self) -> str | None:
        """The current token, fresh or not."""
        return self._token

    @property
    def refresh_token(self) -> str | None:
        """The refresh token that came with the current token, if any."""
        return self._refresh_token

    def start_anew(self) -> None:
        """In a forked child: whoever held the lock, or made an exchange, is not there."""
        self._lock = threading.Lock()
        self._flight = None

    def fresh(self) -> str | None:
        """The token, if it need not be replaced yet."""
        return self._token if self._token is not None and self._clock() < self._renew_at else None

    def secrets(self) -> tuple[str | None, str | None]:
        """The tokens, for whoever has to keep them from being shown."""
        return self._token, self._refresh_token

    def is_told_by(self, text: str) -> bool:
        """Whether a text holds one of the tokens."""
        token, refresh_token = self._token, self._refresh_token
        return (token is not None and token in text) or (refresh_token is not None and refresh_token in text)

    def unexpired(self) -> str | None:
        """The token, if it has not reached its end: what counts where nothing may be replaced."""
        return self._token if self._token is not None and self._clock() < self._expires_at else None

    def accept(self, access_token: str, expires_in: object, refresh_token: str | None) -> None:
        """Take a new token and start its life now."""
        life = lifetime(expires_in)
        now = self._clock()
        with self._lock:
            self._token = access_token
            self._expires_at = now + life
            self._renew_at = now + life - min(LONGEST_MARGIN, life / 2)
            self._refresh_token = refresh_token

    def postpone_renewal(self) -> str | None:
        """The token if it has not expired. Its renewal, which has failed, is due again after `RENEWAL_PAUSE`."""
        with self._lock:
            if self._token is None or self._clock() >= self._expires_at:
                return None
            self._renew_at = min(self._expires_at, self._clock() + RENEWAL_PAUSE)
            return self._token

    def discard(self, token: str) -> bool:
        """Forget a token that was refused, unless it has been replaced meanwhile. Says whether it was forgotten."""
        with self._lock:
            if self._token != token:
                return False
            self._token = None
            return True

    def drop_refresh_token(self, refresh_token: str) -> None:
        """Forget a refresh token that was refused, unless it has been replaced meanwhile."""
        with self._lock:
            if self._refresh_token == refresh_token:
                self._refresh_token = None

    def clear(self) -> None:
        """Forget everything: the server or the key has changed."""
        with self._lock:
            self._token = self._refresh_token = None
            self._flight = None

    def join(
        self, start: Callable[[], FlightT], usable: Callable[[FlightT], bool]
    ) -> tuple[FlightT | None, bool]:
        """Join the exchange under way, or become the one who makes it.

        Returns:
            The flight and whether the caller leads it; `(None, False)` when a fresh token is there after all.
        """
        with self._lock:
            if self._token is not None and self._clock() < self._renew_at:
                return None, False
            if self._flight is not None and usable(self._flight):
                return self._flight, False
            self._flight = start()
            return self._flight, True

    def land(self, flight: FlightT) -> None:
        """Say that a flight has ended, well or not."""
        with self._lock:
            if self._flight is flight:
                self._flight = None


class Flight:
    """One exchange that several threads wait for."""

    __slots__ = ("_done", "error")

    def __init__(self) -> None:
        self._done = threading.Event()
        self.error: BaseException | None = None

    def finish(self, error: BaseException | None = None) -> None:
        """Wake the waiters, with the leader's failure if there was one."""
        self.error = error
        self._done.set()

    def wait(self, seconds: float | None) -> bool:
        """Wait for the end; False when the time ran out first."""
        return self._done.wait(seconds)


def lifetime(expires_in: Any) -> float:
    """Seconds that a token lives, from whatever the server sent."""
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float, str)):
        return DEFAULT_LIFETIME
    try:
        seconds = float(expires_in)
    except (ValueError, OverflowError):
        return DEFAULT_LIFETIME
    return seconds if math.isfinite(seconds) and seconds >= 0 else DEFAULT_LIFETIME
