"""Uploads and multipart bodies.

Each attempt encodes the body again from the first byte, so that a retry never sends a part of a file. Files are read in
pieces: an upload of 100 MB needs 256 KiB of memory.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from typing import IO, Annotated, Any

from ..values.introspection import UNCHECKED
from ..values.text import plural
from .base import raise_invalid_argument

CHUNK = 256 * 1024

_file_lock = threading.Lock()
"""Held while a piece of an open file is read: several uploads may share the file, and with it the position in it."""


def _replace_lock() -> None:
    global _file_lock  # noqa: PLW0603  # one lock for the process, and a new one in a forked child
    _file_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_replace_lock)  # the thread that held it does not exist in the child


class Upload:
    """One file to send: its content, name and media type.

    Args:
        content: a path, bytes, or a file opened in binary mode.
        filename: the name to send; by default that of the file.
        media_type: such as audio/mpeg; by default guessed from the name.

    Raises:
        InvalidParametersError: for a missing or empty file, a directory, or a file opened as text.
    """

    __slots__ = ("_content", "_path", "_start", "filename", "media_type", "size")

    def __init__(
        self,
        content: str | os.PathLike[str] | bytes | bytearray | IO[bytes],
        filename: str | None = None,
        media_type: str | None = None,
        *,
        argument: str = "file",
    ) -> None:
        self._content: bytes | IO[bytes] | None = None
        self._path: str | None = None
        self._start = 0
        if isinstance(content, (bytes, bytearray)):
            self._content = bytes(content)
            self.size = len(self._content)
        elif isinstance(content, (str, os.PathLike)):
            self._path = os.fsdecode(content)
            self.size = _size_of_path(self._path, argument)
        else:
            self._content, self._start, self.size = _open_content(content, argument)
        if self.size == 0:
            rewind = (
                "; this one has been read or written to its end: call seek(0) first" if self._start else ""
            )
            raise_invalid_argument(argument, content, f"a file that is not empty{rewind}")
        self.filename = filename or os.path.basename(self._path or _name_of(content)) or "file"
        self.media_type = media_type or _guess(self.filename)

    @classmethod
    def of(cls, value: Any, argument: str) -> Upload:
        """Make an upload from any `FileInput`; `argument` is its name in error messages."""
        if isinstance(value, Upload):
            return value
        if isinstance(value, tuple):
            parts: list[Any] = [*value]
            if len(parts) not in (2, 3) or not isinstance(parts[0], str):
                raise_invalid_argument(
                    argument, (*parts,), "(filename, content) or (filename, content, media type)"
                )
            return cls(parts[1], parts[0], parts[2] if len(parts) == 3 else None, argument=argument)
        return cls(value, argument=argument)

    def __repr__(self) -> str:
        return f"Upload({self.filename!r}, {self.media_type}, {plural(self.size, 'byte')})"

    def read(self) -> bytes:
        """The content of the file."""
        return b"".join(self)

    def __iter__(self) -> Iterator[bytes]:
        if isinstance(self._content, bytes):
            yield self._content
        elif self._path is not None:
            with open(self._path, "rb") as file:
                while piece := file.read(CHUNK):
                    yield piece
        elif self._content is not None:
            position = self._start
            while piece := _read_at(self._content, position):
                position += len(piece)
                yield piece


def _read_at(file: IO[bytes], position: int) -> bytes:
    with _file_lock:
        before = file.tell()
        file.seek(position)
        piece = file.read(CHUNK)
        file.seek(before)  # where an upload that starts meanwhile begins
        return piece


def _size_of_path(path: str, argument: str) -> int:
    if os.path.isdir(path):
        raise_invalid_argument(argument, path, "a file, not a directory")
    try:
        with open(path, "rb") as file:
            return os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        if path.startswith(("http://", "https://")):
            reason = "a URL is not fetched: pass the content"
    return raise_invalid_argument(argument, path, f"a file that can be read ({reason})")


def _open_content(content: Any, argument: str) -> tuple[bytes | IO[bytes], int, int]:
    read = getattr(content, "read", None)
    if not callable(read) or isinstance(content, type):
        raise_invalid_argument(argument, content, "a path, bytes, or a file opened in binary mode")
    if getattr(content, "closed", False) is True:
        raise_invalid_argument(argument, content, "a file that is open; this one has been closed")
    seekable = getattr(content, "seekable", None)
    if callable(seekable) and seekable():
        with _file_lock:
            start = content.tell()
            binary = isinstance(content.read(0), bytes)
            end = content.seek(0, os.SEEK_END)
            content.seek(start)
        if not binary:
            raise_invalid_argument(argument, content, "a file opened in binary mode ('rb')")
        return content, start, max(0, end - start)
    data = read()  # a pipe can be read once only, and the attempt may be repeated
    if not isinstance(data, bytes):
        raise_invalid_argument(argument, content, "a file opened in binary mode ('rb')")
    return data, 0, len(data)


def _name_of(content: Any) -> str:
    name = getattr(content, "name", "")
    return name if isinstance(name, str) else ""


def _guess(filename: str) -> str:
    import mimetypes  # cost: few operations have uploads

    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


class MultipartBody:
    """A `multipart/form-data` body that can be encoded any number of times.

    The boundary is random (128 bits), so that no file can contain it; names are escaped as browsers do. Iterating
    yields the bytes; `len()` is the length in bytes. An asynchronous engine iterates in the same way: reading a piece of
    a local file blocks for microseconds, and a thread for each piece would cost more.
    """

    __slots__ = ("_parts", "boundary")

    def __init__(self, parts: list[tuple[str, str | Upload, str | None]]) -> None:
        """`parts`: name, content, and the media type where it is neither that of the file nor plain text."""
        self.boundary = secrets.token_hex(16)
        self._parts = [self._part(*part) for part in parts]

    @property
    def content_type(self) -> str:
        """The value of the `Content-Type` header."""
        return f"multipart/form-data; boundary={self.boundary}"

    def _part(self, name: str, value: str | Upload, media_type: str | None) -> tuple[bytes, Upload | None]:
        """The bytes that precede a file, and the file; of a text all bytes."""
        lines = [f"--{self.boundary}", f'Content-Disposition: form-data; name="{_escape(name)}"']
        if isinstance(value, Upload):
            lines[1] += f'; filename="{_escape(value.filename)}"'
            media_type = media_type or value.media_type
        if media_type is not None:
            safe = "".join(character for character in media_type if " " <= character <= "~")
            lines.append(f"Content-Type: {safe}")
        text = "" if isinstance(value, Upload) else f"{value}\r\n"
        head = ("\r\n".join(lines) + "\r\n\r\n" + text).encode("utf-8", "replace")
        return head, value if isinstance(value, Upload) else None

    def __len__(self) -> int:
        sizes = (len(head) + (0 if file is None else file.size + 2) for head, file in self._parts)
        return sum(sizes) + len(self.boundary) + 6

    def __iter__(self) -> Iterator[bytes]:
        for head, file in self._parts:
            yield head
            if file is not None:
                yield from file
                yield b"\r\n"
        yield f"--{self.boundary}--\r\n".encode()


def _escape(text: str) -> str:
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22").replace("\x00", "%00")


FileInput = Annotated[
    str | os.PathLike[str] | bytes | bytearray | IO[bytes] | Upload | tuple[str, Any] | tuple[str, Any, str],
    UNCHECKED,
]
"""A path, the bytes themselves, an open binary file, or `(filename, content)` / `(filename, content, media type)`."""
