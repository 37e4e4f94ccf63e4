"""Type-checking many generated packages in one run of mypy."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHES = ROOT / ".mypy_cache"
MYPY = [
    *(sys.executable, "-m", "mypy", "--strict", "--python-version", "3.10"),
    *("--no-error-summary", "--config-file="),
]
IMPORTED = "import attrs, httpx, msgspec, truststore, typing_extensions"
"""What every generated package imports; reading it for the first time takes mypy three seconds."""


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
    done = subprocess.run(
        [*MYPY, "--cache-dir", str(cache_named(cache)), *map(str, packages), *map(str, others)],
        cwd=first.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def cache_named(name: str) -> Path:
    """A cache for the runs of one test, as those of others go on at the same time. It begins as a copy of a cache that
    holds what all packages import."""
    place, start = CACHES / name, CACHES / "imported"
    if not place.exists():
        if not start.exists():
            CACHES.mkdir(exist_ok=True)
            made = tempfile.mkdtemp(dir=CACHES)
            subprocess.run([*MYPY, "--cache-dir", made, "-c", IMPORTED], check=True, capture_output=True)
            _move(Path(made), start)
        copy = Path(tempfile.mkdtemp(dir=CACHES))
        shutil.copytree(start, copy, dirs_exist_ok=True)
        _move(copy, place)
    return place


def _move(folder: Path, place: Path) -> None:
    """Give a finished folder its name, unless another worker was faster."""
    with contextlib.suppress(OSError):
        os.replace(folder, place)
    shutil.rmtree(folder, ignore_errors=True)


__all__ = ["MYPY", "cache_named", "complaints"]
