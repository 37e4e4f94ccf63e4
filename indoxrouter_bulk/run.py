"""A run of many calls: the tasks that make them, and the `MapRun` that yields their results.

A run keeps a number of calls in flight, within the server's rate limit, and yields results as they arrive. It ends
early in three cases: the key or the credits are refused, the server cannot be reached, or the cost reaches its limit.
The calls in flight are then completed and their results yielded before the reason is raised.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter.errors import (
    AuthenticationError,
    ClientClosedError,
    IndoxRouterError,
    InsufficientCreditsError,
    NetworkError,
    RateLimitError,
)

from indoxrouter_ext.calls.retry import FailedAttempt, RetryPolicy

from .rate_limiter import RateLimiter
from .results import ArgumentBinder, MapResult, MaxCostReachedError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from .results import MapRequest

__all__ = ["MapClient", "MapOptions", "MapRun", "start_map"]

_FATAL = (AuthenticationError, ClientClosedError, InsufficientCreditsError)
_MAX_NETWORK_FAILURES = 8
"""After this many network failures in a row, without an answer between them, the run ends."""


class MapClient(Protocol):
    """What a run needs of its client: copies with other options. The calls are methods of the copy."""

    def with_options(self, *, max_retry_wait: float = ..., idempotency_key: str | None = ...) -> Self:
        """A copy with other options that shares connections, token and retry budget."""
        ...


class MapOptions(NamedTuple):
    """The options of a run; `AsyncClient.map` documents them."""

    concurrency: int = 16
    ordered: bool = False
    max_cost: float | None = None
    expected_cost: Callable[[Any], float] | None = None
    per_minute: float | None = None
    retries: int = 5
    idempotency: str | None = None

    def check(self) -> None:
        """Raise `InvalidParametersError` for the first option with a wrong value."""
        counts: list[tuple[str, Any, int]] = [
            ("concurrency", self.concurrency, 1),
            ("retries", self.retries, 0),
        ]
        for name, value, lowest in counts:
            if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
                raise_invalid_argument(name, value, f"a whole number, {lowest} or more")
        amounts: list[tuple[str, Any]] = [("max_cost", self.max_cost), ("per_minute", self.per_minute)]
        for name, number in amounts:
            if number is not None and (
                isinstance(number, bool) or not isinstance(number, (int, float)) or not number > 0
            ):
                raise_invalid_argument(name, number, "a positive number")


def start_map(
    client: MapClient,
    requests: Iterable[MapRequest] | AsyncIterable[MapRequest],
    method: str,
    defaults: Mapping[str, Any],
    options: MapOptions,
) -> MapRun:
    """Check the arguments and create the run; `AsyncClient.map` documents them.

    Raises:
        InvalidParametersError: for the first argument with a wrong value.
    """
    options.check()
    kind: type[Any] = type(requests)
    if issubclass(kind, (str, bytes, Mapping)) or not issubclass(kind, (Iterable, AsyncIterable)):
        raise_invalid_argument(
            "requests", requests, "requests to iterate over, such as a list or an asynchronous generator"
        )
    binder = ArgumentBinder(method, defaults)
    return MapRun(RunState(client.with_options(max_retry_wait=0), binder, requests, options))


class RunState:
    """What the tasks of a run share. It holds no reference to the `MapRun`, so that dropping the run ends the tasks."""

    def __init__(
        self,
        client: MapClient,
        binder: ArgumentBinder,
        requests: Iterable[MapRequest] | AsyncIterable[MapRequest],
        options: MapOptions,
    ) -> None:
        self.client = client
        self.binder = binder
        self.options = options
        # All tasks pause together, so the wait has no jitter, and any `Retry-After` is waited for.
        self.policy = RetryPolicy(options.retries, math.inf, first_wait=1.0, longest_wait=60.0, jitter=None)
        self.limiter = RateLimiter(self.policy, options.per_minute)
        self.key_prefix = secrets.token_hex(8) if options.idempotency is None else options.idempotency
        self.source = (
            requests.__aiter__() if isinstance(requests, AsyncIterable) else _from_iterable(requests)
        )
        self.taking = asyncio.Lock()
        self.results: asyncio.Queue[MapResult | None] = asyncio.Queue()
        self.started = self.done = self.failed = 0
        self.cost = 0.0
        self.reserved = 0.0
        self.network_failures = 0
        self.stopping = False
        self.reason: Exception | None = None
        self.waiting = 0.0
        self.slots: asyncio.Semaphore | None = None

    async def work(self) -> None:
        """The loop of one task: take a request, make the call, queue the result, until there are no more."""
        while True:
            assert self.slots is not None
            # Released when the result is read: a slow reader slows the run down.
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
        """The next request, once it may start; None if there is none, or the run is stopping."""
        async with self.taking:
            if not await self._pause():
                return None
            try:
                item = await anext(self.source, _END)
            except Exception as error:  # noqa: BLE001  # of the caller's own iterator: raised to the caller after the results
                self.stop(error)
                return None
            if item is _END or self.stopping:
                return None
            index = self.started
            name, request = item if _is_pair(item) else (index, item)
            expected = self._expect(request)
            if (
                self.options.max_cost is not None
                and self.cost + self.reserved + expected > self.options.max_cost
            ):
                self.stop(MaxCostReachedError(self.cost, self.options.max_cost))
                return None
            self.started += 1
            self.reserved += expected
            self.limiter.start()
            return index, name, request, expected

    def _expect(self, request: Any) -> float:
        """The expected cost of a call in USD: as the caller estimates it, else the average so far."""
        if self.options.max_cost is None:
            return 0.0
        if self.options.expected_cost is not None:
            return max(0.0, self.options.expected_cost(request))
        return self.cost / self.done if self.done else 0.0

    async def _call(self, index: int, name: Any, request: Any) -> MapResult | None:
        """Make a call, and repeat it when the rate limit refuses it. None for a failure that ends the run."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        # All attempts of a request have one key: a server that honours it bills the request once, even across runs.
        key = sha256(f"{self.key_prefix}\0{name}".encode("utf-8", "backslashreplace")).hexdigest()[:32]
        client = self.client.with_options(idempotency_key=key)
        attempts = 0
        while True:
            attempts += 1
            try:
                value = await getattr(client, self.binder.method)(**self.binder.arguments(request))
            except RateLimitError as error:
                self.limiter.on_rate_limited(error.retry_after)
                failure: IndoxRouterError = error
                refused = FailedAttempt("safe", 429, retry_after=error.retry_after)  # 429: it did not run
                if self.policy.decide(refused, attempts).wait is not None and await self._pause():
                    self.limiter.start()
                    continue
            except IndoxRouterError as error:
                self.limiter.end()
                failure = error
                if self._ends_run(error):
                    self.stop(error)
                    return None
            except BaseException:
                self.limiter.end()
                raise
            else:
                info = getattr(value, "__dict__", {}).get("_http_")
                self.limiter.end(info.headers if info is not None else None)
                cost = getattr(value, "cost", None)
                self.network_failures = 0
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
        """Wait until a call may start. Returns False if the run is stopping."""
        while (seconds := self.limiter.wait()) and not self.stopping:
            self.waiting = seconds
            await asyncio.sleep(min(seconds, 1.0))
        self.waiting = 0.0
        return not self.stopping

    def _ends_run(self, error: IndoxRouterError) -> bool:
        if isinstance(error, _FATAL):
            return True
        if isinstance(error, NetworkError):
            self.network_failures += 1
            return self.network_failures >= _MAX_NETWORK_FAILURES
        self.network_failures = 0
        return False

    def stop(self, reason: Exception | None = None) -> None:
        """Start no more calls. The first reason is raised."""
        self.stopping = True
        if self.reason is None:
            self.reason = reason


