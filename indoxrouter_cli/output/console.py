"""Consoles for results and for messages."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def make_console(file: IO[str]) -> Console:
    """A console that prints text as it is: no colours for numbers, no emoji codes, no markup."""
    from rich.console import Console  # cost: loads Rich

    class PipeConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # Rich would exit with an error, but a reader that stops reading is not one

    return PipeConsole(file=file, highlight=False, emoji=False, markup=False, soft_wrap=not file.isatty())
