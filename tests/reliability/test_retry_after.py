"""How long a server asks to be left alone, in all the forms it may say it, and when that is too long."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import indoxrouter
import pytest
from indoxrouter._runtime.errors.retry_after import reset_time_of, retry_after_of
from indoxrouter._runtime.http.interface import Headers

from .harness import ENVELOPE, MESSAGES, Clock, Mode, do
from .server import answer


def in_seconds(seconds: float) -> datetime:
    return datetime.fromtimestamp(time.time() + seconds, timezone.utc)


def limited(body: Any = None, **headers: str) -> bytes:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return answer(
        body if body is not None else {"error": "rate_limit_exceeded", "message": "slow down"}, 429, pairs
    )


FORMS: dict[str, tuple[Any, float]] = {
    "whole seconds": (lambda: limited(Retry_After="7"), 7),
    "a float": (lambda: limited(Retry_After="2.5"), 2.5),
    "spaces around": (lambda: limited(Retry_After="  3 "), 3),
    "an HTTP date": (lambda: limited(Retry_After=format_datetime(in_seconds(20), usegmt=True)), 18.5),
    "milliseconds": (lambda: limited(Retry_After_Ms="1500"), 1.5),
    "retry_after in the details": (
        lambda: limited({"error": "RateLimitError", "message": "x", "details": {"retry_after": 9}}),
        9,
    ),
    "retry_after beside the message": (lambda: limited({"message": "x", "retry_after": 9.5}), 9.5),
    "retry_after as text": (lambda: limited({"message": "x", "retry_after": "9"}), 9),
    "retry_after in the error": (lambda: limited({"error": {"message": "x", "retry_after": 9}}), 9),
    "reset_time as ISO 8601": (
        lambda: limited({"message": "x", "details": {"reset_time": in_seconds(20).isoformat()}}),
        19,
    ),
    "reset_time as ISO 8601 with Z": (
        lambda: limited(
            {"message": "x", "details": {"reset_time": in_seconds(20).isoformat().replace("+00:00", "Z")}}
        ),
        19,
    ),
    "reset_time as Unix time": (lambda: limited({"message": "x", "reset_time": time.time() + 20}), 19),
}


@pytest.mark.parametrize("form", FORMS)
async def test_what_the_server_asks_is_waited_and_never_less(mode: Mode, clock: Clock, form: str) -> None:
    make, least = FORMS[form]
    mode.server.on("/chat/completions", make(), answer(ENVELOPE))
    await do(mode.client().chat(MESSAGES))
    [waited] = clock.waits
    assert least <= waited <= least + 2.5


@pytest.mark.parametrize(
    "value",
    [
        "-5",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "1e400",
        "99999999999999",
        "soon",
        "",
        "5 minutes",
        "0x10",
        "1;2",
        "1_0",
        "+5",
        "Wed, 99 Foo 2025 99:99:99 GMT",
        "Thu, 01 Jan 9999 00:00:00 GMT",
    ],
)
async def test_senseless_values_are_refused_and_the_ordinary_wait_holds(
    mode: Mode, clock: Clock, value: str
) -> None:
    mode.server.on("/chat/completions", limited(Retry_After=value), answer(ENVELOPE))
    await do(mode.client().chat(MESSAGES))
    assert len(clock.waits) == 1
    assert 0.25 <= clock.waits[0] <= 0.5


@pytest.mark.parametrize(
    "value", [-5, "nan", "1_0", "+5", "\u0665", True, None, [], {}, "soon", 1e300, 10**400]
)
async def test_senseless_values_in_bodies_are_refused(mode: Mode, clock: Clock, value: Any) -> None:
    body = {
        "error": "rate_limit_exceeded",
        "message": "x",
        "details": {"retry_after": value, "reset_time": value},
    }
    mode.server.on("/chat/completions", limited(body), answer(ENVELOPE))
    await do(mode.client().chat(MESSAGES))
    assert len(clock.waits) == 1
    assert clock.waits[0] <= 0.5


async def test_a_long_text_is_refused_at_once(mode: Mode) -> None:
    text = "1" * 50_000 + "x"
    mode.server.on("/chat/completions", limited({"message": "x", "retry_after": text, "reset_time": text}))
    began = time.monotonic()
    error = await mode.failure(lambda: mode.client(max_retries=0).chat(MESSAGES))
    assert (error.retry_after, error.reset_time) == (None, None)
    assert time.monotonic() - began < 5


async def test_a_date_in_the_past_means_at_once(mode: Mode, clock: Clock) -> None:
    past = format_datetime(in_seconds(-100), usegmt=True)
    mode.server.on("/chat/completions", limited(Retry_After=past), answer(ENVELOPE))
    await do(mode.client().chat(MESSAGES))
    assert clock.waits[0] <= 0.25


@pytest.mark.parametrize("seconds", [61, 300, 86400])
async def test_more_than_a_minute_is_raised_at_once(mode: Mode, clock: Clock, seconds: int) -> None:
    mode.server.on("/chat/completions", limited(Retry_After=str(seconds)))
    error = await mode.failure(lambda: mode.client(max_retries=5).chat(MESSAGES))
    assert isinstance(error, indoxrouter.RateLimitError)
    assert clock.waits == []
    assert error.retry_after == seconds
    assert abs(error.reset_time - in_seconds(seconds)) < timedelta(seconds=10)
    assert error.reset_time.tzinfo is not None
    assert len(mode.server.sent("/chat/completions")) == 1


async def test_a_far_reset_time_is_raised_at_once(mode: Mode, clock: Clock) -> None:
    reset = in_seconds(1800).replace(microsecond=0)
    details = {"limit_type": "requests", "limit": 10, "reset_time": reset.isoformat()}
    mode.server.on(
        "/chat/completions", limited({"error": "RateLimitError", "message": "x", "details": details})
    )
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert isinstance(error, indoxrouter.RateLimitError)
    assert error.reset_time == reset
    assert (error.limit_type, error.limit) == ("requests", 10)
    assert 1700 < (error.retry_after or 0) <= 1800
    assert clock.waits == []


async def test_the_longest_wait_is_an_option(mode: Mode, clock: Clock) -> None:
    mode.server.on("/chat/completions", limited(Retry_After="100"), answer(ENVELOPE))
    await do(mode.client(max_retry_wait=120).chat(MESSAGES))
    assert clock.waits[0] >= 100
    mode.server.on("/chat/completions", limited(Retry_After="2"))
    await mode.failure(lambda: mode.client(max_retry_wait=1).chat(MESSAGES))
    assert len(clock.waits) == 1


async def test_a_503_that_asks_for_time_gets_it(mode: Mode, clock: Clock) -> None:
    mode.server.on("/chat/completions", answer(b"", 503, [("Retry-After", "4")]), answer(ENVELOPE))
    await do(mode.client().chat(MESSAGES))
    assert clock.waits[0] >= 4


async def test_the_error_tells_what_was_asked_when_retries_end(mode: Mode, clock: Clock) -> None:
    mode.server.on("/chat/completions", limited(Retry_After="3"))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert isinstance(error, indoxrouter.RateLimitError)
    assert error.retry_after == 3
    assert error.reset_time is not None
    assert [attempt.status for attempt in error.attempts] == [429, 429, 429]
    assert all(3 <= wait <= 3.5 for wait in clock.waits)


def test_no_hint_means_none() -> None:
    assert retry_after_of(Headers([]), {}) is None
    assert reset_time_of(Headers([]), {}) is None


def test_the_header_of_gateways_gives_a_reset_time() -> None:
    moment = reset_time_of(Headers([("X-RateLimit-Reset", str(int(time.time()) + 30))]), {})
    assert moment is not None
    assert abs(moment - in_seconds(30)) < timedelta(seconds=5)


@pytest.mark.parametrize("ahead", [-7200, 0, 7200])
@pytest.mark.parametrize("named", ["Retry-After", "reset_time"])
def test_dates_are_compared_with_the_clock_of_the_server(ahead: int, named: str) -> None:
    dates = [format_datetime(in_seconds(ahead + seconds), usegmt=True) for seconds in (0, 20)]
    pairs = [("Date", dates[0])]
    body: dict[str, str] = {}
    if named == "Retry-After":
        pairs.append((named, dates[1]))
    else:
        body[named] = dates[1]
    assert retry_after_of(Headers(pairs), body) == pytest.approx(20, abs=1)
