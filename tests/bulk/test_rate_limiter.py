"""How fast many calls may go: decided from the server's headers, with a clock that the test turns."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import format_datetime

import pytest

from indoxrouter_bulk.rate_limiter import RateLimiter
from indoxrouter_ext.calls.retry import RetryPolicy

POLICY = RetryPolicy(5, float("inf"), first_wait=1.0, longest_wait=60.0, jitter=None)

NOON = datetime(2026, 11, 20, 12, tzinfo=timezone.utc).timestamp()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def limits(remaining: int, in_seconds: float, wall: float = NOON) -> dict[str, str]:
    return {"x-ratelimit-remaining": str(remaining), "x-ratelimit-reset": str(wall + in_seconds)}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> RateLimiter:
    return RateLimiter(POLICY, clock=clock, wall=lambda: NOON)


def test_nothing_waits_while_nothing_is_known(pace: RateLimiter) -> None:
    for _ in range(100):
        assert pace.wait() == 0
        pace.start()


def test_a_used_up_window_waits_for_its_end(pace: RateLimiter, clock: Clock) -> None:
    pace.start()
    pace.end(limits(2, 30))
    for _ in range(2):
        assert pace.wait() == 0
        pace.start()
    assert pace.wait() == pytest.approx(30)
    clock.now += 29
    assert pace.wait() == pytest.approx(1)
    clock.now += 1
    assert pace.wait() == 0


def test_calls_under_way_count_as_not_counted_yet(pace: RateLimiter) -> None:
    for _ in range(5):
        pace.start()
    pace.end(limits(4, 30))  # four are still out, so all four that remain may be theirs
    assert pace.wait() > 0


def test_an_answer_that_was_overtaken_does_not_raise_the_limit(pace: RateLimiter) -> None:
    for _ in range(3):
        pace.start()
    pace.end(limits(5, 30))
    pace.end(limits(9, 30))
    pace.end(limits(4, 30))
    started = 0
    while pace.wait() == 0:
        pace.start()
        started += 1
    assert started <= 4


def test_the_servers_clock_counts_where_it_tells(pace: RateLimiter) -> None:
    ahead = NOON + 7200
    headers = {
        **limits(0, 20, wall=ahead),
        "date": format_datetime(datetime.fromtimestamp(ahead, timezone.utc), usegmt=True),
    }
    pace.start()
    pace.end(headers)
    assert pace.wait() == pytest.approx(20, abs=1)


def test_reset_times_in_iso_8601_are_read(pace: RateLimiter) -> None:
    pace.start()
    pace.end({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-20T12:00:45Z"})
    assert pace.wait() == pytest.approx(45)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-remaining": "0"},
        {"x-ratelimit-remaining": "-1", "x-ratelimit-reset": str(NOON + 5)},
        {"x-ratelimit-remaining": "none", "x-ratelimit-reset": str(NOON + 5)},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOON - 5)},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOON + 10**7)},
    ],
)
def test_headers_that_make_no_sense_stop_nobody(pace: RateLimiter, headers: dict[str, str]) -> None:
    pace.start()
    pace.end(headers)
    assert pace.wait() == 0


@pytest.mark.parametrize(("left", "waits"), [(3600, 3600), (3601, 0), (7200, 0)])
def test_a_window_is_an_hour_at_most(pace: RateLimiter, left: float, waits: float) -> None:
    pace.start()
    pace.end(limits(0, left))
    assert pace.wait() == pytest.approx(waits)


def test_a_refusal_pauses_everybody_for_as_long_as_asked(pace: RateLimiter, clock: Clock) -> None:
    pace.start()
    assert pace.on_rate_limited(12.5) == 12.5
    assert pace.wait() == pytest.approx(12.5)
    clock.now += 12.5
    assert pace.wait() == 0


def test_refusals_that_ask_for_nothing_pause_longer_each_time(pace: RateLimiter) -> None:
    pauses = []
    for _ in range(9):
        pace.start()
        pauses.append(pace.on_rate_limited(None))
    assert pauses[:3] == [1, 2, 4]
    assert pauses[-1] == 60


def test_an_answer_makes_the_next_pause_as_short_as_the_first(pace: RateLimiter) -> None:
    for _ in range(3):
        pace.start()
        pace.on_rate_limited(None)
    pace.start()
    pace.end(limits(5, 30))
    pace.start()
    assert pace.on_rate_limited(None) == 1


def test_a_limit_of_ones_own_spaces_the_calls(clock: Clock) -> None:
    pace = RateLimiter(POLICY, per_minute=30, clock=clock, wall=lambda: NOON)
    starts = []
    for _ in range(4):
        clock.now += pace.wait()
        pace.start()
        starts.append(clock.now - 1000)
    assert starts == [0, 2, 4, 6]
