"""A run of many calls: tasks that take requests and make calls, and the `MapRun` through which a caller sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from indoxrouter.errors import (
    AuthenticationError,
    ClientClosedError,
    IndoxRouterError,
    InsufficientCreditsError,
    NetworkError,
    RateLimitError,
)

from .results import MapResult, MaxCostReachedError

if TYPE_CHECKING:
    from types import TracebackType

    from ..async_client import AsyncClient
    from .rate_limiter import Pace
    from .results import MapRequest, Shape

__all__ = ["MapRun", "RunState"]

_FATAL = (AuthenticationError, ClientClosedError, InsufficientCreditsError)
_LOST = 8
"""After so many failures of the network in a row, and none answered between them, the server is taken to be down."""


class RunState:
    """What the tasks of a run share. Holds no reference to the `MapRun`, so that dropping that one ends the tasks."""

    concurrency = 16
    ordered = False
    max_cost: float | None = None
    expected_cost: Callable[[Any], float] | None = None
    retries = 5
    prefix = ""
    pace: Pace

    def __init__(
        self, client: AsyncClient, shape: Shape, requests: Iterable[MapRequest] | AsyncIterable[MapRequest]
    ) -> None:
        self.client = client
        self.shape = shape
        self.source = (
            requests.__aiter__() if isinstance(requests, AsyncIterable) else _from_iterable(requests)
        )
        self.taking = asyncio.Lock()
        self.results: asyncio.Queue[MapResult | None] = asyncio.Queue()
        self.started = self.done = self.failed = 0
        self.cost = 0.0
        self.reserved = 0.0
        self.lost = 0
        self.stopping = False
        self.reason: Exception | None = None
        self.waiting = 0.0
        self.slots: asyncio.Semaphore | None = None

    async def work(self) -> None:
        """One of the tasks: take a request, make the call, hand out the result, until there are no more."""
        while True:
            assert self.slots is not None
            # Given back when the result is taken: a slow reader slows the run down.
            await self.slots.acquire()
            taken = await self._take()
            if taken is None:
                self.slots.release()
                return
            index, name, request, expected = taken
            try:
                result = await self._call(index, name, request)
            finally:
                self.reserved -= expected
            if result is None:
                self.slots.release()
                return
            self.results.put_nowait(result)

    async def _take(self) -> tuple[int, Any, Any, float] | None:
        """The next request, once it may start; None when there is none, or nothing may start any more."""
        async with self.taking:
            if not await self._pause():
                return None
            try:
                item = await anext(self.source, _END)
            except Exception as error:  # noqa: BLE001  # the caller's own iterator failed: raised to the caller, after the results
                self.stop(error)
                return None
            if item is _END or self.stopping:
                return None
            index = self.started
            name, request = item if _is_pair(item) else (index, item)
            expected = self._expect(request)
            if self.max_cost is not None and self.cost + self.reserved + expected > self.max_cost:
                self.stop(MaxCostReachedError(self.cost, self.max_cost))
                return None
            self.started += 1
            self.reserved += expected
            self.pace.start()
            return index, name, request, expected

    def _expect(self, request: Any) -> float:
        """USD that a call may cost: as the caller says, else what the calls so far have cost on average."""
        if self.max_cost is None:
            return 0.0
        if self.expected_cost is not None:
            return max(0.0, self.expected_cost(request))
        return self.cost / self.done if self.done else 0.0

    async def _call(self, index: int, name: Any, request: Any) -> MapResult | None:
        """Make a call, again after refusals. None for a failure that ends the run."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        # One key for the request, whatever happens to it: a server that honours it bills once, even across runs.
        key = sha256(f"{self.prefix}\0{name}".encode("utf-8", "backslashreplace")).hexdigest()[:32]
        client = self.client.with_options(idempotency_key=key)
        attempts = 0
        while True:
            attempts += 1
            try:
                value = await getattr(client, self.shape.method)(**self.shape.arguments(request))
            except RateLimitError as error:
                self.pace.refused(error.retry_after)
                failure: IndoxRouterError = error
                if attempts <= self.retries and await self._pause():
                    self.pace.start()
                    continue
            except IndoxRouterError as error:
                self.pace.end()
                failure = error
                if self._ends_run(error):
                    self.stop(error)
                    return None
            except BaseException:
                self.pace.end()
                raise
            else:
                info = getattr(value, "__dict__", {}).get("_http_")
                self.pace.end(info.headers if info is not None else None)
                cost = getattr(value, "cost", None)
                self.lost = 0
                self.done += 1
                self.cost += cost or 0.0
                return MapResult(
                    id=name, index=index, request=request, value=value, cost=cost,
                    attempts=attempts, seconds=loop.time() - began,
                )  # fmt: skip
            self.failed += 1
            return MapResult(
                id=name, index=index, request=request, error=failure,
                attempts=attempts, seconds=loop.time() - began,
            )  # fmt: skip

    async def _pause(self) -> bool:
        """Wait until a call may start; False when none may start any more."""
        while (seconds := self.pace.wait()) and not self.stopping:
            self.waiting = seconds
            await asyncio.sleep(min(seconds, 1.0))
        self.waiting = 0.0
        return not self.stopping

    def _ends_run(self, error: IndoxRouterError) -> bool:
        if isinstance(error, _FATAL):
            return True
        if isinstance(error, NetworkError):
            self.lost += 1
            return self.lost >= _LOST
        self.lost = 0
        return False

    def stop(self, reason: Exception | None = None) -> None:
        """Start nothing more. The first reason is the one that is raised."""
        self.stopping = True
        if self.reason is None:
            self.reason = reason


