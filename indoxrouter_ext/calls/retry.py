"""Whether, and when, a failed attempt is repeated. Calls, downloads and `client.map` use the same policy.

The rule follows billing risk:

- A request that certainly never reached the server is repeated, whatever it does.
- A read (`x-retry: safe`) is repeated after every failure that may be temporary.
- A billable call is repeated only after the server refused it with 429 or 503. After a timeout, a reset or a 500 it may
  have run and been billed. A caller who knows that the server honours idempotency keys passes one; the call is then
  repeated like a read, with that key.

Retries draw on a budget that all calls of a client share, so that a client does not multiply the load of a failing
server.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import TransportFailure

_REFUSED = frozenset({429, 503})
_TEMPORARY = frozenset({408, 429})
_NOT_TEMPORARY = frozenset({501, 505})
# Failures of the network that another attempt may not meet again. A body that is too large or damaged is not among
# them.
_TRANSIENT = frozenset(
    {
        "connect",
        "connect_timeout",
        "pool_timeout",
        "write",
        "write_timeout",
        "disconnected",
        "read",
        "read_timeout",
    }
)


class RetryBudget:
    """A token bucket that all calls of a client share. A retry takes `COST`, a success returns `REFUND`.

    Twenty retries in a row are free. After that, five successes pay for one retry, so retries stop during an outage.

    Attributes:
        spent: tokens that are missing; 0 when there is nothing to refund.
    """

    CAPACITY = 100
    COST = 5
    REFUND = 1

    def __init__(self) -> None:
        self.spent = 0
        self._lock = threading.Lock()

    def reset_after_fork(self) -> None:
        """Replace the lock in a forked child, where the thread that holds it does not exist."""
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Pay for one retry. Returns False when the bucket is empty."""
        with self._lock:
            if self.spent + self.COST > self.CAPACITY:
                return False
            self.spent += self.COST
            return True

    def refund(self) -> None:
        """Return one success's share to the bucket."""
        with self._lock:
            self.spent = max(0, self.spent - self.REFUND)


class FailedAttempt:
    """What the policy has to know of a failed attempt.

    Args:
        risk: the operation's `x-retry`: safe, billed, unbilled or never.
        status: HTTP status of the answer; None when the network failed.
        failure: how the network failed, or None.
        retry_after: seconds that the server asked to wait, or None.
        has_idempotency_key: whether the caller passed an idempotency key.
    """

    __slots__ = ("failure", "has_idempotency_key", "retry_after", "risk", "status")

    def __init__(
        self,
        risk: str,
        status: int | None,
        failure: TransportFailure | None = None,
        *,
        retry_after: float | None = None,
        has_idempotency_key: bool = False,
    ) -> None:
        self.risk = risk
        self.status = status
        self.failure = failure
        self.retry_after = retry_after
        self.has_idempotency_key = has_idempotency_key

    @property
    def may_be_repeated(self) -> bool:
        """Whether another attempt is safe and may succeed."""
        if self.risk == "never":
            return False
        like_a_read = self.risk == "safe" or self.has_idempotency_key
        if self.status is None:
            failure = self.failure
            return failure is not None and failure.kind in _TRANSIENT and (like_a_read or not failure.sent)
        if like_a_read:
            return self.status in _TEMPORARY or (self.status >= 500 and self.status not in _NOT_TEMPORARY)
        return self.status in _REFUSED


class RetryPolicy:
    """Limits and waiting times of retries.

    Args:
        max_retries: attempts after the first one.
        max_wait: seconds; a longer `Retry-After` is not waited for.
        budget: pays for the retries; None for no budget.
        first_wait, longest_wait: seconds; the wait doubles with each attempt, from the first to the longest.
        jitter: returns a random number from 0 to 1, which shortens the wait by up to a half; None for no jitter.
    """

    __slots__ = ("_budget", "_first_wait", "_jitter", "_longest_wait", "_max_retries", "_max_wait")

    def __init__(
        self,
        max_retries: int,
        max_wait: float,
        budget: RetryBudget | None = None,
        *,
        first_wait: float = 0.5,
        longest_wait: float = 8.0,
        jitter: Callable[[], float] | None = random.random,
    ) -> None:
        self._max_retries = max_retries
        self._max_wait = max_wait
        self._budget = budget
        self._first_wait = first_wait
        self._longest_wait = longest_wait
        self._jitter = jitter

    def backoff(self, number: int, retry_after: float | None = None) -> float:
        """Seconds to wait after attempt `number` (from 1); never less than the server asked for."""
        if retry_after is not None:
            # The jitter keeps the clients that were refused together from returning together.
            return retry_after + (self._jitter() / 4 if self._jitter is not None else 0.0)
        wait = min(self._longest_wait, self._first_wait * 2.0 ** min(number - 1, 10))
        return wait * (0.5 + self._jitter() / 2) if self._jitter is not None else wait

    def decide(self, failed: FailedAttempt, number: int, time_left: float | None = None) -> float | None:
        """The seconds to wait before the next attempt; None if there is to be none.

        Args:
            failed: what happened.
            number: of the attempt, from 1; attempts that do not count as retries are left out.
            time_left: seconds until the deadline of the call, or None.
        """
        if not failed.may_be_repeated or number > self._max_retries:
            return None
        if failed.retry_after is not None and failed.retry_after > self._max_wait:
            return None
        wait = self.backoff(number, failed.retry_after)
        if time_left is not None and wait >= time_left:
            return None
        if self._budget is not None and not self._budget.take():
            return None
        return wait
