"""The journal: what it holds, what it survives, and what it refuses."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from indoxrouter import AsyncClient
from indoxrouter.errors import IndoxRouterError, InvalidParametersError

from indoxrouter_bulk.journal import Journal
from indoxrouter_bulk.keys import request_hash, row_key
from indoxrouter_bulk.results import MapResult
from indoxrouter_mock import MockServer

ROWS = [(f"r{number}", f"Question {number}?") for number in range(5)]


def client_of(mock: MockServer) -> AsyncClient:
    return AsyncClient(api_key=mock.api_key, base_url=mock.url)


async def run(mock: MockServer, path: Path, rows: Any = ROWS, **options: Any) -> list[MapResult[Any]]:
    async with client_of(mock) as client:
        return [result async for result in client.map(rows, journal=path, ordered=True, **options)]


async def test_a_second_run_returns_the_recorded_answers_and_sends_nothing(
    indoxrouter_mock: MockServer, tmp_path: Path
) -> None:
    first = await run(indoxrouter_mock, tmp_path / "j")
    credits = indoxrouter_mock.credits
    sent = indoxrouter_mock.counters["requests"]
    second = await run(indoxrouter_mock, tmp_path / "j")
    assert [result.value for result in second] == [result.value for result in first]
    assert [result.value.text for result in second] == [result.value.text for result in first]
    assert [(result.id, result.cost, result.attempts) for result in second] == [
        (result.id, result.cost, 0) for result in first
    ]
    assert (indoxrouter_mock.credits, indoxrouter_mock.counters["requests"]) == (credits, sent)
    with Journal(tmp_path / "j") as journal:
        assert journal.done == len(ROWS)
        assert f": {len(ROWS)} done, $" in repr(journal)
        assert journal.cost == pytest.approx(sum(result.cost or 0 for result in first))


async def test_a_segment_cut_at_any_byte_costs_no_row_and_no_money(
    indoxrouter_mock: MockServer, tmp_path: Path
) -> None:
    await run(indoxrouter_mock, tmp_path / "j")
    (segment,) = (tmp_path / "j").glob("*.jsonl")
    whole = segment.read_bytes()
    credits = indoxrouter_mock.credits
    for end in [*range(0, len(whole), 397), len(whole) - 1]:
        for other in (tmp_path / "j").glob("*.jsonl"):
            other.unlink()
        segment.write_bytes(whole[:end])
        with Journal(tmp_path / "j") as journal:
            assert journal.done == whole[:end].count(b"\n")
        results = await run(indoxrouter_mock, tmp_path / "j")
        assert [result.ok for result in results] == [True] * 5
    assert indoxrouter_mock.credits == credits


async def test_failures_are_recorded_and_sent_again(indoxrouter_mock: MockServer, tmp_path: Path) -> None:
    indoxrouter_mock.faults.add("error", status=400, times=1, operation="createChatCompletion")
    first = await run(indoxrouter_mock, tmp_path / "j", concurrency=1)
    assert [result.ok for result in first] == [False, True, True, True, True]
    with Journal(tmp_path / "j") as journal:
        errors = [record.error for record in journal.records() if record.error is not None]
        assert errors[0]["status_code"] == 400
    assert [result.attempts for result in await run(indoxrouter_mock, tmp_path / "j")] == [1, 0, 0, 0, 0]
    with Journal(tmp_path / "j") as journal:
        assert sorted(record.id for record in journal.records()) == [name for name, _ in ROWS]
        assert all(record.error is None for record in journal.records())


async def test_a_changed_request_is_another_row(indoxrouter_mock: MockServer, tmp_path: Path) -> None:
    await run(indoxrouter_mock, tmp_path / "j")
    changed = [("r0", "Another question?"), *ROWS[1:]]
    assert [result.attempts for result in await run(indoxrouter_mock, tmp_path / "j", changed)] == [
        1,
        0,
        0,
        0,
        0,
    ]


async def test_other_options_and_other_jobs_are_refused(indoxrouter_mock: MockServer, tmp_path: Path) -> None:
    await run(indoxrouter_mock, tmp_path / "j", max_tokens=5)
    with pytest.raises(InvalidParametersError, match=r'journal.*other options.*"max_tokens": ?5'):
        await run(indoxrouter_mock, tmp_path / "j", max_tokens=6)
    with pytest.raises(InvalidParametersError, match="journal of the job 'other'"):
        await run(indoxrouter_mock, tmp_path / "j", idempotency="other", max_tokens=5)


async def test_a_damaged_line_is_named(indoxrouter_mock: MockServer, tmp_path: Path) -> None:
    await run(indoxrouter_mock, tmp_path / "j")
    (segment,) = (tmp_path / "j").glob("*.jsonl")
    segment.write_bytes(b"{broken\n" + segment.read_bytes())
    with pytest.raises(InvalidParametersError, match="damaged at byte 0"):
        Journal(tmp_path / "j")


@pytest.mark.parametrize(
    "head", ["[]", "{", '{"version": 1}', '{"version": 1, "job": 5, "options": {}}', "\0\0"]
)
def test_a_damaged_head_is_named(tmp_path: Path, head: str) -> None:
    (tmp_path / "job.json").write_text(head)
    with pytest.raises(InvalidParametersError, match=r"job\.json was not written by this version"):
        Journal(tmp_path)


# Run with -B: the limit of the size of files would cut the compiled modules that these programs write as well, and no
# later interpreter could import them.
_AFTER = """
import resource, sys
from indoxrouter_bulk.journal import Journal
from indoxrouter_bulk.results import MapResult