_END: Any = object()


def _is_pair(item: Any) -> bool:
    """Whether an item is an id and a request, and not two messages in a tuple."""
    if not issubclass(type(item), tuple) or len(item) != 2:
        return False
    return not isinstance(item[0], Mapping) and not hasattr(item[0], "_schema_")


async def _from_iterable(requests: Iterable[Any]) -> AsyncIterator[Any]:
    for request in requests:
        yield request


class MapRun:
    """A run of many calls: iterate over it with `async for` to get a `MapResult` for each, as they come.

    Nothing is sent before the first result is asked for. When the run is closed, or the last reference to it goes,
    calls under way are cancelled: so does a `break` out of `async for result in client.map(…)`.

    Attributes:
        done, failed: how many requests have worked, and have not.
        cost: USD so far.
        in_flight: calls under way.
        waiting: seconds that the run waits for the server's limit, or 0.

    Raises, while iterating, after all other results:
        AuthenticationError, InsufficientCreditsError: going on would be in vain.
        NetworkError: the server cannot be reached.
        MaxCostReachedError: another call could exceed `max_cost`.
    """

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = False
        self._early: dict[int, MapResult] = {}
        self._next = 0

    @property
    def done(self) -> int:
        """Requests that have worked."""
        return self._state.done

    @property
    def failed(self) -> int:
        """Requests that have failed."""
        return self._state.failed

    @property
    def cost(self) -> float:
        """USD so far."""
        return self._state.cost

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return self._state.pace.in_flight

    @property
    def waiting(self) -> float:
        """Seconds until the server's limit allows the next call; 0 when nothing waits."""
        return self._state.waiting

    def stop(self) -> None:
        """Start no more calls. Those under way are finished, and their results handed out."""
        self._state.stop()

    def __aiter__(self) -> MapRun:
        return self

    async def __anext__(self) -> MapResult:
        if not self._tasks and not self._ended:
            self._begin()
        state = self._state
        while True:
            if state.ordered and self._next in self._early:
                result = self._early.pop(self._next)
                self._next += 1
                self._release()
                return result
            item = None if self._ended else await state.results.get()
            if item is None:
                self._ended = True
                if self._early:  # after an early end some are missing between them
                    self._next = min(self._early)
                    continue
                await self._finish()
                raise StopAsyncIteration
            if not state.ordered:
                self._release()
                return item
            self._early[item.index] = item

    def _begin(self) -> None:
        state = self._state
        # In order, one slow call holds back the results after it: they wait in memory, at most four for each task.
        state.slots = asyncio.Semaphore(state.concurrency * (4 if state.ordered else 1))
        self._tasks = [asyncio.create_task(state.work()) for _ in range(state.concurrency)]
        left = len(self._tasks)

        def ended(task: asyncio.Task[None]) -> None:
            nonlocal left
            left -= 1
            if not task.cancelled() and task.exception() is not None:
                error = task.exception()
                state.stop(error if isinstance(error, Exception) else None)
            if left == 0:
                state.results.put_nowait(None)

        for task in self._tasks:
            task.add_done_callback(ended)

    def _release(self) -> None:
        assert self._state.slots is not None
        self._state.slots.release()

    async def _finish(self) -> None:
        self._tasks = []
        reason, self._state.reason = self._state.reason, None
        if reason is not None:
            try:
                raise reason
            finally:
                del reason

    async def close(self) -> None:
        """End the run now: calls under way are cancelled."""
        self._ended = True
        self._state.stop()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def __aenter__(self) -> MapRun:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        for task in getattr(self, "_tasks", ()):
            if not task.done() and not task.get_loop().is_closed():
                task.cancel()
