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

__all__ = ["Alarm"]


class Alarm:
    """An action that is taken when the time is up, unless the alarm is put off first.

    One alarm serves a whole stream: it is set and put off around every read, and costs the thread's queue one entry,
    however many reads there are.

    Args:
        action: what to do; called from another thread, at most once.
    """

    __slots__ = ("_action", "_lock", "_queued_for", "_when", "fired")

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action
        # Held while the action is taken: when `put_off` returns, either it has been taken or it never will be, so it
        # cannot hit a connection that has gone back to the pool and serves somebody else.
        self._lock = threading.Lock()
        self._when: float | None = None
        self._queued_for: float | None = None
        self.fired = False

    def set(self, when: float) -> None:
        """Take the action at `when`, on `time.monotonic`."""
        with self._lock:
            self._when = when
            queued = self._queued_for is not None and self._queued_for <= when
            if not queued:
                self._queued_for = when
        if not queued:
            _clockwork.add(when, self)

    def put_off(self) -> None:
        """Do nothing until the alarm is set again."""
        with self._lock:
            self._when = None

    def dismiss(self) -> None:
        """Never do anything again, and let go of whatever the action holds."""
        with self._lock:
            self._when = self._action = None

    def ring(self, queued_for: float) -> float | None:
        """Take the action if it is due. Called by the thread; returns when to ask again, or None."""
        with self._lock:
            if queued_for != self._queued_for:
                return (
                    None  # the alarm was set to an earlier moment since, and has another entry in the queue
                )
            self._queued_for = None
            if self._when is None or self._action is None:
                return None
            if self._when > time.monotonic():
                self._queued_for = self._when
                return self._when
            action, self._action = self._action, None
            self.fired = True
            action()
            return None


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
            if self._queue[0][2] is alarm:
                self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._queue or self._queue[0][0] > time.monotonic():
                    self._wake.wait(self._queue[0][0] - time.monotonic() if self._queue else None)
                when, _, alarm = heapq.heappop(self._queue)
            again = alarm.ring(when)
            if again is not None:
                self.add(again, alarm)
            del alarm


_clockwork = _Clockwork()


def _start_anew() -> None:
    global _clockwork  # noqa: PLW0603  # a forked child has no thread, and its lock may be held for ever
    _clockwork = _Clockwork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
