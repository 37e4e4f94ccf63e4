"""Runs `redocly diff`, which rates every change by its effect on the wire, and merges its findings with ours."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..source.node import value_at
from ..source.problems import pieces_of, plural, pointer_text
from .aspects import Change, Level

BINARY = Path("node_modules/.bin/redocly")
MISSING = (
    "redocly is not installed, so the comparison rests on the Python surface alone; "
    "`make lint` installs it where npm is (Node.js 20 or newer)"
)
_LEVELS: dict[str, Level] = {"major": "breaking", "minor": "feature", "patch": "fix"}
# Text for people.
_TEXT = frozenset({"description", "summary", "title", "example", "examples", "externalDocs", "x-source"})


class RedoclyFailed(Exception):
    """redocly is installed, but produced no report."""


@dataclass(frozen=True)
class Rating:
    """One change on the wire: its place in the old and in the new file, its rating and its message."""

    old: str
    new: str
    level: Level
    rules: tuple[str, ...]
    message: str
    text: bool

    @property
    def place(self) -> str:
        """Its place today, or the former one of what is gone."""
        return self.new or self.old


def ratings(project: Path, old: Path, new: Path) -> list[Rating] | None:
    """What redocly finds; None where it is not installed.

    Raises:
        RedoclyFailed: with what it printed.
    """
    binary = project / BINARY
    if not binary.exists():
        return None
    with tempfile.TemporaryDirectory(prefix="indoxrouter-diff-") as name:
        config = Path(name) / "redocly.yaml"  # the rules that know what breaks are off by default
        config.write_text("extends:\n  - diff-recommended\n", encoding="utf-8")
        report = Path(name) / "report.json"
        command = [str(binary), "diff", str(old), str(new), "--config", str(config), "--format", "json"]
        done = subprocess.run(
            [*command, "--fail-on", "none", "--output", str(report)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        )
        if done.returncode != 0 or not report.exists():
            words = (done.stderr or done.stdout).strip().splitlines()
            raise RedoclyFailed(f"redocly diff failed: {' '.join(words[-3:])}")
        document = json.loads(report.read_text(encoding="utf-8"))
    return [_rating(entry) for entry in document["changes"]]


def _rating(entry: dict[str, Any]) -> Rating:
    verdicts: list[dict[str, Any]] = entry.get("verdicts") or []
    old: dict[str, Any] = entry.get("base") or {}
    new: dict[str, Any] = entry.get("revision") or {}
    what = entry.get("property") or entry.get("typeName") or ""
    message = " ".join(verdict["message"] for verdict in verdicts)
    place = new.get("pointer") or old.get("pointer") or entry["path"]
    return Rating(
        old.get("pointer", ""),
        new.get("pointer", ""),
        _LEVELS[entry["impact"]],
        tuple(verdict["ruleId"] for verdict in verdicts),
        message or f"{entry['kind']}: {what} at {place}",
        entry.get("property") in _TEXT,
    )


def merge(changes: Sequence[Change], rated: Iterable[Rating], old: Any, new: Any) -> list[Change]:
    """Our changes with redocly's ratings, and redocly's changes where we have none at that place.

    A change that follows from another one is left out: where a reference leads to another schema, redocly lists the
    properties of both, although neither schema has changed.

    Args:
        changes: our own.
        rated: redocly's.
        old, new: the two descriptions as parsed.
    """
    rated = list(rated)
    found = list(changes)
    unsaid: dict[str, Rating] = {}
    for rating in rated:
        if rating.text:
            continue
        index = _nearest(found, rating)
        if index is not None:
            words = rating.rules or (f"rated {rating.level}",)
            found[index] = replace(found[index], rated=tuple(dict.fromkeys([*found[index].rated, *words])))
        elif not (changes and _unchanged(rating, old, new)):
            unsaid.setdefault(rating.message, rating)
    for rating in unsaid.values():
        broken = rating.level == "breaking"
        sending = any(part in rating.place for part in ("/requestBody/", "/parameters/"))
        change = Change(
            "description",
            "changed",
            rating.message,
            callers=broken and sending,
            readers=broken and not sending,
            feature=rating.level == "feature",
            why="reported by redocly; Python names and types do not change" if broken else "",
            rated=rating.rules,
        )
        found.append(change)
    texts = sum(rating.text for rating in rated)
    if texts:
        what = f"{plural(texts, 'text')} for people (descriptions, summaries, examples)"
        found.append(Change("description", "changed", what))
    return found


def _nearest(changes: list[Change], rating: Rating) -> int | None:
    """The change whose place is the rated one, or the closest above or below it."""
    close: list[tuple[int, int]] = []
    for index, change in enumerate(changes):
        for node, pointer in ((change.old, rating.old), (change.new, rating.new)):
            places = [*([node.pointer] if node is not None else []), *change.others] if pointer else []
            for here in (f"#{pointer_text(place)}" for place in places if place):
                if f"{pointer}/".startswith(f"{here}/") or here.startswith(f"{pointer}/"):
                    close.append((len(pointer) - abs(len(here) - len(pointer)), -index))
    return -max(close)[1] if close else None


def _unchanged(rating: Rating, old: Any, new: Any) -> bool:
    """Whether the place has one value in both descriptions, so that the cause is elsewhere."""
    place = pieces_of(rating.place)
    try:
        return bool(value_at(old, place) == value_at(new, place))
    except LookupError:
        return False
