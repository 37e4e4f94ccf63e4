"""Writes down, at the end of a run, what the contract tests made use of, if a file for it is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.coverage import COVERAGE

COVERAGE_FILE = "CONTRACT_COVERAGE"
"""Environment variable with the path of the file, to which each worker adds its name; `make contract` sets it."""


@pytest.fixture(scope="session", autouse=True)
def _write_coverage() -> Iterator[None]:
    yield
    if path := os.environ.get(COVERAGE_FILE):
        worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
        COVERAGE.save(Path(path).with_suffix(f".{worker}.json"))
