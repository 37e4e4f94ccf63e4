"""Slow packages are measured less often, ours always in full, and a run says how long it will take."""

from __future__ import annotations

from typing import Any

import pytest

from bench.cases import Case
from bench.plan import Plan, Progress, clock, plan, turns
from bench.quiet import Allowance, Taken
from bench.run import measure_case

from .runs import case, run


@pytest.mark.parametrize(
    ("once", "times", "expected"),
    [
        (0.0003, 300, Plan(300, 9)),
        (0.002, 300, Plan(166, 9)),
        (0.01, 300, Plan(60, 5)),
        (0.5, 2, Plan(1, 6)),
        (1.2, 2, Plan(1, 2)),
        (14.0, 3, Plan(1, 1)),
    ],
    ids=["fast", "fewer-times", "fewer-rounds-too", "half-a-second", "second", "quarter-of-a-minute"],
)
def test_a_slow_subject_does_less(once: float, times: int, expected: Plan) -> None:
    assert plan(once, times, rounds=9, budget=3.0) == expected


def test_the_rounds_of_a_slow_subject_are_spread_over_the_run() -> None:
    assert turns(9, 9) == set(range(9))
    assert turns(9, 3) == {0, 3, 6}
    assert turns(9, 1) == {0}


CASE = Case("chat", "sync chat", "httpx", False, 0.95, 0.35, 10)


class Paced:
    """Subjects that take as long as they are told; None for one that fails."""

    def __init__(self, **once: float | None) -> None:
        self.once = once
        self.disturbed = 0.0
        self.asked: list[tuple[str, int]] = []

    def ask(self, subject: str, case: Case, times: int) -> Taken | None:
        self.asked.append((subject, times))
        once = self.once[subject]
        return None if once is None else Taken(once, self.disturbed, once * times)

    def measure(self, rounds: int = 4) -> dict[str, Any]:
        return measure_case(self, CASE, list(self.once), rounds, 1.0, Allowance(0))  # type: ignore[arg-type]


def test_ratios_are_to_the_unit_of_the_same_round_and_ours_takes_part_in_all() -> None:
    result = Paced(httpx=0.01, over_httpx=0.5).measure()
    assert result["ratios"] == {"httpx": [1.0] * 4, "over_httpx": [50.0] * 4}
    assert result["absolute"] == {"httpx": 0.01, "over_httpx": 0.5}


def test_a_subject_that_takes_very_long_is_measured_once_and_never_again() -> None:
    paced = Paced(httpx=0.01, litellm=30.0)
    assert paced.measure()["ratios"]["litellm"] == [3000.0]
    assert [one for one in paced.asked if one[0] == "litellm"] == [("litellm", 1)]


def test_a_long_measurement_that_was_disturbed_does_not_count_at_once() -> None:
    paced = Paced(httpx=0.01, litellm=30.0)
    paced.disturbed = 0.5
    assert paced.measure()["ratios"]["litellm"] == [3000.0]
    assert [one for one in paced.asked if one[0] == "litellm"] == [("litellm", 1), ("litellm", 2)]


def test_a_subject_that_fails_is_left_out_and_the_others_go_on() -> None:
    result = Paced(httpx=0.01, openai=None, over_httpx=0.005).measure()
    assert result["ratios"] == {"httpx": [1.0] * 4, "over_httpx": [0.5] * 4}


def test_the_unit_is_measured_even_if_nobody_asked_for_it() -> None:
    paced = Paced(over_httpx=0.005)
    paced.once["httpx"] = 0.01
    result = measure_case(paced, CASE, ["over_httpx"], 2, 1.0, Allowance(0))  # type: ignore[arg-type]
    assert result["ratios"]["over_httpx"] == [0.5, 0.5]


def test_a_subject_that_cannot_do_a_case_is_not_asked() -> None:
    paced = Paced(httpx=0.01, aiohttp=0.01)  # aiohttp has no synchronous chat
    assert paced.measure()["ratios"].keys() == {"httpx"}
    assert {name for name, _ in paced.asked} == {"httpx"}


def test_an_earlier_run_tells_how_long_this_one_will_take() -> None:
    earlier = run(case("chat", default=[1.0], openai=[2.0]), case("models", default=[1.0]))
    progress = Progress(["chat loop", "models loop"], ["default", "openai"], 9, earlier)
    assert progress.total == 2.0 + 2.0 + 2.0
    shorter = Progress(["chat loop"], ["default"], 4, earlier).total
    assert 1.0 < shorter < 2.0  # slow subjects take their time however many rounds there are
    assert progress.after("chat loop", 8.0) == "[1/2, 0:08 of about 0:12]"  # twice as slow as it was then
    assert progress.after("models loop", 2.0) == "[2/2, 0:10 of about 0:10]"


def test_without_an_earlier_run_the_estimate_grows_with_cases_subjects_and_rounds() -> None:
    small = Progress(["chat loop"], ["over_httpx"], 1).total
    assert Progress(["chat loop", "models loop"], ["over_httpx", "httpx"], 1).total == pytest.approx(
        4 * small
    )
    assert Progress(["chat loop"], ["over_httpx"], 9).total > small


def test_times_are_told_in_minutes_and_seconds() -> None:
    assert [clock(seconds) for seconds in (0, 59.9, 61, 605)] == ["0:00", "0:59", "1:01", "10:05"]
