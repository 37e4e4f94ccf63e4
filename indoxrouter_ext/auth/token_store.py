"""The current token of a client, and the rules by which it is replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from indoxrouter._runtime.http.interface import TransportFailure
from indoxrouter._runtime.values.text import amount_of
from indoxrouter.errors import IndoxRouterError, NetworkError

RefreshT = TypeVar("RefreshT")

DEFAULT_LIFETIME = 3600.0
LONGEST_MARGIN = 60.0
REFRESH_PAUSE = 5.0


class TokenStore:
    """The token of one client, shared by all of its threads or tasks. The policy:

    1. A token is used until `min(60 s, half its lifetime)` before it expires, then replaced before the next request.
    2. Its lifetime is `expires_in`, counted on the monotonic clock from the moment the answer was received. Text such
       as "3600" is read as a number; null, a malformed and a missing value mean one hour. The `exp` claim of a JWT is
       ignored, because the local clock may be wrong.
    3. One caller at a time replaces it. All others wait for that refresh and share its result or its failure: 200 tasks
       that find an expired token send one request, whether it succeeds or not.
    4. The refresh runs outside the lock. In asyncio it is a task of its own, so that cancelling one caller does not
       cancel the refresh that others wait for.
    5. A 401 discards the token only if it is still the one that was sent. Each call may replace a token once; a second
       401 is raised.
    6. A refresh token is used if the server issued one, and dropped when it is refused; then the API key is exchanged.
    7. Only 401 and 403 from the token endpoint mean that the key is invalid. Any other failure is raised as an outage.
    8. With automatic refreshing off, an expired token raises `AuthenticationError`, and nothing is exchanged.
    9. A refresh that fails does not fail a call while the present token is valid; it is tried again 5 s later.
    10. Tokens are never shown: `repr` says whether there is one and for how long it is valid.

    Args:
        clock: seconds on a monotonic clock.

    Attributes:
        token: the current token, fresh or not; None before the first.
        refresh_token: the refresh token issued with it, or None.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.token: str | None = None
        self.refresh_token: str | None = None
        self._expires_at = 0.0
        self._renew_at = 0.0
        self._refresh: Any = None  # the one under way: a `Refresh`, or a task

    def __repr__(self) -> str:
        if self.token is None:
            return "TokenStore(no token)"
        return f"TokenStore(valid for {max(0.0, self._expires_at - self._clock()):.0f} s)"

    def reset_after_fork(self) -> None:
        """Replace the lock and forget the refresh in a forked child: their threads exist in the parent only."""
        self._lock = threading.Lock()
        self._refresh = None

    def fresh(self) -> str | None:
        """The token, if it need not be replaced yet."""
        return self.token if self.token is not None and self._clock() < self._renew_at else None

    def unexpired(self) -> str | None:
        """The token, if it has not expired."""
        return self.token if self.token is not None and self._clock() < self._expires_at else None

    def accept(self, access_token: str, expires_in: object, refresh_token: str | None) -> None:
        """Store a new token; its lifetime starts now."""
        seconds = lifetime(expires_in)
        now = self._clock()
        with self._lock:
            self.token = access_token
            self._expires_at = now + seconds
            self._renew_at = now + seconds - min(LONGEST_MARGIN, seconds / 2)
            self.refresh_token = refresh_token

    def postpone_refresh(self) -> str | None:
        """The token if it has not expired. After a failed refresh, the next is due in `REFRESH_PAUSE` s."""
        with self._lock:
            token = self.unexpired()
            if token is not None:
                self._renew_at = min(self._expires_at, self._clock() + REFRESH_PAUSE)
            return token

    def discard(self, token: str) -> None:
        """Discard a token that was refused, unless it has been replaced already."""
        with self._lock:
            if self.token == token:
                self.token = None

    def drop_refresh_token(self, refresh_token: str) -> None:
        """Discard a refresh token that was refused, unless it has been replaced already."""
        with self._lock:
            if self.refresh_token == refresh_token:
                self.refresh_token = None

    def begin_or_join(
        self, start: Callable[[], RefreshT], usable: Callable[[RefreshT], bool]
    ) -> tuple[RefreshT, bool] | None:
        """Join the refresh that is under way, if it is usable, or start one.

        Returns:
            The refresh and whether the caller has begun it; None if there is a fresh token by now.
        """
        with self._lock:
            if self.fresh() is not None:
                return None
            if self._refresh is not None and usable(self._refresh):
                return self._refresh, False
            self._refresh = start()
            return self._refresh, True

    def complete(self, refresh: object) -> None:
        """Record that a refresh has ended, successfully or not."""
        with self._lock:
            if self._refresh is refresh:
                self._refresh = None


class Refresh:
    """One token refresh that several threads wait for."""

    __slots__ = ("_done", "error")

    def __init__(self) -> None:
        self._done = threading.Event()
        self.error: BaseException | None = None

    def finish(self, error: BaseException | None = None) -> None:
        """Wake the waiting threads; `error` is the failure that they share."""
        self.error = error
        self._done.set()

    def wait(self, seconds: float | None) -> bool:
        """Wait for the end. Returns False on a timeout; None waits indefinitely."""
        return self._done.wait(seconds)


def copy_error(error: BaseException) -> BaseException:
    """The failure of a shared token refresh for one more caller, without the traceback of the caller that ran it."""
    if isinstance(error, IndoxRouterError):
        copy = type(error)(error.message)
        copy.__dict__.update(error.__dict__)
        return copy
    if isinstance(error, TransportFailure):
        return TransportFailure(error.kind, error.reason)
    if isinstance(error, Exception):
        return error.with_traceback(None)  # of the function that gives the key
    # The caller that ran the refresh was interrupted (Ctrl-C, a cancelled task). The others only lack a token.
    return NetworkError(
        f"The token exchange that this call waited for was interrupted ({type(error).__name__})"
    )


def lifetime(expires_in: Any) -> float:
    """Seconds until a token expires, from `expires_in` as the server sent it."""
    seconds = amount_of(expires_in)
    return DEFAULT_LIFETIME if seconds is None else seconds
