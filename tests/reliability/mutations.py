"""Break each rule once, in a copy, and see its tests fail.

    python -m tests.reliability.mutations            # all of them, some minutes
    python -m tests.reliability.mutations 9 14       # those of some rules

`mutations.yaml` names the rule, what is broken, the text that is replaced, and the tests that have to notice. A fault
whose text is no longer there, or which nobody notices, is a failure: the table has to follow the code.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]


class Mutation(NamedTuple):
    """One fault: where it is planted, and which tests (a file and a `-k` expression) have to fail."""

    rule: str
    what: str
    file: str
    old: str
    new: str
    tests: str
    chosen: str = ""


def table() -> list[Mutation]:
    """All faults, from `mutations.yaml`."""
    rows = yaml.safe_load((ROOT / "tests" / "reliability" / "mutations.yaml").read_text(encoding="utf-8"))
    return [Mutation(**row) for row in rows]


def notice(mutation: Mutation, copy: Path) -> str:
    """Plant one fault, run its tests, take it out again. Returns what came of it."""
    file = copy / mutation.file
    text = file.read_text()
    if mutation.old not in text:
        return "TEXT NOT FOUND"
    file.write_text(text.replace(mutation.old, mutation.new))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "--timeout",
        "25",
        "--no-header",
    ]
    command += [
        f"tests/reliability/test_{mutation.tests}.py",
        *(["-k", mutation.chosen] if mutation.chosen else []),
    ]
    paths = os.pathsep.join([str(copy), str(copy / "generated")])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=90, check=False
        )
    except subprocess.TimeoutExpired:
        return "noticed (the tests hang)"
    finally:
        file.write_text(text)
    if done.returncode == 1 or "Timeout" in done.stdout:
        return "noticed"
    return (
        "SURVIVED" if done.returncode == 0 else f"pytest ended with {done.returncode}: {done.stdout[-300:]}"
    )


def main(rules: list[str]) -> int:
    """Plant the faults of some rules, or of all; 0 if every one was noticed, 2 for a rule that has none."""
    known = dict.fromkeys(mutation.rule for mutation in table())
    if unknown := [rule for rule in rules if rule not in known]:
        print(f"error: no faults of {', '.join(unknown)}; the rules are {' '.join(known)}", file=sys.stderr)
        return 2
    unnoticed = 0
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for name in ("indoxrouter_ext", "generated", "tests", "pyproject.toml", "openapi.yaml"):
            source = ROOT / name
            ignored = shutil.ignore_patterns("__pycache__")
            (
                shutil.copytree(source, copy / name, ignore=ignored)
                if source.is_dir()
                else shutil.copy(source, copy / name)
            )
        for mutation in table():
            if rules and mutation.rule not in rules:
                continue
            result = notice(mutation, copy)
            unnoticed += not result.startswith("noticed")
            print(f"rule {mutation.rule:>7}: {mutation.what}: {result}", flush=True)
    print(f"{unnoticed} unnoticed" if unnoticed else "all noticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
