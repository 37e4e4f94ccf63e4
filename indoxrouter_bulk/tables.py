"""Rows of files and frames as requests, and results as rows. Files are read and written piece by piece."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec
from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter._runtime.values.json import is_object
from indoxrouter.errors import IndoxRouterError, InvalidParametersError

from .results import ArgumentBinder

if TYPE_CHECKING:
    from .results import ArrowStream, MapRequest, MapResults

__all__ = ["RowWriter", "TableRow", "cell_of", "check_columns", "import_arrow", "read_rows", "read_table", "request_of",
           "to_arrow", "write_rows"]  # fmt: skip

_PIECE = 250  # rows that are in memory at once, of Parquet files and frames
_SUFFIXES = {"jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "parquet": "parquet"}
_CELLS = {"chat": "answer", "completion": "answer", "completions": "answer", "embeddings": "embedding"}

Source: TypeAlias = "str | os.PathLike[str] | IO[bytes] | ArrowStream"


class TableRow(NamedTuple):
    """A row of a file or frame: its line or position, from 1; plain data, or why it cannot be read; the row as JSON; in
    the first row of a table, the names of all columns."""

    number: int
    value: Any
    text: bytes
    columns: tuple[str, ...] = ()


def read_rows(
    source: Source,
    method: str = "chat",
    *,
    column: str | None = None,
    id: str | None = None,
    format: str | None = None,
) -> Iterator[MapRequest]:
    """The requests of a file or frame, for `client.map`. A row that is not a request becomes a result with an error.

    Args:
        source: a file, a directory of Parquet files, a frame, or whatever else exports an Arrow stream.
        method: that the requests are for.
        column: holds the first argument of the method, for `chat` also a question as text; other columns are not sent.
            By default each column is an argument.
        id: column of unique ids; by default `id`, if there is one.
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
    """The id of a row, or None, and the arguments of its call; `read_rows` documents arguments and errors."""
    chats = binder.first == "messages"
    if isinstance(value, str):
        value = {"prompt" if chats else binder.first: value}
    if not is_object(value):
        raise InvalidParametersError(f"expected an object or a string, got {type(value).__name__}")
    given = _id_of(value, id)
    if isinstance(given, (dict, list)):
        raise InvalidParametersError("the id must be a string or a number")
    row = {name: cell for name, cell in value.items() if cell is not None}
    if column is not None:
        if column not in row:
            raise InvalidParametersError(f"missing `{column}`")
        row = {"prompt" if chats and isinstance(row[column], str) else binder.first: row[column]}
    if (id or "id") not in binder.names:
        row.pop(id or "id", None)
    if chats and "messages" not in row and isinstance(row.get("prompt"), str):
        system = row.pop("system", None)
        first = [{"role": "system", "content": system}] if isinstance(system, str) else []
        row["messages"] = [*first, {"role": "user", "content": row.pop("prompt")}]
    if binder.first not in row:
        raise InvalidParametersError(f"missing `{binder.first}`" + (" or `prompt`" if chats else ""))
    for name, cell in row.items():  # a cell of a CSV file is text
        if isinstance(cell, str) and not binder.takes_text(name):
            with suppress(ValueError):
                row[name] = json.loads(cell)
    return given, row


def _id_of(row: Any, id: str | None) -> Any:
    return row.get(id or "id") if is_object(row) else None


def check_columns(
    columns: tuple[str, ...], binder: ArgumentBinder, column: str | None = None, id: str | None = None
) -> None:
    """Raise `InvalidParametersError` when a column is missing or, without `column`, is no argument of the method."""
    if not columns:
        return
    for role, name in (("column", column), ("id", id)):
        if name is not None and name not in columns:
            raise_invalid_argument(role, name, f"one of the columns {', '.join(columns)}")
    unknown = set(columns).difference(binder.names, ["prompt", "system"], [id or "id"])
    if column is None and unknown:
        names = ", ".join(map(repr, sorted(unknown)))
        message = f"{binder.method} has no argument {names}; name the column of the requests (`column`)"
        raise InvalidParametersError(message, argument="column")


