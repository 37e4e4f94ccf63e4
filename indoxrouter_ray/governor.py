"""Pace and budget of all actors of a Ray cluster: an actor that grants them, and its counterparts in the workers.

Workers lease starts ahead, some at a time and for a quarter of a second, so that a call does not wait for the governor.
A 429 in one worker therefore pauses all of them within a quarter of a second. A worker that is silent for the length of
a lease counts as dead, and what it held is released.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from indoxrouter_bulk.rate_limiter import RateLimiter
from indoxrouter_ext.calls.retry import RetryPolicy
from indoxrouter_ext.spending.estimate import Estimator
from indoxrouter_ext.spending.protocol import Amount, BudgetExceededError, Spend

__all__ = ["Governor", "GovernorBudget", "GovernorPace", "governor"]

_AHEAD = 16
_VALID = 0.25
_FULL = 1 - 1e-9  # amounts are sums of floats


class Governor:
    """What the actor does; see `governor`."""

    def __init__(
        self,
        usd: float | None = None,
        per_minute: float | None = None,
        lease: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        policy = RetryPolicy(0, float("inf"), first_wait=1.0, longest_wait=60.0, jitter=None)
        self._limiter = RateLimiter(policy, per_minute, clock=clock)
        self._usd = usd
        self._lease = lease
        self._clock = clock
        self._spent = Spend()
        self._seen: dict[str, float] = {}
        self._calls: dict[str, int] = {}
        self._reserved: dict[tuple[str, int], float] = {}

    def _hear(self, worker: str) -> None:
        now = self._clock()
        self._seen[worker] = now
        for other in [name for name, moment in self._seen.items() if now - moment > self._lease]:
            del self._seen[other]
            for _ in range(self._calls.pop(other, 0)):
                self._limiter.end()
            for held in [key for key in self._reserved if key[0] == other]:
                del self._reserved[held]

    def take(self, worker: str, ended: int, unused: int) -> tuple[int, float]:
        """Record calls that ended and grants that were not used, and grant starts.

        Returns:
            How many, and the seconds to wait.
        """
        self._hear(worker)
        for _ in range(min(ended + unused, self._calls.get(worker, 0))):
            self._limiter.end()
            self._calls[worker] -= 1
        granted, wait = 0, 0.0
        while granted < _AHEAD and not (wait := self._limiter.try_start()):
            granted += 1
        self._calls[worker] = self._calls.get(worker, 0) + granted
        return granted, wait

    def answered(self, worker: str, headers: dict[str, str]) -> None:
        """Record the end of a call whose answer states the server's limit."""
        self._hear(worker)
        self._calls[worker] = max(0, self._calls.get(worker, 0) - 1)
        self._limiter.end(headers)

    def refused(self, worker: str, retry_after: float | None) -> float:
        """Record a 429. Returns the seconds of everybody's pause."""
        self._hear(worker)
        self._calls[worker] = max(0, self._calls.get(worker, 0) - 1)
        return self._limiter.on_rate_limited(retry_after)

    def reserve(self, worker: str, number: int, usd: float) -> Spend | None:
        """Reserve an amount. Returns None, or what has been spent if the limit does not allow it."""
        self._hear(worker)
        spend = self.spend()
        used = spend.usd + spend.reserved.usd
        if self._usd is not None and (used + usd > self._usd / _FULL or used >= self._usd * _FULL):
            return spend
        self._reserved[worker, number] = usd
        return None

    def settle(self, worker: str, number: int, usd: float | None, reported: bool = True) -> None:
        """Replace a reservation with what the call has cost; None if that is unknown."""
        self._hear(worker)
        held = self._reserved.pop((worker, number), 0.0)
        cost = held if usd is None else usd
        spent = self._spent
        self._spent = spent._replace(
            usd=spent.usd + cost,
            calls=spent.calls + 1,
            unreported=spent.unreported + (usd is None or not reported),
        )

    def release(self, worker: str, number: int) -> None:
        """Give a reservation back."""
        self._hear(worker)
        self._reserved.pop((worker, number), None)

    def spend(self) -> Spend:
        """What has been spent and reserved."""
        return self._spent._replace(reserved=Amount(sum(self._reserved.values())))

    def limit(self) -> float | None:
        """The limit in US dollars."""
        return self._usd


def governor(usd: float | None = None, per_minute: float | None = None, lease: float = 60.0) -> Any:
    """Start a governor: an actor that grants pace and budget to all workers that get it as `governor=`.

    Args:
        usd: limit in US dollars of all workers together; None for no limit.
        per_minute: calls a minute of all workers together; None for the server's limit alone.
        lease: seconds after which a silent worker counts as dead.

    Returns:
        The handle of a Ray actor.
    """
    ray: Any = import_module("ray")  # optional: Dask and Daft need no Ray
    return ray.remote(num_cpus=0)(Governor).remote(usd, per_minute, lease)


def _ask(call: Any) -> Any:
    return call.future().result(timeout=60)


class GovernorPace:
    """The pace of one worker, as the governor grants it; a `Pace`."""

    def __init__(self, actor: Any, worker: str | None = None) -> None:
        self._actor = actor
        self._worker = worker or secrets.token_hex(8)
        self._granted = self._ended = 0
        self._until = 0.0

    def try_start(self) -> float:
        """Start a call: 0 if it may start now, else the seconds after which to ask again."""
        if not self._granted or time.monotonic() > self._until:
            ended, self._ended = self._ended, 0
            unused, self._granted = self._granted, 0
            self._granted, wait = _ask(self._actor.take.remote(self._worker, ended, unused))
            self._until = time.monotonic() + _VALID
            if not self._granted:
                return max(0.001, float(wait))
        self._granted -= 1
        return 0.0

    def end(self, headers: Mapping[str, str] | None = None) -> None:
        """Record the end of a call; see `Pace`."""
        stated = {name: headers[name] for name in ("x-ratelimit-remaining", "x-ratelimit-reset", "date")
                  if headers is not None and name in headers}  # fmt: skip
        if "x-ratelimit-remaining" in stated:
            self._actor.answered.remote(self._worker, stated)
        else:
            self._ended += 1

    def on_rate_limited(self, retry_after: float | None) -> float:
        """Record that a call was refused with 429; all workers pause."""
        self._ended += self._granted
        self._granted = 0
        return float(_ask(self._actor.refused.remote(self._worker, retry_after)))


class GovernorBudget:
    """The budget of one worker, as the governor grants it; a `BudgetProtocol`."""

    def __init__(self, actor: Any, worker: str | None = None) -> None:
        self._actor = actor
        self._worker = worker or secrets.token_hex(8)
        self._number = 0
        self.estimator = Estimator(Amount())
        self.usd: float | None = _ask(actor.limit.remote())

    @property
    def spend(self) -> Spend:
        """What all workers have spent."""
        found: Spend = _ask(self._actor.spend.remote())
        return found

    def reserve(self, estimate: Amount) -> int:
        """Reserve an estimate.

        Raises:
            BudgetExceededError: when the estimate would pass the limit.
        """
        self._number += 1
        spend = _ask(self._actor.reserve.remote(self._worker, self._number, estimate.usd))
        if spend is not None:
            raise BudgetExceededError(spend, estimate, usd=self.usd)
        return self._number

    def settle(self, reservation: Any, actual: Amount | None) -> None:
        """Replace a reservation with what the call has cost."""
        usd, reported = (None, False) if actual is None else (actual.usd, actual.reported)
        self._actor.settle.remote(self._worker, reservation, usd, reported)

    def release(self, reservation: Any) -> None:
        """Give a reservation back."""
        self._actor.release.remote(self._worker, reservation)
