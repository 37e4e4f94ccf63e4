"""How often each subject does a case, so that slow ones do not make a run long; and how long a run will take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any, NamedTuple

__all__ = ["OURS", "Plan", "Progress", "plan", "turns"]

OURS = ("default", "over_httpx")  # the columns with goals
ALWAYS, EACH = 1.3, 0.07  # seconds that a subject takes for a case, and for each round of it, on the average


class Plan(NamedTuple):
    """How much a subject does of a case.

    Attributes:
        times: in one round.
        rounds: in which it has a turn.
    """

    times: int
    rounds: int


def plan(once: float, times: int, rounds: int, budget: float) -> Plan:
    """Fit a subject's share of a case into a number of seconds: by fewer times a round first, by fewer rounds then.

    Args:
        once: seconds that it takes to do the case once.
        times, rounds: what a fast subject does.
        budget: seconds for all rounds together.

    Returns:
        At least a fifth of the times, and at least one round, whatever the budget.
    """
    fitting = int(budget / rounds / once)
    kept = min(times, max(fitting, ceil(times / 5)))
    return Plan(kept, min(rounds, max(1, int(budget / (kept * once)))))


def turns(rounds: int, wanted: int) -> set[int]:
    """Which rounds a subject takes part in: as many as wanted, spread over all of them."""
    return {number * rounds // wanted for number in range(wanted)}


class Progress:
    """Says how far a run is, and how long all of it will take.

    Args:
        cases: keys of the cases that will be measured.
        subjects: that take part.
        rounds: of this run.
        earlier: a run that tells how long each subject took for each case, if there is one.
    """

    def __init__(
        self,
        cases: Sequence[str],
        subjects: Iterable[str],
        rounds: int,
        earlier: dict[str, Any] | None = None,
    ) -> None:
        names = list(subjects)
        took = {key_of(case): case.get("seconds", {}) for case in (earlier or {}).get("cases", [])}
        guess = ALWAYS + EACH * rounds  # slow subjects take their time however many rounds there are
        share = guess / (ALWAYS + EACH * (earlier or {}).get("rounds", rounds))
        self.expected = {
            key: sum(took[key].get(name, 0.0) for name in names) * share
            if took.get(key)
            else guess * len(names)
            for key in cases
        }
        self.spent = 0.0
        self.done: list[str] = []

    @property
    def total(self) -> float:
        """Seconds that the whole run is expected to take: what is over, and what is to come at the speed so far."""
        over = sum(self.expected[key] for key in self.done)
        factor = self.spent / over if over else 1.0
        return self.spent + factor * sum(
            value for key, value in self.expected.items() if key not in self.done
        )

    def after(self, key: str, seconds: float) -> str:
        """Note that a case is done, and say where the run is."""
        self.done.append(key)
        self.spent += seconds
        return f"[{len(self.done)}/{len(self.expected)}, {clock(self.spent)} of about {clock(self.total)}]"


def key_of(case: dict[str, Any]) -> str:
    """What tells the results of one case from those of another."""
    return f"{case['name']} {case['kind']}"


def clock(seconds: float) -> str:
    """Minutes and seconds, as on a watch."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
