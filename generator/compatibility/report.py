"""Reports of a comparison: a table for the terminal, Markdown for a pull request, JSON for programs."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ..source.node import Node
from ..source.problems import plural, pointer_text, shown_path
from .aspects import Change
from .versions import Bump

_SIGNS = {"added": "+", "removed": "-", "renamed": ">", "retyped": "~", "changed": "~"}
_HEADINGS = (("breaking", "Breaking"), ("feature", "New"), ("fix", "Other"))


@dataclass(frozen=True)
class Comparison:
    """Two descriptions compared.

    Attributes:
        old, new: the names of the two.
        changes: what is different, what breaks first.
        bump: the version bump that the changes require.
        version, proposal: today's version of the package and the next one.
        notes: limits of the comparison itself.
    """

    old: str
    new: str
    changes: list[Change]
    bump: Bump
    version: str
    proposal: str
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line: the number of changes, whose code they break, and the next version."""
        if not self.changes:
            return f"{self.old} and {self.new} are equivalent for users"
        counts = [sum(change.level == level for change in self.changes) for level, _ in _HEADINGS]
        callers = sum(change.callers for change in self.changes)
        readers = sum(change.readers for change in self.changes)
        broken = f"{counts[0]} breaking ({callers} for callers, {readers} for readers)"
        rest = f"{counts[1]} new, {counts[2]} other"
        step = f"{self.bump} ({self.version} → {self.proposal})"
        count = plural(len(self.changes), "change")
        return f"{count}: {broken}, {rest}; version bump: {step}"


def affected(change: Change) -> str:
    """Whose code breaks: callers, readers or both."""
    return " and ".join(
        word for word, broken in (("callers", change.callers), ("readers", change.readers)) if broken
    )


def describe_change(change: Change) -> str:
    """The change as a phrase."""
    detail = f": {change.detail}" if change.detail else ""
    if change.kind == "description":
        return change.name
    if change.action == "renamed":
        return f"{change.kind} renamed: {change.detail}"
    verb = "" if change.action == "changed" else f" {change.action}"
    # The name of an error code says what it is: a code or a status.
    subject = change.name if change.kind == "error code" else f"{change.kind} {change.name}"
    return f"{subject}{verb}{detail}"


# ── terminal ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def as_table(comparison: Comparison) -> str:
    """Three columns: the change with its reason, the Python names, and whose code it breaks."""
    width = max(shutil.get_terminal_size((120, 24)).columns, 80)
    right = 18
    middle = (width - right - 8) * 2 // 5
    left = width - right - middle - 8
    lines: list[str] = [f"{comparison.old} → {comparison.new}"]
    for level, heading in _HEADINGS:
        listed = [change for change in comparison.changes if change.level == level]
        if listed:
            lines.extend(["", f"{heading} ({len(listed)})"])
        for change in listed:
            described = [
                *_wrap(describe_change(change), left),
                *(_wrap(f"  {change.why}", left) if change.why else []),
            ]
            names = [piece for name in _some(change.python) for piece in _wrap_name(name, middle)]
            broken = _wrap(f"breaks {affected(change)}", right) if change.breaking else []
            sign = _SIGNS[change.action]
            for text, name, whose in zip_longest(described, names, broken, fillvalue=""):
                lines.append(f"  {sign} {text:<{left}}  {name:<{middle}}  {whose}".rstrip())
                sign = " "
    lines.append("")
    lines.extend(f"note: {note}" for note in comparison.notes)
    lines.append(comparison.summary)
    return "\n".join(lines)


def _some(names: tuple[str, ...], limit: int = 4) -> Iterable[str]:
    yield from names[:limit]
    if len(names) > limit:
        yield f"and {len(names) - limit} more"


def _wrap(text: str, width: int) -> list[str]:
    hanging = "  " if not text.startswith("  ") else "    "
    return textwrap.wrap(text, width, subsequent_indent=hanging, break_on_hyphens=False) or [""]


def _wrap_name(name: str, width: int) -> list[str]:
    """A dotted name, broken behind its dots."""
    lines = [""]
    for piece in re.split(r"(?<=[.(])", name):
        if lines[-1].strip() and len(lines[-1]) + len(piece) > width:
            lines.append("  ")
        lines[-1] += piece
    return lines


# ── markdown ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def as_markdown(comparison: Comparison) -> str:
    """Headings and tables that a pull request shows."""
    lines = [f"## {comparison.old} → {comparison.new}", "", comparison.summary + "."]
    for level, heading in _HEADINGS:
        listed = [change for change in comparison.changes if change.level == level]
        if not listed:
            continue
        lines.extend(["", f"### {heading} ({len(listed)})", ""])
        lines.extend(["| Change | Python | Breaks | Why |", "| --- | --- | --- | --- |"])
        for change in listed:
            names = ", ".join(f"`{name}`" for name in _some(change.python) if name)
            cells = (describe_change(change), names, affected(change), change.why)
            lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    if comparison.notes:
        lines.extend(["", *(f"> {note}" for note in comparison.notes)])
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


# ── json ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def as_json(comparison: Comparison) -> str:
    """Everything, for programs."""
    document: dict[str, Any] = {
        "old": comparison.old,
        "new": comparison.new,
        "bump": comparison.bump,
        "version": comparison.version,
        "proposal": comparison.proposal,
        "breaking": {
            "callers": sum(change.callers for change in comparison.changes),
            "readers": sum(change.readers for change in comparison.changes),
        },
        "notes": list(comparison.notes),
        "changes": [_record(change) for change in comparison.changes],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _record(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "action": change.action,
        "name": change.name,
        "detail": change.detail,
        "python": list(change.python),
        "breaks": {"callers": change.callers, "readers": change.readers},
        "level": change.level,
        "why": change.why,
        "redocly": list(change.rated),
        "old": _place(change.old),
        "new": _place(change.new),
    }


def _place(node: Node | None) -> dict[str, Any] | None:
    if node is None:
        return None
    pointer = f"#{pointer_text(node.pointer)}"
    return {"file": shown_path(node.file.path), "line": node.line, "pointer": pointer}


FORMS = {"table": as_table, "markdown": as_markdown, "json": as_json}
