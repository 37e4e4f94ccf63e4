"""`indoxrouter batch` with CSV and Parquet files, and in the order of the input."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from indoxrouter_cli.base import exit_codes
from indoxrouter_mock import MockServer
from tests.cli.conftest import Cli


def table_of(cli: Cli, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(cli.directory / name).to_pylist()
    return rows


def test_csv_in_and_parquet_out_have_one_row_for_each_request(cli: Cli, mock: MockServer) -> None:
    mock.faults.add("error", status=400, times=1, operation="createChatCompletion")
    lines = [f'q{n},"Question, {n}?",{20 + n}' for n in range(30)]
    cli.file("in.csv", "\n".join(["id,prompt,max_tokens", *lines, "late,,5"]))
    result = cli("batch", "in.csv", "-o", "out.parquet", "-c", "1", "--ordered")
    assert result.code == exit_codes.PARTIAL
    assert "line 32: missing `messages` or `prompt`" in result.err
    rows = table_of(cli, "out.parquet")
    assert [row["id"] for row in rows] == [*(f"q{n}" for n in range(30)), "32"]
    assert [row["line"] for row in rows] == list(range(2, 33))
    assert [(row["text"], row["error_type"]) for row in (rows[0], rows[30])] == [
        (None, "InvalidParametersError"),
        (None, "InvalidLine"),
    ]
    assert all(f"Question, {row['id'][1:]}?" in row["text"] and row["cost"] > 0 for row in rows[1:30])
    chats = [request for request in mock.requests if request["operation"] == "createChatCompletion"]
    assert {request["body"]["max_tokens"] for request in chats} == set(range(20, 50))
    failed = (cli.directory / "out.parquet.failed.jsonl").read_text().splitlines()
    assert [json.loads(line)["line"] for line in failed] == [2, 32]


@pytest.mark.indoxrouter_mock(latency=0.02)
def test_a_killed_batch_of_tables_goes_on(cli: Cli, mock: MockServer) -> None:
    before = mock.credits
    table = pa.table({"key": range(120), "text": [f"text {n}" for n in range(120)], "stars": [5] * 120})
    parquet.write_table(table, cli.directory / "in.parquet")
    command = (
        "batch",
        "in.parquet",
        "-o",
        "out.parquet",
        "--column",
        "text",
        "--id",
        "key",
        "--method",
        "embeddings",
    )
    process = cli.start(*command, "-c", "2")
    while len([1 for request in mock.requests if request["operation"] == "createEmbedding"]) < 20:
        assert process.poll() is None
    process.kill()
    process.wait()
    last = cli(*command)
    assert last.code == 0, last.err
    assert "Resuming:" in last.err
    rows = table_of(cli, "out.parquet")
    assert sorted(int(row["id"]) for row in rows) == list(range(120))
    assert {len(row["embedding"]) for row in rows} == {1536}
    assert before - mock.credits == pytest.approx(sum(row["cost"] for row in rows), rel=1e-2)


def test_a_pipe_of_csv_and_tables_of_csv(cli: Cli) -> None:
    result = cli(
        "batch", "-", "-o", "out.csv", "--input-format", "csv", "--full", stdin='prompt\n"one,\ntwo"\n'
    )
    assert result.code == 0, result.err
    (row,) = csv.DictReader(io.StringIO((cli.directory / "out.csv").read_text()))
    assert (row["id"], row["line"], row["error"]) == ("3", "3", "")
    assert "one, two" in row["text"]
    assert json.loads(row["response"])["data"] == row["text"]
    assert json.loads(row["usage"])["tokens_total"] > 0


def test_the_order_of_lines_is_kept(cli: Cli, mock: MockServer) -> None:
    mock.faults.add("latency", seconds=0.3, times=1, operation="createChatCompletion")
    cli.file("in.jsonl", "".join(f'"line {number}"\n' for number in range(1, 31)))
    assert cli("batch", "in.jsonl", "-o", "out.jsonl", "--ordered").code == 0
    rows = [json.loads(line) for line in (cli.directory / "out.jsonl").read_text().splitlines()]
    assert [row["line"] for row in rows] == list(range(1, 31))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "chat has no argument 'review', 'stars'"),
        (("--column", "txt"), "column: expected one of the columns review, stars"),
        (("--input-format", "parquet"), "cannot be read as parquet"),
    ],
)
def test_a_table_that_is_no_input_is_refused_before_anything_is_written(
    cli: Cli, mock: MockServer, arguments: tuple[str, ...], expected: str
) -> None:
    cli.file("in.csv", "review,stars\ngood,5\n")
    result = cli("batch", "in.csv", "-o", "out.csv", *arguments)
    assert result.code == exit_codes.USAGE
    assert expected in result.err
    assert [path.name for path in cli.directory.iterdir()] == ["in.csv"]
    assert not [request for request in mock.requests if request["operation"] == "createChatCompletion"]


def test_several_texts_in_a_row_are_refused_in_a_table_before_they_are_paid(
    cli: Cli, mock: MockServer
) -> None:
    cli.file("in.jsonl", '{"text": ["one", "two"]}\n{"text": "three"}\n')
    result = cli("batch", "in.jsonl", "-o", "out.parquet", "--ordered")
    assert result.code == exit_codes.PARTIAL
    first, second = table_of(cli, "out.parquet")
    assert (first["embedding"], first["error"]) == (None, "several texts in one row do not fit a table")
    assert len(second["embedding"]) == 1536
    assert len([request for request in mock.requests if request["operation"] == "createEmbedding"]) == 1
