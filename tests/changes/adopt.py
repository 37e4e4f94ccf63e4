"""Adopts changes in a clone as a maintainer would, and says what went wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .change import Change
from .clone import Clone
from .text import SpecText


def edited(text: str, changes: Sequence[Change], number: int) -> tuple[str, list[str]]:
    """A description after some changes, and what each of them did."""
    spec = SpecText(text)
    said = [change.edit(spec, number) for change in changes]
    return spec.text, said


def adopt(clone: Clone, new: Path) -> Iterator[str]:
    """Upgrade twice; what does not hold: an exit code, a tree that changes again, a file that lags behind."""
    for attempt in ("first", "second"):
        before = clone.tree()
        done = clone.python("-m", "generator", "upgrade", str(new), "--tests=none")
        if done.returncode:
            yield f"the {attempt} upgrade ended with {done.returncode}: {done.stderr.strip()[-2000:]}"
            return
        if (clone.tree() == before) == (attempt == "first"):
            yield f"the {attempt} upgrade {'wrote nothing' if attempt == 'first' else 'wrote something else'}"
    for command in (["check"], ["surface", "--check"]):
        done = clone.python("-m", "generator", *command)
        if done.returncode:
            yield f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr).strip()[-2000:]}"


def way_back(clone: Clone, before: str) -> Iterator[str]:
    """Go back from an upgrade; what was not restored."""
    done = clone.python("-m", "generator", "upgrade", "--back")
    if done.returncode:
        yield f"the way back ended with {done.returncode}: {done.stderr.strip()[-2000:]}"
    elif clone.tree() != before:
        yield f"the way back left something: {clone.git('status', '--porcelain').strip()}"


__all__ = ["adopt", "edited", "way_back"]
