"""Destinations of a download: a file that appears only when it is complete, or memory."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import IO, Any, TypeAlias

from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter._runtime.values.text import plural
from indoxrouter.errors import APIError


def _is_path(path: object) -> bool:
    return isinstance(path, (str, os.PathLike)) and f"{path}" != ""


def target_path(path: Any, suggested: str) -> Path:
    """The file to write: `path`, or for a directory the suggested name in it.

    Raises:
        InvalidParametersError: when `path` is not a path, or its directory does not exist.
    """
    if not _is_path(path):
        raise_invalid_argument("path", path, "the path of a file or of a directory")
    target = Path(path)
    if target.is_dir():
        # A name that the server chose must not lead out of the directory.
        name = os.path.basename(suggested.replace("\\", "/")).strip().lstrip(".")
        target = target / ("".join(c for c in name if c.isprintable() and c not in '<>:"|?*') or "download")
    if target.exists() and not target.is_file():
        # A download replaces its target; it must not replace /dev/null.
        raise_invalid_argument("path", str(path), "the path of a regular file, not of a device or a pipe")
    if not target.parent.is_dir():
        raise_invalid_argument(
            "path", str(path), f"a path in a directory that exists, and {str(target.parent)!r} does not"
        )
    return target


class MemoryDestination:
    """A body in memory.

    Attributes:
        size: bytes stored so far.
        validator: identifies the version of the file on the server, or None.

    Args:
        limit: the size of the largest body, in bytes.
    """

    def __init__(self, limit: int) -> None:
        self.size = 0
        self.validator: str | None = None
        self._limit = limit
        self._pieces: list[bytes] = []

    @property
    def content(self) -> bytes:
        """The bytes stored so far."""
        return b"".join(self._pieces)

    def start(self, offset: int, validator: str | None) -> None:
        """Continue at `offset`; bytes after it are dropped. `validator` identifies the version that follows."""
        self._pieces = [self.content[:offset]]
        self.size = offset
        self.validator = validator

    def write(self, piece: bytes) -> None:
        """Store the next bytes; raises `APIError` above the limit."""
        self.size += len(piece)
        if self.size > self._limit:
            raise APIError(f"The file is larger than {plural(self._limit, 'byte')}: save it to disk instead")
        self._pieces.append(piece)

    def finish(self) -> None:
        """Nothing to do."""

    def abandon(self) -> None:
        """Nothing to do."""


class FileDestination:
    """A file that is written beside its target, and replaces it in one step when it is complete.

    A failed download leaves `.<name>.part`, and in `.<name>.part.tag` the version of the file on the server. The next
    download claims both by renaming them, which only one process can do, and requests the rest of that version.

    Args:
        target: the file.
        resume: whether to continue an earlier download, and to leave a failed one for the next.
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
        """Continue at `offset`."""
        if self._file is None:
            self._file = open(self._working, "r+b" if self._working.exists() else "wb")  # noqa: SIM115  # closed by `finish` and `abandon`
        self._file.truncate(offset)
        self._file.seek(offset)
        self.size = offset
        self.validator = validator

    def write(self, piece: bytes) -> None:
        """Store the next bytes."""
        assert self._file is not None
        self._file.write(piece)
        self.size += len(piece)

    def finish(self) -> None:
        """Replace the target with the complete file."""
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        os.replace(self._working, self._target)

    def abandon(self) -> None:
        """Keep the bytes if the rest can be requested later; else remove them."""
        if self._file is not None:
            self._file.close()
            self._file = None
        with contextlib.suppress(OSError):
            if self._resume and self.validator is not None and self.size:
                self._tag.write_text(self.validator, "utf-8")
                os.replace(self._working, self._kept)
            else:
                self._working.unlink()


Destination: TypeAlias = MemoryDestination | FileDestination
"""Stores the body of a download."""