def import_arrow(module: str = "pyarrow") -> Any:
    """Import pyarrow, or a module of it; `InvalidParametersError` if it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise InvalidParametersError(
            "Parquet files and frames need the package pyarrow: pip install 'indoxrouter[parquet]'"
        ) from None


def read_table(source: Source, format: str | None = None) -> Iterator[TableRow]:
    """The rows of a file or frame as plain data; `read_rows` documents arguments and errors."""
    if hasattr(source, "__arrow_c_stream__"):
        return _arrow_rows(import_arrow().RecordBatchReader.from_stream(source))
    files: list[Any] = [source]
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        format = format or _format_of(path)
        files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise InvalidParametersError(f"{path}: no such file", argument="source")
    if format == "parquet":
        import_arrow("pyarrow.parquet")
    return _file_rows(files, format)


def _format_of(path: Path) -> str:
    found = "parquet" if path.is_dir() else _SUFFIXES.get(path.suffix[1:].lower())
    return found or raise_invalid_argument("format", path.suffix, f"one of {', '.join(_SUFFIXES)} for {path}")


def _file_rows(files: Iterable[Any], format: str | None) -> Iterator[TableRow]:
    for place in files:
        name = getattr(place, "name", "the input")
        try:
            with place.open("rb") if isinstance(place, Path) else nullcontext(place) as file:
                if format == "csv":
                    yield from _csv_rows(file)
                elif format == "parquet":
                    yield from _arrow_rows(
                        import_arrow("pyarrow.parquet").ParquetFile(file).iter_batches(_PIECE)
                    )
                else:
                    for number, raw in enumerate(file, 1):
                        if text := raw.strip().removeprefix(b"\xef\xbb\xbf"):
                            yield TableRow(number, _parse(number, text), text)
        except (ValueError, csv.Error, OSError) as error:
            if isinstance(error, InvalidParametersError):
                raise
            raise InvalidParametersError(
                f"{name}: cannot be read as {format}: {error}", argument="source"
            ) from None


def _parse(number: int, text: bytes) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"{error.msg} (at character {error.pos + 1})"
    except (ValueError, RecursionError) as error:
        reason = str(error)
    return InvalidParametersError(f"line {number}: not valid JSON: {reason}")


def _csv_rows(file: IO[bytes]) -> Iterator[TableRow]:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        rows = csv.reader(text, strict=True)
        columns = tuple(next(rows, ()))
        if len(set(columns)) < len(columns):
            raise ValueError(f"two columns have one name: {', '.join(columns)}")
        first = columns
        for cells in filter(None, rows):
            value: Any = dict(zip(columns, [cell or None for cell in cells], strict=False))
            if len(cells) > len(columns):
                counts = f"{len(cells)} instead of {len(columns)}"
                reason = f"line {rows.line_num}: the row has more cells than the header, {counts}"
                value = InvalidParametersError(reason)
            yield TableRow(rows.line_num, value, msgspec.json.encode(cells), first)
            first = ()
    finally:
        text.detach()  # the file is the caller's


def _arrow_rows(batches: Iterable[Any]) -> Iterator[TableRow]:
    number = 0
    for batch in batches:
        for start in range(0, batch.num_rows, _PIECE):
            for cells in batch.slice(start, _PIECE).to_pylist():
                number += 1
                # pandas adds columns for its index.
                row = {name: cell for name, cell in cells.items() if not name.startswith("__index_level")}
                yield TableRow(number, row, _json(row).encode(), tuple(row) if number == 1 else ())


def cell_of(method: str, value: Any) -> Any:
    """What a row holds of a result: text, or a vector. Several vectors raise `InvalidParametersError`."""
    name = _CELLS.get(method)
    if name == "answer":
        return value.text
    if name == "embedding":
        if len(value.data) != 1:
            raise InvalidParametersError(f"expected one text in each row, got {len(value.data)}")
        return value.data[0]
    return _json(value.to_dict() if hasattr(value, "to_dict") else value)


async def write_rows(
    run: MapResults, target: str | os.PathLike[str] | IO[bytes], *, format: str | None = None
) -> int:
    """Write one row for each result of a run, as they arrive: `id`, `answer`, `embedding` or else `result` (JSON text),
    `cost` (USD), `error` (message), `error_type`.

    Args:
        run: `client.map(…)`; with `ordered=True`, the rows are in the order of the requests.
        target: a file, which is overwritten; or a binary file that is open.
        format: jsonl, csv or parquet; by default that of the suffix.

    Returns:
        How many rows were written.

    Raises:
        InvalidParametersError: for an unknown format, or Parquet without pyarrow.
        IndoxRouterError: what ended the run early, after its results were written.
    """
    path = Path(target) if isinstance(target, (str, os.PathLike)) else None
    format = format or ("jsonl" if path is None else _format_of(path))
    name = _CELLS.get(run.method, "result")
    kinds = {"id": "text", name: "vector" if name == "embedding" else "text", "cost": "float"}
    count = 0
    opened: Any = nullcontext(target) if path is None else path.open("wb")
    with opened as file:
        writer = RowWriter(file, format, {**kinds, "error": "text", "error_type": "text"})
        try:
            async for result in run:
                row: dict[str, Any] = {"id": result.id, name: None, "cost": result.cost}
                error: IndoxRouterError | None = None
                try:
                    row[name] = cell_of(run.method, result.unwrap())
                except IndoxRouterError as reason:
                    error = reason
                writer.add(
                    {**row, "error": error and str(error), "error_type": error and type(error).__name__}
                )
                count += 1
        finally:
            writer.close()
    return count


async def to_arrow(run: MapResults) -> Any:
    """The rows of `write_rows` as a table of pyarrow; `.to_pandas()` and `polars.from_arrow` make frames of it."""
    file = io.BytesIO()
    await write_rows(run, file, format="parquet")
    return import_arrow("pyarrow.parquet").read_table(file)


class RowWriter:
    """Writes rows to a binary file, which it does not close.

    Args:
        file: to write to.
        format: jsonl, csv or parquet.
        columns: names and kinds: text, int, float or vector (of 32-bit floats). Other values of a text column are
            written as JSON text; JSON lines keep all values as they are.
    """

    def __init__(self, file: IO[bytes], format: str, columns: Mapping[str, str]) -> None:
        self._file = file
        self._format = format
        self._columns = columns
        self._rows: list[dict[str, Any]] = []
        if format == "csv":
            self._text = io.TextIOWrapper(file, "utf-8", errors="replace", newline="", write_through=True)
            self._csv = csv.writer(self._text)
            self._csv.writerow(columns)
        elif format == "parquet":
            self._arrow = arrow = import_arrow()
            types = {"text": arrow.string(), "int": arrow.int64(), "float": arrow.float64(),
                     "vector": arrow.list_(arrow.float32())}  # fmt: skip
            schema = arrow.schema([(name, types[kind]) for name, kind in columns.items()])
            self._parquet = import_arrow("pyarrow.parquet").ParquetWriter(file, schema)

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row; cells that it lacks are empty."""
        if self._format == "jsonl":
            line = json.dumps(row, ensure_ascii=False, default=str) + "\n"
            # Half a surrogate pair becomes an escape of JSON.
            self._file.write(line.encode("utf-8", "backslashreplace"))
            return
        cells = {
            name: _text(row.get(name)) if kind == "text" else row.get(name)
            for name, kind in self._columns.items()
        }
        if self._format == "csv":
            self._csv.writerow(cells.values())
            return
        self._rows.append(cells)
        if len(self._rows) >= _PIECE:
            self._write()

    def _write(self) -> None:
        self._parquet.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._parquet.schema))
        self._rows.clear()

    def close(self) -> None:
        """Write what is left. A Parquet file is not readable before."""
        if self._format == "parquet":
            self._write()
            self._parquet.close()
        elif self._format == "csv":
            self._text.detach()


def _text(value: Any) -> Any:
    if value is None or not isinstance(value, str):
        return value if value is None else _json(value)
    return value if value.isascii() else value.encode("utf-8", "replace").decode()  # half a surrogate pair


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()
