"""`indoxrouter usage`: usage and cost by day, model, provider or endpoint."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ...base.errors import CommandError
from ...console.tables import Column, show_table
from ...output.formatting import format_usd, pluralize, sparkline
from ...output.json_text import print_json
from ...session.session import Session, pass_session

if TYPE_CHECKING:
    from indoxrouter.models import UsageResponse

_GROUPS = {"model": "models", "provider": "providers", "endpoint": "endpoints"}


class _Day(click.DateTime):
    """A date in ISO 8601, the only format that is unambiguous."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime.datetime:
        try:
            day: datetime.datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a date like 2026-11-30.", param, ctx)
        return day


_DAY = _Day()


@click.command(
    "usage",
    epilog="\b\nExamples:\n  indoxrouter usage --days 30\n  indoxrouter usage --by provider --from 2026-11-01",
)
@click.option("--from", "start", type=_DAY, metavar="DATE", help="The first day.")
@click.option("--to", "end", type=_DAY, metavar="DATE", help="The last day.")
@click.option("--days", type=click.IntRange(min=1), metavar="N", help="The last N days.")
@click.option(
    "--by",
    type=click.Choice([*_GROUPS, "day"]),
    default="model",
    show_default=True,
    help="How to group the usage.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the server's answer as JSON.")
@pass_session
def command(
    session: Session,
    start: datetime.datetime | None,
    end: datetime.datetime | None,
    days: int | None,
    by: str,
    as_json: bool,
) -> None:
    """Show usage and cost."""
    first, last = _range(start.date() if start else None, end.date() if end else None, days)
    usage = session.client.get_usage(start_date=first, end_date=last)
    if as_json:
        print_json(usage)
        return
    _summary(session, usage)
    if by == "day":
        _by_day(session, usage)
    else:
        _by_name(session, by, getattr(usage, _GROUPS[by]) or {})


def _range(
    first: datetime.date | None, last: datetime.date | None, days: int | None
) -> tuple[datetime.date | None, datetime.date | None]:
    if days is not None:
        if first is not None:
            raise CommandError("--days and --from exclude each other.")
        last = last or datetime.datetime.now(datetime.timezone.utc).date()
        first = last - datetime.timedelta(days=days - 1)
    if first is not None and last is not None and first > last:
        raise CommandError(f"--from {first} is after --to {last}.")
    return first, last


def _summary(session: Session, usage: UsageResponse) -> None:
    tokens = usage.total_tokens
    counted = (
        f", {pluralize(tokens.input or 0, 'token')} in, {tokens.output or 0:,} out"
        if tokens is not None
        else ""
    )
    left = f", {format_usd(usage.remaining_credits)} left" if usage.remaining_credits is not None else ""
    session.err.print(
        f"{pluralize(usage.total_requests, 'request')}, {format_usd(usage.total_cost)}{counted}{left}"
    )
    days = sorted(usage.daily_usage or [], key=lambda day: day.date)
    if len(days) > 1:
        # The most recent days, as many as fit the line.
        shown = days[-max(7, session.err.width - 30) :]
        session.err.print(f"{shown[0].date} {sparkline([day.cost or 0.0 for day in shown])} {shown[-1].date}")


def _tokens(value: Any) -> str:
    total = getattr(value, "total", value)
    return f"{total:,}" if isinstance(total, (int, float)) else "–"


def _by_day(session: Session, usage: UsageResponse) -> None:
    days = sorted(usage.daily_usage or [], key=lambda day: day.date)
    rows = [(day.date, f"{day.requests or 0:,}", format_usd(day.cost), _tokens(day.tokens)) for day in days]
    columns = (
        Column("Day"),
        Column("Requests", right=True),
        Column("Cost", right=True),
        Column("Tokens", right=True, optional=True),
    )
    show_table(session, columns, rows, empty="No usage in this period.")


def _by_name(session: Session, by: str, groups: Mapping[str, Any]) -> None:
    ranked = sorted(groups.items(), key=lambda item: (-(item[1].cost or 0), item[0]))
    highest = max((stats.cost or 0 for _, stats in ranked), default=0) or 1
    rows = [
        (
            name,
            f"{stats.requests or 0:,}",
            format_usd(stats.cost),
            _tokens(stats.tokens),
            "█" * round((stats.cost or 0) / highest * 20),
        )
        for name, stats in ranked
    ]
    columns = (
        Column(by.capitalize()),
        Column("Requests", right=True),
        Column("Cost", right=True),
        Column("Tokens", right=True, optional=True),
        Column("", optional=True),
    )
    show_table(session, columns, rows, empty="No usage in this period.")
