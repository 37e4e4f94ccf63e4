"""How fast many calls may go: no faster than the server's window allows, and not at all while it asks for a pause.

Decisions without waiting: `Pace` says how long, the caller waits. It reads the documented limit headers of each answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

__all__ = ["Pace"]

_LONGEST_WINDOW = 3600.0  # seconds; the documented windows are a minute and an hour
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


class Pace:
    """What is known of the server's limits, and of calls that it has not answered yet.

    Args:
        per_minute: a limit of the caller's own; the server's holds as well.
        clock: seconds on a clock that never goes back.
        wall: seconds of Unix time, in which the server states the end of its window.
    """

    def __init__(
        self,
        per_minute: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._spacing = 60.0 / per_minute if per_minute else 0.0
        self._next_start = 0.0
        self._paused_until = 0.0
        self._refusals = 0
        self._remaining: int | None = None
        self._window_ends = 0.0
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        """Calls that have been started and not answered."""
        return self._in_flight

    def wait(self) -> float:
        """Seconds until a call may start; 0 when it may start now."""
        now = self._clock()
        until = max(self._paused_until, self._next_start)
        if self._remaining is not None:
            if now >= self._window_ends:
                self._remaining = None  # a new window, of which the next answer will tell
            elif self._remaining <= 0:
                until = max(until, self._window_ends)
        return max(0.0, until - now)

    def start(self) -> None:
        """A call starts."""
        now = self._clock()
        self._in_flight += 1
        self._next_start = max(self._next_start, now) + self._spacing
        if self._remaining is not None:
            self._remaining -= 1

    def end(self, headers: Mapping[str, str] | None = None) -> None:
        """A call was answered, with these headers, or failed without any."""
        self._in_flight -= 1
        if headers is None:
            return
        self._refusals = 0
        remaining = _count(headers.get("x-ratelimit-remaining"))
        ends = self._end_of_window(headers)
        if remaining is None or ends is None:
            return
        # Calls under way may or may not have been counted in this answer. Taking them for not counted can only be too
        # careful, and the next answers correct it; taking them for counted would run into the limit with every window.
        allowed = remaining - self._in_flight
        same_window = self._remaining is not None and abs(ends - self._window_ends) < 1.0
        if same_window and self._remaining is not None and allowed > self._remaining > 0:
            return  # an older answer that was overtaken
        self._remaining = allowed
        self._window_ends = ends

    def refused(self, retry_after: float | None) -> float:
        """A call was refused because there are too many: nobody starts for a while. Returns the pause in seconds."""
        self._in_flight -= 1
        self._refusals += 1
        pause = retry_after
        if pause is None:
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._refusals - 1, 10))
        self._paused_until = max(self._paused_until, self._clock() + pause)
        self._remaining = None
        return pause

    def _end_of_window(self, headers: Mapping[str, str]) -> float | None:
        from indoxrouter._runtime.errors.retry_after import reset_time_of

        stated = headers.get("x-ratelimit-reset")
        if stated is None:
            return None
        moment = reset_time_of({"x-ratelimit-reset": stated}, {})
        left = None if moment is None else moment.timestamp() - self._server_time(headers)
        return None if left is None or not 0 <= left <= _LONGEST_WINDOW else self._clock() + left

    def _server_time(self, headers: Mapping[str, str]) -> float:
        """The server's clock, where it tells: ours may be wrong, and the end of the window is in its time."""
        from email.utils import parsedate_to_datetime

        try:
            return parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError, IndexError, OverflowError):
            return self._wall()


def _count(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
