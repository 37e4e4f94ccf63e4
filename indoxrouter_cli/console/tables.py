"""Tables: at a terminal, columns that do not fit are left out; in a pipe, rows are tab-separated values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..session.session import Session

_GAP = 2
_MIN_WRAPPED_WIDTH = 16  # of a column that wraps


class Column(NamedTuple):
    """A column.

    Attributes:
        name: the heading; a column without one is graphical and is left out in pipes.
        right: whether values are aligned to the right.
        optional: whether it may be left out at a narrow terminal.
        wraps: whether values may continue on the next line.
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
    """Print rows. If there are none, `empty` is printed on the standard error."""
    if not rows:
        session.err.print(empty)
        return
    if not session.at_terminal:
        # For cut, awk and sort: white space in cells is collapsed, so that no cell adds a line or a column.
        named = [index for index, column in enumerate(columns) if column.name]
        for row in rows:
            session.out.file.write("\t".join(" ".join(row[index].split()) for index in named) + "\n")
        return
    from rich.table import Table  # cost: loads Rich
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
    """The indices of the columns to show: optional ones are dropped, the last first, until the rest fits."""
    from rich.cells import cell_len  # cost: loads Rich

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
