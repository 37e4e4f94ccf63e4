"""Runs the test that has to notice a fault in a process that has the fault."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .fault import Fault
from .finder import module_of, node_of
from .planting import FAULT, MODULE, REPORT

__all__ = ["LONGEST", "ROOT", "Verdict", "holds", "prove"]

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(__file__).resolve().parent / "site"
LONGEST = 600.0
"""Seconds that a process may take to notice a fault, on a busy machine."""
_OPTIONS = ("-q", "-x", "-rfE", "--no-header", "-p", "no:cacheprovider")
_ALONE = ("-p", "no:xdist", "-p", "no:schemathesis", "-p", "no:respx")
"""Plugins that take a second to import, and that no test of a fault needs as plugins."""
_SETTINGS_OF_THE_RUN = ("PYTEST_", "CONTRACT_", "COV_", "PLANTED", "INDOX_ROUTER_", "PYTHONPATH")
_TEMPORARY_ROOT = "PYTEST_DEBUG_TEMPROOT"


@dataclass(frozen=True)
class Verdict:
    """What became of a fault: whether the named test failed, in a few words why not, and what pytest printed."""

    noticed: bool
    reason: str
    output: str


def prove(fault: Fault) -> Verdict:
    """Run the test that has to notice a fault in a process that has it.

    Raises:
        NotFound: when the product has no such name, or the tests have none.
    """
    node = node_of(fault.noticed_by)
    with tempfile.TemporaryDirectory(prefix="planted-") as directory:
        report = Path(directory) / "report"
        settings = {
            FAULT: fault.name,
            MODULE: module_of(fault.package, fault.target),
            REPORT: str(report),
            "PYTHONPATH": str(SITE),
        }
        run = _pytest([node], settings, *_ALONE, "-p", "tests.planted.plugin", "--timeout", str(fault.within))
        facts = report.read_text(encoding="ascii").split() if report.exists() else []
    output = run.stdout + run.stderr
    # Only a failed test counts: one that cannot be collected, or whose fixtures fail, has noticed nothing.
    noticed = run.returncode == 1 and f"\nFAILED {node.partition('[')[0]}" in run.stdout
    if noticed and "acted" in facts:
        return Verdict(True, "noticed", output)
    if noticed:
        return Verdict(False, "the test fails, but not because of the fault, which never acted", output)
    if run.returncode == 0 and "acted" not in facts:
        where = (
            "was planted, but never acted" if "planted" in facts else "was not planted: nothing imports it"
        )
        return Verdict(False, f"the fault {where} in {fault.noticed_by}", output)
    reason = f"{fault.noticed_by} passes" if run.returncode == 0 else f"pytest ended with {run.returncode}"
    return Verdict(False, reason, output)


def holds(tests: Iterable[str], jobs: int) -> tuple[bool, str]:
    """Whether tests pass with no fault planted, in so many processes, and what pytest printed."""
    nodes = sorted({node_of(test) for test in tests})
    run = _pytest(nodes, {}, "--timeout", "120", "-n", str(jobs), "--dist", "loadgroup")
    return run.returncode == 0, run.stdout + run.stderr


def _pytest(nodes: list[str], settings: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    clean = {
        key: value
        for key, value in os.environ.items()
        if key == _TEMPORARY_ROOT or not key.startswith(_SETTINGS_OF_THE_RUN)
    }
    command = [sys.executable, "-m", "pytest", *_OPTIONS, *options, *nodes]
    limit = LONGEST if settings else None
    try:
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**clean, "TESTS": "all", **settings},  # with as many examples as the tests name
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        printed = error.stdout.decode("utf-8", "replace") if isinstance(error.stdout, bytes) else ""
        return subprocess.CompletedProcess(command, -1, printed, f"not done after {LONGEST:g} s")
