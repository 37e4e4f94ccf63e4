"""The options of a run, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from indoxrouter._runtime.codecs.base import raise_invalid_argument

if TYPE_CHECKING:
    from indoxrouter_ext.spending.protocol import BudgetProtocol

    from .journal import Journal
    from .rate_limiter import Pace

__all__ = ["MapOptions"]


class MapOptions(NamedTuple):
    """The options of a run; `AsyncClient.map` documents them."""

    concurrency: int = 16
    ordered: bool = False
    max_cost: float | None = None
    expected_cost: Callable[[Any], float] | None = None
    per_minute: float | None = None
    retries: int = 5
    idempotency: str | None = None
    journal: Journal | str | os.PathLike[str] | None = None
    pace: Pace | None = None
    budget: BudgetProtocol | None = None

    def check(self) -> None:
        """Raise `InvalidParametersError` for the first option with a wrong value."""
        counts: list[tuple[str, Any, int]] = [
            ("concurrency", self.concurrency, 1),
            ("retries", self.retries, 0),
        ]
        for name, value, lowest in counts:
            if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
                raise_invalid_argument(name, value, f"a whole number, {lowest} or more")
        if not isinstance(self.ordered, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise_invalid_argument("ordered", self.ordered, "True or False")
        amounts: list[tuple[str, Any]] = [("max_cost", self.max_cost), ("per_minute", self.per_minute)]
        for name, number in amounts:
            if number is not None and (
                isinstance(number, bool) or not isinstance(number, (int, float)) or not number > 0
            ):
                raise_invalid_argument(name, number, "a positive number")
        parts: list[tuple[str, Any, str, str]] = [
            ("pace", self.pace, "try_start", "a pace, such as `SharedPace`"),
            ("budget", self.budget, "reserve", "a budget, such as `Budget` or `SharedBudget`"),
            ("expected_cost", self.expected_cost, "__call__", "a function of a request"),
        ]
        for name, value, method, expected in parts:
            if value is not None and not callable(getattr(value, method, None)):
                raise_invalid_argument(name, value, expected)
        job: Any = self.idempotency
        if job is not None and not isinstance(job, str):
            raise_invalid_argument("idempotency", job, "the name of a job, as text")
        place: Any = self.journal
        path = isinstance(place, str) or hasattr(place, "__fspath__")
        if place is not None and not (str(place) if path else hasattr(place, "job")):
            raise_invalid_argument("journal", place, "a directory, a URI or a `Journal`")
