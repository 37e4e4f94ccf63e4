"""A measurement that other processes disturbed is taken again, within limits, and the calmest one counts."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from bench.quiet import LIMIT, TICK, Allowance, State, Taken, Watch, disturbance, undisturbed


def taking(*shares: float) -> Callable[[], Taken]:
    left = [Taken(value=float(place), disturbed=share, seconds=1.0) for place, share in enumerate(shares)]
    return lambda: left.pop(0)


def no_pause(_: float) -> None:
    return None


def test_a_quiet_measurement_is_taken_once() -> None:
    allowance = Allowance(10)
    assert undisturbed(taking(LIMIT), allowance, no_pause) == Taken(0.0, LIMIT, 1.0)
    assert (allowance.measured, allowance.redone, allowance.kept, allowance.seconds) == (1, 0, 0, 10)


def test_a_disturbed_measurement_is_taken_again_until_it_is_quiet() -> None:
    allowance = Allowance(10)
    taken = undisturbed(taking(0.3, 0.2, 0.0, 0.0), allowance, no_pause)
    assert taken == Taken(2.0, 0.0, 1.0)
    assert (allowance.measured, allowance.redone, allowance.kept) == (1, 2, 0)
    assert allowance.seconds < 10 - 2  # the pauses count too


def test_of_disturbed_measurements_the_calmest_counts_and_is_reported() -> None:
    allowance = Allowance(100)
    taken = undisturbed(taking(0.5, 0.1, 0.3, 0.4, 0.2), allowance, no_pause)
    assert taken == Taken(1.0, 0.1, 1.0)
    assert (allowance.redone, allowance.kept) == (4, 1)


def test_nothing_is_taken_again_when_the_time_for_that_is_used_up() -> None:
    allowance = Allowance(0.5)
    assert undisturbed(taking(0.5), allowance, no_pause) == Taken(0.0, 0.5, 1.0)
    assert (allowance.redone, allowance.kept) == (0, 1)


def test_one_case_does_not_use_up_the_time_of_those_that_follow() -> None:
    allowance = Allowance(10)
    allowance.keep_for(9)  # a tenth of the cases: two of ten seconds
    undisturbed(taking(0.5, 0.5, 0.5, 0.5, 0.5), allowance, no_pause)
    assert allowance.redone == 1
    allowance.keep_for(0)
    undisturbed(taking(0.5, 0.5, 0.0), allowance, no_pause)
    assert allowance.redone == 3


def test_each_try_waits_longer_for_the_disturbance_to_pass() -> None:
    pauses: list[float] = []
    undisturbed(taking(0.5, 0.5, 0.5, 0.0), Allowance(100), pauses.append)
    assert pauses == sorted(set(pauses))
    assert len(pauses) == 3


def test_a_failure_is_a_failure_at_the_first_try_and_at_the_second() -> None:
    assert undisturbed(lambda: None, Allowance(10), no_pause) is None
    results = [Taken(1.0, 0.9, 1.0), None]
    assert undisturbed(lambda: results.pop(0), Allowance(10), no_pause) is None


QUIET = State(at=0.0, client=(0.0, 1), server=(0.0, 1), core=(0.0, 0.0), spent=0.0)


@pytest.mark.parametrize(
    ("after", "share"),
    [
        (QUIET._replace(at=2.0), 0.0),
        (QUIET._replace(at=2.0, client=(0.1, 1)), 0.05),
        (QUIET._replace(at=2.0, server=(0.2, 1)), 0.1),
        (QUIET._replace(at=2.0, core=(2.0, 0.2 + TICK)), 0.1),
    ],
    ids=["nobody", "client-waited", "server-waited", "host-took-the-core"],
)
def test_the_share_of_others_is_what_client_or_server_waited_for(after: State, share: float) -> None:
    assert disturbance(QUIET, after) == pytest.approx(share)


def test_threads_that_wait_for_one_another_are_not_a_disturbance_but_another_process_is() -> None:
    before = QUIET._replace(client=(0.0, 4))
    alone = before._replace(at=1.0, client=(0.7, 4), core=(1.0, 0.0), spent=0.99)
    assert disturbance(before, alone) == 0.0
    beside = alone._replace(spent=0.5)
    assert disturbance(before, beside) == pytest.approx(0.5 - 2 * TICK)


def test_what_a_start_waits_in_any_case_does_not_count() -> None:
    after = QUIET._replace(at=0.01, client=(0.001, 1))
    assert disturbance(QUIET, after) == pytest.approx(0.1)
    assert disturbance(QUIET, after, grace=0.001) == 0.0


def test_where_the_system_does_not_tell_nothing_counts_as_disturbed() -> None:
    assert Watch(os.getpid(), os.getpid(), None).share() == 0.0
    assert Watch(2**30, 2**30, 0).share() == 0.0  # no such process


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="a kernel that does not count waiting")
def test_a_process_is_watched_by_what_the_kernel_counts() -> None:
    watch = Watch(os.getpid(), os.getpid(), min(os.sched_getaffinity(0)))
    sum(range(10_000))
    assert 0.0 <= watch.share() < 100
