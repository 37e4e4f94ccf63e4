"""Type-checking many generated packages in one run of mypy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def complaints(packages: Sequence[Path], others: Sequence[Path] = (), *, cache: str) -> str:
    """What `mypy --strict` says of packages in one directory, and of modules that use them; empty when nothing.

    All runtimes are the same text, so the first package's is checked; in the others' place stand stubs that hand on
    its names. The client alone is kept everywhere: its type leads to the package's own operations.
    """
    first, *rest = packages
    for package in rest:
        for source in [*(first / "_runtime").rglob("*.py"), *(first / "_client").rglob("*.py")]:
            inside = source.relative_to(first)
            twin = package / inside
            if not twin.exists():  # a module that only packages have which use it
                continue
            if inside.parts[0] == "_runtime":
                assert twin.read_bytes() == source.read_bytes()
            if source.stem not in ("__init__", "client"):
                handed_on = f"from {first.name}.{'.'.join(inside.with_suffix('').parts)} import *\n"
                twin.with_suffix(".pyi").write_text(handed_on, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.10", "--no-error-summary"]
    options = ["--config-file=", "--cache-dir", str(ROOT / ".mypy_cache" / cache)]
    done = subprocess.run(
        [*command, *options, *map(str, packages), *map(str, others)],
        cwd=first.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


__all__ = ["complaints"]
