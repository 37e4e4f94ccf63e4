"""Files of vectors: JSON lines, NumPy's .npy, Parquet. Each is written while the vectors arrive."""

from __future__ import annotations

import sys
from array import array
from pathlib import Path
from typing import IO, Any, Protocol

from ..base import exit_codes
from ..base.errors import CommandError
from ..output.json_text import dump_json

FORMATS = ("jsonl", "npy", "parquet")


class VectorWriter(Protocol):
    """Writes rows one by one."""

    def add(self, row: dict[str, Any], vector: list[float]) -> None:
        """Add a vector and its row (`id`, `text`)."""
        ...

    def close(self) -> None:
        """Write buffered rows. The file itself stays open."""
        ...


def detect_format(path: Path | None, given: str | None) -> str:
    """The given format, else the format of the path's suffix, else JSON lines.

    Raises:
        CommandError: for an unknown suffix.
    """
    if given is not None:
        return given
    ending = path.suffix[1:].lower() if path is not None else ""
    if ending in ("", "jsonl", "ndjson", "json"):
        return "jsonl"
    if ending in FORMATS:
        return ending
    raise CommandError(
        f"{path}: unknown suffix .{ending}", f"Choose a format with --format: {', '.join(FORMATS)}."
    )


def make_writer(style: str, file: IO[bytes]) -> VectorWriter:
    """A writer of a format.

    Raises:
        CommandError: for Parquet without pyarrow.
    """
    if style == "npy":
        return _NpyWriter(file)
    return _ParquetWriter(file) if style == "parquet" else _JsonWriter(file)


class _JsonWriter:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def add(self, row: dict[str, Any], vector: list[float]) -> None:
        self._file.write((dump_json({**row, "embedding": vector}) + "\n").encode())
        self._file.flush()

    def close(self) -> None:
        pass


class _NpyWriter:
    """An array of shape (texts, dimensions) of 32-bit floats: a header and the numbers. NumPy is not needed."""

    _HEADER = 128  # bytes, padded, so that the number of rows can be filled in at the end

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._rows = 0
        self._width: int | None = None
        self._file.write(b" " * self._HEADER)

    def add(self, row: dict[str, Any], vector: list[float]) -> None:
        if self._width is None:
            self._width = len(vector)
        if len(vector) != self._width:
            raise CommandError(
                f"The vectors differ in length ({self._width} and {len(vector)}): they do not form an array.",
                "Write JSON lines instead.",
                exit_codes.FAILURE,
            )
        numbers = array("f", vector)
        if sys.byteorder == "big":
            numbers.byteswap()
        self._file.write(numbers.tobytes())
        self._rows += 1

    def close(self) -> None:
        shape = f"({self._rows}, {self._width or 0})"
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
        size = self._HEADER - 10
        self._file.seek(0)
        self._file.write(
            b"\x93NUMPY\x01\x00" + size.to_bytes(2, "little") + header.ljust(size - 1).encode() + b"\n"
        )


class _ParquetWriter:
    """Columns `id`, `text` and `embedding` (a list of 32-bit floats)."""

    def __init__(self, file: IO[bytes]) -> None:
        from indoxrouter_bulk.tables import RowWriter  # cost: loads the client

        try:
            self._rows = RowWriter(file, "parquet", {"id": "text", "text": "text", "embedding": "vector"})
        except ValueError as error:
            raise CommandError(
                str(error), "Install the extra: pip install 'indoxrouter[parquet]', or write .jsonl or .npy."
            ) from None

    def add(self, row: dict[str, Any], vector: list[float]) -> None:
        self._rows.add({**row, "embedding": vector})

    def close(self) -> None:
        self._rows.close()
