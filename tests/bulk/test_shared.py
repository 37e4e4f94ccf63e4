"""Pace and budget in a file, with a clock that the test turns: pauses in seconds, leases that end and are renewed."""

from __future__ import annotations

from pathlib import Path

import pytest
from indoxrouter import Amount, BudgetExceededError

from indoxrouter_bulk.shared import SharedBudget, SharedPace

from .test_rate_limiter import Clock


def test_a_refusal_pauses_all_processes_a_second_and_longer_each_time(tmp_path: Path) -> None:
    clock = Clock()
    one, other = (SharedPace(tmp_path / "pace.db", clock=clock) for _ in range(2))
    pauses = []
    for _ in range(8):
        assert one.try_start() == 0
        pauses.append(one.on_rate_limited(None))
        assert other.try_start() == pytest.approx(pauses[-1])
        clock.now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert one.try_start() == 0
    assert one.on_rate_limited(2.5) == 2.5
    assert other.try_start() == pytest.approx(2.5)


def test_a_limit_of_calls_a_minute_is_that_of_all_processes(tmp_path: Path) -> None:
    clock = Clock()
    paces = [SharedPace(tmp_path / "pace.db", 30, clock=clock) for _ in range(2)]
    starts = []
    for number in range(4):
        clock.now += paces[number % 2].try_start()
        if number:
            assert paces[number % 2].try_start() == 0
        starts.append(clock.now - 1000)
    assert starts == [0, 2, 4, 6]


def test_a_reservation_lasts_as_long_as_its_lease_and_each_call_renews_it(tmp_path: Path) -> None:
    clock = Clock()
    busy, other = (SharedBudget(tmp_path / "spent.db", 1.0, lease=300, clock=clock) for _ in range(2))
    busy.reserve(Amount(0.5))
    clock.now += 200
    busy.reserve(Amount(0.25))
    clock.now += 299  # of the first, 499
    assert other.spend.reserved.usd == 0.75
    with pytest.raises(BudgetExceededError):
        other.reserve(Amount(0.5))
    clock.now += 2
    assert other.spend.reserved.usd == 0
    other.settle(other.reserve(Amount(0.5)), Amount(0.4, 7))
    assert (busy.spend.usd, busy.spend.tokens, busy.spend.calls) == (0.4, 7, 1)
