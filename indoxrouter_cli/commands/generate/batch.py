"""`indoxrouter batch`: many requests from a file, with a cost limit; resumable."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...base import exit_codes
from ...base.errors import CommandError
from ...batch.estimate import ASSUMED_OUTPUT, Estimate, Prices
from ...command_line.completion import model_option
from ...diagnosis.explanation import explain
from ...output.formatting import format_usd, pluralize
from ...session.session import Session, pass_session

if TYPE_CHECKING:
    from ...batch.estimate import Estimate, Prices
    from ...batch.lines import BatchInput, Line
    from ...batch.outputs import Outputs
    from ...batch.run import Outcome, Plan

_METHODS = ("chat", "embeddings", "completion")
_FORMATS = ("jsonl", "csv", "parquet")
_MAX_PRINTED = 5  # invalid lines printed one by one; the file of failures has all of them
_MAX_REASONS = 3  # of failures that are printed with their counts


@click.command(
    "batch",
    epilog="\b\nLines are JSON, for example:\n"
    '  {"id": "a", "messages": [{"role": "user", "content": "Hello"}]}\n'
    '  {"id": "b", "prompt": "Hello", "system": "Be brief", "max_tokens": 50}\n'
    '  {"id": "c", "text": "A text to embed"}\n'
    '  "Hello"\n\n'
    "Lines in the format of OpenAI's batches (custom_id, body) work too. Columns of CSV and Parquet files are named "
    "in the same way, or --column names the one that holds the prompts or texts.\n\n"
    "If a batch was killed, stopped or ran out of credits, run the same command again to resume it. Completed "
    "requests are not repeated; failed requests are sent again.",
)
@click.argument("input", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The file of results: JSON lines, CSV or Parquet, by its suffix.",
)
@click.option("--format", "style", type=click.Choice(_FORMATS), help="The format of the output.")
@click.option(
    "--input-format", type=click.Choice(_FORMATS), help="The format of the input; by default by its suffix."
)
@click.option("--column", metavar="NAME", help="The column of prompts or texts; other columns are not sent.")
@click.option("--id", "id_column", metavar="NAME", help="The column of unique ids; by default id.")
@click.option("--ordered", is_flag=True, help="Write the results in the order of the input.")
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    help="The method to call; by default derived from the first line.",
)
@model_option("batch", "The model for lines that name none.")
@click.option(
    "-t",
    "--temperature",
    type=click.FloatRange(0, 2),
    metavar="NUMBER",
    help="Randomness for lines that set none.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    metavar="N",
    help="The maximum number of tokens to generate, for lines that set none.",
)
@click.option(
    "-c",
    "--concurrency",
    type=click.IntRange(1, 1000),
    metavar="N",
    default=16,
    show_default=True,
    help="The maximum number of requests in flight.",
)
@click.option(
    "--per-minute",
    type=click.FloatRange(min=0, min_open=True),
    metavar="NUMBER",
    help="The maximum number of requests per minute. The server's own limits always apply.",
)
@click.option(
    "--retries",
    type=click.IntRange(0, 100),
    metavar="N",
    default=5,
    show_default=True,
    help="How often to retry a request that the server rejected because it was busy.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0, min_open=True),
    metavar="USD",
    help="Stop before the cost exceeds this amount, earlier runs included.",
)
@click.option("--estimate", "estimate_only", is_flag=True, help="Only print the estimated cost.")
@click.option("--full", is_flag=True, help="Write complete responses, not only text, usage and cost.")
@click.option("--force", is_flag=True, help="Start over and overwrite existing results.")
@pass_session
def command(
    session: Session,
    input: Path,
    output: Path,
    style: str | None,
    input_format: str | None,
    column: str | None,
    id_column: str | None,
    ordered: bool,
    method: str | None,
    model: str | None,
    concurrency: int,
    per_minute: float | None,
    retries: int,
    max_cost: float | None,
    estimate_only: bool,
    full: bool,
    force: bool,
    **options: Any,
) -> None:
    """Run the requests of INPUT, a file of JSON lines, CSV or Parquet, and write the results to OUTPUT.

    Failed requests and invalid lines do not stop the batch. They are written to OUTPUT.failed.jsonl; an output in
    CSV or Parquet also has a row for each, with the error.
    """
    from ...batch.lines import open_input  # cost: loads the client

    with open_input(input, input_format, column, id_column) as source:
        if input.resolve() == output.resolve():
            raise CommandError(f"{output}: input and output are the same file")
        method = method or source.detect_method()
        defaults = session.model(
            "embed" if method == "embeddings" else "complete" if method == "completion" else "chat", model
        )
        if method != "embeddings":
            defaults |= {name: value for name, value in options.items() if value is not None}
        salt = f"{method} {sorted(defaults.items())}"
        prices = _prices(session, method, defaults)
        if estimate_only:
            _print_estimate(
                session, *_count_requests(session, source, method, salt, defaults, prices, None), prices
            )
            return
        session.check_key()  # before anything is written

        from ...batch.outputs import Outputs  # cost: loads the client

        outputs = Outputs(output, method, defaults, force=force, format=style, full=full)
        finished = False
        try:
            todo, total, estimate = _count_requests(
                session, source, method, salt, defaults, prices, outputs.has_result
            )
            _print_start(session, outputs, todo, total, estimate, prices)
            left = _remaining_budget(max_cost, outputs, estimate)
        except CommandError:
            outputs.close(finished=not outputs.resumed)
            raise
        try:
            from ...batch.run import Plan, run_batch  # cost: loads the client

            def expected(arguments: Any) -> float:
                return (
                    prices.estimate({**defaults, **arguments}).cost if prices is not None else None
                ) or 0.0

            plan = Plan(
                input=source, method=method, salt=salt, defaults=defaults, total=total, todo=todo,
                concurrency=concurrency, retries=retries, per_minute=per_minute, max_cost=left, full=full,
                ordered=ordered,
                expected_cost=expected if prices is not None and estimate.cost is not None else None,
            )  # fmt: skip
            outputs.begin()
            outcome = asyncio.run(run_batch(session, plan, outputs))
            finished = outcome.failed == 0 and outcome.error is None and not outcome.interrupted
        finally:
            outputs.close(finished=finished)
        _report(session, plan, outputs, outcome)


def _prices(session: Session, method: str, defaults: dict[str, Any]) -> Prices | None:
    from indoxrouter.errors import IndoxRouterError  # cost: loads the client
    from indoxrouter.facade import Facade

    default = defaults.get("model") or inspect.signature(getattr(Facade, method)).parameters["model"].default
    try:
        known = {entry.name: entry.prices for entry in session.catalog()}
    except IndoxRouterError as error:
        # If the server is down, the batch reports it; if only the list fails, the batch runs without an estimate.
        session.err.print(f"No cost estimate: {explain(error, None).message}", style="dim")
        return None
    return Prices(known, method, default)


def _count_requests(
    session: Session,
    source: BatchInput,
    method: str,
    salt: str,
    defaults: dict[str, Any],
    prices: Prices | None,
    has_result: Callable[[Line], bool] | None,
) -> tuple[int, int, Estimate]:
    """Read the input once: the number of pending requests, of all requests, and the estimate for the pending ones."""
    from ...batch.lines import InvalidLine  # cost: loads the client

    total = todo = broken = 0
    estimate = Estimate(0, 0, 0.0 if prices is not None else None, False)
    for line in source.lines(method, salt):
        if isinstance(line, InvalidLine):
            broken += 1
            if broken <= _MAX_PRINTED:
                session.err.print(f"line {line.number}: {line.reason}")
            continue
        total += 1
        if has_result is None or not has_result(line):
            todo += 1
            if prices is not None:
                estimate = estimate.add(prices.estimate({**defaults, **line.arguments}))
    if broken > _MAX_PRINTED:
        session.err.print(f"… and {pluralize(broken - _MAX_PRINTED, 'more invalid line')}")
    if total == 0:
        raise CommandError("The input contains no requests.")
    return todo, total, estimate


def _print_estimate(
    session: Session, todo: int, total: int, estimate: Estimate, prices: Prices | None
) -> None:
    cost = _describe_missing_prices(prices) if estimate.cost is None else f"about {format_usd(estimate.cost)}"
    assumed = (
        f" (assuming {ASSUMED_OUTPUT} tokens per answer where max_tokens is not set)"
        if estimate.assumed
        else ""
    )
    counted = f"{pluralize(estimate.tokens_in, 'token')} in, {estimate.tokens_out:,} out"
    session.print_result(f"{pluralize(todo, 'request')}, {cost}: {counted}{assumed}")


def _describe_missing_prices(prices: Prices | None) -> str:
    names = sorted(prices.unpriced) if prices is not None else []
    more = f" and {len(names) - _MAX_PRINTED} more" if len(names) > _MAX_PRINTED else ""
    return f"no price for {', '.join(names[:_MAX_PRINTED])}{more}" if names else "prices unknown"


def _print_start(
    session: Session, outputs: Outputs, todo: int, total: int, estimate: Estimate, prices: Prices | None
) -> None:
    if outputs.resumed:
        session.err.print(
            f"Resuming: {total - todo:,} of {pluralize(total, 'request')} done ({format_usd(outputs.journal.cost)})."
        )
    cost = (
        f", about {format_usd(estimate.cost)}"
        if estimate.cost is not None
        else f", {_describe_missing_prices(prices)}"
        if prices
        else ""
    )
    session.err.print(f"{pluralize(todo, 'request')}{cost}.")


def _remaining_budget(max_cost: float | None, outputs: Outputs, estimate: Estimate) -> float | None:
    """The amount that this run may cost, in USD.

    Raises:
        CommandError: when the estimate already exceeds it.
    """
    if max_cost is None:
        return None
    left = max_cost - outputs.journal.cost
    if estimate.cost is not None and estimate.cost > left:
        spent = f", and {format_usd(outputs.journal.cost)} has been spent" if outputs.journal.cost else ""
        raise CommandError(
            f"The estimated cost is {format_usd(estimate.cost)}{spent}; the limit is {format_usd(max_cost)}.",
            "Nothing was sent. Raise the limit with --max-cost, or limit the output with --max-tokens.",
            exit_codes.TOO_EXPENSIVE,
        )
    if left <= 0:
        raise CommandError(
            f"The limit of {format_usd(max_cost)} is reached: {format_usd(outputs.journal.cost)} has been spent.",
            None,
            exit_codes.TOO_EXPENSIVE,
        )
    return left


def _report(session: Session, plan: Plan, outputs: Outputs, outcome: Outcome) -> None:
    rate = f", {outcome.done / outcome.seconds:.1f}/s" if outcome.done and outcome.seconds else ""
    session.err.print(f"{outcome.done:,} done, {outcome.failed:,} failed, {format_usd(outcome.cost)}{rate}.")
    if outcome.failed:
        session.err.print(f"Failures are written to {outputs.failures}.")
    again = "Run the same command again to resume."
    if (
        outcome.done == 0
        and not outputs.journal.done
        and len(outcome.error_counts) == 1
        and not outcome.interrupted
    ):
        # Nothing succeeded, for a single reason: that reason becomes the error of the command.
        outcome.error = outcome.error or outcome.last_error
    else:
        for message, count in outcome.error_counts.most_common(_MAX_REASONS):
            session.err.print(f"{count:,} times: {message}" if count > 1 else f"once: {message}")
    if outcome.error is not None:
        from indoxrouter.errors import IndoxRouterError  # cost: loads the client

        from indoxrouter_bulk.results import MaxCostReachedError  # cost: loads the client

        if isinstance(outcome.error, MaxCostReachedError):
            raise CommandError(
                f"Stopped by --max-cost: {format_usd(outputs.journal.cost + outcome.cost)} has been spent.",
                f"{again} Raise the limit with --max-cost.",
                exit_codes.TOO_EXPENSIVE,
            )  # fmt: skip
        assert isinstance(outcome.error, IndoxRouterError)
        report = explain(outcome.error, session)
        raise CommandError(report.message, f"{report.hint or ''} {again}".strip(), report.code)
    if outcome.interrupted:
        raise CommandError(
            f"Stopped; {pluralize(plan.todo - outcome.done - outcome.failed + outcome.invalid, 'request')} left.",
            again,
            exit_codes.INTERRUPTED,
        )
    if outcome.failed:
        raise CommandError(
            f"{outcome.failed:,} of {outcome.done + outcome.failed:,} failed.",
            "Run the same command again to retry them."
            if outcome.error_counts
            else "Fix those lines and rerun the command.",
            exit_codes.PARTIAL,
        )
