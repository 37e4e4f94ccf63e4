"""Where a download goes: a file that appears only when it is complete, or memory."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import IO, Any, Protocol

from indoxrouter._runtime.codecs.base import refuse

__all__ = ["FileSink", "MemorySink", "Sink", "target_path"]


def _is_path(path: object) -> bool:
    return isinstance(path, (str, os.PathLike)) and f"{path}" != ""


def target_path(path: Any, suggested: str) -> Path:
    """The file to write: `path`, or for a directory the suggested name in it.

    Raises:
        InvalidParametersError: when `path` is no path, or its directory does not exist.
    """
    if not _is_path(path):
        refuse("path", path, "the path of a file or of a directory")
    target = Path(path)
    if target.is_dir():
        # A name that a server chose is a name only: nothing in it may lead out of the directory.
        name = os.path.basename(suggested.replace("\\", "/")).strip().lstrip(".")
        target = target / ("".join(c for c in name if c.isprintable() and c not in '<>:"|?*') or "download")
    if target.exists() and not target.is_file():
        # A download takes the place of its target in one step; it must not take that of /dev/null.
        refuse("path", str(path), "the path of a file, and this is a device or a pipe")
    if not target.parent.is_dir():
        refuse("path", str(path), f"a path in a directory that exists, and {str(target.parent)!r} does not")
    return target


class Sink(Protocol):
    """Takes a body from some offset on."""

    size: int
    validator: str | None

    def start(self, offset: int, validator: str | None) -> None:
        """Go on at `offset`: what was written after it is dropped. `validator` names the version that is to come."""
        ...

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        ...

    def finish(self) -> None:
        """The body is complete."""
        ...

    def abandon(self) -> None:
        """The body will not be completed. Keep what can be continued; does nothing after `finish`."""
        ...


class MemorySink:
    """A body in memory.

    Args:
        limit: the most bytes that are taken.
    """

    def __init__(self, limit: int) -> None:
        self.size = 0
        self.validator: str | None = None
        self._limit = limit
        self._pieces: list[bytes] = []

    @property
    def content(self) -> bytes:
        """What has come so far."""
        return b"".join(self._pieces)

    def start(self, offset: int, validator: str | None) -> None:
        """Go on at `offset`."""
        self._pieces = [self.content[:offset]]
        self.size = offset
        self.validator = validator

    def write(self, piece: bytes) -> None:
        """Take the next bytes; raises `APIError` past the limit."""
        self.size += len(piece)
        if self.size > self._limit:
            from indoxrouter.errors import APIError

            raise APIError(f"The file is larger than {self._limit} bytes: save it to disk instead")
        self._pieces.append(piece)

    def finish(self) -> None:
        """Nothing is left to do."""

    def abandon(self) -> None:
        """Nothing is left to do."""


class FileSink:
    """A file that is written beside its target and put in its place in one step, when it is complete.

    A download that fails leaves `.<name>.part` and, in `.<name>.part.tag`, the version of the file on the
    server; the next one claims both by renaming them, which only one can do, and asks the server for the rest
    of that version.

    Args:
        target: the file.
        resume: whether to go on where an earlier download stopped, and to leave something to go on with.
    """

    def __init__(self, target: Path, *, resume: bool = True) -> None:
        self._target = target
        self._resume = resume
        self._kept = target.with_name(f".{target.name}.part")
        self._tag = target.with_name(f".{target.name}.part.tag")
        self._working = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
        self._file: IO[bytes] | None = None
        self.size = 0
        self.validator: str | None = None
        if resume:
            self._claim()

    def _claim(self) -> None:
        try:
            os.replace(self._kept, self._working)
        except OSError:
            return
        with contextlib.suppress(OSError, UnicodeDecodeError):
            self.validator = self._tag.read_text("utf-8") or None
        with contextlib.suppress(OSError):
            self._tag.unlink()
        self.size = self._working.stat().st_size if self.validator is not None else 0

    def start(self, offset: int, validator: str | None) -> None:
        """Go on at `offset`."""
        if self._file is None:
            self._file = open(self._working, "r+b" if self._working.exists() else "wb")  # noqa: SIM115  # closed by `finish` and `abandon`
        self._file.truncate(offset)
        self._file.seek(offset)
        self.size = offset
        self.validator = validator

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        assert self._file is not None
        self._file.write(piece)
        self.size += len(piece)

    def finish(self) -> None:
        """Put the file in its place."""
        if self._file is None:
            self.start(self.size, self.validator)
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        os.replace(self._working, self._target)

    def abandon(self) -> None:
        """Keep what came, if the rest can be asked for; else remove it."""
        if self._file is not None:
            self._file.close()
            self._file = None
        with contextlib.suppress(OSError):
            if self._resume and self.validator is not None and self.size:
                self._tag.write_text(self.validator, "utf-8")
                os.replace(self._working, self._kept)
            else:
                self._working.unlink()
