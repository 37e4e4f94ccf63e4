"""What was called, by whom, and what it cost: the one book that usage, transactions and analytics are read from.

Nothing is counted twice and nothing is kept beside it, so all the figures add up by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ..base.clock import day_of

CONTENT_KEPT = 200
"""Characters of a prompt and of a reply that are kept for `include_content`."""


@dataclass(slots=True)
class Entry:
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
        return self.tokens_in + self.tokens_out


@dataclass(slots=True)
class Movement:
    """Credits that came or went outside of calls: the starting credit, an adjustment."""

    moment: float
    transaction_id: str
    account_id: int
    amount: float
    description: str


@dataclass(slots=True)
class Ledger:
    """All that was called and all that was paid, in order."""

    entries: list[Entry] = field(default_factory=list[Entry])
    movements: list[Movement] = field(default_factory=list[Movement])

    def select(
        self,
        account_id: int,
        start: float | None = None,
        end: float | None = None,
        **wanted: str | None,
    ) -> list[Entry]:
        """The entries of an account from `start` to before `end` whose attributes equal those in `wanted`."""
        exact = {name: value for name, value in wanted.items() if value is not None}
        return [
            entry
            for entry in self.entries
            if entry.account_id == account_id
            and (start is None or entry.moment >= start)
            and (end is None or entry.moment < end)
            and all(getattr(entry, name) == value for name, value in exact.items())
        ]


def figures(entries: Iterable[Entry]) -> dict[str, Any]:
    """`requests`, `cost` (USD) and `tokens` of some entries."""
    requests, cost, tokens = 0, 0.0, 0
    for entry in entries:
        requests += 1
        cost += entry.cost
        tokens += entry.tokens
    return {"requests": requests, "cost": round(cost, 10), "tokens": tokens}


def grouped(entries: Iterable[Entry], key: Callable[[Entry], str]) -> dict[str, list[Entry]]:
    """Entries by a text, in the order in which each text first appears."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return groups


GROUPINGS: dict[str, Callable[[Entry], str]] = {
    "date": lambda entry: day_of(entry.moment),
    "model": lambda entry: entry.model,
    "provider": lambda entry: entry.provider,
    "endpoint": lambda entry: entry.endpoint,
    "session_id": lambda entry: entry.session_id,
    "client_ip": lambda entry: entry.client_ip,
}
"""How analytics may be grouped."""
