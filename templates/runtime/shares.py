"""Connections for asyncio: one pool for each, because httpcore's pools are quadratic."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

__all__ = ["LONGEST_IDLE", "Share", "Shares"]

LONGEST_IDLE = 30.0
_MOST_SHARES = 1000


class _Closable(Protocol):
    async def aclose(self) -> None: ...


CarrierT = TypeVar("CarrierT", bound=_Closable)


class Share(Generic[CarrierT]):
    """Something with one connection that carries requests, and how many it carries or has waiting.

    httpcore looks at every connection of a pool for every request, so that a pool of hundreds spends its time
    looking. Hundreds of pools of one carry as much in a quarter of the time.
    """

    def __init__(self, carrier: CarrierT, free: deque[Share[CarrierT]]) -> None:
        self.carrier = carrier
        self.busy = 0
        self.idle_since = 0.0
        self._free = free

    def leave(self) -> None:
        """One request less; a share without any is the first to be used again."""
        self.busy -= 1
        if not self.busy:
            self.idle_since = time.monotonic()
            self._free.append(self)


class Shares(Generic[CarrierT]):
    """The shares of one scheme. `make` makes what carries the requests of one."""

    def __init__(self, make: Callable[[], CarrierT]) -> None:
        self.all: list[Share[CarrierT]] = []
        self._free: deque[Share[CarrierT]] = deque()
        self._make = make

    async def take(self) -> Share[CarrierT]:
        """A share for one request; when all 1,000 are busy, the one with the fewest, which makes it wait."""
        free = self._free
        if free and time.monotonic() - free[0].idle_since > LONGEST_IDLE:
            unused = free.popleft()
            self.all.remove(unused)
            await unused.carrier.aclose()
        if free:
            share = free.pop()
        elif len(self.all) < _MOST_SHARES:
            share = Share(self._make(), free)
            self.all.append(share)
        else:
            share = min(self.all, key=lambda share: share.busy)
        share.busy += 1
        return share
