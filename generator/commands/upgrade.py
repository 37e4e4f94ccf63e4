"""Adopts a new description in steps; nothing is written until it is sound and the package can be rendered."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
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
from .undo import UNDO, save_state


def upgrade(spec: Path, *, explain: bool, since: str, tests: str, project: Path = PROJECT) -> int:
    """Run the steps and report each; the exit code is 0 when all of them succeed.

    Args:
        spec: the new description, or a patch of the present one, as `observe --propose` writes it.
        explain: write nothing.
        since: what to compare with when `spec` is the present description.
        tests: options for pytest; `none` runs no tests.
        project: the directory of `pyproject.toml`.
    """
    settings = load(project=project)
    if not spec.is_file():
        print(f"error: {spec}: no such file", file=sys.stderr)
        return 2
    try:
        with _as_description(spec, settings.spec) as new:
            return _upgrade(new, spec, settings, explain=explain, since=since, tests=tests, project=project)
    except (_PatchRefused, NoSuchDescription) as error:
        print(f"error: {error}; nothing was written", file=sys.stderr)
        return 2


def _upgrade(
    new: Path,
    given: Path,
    settings: GeneratorSettings,
    *,
    explain: bool,
    since: str,
    tests: str,
    project: Path,
) -> int:
    candidate = replace(settings, spec=new)
    # 1: the description
    _step(1, "lint", shown_path(given))
    problems, checks = lint(candidate)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        print(f"{plural(len(problems), 'problem')}: nothing was written", file=sys.stderr)
        return 1
    print(f"valid: {', '.join(checks)}")
    # 2: the comparison
    _step(2, "diff", "what users will notice")
    earlier = since if new == settings.spec else str(settings.spec)
    with at(earlier, settings) as old:
        names = (since if new == settings.spec else settings.spec.name, given.name)
        comparison = compare(old, candidate, shown=names, version=current_version(project))
    print(as_table(comparison))
    package = make(candidate)
    if explain:
        return _explain(package, given, settings, comparison)
    # 3 and 4: the package
    before = settings.spec.read_bytes() if settings.spec.exists() else None
    undo = save_state(project, again=before == new.read_bytes())
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
        print(f"{plural(len(found), 'difference')}; description and package are unchanged", file=sys.stderr)
        return 1
    print("no difference")
    # 5: what follows from the package
    _step(5, "derived files", ", ".join(["surface record", *settings.derived]))
    failed = _derive(settings, project)
    # 6: changelog and version, before the tests, which read them
    _changelog(comparison, project)
    # 7: the tests
    _step(7, "tests", tests)
    passed = _tests(tests, project)
    _step(8, "version", "the proposal")
    print(_version(comparison, project))
    _step(9, "left to you", "in this order")
    for index, task in enumerate(_left(comparison, failed, passed, project), 1):
        print(f"{index}. {task}")
    print(f"to go back to the state before: {UNDO}" if undo else "no git work tree: there is no way back")
    return 0 if passed and not failed else 1


def _step(number: int, name: str, what: str) -> None:
    print(f"\n── {number} {name}: {what} ".ljust(110, "─"), flush=True)


def _explain(package: Package, given: Path, settings: GeneratorSettings, comparison: Comparison) -> int:
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
    _step(8, "version", "the proposal")
    print(f"{comparison.version} → {comparison.proposal} ({comparison.bump})")
    print(f"\nnothing was written; to go on: make upgrade SPEC={shown_path(given)}")
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


def _derive(settings: GeneratorSettings, project: Path) -> list[str]:
    """Rewrite the surface record and the derived files; the names of those that failed."""
    failed: list[str] = []
    commands = {
        "surface record": ["generator", "surface"],
        **{name: [module] for name, module in settings.derived.items()},
    }
    for name, arguments in commands.items():
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=project, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            print(f"{name}: written")
        else:
            failed.append(name)
            reason = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
            print(f"error: {name}: {reason}", file=sys.stderr)
    return failed


def _target(comparison: Comparison, project: Path) -> str:
    """The version that receives the changes: an unreleased one takes more entries, after its release the next does."""
    released = load_config(project).released(comparison.version)
    return comparison.proposal if released else comparison.version


def _changelog(comparison: Comparison, project: Path) -> None:
    _step(6, "changelog", "a draft, to be edited")
    entries = draft(comparison)
    print(entries.rstrip())
    if comparison.changes and not write_draft(
        project / "CHANGELOG.md", _target(comparison, project), entries
    ):
        print("CHANGELOG.md has these entries already")


def _version(comparison: Comparison, project: Path) -> str:
    version = _target(comparison, project)
    if version == comparison.proposal:
        return f"{comparison.version} → {comparison.proposal} ({comparison.bump})"
    return f"{version}, which is not released yet, includes this; the next one would be {comparison.proposal}"


def _left(comparison: Comparison, failed: list[str], passed: bool, project: Path) -> list[str]:
    """What a person has to do after the run."""
    tasks: list[str] = []
    if failed:
        tasks.append(f"correct what kept these from being written: {', '.join(failed)}")
    if not passed:
        tasks.append("read the failed tests: each of them holds a behaviour that this description changes")
    breaking = [change for change in comparison.changes if change.breaking]
    if breaking:
        tasks.append(
            f"decide on {plural(len(breaking), 'breaking change')}: a rename may keep its old name by "
            "`x-renamed-from`"
        )
    uses = _uses_of_former_names(comparison, project)
    if uses:
        shown = ", ".join(uses[:5]) + (f" and {len(uses) - 5} more" if len(uses) > 5 else "")
        tasks.append(f"look whether hand-written code reads a field by its former name: {shown}")
    if comparison.changes:
        tasks.append("edit the draft in CHANGELOG.md")
    version = _target(comparison, project)
    if version != comparison.version:
        tasks.append(f"release it: make release VERSION={version}")
    return tasks or ["nothing"]


def _uses_of_former_names(comparison: Comparison, project: Path) -> list[str]:
    """Places in the packages beside the generated one that read an attribute of the name that a field had.

    Such code works, and warns users about something that they cannot change.
    """
    former = {
        change.detail.partition(" → ")[0].rpartition(".")[2]
        for change in comparison.changes
        if change.kind == "field" and change.action == "renamed"
    }
    if not former:
        return []
    pattern = re.compile(rf"\.({'|'.join(map(re.escape, sorted(former)))})\b(?! ?\()")
    found: list[str] = []
    for package in sorted(each.parent for each in project.glob("*/__init__.py")):
        for path in sorted(package.rglob("*.py")) if package.name not in ("tests", "bench") else ():
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                found.extend(
                    f"{path.relative_to(project)}:{number} ({use[0]})" for use in pattern.finditer(line)
                )
    return found


class _PatchRefused(Exception):
    """A patch does not apply to the present description."""


@contextmanager
def _as_description(given: Path, present: Path) -> Generator[Path]:
    """The new description. One from a patch stands beside the present one, so that what it refers to is found."""
    if given.suffix not in (".patch", ".diff"):
        yield given.resolve()
        return
    patched = present.with_name(f".{present.stem}.patched{present.suffix}")
    try:
        patched.write_bytes(_patched(given, present))
        yield patched
    finally:
        patched.unlink(missing_ok=True)


def _patched(patch: Path, description: Path) -> bytes:
    """The description with a patch; one that was applied before changes nothing."""
    with tempfile.TemporaryDirectory(prefix="indoxrouter-patch-") as directory:
        copy = Path(directory) / description.name
        shutil.copyfile(description, copy)
        # The names in the patch may have a path: only the last part counts here.
        text = patch.read_text(encoding="utf-8")
        lines = [
            f"{line[:4]}{line[4]}/{description.name}" if line.startswith(("--- a/", "+++ b/")) else line
            for line in text.splitlines()
        ]
        plain = "\n".join(lines) + "\n"
        if _git(directory, plain, "--reverse", "--check"):
            refused = _git(directory, plain)
            if refused:
                raise _PatchRefused(f"{patch}: {refused}")
        return copy.read_bytes()


def _git(directory: str, text: str, *options: str) -> str:
    """What `git apply` complains about; empty if it does not."""
    command = ["git", "apply", *options, "-"]
    try:
        done = subprocess.run(command, cwd=directory, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "git is not installed, which applies patches"
    return "" if done.returncode == 0 else done.stderr.strip().removeprefix("error: ") or "it does not apply"
