"""The budget of one process."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.codecs.base import no_attribute
from indoxrouter._runtime.operations.named import names_arguments
from indoxrouter._runtime.values.text import plural

from ..http.fork_safety import register_for_fork
from .estimate import Estimator
from .protocol import Amount, BudgetExceededError, Spend

_FULL = 1 - 1e-9  # amounts are sums of floats


class Reservation:
    """The estimate of one call in flight."""

    __slots__ = ("estimate",)

    def __init__(self, estimate: Amount) -> None:
        self.estimate = estimate


class Budget:
    """A limit for what the calls of one process may cost: `Client(budget=Budget(usd=5.0))`.

    It counts what answers report, streams included, and refuses a call whose estimate would pass the limit.
    Copies of a client that `with_options` makes share it; several clients may share it as well. Without limits, it only
    counts.

    Args:
        usd: limit in US dollars; None for no limit.
        tokens: limit in tokens of requests and answers; None for no limit.
        window: seconds; only what was spent within the last `window` seconds counts. None counts everything.
        expected_usd: estimate of a call in US dollars before there is any answer to learn from. With 0, calls that
            start together before the first answer are not held back.
        clock: seconds on a monotonic clock; injectable for tests.

    Raises:
        ValueError: for a limit or a window that is not a positive number.
    """

    @names_arguments
    def __init__(
        self,
        usd: float | None = None,
        tokens: int | None = None,
        window: float | None = None,
        *,
        expected_usd: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.usd = check_limit("usd", usd)
        limit = check_limit("tokens", tokens)
        if limit is not None and limit != int(limit):
            raise ValueError(f"tokens: expected a whole number of tokens or None, got {tokens!r}")
        self.tokens = None if limit is None else int(limit)
        self.window = check_limit("window", window)
        expected = check_limit("expected_usd", expected_usd, zero=True) or 0.0
        self.estimator = Estimator(Amount(expected))
        self._clock = clock
        self._lock = threading.Lock()
        self._settled: deque[tuple[float, Amount]] = deque()  # only with a window
        self._reserved: set[Reservation] = set()
        self._usd = 0.0
        self._tokens = 0
        self._calls = 0
        self._unreported = 0
        register_for_fork(self)

    def __repr__(self) -> str:
        limits = [
            f"{name}={value!r}"
            for name in ("usd", "tokens", "window")
            if (value := getattr(self, name)) is not None
        ]
        spend = self.spend
        spent = f"${spend.usd:.6f} and {plural(spend.tokens, 'token')} in {plural(spend.calls, 'call')}"
        return f"<Budget({', '.join(limits)}): {spent}>"

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report misspelt attributes

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name, {"spent": "spend.usd", "cost": "spend.usd", "limit": "usd"})

    def reset_after_fork(self) -> None:
        """Replace the lock and drop the calls in flight in a forked child: both belong to the parent process."""
        self._lock = threading.Lock()
        self._reserved = set()

    @property
    def spend(self) -> Spend:
        """What has been spent within the window, and what the calls in flight may add."""
        with self._lock:
            self._forget_old()
            return self._spend()

    def reserve(self, estimate: Amount) -> Reservation:
        """Reserve an estimate; see `BudgetProtocol`.

        Raises:
            BudgetExceededError: when the estimate would pass a limit, or when a limit has been reached.
        """
        with self._lock:
            self._forget_old()
            spend = self._spend()
            if self._passes(self.usd, spend.usd + spend.reserved.usd, estimate.usd) or self._passes(
                self.tokens, spend.tokens + spend.reserved.tokens, estimate.tokens
            ):
                raise BudgetExceededError(
                    spend, estimate, usd=self.usd, tokens=self.tokens, available_in=self._available_in()
                )
            reservation = Reservation(estimate)
            self._reserved.add(reservation)
            return reservation

    def settle(self, reservation: Reservation, actual: Amount | None) -> None:
        """Replace a reservation with what the call has cost; see `BudgetProtocol`."""
        with self._lock:
            self._reserved.discard(reservation)
            cost = reservation.estimate._replace(reported=False) if actual is None else actual
            self._count(cost, 1)
            if self.window is not None:
                self._settled.append((self._clock(), cost))

    def release(self, reservation: Reservation) -> None:
        """Give a reservation back."""
        with self._lock:
            self._reserved.discard(reservation)

    @staticmethod
    def _passes(limit: float | None, used: float, more: float) -> bool:
        # A limit that has been reached admits no call, not even one that is expected to be free.
        return limit is not None and (used + more > limit / _FULL or used >= limit * _FULL)

    def _spend(self) -> Spend:
        reserved = [reservation.estimate for reservation in self._reserved]
        return Spend(
            max(0.0, self._usd),
            self._tokens,
            self._calls,
            self._unreported,
            Amount(math.fsum(cost.usd for cost in reserved), sum(cost.tokens for cost in reserved)),
        )

    def _count(self, cost: Amount, sign: int) -> None:
        self._usd += sign * cost.usd
        self._tokens += sign * cost.tokens
        self._calls += sign
        self._unreported += sign * (not cost.reported)

    def _forget_old(self) -> None:
        if self.window is None:
            return
        oldest = self._clock() - self.window
        while self._settled and self._settled[0][0] <= oldest:
            _, cost = self._settled.popleft()
            self._count(cost, -1)
        if not self._settled:
            self._usd = 0.0  # differences of floats leave a remainder

    def _available_in(self) -> float | None:
        if self.window is None or not self._settled:
            return None
        return max(0.0, self._settled[0][0] + self.window - self._clock())


def check_limit(name: str, value: object, *, zero: bool = False) -> float | None:
    """A positive number, or None.

    Raises:
        ValueError: for anything else.
    """
    if value is None:
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0 or (value == 0 and not zero):  # type: ignore[arg-type, operator]
        kind = "a number, 0 or more" if zero else "a positive number or None"
        raise ValueError(f"{name}: expected {kind}, got {value!r:.60}")
    return float(value)  # type: ignore[arg-type]
