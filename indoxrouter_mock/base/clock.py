"""The mock's clock: it runs with the wall clock until a test advances or freezes it."""

from __future__ import annotations

import math
import time
from datetime import datetime, timezone
from functools import lru_cache

FROZEN_START = 1_767_225_600.0
"""2026-01-01T00:00:00Z, the time of a clock that is frozen from the start."""

LAST_MOMENT = 2.376e11
"""In the year 9500: later dates, with the lifetime of a key added, could not be written."""
LONGEST_STEP = 1e10
"""Seconds that the clock can be advanced by at once."""


class Clock:
    """Seconds since the epoch. Token lifetimes, rate-limit windows and video jobs all read this one clock.

    It counts on the monotonic clock from the moment it was made, so that an adjustment of the machine's time
    changes nothing.
    """

    def __init__(self, *, frozen: bool = False) -> None:
        self._offset = time.time() - time.monotonic()
        self._frozen_at: float | None = FROZEN_START if frozen else None

    def now(self) -> float:
        """The current time in seconds since the epoch."""
        if self._frozen_at is not None:
            return self._frozen_at
        return time.monotonic() + self._offset

    def advance(self, seconds: float) -> float:
        """Move forward by `seconds` and return the new time. Going back is a ValueError: expiries would be undone."""
        try:
            possible = 0 <= seconds <= LONGEST_STEP
        except TypeError:  # a text, from a test
            possible = False
        if not possible:
            raise ValueError(
                f"the clock can be advanced by 0 to {LONGEST_STEP:g} seconds, not by {seconds!r}"
            )
        if self.now() + seconds > LAST_MOMENT:
            raise ValueError("the clock can't be advanced beyond the year 9500")
        if self._frozen_at is not None:
            self._frozen_at += seconds
        else:
            self._offset += seconds
        return self.now()

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still until it is advanced."""
        return self._frozen_at is not None

    def freeze(self) -> None:
        """Hold the clock where it stands; `advance` still moves it."""
        if self._frozen_at is None:
            self._frozen_at = self.now()

    def resume(self) -> None:
        """Let a frozen clock run on from where it stands."""
        if self._frozen_at is not None:
            self._offset = self._frozen_at - time.monotonic()
            self._frozen_at = None

    def iso(self) -> str:
        """The current time as ISO 8601."""
        return iso(self.now())


def iso(moment: float) -> str:
    """A moment as the API writes it: ISO 8601 in UTC with milliseconds and `Z`."""
    second, milliseconds = divmod(math.floor(moment * 1000), 1000)
    return f"{_iso_second(second)}.{milliseconds:03d}Z"


@lru_cache(maxsize=64)
def _iso_second(second: int) -> str:
    """The date and the time of a second; most answers of one second share it."""
    return datetime.fromtimestamp(second, timezone.utc).isoformat()[:19]


def day_of(moment: float) -> str:
    """The UTC date of a moment, `YYYY-MM-DD`."""
    return datetime.fromtimestamp(moment, timezone.utc).date().isoformat()
