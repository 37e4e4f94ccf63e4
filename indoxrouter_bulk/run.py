"""A run of many calls."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, cast

from indoxrouter._runtime.codecs.base import nearest, no_attribute, raise_invalid_argument
from indoxrouter.errors import InvalidParametersError, RequestError
from indoxrouter.facade_entries import ENTRIES

from indoxrouter_ext.call_steps import typed_on_wire
from indoxrouter_ext.settings.keywords import only_options, settings_for_call, split_keywords
from indoxrouter_ext.settings.values import OPTIONS, Settings, check_timeout

from .options import MapOptions
from .results import ArgumentBinder, MapResult, ValueT
from .state import RunState

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from .journal import Journal
    from .results import MapRequest, MapTable
    from .state import MapClient

__all__ = ["MapOptions", "MapRun", "start_map"]

_OTHER_NAMES = {"max_workers": "concurrency", "n_jobs": "concurrency", "rpm": "per_minute"}
"""Arguments of other libraries, and ours."""


def start_map(
    client: MapClient,
    requests: Iterable[MapRequest] | AsyncIterable[MapRequest] | MapTable,
    method: str,
    defaults: Mapping[str, Any],
    options: MapOptions,
) -> MapRun[Any]:
    """Check the arguments and create the run; `AsyncClient.map` documents them.

    Raises:
        InvalidParametersError: for the first argument with a wrong value.
    """
    options.check()
    kind: Any = type(requests)
    if hasattr(kind, "__fspath__") or hasattr(kind, "__arrow_c_stream__"):
        from .tables import read_rows  # cost: CSV, for files and frames only

        requests = read_rows(cast("os.PathLike[str]", requests), method)
    elif issubclass(kind, (str, bytes, Mapping)) or not issubclass(kind, (Iterable, AsyncIterable)):
        raise_invalid_argument(
            "requests",
            requests,
            "requests to iterate over, a Path or a frame",
        )
    binder = ArgumentBinder(method, defaults)
    _check_defaults(binder, defaults)
    owned = None
    if isinstance(options.journal, (str, os.PathLike)):  # else an open journal; `check` has refused the rest
        from .storage import open_journal  # cost: SQLite

        common = {name: value for name, value in defaults.items() if name not in binder.secrets}
        owned = open_journal(options.journal, options.idempotency, {"method": method, **common})
        options = options._replace(journal=owned)
    state = RunState(
        client.with_options(max_retry_wait=0), binder, cast("Iterable[MapRequest]", requests), options
    )
    return MapRun(state, owned)


def _check_defaults(binder: ArgumentBinder, defaults: Mapping[str, Any]) -> None:
    """Raise `InvalidParametersError` for a keyword that neither the run nor the method has, and for a wrong value."""
    keywords = {name: value for name, value in defaults.items() if name not in binder.names}
    for name in keywords:
        near = [_OTHER_NAMES[name]] if name in _OTHER_NAMES else nearest(name, MapOptions._fields, cutoff=0.8)
        if near and name not in OPTIONS:
            raise InvalidParametersError(f"{name}: map() has no such argument; use {near[0]}", argument=name)
    if ENTRIES[binder.method].accepts_additional:
        options, _ = split_keywords(binder.method, binder.names, keywords)
    else:
        options = only_options(binder.method, binder.names, keywords)
    settings_for_call(Settings("", check_timeout(None)), options)
    sent_as_given = {*binder.fields} - ENTRIES[binder.method].typed_fields
    for name, value in defaults.items():
        if name in sent_as_given and name not in binder.secrets and value is not None:
            binder.fields[name].codec.encode(value, name)
    typed_on_wire(
        {name: defaults.get(name) for name in ("response_format", "tools") if name not in sent_as_given}
    )


class MapRun(Generic[ValueT]):
    """A run of many calls. Iterate over it with `async for`; each item is a `MapResult`.

    Nothing is sent before the first result is requested. Calls in flight are cancelled when the run is closed or
    garbage-collected, for example after a `break` out of `async for result in client.map(…)`.

    Iterating raises, after all results have been yielded:
        AuthenticationError, InsufficientCreditsError: further calls would fail as well.
        NetworkError: the server cannot be reached.
        MaxCostReachedError: another call could exceed `max_cost`.
        BudgetExceededError: the budget refuses the next call.
        OSError: the journal cannot be written, for example because the disk is full.
    """

    def __init__(self, state: RunState, journal: Journal | None = None) -> None:
        self._state = state
        self._journal = journal  # that this run has opened, and closes
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = False
        self._out_of_order: dict[int, MapResult[ValueT]] = {}
        self._next = 0

    @property
    def method(self) -> str:
        """The method that the run calls."""
        return self._state.binder.method

    @property
    def done(self) -> int:
        """Requests that have succeeded."""
        return self._state.done

    @property
    def failed(self) -> int:
        """Requests that have failed."""
        return self._state.failed

    @property
    def resumed(self) -> int:
        """Requests whose results the journal had; they are part of `done`, and cost nothing."""
        return self._state.resumed

    @property
    def cost(self) -> float:
        """USD so far."""
        return self._state.cost

    @property
    def in_flight(self) -> int:
        """Calls that have started and have no answer yet."""
        return self._state.in_flight

    @property
    def waiting(self) -> float:
        """Seconds until the server's rate limit allows the next call; 0 if no call waits."""
        return self._state.waiting

    def __repr__(self) -> str:
        return (
            f"<MapRun: {self.done} done, {self.failed} failed, {self.in_flight} in flight, ${self.cost:.6f}>"
        )

    def stop(self) -> None:
        """Start no more calls. Those in flight are completed, and their results yielded."""
        self._state.stop()

    def __aiter__(self) -> Self:
        return self

    if not TYPE_CHECKING:  # type checkers report a plain loop themselves

        def __iter__(self) -> None:
            raise TypeError("MapRun is read by a loop, `async for result in client.map(…)`")

        __await__ = __len__ = __iter__

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name)

    async def __anext__(self) -> MapResult[ValueT]:
        if not self._tasks and not self._ended:
            self._begin()
        elif self._tasks and self._tasks[0].get_loop() is not asyncio.get_running_loop():
            raise RequestError("This run belongs to the event loop that read its first result")
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
        self._close_journal()
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
        self._close_journal()

    def _close_journal(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        for task in getattr(self, "_tasks", ()):
            if not task.done() and not task.get_loop().is_closed():
                task.cancel()
