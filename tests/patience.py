"""How long tests wait, and which are left out: `make test` takes minutes, `make test-all` what it takes.

One factor holds for every limit that a busy machine could exceed.

The factor is 1 on a quiet machine. It grows with the load at the start of the run, up to 10, or is the value of
`TEST_TIME_FACTOR`. Only limits on failure scale with it: a test that passes takes no longer.
"""

from __future__ import annotations

import os

__all__ = ["ALL", "FACTOR", "seconds"]

ALL = os.environ.get("TESTS") == "all"
"""Whether everything is run: both engines, more examples, planted faults, whole stories, the built site."""


def _factor() -> float:
    given = os.environ.get("TEST_TIME_FACTOR")
    if given:
        return float(given)
    return min(10.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


FACTOR = _factor()


def seconds(quiet: float) -> float:
    """The limit for this machine, from the limit for a quiet one."""
    return quiet * FACTOR
