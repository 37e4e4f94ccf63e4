"""Jobs of several processes, killed at any moment: every row is answered once and paid once. The mock is the
witness."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from indoxrouter_bulk.journal import Journal
from indoxrouter_bulk.shared import SharedBudget
from indoxrouter_mock import MockServer
from tests.conftest import ROOT
from tests.patience import seconds

Started = subprocess.Popen[str]


class Workers:
    """Starts workers, and ends those that a test leaves behind."""

    def __init__(self, mock: MockServer) -> None:
        self._common = {"url": mock.url, "api_key": mock.api_key}
        self._all: list[Started] = []

    def start(self, **options: Any) -> Started:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bulk.worker", json.dumps({**self._common, **options})],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._all.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        return process

    def finish(self, process: Started) -> dict[str, Any]:
        out, _ = process.communicate(timeout=seconds(50))
        assert process.returncode == 0
        found: dict[str, Any] = json.loads(out)
        return found

    def end(self) -> None:
        for process in self._all:
            process.kill()
            process.communicate()


@pytest.fixture
def mock(indoxrouter_mock: MockServer) -> MockServer:
    return indoxrouter_mock


@pytest.fixture
def workers(mock: MockServer) -> Iterator[Workers]:
    made = Workers(mock)
    yield made
    made.end()


def chats(mock: MockServer) -> list[dict[str, Any]]:
    return [request for request in mock.requests if request["operation"] == "createChatCompletion"]


def moment_of(request: dict[str, Any]) -> float:
    return datetime.fromisoformat(request["time"].replace("Z", "+00:00")).timestamp()


@pytest.mark.timeout(180)
@pytest.mark.indoxrouter_mock(latency=0.02)
def test_workers_killed_at_twenty_moments_pay_each_row_exactly_once(
    workers: Workers, mock: MockServer, tmp_path: Path
) -> None:
    total = 600
    moments = random.Random(22)
    before = mock.credits
    options = {"rows": total, "journal": str(tmp_path / "journal"), "pace": str(tmp_path / "shared.db")}
    kills = 0
    while kills < 20:  # the driver: starts both workers anew, whichever dies
        pair = [workers.start(**options, part=[number, 2], lease=1.0, concurrency=2) for number in (0, 1)]
        time.sleep(moments.uniform(0.0, 0.25))
        for process in pair:
            process.kill()
            process.wait()
            kills += 1
    last = [workers.start(**options, part=[number, 2], lease=1.0) for number in (0, 1)]
    results = [workers.finish(process) for process in last]
    assert sorted(row for result in results for row in result["rows"]) == sorted(
        f"row{n}" for n in range(total)
    )
    assert [result["error"] for result in results] == [None, None]
    assert sum(result["resumed"] for result in results) > 0
    with Journal(tmp_path / "journal") as journal:
        records = list(journal.records())
        assert len(records) == total
        assert {record.error is None for record in records} == {True}
        paid = sum(record.cost or 0.0 for record in records)
    # Calls that were in flight at a kill were repeated with the same key: the billing log has each row once.
    assert before - mock.credits == pytest.approx(paid, rel=1e-6)
    keys = {request["headers"]["idempotency-key"] for request in chats(mock) if request["status"] == 200}
    assert len(keys) == total


@pytest.mark.indoxrouter_mock(latency=0.02)
def test_a_budget_of_two_workers_is_passed_by_no_more_than_their_calls_in_flight(
    workers: Workers, mock: MockServer, tmp_path: Path
) -> None:
    before = mock.credits
    path = str(tmp_path / "shared.db")
    pair = [
        workers.start(rows=2000, part=[number, 2], budget=path, usd=0.005, concurrency=4) for number in (0, 1)
    ]
    results = [workers.finish(process) for process in pair]
    assert {result["error"] for result in results} == {"BudgetExceededError"}
    spent = before - mock.credits
    dearest = max(result["cost"] / len(result["rows"]) for result in results) * 3
    assert 0.004 < spent <= 0.005 + 2 * dearest
    assert SharedBudget(path, 0.005).spend.usd == pytest.approx(spent, rel=1e-6)
    assert SharedBudget(path, 0.005).spend.reserved.usd == 0


def test_a_pace_of_two_workers_gets_no_refusal_where_one_would_get_none(
    workers: Workers, mock: MockServer, tmp_path: Path
) -> None:
    path = str(tmp_path / "shared.db")
    pair = [
        workers.start(rows=20, part=[number, 2], pace=path, per_minute=600, concurrency=4)
        for number in (0, 1)
    ]
    results = [workers.finish(process) for process in pair]
    assert sum(len(result["rows"]) for result in results) == 20
    moments = sorted(moment_of(request) for request in chats(mock))
    assert moments[-1] - moments[0] > 1.7  # a call each 0.1 s, of both together: 1.9 s


def test_a_refusal_in_one_worker_pauses_the_other(workers: Workers, mock: MockServer, tmp_path: Path) -> None:
    path = str(tmp_path / "shared.db")
    mock.faults.add("rate_limit", retry_after=2, times=1, operation="createChatCompletion")
    first = workers.start(rows=1, part=[0, 1], pace=path, concurrency=1)
    deadline = time.monotonic() + 30
    while not any(request["status"] == 429 for request in chats(mock)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    second = workers.start(rows=41, part=[1, 2], pace=path, concurrency=4)
    assert (workers.finish(first)["rows"], len(workers.finish(second)["rows"])) == (["row0"], 20)
    numbers = [request["status"] for request in chats(mock)]
    assert numbers == [429, *[200] * 21]
    refused, resumed = (moment_of(request) for request in chats(mock)[:2])
    assert resumed - refused >= 1.9
