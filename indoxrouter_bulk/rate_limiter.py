"""When the next of many calls may start: within the server's rate limit, and not during a pause that it asked for.

`RateLimiter` computes waiting times from the documented rate-limit headers of each answer; the caller waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from indoxrouter._runtime.errors.retry_after import reset_time_of

from indoxrouter_ext.calls.retry import RetryPolicy

__all__ = ["Pace", "RateLimiter"]

_LONGEST_WINDOW = 3600.0  # seconds; the documented windows are a minute and an hour


class Pace(Protocol):
    """When calls may start. `RateLimiter` is that of one run, `SharedPace` that of all processes of a machine."""

    def try_start(self) -> float:
        """Start a call: 0 if it may start now, else the seconds after which to ask again."""
        ...

    def end(self, headers: Mapping[str, str] | None = None) -> None:
        """Record the end of a call; `headers` are those of its answer, or None if it failed without one."""
        ...

    def on_rate_limited(self, retry_after: float | None) -> float:
        """Record the end of a call that was refused with 429. No call starts during the pause, in seconds."""
        ...


class RateLimiter:
    """The state of the server's rate limit, and of the calls that it has not answered yet.

    Args:
        policy: how long to pause after a refusal.
        per_minute: the caller's own limit, in addition to the server's.
        clock: seconds on a monotonic clock.
        wall: Unix time in seconds; the server reports the end of its window in Unix time.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        per_minute: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._spacing = 60.0 / per_minute if per_minute else 0.0
        self._next_start = 0.0
        self._paused_until = 0.0
        self.policy = policy
        self._refusals = 0
        self._remaining: int | None = None
        self._window_ends = 0.0
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        """Calls that have started and have no answer yet."""
        return self._in_flight

    def wait(self) -> float:
        """Seconds until a call may start; 0 if it may start now."""
        now = self._clock()
        until = max(self._paused_until, self._next_start)
        if self._remaining is not None:
            if now >= self._window_ends:
                self._remaining = None  # a new window; the next answer reports its limit
            elif self._remaining <= 0:
                until = max(until, self._window_ends)
        return max(0.0, until - now)

    def try_start(self) -> float:
        """Start a call: 0 if it may start now, else the seconds after which to ask again."""
        seconds = self.wait()
        if not seconds:
            self.start()
        return seconds

    def start(self) -> None:
        """Record the start of a call."""
        now = self._clock()
        self._in_flight += 1
        self._next_start = max(self._next_start, now) + self._spacing
        if self._remaining is not None:
            self._remaining -= 1

    def end(self, headers: Mapping[str, str] | None = None) -> None:
        """Record the end of a call; `headers` are those of its answer, or None if it failed without one."""
        self._in_flight -= 1
        if headers is None:
            return
        self._refusals = 0
        remaining = _count(headers.get("x-ratelimit-remaining"))
        ends = self._end_of_window(headers)
        if remaining is None or ends is None:
            return
        # The server may or may not have counted the calls in flight. They are assumed not to be counted: the next
        # answers correct that, whereas the other assumption would exceed the limit in every window.
        allowed = remaining - self._in_flight
        same_window = self._remaining is not None and abs(ends - self._window_ends) < 1.0
        if same_window and self._remaining is not None and allowed > self._remaining > 0:
            return  # an older answer, overtaken by a newer one
        self._remaining = allowed
        self._window_ends = ends

    def on_rate_limited(self, retry_after: float | None) -> float:
        """Record that a call was refused with 429. No call starts during the pause, which is returned in seconds."""
        self._in_flight -= 1
        self._refusals += 1
        pause = self.policy.backoff(self._refusals, retry_after)
        self._paused_until = max(self._paused_until, self._clock() + pause)
        self._remaining = None
        return pause

    def state(self) -> dict[str, Any]:
        """What processes that share a limit have to know of each other; plain data."""
        return {
            "next_start": self._next_start,
            "paused_until": self._paused_until,
            "refusals": self._refusals,
            "remaining": self._remaining,
            "window_ends": self._window_ends,
        }

    def load(self, state: Mapping[str, Any] | None, in_flight: int) -> None:
        """Continue from the state of another process; `in_flight` counts the calls of all of them."""
        self._in_flight = in_flight
        if state is not None:
            self._next_start = state["next_start"]
            self._paused_until = state["paused_until"]
            self._refusals = state["refusals"]
            self._remaining = state["remaining"]
            self._window_ends = state["window_ends"]

    def _end_of_window(self, headers: Mapping[str, str]) -> float | None:
        stated = headers.get("x-ratelimit-reset")
        if stated is None:
            return None
        moment = reset_time_of({"x-ratelimit-reset": stated}, {})
        left = None if moment is None else moment.timestamp() - self._server_time(headers)
        return None if left is None or not 0 <= left <= _LONGEST_WINDOW else self._clock() + left

    def _server_time(self, headers: Mapping[str, str]) -> float:
        """The server's time from its `Date` header, else the local time, which may differ from it."""
        try:
            return parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError, IndexError, OverflowError):
            return self._wall()


def _count(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
