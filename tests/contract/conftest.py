"""Writes down, at the end of a run, what the contract tests made use of, if a file for it is named."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.ledger import LEDGER

LEDGER_FILE = "CONTRACT_LEDGER"
"""Environment variable with the path of the file, to which each worker adds its name; `make contract` sets it."""


def pytest_configure(config: pytest.Config) -> None:
    """A test that is to notice a planted fault must run against the copy that has it."""
    place = os.environ.get("PLANTED_IN")
    if place is not None:
        found = [
            importlib.util.find_spec(name) for name in ("indoxrouter", "indoxrouter_ext", "indoxrouter_mock")
        ]
        if not any(spec is not None and str(spec.origin).startswith(place) for spec in found):
            pytest.exit(f"no package was imported from {place}", returncode=3)


@pytest.fixture(scope="session", autouse=True)
def _write_ledger() -> Iterator[None]:
    yield
    if path := os.environ.get(LEDGER_FILE):
        worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
        LEDGER.save(Path(path).with_suffix(f".{worker}.json"))
