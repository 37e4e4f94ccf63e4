"""Tables: at a terminal as wide as it is, with columns left out that do not fit; in a pipe as tab-separated values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..session.session import Session

__all__ = ["Column", "show_table"]

_GAP = 2
_MIN_WRAPPED_WIDTH = 16  # the least width of a column that wraps


class Column(NamedTuple):
    """A column.

    Attributes:
        name: the heading; a column without one is a drawing, and not for pipes.
        right: whether values stand at the right.
        optional: whether it may be left out where the terminal is narrow.
        wraps: whether values may go on in the next line.
    """

    name: str
    right: bool = False
    optional: bool = False
    wraps: bool = False


def show_table(
    session: Session,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    empty: str,
    title: str | None = None,
) -> None:
    """Print rows. `empty` is said, on the standard error, when there are none."""
    if not rows:
        session.err.print(empty)
        return
    if not session.at_terminal:
        # For cut, awk and sort. No cell can break a line or add a column.
        named = [index for index, column in enumerate(columns) if column.name]
        for row in rows:
            session.out.file.write("\t".join(" ".join(row[index].split()) for index in named) + "\n")
        return
    from rich.table import Table
    from rich.text import Text

    kept = _fitting_columns(columns, rows, session.out.width)
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, _GAP, 0, 0),
        header_style="bold",
        title=title,
        title_justify="left",
    )
    for index in kept:
        table.add_column(
            columns[index].name,
            justify="right" if columns[index].right else "left",
            overflow="fold",
            no_wrap=columns[index].right,
        )
    for row in rows:
        table.add_row(*(Text(row[index]) for index in kept))
    session.out.print(table)


def _fitting_columns(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The columns to show: optional ones go, the last first, until the rest fits."""
    from rich.cells import cell_len

    full = [
        max([cell_len(column.name), *(cell_len(row[i]) for row in rows)]) for i, column in enumerate(columns)
    ]
    widths = [
        min(own, _MIN_WRAPPED_WIDTH) if column.wraps else own
        for column, own in zip(columns, full, strict=True)
    ]
    kept = list(range(len(columns)))
    for index in reversed(range(len(columns))):
        if sum(widths[i] + _GAP for i in kept) <= width + _GAP:
            break
        if columns[index].optional:
            kept.remove(index)
    return kept
