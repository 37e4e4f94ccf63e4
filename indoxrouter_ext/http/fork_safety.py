"""Resets what a forked child must not share with its parent: connections, and locks that other threads hold.

Two processes that read from one socket get halves of each other's answers. A lock that another thread held at the
moment of the fork is never released in the child, where that thread does not exist. Every owner of either registers
here and is reset in the child. The parent is not affected: the child drops its connections without closing them.
"""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class ResetsAfterFork(Protocol):
    """An object that has to be reset in a forked child."""

    def reset_after_fork(self) -> None:
        """Drop connections and replace locks. Called in the child, where only one thread is left."""
        ...


_known: weakref.WeakSet[ResetsAfterFork] = weakref.WeakSet()


def register_for_fork(owner: ResetsAfterFork) -> None:
    """Call `owner.reset_after_fork()` in every child that this process forks while `owner` is alive."""
    _known.add(owner)


def _reset_all() -> None:
    for owner in list(_known):
        owner.reset_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)
