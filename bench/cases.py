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
        default, fast: what the default install and the fast engine have to reach.
        times: how often it is done in one round, by a subject that is fast enough.
        kind: "start" (a fresh interpreter each time), "loop" (in a worker) or "memory" (the peak of Python objects).
    """

    name: str
    title: str
    unit: str
    speed: bool
    default: float
    fast: float
    times: int
    kind: str = "loop"

    @property
    def key(self) -> str:
        """What tells this case from the others."""
        return f"{self.name} {self.kind}"

    def reached(self, ratio: float, goal: float) -> bool:
        """Whether a figure is as good as its goal."""
        return ratio >= goal if self.speed else ratio <= goal


CASES = (
    Case("importing", "`import indoxrouter`", "httpx", False, 0.35, 0.35, 2, "start"),
    Case("constructing", "import + construct a client", "httpx", False, 0.9, 0.45, 2, "start"),
    Case("first", "whole process, first chat", "httpx", False, 0.95, 0.5, 2, "start"),
    Case("chat", "sync chat", "httpx", False, 0.95, 0.35, 300),
    Case("chat_async", "async chat", "httpx", False, 0.95, 0.22, 300),
    Case("first_event", "time to first event", "httpx", False, 0.95, 0.35, 200),
    Case("events", "stream of 20,000 events, one chunk each", "httpx", True, 1.1, 2.6, 2),
    Case("blocks", "the same in 16 KiB chunks", "httpx", True, 1.3, 1.5, 2),
    Case("requests_at_once", "1,000 requests, 100 at once", "aiohttp", True, 0.25, 1.5, 3),
    Case("streams_at_once", "200 streams at once", "aiohttp", True, 0.3, 1.1, 3),
    Case("embeddings", "256 × 1536 embeddings", "httpx", False, 0.6, 0.5, 4),
    Case("embeddings", "256 × 1536 embeddings, peak memory", "httpx", False, 0.9, 0.85, 1, "memory"),
    Case("models", "400 models, typed objects", "httpx", False, 0.6, 0.35, 30),
)
