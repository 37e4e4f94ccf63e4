"""The public typing, tested: what is right passes strict checkers, and what is wrong does not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(300)  # mypy reads the whole package where it has no cache
ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "methods" / "typed_usage.py"
PYRIGHT = ROOT / "node_modules" / ".bin" / "pyright"


def refused() -> set[int]:
    lines = SAMPLE.read_text("utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# refused")}


def test_the_sample_has_both_kinds_of_lines() -> None:
    assert 40 < len(refused()) < 120


def errors_of_mypy(program: Path) -> set[int]:
    """The lines in which mypy, strict, finds errors."""
    options = ["--strict", "--no-error-summary", "--hide-error-context"]
    command = [sys.executable, "-m", "mypy", *options, str(program)]
    shown = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stdout
    return {int(line) for line in re.findall(rf"{program.name}:(\d+): error", shown)}


def errors_of_pyright(program: Path) -> set[int]:
    """The lines in which pyright, strict, finds errors."""
    command = [str(PYRIGHT), "--outputjson", "--pythonpath", sys.executable, str(program)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    problems = json.loads(result.stdout)["generalDiagnostics"]
    return {each["range"]["start"]["line"] + 1 for each in problems if each["severity"] == "error"}


def test_mypy_accepts_what_is_right_and_refuses_what_is_wrong() -> None:
    assert errors_of_mypy(SAMPLE) == refused()


@pytest.mark.skipif(not PYRIGHT.exists(), reason="pyright is not installed: `make lint` installs it with npm")
def test_pyright_accepts_what_is_right_and_refuses_what_is_wrong() -> None:
    assert errors_of_pyright(SAMPLE) == refused()
