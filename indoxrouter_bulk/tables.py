"""Rows of files and frames as requests: JSON lines, CSV, Parquet, and frames and tables that export Arrow streams.

Files are read piece by piece, so that memory does not grow with the rows. Frames of pandas and polars, and tables of
pyarrow and DuckDB, export Arrow streams. Those and Parquet files need pyarrow.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

import msgspec
from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter._runtime.values.type_guards import is_object
from indoxrouter.errors import InvalidParametersError

from .results import ArgumentBinder

if TYPE_CHECKING:
    from .results import ArrowStream, MapRequest

__all__ = [
    "FORMATS",
    "TableRow",
    "check_columns",
    "detect_format",
    "import_arrow",
    "read_rows",
    "read_table",
    "request_of",
]

FORMATS = ("jsonl", "csv", "parquet")
_SUFFIXES = {name: name for name in FORMATS} | {
    "ndjson": "jsonl",
    "json": "jsonl",
    "tsv": "csv",
    "pq": "parquet",
}
_PIECE = 1000  # rows of Parquet files and frames that are in memory at once

Source: TypeAlias = "str | os.PathLike[str] | IO[bytes] | ArrowStream"


class TableRow(NamedTuple):
    """A row of a file or frame.

    Attributes:
        number: the line in a text file, or the position; from 1.
        value: plain data, with None for empty cells; or the error of a row that cannot be read.
        text: the row as JSON, as in the file if that is one of JSON lines.
        columns: of the first row of a table: the names of all columns; else empty.
    """

    number: int
    value: Any
    text: bytes
    columns: tuple[str, ...] = ()


def detect_format(path: str | os.PathLike[str]) -> str:
    """The format of a file, by its suffix; a directory holds Parquet files.

    Raises:
        InvalidParametersError: for an unknown suffix.
    """
    suffix = Path(path).suffix[1:].lower()
    found = "parquet" if Path(path).is_dir() else _SUFFIXES.get(suffix)
    if found is None:
        raise_invalid_argument("format", suffix, f"one of {', '.join(FORMATS)} for {os.fspath(path)}")
    return found


def import_arrow(module: str = "pyarrow") -> Any:
    """Import pyarrow, or a module of it.

    Raises:
        InvalidParametersError: when it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise InvalidParametersError(
            "Parquet files and frames need the package pyarrow: pip install 'indoxrouter[parquet]'"
        ) from None


def read_rows(
    source: Source,
    method: str = "chat",
    *,
    column: str | None = None,
    id: str | None = None,
    format: str | None = None,
) -> Iterator[MapRequest]:
    """The requests of a file or frame, for `client.map`. A row that is no request becomes a result with an error.

    Args:
        source: a file of JSON lines, CSV or Parquet; a directory of Parquet files; a frame of pandas or polars, a table
            of pyarrow, or whatever else exports an Arrow stream.
        method: that the requests are for.
        column: holds the first argument of the method, for `chat` also a question as text; other columns are not sent.
            By default each column is an argument.
        id: column of unique ids; by default `id` or `custom_id`, if there is one.
        format: jsonl, csv or parquet; by default that of the suffix.

    Raises:
        InvalidParametersError: when there is no such file or package; once the first row is requested, when a column is
            missing or no argument of the method.
    """
    binder = ArgumentBinder(method, {})
    rows = read_table(source, format)

    def requests() -> Iterator[MapRequest]:
        for row in rows:
            name, request = None, row.value
            if row.columns:
                check_columns(row.columns, binder, column, id)
            if not isinstance(request, InvalidParametersError):
                try:
                    name, request = request_of(request, binder, column, id)
                except InvalidParametersError as error:
                    name, request = (
                        _id_of(request, id),
                        InvalidParametersError(f"row {row.number}: {error.message}"),
                    )
            yield request if name is None else (name, request)

    return requests()


def request_of(
    value: Any, binder: ArgumentBinder, column: str | None = None, id: str | None = None
) -> tuple[Any, dict[str, Any]]:
    """The id of a row, or None, and the arguments of its call; `read_rows` documents the arguments.

    Raises:
        InvalidParametersError: when the row is no request of the method.
    """
    chats = binder.first == "messages"
    if isinstance(value, str):
        value = {"prompt" if chats else binder.first: value}
    if not is_object(value):
        _refuse(f"expected an object or a string, got {type(value).__name__}")
    row = {name: cell for name, cell in value.items() if cell is not None}
    given = _id_of(row, id)
    if isinstance(given, (dict, list)):
        _refuse("the id must be a string or a number")
    if column is not None:
        if column not in row:
            _refuse(f"missing `{column}`")
        row = {"prompt" if chats and isinstance(row[column], str) else binder.first: row[column]}
    elif is_object(row.get("body")):  # the format of OpenAI's batches: `method` and `url` are redundant here
        row = dict(row["body"])
    for name in {"id", "custom_id", id or "id"}.difference(binder.names):
        row.pop(name, None)
    if row.pop("stream", False):
        _refuse("`stream` is not supported in a batch")
    if binder.first == "text" and "text" not in row and "input" in row:
        row["text"] = row.pop("input")
    if chats and "messages" not in row and isinstance(row.get("prompt"), str):
        system, question = row.pop("system", None), row.pop("prompt")
        row["messages"] = [
            *([{"role": "system", "content": system}] if isinstance(system, str) else []),
            {"role": "user", "content": question},
        ]
    if binder.first not in row:
        _refuse(f"missing `{binder.first}`" + (" or `prompt`" if chats else ""))
    for name, cell in row.items():  # a cell of a CSV file is text
        if isinstance(cell, str) and not binder.takes_text(name):
            with suppress(ValueError):
                row[name] = json.loads(cell)
    return given, row


