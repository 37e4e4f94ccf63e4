"""Deadlines: one thread that breaks connections when their time is up.

A blocking read ends when something arrives or when its idle timeout runs out; it knows nothing of a limit on the
first token or on the whole call, and a server that sends a comment every second keeps it happy for ever. So for
calls that have a deadline, and only for those, a daemon thread shuts the socket down at the right moment. In
asyncio the event loop has timers of its own, and this module is not used.
"""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable

__all__ = ["Alarm", "set_alarm"]


class Alarm:
    """A call that will be made at a moment, unless it is cancelled first."""

    __slots__ = ("_action", "fired")

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action
        self.fired = False

    def cancel(self) -> None:
        """Let it be; and let go of whatever the action holds."""
        self._action = None

    def fire(self) -> None:
        """Make the call."""
        action, self._action = self._action, None
        if action is not None:
            self.fired = True
            action()


class _Clockwork:
    """The thread and its queue. It starts with the first alarm, and anew in a forked child."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._queue: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def add(self, when: float, alarm: Alarm) -> None:
        with self._wake:
            heapq.heappush(self._queue, (when, next(self._numbers), alarm))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="indoxrouter-deadlines", daemon=True)
                self._thread.start()
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._queue or self._queue[0][0] > time.monotonic():
                    self._wake.wait(self._queue[0][0] - time.monotonic() if self._queue else None)
                alarm = heapq.heappop(self._queue)[2]
            alarm.fire()


_clockwork = _Clockwork()


def _start_anew() -> None:
    global _clockwork  # noqa: PLW0603  # a forked child has no thread, and its lock may be held for ever
    _clockwork = _Clockwork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


def set_alarm(when: float, action: Callable[[], None]) -> Alarm:
    """Call `action` at `when` (on `time.monotonic`), from another thread. Cancel the alarm when the time was enough."""
    alarm = Alarm(action)
    _clockwork.add(when, alarm)
    return alarm
