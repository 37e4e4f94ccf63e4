"""What the next call is expected to cost, learned from the answers so far."""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple

from ..http.fork_safety import register_for_fork

__all__ = ["Amount", "Estimator"]

_REMEMBERED = 20
_BYTES_PER_TOKEN = 4


class Amount(NamedTuple):
    """What a call costs, or is expected to cost.

    Attributes:
        usd: US dollars.
        tokens: tokens of the request and of the answer.
    """

    usd: float = 0.0
    tokens: int = 0


_NOTHING = Amount()


class Estimator:
    """Estimates a call by the largest of the last twenty costs of its operation and model.

    The first call of a model has no such record. It is estimated by the largest cost of any model so far, or by `first`
    if there is no answer yet. Tokens are at least a quarter of the bytes of the request.

    Args:
        first: the estimate of a call before there is any answer.
    """

    def __init__(self, first: Amount = _NOTHING) -> None:
        self._first = first
        self._costs: dict[tuple[str, str], deque[Amount]] = {}
        self._lock = threading.Lock()
        register_for_fork(self)

    def reset_after_fork(self) -> None:
        """Replace the lock in a forked child, where the thread that holds it does not exist."""
        self._lock = threading.Lock()

    def estimate(self, operation: str, model: str, size: int = 0) -> Amount:
        """The estimate of a call.

        Args:
            operation: id of the operation.
            model: the model of the request; empty if it names none.
            size: bytes of the request.
        """
        with self._lock:
            known = self._costs.get((operation, model))
            records = [*known] if known else [cost for costs in self._costs.values() for cost in costs]
        usd = max((cost.usd for cost in records), default=self._first.usd)
        tokens = max((cost.tokens for cost in records), default=self._first.tokens) if known else 0
        return Amount(usd, max(tokens, self._first.tokens if not records else 0, size // _BYTES_PER_TOKEN))

    def learn(self, operation: str, model: str, actual: Amount) -> None:
        """Record what a call has cost."""
        with self._lock:
            self._costs.setdefault((operation, model), deque(maxlen=_REMEMBERED)).append(actual)
