"""Progress bars of downloads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..session.session import Session

__all__ = ["download_bar"]


@contextlib.contextmanager
def download_bar(session: Session, name: str) -> Generator[Callable[[int, int | None], object], None, None]:
    """A bar on the standard error, as the callback of a download. Nothing is drawn where there is no terminal."""
    if not session.err.is_terminal:
        yield lambda size, total: None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        ProgressColumn,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns: tuple[ProgressColumn, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    narrow = session.err.width < 70  # all of it would go on in a second line there
    if narrow:
        columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=session.err, transient=True) as progress:
        task = progress.add_task(name, total=None)
        yield lambda size, total: progress.update(task, completed=size, total=total)
