"""What is measured, against which unit, and the figures that this project has set itself."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CASES", "Case"]


class Case(NamedTuple):
    """One row of the table.

    Attributes:
        name: of the method in `subjects`, or the kind of start-up.
        title: as the table shows it.
        unit: the subject that counts as 1.
        speed: whether the figure is a speed (more is better) or a time (less is better).
        default, over_httpx: what the default engine and the httpx engine have to reach; None is no goal.
        times: how often it is done in one round, by a subject that is fast enough.
        kind: "start" (a fresh interpreter each time), "loop" (in a worker) or "memory" (the peak of Python objects).
    """

    name: str
    title: str
    unit: str
    speed: bool
    default: float
    over_httpx: float | None
    times: int
    kind: str = "loop"

    @property
    def key(self) -> str:
        """What tells this case from the others."""
        return f"{self.name} {self.kind}"

    def reached(self, ratio: float, goal: float) -> bool:
        """Whether a figure is as good as its goal."""
        return ratio >= goal if self.speed else ratio <= goal


# Through the httpx engine, a call may take 1.15 of plain httpx.
_AS_QUICK = 1.15
_AS_FAST = 0.87

CASES = (
    Case("importing", "`import indoxrouter`", "httpx", False, 0.35, 0.35, 2, "start"),
    Case("constructing", "import + construct a client", "httpx", False, 0.6, _AS_QUICK, 2, "start"),
    Case("first", "whole process, first chat", "httpx", False, 0.6, _AS_QUICK, 2, "start"),
    Case("chat", "sync chat", "httpx", False, 0.4, _AS_QUICK, 300),
    Case("watched", "sync chat, watched by `on_unknown`", "httpx", False, 0.6, None, 300),
    Case("chat_async", "async chat", "httpx", False, 0.22, _AS_QUICK, 300),
    Case("first_event", "time to first event", "httpx", False, 0.5, _AS_QUICK, 200),
    Case("events", "stream of 20,000 events, one chunk each", "httpx", True, 4, _AS_FAST, 2),
    Case("blocks", "the same in 16 KiB chunks", "httpx", True, 1.5, _AS_FAST, 2),
    Case("requests_at_once", "1,000 requests, 100 at once", "aiohttp", True, 1.5, None, 3),
    Case("streams_at_once", "200 streams at once", "aiohttp", True, 2, None, 3),
    Case("embeddings", "256 × 1536 embeddings", "httpx", False, 0.55, _AS_QUICK, 4),
    Case("embeddings", "256 × 1536 embeddings, peak memory", "httpx", False, 0.85, _AS_QUICK, 1, "memory"),
    Case("models", "400 models, typed objects", "httpx", False, 0.6, _AS_QUICK, 30),
)
