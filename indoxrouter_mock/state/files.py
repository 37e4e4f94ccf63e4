"""Files that answers point to: images, speech and videos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

MOST_FILES = 500
MOST_BYTES = 256 * 1024 * 1024
"""Bytes of all stored files together; the oldest are removed first."""


@dataclass(slots=True)
class ServedFile:
    """A file at a URL of this server. What can be made again from a few numbers is made when it is fetched."""

    name: str
    media_type: str
    size: int
    make: Callable[[], bytes] = field(repr=False)
    stored: int = 0

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.make()


class Files:
    """The files of one server, by name."""

    def __init__(self) -> None:
        self._files: dict[str, ServedFile] = {}
        self._stored = 0

    def get(self, name: str) -> ServedFile | None:
        """The file of a name, or None when there is none or it has been removed."""
        return self._files.get(name)

    def add(self, file: ServedFile) -> None:
        """Keep a file, at the expense of the oldest ones when there are too many."""
        self._files[file.name] = file
        self._stored += file.stored
        while len(self._files) > MOST_FILES or (self._stored > MOST_BYTES and len(self._files) > 1):
            oldest = self._files.pop(next(iter(self._files)))
            self._stored -= oldest.stored
