"""Markdown that is rendered while it arrives.

A block that a blank line has ended can no longer change: it is printed once. Only the last block is redrawn. So a
redraw never scrolls the screen, whatever the length of the answer, and the printed text stays in the scroll-back
buffer, where it can be copied.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.live import Live

_REDRAW = 1 / 12  # seconds


class View(Protocol):
    """Shows text as it arrives."""

    def feed(self, text: str) -> None:
        """Take the next piece."""
        ...

    def close(self) -> None:
        """Show the rest. Always call it: the terminal's cursor may be hidden."""
        ...


class PlainView:
    """Plain text, for pipes and for `--no-markdown`. The output ends with a line end."""

    def __init__(self, console: Console) -> None:
        self._file = console.file
        self._last = "\n"

    def feed(self, text: str) -> None:
        """Write the next piece at once."""
        if text:
            self._file.write(text)
            self._file.flush()
            self._last = text[-1]

    def close(self) -> None:
        """End the line."""
        if self._last != "\n":
            self.feed("\n")


class MarkdownView:
    """Markdown at a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._text = ""
        self._live: Live | None = None
        self._drawn = 0.0

    def feed(self, text: str) -> None:
        """Take the next piece; print complete blocks, redraw the rest at most twelve times a second."""
        with _delayed_interrupt():
            self._text += text
            finished, self._text = split_complete_blocks(self._text)
            if finished.strip():
                self._stop_drawing()
                self._print(finished)
            now = time.monotonic()
            if self._text.strip() and now - self._drawn >= _REDRAW:
                self._drawn = now
                self._draw()

    def close(self) -> None:
        """Print the last block."""
        self._stop_drawing()
        if self._text.strip():
            self._print(self._text)
        self._text = ""

    def _draw(self) -> None:
        from rich.live import Live  # cost: loads Rich

        if self._live is None:
            self._live = Live(
                console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop"
            )
            self._live.start()
        self._live.update(_Tail(self._text), refresh=True)

    def _stop_drawing(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _print(self, text: str) -> None:
        from rich.markdown import Markdown  # cost: loads a Markdown parser

        self._console.print(Markdown(text))


@contextlib.contextmanager
def _delayed_interrupt() -> Generator[None, None, None]:
    """Delay Ctrl-C to the end of the block: a redraw that is interrupted half-way leaves lines on the screen twice."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    interrupted = False

    def note(number: int, frame: object) -> None:
        nonlocal interrupted
        interrupted = True

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if interrupted:
        raise KeyboardInterrupt


class _Tail:
    """The last lines of a block, as many as fit the terminal: a taller live display would leave traces.

    An empty line follows them. The terminal echoes Ctrl-C as `^C` where the cursor is; at the end of a full line the
    echo would wrap, and the next redraw would erase one line too few.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.markdown import Markdown  # cost: loads a Markdown parser
        from rich.segment import Segment

        lines = console.render_lines(Markdown(self._text), options.update(height=None), pad=False)
        for line in lines[-max(1, console.size.height - 3) :]:
            yield from line
            yield Segment.line()
        yield Segment.line()


def split_complete_blocks(text: str) -> tuple[str, str]:
    """Split Markdown into the complete blocks and the last one, which may continue.

    A blank line outside a fence completes a block, unless the line after it continues a list or has not arrived.
    """
    cut = position = 0
    fence = ""
    blank = False
    for line in text.splitlines(keepends=True):
        stripped = line.strip()
        if not line.endswith("\n"):
            break
        if fence:
            if stripped.startswith(fence) and not stripped.strip(fence[0]):
                fence = ""
        else:
            if blank and stripped and not _continues(line):
                cut = position
            if stripped.startswith(("```", "~~~")):
                fence = stripped[: len(stripped) - len(stripped.lstrip(stripped[0]))]
        blank = not stripped and not fence
        position += len(line)
    return text[:cut], text[cut:]


def _continues(line: str) -> bool:
    """Whether a line after a blank one may belong to the list above it."""
    stripped = line.lstrip()
    if line[0] in " \t" or stripped[:2] in ("- ", "* ", "+ "):
        return True
    number, mark, _ = stripped.partition(". ")
    return bool(mark) and number.isdigit()
