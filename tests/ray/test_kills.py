"""Workers and drivers of Ray that are killed, and servers that fail: one row out for each row in, each paid once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indoxrouter_mock import MockServer
from tests.conftest import ROOT
from tests.patience import seconds

pytest.importorskip("ray", reason="Ray is not installed; `make integrations` installs it")
parquet = pytest.importorskip("pyarrow.parquet")

pytestmark = [pytest.mark.timeout(400), pytest.mark.filterwarnings("default")]
Driver = subprocess.Popen[str]


def processes() -> dict[int, tuple[int, bytes]]:
    """The parent and the command line of each process."""
    found: dict[int, tuple[int, bytes]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            found[int(path.name)] = (parent, (path / "cmdline").read_bytes())
        except (OSError, ValueError, IndexError):
            continue  # it has ended
    return found


def below(top: int) -> dict[int, bytes]:
    """The command lines of the processes that a process started, and of those that these started."""
    everything = processes()
    found: dict[int, bytes] = {}
    level = {top}
    while level:
        level = {pid for pid, (parent, _) in everything.items() if parent in level and pid not in found}
        found |= {pid: everything[pid][1] for pid in level}
    return found


def kill(pids: Any) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


@pytest.fixture
def mock(indoxrouter_mock: MockServer) -> MockServer:
    return indoxrouter_mock


@pytest.fixture
def drivers() -> Iterator[list[Driver]]:
    started: list[Driver] = []
    yield started
    for driver in started:
        if driver.poll() is None:
            kill([driver.pid, *below(driver.pid)])
        driver.communicate()


def start(drivers: list[Driver], mock: MockServer, rows: int, out: Path, **operation: Any) -> Driver:
    client = {"api_key": mock.api_key, "base_url": mock.url, "max_retries": 10}
    options = {
        "rows": rows,
        "out": str(out),
        "operation": {"job": "night", "id": "id", "client": client, **operation},
    }
    for _ in range(3):  # Ray gives up when its own processes start slowly, as on a busy machine
        driver = subprocess.Popen(
            [sys.executable, "-m", "tests.ray.driver", json.dumps(options)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        drivers.append(driver)
        assert driver.stdout is not None
        if driver.stdout.readline() == "started\n":
            return driver
    raise AssertionError("Ray did not start, three times")


def answered(mock: MockServer) -> int:
    return int(mock.counters.get("requests", 0))


def check(mock: MockServer, driver: Driver, out: Path, rows: int, before: float) -> None:
    printed, _ = driver.communicate(timeout=seconds(300))
    assert (driver.returncode, str(rows) in printed.splitlines()) == (0, True)  # Ray prints there, too
    found = parquet.read_table(out).to_pylist()
    assert sorted(row["id"] for row in found) == list(range(rows))
    assert {row["error"] for row in found} == {None}
    assert all(f"Question {row['id']}?" in row["answer"] for row in found)
    # What was in flight at a kill was sent again under the same key: the billing log of the server has each row once.
    assert before - mock.credits == pytest.approx(sum(row["cost"] for row in found), rel=1e-6)


@pytest.mark.indoxrouter_mock(latency=0.02)
def test_killed_workers_cost_no_row_and_no_money(
    drivers: list[Driver], mock: MockServer, tmp_path: Path
) -> None:
    before = mock.credits
    moments = random.Random(22)
    driver = start(drivers, mock, 3000, tmp_path / "out", journal=f"file://{tmp_path}/journal", concurrency=8)
    killed = 0
    while killed < 4:
        sent = answered(mock)
        while answered(mock) < sent + moments.randint(50, 300):
            assert driver.poll() is None
            time.sleep(0.01)
        workers = [pid for pid, command in below(driver.pid).items() if b"MapWorker" in command]
        if workers:
            kill([moments.choice(workers)])
            killed += 1
    check(mock, driver, tmp_path / "out", 3000, before)


@pytest.mark.indoxrouter_mock(latency=0.02)
def test_a_killed_driver_resumes(drivers: list[Driver], mock: MockServer, tmp_path: Path) -> None:
    before = mock.credits
    journal = f"file://{tmp_path}/journal"
    for least in (300, 600):
        driver = start(drivers, mock, 1500, tmp_path / f"out{least}", journal=journal, concurrency=8)
        while answered(mock) < least:
            assert driver.poll() is None
            time.sleep(0.01)
        kill([driver.pid, *below(driver.pid)])
        driver.wait()
    assert list((tmp_path / "journal").glob("*.jsonl"))
    sent = answered(mock)
    driver = start(drivers, mock, 1500, tmp_path / "out", journal=journal, concurrency=8)
    check(mock, driver, tmp_path / "out", 1500, before)
    assert answered(mock) - sent < 1500 - 100  # the rows of the journal were not sent again


def test_twenty_thousand_rows_with_faults_are_twenty_thousand_rows(
    drivers: list[Driver], mock: MockServer, tmp_path: Path
) -> None:
    before = mock.credits
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("error", {"status": 500}), ("reset", {}), ("error", {"status": 400}), ("rate_limit", {"retry_after": 0}),
    ]  # fmt: skip
    for seed, (kind, options) in enumerate(kinds):
        mock.faults.add(
            kind, times=100_000, probability=0.0125, seed=seed, operation="createChatCompletion", **options
        )
    driver = start(drivers, mock, 20_000, tmp_path / "out", concurrency=16)
    printed, _ = driver.communicate(timeout=seconds(380))
    assert (driver.returncode, "20000" in printed.splitlines()) == (0, True)
    found = parquet.read_table(
        tmp_path / "out", columns=["id", "answer", "cost", "error", "error_type"]
    ).to_pylist()
    assert sorted(row["id"] for row in found) == list(range(20_000))
    assert all((row["answer"] is None) == (row["error"] is not None) for row in found)
    assert {row["error_type"] for row in found} == {None, "InvalidParametersError"}
    assert 150 < len([row for row in found if row["error"] is not None]) < 350  # 1.25 %; the rest is retried
    assert answered(mock) > 20_000 + 400
    assert before - mock.credits >= sum(row["cost"] or 0.0 for row in found) * (1 - 1e-6)
