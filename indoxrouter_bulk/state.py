"""The calls of a run: what its tasks share, and the loop of each task.

A run keeps a number of calls in flight, within the server's rate limit. It ends early in four cases: the key or the
credits are refused, the server cannot be reached, the cost reaches its limit, or a budget refuses the next call. The
calls in flight are then completed and their results yielded before the reason is raised.
"""

from __future__ import annotations

import asyncio
import math
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
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

from indoxrouter_ext.calls.answer import library_logger
from indoxrouter_ext.calls.observation import cost_of
from indoxrouter_ext.calls.retry import FailedAttempt, RetryPolicy
from indoxrouter_ext.spending.estimate import Amount, text_size
from indoxrouter_ext.spending.protocol import BudgetExceededError

from .keys import request_hash, row_key
from .rate_limiter import RateLimiter
from .results import ArgumentBinder, MapResult, MaxCostReachedError

if TYPE_CHECKING:
    from typing_extensions import Self

    from .journal import Journal
    from .options import MapOptions
    from .rate_limiter import Pace
    from .results import MapRequest

__all__ = ["MapClient", "RunState"]

_FATAL = (AuthenticationError, ClientClosedError, InsufficientCreditsError, BudgetExceededError)
_MAX_NETWORK_FAILURES = 8
"""After this many network failures in a row, without an answer between them, the run ends."""


class MapClient(Protocol):
    """What a run needs of its client: copies with other options. The calls are methods of the copy."""

    def with_options(self, *, max_retry_wait: float = ..., idempotency_key: str | None = ...) -> Self:
        """A copy with other options that shares connections, token and retry budget."""
        ...


