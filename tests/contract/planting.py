"""Plants a fault in a copy of the package that it belongs to, and lets a test run against the copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.contract.faults_planted import Fault

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 170.0
"""Seconds that a test may take to notice a fault; a test that fails often does so after trying to fail more simply."""


@dataclass(frozen=True)
class Verdict:
    """What became of a fault: whether the named test failed, and what pytest printed."""

    fault: Fault
    caught: bool
    output: str


class NoPlace(Exception):
    """The line that a fault replaces is not there, or not there once: the fault has to follow the product."""


def spoilt(fault: Fault) -> str:
    """The file with the fault in it. Raises NoPlace."""
    text = (ROOT / fault.file).read_text(encoding="utf-8")
    places = text.count(fault.old)
    if places != 1:
        raise NoPlace(f"{fault.name!r}: {fault.file} holds {fault.old!r} {places} times, not once")
    return text.replace(fault.old, fault.new)


def prove(fault: Fault) -> Verdict:
    """Run the test that has to notice the fault against a copy with the fault in it."""
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        place = _planted(fault, Path(name))
        command = [
            sys.executable,
            "-P",
            "-m",
            "pytest",
            "-q",
            "-x",
            "-rfE",
            "--no-header",
            "-p",
            "no:cacheprovider",
        ]
        run = subprocess.run(
            [*command, "-p", "no:xdist", "--timeout", str(LONGEST), fault.test],
            cwd=ROOT,
            # The copy comes before the checkout on the path; -P keeps the checkout from being first.
            env={
                **_environment(),
                "PYTHONPATH": str(place),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PLANTED_IN": str(place),
            },
            capture_output=True,
            text=True,
            timeout=LONGEST + 60,
            check=False,
        )
    # Only a failed test counts: one that cannot be collected, or whose fixtures fail, has noticed nothing.
    caught = run.returncode == 1 and f"\nFAILED {fault.test.partition('[')[0]}" in run.stdout
    return Verdict(fault, caught, run.stdout + run.stderr)


def _environment() -> dict[str, str]:
    """Without the settings of the run that this one is part of."""
    ours = ("PYTEST_", "CONTRACT_", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _planted(fault: Fault, place: Path) -> Path:
    """Copy the package, plant the fault, and return the directory to import it from."""
    unwanted = shutil.ignore_patterns("__pycache__")
    text = spoilt(fault)
    path = Path(fault.file)
    if fault.file.endswith(".jinja"):
        return _generated(path, text, place)
    if path.parts[:2] == ("templates", "runtime"):
        # These modules are copied into the package as they are.
        shutil.copytree(ROOT / "generated", place, dirs_exist_ok=True, ignore=unwanted)
        copy = place / "indoxrouter" / "_runtime" / path.relative_to("templates/runtime")
        copy.write_text(text, encoding="utf-8")
        return place
    package = path.parts[0]
    shutil.copytree(ROOT / package, place / package, ignore=unwanted)
    (place / path).write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "openapi.yaml", place)  # the mock looks for it beside its package
    return place


def _generated(path: Path, text: str, place: Path) -> Path:
    """Generate the package anew from templates with the fault in them."""
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("generator", "templates"):
        shutil.copytree(ROOT / name, place / name, ignore=unwanted)
    for name in ("openapi.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, place)
    (place / path).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "generator", "generate"]
    made = subprocess.run(
        command, cwd=place, env=_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    if made.returncode != 0:
        raise NoPlace(
            f"with {path} spoilt, nothing could be generated, which the generator says itself: {made.stderr}"
        )
    return place / "generated"
