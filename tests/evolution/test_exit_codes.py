"""GNU make ends with 2 whatever a command ended with: the targets print the command's exit code, and write it down."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from generator.source.settings import PROJECT

TARGETS = {
    "diff": "OLD=main",
    "upgrade": "SPEC=new.yaml",
    "observe": "TAPES=tapes",
    "pr-report": "BASE=main",
}


def run(directory: Path, target: str, code: int) -> subprocess.CompletedProcess[str]:
    """Run a target with a command in the place of Python that says what it was given, and ends with a code."""
    python = directory / "python"
    python.write_text(f'#!/bin/sh\necho "ran $*"\nexit {code}\n', encoding="utf-8")
    python.chmod(0o755)
    written = directory / "code.txt"
    command = [
        "make", "--no-print-directory", target, TARGETS[target], f"CODE={written}", f"PY={python}", "READY=",
    ]  # fmt: skip
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("target", TARGETS)
def test_the_code_of_the_command_is_printed_and_written(target: str, tmp_path: Path) -> None:
    done = run(tmp_path, target, 3)
    assert done.returncode == 2  # make's own
    assert TARGETS[target].partition("=")[2] in done.stdout
    assert f"make {target}: exit code 3\n" in done.stderr
    assert (tmp_path / "code.txt").read_text(encoding="utf-8") == "3\n"


@pytest.mark.parametrize("target", TARGETS)
def test_success_is_written_too(target: str, tmp_path: Path) -> None:
    done = run(tmp_path, target, 0)
    assert done.returncode == 0, done.stderr
    assert "exit code" not in done.stderr
    assert (tmp_path / "code.txt").read_text(encoding="utf-8") == "0\n"
