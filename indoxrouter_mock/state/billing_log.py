"""The record of billed calls: usage, transactions and analytics are computed from it, so all their figures agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ..base.clock import day_of

CONTENT_KEPT = 200
"""Characters of a prompt and of a reply that are kept for `include_content`."""


@dataclass(slots=True)
class UsageRecord:
    """One billed (or BYOK) call."""

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

    records: list[UsageRecord] = field(default_factory=list[UsageRecord])
    adjustments: list[CreditAdjustment] = field(default_factory=list[CreditAdjustment])

    def select(
        self,
        account_id: int,
        start: float | None = None,
        end: float | None = None,
        **wanted: str | None,
    ) -> list[UsageRecord]:
        """The entries of an account from `start` to before `end` whose attributes equal those in `wanted`."""
        exact = {name: value for name, value in wanted.items() if value is not None}
        return [
            entry
            for entry in self.records
            if entry.account_id == account_id
            and (start is None or entry.moment >= start)
            and (end is None or entry.moment < end)
            and all(getattr(entry, name) == value for name, value in exact.items())
        ]


def totals(entries: Iterable[UsageRecord]) -> dict[str, Any]:
    """`requests`, `cost` (USD) and `tokens` of some entries."""
    requests, cost, tokens = 0, 0.0, 0
    for entry in entries:
        requests += 1
        cost += entry.cost
        tokens += entry.tokens
    return {"requests": requests, "cost": round(cost, 10), "tokens": tokens}


def grouped_by(
    entries: Iterable[UsageRecord], key: Callable[[UsageRecord], str]
) -> dict[str, list[UsageRecord]]:
    """Entries by a text, in the order in which each text first appears."""
    groups: dict[str, list[UsageRecord]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return groups


GROUPINGS: dict[str, Callable[[UsageRecord], str]] = {
    "date": lambda entry: day_of(entry.moment),
    "model": lambda entry: entry.model,
    "provider": lambda entry: entry.provider,
    "endpoint": lambda entry: entry.endpoint,
    "session_id": lambda entry: entry.session_id,
    "client_ip": lambda entry: entry.client_ip,
}
"""How analytics may be grouped."""