def _id_of(row: Any, id: str | None) -> Any:
    if not is_object(row):
        return None
    return row.get(id) if id is not None else row.get("id", row.get("custom_id"))


def check_columns(
    columns: Iterable[str], binder: ArgumentBinder, column: str | None = None, id: str | None = None
) -> None:
    """Check the columns of a table before anything is sent.

    Raises:
        InvalidParametersError: when a named column is missing, or, without `column`, one is no argument of the method.
    """
    known = {*binder.names, "id", "custom_id", "body", id}
    known |= (
        {"prompt", "system"} if binder.first == "messages" else {"input"} if binder.first == "text" else set()
    )
    for role, name in (("column", column), ("id", id)):
        if name is not None and name not in columns:
            raise_invalid_argument(role, name, f"one of the columns {', '.join(columns)}")
    unknown = [name for name in columns if name not in known]
    if column is None and unknown:
        names = ", ".join(map(repr, unknown))
        raise InvalidParametersError(
            f"{binder.method} has no argument {names}; name the column of the requests (`column`)",
            argument="column",
        )


def read_table(source: Source, format: str | None = None) -> Iterator[TableRow]:
    """The rows of a file or frame as plain data; `read_rows` documents the arguments.

    Raises:
        InvalidParametersError: when there is no such file or package, or, on the way, when a file is not of its format.
    """
    if hasattr(source, "__arrow_c_stream__"):
        reader = import_arrow().RecordBatchReader
        return _table_rows(_arrow_rows(reader.from_stream(source)))
    if isinstance(source, (str, os.PathLike)):
        format = format or detect_format(source)
        path = Path(source)
        files: list[Any] = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise InvalidParametersError(f"{path}: no such file", argument="source")
    else:
        files = [source]
    if format == "parquet":
        import_arrow("pyarrow.parquet")
    return _file_rows(files, format or "jsonl")


def _file_rows(files: Iterable[Any], format: str) -> Iterator[TableRow]:
    for place in files:
        name = getattr(place, "name", "the input")
        try:
            with place.open("rb") if isinstance(place, Path) else nullcontext(place) as file:
                if format == "jsonl":
                    yield from _json_rows(file)
                elif format == "csv":
                    yield from _csv_rows(file, "\t" if str(name).endswith(".tsv") else ",")
                else:
                    parquet = import_arrow("pyarrow.parquet")
                    yield from _table_rows(_arrow_rows(parquet.ParquetFile(file).iter_batches(_PIECE)))
        except (ValueError, csv.Error, OSError) as error:
            if isinstance(error, InvalidParametersError):
                raise
            raise InvalidParametersError(
                f"{name}: cannot be read as {format}: {error}", argument="source"
            ) from None


def _json_rows(file: IO[bytes]) -> Iterator[TableRow]:
    for number, raw in enumerate(file, 1):
        text = raw.strip()
        if number == 1:
            text = text.removeprefix(b"\xef\xbb\xbf")
        if text:
            yield TableRow(number, _parse(number, text), text)


def _parse(number: int, text: bytes) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"{error.msg} (at character {error.pos + 1})"
    except UnicodeDecodeError:
        reason = "not UTF-8"
    except (ValueError, RecursionError) as error:
        reason = str(error)
    return InvalidParametersError(f"line {number}: not valid JSON: {reason}")


def _csv_rows(file: IO[bytes], delimiter: str) -> Iterator[TableRow]:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        rows = csv.reader(text, delimiter=delimiter, strict=True)
        columns = next(rows, [])
        if len(set(columns)) < len(columns):
            raise ValueError(f"two columns have one name: {', '.join(columns)}")
        first = tuple(columns)
        for cells in rows:
            if cells:
                value: Any = dict(zip(columns, [cell or None for cell in cells], strict=False))
                if len(cells) > len(columns):
                    value = InvalidParametersError(
                        f"line {rows.line_num}: {len(cells)} cells for {len(columns)} columns"
                    )
                yield TableRow(rows.line_num, value, msgspec.json.encode(cells), first)
                first = ()
    finally:
        text.detach()  # the file is the caller's


def _arrow_rows(batches: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        for start in range(0, batch.num_rows, _PIECE):
            yield from batch.slice(start, _PIECE).to_pylist()


def _table_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[TableRow]:
    for number, row in enumerate(rows, 1):
        # pandas exports an index without a name under such a one.
        value = {name: cell for name, cell in row.items() if not name.startswith("__index_level_")}
        yield TableRow(
            number, value, msgspec.json.encode(value, enc_hook=str), tuple(value) if number == 1 else ()
        )


def _refuse(reason: str) -> NoReturn:
    raise InvalidParametersError(reason)