class _Row(NamedTuple):
    """A request that has been taken from the source; `expected` is its cost in USD."""

    number: int
    id: Any
    request: Any
    key: str
    expected: float = 0.0
    reservation: Any = None


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
        self.pace: Pace = options.pace or RateLimiter(self.policy, options.per_minute)
        assert options.journal is None or not isinstance(options.journal, (str, os.PathLike))
        self.journal: Journal | None = options.journal
        self.budget = options.budget
        if self.journal is not None:
            self.job = self.journal.job
        else:
            self.job = secrets.token_hex(8) if options.idempotency is None else options.idempotency
        self.source = (
            requests.__aiter__() if isinstance(requests, AsyncIterable) else _from_iterable(requests)
        )
        self.taking = asyncio.Lock()
        self.results: asyncio.Queue[MapResult[Any] | None] = asyncio.Queue()
        self.started = self.done = self.failed = self.in_flight = self.resumed = 0
        self.priced = 0  # answers of this run, from which the cost of a call is estimated
        self.cost = 0.0
        self.assumed = 0.0  # USD of calls that do not report their cost; only with `max_cost`
        self.warned = False
        self.tokens = 0  # only with a budget
        self.reserved = 0.0
        self.network_failures = 0
        self.stopping = False
        self.reason: Exception | None = None
        self.waiting = 0.0
        self.answered = asyncio.Event()
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
            if isinstance(taken, MapResult):
                self.results.put_nowait(taken)
                continue
            try:
                result = await self._call(taken)
            finally:
                self.reserved -= taken.expected
                self.answered.set()
            if result is None:
                self.slots.release()
                return
            self.results.put_nowait(result)
            if self.journal is not None:
                try:
                    self.journal.add(taken.key, result)
                except OSError as error:
                    # Such as a full disk: the next rows would be lost if the process died.
                    self.stop(error)

    async def _take(self) -> _Row | MapResult[Any] | None:
        """The next request, once it may start, or its result if the journal has it; None at the end of the run."""
        async with self.taking:
            if self.stopping:
                return None
            try:
                item = await anext(self.source, _END)
            except Exception as error:  # noqa: BLE001  # of the caller's own iterator: raised to the caller after the results
                self.stop(error)
                return None
            if item is _END or self.stopping:
                return None
            index = self.started
            found: Any = item
            name, request = found if _is_pair(found) else (index, found)
            if isinstance(request, IndoxRouterError):  # of a row that is not a request
                self.started += 1
                self.failed += 1
                return MapResult(id=name, index=index, request=None, error=request, attempts=0)
            digest = request_hash(self.binder.arguments(request), self.binder.secrets)
            if digest is None and self.journal is not None:
                raise_invalid_argument(f"request {name!r}", request, "plain data, for a run with a journal")
            row = _Row(index, name, request, row_key(self.job, name, digest or ""))
            recorded = self.journal.find(row.key) if self.journal is not None else None
            if recorded is not None:
                self.started += 1
                self.resumed += 1
                self.done += 1
                return MapResult(
                    id=name,
                    index=index,
                    request=request,
                    value=recorded.restore(),
                    cost=recorded.cost,
                    attempts=0,
                )
            reserved = await self._reserve(row)
            if reserved is None or not await self._pause():
                if reserved is not None:
                    self._release(reserved)
                return None
            self.started += 1
            return reserved

    async def _reserve(self, row: _Row) -> _Row | None:
        """Reserve the expected cost of a call. None if a limit does not allow it, which ends the run."""
        limit = self.options.max_cost
        if limit is None and self.budget is None:
            return row
        while self.options.expected_cost is None and not self.priced and self.in_flight and not self.stopping:
            # The cost of a call is unknown until the first answer reports it.
            self.answered.clear()
            await self.answered.wait()
        expected = self._expect(row.request)
        spent = self.cost + self.assumed
        if limit is not None and spent + self.reserved + expected > limit:
            self.stop(MaxCostReachedError(spent, limit))
            return None
        reservation = None
        if self.budget is not None:
            try:
                reservation = self.budget.reserve(Amount(expected, self._expected_tokens()))
            except IndoxRouterError as error:
                self.stop(error)
                return None
        self.reserved += expected
        return row._replace(expected=expected, reservation=reservation)

    def _release(self, row: _Row) -> None:
        self.reserved -= row.expected
        if self.budget is not None:
            self.budget.release(row.reservation)

    def _settle(self, row: _Row, cost: float | None, usage: Any = None) -> None:
        """Replace the reservation of a row; what is not reported counts by the estimate, or by the texts of the row."""
        if self.budget is None:
            return
        expected = Amount(row.expected, self._expected_tokens())
        least = self.budget.estimator.at_least(self.binder.method, "", expected, text_size(row.request))
        tokens = getattr(usage, "tokens_total", None)
        tokens = tokens if type(tokens) is int and tokens >= 0 else None  # a server may send anything
        self.tokens += tokens or 0
        actual = Amount(
            least.usd if cost is None else cost,
            least.tokens if tokens is None else tokens,
            reported=cost is not None,
        )
        self.budget.settle(row.reservation, actual)

    def _assume_cost(self, row: _Row) -> None:
        """Count a call that does not report its cost towards `max_cost`, by what it was expected to cost."""
        if self.options.max_cost is None:
            return
        self.assumed += row.expected
        if not self.warned:
            self.warned = True
            library_logger().warning(
                "map: a call does not report its cost; its expected cost, $%.6f, counts towards max_cost",
                row.expected,
            )

    def _expected_tokens(self) -> int:
        return self.tokens // self.priced if self.priced else 0

    def _expect(self, request: Any) -> float:
        """The expected cost of a call in USD: as the caller estimates it, else the average so far."""
        if self.options.expected_cost is not None:
            expected: Any = self.options.expected_cost(request)
            if not isinstance(expected, (int, float)):
                raise_invalid_argument("expected_cost", expected, "a function that returns a number of USD")
            return max(0.0, expected)
        return self.cost / self.priced if self.priced else 0.0

    async def _call(self, row: _Row) -> MapResult[Any] | None:
        """Make a call, and repeat it when the rate limit refuses it. None for a failure that ends the run."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        # All attempts of a row have one key: a server that honours it bills the row once, even across runs.
        client = self.client.with_options(idempotency_key=row.key)
        attempts = 0
        cost: float | None = 0.0  # what was refused has cost nothing
        settled = False
        try:
            while True:
                attempts += 1
                try:
                    value = await getattr(client, self.binder.method)(**self.binder.arguments(row.request))
                except RateLimitError as error:
                    self.in_flight -= 1
                    self.pace.on_rate_limited(error.retry_after)
                    failure: IndoxRouterError = error
                    # The client may have repeated a failed request before it was refused.
                    cost = None if cost is None else cost_of(error)
                    refused = FailedAttempt("safe", 429, retry_after=error.retry_after)  # 429: it did not run
                    if self.policy.decide(refused, attempts) is not None and await self._pause():
                        continue
                except IndoxRouterError as error:
                    self._end(None)
                    failure = error
                    cost = None if cost is None else cost_of(error)
                    if self._ends_run(error):
                        self.stop(error)
                        return None
                except BaseException:
                    self._end(None)
                    cost = None
                    raise
                else:
                    info = getattr(value, "__dict__", {}).get("_http_")
                    self._end(info.headers if info is not None else None)
                    cost = getattr(value, "cost", None)
                    settled = True
                    self._settle(row, cost, getattr(value, "usage", None))
                    self.network_failures = 0
                    self.done += 1
                    self.priced += 1
                    return MapResult(
                        id=row.id, index=row.number, request=row.request, value=value, cost=cost,
                        attempts=attempts, seconds=loop.time() - began,
                    )  # fmt: skip
                self.failed += 1
                return MapResult(
                    id=row.id, index=row.number, request=row.request, error=failure, cost=cost or None,
                    attempts=attempts, seconds=loop.time() - began,
                )  # fmt: skip
        finally:
            self.cost += cost or 0.0
            if cost is None:
                self._assume_cost(row)
            if self.budget is not None and not settled:
                if cost == 0.0:
                    self.budget.release(row.reservation)
                else:
                    self._settle(row, cost)

    def _end(self, headers: Mapping[str, str] | None) -> None:
        self.in_flight -= 1
        self.pace.end(headers)

    async def _pause(self) -> bool:
        """Wait until a call may start, and start it. Returns False if the run is stopping."""
        try:
            while not self.stopping:
                seconds = self.pace.try_start()
                if not seconds:
                    self.in_flight += 1
                    return True
                self.waiting = seconds
                await asyncio.sleep(min(seconds, 1.0))
            return False
        finally:
            self.waiting = 0.0

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
        self.answered.set()
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
