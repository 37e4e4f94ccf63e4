"""Formatting with ruff, under settings of the generator's own, so that a package looks the same wherever it is made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Line length and target are those of the project's pyproject.toml; a test compares them.
SETTINGS = (
    "line-length=110",
    'target-version="py310"',
    'lint.isort.known-first-party=["indoxrouter", "indoxrouter_bulk", "indoxrouter_ext"]',
    # The runtime is hand-written: an import that only a string uses is intended.
    'lint.per-file-ignores={"_runtime/**"=["F401"]}',
)


class FormattingFailed(Exception):
    """ruff could not parse the rendered code: a fault of a template, never of a description."""


def format_files(files: dict[str, str]) -> dict[str, bytes]:
    """Remove unused imports, sort the others and format every Python file, in a temporary directory.

    Raises:
        FormattingFailed: with ruff's message.
    """
    with tempfile.TemporaryDirectory(prefix="indoxrouter-format-", dir=_in_memory(files)) as name:
        root = Path(name)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        options = [f"--config={setting}" for setting in SETTINGS]
        common = ["--no-cache", "--isolated", *options, "."]
        # Sorting comes second: it would give long lists of imports a line for each, and keep that for the used ones.
        for rules in ("F401,RUF022,TC005,PIE790", "I"):
            _run(["check", f"--select={rules}", "--fix-only", *common], root)
        _run(["format", *common], root)
        return {path: (root / path).read_bytes() for path in files}


def _in_memory(files: dict[str, str]) -> str | None:
    """A file system in memory with room to spare, where there is one: the files live for a second."""
    place = "/dev/shm"
    if not os.access(place, os.W_OK):
        return None
    needed = sum(len(text) for text in files.values()) + 8192 * len(files)
    return place if shutil.disk_usage(place).free > 4 * needed else None


def _run(arguments: list[str], root: Path) -> None:
    done = subprocess.run([*_ruff(), *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FormattingFailed((done.stderr or done.stdout).strip())


def _ruff() -> list[str]:
    """ruff's binary beside this interpreter; asking `python -m ruff` to find it costs a second interpreter."""
    beside = Path(sys.executable).with_name("ruff")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "ruff"]
