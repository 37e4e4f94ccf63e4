"""The public typing, tested: what is right passes strict checkers, and what is wrong does not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "methods" / "typed_usage.py"
PYRIGHT = ROOT / "node_modules" / ".bin" / "pyright"


def refused() -> set[int]:
    lines = SAMPLE.read_text("utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# refused")}


def test_the_sample_has_both_kinds_of_lines() -> None:
    assert 15 < len(refused()) < 60


def test_mypy_accepts_what_is_right_and_refuses_what_is_wrong() -> None:
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--hide-error-context",
        str(SAMPLE),
    ]
    shown = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=55, check=False).stdout
    found = {int(line) for line in re.findall(r"typed_usage\.py:(\d+): error", shown)}
    assert found == refused(), shown


@pytest.mark.skipif(not PYRIGHT.exists(), reason="pyright is not installed: `make lint` installs it with npm")
def test_pyright_accepts_what_is_right_and_refuses_what_is_wrong() -> None:
    command = [str(PYRIGHT), "--outputjson", "--pythonpath", sys.executable, str(SAMPLE)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=55, check=False)
    problems = json.loads(result.stdout)["generalDiagnostics"]
    errors = [problem for problem in problems if problem["severity"] == "error"]
    assert {problem["range"]["start"]["line"] + 1 for problem in errors} == refused(), errors
