"""The draft of the changelog: a comparison in the form of Keep a Changelog, for a maintainer to edit."""

from __future__ import annotations

import re
from pathlib import Path

from ..compatibility.aspects import Change
from ..compatibility.report import Comparison, affected, describe_change

_SECTIONS = ("Added", "Changed", "Deprecated", "Removed", "Breaking")


def draft(comparison: Comparison) -> str:
    """The entries for a version, without its heading."""
    found: dict[str, list[str]] = {name: [] for name in _SECTIONS}
    for change in comparison.changes:
        if change.kind == "description" and change.level != "breaking":
            continue
        line, section = _line(change), found[_section(change)]
        if line not in section:
            section.append(line)
    parts: list[str] = []
    for name, lines in found.items():
        if lines:
            parts.append("\n".join([f"### {name}", "", *lines]))
    return "\n\n".join(parts) + "\n" if parts else "No change for users.\n"


def _section(change: Change) -> str:
    if change.breaking:
        return "Breaking"
    if change.action == "renamed" or change.detail == "deprecated now":
        return "Deprecated"
    return {"added": "Added", "removed": "Removed"}.get(change.action, "Changed")


def _line(change: Change) -> str:
    names = ", ".join(f"`{name}`" for name in change.python[:3] if name)
    more = f" and {len(change.python) - 3} more" if len(change.python) > 3 else ""
    text = describe_change(change)
    line = f"- {text[0].upper()}{text[1:]}"
    if names:
        line += f": {names}{more}" if not change.detail else f" ({names}{more})"
    if change.breaking:
        line += f". Breaks {affected(change)}: {change.why}"
    return line + "."


def insert(text: str, version: str, entries: str) -> str:
    """A changelog with the entries under the heading of an unreleased version, which is made where it is missing."""
    heading = re.search(rf"^## \[?(?:{re.escape(version)}|Unreleased)\]?.*$", text, re.MULTILINE)
    if heading is None:
        first = re.search(r"^## ", text, re.MULTILINE)
        at = first.start() if first is not None else len(text)
        return (
            f"{text[:at].rstrip()}\n\n## [{version}] - unreleased\n\n{entries.strip()}\n\n{text[at:]}".rstrip()
            + "\n"
        )
    following = re.search(r"^## |^\[[^\]]+\]: ", text[heading.end() :], re.MULTILINE)
    end = heading.end() + following.start() if following is not None else len(text)
    body = text[heading.end() : end].strip()
    joined = f"{body}\n\n<!-- draft, from the change of the description -->\n\n{entries.strip()}".strip()
    return f"{text[: heading.end()]}\n\n{joined}\n\n{text[end:]}".rstrip() + "\n"


def write_draft(path: Path, version: str, entries: str) -> bool:
    """Put the entries into a changelog file; False when all of them are in it already."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Changelog\n"
    remaining = _missing(text, entries)
    if not remaining:
        return False
    path.write_text(insert(text, version, remaining), encoding="utf-8")
    return True


def _missing(text: str, entries: str) -> str:
    """The entries that the changelog does not have, under their section headings."""
    present = {line.strip() for line in text.splitlines() if line.startswith("- ")}
    sections: list[str] = []
    for section in entries.strip().split("\n\n### "):
        heading, _, body = section.removeprefix("### ").partition("\n\n")
        lines = [line for line in body.splitlines() if line.strip() not in present]
        if lines:
            sections.append("\n".join([f"### {heading}", "", *lines]))
    return "\n\n".join(sections)
