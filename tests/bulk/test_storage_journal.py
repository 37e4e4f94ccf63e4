"""The journal on a file system of pyarrow, of which each worker has a copy of its own."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from indoxrouter import AsyncClient
from indoxrouter.errors import InvalidParametersError
from pyarrow import fs

from indoxrouter_bulk.journal import Journal, remove_journal
from indoxrouter_bulk.results import MapResult
from indoxrouter_bulk.storage import StorageJournal
from indoxrouter_mock import MockServer
from indoxrouter_ray import Chat


def result(number: int) -> MapResult[Any]:
    return MapResult(id=number, index=number, request=None, value={"text": f"answer {number}"}, cost=0.5)


def test_workers_share_their_rows_through_the_storage(tmp_path: Path) -> None:
    uri = f"file://{tmp_path}/jobs/night"
    first, second = (StorageJournal(uri, "night", {"model": "m"}) for _ in range(2))
    for number in range(10):
        (first, second)[number % 2].add(f"k{number}", result(number))
    assert first.flush()
    first.add("k10", result(10))
    second.close()
    first.close()
    stored = list((tmp_path / "jobs" / "night").glob("*.jsonl"))
    assert len(stored) == 3  # each upload is an object of its own
    with StorageJournal(uri, "night", {"model": "m"}) as third:
        assert (third.done, third.cost) == (11, 5.5)
        found = third.find("k7")
        assert found is not None
        assert found.value == {"text": "answer 7"}
        assert sorted(record.id for record in third.records()) == list(range(11))
        local = third.path
    assert not local.exists()
    with pytest.raises(InvalidParametersError, match="other options"):
        StorageJournal(uri, "night", {"model": "other"})
    with pytest.raises(InvalidParametersError, match="journal of the job 'other'"):
        StorageJournal(uri, "other")


def test_records_of_other_workers_appear_when_they_are_uploaded(tmp_path: Path) -> None:
    with (
        StorageJournal(f"file://{tmp_path}", "night") as first,
        StorageJournal(str(tmp_path), "night", filesystem=fs.LocalFileSystem()) as second,
    ):
        first.add("a", result(1))
        assert list(second.records()) == []
        first.flush()
        second.add("b", result(2))
        assert sorted(record.key for record in second.records()) == ["a", "b"]
        assert sorted(record.key for record in first.records()) == ["a", "b"]


def test_a_storage_that_fails_for_a_while_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    storage = tmp_path / "storage"
    journal = StorageJournal(f"file://{storage}", "night")
    journal.add("a", result(1))
    away = storage.rename(tmp_path / "away")
    with caplog.at_level(logging.WARNING, "indoxrouter"):
        assert journal.flush() is False
    assert f"cannot be uploaded to {storage}" in caplog.text
    away.rename(storage)
    journal.add("b", result(2))
    journal.close()
    with StorageJournal(f"file://{storage}", "night") as other:
        assert other.done == 2


def test_results_that_cannot_be_uploaded_at_the_end_are_kept_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = StorageJournal(f"file://{tmp_path / 'storage'}", "night")
    journal.add("a", result(1))
    (tmp_path / "storage").rename(tmp_path / "away")
    with caplog.at_level(logging.ERROR, "indoxrouter"):
        journal.close()
    kept = Path(caplog.messages[-1].rpartition(" ")[2])
    with Journal(kept, "night") as rest:
        assert rest.done == 1
    remove_journal(kept)


def test_storage_that_is_unknown_is_named() -> None:
    with pytest.raises(InvalidParametersError, match="journal: nowhere://x"):
        StorageJournal("nowhere://x", "night")


def test_the_keys_of_a_storage_are_in_no_message() -> None:
    with pytest.raises(InvalidParametersError) as refused:
        StorageJournal("nowhere://me:hidden-key@bucket/x?password=hidden-word", "night")
    assert "nowhere://bucket/x" in str(refused.value)
    assert "hidden" not in str(refused.value)


async def test_map_takes_the_uri_of_a_journal(
    indoxrouter_mock: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [("a", "One?"), ("b", "Two?")]
    place = f"file://{tmp_path / 'storage' / 'job'}"
    attempts: list[list[int]] = []
    spent: list[float] = []
    async with AsyncClient(api_key=indoxrouter_mock.api_key, base_url=indoxrouter_mock.url) as client:
        for _ in range(2):
            attempts.append([each.attempts async for each in client.map(rows, journal=place)])
            spent.append(indoxrouter_mock.credits)
    assert attempts == [[1, 1], [0, 0]]
    assert spent[0] == spent[1]
    assert os.listdir() == ["storage"]  # and no directory `file:`


async def test_a_uri_needs_pyarrow_and_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with AsyncClient(api_key="indox-" + "a" * 32, base_url="http://127.0.0.1:9") as client:
        with pytest.raises(InvalidParametersError, match="journal: expected a directory, or a URI as text"):
            client.map(["Hello"], journal=Path("s3://bucket/job"))
        monkeypatch.setitem(sys.modules, "pyarrow.fs", None)
        with pytest.raises(InvalidParametersError, match=r"pip install 'indoxrouter\[parquet\]'"):
            client.map(["Hello"], journal="s3://bucket/job")
    with pytest.raises(InvalidParametersError, match="journal: expected a directory, or a URI as text"):
        Journal("s3://bucket/job")
    assert os.listdir() == []


def test_a_batch_is_in_the_journal_when_it_is_returned(indoxrouter_mock: MockServer, tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "job": "night", "id": "id", "journal": f"file://{tmp_path}",
        "client": {"api_key": indoxrouter_mock.api_key, "base_url": indoxrouter_mock.url},
    }  # fmt: skip
    batch = {"id": [1, 2, 3], "prompt": ["one", "two", "three"]}
    with Chat(**options) as chat:
        answers = chat.run(batch)
        with StorageJournal(f"file://{tmp_path}", "night") as journal:  # while the other worker goes on
            assert journal.done == 3
    spent = indoxrouter_mock.credits
    with Chat(**options) as chat:
        assert chat.run(batch).column("answer") == answers.column("answer")
    assert indoxrouter_mock.credits == spent


def test_wrong_options_are_refused_before_any_row() -> None:
    with pytest.raises(InvalidParametersError, match="concurrency"):
        Chat(job="a", concurrency=0)
    from indoxrouter_ray import Operation

    with pytest.raises(InvalidParametersError, match="method"):
        Operation(job="a", method="chta", column="x")
