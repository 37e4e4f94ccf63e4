"""Whether, and when, a failed attempt is repeated.

The rule is billing risk. A request that surely never reached the server is repeated whatever it is. A read is repeated
after any failure that may pass. A call that costs money is repeated only when the server refused it in so many words
(429 or 503), because after a timeout, a reset or a 500 it may have run and been billed. A caller who knows the server
to honour idempotency keys says so by giving one; then a paid call is repeated like a read, under that key.

Retries are also paid from a budget, so that a client does not multiply the load of a server that is down.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

__all__ = ["Decision", "RetryBudget", "decide"]

FIRST_WAIT = 0.5
LONGEST_WAIT = 8.0

_REFUSED = frozenset({429, 503})
_PASSING = frozenset({408, 429})


class RetryBudget:
    """A token bucket that all calls of a client share. A retry takes `COST`, a success gives `REFUND` back.

    Twenty retries in a row are free. From then on every five successes buy one, so in an outage retries stop.
    """

    CAPACITY = 100
    COST = 5
    REFUND = 1

    def __init__(self) -> None:
        self._left = self.CAPACITY
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """Tokens in the bucket."""
        return self._left

    def start_anew(self) -> None:
        """In a forked child: whoever held the lock is not there."""
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Pay for one retry; False when the bucket is empty."""
        with self._lock:
            if self._left < self.COST:
                return False
            self._left -= self.COST
            return True

    def refund(self) -> None:
        """Put something back after a success."""
        if self._left < self.CAPACITY:
            with self._lock:
                self._left = min(self.CAPACITY, self._left + self.REFUND)


class Decision:
    """What follows a failed attempt: `wait` seconds and try again, or, when `wait` is None, give up for `reason`."""

    __slots__ = ("reason", "wait")

    def __init__(self, wait: float | None, reason: str = "") -> None:
        self.wait = wait
        self.reason = reason


def decide(
    *,
    risk: str,
    keyed: bool,
    retries_left: int,
    number: int,
    status: int | None,
    never_sent: bool,
    repeatable: bool,
    retry_after: float | None,
    longest_retry_after: float,
    time_left: float | None,
    budget: RetryBudget,
    jitter: Callable[[], float] = random.random,
) -> Decision:
    """Decide what follows a failed attempt.

    Args:
        risk: the operation's `x-retry`: safe, billed, unbilled or never.
        keyed: whether the caller gave an idempotency key.
        retries_left: how many more attempts may be made.
        number: of the attempt that failed, from 1.
        status: of the answer; None when the transport failed.
        never_sent: whether the transport failed before anything was sent.
        repeatable: whether a failure of the transport is of a kind that may pass (a malformed URL is not).
        retry_after: seconds that the server asked to wait.
        longest_retry_after: the most that is waited for.
        time_left: seconds until the call's deadline.
        budget: pays for the retry.
        jitter: a random number from 0 to 1.
    """
    if not _may_repeat(risk, keyed, status, never_sent, repeatable):
        return Decision(None, "this failure is not repeated")
    if retries_left <= 0:
        return Decision(None, "no retries left")
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (number - 1)) * (0.5 + jitter() / 2)
    if retry_after is not None:
        if retry_after > longest_retry_after:
            return Decision(None, f"the server asks to wait {retry_after:.0f} s")
        wait = retry_after + jitter() / 4  # never less than asked, and not all clients at the same moment
    if time_left is not None and wait >= time_left:
        return Decision(None, "the deadline comes first")
    if not budget.take():
        return Decision(None, "the retry budget is spent")
    return Decision(wait)


def _may_repeat(risk: str, keyed: bool, status: int | None, never_sent: bool, repeatable: bool) -> bool:
    if risk == "never":
        return False
    if status is None:
        return repeatable and (never_sent or risk == "safe" or keyed)
    if risk == "safe" or keyed:
        return status in _PASSING or (status >= 500 and status not in (501, 505))
    return status in _REFUSED
