"""Making the package's files, writing them, and comparing them with those that are there."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from ..source.json_types import is_object
from ..source.settings import Settings
from .manifest import NAME, Inputs, digest, files_below, inputs_of, read_manifest, write_manifest

if TYPE_CHECKING:
    from ..description.read import Reading


@dataclass(frozen=True)
class Package:
    """A package in memory: its files, formatted, the manifest among them, and what it was made from."""

    files: dict[str, bytes]
    inputs: Inputs
    facts: dict[str, int]


def render(settings: Settings, reading: Reading) -> tuple[dict[str, str], dict[str, int]]:
    """The package's files as the templates give them, and what was counted.

    Raises:
        SpecRefused: when anything of the description is wrong or would be lost.
    """
    from ..rules.rules import check_rules
    from ..source.problems import SpecRefused
    from ..upstream.parse import parse
    from .completeness import check_losses
    from .project import PackageProject

    problems = check_rules(reading)
    if problems:
        raise SpecRefused(problems)
    openapi, config = parse(reading, settings.package, settings.output)
    project = PackageProject(
        reading=reading,
        openapi=openapi,
        config=config,
        templates=settings.templates,
        front_door=settings.front_door,
    )
    project.build()
    facts, problems = check_losses(reading, openapi, project)
    if problems:
        raise SpecRefused(problems)
    return project.files, facts


def make(settings: Settings) -> Package:
    """Read the description and render the package.

    Raises:
        SpecRefused: when anything of the description is wrong or would be lost. Nothing is written.
    """
    from ..description.read import read
    from .formatting import format_files

    reading = read(settings.spec)
    rendered, facts = render(settings, reading)
    files = format_files(rendered)
    inputs = inputs_of(settings, [file.path for file in reading.sources.files])
    files[NAME] = write_manifest(inputs, files)
    return Package(files, inputs, facts)


def write(package: Package, output: Path) -> list[str]:
    """Write what differs, remove what is no longer part of the package, the manifest last. The changed names."""
    changed: list[str] = []
    for name in sorted(package.files, key=lambda n: (n == NAME, n)):
        target, data = output / name, package.files[name]
        try:
            if target.read_bytes() == data:
                continue
        except OSError:
            target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data)
        changed.append(name)
    for name, path in files_below(output).items():
        if name not in package.files:
            path.unlink()
            changed.append(name)
    _remove_empty(output)
    return changed


def _replace(target: Path, data: bytes) -> None:
    """All of the file or nothing of it: written beside, then moved into place."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        beside.write_bytes(data)
        beside.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()


def _remove_empty(root: Path) -> None:
    for directory in sorted((p for p in root.rglob("*") if p.is_dir()), reverse=True):
        if directory.name == "__pycache__" and not any(directory.parent.glob("*.py")):
            for compiled in directory.iterdir():
                compiled.unlink()
        with contextlib.suppress(OSError):
            directory.rmdir()


# ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────────

Kind: TypeAlias = Literal["edited", "added", "deleted", "stale", "manifest"]


@dataclass(frozen=True)
class Drift:
    """One difference between the package and what it should be."""

    kind: Kind
    name: str
    explanation: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}: {self.explanation}"


def compare(package: Package, output: Path) -> list[Drift]:
    """Every difference, the causes first."""
    found: list[Drift] = []
    manifest = read_manifest(output)
    if manifest is None:
        found.append(Drift("manifest", NAME, "missing, or not written by this generator"))
    else:
        found.extend(_stale(manifest["inputs"], package.inputs))
    recorded: dict[str, str] = manifest["files"] if manifest is not None else {}
    present = files_below(output)
    for name in sorted(set(present) | (set(package.files) - {NAME})):
        if name not in package.files:
            found.append(Drift("added", name, "is no part of the package"))
        elif name not in present:
            found.append(Drift("deleted", name, "is missing"))
        elif present[name].read_bytes() != package.files[name]:
            by_hand = recorded.get(name) not in (None, digest(present[name].read_bytes()))
            reason = (
                "was changed by hand"
                if by_hand
                else "is not what the description and the templates give today"
            )
            found.append(Drift("edited" if by_hand else "stale", name, reason))
    if manifest is not None and not found and (output / NAME).read_bytes() != package.files[NAME]:
        found.append(Drift("manifest", NAME, "was changed by hand"))
    return found


def _stale(recorded: dict[str, object], now: Inputs) -> list[Drift]:
    words = {
        "spec": "the description",
        "templates": "templates/",
        "generator": "generator/",
        "settings": "the generator's settings in pyproject.toml",
        "tools": "a tool's version",
    }
    current = now.as_json()
    found: list[Drift] = []
    for key, what in words.items():
        if recorded.get(key) != current[key]:
            detail = what
            old = recorded.get(key)
            if is_object(old) and is_object(current[key]):
                names = sorted(n for n in {*old, *current[key]} if old.get(n) != current[key].get(n))
                detail = f"{what} ({', '.join(names)})"
            found.append(Drift("stale", key, f"{detail} changed since the package was generated"))
    return found


__all__ = ["Drift", "Package", "compare", "make", "render", "write"]