with Journal(sys.argv[1]) as journal:
    result = lambda name: MapResult(id=name, index=0, request=None, value="x" * 300)
    journal.add("a", result("a"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
    try:
        journal.add("b", result("b"))
    except OSError:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        journal.add("c", result("c"))
"""


def test_what_follows_a_full_disk_does_not_damage_the_journal(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-B", "-c", _AFTER, str(tmp_path / "job")], check=True)
    with Journal(tmp_path / "job") as journal:
        assert sorted(record.key for record in journal.records()) == ["a", "c"]


def test_a_file_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("x")
    with pytest.raises(InvalidParametersError, match="expected a directory"):
        Journal(tmp_path / "j")


async def test_a_providers_key_is_in_no_journal(indoxrouter_mock: MockServer, tmp_path: Path) -> None:
    await run(indoxrouter_mock, tmp_path / "j", byok_api_key="sk-hush-hush")
    for file in (tmp_path / "j").iterdir():
        assert b"sk-hush-hush" not in file.read_bytes()


def test_a_key_depends_on_job_row_and_request() -> None:
    one = request_hash({"a": 1, "b": [2]})
    assert one == request_hash({"b": [2], "a": 1})
    assert one == request_hash({"a": 1, "b": [2], "secret": "x"}, {"secret"})
    assert one is not None
    keys = {row_key("j", 1, one), row_key("k", 1, one), row_key("j", 2, one), row_key("j", 1, "")}
    assert len(keys) == 4
    assert request_hash({"file": object()}) is None


def succeeded(name: str, text: str = "an answer") -> MapResult[Any]:
    return MapResult(id=name, index=0, request=None, value=text, cost=0.5)


def failed(name: str, reason: str) -> MapResult[Any]:
    return MapResult(id=name, index=0, request=None, error=IndoxRouterError(reason))


def outcomes(journal: Journal) -> list[tuple[str, str]]:
    """The rows of a journal with their results, or the reasons of their failures, in its order."""
    return [
        (record.key, record.error["message"] if record.error else record.value)
        for record in journal.records()
    ]


def test_records_are_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    for number in range(5):  # each a segment of its own, in one process or in several
        with Journal(tmp_path / "j") as journal:
            journal.add(f"failed-{number}", failed("x", f"reason {number}"))
            journal.add(f"done-{number}", succeeded("x", f"answer {number}"))
    with Journal(tmp_path / "j") as journal:
        results = [(f"done-{number}", f"answer {number}") for number in range(5)]
        assert outcomes(journal) == results + [
            (f"failed-{number}", f"reason {number}") for number in range(5)
        ]


@pytest.mark.parametrize("runs", [1, 4])
def test_the_record_of_a_row_is_its_result_or_else_its_last_failure(tmp_path: Path, runs: int) -> None:
    attempts = [failed("a", "first"), failed("b", "once"), failed("c", "early"), failed("a", "second")]
    attempts += [succeeded("c", "late"), failed("c", "of another process"), failed("a", "third")]
    keep = len(attempts) if runs == 1 else 2  # all in one segment, or two in each
    for start in range(0, len(attempts), keep):
        with Journal(tmp_path / "j") as journal:
            for result in attempts[start : start + keep]:
                journal.add(result.id, result)
    with Journal(tmp_path / "j") as journal:
        assert outcomes(journal) == [("c", "late"), ("b", "once"), ("a", "third")]


def test_a_row_is_found_though_others_have_written_since(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as first:
        first.add("a", succeeded("a", "the answer to a"))
    with Journal(tmp_path / "j") as reader:
        (own,) = (tmp_path / "j").glob("*.jsonl")
        with Journal(tmp_path / "other", job=reader.job) as other:
            other.add("b", succeeded("b", "b"))
        (theirs,) = (tmp_path / "other").glob("*.jsonl")
        theirs.rename(tmp_path / "j" / "0-first-in-every-order.jsonl")  # as of a machine whose clock is slow
        assert own.exists()
        assert outcomes(reader) == [("b", "b"), ("a", "the answer to a")]
        found = reader.find("a")
        assert found is not None
        assert found.value == "the answer to a"


@pytest.mark.parametrize("sync", [True, False])
def test_only_a_journal_that_syncs_writes_each_result_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: bool
) -> None:
    synced: list[tuple[str, int]] = []  # of each file, how much of it was on the disk for sure
    fsync = os.fsync

    def record(handle: int) -> None:
        fsync(handle)
        synced.append((Path(os.readlink(f"/proc/self/fd/{handle}")).suffix, os.fstat(handle).st_size))

    monkeypatch.setattr(os, "fsync", record)
    with Journal(tmp_path / "j", sync=sync) as journal:
        ((_, head),) = synced  # the job's name, before anything is sent
        assert head == (tmp_path / "j" / "job.json").stat().st_size > 0
        sizes = []
        for name in ("a", "b", "c"):
            journal.add(name, succeeded(name))
            (segment,) = (tmp_path / "j").glob("*.jsonl")
            sizes.append(segment.stat().st_size)
        written = [(".jsonl", size) for size in sizes]
        assert synced[1:] == (written if sync else [])
    assert synced[1:] == ([*written, written[-1]] if sync else written[-1:])  # closing writes the rest


_FULL = """
import asyncio, resource, sys
from indoxrouter import AsyncClient

async def main(key, url, journal, limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # as a disk that is full, in the middle of a line
    rows = [(number, f"Question {number}?") for number in range(12)]
    got = []
    async with AsyncClient(api_key=key, base_url=url) as client:
        try:
            async for result in client.map(rows, journal=journal, concurrency=4):
                got.append(result.id)
        except OSError as error:
            print(len(got), error.errno)

asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
"""


@pytest.mark.parametrize("limit", [1000, 3001])
def test_a_full_disk_ends_the_run_and_loses_no_result(
    indoxrouter_mock: MockServer, tmp_path: Path, limit: int
) -> None:
    start = indoxrouter_mock.credits
    arguments = [indoxrouter_mock.api_key, indoxrouter_mock.url, str(tmp_path / "job"), str(limit)]
    command = [sys.executable, "-B", "-c", _FULL, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    yielded, number = map(int, done.stdout.split())
    assert number == errno.EFBIG
    sent = [each for each in indoxrouter_mock.requests if each["path"].endswith("/chat/completions")]
    assert yielded == len(sent)  # what was paid was yielded
    paid = indoxrouter_mock.credits
    rows = [(number, f"Question {number}?") for number in range(12)]
    results = asyncio.run(run(indoxrouter_mock, tmp_path / "job", rows))
    assert len(results) == 12
    assert all(each.ok for each in results)
    assert len([each for each in results if each.attempts == 0]) > 0
    assert indoxrouter_mock.credits <= paid
    with Journal(tmp_path / "job") as journal:
        assert len(list(journal.records())) == 12
        assert journal.cost == pytest.approx(start - indoxrouter_mock.credits)
