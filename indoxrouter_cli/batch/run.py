"""The run of a batch: it sends the requests, records the results, shows progress and handles Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import attrs
from indoxrouter.errors import IndoxRouterError, InvalidParametersError

from indoxrouter_bulk.journal import describe_error

from ..console.progress import make_progress
from ..output.formatting import format_usd, pluralize
from ..output.json_text import to_plain
from .lines import InvalidLine, Line

if TYPE_CHECKING:
    from rich.progress import Progress

    from indoxrouter_bulk.results import MapResult
    from indoxrouter_bulk.run import MapRun

    from ..session.session import Session
    from .lines import BatchInput
    from .outputs import Outputs

_MAX_IDENTICAL_FAILURES = 20
"""After this many failures with one message and no success, the run stops: the rest would fail in the same way."""


@attrs.define
class Plan:
    """The parameters of a run.

    Attributes:
        input: the requests.
        method: of the client.
        salt: as for `BatchInput.lines`.
        defaults: arguments of every request.
        total: the number of requests in the input.
        todo: how many of them have no result yet.
        concurrency: requests in flight at the same time, at most.
        retries: of one request.
        per_minute: requests per minute, at most; None for no limit.
        max_cost: of this run, in USD; None for no limit.
        expected_cost: returns the estimated cost of one request, in USD; None if prices are unknown.
        full: whether a result holds the whole response.
        ordered: whether results are written in the order of the requests.
    """

    input: BatchInput
    method: str
    salt: str
    defaults: dict[str, Any]
    total: int
    todo: int
    concurrency: int
    retries: int
    per_minute: float | None
    max_cost: float | None
    expected_cost: Callable[[dict[str, Any]], float] | None
    full: bool
    ordered: bool


@attrs.define
class Outcome:
    """How a run ended.

    Attributes:
        done: requests that succeeded.
        failed: requests that failed, and lines that are not requests.
        invalid: lines that are not requests.
        cost: of this run, in USD.
        seconds: that the run took.
        interrupted: whether Ctrl-C or SIGTERM stopped it.
        error: what stopped the run before its end.
        error_counts: messages of failed requests, and how often each occurred.
        last_error: of the failed requests.
    """

    done: int = 0
    failed: int = 0
    invalid: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    interrupted: bool = False
    error: Exception | None = None
    error_counts: Counter[str] = attrs.field(factory=Counter[str])
    last_error: IndoxRouterError | None = None


async def run_batch(session: Session, plan: Plan, outputs: Outputs) -> Outcome:
    """Send the requests that have no result yet, and record the results and failures."""
    outcome = Outcome()
    began = time.monotonic()
    pending: dict[int, Line | InvalidLine] = {}
    async with session.async_client() as client:
        run = client.map(
            _requests(plan, outputs, pending),
            plan.method,
            concurrency=plan.concurrency,
            ordered=plan.ordered,
            retries=plan.retries,
            per_minute=plan.per_minute,
            max_cost=plan.max_cost,
            expected_cost=plan.expected_cost,
            journal=outputs.journal,
            **plan.defaults,
        )
        with _InterruptHandler(session, run, outcome), _ProgressLine(session, plan, run, outcome):
            try:
                async for result in run:
                    line = pending.pop(result.index)
                    _record(plan, outputs, line, result, outcome)
                    give_up = _should_give_up(outcome, line, result)
                    if outcome.error is None and give_up:
                        run.stop()
                        outcome.error = result.error
            except IndoxRouterError as error:
                outcome.error = error
            finally:
                await run.close()
    outcome.seconds = time.monotonic() - began
    return outcome


async def _requests(
    plan: Plan, outputs: Outputs, pending: dict[int, Line | InvalidLine]
) -> AsyncIterator[tuple[str, dict[str, Any] | InvalidParametersError]]:
    for index, line in enumerate(plan.input.lines(plan.method, plan.salt)):
        if isinstance(line, Line) and outputs.table and isinstance(line.arguments.get("text"), list):
            line = InvalidLine(line.number, "several texts in one row do not fit a table", "")
        pending[index] = line
        if isinstance(line, InvalidLine):
            yield "", InvalidParametersError(line.reason)
        else:
            yield line.key, line.arguments


def _should_give_up(outcome: Outcome, line: Line | InvalidLine, result: MapResult[Any]) -> bool:
    if result.error is None or isinstance(line, InvalidLine):
        return False
    outcome.error_counts[result.error.message] += 1
    outcome.last_error = result.error
    return outcome.done == 0 and outcome.error_counts[result.error.message] >= _MAX_IDENTICAL_FAILURES


def _record(
    plan: Plan, outputs: Outputs, line: Line | InvalidLine, result: MapResult[Any], outcome: Outcome
) -> None:
    if isinstance(line, InvalidLine):
        outcome.failed += 1
        outcome.invalid += 1
        error = {"type": "InvalidLine", "message": line.reason}
        outputs.add_failure({"line": line.number, "error": error, "text": line.text})
        return
    head = {"id": line.id, "line": line.number}
    if result.error is not None:
        outcome.failed += 1
        request = {
            name: "***" if name in outputs.secrets else value for name, value in line.arguments.items()
        }
        outputs.add_failure({**head, "error": describe_error(result.error), "request": request})
        return
    if result.attempts:  # 0 for a result of an earlier run
        outcome.done += 1
        outcome.cost += result.cost or 0.0
    response = result.value
    row: dict[str, Any] = {**head, "key": line.key}
    if plan.method == "embeddings":
        vectors = response.data
        row["embedding" if isinstance(line.arguments.get("text"), str) else "embeddings"] = (
            vectors[0] if isinstance(line.arguments.get("text"), str) else vectors
        )
    else:
        row["text"] = response.text
        row["finish_reason"] = response.finish_reason
    row |= {"model": response.model, "usage": to_plain(response.usage), "cost": result.cost}
    if plan.full:
        row["response"] = to_plain(response)
    outputs.add_result(row)


class _InterruptHandler:
    """On the first Ctrl-C (or SIGTERM), no more requests are started; the second cancels those in flight."""

    def __init__(self, session: Session, run: MapRun[Any], outcome: Outcome) -> None:
        self._session = session
        self._run = run
        self._outcome = outcome
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._loop.add_signal_handler(number, self._stop)
            except NotImplementedError:  # Windows: Ctrl-C ends the run at once, and the next run resumes it
                return

    def _stop(self) -> None:
        if self._outcome.interrupted and self._task is not None:
            self._task.cancel()
            return
        self._outcome.interrupted = True
        self._run.stop()
        self._session.err.print(
            f"Stopping: waiting for {pluralize(self._run.in_flight, 'request')} in flight. "
            "Press Ctrl-C again to cancel."
        )

    def __exit__(self, *exception: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._loop.remove_signal_handler(number)
            except NotImplementedError:
                return


class _ProgressLine:
    """The progress line: requests, rate, cost, time left. Nothing is drawn without a terminal."""

    def __init__(self, session: Session, plan: Plan, run: MapRun[Any], outcome: Outcome) -> None:
        self._session = session
        self._plan = plan
        self._run = run
        self._outcome = outcome
        self._progress: Progress | None = None
        self._ticker: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        if not self._session.err.is_terminal:
            return
        from rich.progress import (  # cost: loads Rich
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        wide = self._session.err.width >= 80
        columns = [
            *([BarColumn(bar_width=None)] if wide else []),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(),
        ]
        self._progress = make_progress(self._session, columns, auto_refresh=False, expand=wide)
        self._progress.start()
        begun = self._plan.total - self._plan.todo
        task = self._progress.add_task("", total=self._plan.total, completed=begun, facts="")
        self._ticker = asyncio.get_running_loop().create_task(self._tick(self._progress, task, begun))

    async def _tick(self, progress: Progress, task: Any, begun: int) -> None:
        began = time.monotonic()
        while True:
            finished = self._run.done - self._run.resumed + self._run.failed - self._outcome.invalid
            rate = finished / max(time.monotonic() - began, 0.001)
            facts = [f"{rate:.1f}/s", format_usd(self._run.cost)]
            if self._outcome.failed:
                facts.append(f"{self._outcome.failed} failed")
            if self._run.waiting:
                facts.append(f"rate limit: {self._run.waiting:.0f} s")
            progress.update(task, completed=begun + finished, facts="  ".join(facts), refresh=True)
            await asyncio.sleep(0.25)

    def __exit__(self, *exception: object) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
        if self._progress is not None:
            self._progress.stop()
