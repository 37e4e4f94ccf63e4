"""The record of billed calls: usage, transactions and analytics are computed from it, so all their figures agree."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ..base.clock import day_of
from ..base.money import price

MOST_RECORDS = 100_000
"""Calls, and as many changes of credits, that are kept."""
CONTENT_KEPT = 200
"""Characters of a prompt and of a reply that are kept for `include_content`."""


class UsageRecord(msgspec.Struct, frozen=True, gc=False):
    """One billed (or BYOK) call. The garbage collector does not visit it: a server keeps many thousands of them."""

    moment: float
    request_id: str
    account_id: int
    endpoint: str
    provider: str
    model: str
    tokens_in: int
    tokens_out: int
    cost: float
    latency: float
    session_id: str
    client_ip: str
    byok: bool = False
    success: bool = True
    prompt: str = ""
    reply: str = ""

    @property
    def tokens(self) -> int:
        """Tokens of the prompt and of the answer."""
        return self.tokens_in + self.tokens_out


@dataclass(slots=True)
class CreditAdjustment:
    """A change of credits outside of calls, such as the starting credit."""

    moment: float
    transaction_id: str
    account_id: int
    amount: float
    description: str


@dataclass(slots=True)
class BillingLog:
    """All that was called and all that was paid, in order."""

    most: int = MOST_RECORDS
    records: deque[UsageRecord] = field(default_factory=deque[UsageRecord])
    adjustments: deque[CreditAdjustment] = field(default_factory=deque[CreditAdjustment])
    earlier: dict[int, CreditAdjustment] = field(default_factory=dict[int, CreditAdjustment])
    """By account, what was removed from the log, as one amount: the transactions still add up to the credits."""

    def add(self, record: UsageRecord) -> None:
        """Add a call; beyond `most`, the oldest one is removed and its cost added to `earlier`."""
        self.records.append(record)
        if len(self.records) > self.most:
            oldest = self.records.popleft()
            self._remove(oldest.account_id, oldest.moment, -oldest.cost, f"txn_{oldest.request_id}")

    def adjust(self, adjustment: CreditAdjustment) -> None:
        """Add a change of credits, under the same bound."""
        self.adjustments.append(adjustment)
        if len(self.adjustments) > self.most:
            oldest = self.adjustments.popleft()
            self._remove(oldest.account_id, oldest.moment, oldest.amount, oldest.transaction_id)

    def forget(self, account_id: int) -> None:
        """Remove all that belongs to an account."""
        self.records = deque(each for each in self.records if each.account_id != account_id)
        self.adjustments = deque(each for each in self.adjustments if each.account_id != account_id)
        self.earlier.pop(account_id, None)

    def _remove(self, account_id: int, moment: float, amount: float, transaction_id: str) -> None:
        known = self.earlier.get(account_id)
        if known is None:
            self.earlier[account_id] = CreditAdjustment(
                moment, transaction_id, account_id, amount, "Earlier transactions"
            )
        else:
            known.moment, known.amount = moment, price(known.amount + amount)

    def select(
        self,
        account_id: int,
        start: float | None = None,
        end: float | None = None,
        **wanted: str | None,
    ) -> list[UsageRecord]:
        """The calls of an account from `start` to before `end` whose attributes equal those in `wanted`."""
        exact = {name: value for name, value in wanted.items() if value is not None}
        return [
            record
            for record in self.records
            if record.account_id == account_id
            and (start is None or record.moment >= start)
            and (end is None or record.moment < end)
            and all(getattr(record, name) == value for name, value in exact.items())
        ]


def totals(records: Iterable[UsageRecord]) -> dict[str, Any]:
    """`requests`, `cost` (USD) and `tokens` of some records."""
    requests, cost, tokens = 0, 0.0, 0
    for record in records:
        requests += 1
        cost += record.cost
        tokens += record.tokens
    return {"requests": requests, "cost": round(cost, 10), "tokens": tokens}


def grouped_by(
    records: Iterable[UsageRecord], key: Callable[[UsageRecord], str]
) -> dict[str, list[UsageRecord]]:
    """Entries by a text, in the order in which each text first appears."""
    groups: dict[str, list[UsageRecord]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return groups


GROUPINGS: dict[str, Callable[[UsageRecord], str]] = {
    "date": lambda record: day_of(record.moment),
    "model": lambda record: record.model,
    "provider": lambda record: record.provider,
    "endpoint": lambda record: record.endpoint,
    "session_id": lambda record: record.session_id,
    "client_ip": lambda record: record.client_ip,
}
"""How analytics may be grouped."""
