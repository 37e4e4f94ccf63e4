"""Compares our templates with those of openapi-python-client: their base, the installed ones, and ours."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ..source.settings import TEMPLATES

PACKAGE = "openapi-python-client"


@dataclass(frozen=True)
class Template:
    """One template that we override.

    Attributes:
        name: the file's name, the same in all three places.
        base: upstream's text that ours was written against; None where it was not kept.
        theirs: upstream's text as installed; None where upstream no longer has it.
        ours: our text.
    """

    name: str
    base: str | None
    theirs: str | None
    ours: str

    @property
    def state(self) -> str:
        """The state of the template, in a few words for maintainers."""
        if self.base is None:
            return "no base"
        if self.theirs is None:
            return "removed upstream"
        return "unchanged" if self.base == self.theirs else "changed upstream"


def templates(ours: Path = TEMPLATES, installed: Path | None = None) -> list[Template]:
    """Every template that upstream has, or had, under the name of one of ours."""
    theirs = installed or installed_templates()
    upstream = ours / "upstream"
    names = {path.name for path in ours.glob("*.jinja") if (theirs / path.name).exists()}
    names |= {path.name for path in upstream.glob("*.jinja") if (ours / path.name).exists()}
    return [
        Template(name, _text(upstream / name), _text(theirs / name), _text(ours / name) or "")
        for name in sorted(names)
    ]


def installed_templates() -> Path:
    """The templates of the installed openapi-python-client."""
    from importlib.util import find_spec

    found = find_spec("openapi_python_client")
    if found is None or found.origin is None:
        raise FileNotFoundError(f"{PACKAGE} is not installed; remedy: make venv")
    return Path(found.origin).parent / "templates"


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def three_ways(template: Template) -> str:
    """The changes of upstream since the base, and ours."""
    sections = (
        ("upstream did", "base", "installed", template.base, template.theirs),
        ("we did", "base", "ours", template.base, template.ours),
    )
    lines: list[str] = []
    for title, left, right, before, after in sections:
        lines.extend([f"── {template.name}: what {title} since the base ".ljust(110, "─"), ""])
        diff = [*_diff(before, after, f"{template.name} ({left})", f"{template.name} ({right})")]
        lines.extend([*(diff or ["nothing"]), ""])
    return "\n".join(lines)


def _diff(before: str | None, after: str | None, left: str, right: str) -> Iterable[str]:
    return difflib.unified_diff(
        (before or "").splitlines(), (after or "").splitlines(), left, right, lineterm=""
    )


def _counted(before: str | None, after: str | None) -> str:
    changed = [
        line for line in _diff(before, after, "", "") if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    return f"+{sum(line[0] == '+' for line in changed)} -{sum(line[0] == '-' for line in changed)}"


def status(names: Sequence[str], ours: Path = TEMPLATES, installed: Path | None = None) -> int:
    """Print a table, the diffs of templates that changed or are named, and the remedy; return the exit code."""
    listed = templates(ours, installed)
    unknown = [name for name in names if name not in {t.name for t in listed}]
    if unknown:
        known = ", ".join(t.name for t in listed)
        print(f"error: no overridden template {unknown[0]!r}; there are {known}", file=sys.stderr)
        return 2
    base = _text(ours / "upstream" / "VERSION") or "unknown"
    print(f"base: {base.strip()}; installed: {PACKAGE} {version(PACKAGE)}")
    print(f"\n  {'template':<28}{'upstream since base':<22}{'base → ours':<14}state")
    for template in listed:
        theirs, mine = _counted(template.base, template.theirs), _counted(template.base, template.ours)
        print(f"  {template.name:<28}{theirs:<22}{mine:<14}{template.state}")
    print()
    moved = [template for template in listed if template.state != "unchanged"]
    for template in listed:
        if template in moved or template.name in names:
            print(three_ways(template))
    if not moved:
        print("upstream did not change; `python -m generator templates-status NAME` shows one in full")
        return 0
    print(
        f"{len(moved)} to carry over: apply what is useful of each first part to templates/, then copy the "
        "installed template to templates/upstream/, the version to templates/upstream/VERSION, and run make golden"
    )
    return 1
