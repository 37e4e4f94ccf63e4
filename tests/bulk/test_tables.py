"""Rows of files and tables as requests, and results as rows: one row for each, errors included."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from indoxrouter import AsyncClient
from indoxrouter.errors import InvalidParametersError
from pyarrow import parquet

from indoxrouter_bulk.results import MapResult
from indoxrouter_bulk.run import MapOptions, start_map
from indoxrouter_bulk.tables import RowWriter, read_rows, to_arrow, write_rows
from indoxrouter_mock import MockServer


@pytest.fixture
def mock(indoxrouter_mock: MockServer) -> MockServer:
    return indoxrouter_mock


def made(mock: MockServer) -> AsyncClient:
    return AsyncClient(api_key=mock.api_key, base_url=mock.url)


async def run(mock: MockServer, source: Any, method: str = "chat") -> list[MapResult[Any]]:
    async with made(mock) as client:
        return [result async for result in client.map(source, method, ordered=True)]


def bodies(mock: MockServer) -> list[dict[str, Any]]:
    found = [request["body"] for request in mock.requests if request["operation"] == "createChatCompletion"]
    return sorted(found, key=str)


CSV = 'id,prompt,max_tokens,model\r\na,"Hello, ""you""\nthere",20,\r\nb,7,,openai/gpt-4o\r\n'


async def test_a_csv_file_has_an_argument_in_each_column(mock: MockServer, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(CSV, encoding="utf-8-sig", newline="")
    results = await run(mock, tmp_path / "in.csv")
    assert [(result.id, result.ok) for result in results] == [("a", True), ("b", True)]
    seven, hello = bodies(mock)
    assert hello["messages"] == [{"role": "user", "content": 'Hello, "you"\nthere'}]
    assert hello["max_tokens"] == 20  # a number, as the argument is one
    assert seven["messages"] == [{"role": "user", "content": "7"}]  # text, as the argument is text
    assert seven["model"] == "openai/gpt-4o"


async def test_json_lines_are_texts_or_arguments(mock: MockServer, tmp_path: Path) -> None:
    rows = [{"id": "x", "messages": [{"role": "user", "content": "one"}]}, "two",
            {"id": 3, "prompt": "three", "system": "Be brief"}]  # fmt: skip
    (tmp_path / "in.jsonl").write_text("\n\n".join(map(json.dumps, rows)))
    assert [result.id for result in await run(mock, tmp_path / "in.jsonl")] == ["x", 1, 3]
    assert sorted(body["messages"][-1]["content"] for body in bodies(mock)) == ["one", "three", "two"]


async def test_rows_that_are_no_requests_are_results_with_errors_under_their_ids(
    mock: MockServer, tmp_path: Path
) -> None:
    lines = ['{"id": "a", "prompt": "one"}', "{broken", '{"id": "c", "system": "x"}', "[1]", '"two"', "\xff"]
    (tmp_path / "in.jsonl").write_bytes("\n".join(lines).encode("latin-1"))
    results = await run(mock, tmp_path / "in.jsonl")
    assert [(result.id, result.index, result.ok) for result in results] == [
        ("a", 0, True), (1, 1, False), ("c", 2, False), (3, 3, False), (4, 4, True), (5, 5, False),
    ]  # fmt: skip
    errors = [str(result.error) for result in results if result.error is not None]
    assert errors[0].startswith("line 2: not valid JSON: ")
    assert errors[1] == "row 3: missing `messages` or `prompt`"
    assert errors[2] == "row 4: expected an object or a string, got list"
    assert (
        errors[3]
        == "line 6: not valid JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    )
    assert len(bodies(mock)) == 2


async def test_a_parquet_file_and_a_directory_of_them_are_read(mock: MockServer, tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2], "prompt": ["one", "two"], "max_tokens": [None, 9]})
    (tmp_path / "parts").mkdir()
    parquet.write_table(table, tmp_path / "parts" / "a.parquet")
    parquet.write_table(table.set_column(0, "id", [[3, 4]]), tmp_path / "parts" / "b.parquet")
    assert [result.id for result in await run(mock, tmp_path / "parts" / "a.parquet")] == [1, 2]
    assert [result.id for result in await run(mock, tmp_path / "parts")] == [1, 2, 3, 4]
    assert {body.get("max_tokens") for body in bodies(mock)} == {None, 9}


async def test_a_table_with_other_columns_names_the_one_of_requests(mock: MockServer) -> None:
    table = pa.table({"review": ["good", None], "stars": [5, 1], "key": ["a", "b"]})
    rows = list(read_rows(table, "embeddings", column="review", id="key"))
    assert rows[0] == ("a", {"text": "good"})
    results = await run(mock, iter(rows), "embeddings")
    assert [(result.id, str(result.error)) for result in results] == [
        ("a", "None"),
        ("b", "row 2: missing `review`"),
    ]
    for columns, expected in (
        ({}, "chat has no argument 'key'"),
        ({"column": "text"}, "column: expected one of the columns review, stars, key, got str 'text'"),
        ({"column": "review", "id": "name"}, "id: expected one of the columns"),
    ):
        with pytest.raises(InvalidParametersError, match=expected):
            list(read_rows(table, **columns))
    with pytest.raises(InvalidParametersError, match="chat has no argument 'key'"):
        await run(mock, table)  # a table is not iterated over by its columns
    assert bodies(mock) == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("none.csv", None, "no such file"),
        ("in.xlsx", b"", "format: expected one of jsonl, ndjson, csv, parquet"),
        ("in.parquet", b"PAR?", "in.parquet: cannot be read as parquet"),
        ("in.csv", b"prompt,prompt\na,b\n", "two columns have one name"),
        ("in.csv", b"prompt\n\xff\n", "in.csv: cannot be read as csv"),
        ("in.csv", b'prompt\n"a"b\n', "in.csv: cannot be read as csv"),
    ],
)
async def test_an_unreadable_file_is_named(
    mock: MockServer, tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidParametersError, match=expected):
        await run(mock, tmp_path / name)
    assert bodies(mock) == []


def test_a_row_with_too_many_cells_is_an_error_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("prompt,system\na,b,c\nd\n")
    wrong, right = read_rows(tmp_path / "in.csv")
    assert str(wrong) == "line 2: the row has more cells than the header, 3 instead of 2"
    assert right == {"messages": [{"role": "user", "content": "d"}]}


def test_tables_without_pyarrow_name_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    table = pa.table({"prompt": ["one"]})
    for attempt in (lambda: read_rows(table), lambda: RowWriter(io.BytesIO(), "parquet", {"id": "text"})):
        with pytest.raises(InvalidParametersError, match=r"pip install 'indoxrouter\[parquet\]'"):
            attempt()


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
async def test_every_request_has_a_row_in_the_output(mock: MockServer, tmp_path: Path, suffix: str) -> None:
    mock.faults.add("error", status=400, times=2, operation="createChatCompletion")
    requests = [(f"r{number}", f"Question, {number}?") for number in range(20)]
    out = tmp_path / f"out.{suffix}"
    async with made(mock) as client:
        count = await write_rows(client.map(requests, ordered=True), out)
    rows: list[Any] = (
        parquet.read_table(out).to_pylist() if suffix == "parquet"
        else [json.loads(line) for line in out.read_text().splitlines()] if suffix == "jsonl"
        else list(csv.DictReader(io.StringIO(out.read_text())))
    )  # fmt: skip
    assert count == 20
    assert [row["id"] for row in rows] == [name for name, _ in requests]
    failed = [row for row in rows if row["error"]]
    assert len(failed) == 2
    assert {(row["answer"] or None, row["error_type"]) for row in failed} == {
        (None, "InvalidParametersError")
    }
    assert all(f"Question, {row['id'][1:]}?" in row["answer"] for row in rows if not row["error"])
    assert all(float(row["cost"]) > 0 for row in rows if not row["error"])


async def test_vectors_are_columns_of_32_bit_floats(mock: MockServer, tmp_path: Path) -> None:
    requests: list[Any] = ["one", ["two", "three"], "four"]
    async with made(mock) as client:
        run = client.map(requests, "embeddings", ordered=True)
        await write_rows(run, tmp_path / "out.parquet")
        whole = await client.embeddings("four")
        table = await to_arrow(client.map(["one", "four"], "embeddings", ordered=True))
    rows = parquet.read_table(tmp_path / "out.parquet")
    assert rows.schema.field("embedding").type == pa.list_(pa.float32())
    assert rows.column("embedding")[2].as_py() == pytest.approx(whole.data[0], rel=1e-6)
    assert rows.column("embedding")[1].as_py() is None
    assert rows.column("error")[1].as_py() == "expected one text in each row, got 2"
    assert table.column("id").to_pylist() == ["0", "1"]
    assert table.column("embedding")[1].as_py() == pytest.approx(whole.data[0], rel=1e-6)


def test_broken_characters_do_not_lose_a_row() -> None:
    columns = {"id": "text", "answer": "text", "vector": "vector"}
    for style in ("jsonl", "csv", "parquet"):
        file = io.BytesIO()
        writer = RowWriter(file, style, columns)
        writer.add({"id": "a", "answer": "half \ud83d of a pair"})
        writer.add({"id": "b", "answer": {"plain": ["data", 1]}, "vector": [0.5, 1.0]})
        writer.close()
        file.seek(0)
        text = str(parquet.read_table(file).to_pylist()) if style == "parquet" else file.getvalue().decode()
        assert "half " in text
        assert "[0.5" in text


async def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """4,000 rows more, read from a file, journaled and written to Parquet, take less than 25 bytes of memory each."""

    class Canned:
        def with_options(self, **options: Any) -> Canned:
            return self

        async def chat(self, **arguments: Any) -> Any:
            await asyncio.sleep(0)
            return SimpleNamespace(text="An answer. " * 20, cost=0.001)

    async def rows_of(path: Path, count: int) -> int:
        with path.open("w") as file:
            file.writelines(
                json.dumps({"id": n, "prompt": f"Question {n}? " * 10}) + "\n" for n in range(count)
            )
        client: Any = Canned()
        options = MapOptions(journal=path.with_suffix(".journal"))
        tracemalloc.start()
        try:
            run = start_map(client, read_rows(path), "chat", {}, options)
            assert await write_rows(run, path.with_suffix(".parquet")) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await rows_of(tmp_path / "warm.jsonl", 100)
    few = await rows_of(tmp_path / "few.jsonl", 1500)
    many = await rows_of(tmp_path / "many.jsonl", 5500)
    assert (many - few) / 4000 < 25
