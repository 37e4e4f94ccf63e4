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

from ..source.json_types import is_array, is_object
from ..source.node import Node
from ..source.problems import plural, pointer_text
from .changes import Change, Level

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
    found = list(changes)
    text = 0
    unsaid: dict[str, Rating] = {}
    for rating in rated:
        if rating.text:
            text += 1
            continue
        index = _nearest(found, rating)
        if index is not None:
            words = rating.rules or (f"rated {rating.level}",)
            found[index] = replace(found[index], rated=tuple(dict.fromkeys([*found[index].rated, *words])))
        elif not (changes and _unchanged(rating, old, new)):
            unsaid.setdefault(rating.message, rating)
    for rating in unsaid.values():
        sending = "/requestBody/" in (rating.new or rating.old) or "/parameters/" in (
            rating.new or rating.old
        )
        broken = rating.level == "breaking"
        change = Change("description", "changed", rating.message, level=rating.level, rated=rating.rules)
        why = "reported by redocly; Python names and types do not change" if broken else ""
        found.append(replace(change, callers=broken and sending, readers=broken and not sending, why=why))
    if text:
        texts = f"{plural(text, 'text')} for people (descriptions, summaries, examples)"
        found.append(Change("description", "changed", texts))
    return found


def _nearest(changes: list[Change], rating: Rating) -> int | None:
    """The change whose place is the rated one, or the closest above or below it."""
    best: tuple[int, int] | None = None
    for index, change in enumerate(changes):
        for places, pointer in (
            (_places(change, change.old), rating.old),
            (_places(change, change.new), rating.new),
        ):
            for here in places if pointer else ():
                if pointer == here or pointer.startswith(f"{here}/") or here.startswith(f"{pointer}/"):
                    depth = len(here) if len(here) <= len(pointer) else 2 * len(pointer) - len(here)
                    if best is None or depth > best[0]:
                        best = (depth, index)
    return best[1] if best is not None else None


def _places(change: Change, node: Node | None) -> list[str]:
    pointers = [*([node.pointer] if node is not None else []), *change.others]
    return [f"#{pointer_text(pointer)}" for pointer in pointers if pointer]


def _unchanged(rating: Rating, old: Any, new: Any) -> bool:
    """Whether the place has one value in both descriptions, so that the cause is elsewhere."""
    place = rating.new or rating.old
    before, after = _value_at(old, place), _value_at(new, place)
    return before is not None and before == after


def _value_at(document: Any, pointer: str) -> Any:
    value = document
    for piece in pointer.removeprefix("#").split("/")[1:]:
        piece = piece.replace("~1", "/").replace("~0", "~")
        if is_object(value):
            value = next((item for key, item in value.items() if str(key) == piece), None)
        elif is_array(value) and piece.isdecimal() and int(piece) < len(value):
            value = value[int(piece)]
        else:
            return None
    return value
