"""Counts calls, which are the same on every machine, where seconds are not."""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import Any

from indoxrouter._runtime.http.interface import Deadline, Headers, HttpRequest

__all__ = ["KEY", "MESSAGES", "AsyncCannedEngine", "CannedEngine", "calls_of", "calls_while"]

KEY = "indox-" + "k" * 32
MESSAGES: list[Any] = [{"role": "user", "content": "What is the answer?"}]


class CannedResponse:
    """An answer that is there already."""

    status = 200

    deadline: Deadline | None = None

    def __init__(self, media_type: str, pieces: list[bytes]) -> None:
        self.headers = Headers([("Content-Type", media_type)])
        self.pieces = pieces

    def iter_raw(self) -> Iterator[bytes]:
        yield from self.pieces

    def close(self) -> None:
        """Nothing to free."""

    abort = close


class CannedEngine:
    """Answers every request with the same bytes, at once."""

    name = "canned"

    def __init__(self, pieces: list[bytes], media_type: str = "application/json") -> None:
        self.pieces = pieces
        self.media_type = media_type

    def send(self, request: HttpRequest) -> CannedResponse:
        return CannedResponse(self.media_type, self.pieces)

    def close(self) -> None:
        """Nothing to close."""


class AsyncCannedResponse(CannedResponse):
    """The same, to be awaited."""

    async def iter_raw(self) -> AsyncIterator[bytes]:  # type: ignore[override]  # the asynchronous form
        for piece in self.pieces:
            yield piece

    async def close(self) -> None:  # type: ignore[override]  # the asynchronous form
        """Nothing to free."""

    def release(self) -> None:
        """Nothing to free."""

    abort = release


class AsyncCannedEngine(CannedEngine):
    """The same, to be awaited."""

    async def send(self, request: HttpRequest) -> AsyncCannedResponse:  # type: ignore[override]
        return AsyncCannedResponse(self.media_type, self.pieces)

    async def close(self) -> None:  # type: ignore[override]  # the asynchronous form
        """Nothing to close."""

    def abandon(self) -> None:
        """Nothing to close."""


class calls_while:  # reads as the statement it is
    """Counts calls of Python and C functions inside a `with` block; `count` afterwards."""

    def __enter__(self) -> calls_while:
        self.count = 0
        self._collecting = gc.isenabled()
        gc.disable()  # Hypothesis times every collection, and those calls are not ours
        self._former = sys.getprofile()
        sys.setprofile(self._note)
        return self

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            self.count += 1

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._former)
        if self._collecting:
            gc.enable()
        self.count -= 2  # this method and `setprofile`


def calls_of(action: Callable[[], Any], warm_up: int = 12) -> int:
    """How many calls doing something takes, after imports and caches are done."""
    for _ in range(warm_up):
        action()
    counts: list[int] = []
    for _ in range(5):  # the fewest of a few: threads and finalisers of other tests may call in between
        with calls_while() as calls:
            action()
        counts.append(calls.count)
    return min(counts)
