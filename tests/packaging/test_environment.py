"""The pinned environment: constraints.txt covers pyproject.toml, with hashes, without hosts and paths."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]  # on 3.10 alone

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def constraints(root: Path) -> str:
    return (root / "constraints.txt").read_text("utf-8")


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


def _requirements(project: dict[str, Any]) -> list[Requirement]:
    groups = [project["project"]["dependencies"], *project["tool"]["indoxrouter"]["extras"].values()]
    wanted = [Requirement(line) for group in groups for line in group]
    return [requirement for requirement in wanted if requirement.name != project["project"]["name"]]


def test_every_dependency_and_extra_is_pinned_within_its_bounds(
    constraints: str, project: dict[str, Any]
) -> None:
    pins: dict[str, list[Version]] = {}
    for match in _PIN.finditer(constraints):
        pins.setdefault(canonicalize_name(match["name"]), []).append(Version(match["version"]))
    wanted = _requirements(project)
    assert len(wanted) > 20
    loose = [
        str(requirement)
        for requirement in wanted
        if not pins.get(canonicalize_name(requirement.name))
        or not all(requirement.specifier.contains(v) for v in pins[canonicalize_name(requirement.name)])
    ]
    assert loose == [], "run `make constraints`: constraints.txt does not hold a fitting version of these"


def test_every_pin_carries_hashes(constraints: str) -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", constraints)
    pinned = [block for block in blocks if _PIN.match(block)]
    assert len(pinned) > 100
    assert [block.splitlines()[0] for block in pinned if "--hash=sha256:" not in block] == []


def test_constraints_hold_nothing_but_pins_and_hashes(constraints: str) -> None:
    meant = re.compile(r"#.*|[A-Za-z0-9._-]+==\S+( ; [^\\]*)?( \\)?|    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in constraints.splitlines() if not meant.fullmatch(line)] == []


def test_the_generator_is_pinned_exactly_because_templates_override_its_files(
    project: dict[str, Any],
) -> None:
    exact = [r for r in _requirements(project) if r.name == "openapi-python-client"]
    assert [str(requirement.specifier) for requirement in exact] == ["==0.29.1"]


def test_runtime_needs_stay_few(project: dict[str, Any]) -> None:
    names = {Requirement(line).name for line in project["project"]["dependencies"]}
    assert names == {"attrs", "httptools", "httpx", "msgspec", "truststore", "typing_extensions"}
