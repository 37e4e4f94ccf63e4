"""The requests of a batch, one in each line of a file or row of a table, and the keys that identify them."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple

import attrs
from indoxrouter._runtime.values.json import is_object
from indoxrouter.errors import InvalidParametersError

from indoxrouter_bulk.results import ArgumentBinder
from indoxrouter_bulk.tables import check_columns, read_table, request_of

from ..base.errors import CommandError


class Line(NamedTuple):
    """A request.

    Attributes:
        number: of the line, or of the row of a table, from 1.
        id: the id in the line, else its number.
        key: the same for the same line in every run: a digest of its request, and the number
            of equal requests before it.
        arguments: of the method.
    """

    number: int
    id: Any
    key: str
    arguments: dict[str, Any]


class InvalidLine(NamedTuple):
    """A line that is not a request, and why."""

    number: int
    reason: str
    text: str


@attrs.frozen
class BatchInput:
    """The input of a batch, which can be read several times.

    Attributes:
        file: its content.
        format: jsonl, csv or parquet.
        column: of a table, the one that holds the requests; None if each column is an argument.
        id: of a table, the column of ids; None for `id`.
    """

    file: IO[bytes]
    format: str = "jsonl"
    column: str | None = None
    id: str | None = None

    def lines(self, method: str, salt: str = "") -> Iterator[Line | InvalidLine]:
        """Every line that is not blank, from the beginning of the file.

        Args:
            method: of the client that the lines are for.
            salt: the options that a request depends on; it is part of each key.

        Raises:
            CommandError: when the file is not of its format, or a column is missing or unknown.
        """
        binder = ArgumentBinder(method, {})
        self.file.seek(0)
        # Equal requests are counted on disk when there are many: memory does not grow with the lines.
        with closing(sqlite3.connect("", isolation_level=None)) as seen:
            seen.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, times INT) WITHOUT ROWID")
            seen.execute("BEGIN")
            try:
                for row in read_table(self.file, self.format):
                    if row.columns:
                        check_columns(row.columns, binder, self.column, self.id)
                    try:
                        if isinstance(row.value, InvalidParametersError):
                            raise row.value
                        value = row.value if self.column is not None else _in_one_form(row.value)
                        given, arguments = request_of(value, binder, self.column, self.id)
                    except InvalidParametersError as error:
                        reason = error.message.removeprefix(f"line {row.number}: ")
                        yield InvalidLine(row.number, reason, row.text[:500].decode("utf-8", "replace"))
                        continue
                    digest = sha256(salt.encode() + b"\0" + row.text).digest()[:12]
                    (times,) = seen.execute(
                        "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times",
                        (digest,),
                    ).fetchone()
                    name = row.number if given is None else given
                    yield Line(row.number, name, f"{digest.hex()}-{times}", arguments)
            except InvalidParametersError as error:
                hint = "Name the column of requests with --column." if error.argument == "column" else None
                raise CommandError(error.message, hint) from None

    def detect_method(self) -> str:
        """The method for the first readable line; chat if no line determines it."""
        self.file.seek(0)
        try:
            for row in read_table(self.file, self.format):
                value = row.value
                if is_object(value):
                    value = value.get("body") or value
                    named = "messages" in value or "prompt" in value
                    return "embeddings" if not named and ("text" in value or "input" in value) else "chat"
                if isinstance(value, str):
                    break
        except InvalidParametersError as error:
            raise CommandError(error.message) from None
        return "chat"


@contextmanager
def open_input(
    path: Path, format: str | None, column: str | None = None, id: str | None = None
) -> Generator[BatchInput, None, None]:
    """The input, whose file can be read several times; `-` is the standard input.

    Raises:
        CommandError: when there is no such file, or it cannot be read.
    """
    style = format or {".csv": "csv", ".parquet": "parquet"}.get(path.suffix.lower(), "jsonl")
    if str(path) == "-":
        if sys.stdin.isatty():
            raise CommandError("No input.", "Name a file of JSON lines, or pipe one in.")
        with tempfile.TemporaryFile() as spool:
            while piece := sys.stdin.buffer.read(1024 * 1024):
                spool.write(piece)
            yield BatchInput(spool, style, column, id)
        return
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise CommandError(f"{path}: no such file") from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None
    with file:
        yield BatchInput(file, style, column, id)


def _in_one_form(value: Any) -> Any:
    """A row of OpenAI's batches, or with their names, as one of ours."""
    if not is_object(value):
        return value
    row = dict(value)
    given = row.pop("custom_id", None)
    if is_object(row.get("body")):  # `method` and `url` are redundant here
        row = {"id": row.get("id"), **row["body"]}
    if row.get("id") is None:
        row["id"] = given
    if row.pop("stream", False):
        raise InvalidParametersError("`stream` is not supported in a batch")
    if "text" not in row and "messages" not in row and "input" in row:
        row["text"] = row.pop("input")
    return row
