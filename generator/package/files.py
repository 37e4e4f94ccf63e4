"""Renders the files of the package, writes them, and compares them with the existing ones."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ..source.json_types import is_object
from ..source.settings import GeneratorSettings
from .manifest import NAME, digest, files_below, inputs_of, read_manifest, write_manifest
from .writing import write_files

if TYPE_CHECKING:
    from ..description.read import Reading
    from ..source.problems import Problem


_REMEDY = "correct them, or generate the rest with `--lenient`"


@dataclass(frozen=True)
class Package:
    """A package in memory: its files, formatted, the manifest among them, and what it was made from.

    `left_out` has the problems of what a lenient run left out.
    """

    files: dict[str, bytes]
    inputs: dict[str, Any]
    facts: dict[str, int]
    left_out: tuple[Problem, ...] = ()


def render(
    settings: GeneratorSettings, reading: Reading
) -> tuple[dict[str, str], dict[str, int], list[Problem]]:
    """The package's files as the templates give them, what was counted, and what `lenient` left out.

    Raises:
        SpecRefused: for everything that is wrong with the description or would be lost.
    """
    from ..rules.rules import check_rules, check_streams
    from ..source.problems import SpecRefused
    from ..upstream.parse import parse
    from .completeness import check_completeness
    from .project import PackageProject

    left_out = [*reading.problems, *check_rules(reading)]
    if settings.front_door:
        left_out.extend(check_streams(reading))
    if left_out and not settings.lenient:
        raise SpecRefused(left_out, _REMEDY)
    openapi, config = parse(reading, settings.package, settings.output)
    project = PackageProject(reading, openapi, config, settings)
    project.build()
    facts, problems = check_completeness(reading, openapi, project, lenient=settings.lenient)
    if problems and not settings.lenient:
        raise SpecRefused(problems, _REMEDY)
    return project.files, facts, SpecRefused([*left_out, *problems]).problems


@contextmanager
def _without_collection() -> Generator[None]:
    """Hold the garbage collector: nothing becomes free while a description is read and rendered, and it would look for
    that again and again. GitHub's description takes 9.0 s so and 11.9 s with collection; the memory is the same."""
    held = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if held:
            gc.enable()


def make(settings: GeneratorSettings) -> Package:
    """Read the description and render the package.

    Raises:
        SpecRefused: for everything that is wrong with the description or would be lost. Nothing is written.
    """
    from ..description.read import read_leniently
    from .formatting import format_files

    with _without_collection():
        reading = read_leniently(settings.spec, strict=settings.strict, package=settings.package)
        rendered, facts, left_out = render(settings, reading)
    files = format_files(rendered)
    if settings.distribution:
        from .distribution import project_files

        files = project_files(files, reading.description, settings.package)
    inputs = inputs_of(settings, [file.path for file in reading.sources.files])
    files[NAME] = write_manifest(inputs, files)
    return Package(files, inputs, facts, tuple(left_out))


def write(package: Package, output: Path) -> list[str]:
    """Write the package; the names of the files that changed.

    Raises:
        BadSettings: when the directory has files of somebody else in the way.
    """
    return write_files(package.files, output)


# ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────────

Kind: TypeAlias = Literal["edited", "added", "deleted", "stale", "manifest"]


@dataclass(frozen=True)
class Drift:
    """One difference between the package on disk and the rendered one."""

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
        found.append(Drift("manifest", NAME, "missing or unreadable: restore it, or remove the directory"))
    else:
        found.extend(_stale(manifest["inputs"], package.inputs))
    recorded: dict[str, str] = manifest["files"] if manifest is not None else {}
    present = files_below(output)
    for name in sorted(set(present) | (set(package.files) - {NAME})):
        if name not in package.files:
            found.append(Drift("added", name, "is not part of the package: move it elsewhere"))
        elif name not in present:
            found.append(Drift("deleted", name, "is missing"))
        elif present[name].read_bytes() != package.files[name]:
            by_hand = recorded.get(name) not in (None, digest(present[name].read_bytes()))
            if by_hand:
                found.append(Drift("edited", name, "was changed by hand"))
            else:
                reason = "differs from what the description and the templates give now"
                found.append(Drift("stale", name, reason))
    if manifest is not None and not found and (output / NAME).read_bytes() != package.files[NAME]:
        found.append(Drift("manifest", NAME, "was changed by hand"))
    return found


def _stale(recorded: dict[str, Any], now: dict[str, Any]) -> list[Drift]:
    words = {
        "spec": "the description",
        "templates": "templates/",
        "generator": "generator/",
        "settings": "the generator's settings in pyproject.toml",
        "tools": "a tool's version",
    }
    found: list[Drift] = []
    for key, what in words.items():
        old, new = recorded.get(key), now[key]
        if old == new:
            continue
        if is_object(old) and is_object(new):
            names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
            what = f"{what} ({', '.join(names)})"
        found.append(Drift("stale", key, f"{what} changed since the package was generated"))
    return found
