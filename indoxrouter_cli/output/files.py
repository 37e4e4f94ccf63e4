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


def check_writable(path: Path, *, force: bool) -> None:
    """Raise an error for a path that cannot be written, or that would overwrite a file.

    Raises:
        CommandError: when the file exists and `force` is off, or when its directory does not exist.
    """
    if str(path) == "-":
        raise CommandError("-: a file is needed here, not the standard output", "Name one with -o.")
    if path.is_dir():
        raise CommandError(f"{path}: is a directory", "Name a file.")
    if path.exists() and not path.is_file():
        # A device or a pipe must never be replaced by a file, even with --force.
        raise CommandError(f"{path}: not a regular file", "Name a file.")
    if path.exists() and not force:
        raise CommandError(f"{path}: this file exists", "Overwrite it with --force, or name another file.")
    if not path.parent.is_dir():
        raise CommandError(f"{path}: no such directory: {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise CommandError(f"{path}: the directory {path.parent} is not writable")


def make_directory(path: Path) -> None:
    """Create a directory unless it exists; its parent must exist.

    Raises:
        CommandError: when it cannot be created.
    """
    try:
        path.mkdir(exist_ok=True)
    except FileNotFoundError:
        raise CommandError(f"{path}: no such directory: {path.parent}") from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None


@contextlib.contextmanager
def atomic_write(path: Path, *, force: bool) -> Generator[IO[bytes], None, None]:
    """A binary file to write: it appears under its name when it is complete, or not at all.

    A device or a pipe, such as /dev/stdout, is written directly.

    Raises:
        CommandError: when the file exists and `force` is off, or when it cannot be written.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as device:
            yield device
        return
    check_writable(path, force=force)
    path = path.resolve()  # the target of a link is written, and the link stays
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
    """Write a complete file, or, for the path `-`, the standard output."""
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with atomic_write(path, force=force) as file:
        file.write(data)
