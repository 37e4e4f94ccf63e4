"""Results as rows of a file (JSON lines, CSV, Parquet) or of an Arrow table. A failed request has a row as well."""

from __future__ import annotations

import csv
import io
import json
import os
from array import array
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec
from indoxrouter.errors import InvalidParametersError

from .tables import detect_format, import_arrow

if TYPE_CHECKING:
    from .results import MapResult
    from .run import MapRun

__all__ = ["RowWriter", "cell_of", "result_columns", "row_of", "to_arrow", "write_rows"]

_PIECE = 500  # rows that are in memory before they become a row group of a Parquet file
_CELLS = {"chat": ("answer", "text"), "completion": ("answer", "text"), "completions": ("answer", "text"),
          "embeddings": ("embedding", "vector")}  # fmt: skip


def result_columns(method: str) -> dict[str, str]:
    """The columns of a method's results and their kinds.

    They are `id`, then `answer`, `embedding` or else `result` (JSON text), `cost` (USD), `error` and `error_type`.
    """
    name, kind = _CELLS.get(method, ("result", "text"))
    return {"id": "text", name: kind, "cost": "float", "error": "text", "error_type": "text"}


def cell_of(method: str, value: Any) -> Any:
    """What a row holds of a result: text, or a vector.

    Raises:
        InvalidParametersError: when a row of a table would have several vectors.
    """
    name = _CELLS.get(method, ("", ""))[0]
    if name == "answer":
        return value.text
    if name == "embedding":
        vectors = value.data
        if len(vectors) != 1:
            raise InvalidParametersError(f"expected one text in each row, got {len(vectors)}")
        return vectors[0]
    return _json(value.to_dict() if hasattr(value, "to_dict") else value)


def row_of(method: str, result: MapResult[Any]) -> dict[str, Any]:
    """The row of a result; see `result_columns`."""
    error: Exception | None = result.error
    cell = None
    if error is None:
        try:
            cell = cell_of(method, result.value)
        except InvalidParametersError as reason:
            error = reason
    name = _CELLS.get(method, ("result", ""))[0]
    failure = (None, None) if error is None else (str(error), type(error).__name__)
    return {"id": result.id, name: cell, "cost": result.cost, "error": failure[0], "error_type": failure[1]}


async def write_rows(
    run: MapRun[Any], target: str | os.PathLike[str] | IO[bytes], *, format: str | None = None
) -> int:
    """Write one row for each result of a run, errors included, as they arrive.

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
    style = format or ("jsonl" if path is None else detect_format(path))
    count = 0
    with path.open("wb") if path is not None else nullcontext(target) as file:
        writer = RowWriter(file, style, result_columns(run.method))  # type: ignore[arg-type]
        try:
            async for result in run:
                writer.add(row_of(run.method, result))
                count += 1
        finally:
            writer.close()
    return count


async def to_arrow(run: MapRun[Any]) -> Any:
    """The results of a run as a table of pyarrow; `.to_pandas()` and `polars.from_arrow` make frames of it.

    Raises:
        InvalidParametersError: when pyarrow is not installed.
        IndoxRouterError: what ended the run early.
    """
    rows = _ArrowRows(result_columns(run.method))
    ids: list[Any] = []
    async for result in run:
        ids.append(result.id)
        rows.add(row_of(run.method, result))
    table = rows.take()
    if all(
        isinstance(name, int) for name in ids
    ):  # of a whole column; a file cannot know what is still to come
        table = table.set_column(0, "id", [ids])
    return table


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
        self._columns = columns
        self._text: io.TextIOWrapper | None = None
        self._arrow: _ArrowRows | None = None
        if format == "csv":
            self._text = io.TextIOWrapper(file, "utf-8", errors="replace", newline="", write_through=True)
            tabs = str(getattr(file, "name", "")).endswith(".tsv")
            self._csv = csv.writer(self._text, delimiter="\t" if tabs else ",")
            self._csv.writerow(columns)
        elif format == "parquet":
            self._arrow = _ArrowRows(columns)
            self._parquet = import_arrow("pyarrow.parquet").ParquetWriter(file, self._arrow.schema)

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row; cells that it lacks are empty."""
        if self._arrow is not None:
            self._arrow.add(row)
            if len(self._arrow.rows) >= _PIECE:
                self._parquet.write_table(self._arrow.take())
        elif self._text is not None:
            self._csv.writerow([_text(row.get(name)) for name in self._columns])
        else:
            line = json.dumps(row, ensure_ascii=False, default=str) + "\n"
            # Half a surrogate pair becomes an escape of JSON.
            self._file.write(line.encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Write what is left. A Parquet file is not readable before."""
        if self._arrow is not None:
            self._parquet.write_table(self._arrow.take())
            self._parquet.close()
        if self._text is not None:
            self._text.detach()


class _ArrowRows:
    def __init__(self, columns: Mapping[str, str]) -> None:
        arrow = self._arrow = import_arrow()
        types = {"text": arrow.string(), "int": arrow.int64(), "float": arrow.float64(),
                 "vector": arrow.list_(arrow.float32())}  # fmt: skip
        self._columns = columns
        self.schema = arrow.schema([(name, types[kind]) for name, kind in columns.items()])
        self.rows: list[list[Any]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        self.rows.append(
            [
                (None if row.get(name) is None else array("f", row[name])) if kind == "vector"
                else _text(row.get(name)) if kind == "text" else row.get(name)
                for name, kind in self._columns.items()
            ]
        )  # fmt: skip

    def take(self) -> Any:
        """The rows so far as a table, and forget them."""
        rows, self.rows = self.rows, []
        cells = [[row[at] for row in rows] for at in range(len(self._columns))]
        return self._arrow.Table.from_arrays(
            [
                self._vectors(column) if kind == "vector" else self._plain(column, field.type)
                for column, kind, field in zip(cells, self._columns.values(), self.schema, strict=True)
            ],
            schema=self.schema,
        )

    def _plain(self, column: list[Any], kind: Any) -> Any:
        try:
            return self._arrow.array(column, kind)
        except UnicodeEncodeError:  # half a surrogate pair
            return self._arrow.array(
                [cell and cell.encode("utf-8", "replace").decode() for cell in column], kind
            )

    def _vectors(self, column: list[Any]) -> Any:
        numbers = array("f")
        starts: list[int | None] = []
        for vector in column:
            starts.append(None if vector is None else len(numbers))
            numbers.extend(vector or ())
        values = self._arrow.Array.from_buffers(
            self._arrow.float32(), len(numbers), [None, self._arrow.py_buffer(numbers)]
        )
        offsets = self._arrow.array([*starts, len(numbers)], self._arrow.int32())
        return self._arrow.ListArray.from_arrays(offsets, values)


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()
