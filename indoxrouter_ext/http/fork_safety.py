"""What a forked child must not share with its parent: connections, and locks that somebody else was holding.

Two processes that read from one socket get halves of each other's answers, and a lock that another thread held at the
moment of the fork is never released in the child, where that thread does not exist. So everything that owns either
says so here, and starts anew in a child. The parent notices nothing: the child closes no connection, it forgets them.
"""

from __future__ import annotations

import os
import weakref
from typing import Protocol

__all__ = ["Forkable", "start_anew_in_children"]


class Forkable(Protocol):
    """Something that has to start anew in a forked child."""

    def start_anew(self) -> None:
        """Forget connections, replace locks. Called in the child, where only one thread is left."""
        ...


_known: weakref.WeakSet[Forkable] = weakref.WeakSet()


def start_anew_in_children(owner: Forkable) -> None:
    """Call `owner.start_anew()` in every child that this process forks while `owner` is alive."""
    _known.add(owner)


def _start_all_anew() -> None:
    for owner in list(_known):
        owner.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_all_anew)
