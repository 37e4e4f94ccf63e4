"""Compares two descriptions: the Python surface by ourselves, the wire format with redocly as well."""

from __future__ import annotations

import posixpath
import re
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ..description.read import read
from ..source.settings import PROJECT, GeneratorSettings
from .changes import compare_snapshots
from .redocly import MISSING, RedoclyFailed, merge, ratings
from .report import Comparison
from .snapshot import snapshot_of
from .versions import bump_of, current_version, following

BREAKS = 3  # the exit code for changes that may break code
WORTH = {"none": 0, "patch": 1, "minor": 2, "major": 3}
_REFERENCE = re.compile(r"""\$ref["']?\s*:\s*["']?([^"'#\s}]+)""")


class NoSuchDescription(Exception):
    """Neither a file nor a git ref that holds a description."""


def compare(
    old: Path, settings: GeneratorSettings, *, shown: tuple[str, str], version: str | None = None
) -> Comparison:
    """Compare a description with the one of the settings.

    Raises:
        SpecRefused: when one of the two is not sound enough to be read.
    """
    readings = read(old), read(settings.spec)
    before, after = (snapshot_of(one, settings.package) for one in readings)
    changes = compare_snapshots(before, after)
    notes: list[str] = []
    try:
        rated = ratings(PROJECT, old, settings.spec)
    except RedoclyFailed as error:
        rated = None
        notes.append(str(error))
    else:
        if rated is None:
            notes.append(MISSING)
    before_root, after_root = (one.description.node.value for one in readings)
    changes = merge(changes, rated or [], before_root, after_root)
    bump = bump_of(changes)
    version = version or current_version()
    if version.startswith("0."):
        notes.append(f"{version} is before 1.0: a major bump raises the minor number, any other the last one")
    return Comparison(*shown, changes, bump, version, following(version, bump), tuple(notes))


@contextmanager
def at(name: str, settings: GeneratorSettings) -> Generator[Path, None, None]:
    """A description by the name of a file or, as it was, by a git ref (`HEAD~3`, `v0.2.0`, `main:openapi.yaml`)."""
    if Path(name).is_file():
        yield Path(name).resolve()
        return
    reference, _, inside = name.partition(":")
    top = Path(_git("rev-parse", "--show-toplevel", where=settings.spec.parent).strip())
    inside = inside or settings.spec.relative_to(top).as_posix()
    if not _git_has(reference, where=top):
        raise NoSuchDescription(f"{name!r} is neither a file nor a git ref of {top}")
    with tempfile.TemporaryDirectory(prefix="indoxrouter-old-") as directory:
        root = Path(directory)
        pending, seen = [inside], set[str]()
        while pending:
            path = pending.pop()
            if path in seen:
                continue
            seen.add(path)
            text = _git("show", f"{reference}:{path}", where=top)
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            near = posixpath.dirname(path)
            pending.extend(
                posixpath.normpath(posixpath.join(near, other)) for other in _REFERENCE.findall(text)
            )
        yield root / inside


def _git(*arguments: str, where: Path) -> str:
    done = subprocess.run(["git", *arguments], cwd=where, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoSuchDescription(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def _git_has(reference: str, *, where: Path) -> bool:
    command = ["git", "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}"]
    return subprocess.run(command, cwd=where, capture_output=True, check=False).returncode == 0
