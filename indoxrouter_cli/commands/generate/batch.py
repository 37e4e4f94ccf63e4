"""`indoxrouter batch`: thousands of requests from a file, with a limit on the cost, and resumable."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from ...base import exit_codes
from ...base.errors import CommandError
from ...batch.lines import METHODS, InvalidLine, detect_method, open_input, read_lines
from ...command_line.completion import model_option
from ...diagnosis.explanation import explain
from ...output.formatting import format_usd, pluralize
from ...session.session import Session, pass_session

if TYPE_CHECKING:
    from ...batch.estimate import Estimate, Prices
    from ...batch.journal import Journal
    from ...batch.run import Outcome, Plan

__all__ = ["command"]

_MAX_PRINTED = 5  # broken lines that are named one by one on the screen; the file has all of them
_MAX_REASONS = 3  # of failures that are counted there


@click.command(
    "batch",
    epilog="\b\nLines are JSON, for example:\n"
    '  {"id": "a", "messages": [{"role": "user", "content": "Hello"}]}\n'
    '  {"id": "b", "prompt": "Hello", "system": "Be brief", "max_tokens": 50}\n'
    '  {"id": "c", "text": "A text to embed"}\n'
    '  "Hello"\n'
    "Lines in the form of OpenAI's batches (custom_id, body) work too.\n\n"
    "Killed, stopped or out of credits: run the same command again, and it goes on where it stopped. Nothing is done "
    "twice, nothing is lost. What failed is tried again, too.",
)
@click.argument("input", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Where results go, one JSON line each, as they come.",
)
@click.option(
    "--method", type=click.Choice(METHODS), help="What to call; by default what the first line looks like."
)
@model_option("batch", "The model of lines that name none.")
@click.option(
    "-t",
    "--temperature",
    type=click.FloatRange(0, 2),
    metavar="NUMBER",
    help="Randomness of lines that name none.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    metavar="N",
    help="The most tokens to generate, for lines that do not say.",
)
@click.option(
    "-c",
    "--concurrency",
    type=click.IntRange(1, 1000),
    metavar="N",
    default=16,
    show_default=True,
    help="Requests under way at most.",
)
@click.option(
    "--per-minute",
    type=click.FloatRange(min=0, min_open=True),
    metavar="NUMBER",
    help="Requests a minute at most. The server's own limits are kept in any case.",
)
@click.option(
    "--retries",
    type=click.IntRange(0, 100),
    metavar="N",
    default=5,
    show_default=True,
    help="How often a request that the server had no room for is repeated.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0, min_open=True),
    metavar="USD",
    help="Stop before it costs more, earlier runs included.",
)
@click.option("--estimate", "estimate_only", is_flag=True, help="Only say what it would cost.")
@click.option("--full", is_flag=True, help="Write whole responses, not only text, usage and cost.")
@click.option("--force", is_flag=True, help="Begin anew and overwrite results that exist.")
@pass_session
def command(
    session: Session,
    input: Path,
    output: Path,
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
    """Run the requests of INPUT, a file of JSON lines, and write what comes of them to OUTPUT.

    Requests that fail, and lines that are no requests, go to OUTPUT.failed.jsonl; the rest goes on.
    """
    with open_input(input) as file:
        if input.resolve() == output.resolve():
            raise CommandError(f"{output}: this is the input")
        method = method or detect_method(file)
        defaults = session.model(
            "embed" if method == "embeddings" else "complete" if method == "completion" else "chat", model
        )
        if method != "embeddings":
            defaults |= {name: value for name, value in options.items() if value is not None}
        salt = f"{method} {sorted(defaults.items())}"
        prices = _prices(session, method, defaults)
        if estimate_only:
            _print_estimate(
                session, *_count_requests(session, file, method, salt, defaults, prices, set()), prices
            )
            return
        session.check_key()  # before anything is written
        from ...batch.journal import Journal

        journal = Journal(output, {"method": method, **defaults}, force=force)
        finished = False
        try:
            todo, total, estimate = _count_requests(
                session, file, method, salt, defaults, prices, journal.done
            )
            _print_start(session, journal, todo, total, estimate, prices)
            left = _remaining_budget(max_cost, journal, estimate)
        except CommandError:
            journal.discard()
            raise
        try:
            from ...batch.run import Plan, run_batch

            def expected(arguments: Any) -> float:
                return (
                    prices.estimate({**defaults, **arguments}).cost if prices is not None else None
                ) or 0.0

            plan = Plan(
                file=file, method=method, salt=salt, defaults=defaults, total=total, todo=todo, concurrency=concurrency,
                retries=retries, per_minute=per_minute, max_cost=left, full=full, secrets=_secret_arguments(method),
                expected_cost=expected if prices is not None and estimate.cost is not None else None,
            )  # fmt: skip
            outcome = asyncio.run(run_batch(session, plan, journal))
            finished = outcome.failed == 0 and outcome.error is None and not outcome.interrupted
        finally:
            journal.close(finished=finished)
        _report(session, plan, journal, outcome)


def _secret_arguments(method: str) -> tuple[str, ...]:
    from indoxrouter.facade_entries import ENTRIES

    return ENTRIES[method].load().secrets


def _prices(session: Session, method: str, defaults: dict[str, Any]) -> Prices | None:
    import inspect

    from indoxrouter.errors import IndoxRouterError
    from indoxrouter.facade import Facade

    from ...batch.estimate import Prices

    default = defaults.get("model") or inspect.signature(getattr(Facade, method)).parameters["model"].default
    try:
        known = {entry.name: entry.prices for entry in session.catalog()}
    except IndoxRouterError as error:
        # If the server is down, the batch will say so; if only its list is, the batch goes on without an estimate.
        session.err.print(f"No estimate: {explain(error, None).message}", style="dim")
        return None
    return Prices(known, method, default)


def _count_requests(
    session: Session,
    file: IO[bytes],
    method: str,
    salt: str,
    defaults: dict[str, Any],
    prices: Prices | None,
    done: set[str],
) -> tuple[int, int, Estimate]:
    """Read the input once: how many requests are left, how many there are, what the ones left will cost."""
    from ...batch.estimate import Estimate

    total = todo = broken = 0
    estimate = Estimate(0, 0, 0.0 if prices is not None else None, False)
    for line in read_lines(file, method, salt):
        if isinstance(line, InvalidLine):
            broken += 1
            if broken <= _MAX_PRINTED:
                session.err.print(f"line {line.number}: {line.reason}")
            continue
        total += 1
        if line.key not in done:
            todo += 1
            if prices is not None:
                estimate = estimate.add(prices.estimate({**defaults, **line.arguments}))
    if broken > _MAX_PRINTED:
        session.err.print(f"… and {broken - _MAX_PRINTED} more lines that are no requests")
    if total == 0:
        raise CommandError("There are no requests in the input.")
    return todo, total, estimate


def _print_estimate(
    session: Session, todo: int, total: int, estimate: Estimate, prices: Prices | None
) -> None:
    from ...batch.estimate import ASSUMED_OUTPUT

    cost = _describe_missing_prices(prices) if estimate.cost is None else f"about {format_usd(estimate.cost)}"
    assumed = (
        f" (answers of {ASSUMED_OUTPUT} tokens where max_tokens does not say)" if estimate.assumed else ""
    )
    session.print_result(
        f"{pluralize(todo, 'request')}, {cost}: {estimate.tokens_in:,} tokens in, {estimate.tokens_out:,} out{assumed}"
    )


def _describe_missing_prices(prices: Prices | None) -> str:
    names = sorted(prices.unpriced) if prices is not None else []
    more = f" and {len(names) - _MAX_PRINTED} more" if len(names) > _MAX_PRINTED else ""
    return f"no price for {', '.join(names[:_MAX_PRINTED])}{more}" if names else "prices not known"


def _print_start(
    session: Session, journal: Journal, todo: int, total: int, estimate: Estimate, prices: Prices | None
) -> None:
    if journal.resumed:
        session.err.print(
            f"Going on: {total - todo:,} of {total:,} requests are done ({format_usd(journal.cost)})."
        )
    cost = (
        f", about {format_usd(estimate.cost)}"
        if estimate.cost is not None
        else f", {_describe_missing_prices(prices)}"
        if prices
        else ""
    )
    session.err.print(f"{pluralize(todo, 'request')}{cost}.")


def _remaining_budget(max_cost: float | None, journal: Journal, estimate: Estimate) -> float | None:
    """What this run may cost.

    Raises:
        CommandError: when the estimate is over it already.
    """
    if max_cost is None:
        return None
    left = max_cost - journal.cost
    if estimate.cost is not None and estimate.cost > left:
        spent = f", and {format_usd(journal.cost)} are spent" if journal.cost else ""
        raise CommandError(
            f"This would cost about {format_usd(estimate.cost)}{spent}, more than the {format_usd(max_cost)} allowed.",
            "Nothing was sent. Allow more with --max-cost, or less output with --max-tokens.",
            exit_codes.TOO_EXPENSIVE,
        )
    if left <= 0:
        raise CommandError(
            f"{format_usd(journal.cost)} are spent of {format_usd(max_cost)}.", None, exit_codes.TOO_EXPENSIVE
        )
    return left


def _report(session: Session, plan: Plan, journal: Journal, outcome: Outcome) -> None:
    rate = f", {outcome.done / outcome.seconds:.1f}/s" if outcome.done and outcome.seconds else ""
    session.err.print(f"{outcome.done:,} done, {outcome.failed:,} failed, {format_usd(outcome.cost)}{rate}.")
    if outcome.failed:
        session.err.print(f"Failures are in {journal.failures}.")
    again = "Run the same command again to go on."
    if outcome.done == 0 and not journal.done and len(outcome.error_counts) == 1 and not outcome.interrupted:
        outcome.error = (
            outcome.error or outcome.last_error
        )  # nothing is done, for one reason: that is the news
    else:
        for message, count in outcome.error_counts.most_common(_MAX_REASONS):
            session.err.print(f"{count:,} times: {message}" if count > 1 else f"once: {message}")
    if outcome.error is not None:
        from indoxrouter.errors import IndoxRouterError

        from indoxrouter_ext.batch.results import MaxCostReachedError

        if isinstance(outcome.error, MaxCostReachedError):
            raise CommandError(
                f"Stopped by --max-cost: {format_usd(journal.cost + outcome.cost)} are spent.",
                f"{again} Allow more with --max-cost.",
                exit_codes.TOO_EXPENSIVE,
            )  # fmt: skip
        assert isinstance(outcome.error, IndoxRouterError)
        report = explain(outcome.error, session)
        raise CommandError(report.message, f"{report.hint or ''} {again}".strip(), report.code)
    if outcome.interrupted:
        raise CommandError(
            f"Stopped; {plan.todo - outcome.done - outcome.failed:,} requests are left.",
            again,
            exit_codes.INTERRUPTED,
        )
    if outcome.failed:
        raise CommandError(
            f"{outcome.failed:,} of {outcome.done + outcome.failed:,} failed.",
            "Run the same command again to try them again."
            if outcome.error_counts
            else "Mend the lines, and run the same command again.",
            exit_codes.PARTIAL,
        )