_END: Any = object()


def _is_pair(item: Any) -> bool:
    """Whether an item is a pair of an id and a request, and not a tuple of two messages."""
    if not issubclass(type(item), tuple) or len(item) != 2:
        return False
    return not isinstance(item[0], Mapping) and not hasattr(item[0], "_schema_")


async def _from_iterable(requests: Iterable[Any]) -> AsyncIterator[Any]:
    for request in requests:
        yield request


class MapRun:
    """A run of many calls. Iterate over it with `async for`; each item is a `MapResult`.

    Nothing is sent before the first result is requested. Calls in flight are cancelled when the run is closed or
    garbage-collected, for example after a `break` out of `async for result in client.map(…)`.

    Attributes:
        done, failed: how many requests have succeeded and failed.
        cost: USD so far.
        in_flight: calls that have started and have no answer yet.
        waiting: seconds until the server's rate limit allows the next call, or 0.

    Iterating raises, after all results have been yielded:
        AuthenticationError, InsufficientCreditsError: further calls would fail as well.
        NetworkError: the server cannot be reached.
        MaxCostReachedError: another call could exceed `max_cost`.
    """

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = False
        self._out_of_order: dict[int, MapResult] = {}
        self._next = 0

    @property
    def done(self) -> int:
        """Requests that have succeeded."""
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
        """Calls that have started and have no answer yet."""
        return self._state.limiter.in_flight

    @property
    def waiting(self) -> float:
        """Seconds until the server's rate limit allows the next call; 0 if no call waits."""
        return self._state.waiting

    def stop(self) -> None:
        """Start no more calls. Those in flight are completed, and their results yielded."""
        self._state.stop()

    def __aiter__(self) -> MapRun:
        return self

    async def __anext__(self) -> MapResult:
        if not self._tasks and not self._ended:
            self._begin()
        state = self._state
        while True:
            if state.options.ordered and self._next in self._out_of_order:
                result = self._out_of_order.pop(self._next)
                self._next += 1
                self._release()
                return result
            item = None if self._ended else await state.results.get()
            if item is None:
                self._ended = True
                if self._out_of_order:  # after an early end, results are missing between them
                    self._next = min(self._out_of_order)
                    continue
                await self._finish()
                raise StopAsyncIteration
            if not state.options.ordered:
                self._release()
                return item
            self._out_of_order[item.index] = item

    def _begin(self) -> None:
        state = self._state
        # In order, a slow call holds back the results after it: they are kept in memory, at most four for each task.
        state.slots = asyncio.Semaphore(state.options.concurrency * (4 if state.options.ordered else 1))
        self._tasks = [asyncio.create_task(state.work()) for _ in range(state.options.concurrency)]
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
        """End the run now; calls in flight are cancelled."""
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
