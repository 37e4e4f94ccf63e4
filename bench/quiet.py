"""Was a measurement disturbed by other processes? If it was, it is taken again.

Linux counts for every thread how long it was ready to run and had to wait for its core (`schedstat`). A client and a
server that have a core each wait for nobody: what they waited, somebody else had. A client with threads of its own
waits for those too; there, what the whole core did is compared with what the client did. On other systems nothing is
known, and nothing is taken again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

__all__ = ["LIMIT", "START", "Allowance", "State", "Taken", "Watch", "disturbance", "undisturbed"]

LIMIT = 0.03  # the share of its time that others may take from a measurement
TRIES = 4  # how often a disturbed measurement is taken again
PAUSE = 0.2  # seconds to let a disturbance pass, more with each try
TICK = 0.01  # seconds; /proc/stat counts in these
START = (
    0.001  # seconds that a new process waits for nobody else: for its parent, and for the move to its core
)


class Taken(NamedTuple):
    """One measurement.

    Attributes:
        value: seconds or bytes.
        disturbed: the share of its time that other processes took; 0 where the system does not tell.
        seconds: how long all of it lasted.
    """

    value: float
    disturbed: float
    seconds: float


class Allowance:
    """How many seconds may still be spent on taking measurements again, and how often it happened."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.measured = self.redone = self.kept = 0
        self._reserve = 0.0

    def keep_for(self, cases: int) -> None:
        """Begin a case after which as many are to come: it gets twice its share of the time, and no more."""
        self._reserve = self.seconds * max(0.0, 1 - 2 / (cases + 1))

    def has(self, seconds: float) -> bool:
        """Whether so much may be spent now."""
        return self.seconds - self._reserve >= seconds


def undisturbed(
    take: Callable[[], Taken | None],
    allowance: Allowance,
    pause: Callable[[float], None] = time.sleep,
) -> Taken | None:
    """Measure, and measure again while others disturb and the allowance lasts.

    Returns:
        The least disturbed of the measurements; None if one failed.
    """
    best = take()
    allowance.measured += 1
    for number in range(1, TRIES + 1):
        if best is None or best.disturbed <= LIMIT or not allowance.has(best.seconds):
            break
        pause(number * PAUSE)
        again = take()
        if again is None:
            return None
        allowance.redone += 1
        allowance.seconds -= again.seconds + number * PAUSE
        best = min(best, again, key=lambda taken: taken.disturbed)
    allowance.kept += best is not None and best.disturbed > LIMIT
    return best


def _waited(pid: int) -> tuple[float, int]:
    """Seconds that the threads of a process were ready and did not run, and how many threads there are."""
    waits = [
        int(entry.joinpath("schedstat").read_text().split()[1])
        for entry in Path(f"/proc/{pid}/task").iterdir()
    ]
    return sum(waits) / 1e9, len(waits)


def _core(number: int) -> tuple[float, float]:
    """Seconds that a core has been busy, and that the host of a virtual machine has taken from it."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *counts = line.split()
        if name == f"cpu{number}":
            user, nice, system, _idle, _wait, irq, softirq, steal, *_ = map(int, counts)
            return (user + nice + system + irq + softirq) * TICK, steal * TICK
    return 0.0, 0.0


def _spent(pid: int) -> float:
    """CPU time of all threads of a process, those that have ended included: Linux's clock of that process."""
    return time.clock_gettime((~pid << 3) | 2)


class State(NamedTuple):
    """What the system has counted for a client, its server and its core until now.

    Attributes:
        at: when, in seconds.
        client, server: seconds that their threads have waited for a core, and how many threads there are.
        core: seconds that the client's core has been busy, and that a host has taken from it.
        spent: seconds of CPU that the client has had.
    """

    at: float
    client: tuple[float, int]
    server: tuple[float, int]
    core: tuple[float, float]
    spent: float


class Watch:
    """Watches one measurement from its making until `share` is asked for.

    Args:
        client, server: process numbers.
        core: the client's.
    """

    def __init__(self, client: int, server: int, core: int | None) -> None:
        self._asked = client, server, core
        self._before = self._state()

    def _state(self) -> State | None:
        client, server, core = self._asked
        if core is None:
            return None
        try:
            return State(time.perf_counter(), _waited(client), _waited(server), _core(core), _spent(client))
        except (OSError, IndexError):  # not Linux, or a kernel that does not count
            return None

    def share(self, grace: float = 0.0) -> float:
        """The larger share of the time since the making that client or server had to wait for others.

        Args:
            grace: seconds that the client waits in any case.
        """
        before, after = self._before, self._state()
        if before is None or after is None:
            return 0.0
        return disturbance(before, after, grace)


def disturbance(before: State, after: State, grace: float = 0.0) -> float:
    """The share of the time between two states that others took."""
    lasted = after.at - before.at
    server = after.server[0] - before.server[0]
    if max(before.client[1], after.client[1]) == 1:
        client = after.client[0] - before.client[0] - grace
    else:  # its threads wait for one another
        client = after.core[0] - before.core[0] - (after.spent - before.spent) - 2 * TICK
    stolen = after.core[1] - before.core[1] - TICK
    return max(client, server, stolen, 0.0) / lasted
