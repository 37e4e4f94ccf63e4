"""Runs one subject in its own environment: reads a case a line, does it, writes what it took a line.

A request is `{"case": "chat", "server": "http://…", "times": 200}`, the answer `{"seconds": [...]}` (for each time),
`{"peak": bytes}` where memory was asked for, or `{"error": "…"}`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.payloads import CHAT_TEXT, EMBEDDINGS, EVENTS, MANY_EVENTS, MODELS
from bench.subjects import SUBJECTS
from bench.work import ASYNC_CASES, REQUESTS, STREAMS

__all__ = ["main"]

PRICES = round(sum(number / 1000 for number in range(MODELS)), 6)


def expected(case: str) -> Any:
    """What a subject has to find in the answer of a case."""
    return {
        "chat": CHAT_TEXT,
        "chat_async": CHAT_TEXT,
        "watched": CHAT_TEXT,
        "first_event": "word0 ",
        "events": (EVENTS, EVENTS * len("word0 ")),
        "blocks": (EVENTS, EVENTS * len("word0 ")),
        "embeddings": (*EMBEDDINGS, 0.0123),
        "models": (MODELS, PRICES),
        "requests_at_once": [CHAT_TEXT] * REQUESTS,
        "streams_at_once": [MANY_EVENTS] * STREAMS,
    }[case]


def check(case: str, result: Any) -> None:
    """Refuse a result that is not what the server sent."""
    wanted = expected(case)
    if result != wanted:
        raise AssertionError(f"{case}: got {result!r:.200}, expected {wanted!r:.200}")


class Worker:
    """One subject, its event loop, and the functions that it has prepared."""

    def __init__(self, name: str) -> None:
        self.subject = SUBJECTS[name]()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.prepared: dict[str, Callable[[], Any]] = {}

    def once(self, case: str, server: str) -> Callable[[], Any]:
        """The function that does a case once, made when first needed."""
        if case not in self.prepared:
            if case not in ASYNC_CASES:
                self.prepared[case] = getattr(self.subject, case)(server)
            else:
                if self.loop is None:
                    self.loop = asyncio.new_event_loop()
                self.prepared[case] = self.loop.run_until_complete(self._prepare(case, server))
        return self.prepared[case]

    async def _prepare(self, case: str, server: str) -> Any:
        return getattr(self.subject, case)(server)

    def seconds(self, case: str, server: str, times: int) -> list[float]:
        """Do a case some times and say what each time took."""
        once = self.once(case, server)
        if case in ASYNC_CASES:
            assert self.loop is not None
            return self.loop.run_until_complete(self._seconds(case, once, times))
        taken: list[float] = []
        for _ in range(times):
            began = time.perf_counter()
            result = once()
            ended = time.perf_counter()
            taken.append(ended - began)
            if case == "first_event":
                result, drain = result
                drain()
            check(case, result)
        return taken

    async def _seconds(self, case: str, once: Callable[[], Any], times: int) -> list[float]:
        taken: list[float] = []
        for _ in range(times):
            began = time.perf_counter()
            result = await once()
            ended = time.perf_counter()
            taken.append(ended - began)
            check(case, result)
        return taken

    def peak(self, case: str, server: str) -> int:
        """The most memory, in bytes, that Python objects take while a case is done once."""
        import tracemalloc

        once = self.once(case, server)
        check(case, once())
        gc.collect()
        tracemalloc.start()
        try:
            check(case, once())
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def main() -> None:
    """Answer requests until the standard input closes."""
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if order.get("memory"):
                answer: dict[str, Any] = {"peak": worker.peak(order["case"], order["server"])}
            else:
                answer = {"seconds": worker.seconds(order["case"], order["server"], order["times"])}
        except Exception as error:  # noqa: BLE001  # whatever a subject does wrong is reported, and the run goes on
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
