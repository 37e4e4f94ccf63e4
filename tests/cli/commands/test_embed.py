"""`indoxrouter embed`: texts from arguments, files and pipes; vectors in three formats."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from indoxrouter_cli.base import exit_codes
from indoxrouter_mock import MockServer
from tests.cli.conftest import Cli

Sent = Callable[[str], list[dict[str, Any]]]


def test_texts_become_lines_with_their_vectors(cli: Cli) -> None:
    rows = cli("embed", "one", "two").rows
    assert [(row["id"], row["text"], len(row["embedding"])) for row in rows] == [
        (1, "one", 1536),
        (2, "two", 1536),
    ]


def test_lines_of_a_file_are_texts_in_order_and_in_few_requests(cli: Cli, sent: Sent) -> None:
    cli.file("names.txt", "\n".join(f"name {number}" for number in range(100)) + "\n")
    result = cli(
        "embed",
        "--lines",
        "-f",
        "names.txt",
        "-o",
        "names.npy",
        "--batch-size",
        "30",
        "-m",
        "openai/text-embedding-3-large",
    )
    assert result.code == 0, result.err
    requests = sent("createEmbedding")
    assert sorted(len(body["text"]) for body in requests) == [10, 30, 30, 30]
    assert {body["model"] for body in requests} == {"openai/text-embedding-3-large"}
    array = np.load(cli.directory / "names.npy")
    assert array.dtype == np.float32
    # Row 57 of a file that was embedded in four requests at once is the vector of line 57.
    alone = cli("embed", "-m", "openai/text-embedding-3-large", "name 57").rows[0]["embedding"]
    assert array.shape == (100, len(alone))
    assert np.allclose(array[57], np.array(alone, dtype=np.float32))


def test_a_whole_file_or_pipe_is_one_text_unless_told_otherwise(cli: Cli) -> None:
    assert [row["text"] for row in cli("embed", stdin="a\nb\n").rows] == ["a\nb\n"]
    assert [row["text"] for row in cli("embed", "--lines", stdin="a\n\nb\n").rows] == ["a", "b"]


def test_ids_and_fields_of_json_lines_are_kept(cli: Cli) -> None:
    cli.file("in.jsonl", '{"id": "x", "body": "one"}\n"two"\n')
    rows = cli("embed", "-f", "in.jsonl", "--field", "body").rows
    assert [(row["id"], row["text"]) for row in rows] == [("x", "one"), (2, "two")]


@pytest.mark.parametrize(
    ("texts", "made", "used"),
    [
        (["one"], "1 vector of 1 dimension, ", ", 1 token in, "),
        (["one", "two"], "2 vectors of", ", 2 tokens in, "),
    ],
)
def test_nouns_agree_with_their_numbers(
    cli: Cli, mock: MockServer, texts: list[str], made: str, used: str
) -> None:
    mock.models.add("acme/one", abilities=["embedding"], dimensions=1)
    assert made in cli("embed", "-m", "acme/one", *texts).err
    assert used in cli("usage").err


def test_parquet_holds_ids_texts_and_vectors(cli: Cli) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow.parquet

    cli.file("in.jsonl", '{"id": "x", "text": "one"}\n{"id": 7, "text": "two"}\n')
    assert cli("embed", "-f", "in.jsonl", "-o", "out.parquet").code == 0
    table = pyarrow.parquet.read_table(cli.directory / "out.parquet")
    assert table.column("id").to_pylist() == ["x", "7"]
    assert table.column("text").to_pylist() == ["one", "two"]
    assert len(table.column("embedding")[0]) == 1536


def test_parquet_without_pyarrow_says_what_to_install(
    run_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    code = """
import io, sys
sys.modules["pyarrow"] = None
from indoxrouter_cli.base.errors import CommandError
from indoxrouter_cli.files.vector_files import make_writer
try:
    make_writer("parquet", io.BytesIO())
except CommandError as error:
    print(error.report.hint)
"""
    assert "indoxrouter[parquet]" in run_python(code).stdout


def test_a_broken_line_is_reported_by_its_number_and_the_rest_goes_on(cli: Cli) -> None:
    cli.file("in.jsonl", '{"text": "one"}\n{broken\n{"name": "no text"}\n{"text": "two"}\n')
    result = cli("embed", "-f", "in.jsonl", "-o", "out.jsonl")
    assert result.code == exit_codes.PARTIAL
    assert "line 2: not valid JSON" in result.err
    assert "line 3: no text under 'text'" in result.err
    rows = [json.loads(line) for line in (cli.directory / "out.jsonl").read_text().splitlines()]
    assert [row["text"] for row in rows] == ["one", "two"]


def test_a_failure_leaves_no_half_a_file(cli: Cli, mock: MockServer) -> None:
    mock.faults.add("error", status=400, operation="createEmbedding")
    result = cli("embed", "one", "-o", "out.npy")
    assert result.code == exit_codes.USAGE
    assert list(cli.directory.iterdir()) == []


@pytest.mark.parametrize("arguments", [["-o", "out.csv", "one"], ["--format", "npy", "one"], []])
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    cli: Cli, mock: MockServer, arguments: list[str]
) -> None:
    assert cli("embed", *arguments).code == exit_codes.USAGE
    assert mock.requests == []
