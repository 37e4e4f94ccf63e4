"""Progress bars on the standard error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress, ProgressColumn

    from ..session.session import Session


def make_progress(
    session: Session, columns: Sequence[ProgressColumn], *, auto_refresh: bool = True, expand: bool = False
) -> Progress:
    """A progress bar that disappears at its end. Nothing is drawn without a terminal.

    Args:
        session: of the run.
        columns: of the bar, from left to right.
        auto_refresh: whether the bar redraws itself; otherwise each update has to.
        expand: whether the bar is as wide as the terminal.
    """
    from rich.progress import Progress  # cost: loads Rich

    class SpacedProgress(Progress):
        # The cursor rests on an empty line: `^C`, which the terminal echoes at the cursor, would wrap at the end of a
        # full line, and the bar would be left on the screen.
        def get_renderables(self) -> Iterable[RenderableType]:
            yield from super().get_renderables()
            yield ""

    return SpacedProgress(
        *columns,
        console=session.err,
        auto_refresh=auto_refresh,
        transient=True,
        expand=expand,
        disable=not session.err.is_terminal,
    )


@contextlib.contextmanager
def download_bar(session: Session, name: str) -> Generator[Callable[[int, int | None], object], None, None]:
    """Show the progress of a download; yields the callback for it. Nothing is drawn without a terminal."""
    if not session.err.is_terminal:
        yield lambda size, total: None
        return
    from rich.progress import (  # cost: loads Rich
        BarColumn,
        DownloadColumn,
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
    narrow = session.err.width < 70  # the full bar would wrap
    if narrow:
        columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with make_progress(session, columns) as progress:
        task = progress.add_task(name, total=None)
        yield lambda size, total: progress.update(task, completed=size, total=total)
