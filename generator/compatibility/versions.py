"""The next version: semantic versioning, where the minor number acts as the major one while that is 0."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

from ..source.settings import PROJECT, read_pyproject
from .aspects import Change

Bump: TypeAlias = Literal["major", "minor", "patch", "none"]
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def bump_of(changes: Iterable[Change]) -> Bump:
    """The bump that the changes require."""
    levels = {change.level for change in changes}
    if "breaking" in levels:
        return "major"
    if "feature" in levels:
        return "minor"
    return "patch" if levels else "none"


def following(version: str, bump: Bump) -> str:
    """The version after this one.

    Raises:
        ValueError: when `version` is not `major.minor.patch`.
    """
    major, minor, patch = parts(version)
    if bump == "none":
        return version
    if major == 0:
        return f"0.{minor + 1}.0" if bump == "major" else f"0.{minor}.{patch + 1}"
    return {
        "major": f"{major + 1}.0.0",
        "minor": f"{major}.{minor + 1}.0",
        "patch": f"{major}.{minor}.{patch + 1}",
    }[bump]


def may_break(old: str, new: str) -> bool:
    """Whether the step from one version to another is one that may break code."""
    before, after = parts(old), parts(new)
    return after[0] > before[0] or (after[0] == before[0] == 0 and after[1] > before[1])


def parts(version: str) -> tuple[int, int, int]:
    """Major, minor and patch.

    Raises:
        ValueError: for anything else.
    """
    found = _VERSION.match(version)
    if found is None:
        raise ValueError(f"{version!r} is not a version of the form major.minor.patch")
    return int(found[1]), int(found[2]), int(found[3])


def current_version(project: Path = PROJECT) -> str:
    """The version of the package, from the file that `[tool.hatch.version]` names.

    Raises:
        ValueError: when there is none.
    """
    table = read_pyproject(project / "pyproject.toml").get("tool", {}).get("hatch", {}).get("version", {})
    path = project / str(table.get("path", ""))
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(r"__version__\s*(?::[^=]+)?=\s*[\"']([^\"']+)[\"']", text)
    if found is None:
        raise ValueError(
            f"{project / 'pyproject.toml'}: [tool.hatch.version] names no file with a __version__"
        )
    return found[1]
