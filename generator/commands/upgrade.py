"""Adopts a new description in steps; nothing is written until it is sound and the package can be rendered."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from ..compatibility.diff import NoSuchDescription, at, compare
from ..compatibility.report import Comparison, as_table
from ..compatibility.surface_record import load_config
from ..compatibility.versions import current_version
from ..package.files import Package, make, write
from ..package.files import compare as drift
from ..source.problems import SpecRefused, plural, shown_path
from ..source.settings import PROJECT, GeneratorSettings, load
from .changelog import draft, write_draft
from .lint import lint


def upgrade(spec: Path, *, explain: bool, since: str, tests: str, project: Path = PROJECT) -> int:
    """Run the steps and report each; the exit code is 0 when all of them succeed."""
    settings = load(project=project)
    new = spec.resolve()
    if not new.is_file():
        print(f"error: {spec}: no such file", file=sys.stderr)
        return 2
    candidate = replace(settings, spec=new)
    # 1: the description
    _step(1, "lint", shown_path(new))
    problems, checks = lint(candidate)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        print(f"{plural(len(problems), 'problem')}: nothing was written", file=sys.stderr)
        return 1
    print(f"sound: {', '.join(checks)}")
    # 2: the comparison
    _step(2, "diff", "what users will notice")
    try:
        comparison = _compare(candidate, settings, since, project)
    except NoSuchDescription as error:
        print(f"error: {error}; nothing was written", file=sys.stderr)
        return 2
    print(as_table(comparison))
    package = make(candidate)
    if explain:
        return _explain(package, candidate, settings, comparison)
    # 3 and 4: the package
    before = settings.spec.read_bytes() if settings.spec.exists() else None
    _step(3, "generate", shown_path(settings.output))
    _take(new, settings)
    try:
        package = make(settings)
    except SpecRefused:
        _restore(before, settings)
        raise
    print(f"{len(write(package, settings.output))} of {plural(len(package.files), 'file')} changed")
    _step(4, "check", "the package against the description and the templates")
    found = drift(make(settings), settings.output)
    for difference in found:
        print(f"error: {difference}", file=sys.stderr)
    if found:
        _restore(before, settings)
        print(
            f"{plural(len(found), 'difference')}; description and package are as they were", file=sys.stderr
        )
        return 1
    print("no difference")
    # 5: the tests
    _step(5, "tests", tests)
    passed = _tests(tests, project)
    # 6 and 7: changelog and version
    _finish(comparison, project)
    if not passed:
        print("the tests failed: description and package are the new ones, other code does not fit them yet")
        print(f"to go back: git checkout -- {shown_path(settings.spec)} && make generate")
    return 0 if passed else 1


def _step(number: int, name: str, what: str) -> None:
    print(f"\n── {number} {name}: {what} ".ljust(110, "─"), flush=True)


def _compare(
    candidate: GeneratorSettings, settings: GeneratorSettings, since: str, project: Path
) -> Comparison:
    same = candidate.spec == settings.spec
    version = current_version(project)
    with at(since if same else str(settings.spec), settings) as old:
        names = (since if same else settings.spec.name, candidate.spec.name)
        return compare(old, candidate, shown=names, version=version)


def _explain(
    package: Package, candidate: GeneratorSettings, settings: GeneratorSettings, comparison: Comparison
) -> int:
    _step(3, "generate", "would change")
    differences = [d for d in drift(package, settings.output) if d.name in package.files or d.kind == "added"]
    words = {
        "stale": "rewrite",
        "edited": "rewrite",
        "deleted": "write",
        "added": "remove",
        "manifest": "rewrite",
    }
    for difference in differences:
        print(f"{words[difference.kind]} {difference.name}")
    print(f"{len(differences)} of {plural(len(package.files), 'file')}, and {shown_path(settings.spec)}")
    _step(6, "changelog", "the draft")
    print(draft(comparison).rstrip())
    _step(7, "version", "the proposal")
    print(f"{comparison.version} → {comparison.proposal} ({comparison.bump})")
    print(f"\nnothing was written; to go on: make upgrade SPEC={shown_path(candidate.spec)}")
    return 0


def _take(new: Path, settings: GeneratorSettings) -> None:
    """Put the new description in the place of the old one, with the files that it refers to."""
    if new == settings.spec:
        return
    from ..description.read import read

    for file in read(new).sources.files:
        if file.path == new:
            settings.spec.write_bytes(new.read_bytes())
        elif file.path.is_relative_to(new.parent):
            target = settings.spec.parent / file.path.relative_to(new.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.path.read_bytes())


def _restore(before: bytes | None, settings: GeneratorSettings) -> None:
    if before is not None:
        settings.spec.write_bytes(before)
        write(make(settings), settings.output)


def _tests(options: str, project: Path) -> bool:
    if options.strip() == "none":
        print("not run")
        return True
    command = [sys.executable, "-m", "pytest", "-q", *shlex.split(options)]
    return subprocess.run(command, cwd=project, check=False).returncode == 0


def _finish(comparison: Comparison, project: Path) -> None:
    _step(6, "changelog", "a draft, to be edited")
    entries = draft(comparison)
    # An unreleased version receives the entries; after its release the next one does.
    where = load_config(project)
    version = comparison.proposal if where.released(comparison.version) else comparison.version
    if comparison.changes:
        write_draft(project / "CHANGELOG.md", version, entries)
    print(entries.rstrip())
    _step(7, "version", "the proposal")
    if version == comparison.proposal:
        print(f"{comparison.version} → {comparison.proposal} ({comparison.bump})")
    else:
        print(
            f"{version}, which is not released yet, includes this; the next one would be {comparison.proposal}"
        )


__all__ = ["upgrade"]
