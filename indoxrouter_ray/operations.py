"""Callable classes that add the answers of the API to a batch of rows, as typed columns."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping
from concurrent.futures import Future
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from indoxrouter import AsyncClient
from indoxrouter._runtime.values.json import is_mapping
from indoxrouter.errors import IndoxRouterError, InvalidParametersError

from indoxrouter_bulk.keys import request_hash
from indoxrouter_bulk.options import MapOptions
from indoxrouter_bulk.results import ArgumentBinder, MapResult
from indoxrouter_bulk.run import MapRun
from indoxrouter_bulk.storage import StorageJournal, open_journal
from indoxrouter_bulk.tables import cell_of

from .governor import GovernorBudget, GovernorPace

if TYPE_CHECKING:
    from typing_extensions import Self

    from indoxrouter_bulk.journal import Journal

__all__ = ["Chat", "Embed", "Operation"]

pa: Any = import_module("pyarrow")  # it has no types

_Item: TypeAlias = (
    "tuple[str, Any, asyncio.Future[MapResult[Any]]]"  # the id of a row, its request, its result
)


class Operation:
    """A method of the client for each row of a batch: `dataset.map_batches(Chat, fn_constructor_kwargs={…})`.

    An instance is called with a batch and returns it with columns added: `result` (JSON text; `Chat` and `Embed` have
    typed ones), `cost` (USD), `error` (message) and `error_type`. A row that fails has an error and no result; it never
    fails the batch. All batches of an actor share one queue, so `concurrency` bounds the calls in flight, whatever the
    engine starts.

    Args:
        job: name of the job. Idempotency keys are derived from it, the id of a row and its request: a batch that an
            engine runs again is not billed again.
        method: a documented method of the client.
        column: holds the requests: texts, or what the method accepts.
        id: column of unique ids; without one, rows with equal requests count as one row.
        concurrency: largest number of calls in flight of this instance.
        client: options of `AsyncClient`, such as `base_url`; the API key comes from the environment of the worker.
        journal: where results are recorded, so that a job resumes: a directory that all workers share, see
            `AsyncClient.map`, or a URI such as `s3://bucket/jobs/night`.
        filesystem: of pyarrow, in which `journal` is a path; None for that of the URI.
        governor: of all workers; see `indoxrouter_ray.governor`.
        options: arguments of every call, such as `model`.

    Raises:
        InvalidParametersError: for a method that does not exist, or `concurrency` below 1.
    """

    result_type: Any = pa.string()
    result_column = "result"

    def __init__(
        self,
        *,
        job: str,
        method: str,
        column: str,
        id: str | None = None,
        concurrency: int = 16,
        client: Mapping[str, Any] | None = None,
        journal: str | None = None,
        filesystem: Any = None,
        governor: Any = None,
        **options: Any,
    ) -> None:
        ArgumentBinder(method, options)  # a wrong name is an error here, and not one of each row
        MapOptions(concurrency).check()
        self._settings: dict[str, Any] = {
            "job": job, "method": method, "column": column, "id": id, "concurrency": concurrency,
            "client": dict(client or {}), "journal": journal, "filesystem": filesystem, "governor": governor,
            "options": options,
        }  # fmt: skip
        self._start()

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._queue: asyncio.Queue[_Item | None] | None = None
        self._ended: Exception | None = None
        self._journal: Journal | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self._settings

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._settings = state
        self._start()

    def __repr__(self) -> str:
        settings = self._settings
        return (
            f"<{type(self).__name__} {settings['method']} of {settings['column']!r}, job {settings['job']!r}>"
        )

    async def __call__(self, batch: Any) -> Any:
        """Answer a batch, in an asynchronous actor: several are answered at the same time. Returns an Arrow table."""
        return await asyncio.wrap_future(self._submit(batch))

    def run(self, batch: Any) -> Any:
        """Answer a batch, and wait: for Dask, Daft and plain loops.

        Args:
            batch: an Arrow table, a pandas frame, or a mapping of columns.

        Returns:
            An Arrow table: the columns of the batch and those that are added.
        """
        return self._submit(batch).result()

    def close(self) -> None:
        """Finish what is in the queue, and close the client. Workers of an engine end as processes instead."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            self._end_thread(loop, self._finish())
            self._start()

    async def _finish(self) -> None:
        if self._queue is not None:
            self._queue.put_nowait(None)
            await self._pump

    def _abandon(self) -> None:
        """Cancel what is left when the process ends, which reports each task that it destroys otherwise."""
        with self._lock:
            loop, self._loop = self._loop, None
        if (
            loop is not None and self._thread is not None and self._thread.is_alive()
        ):  # not so in a forked child
            self._end_thread(loop, _cancel_tasks())

    def _end_thread(self, loop: asyncio.AbstractEventLoop, last: Coroutine[Any, Any, None]) -> None:
        atexit.unregister(self._abandon)
        asyncio.run_coroutine_threadsafe(last, loop).result()
        loop.call_soon_threadsafe(loop.stop)
        assert self._thread is not None
        self._thread.join()
        loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _submit(self, batch: Any) -> Future[Any]:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, daemon=True, name="indoxrouter"
                )
                self._thread.start()
                atexit.register(self._abandon)
        return asyncio.run_coroutine_threadsafe(self._answer(_table(batch)), self._loop)

    async def _answer(self, table: Any) -> Any:
        if self._queue is None:
            self._queue = asyncio.Queue()
            self._pump = asyncio.ensure_future(self._work(self._queue))
        loop = asyncio.get_running_loop()
        requests = table.column(self._settings["column"]).to_pylist()
        waiting: list[asyncio.Future[MapResult[Any]]] = []
        for name, request in zip(self._names(table, requests), requests, strict=True):
            future: asyncio.Future[MapResult[Any]] = loop.create_future()
            waiting.append(future)
            if self._ended is None:
                self._queue.put_nowait((name, request, future))
            else:
                future.set_exception(self._ended)
        results = await asyncio.gather(*waiting, return_exceptions=True)
        if isinstance(self._journal, StorageJournal):
            await loop.run_in_executor(
                None, self._journal.flush
            )  # before the engine counts the batch as done
        return self._columns(table, results)

    def _names(self, table: Any, requests: list[Any]) -> list[str]:
        if self._settings["id"] is not None:
            return [str(name) for name in table.column(self._settings["id"]).to_pylist()]
        seen: Counter[str] = Counter()
        names: list[str] = []
        for request in requests:
            digest = request_hash({"request": request}) or ""
            seen[digest] += 1
            names.append(f"{digest}-{seen[digest]}")
        return names

    async def _work(self, queue: asyncio.Queue[_Item | None]) -> None:
        settings = self._settings
        waiting: dict[int, asyncio.Future[MapResult[Any]]] = {}

        async def source() -> AsyncIterator[tuple[str, Any]]:
            number = 0
            while True:
                item = await queue.get()
                if item is None:
                    return
                name, request, future = item
                waiting[number] = future
                number += 1
                yield name, request

        reason: Exception = IndoxRouterError("The run has ended")
        try:
            actor = settings["governor"]
            self._journal = self._open_journal()
            async with AsyncClient(**settings["client"]) as client:
                mapped: Any = client.map  # whose overloads depend on arguments that have no types here
                run: MapRun[Any] = mapped(
                    source(),
                    settings["method"],
                    concurrency=settings["concurrency"],
                    idempotency=settings["job"],
                    journal=self._journal,
                    retries=50,
                    pace=None if actor is None else GovernorPace(actor),
                    budget=None if actor is None else GovernorBudget(actor),
                    **settings["options"],
                )
                async for result in run:
                    future = waiting.pop(result.index)
                    if not future.done():
                        future.set_result(result)
        except Exception as error:  # noqa: BLE001  # it becomes the error of every row that is left
            reason = error
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        self._ended = reason
        while not queue.empty():
            if (item := queue.get_nowait()) is not None:
                waiting[-1 - len(waiting)] = item[2]
        for future in waiting.values():
            if not future.done():
                future.set_exception(reason)

    def _open_journal(self) -> Journal | None:
        settings = self._settings
        place = settings["journal"]
        if place is None:
            return None
        binder = ArgumentBinder(settings["method"], {})
        options = {name: value for name, value in settings["options"].items() if name not in binder.secrets}
        options = {"method": settings["method"], **options}
        return open_journal(place, settings["job"], options, filesystem=settings["filesystem"])

    def _columns(self, table: Any, results: list[MapResult[Any] | BaseException]) -> Any:
        errors: list[BaseException | None] = []
        values: list[Any] = []
        for each in results:
            error = each.error if isinstance(each, MapResult) else each
            value = None
            if isinstance(each, MapResult) and error is None:
                try:
                    value = self.value(each.value)
                except InvalidParametersError as reason:
                    error = reason
            errors.append(error)
            values.append(value)
        costs = [each.cost if isinstance(each, MapResult) else None for each in results]
        for name, column in (
            (self.result_column, pa.array(values, self.result_type)),
            ("cost", pa.array(costs, pa.float64())),
            ("error", pa.array([None if error is None else str(error) for error in errors], pa.string())),
            (
                "error_type",
                pa.array([None if error is None else type(error).__name__ for error in errors], pa.string()),
            ),
        ):
            table = table.append_column(name, column)
        return table

    def value(self, result: Any) -> Any:
        """What the column of results holds of a result."""
        return cell_of(self._settings["method"], result)


class Chat(Operation):
    """An answer for each row: adds the text column `answer`. `column` holds questions, by default `prompt`."""

    result_column = "answer"

    def __init__(self, *, job: str, column: str = "prompt", **options: Any) -> None:
        super().__init__(job=job, method="chat", column=column, **options)


class Embed(Operation):
    """A vector for each row: adds the column `embedding` of 32-bit floats. `column` holds texts, by default `text`."""

    result_type = pa.list_(pa.float32())
    result_column = "embedding"

    def __init__(self, *, job: str, column: str = "text", **options: Any) -> None:
        super().__init__(job=job, method="embeddings", column=column, **options)


async def _cancel_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _table(batch: Any) -> Any:
    if isinstance(batch, pa.Table):
        return batch
    if is_mapping(batch):
        return pa.table({name: pa.array(list(column)) for name, column in batch.items()})
    return pa.Table.from_pandas(batch, preserve_index=False)
