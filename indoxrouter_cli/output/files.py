"""Showing and saving results: consoles, JSON, tables' cells, files that are not overwritten by accident."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..base.errors import CommandError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "check_free",
    "counted_as",
    "dump_json",
    "make_console",
    "make_directory",
    "money",
    "plain",
    "print_json",
    "sparkline",
    "write_bytes",
    "writing",
]


def make_console(file: IO[str]) -> Console:
    """A console that leaves words alone: no colours for numbers, no emoji codes, no markup in other people's text."""
    from rich.console import Console

    class PipeConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # Rich would end the process with a failure; the reader has seen enough, that is all

    return PipeConsole(file=file, highlight=False, emoji=False, markup=False, soft_wrap=not file.isatty())


def plain(value: Any) -> Any:
    """A response as plain JSON."""
    to_dict = getattr(value, "to_dict", None)
    if callable(to_dict):
        return to_dict()
    if _is_a(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if _is_a(value, list, tuple):
        return [plain(item) for item in value]
    return value


def _is_a(value: Any, *kinds: type) -> bool:
    """An `isinstance` that leaves the value's type open: whatever JSON holds, holds whatever."""
    return isinstance(value, kinds)


def dump_json(value: Any, *, indent: int | None = None) -> str:
    """JSON text of a response, in UTF-8 rather than escapes."""
    import json

    return json.dumps(plain(value), ensure_ascii=False, indent=indent, default=str)


def print_json(value: Any) -> None:
    """Print a response as indented JSON on the standard output."""
    sys.stdout.write(dump_json(value, indent=2) + "\n")


def money(amount: float | None) -> str:
    """US dollars, with as many digits as small amounts need; less than a millionth of a cent is nothing."""
    if amount is None:
        return "–"
    if abs(amount) < 1e-8 or abs(amount) >= 1:
        return f"${amount:,.2f}"
    digits = (
        4 if abs(amount) >= 0.01 else 6 if abs(amount) >= 1e-5 else 1 - math.floor(math.log10(abs(amount)))
    )
    return f"${amount:.{digits}f}"


def counted_as(count: int, noun: str) -> str:
    """A number and its noun: `1 request`, `1,200 requests`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float]) -> str:
    """Values as a row of bars, the highest as high as the line; nothing at all is a dot."""
    highest = max(values, default=0)
    if highest <= 0:
        return "·" * len(values)
    return "".join("·" if value <= 0 else _BARS[min(7, int(value / highest * 7.999))] for value in values)


def check_free(path: Path, *, force: bool) -> None:
    """Refuse a path that cannot be written, or that would overwrite something.

    Raises:
        CommandError: when the file exists and `force` is off, or when its directory does not exist.
    """
    if str(path) == "-":
        raise CommandError("-: this needs a file, not the standard output", "Name one with -o.")
    if path.is_dir():
        raise CommandError(f"{path}: this is a directory", "Name a file.")
    if path.exists() and not path.is_file():
        # A device or a pipe must never be replaced by a file of its name, --force or not.
        raise CommandError(f"{path}: this is no file", "Name a file.")
    if path.exists() and not force:
        raise CommandError(f"{path}: this file exists", "Overwrite it with --force, or name another.")
    if not path.parent.is_dir():
        raise CommandError(f"{path}: there is no directory {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise CommandError(f"{path}: the directory {path.parent} cannot be written")


def make_directory(path: Path) -> None:
    """Make a directory, unless it is there; what it is in has to be there.

    Raises:
        CommandError: when it cannot be made.
    """
    try:
        path.mkdir(exist_ok=True)
    except FileNotFoundError:
        raise CommandError(f"{path}: there is no directory {path.parent}") from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None


@contextlib.contextmanager
def writing(path: Path, *, force: bool) -> Generator[IO[bytes], None, None]:
    """A binary file to write: it appears under its name when all of it is there, or not at all.

    A device or a pipe, such as /dev/stdout, is written as it is.

    Raises:
        CommandError: when the file exists and `force` is off, or when it cannot be written.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as device:
            yield device
        return
    check_free(path, force=force)
    path = path.resolve()  # what a link points to is written, and the link stays
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def write_bytes(path: Path, data: bytes, *, force: bool) -> None:
    """Write a whole file, or, for the path `-`, the standard output."""
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with writing(path, force=force) as file:
        file.write(data)
