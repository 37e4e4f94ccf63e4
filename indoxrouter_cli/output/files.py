"""Files that are written whole or not at all, and never overwritten by accident."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import IO

from ..base.errors import CommandError

__all__ = ["atomic_write", "check_writable", "make_directory", "write_bytes"]


def check_writable(path: Path, *, force: bool) -> None:
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
def atomic_write(path: Path, *, force: bool) -> Generator[IO[bytes], None, None]:
    """A binary file to write: it appears under its name when all of it is there, or not at all.

    A device or a pipe, such as /dev/stdout, is written as it is.

    Raises:
        CommandError: when the file exists and `force` is off, or when it cannot be written.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as device:
            yield device
        return
    check_writable(path, force=force)
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
    with atomic_write(path, force=force) as file:
        file.write(data)
