"""The gate: the public surface is on record, and what was released is broken only by a version that may."""
# ruff: noqa: E501  a row of the table is a line

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from generator.compatibility import surface_record
from generator.compatibility.surface import Surface, surface_of
from generator.compatibility.surface_compare import compare_surfaces
from generator.compatibility.versions import may_break
from generator.source.settings import PROJECT

BEFORE = '''
"""A package."""
from collections.abc import Sequence
from typing import overload, Literal

__all__ = ["Shelf", "Full", "open_shelf", "SIZE"]

SIZE: int = 3


class Full(ValueError):
    """No room."""


class Book:
    """Not exported, but part of a public type."""

    title: str


class Shelf:
    """Holds books."""

    name: str
    _private: int

    def __init__(self, name: str, *, size: int = 3) -> None: ...

    def add(self, title: str, pages: int | None = None) -> Book: ...

    def find(self, words: Sequence[str], /) -> Book | None: ...

    def _hidden(self) -> None: ...


@overload
def open_shelf(name: Literal["a"]) -> Shelf: ...
@overload
def open_shelf(name: str) -> Shelf | None: ...
def open_shelf(name: str) -> Shelf | None: ...
'''
PYPROJECT = """
[tool.hatch.version]
path = "_version.py"
[tool.indoxrouter.surface]
modules = ["shelf"]
search = ["."]
records = "releases"
"""


def surface(text: str, directory: Path) -> Surface:
    directory.mkdir(exist_ok=True)
    (directory / "shelf.py").write_text(text, encoding="utf-8")
    return surface_of(["shelf"], [directory])


def test_surface_holds_what_is_public_and_what_its_types_lead_to(tmp_path: Path) -> None:
    found = surface(BEFORE, tmp_path)
    assert {
        "shelf.Shelf",
        "shelf.Shelf.add",
        "shelf.Shelf.name",
        "shelf.Full",
        "shelf.SIZE",
        "shelf.Book.title",
    } <= set(found)
    assert not {name for name in found if "_private" in name or "_hidden" in name}
    assert len(found["shelf.open_shelf"]["overloads"]) == 2
    assert found["shelf.Full"]["bases"] == ["ValueError"]


@pytest.mark.parametrize(
    ("before", "after", "name", "reason"),
    [
        ('"Full", ', "", "shelf.Full: removed", "what uses it fails"),
        ("def add(", "def put(", "shelf.Shelf.add: removed", "what uses it fails"),
        ("pages: int | None = None", "pages: int | None", "pages is required now", "calls without it fail"),
        ("pages: int | None = None", "pages: int = 0", "pages: int | None → int", "values that were accepted are wrong now"),
        ("pages: int | None = None", "*, pages: int | None = None", "keyword-only", "the other way fail"),
        ("pages: int | None = None", "", "parameter pages removed", "calls that pass it fail"),
        ("title: str, pages: int | None = None", "title: str, isbn: str, pages: int | None = None", "isbn added", "without it fail"),
        ("-> Book: ...", "-> Book | None: ...", "returns: Book → Book | None", "callers do not expect"),
        ("    name: str\n", "    name: str | None\n", "type: str → str | None", "callers do not expect"),
        ("size: int = 3", "size: int = 4", "default 3 → 4", "the same call does something else"),
        ("class Full(ValueError)", "class Full(Exception)", "bases: ValueError → Exception", "no longer a ValueError"),
        ("    def add", "    async def add", "async", "`await` fails"),
        ('name: Literal["a"]) -> Shelf', 'name: Literal["a"]) -> None', "overload 1", "callers do not expect"),
    ],
)  # fmt: skip
def test_what_breaks_code_is_found_with_its_reason(
    before: str, after: str, name: str, reason: str, tmp_path: Path
) -> None:
    assert before in BEFORE
    found = compare_surfaces(
        surface(BEFORE, tmp_path / "a"), surface(BEFORE.replace(before, after), tmp_path / "b")
    )
    broken = [str(difference) for difference in found if difference.breaks]
    assert any(name in text and reason in text for text in broken), broken


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pages: int | None = None", "pages: int | float | None = None"),
        ("pages: int | None = None", "pages: int | None = None, *, isbn: str | None = None"),
        ("-> Book | None: ...", "-> Book: ..."),
        ("    title: str\n", "    title: str\n    pages: int\n"),
        ("class Full(ValueError)", "class Full(ValueError, RuntimeError)"),
        ("def _hidden", "def _other"),
    ],
)
def test_what_breaks_nothing_is_not_objected_to(before: str, after: str, tmp_path: Path) -> None:
    assert before in BEFORE
    found = compare_surfaces(
        surface(BEFORE, tmp_path / "a"), surface(BEFORE.replace(before, after), tmp_path / "b")
    )
    assert [str(difference) for difference in found if difference.breaks] == []


HOME = "class Book:\n    title: str\n    def pages(self) -> int: ...\n"


@pytest.mark.parametrize(
    ("after", "broken"),
    [
        (HOME, []),
        (HOME.replace("-> int", "-> str"), ["shelves.new.Book.pages: returns: int → str"]),
        (HOME.replace("    title: str\n", ""), ["shelves.new.Book.title: removed"]),
    ],
)
def test_a_class_may_move_behind_its_public_name_and_is_compared_where_it_is_now(
    after: str, broken: list[str], tmp_path: Path
) -> None:
    surfaces: list[Surface] = []
    for module, text in (("old", HOME), ("new", after)):
        package = tmp_path / module / "shelves"
        package.mkdir(parents=True)
        front = f'from .{module} import Book as Book\n__all__ = ["Book"]\n'
        (package / "__init__.py").write_text(front, encoding="utf-8")
        (package / f"{module}.py").write_text(text, encoding="utf-8")
        surfaces.append(surface_of(["shelves"], [tmp_path / module]))
    found = compare_surfaces(*surfaces)
    assert "shelves.Book: shelves.old.Book → shelves.new.Book" in map(str, found)
    assert [f"{difference.path}: {difference.what}" for difference in found if difference.breaks] == broken


class Project:
    """A project with a package, a version and a changelog."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
        self.package(BEFORE)

    def package(self, text: str) -> None:
        (self.root / "shelf.py").write_text(text, encoding="utf-8")

    def version(self, version: str, heading: str) -> None:
        (self.root / "_version.py").write_text(f'__version__ = "{version}"\n', encoding="utf-8")
        (self.root / "CHANGELOG.md").write_text(heading, encoding="utf-8")

    def check(self) -> int:
        return surface_record.check(self.root)

    def record(self) -> int:
        return surface_record.record(self.root)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.version("1.0.0", "## [1.0.0] - unreleased\n")
    return project


def test_unrecorded_surface_is_objected_to(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert project.check() == 1
    assert "remedy: make surface" in capsys.readouterr().err
    assert project.record() == 0
    assert project.check() == 0


def test_unreleased_version_may_still_move(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.record()
    project.package(BEFORE.replace("def add(", "def put("))
    assert project.check() == 1
    said = capsys.readouterr().err
    assert "shelf.Shelf.add: removed" in said
    assert "not released; if they are meant: make surface" in said
    assert project.record() == 0
    assert project.check() == 0


def test_breaking_a_release_takes_a_major_version(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.record()
    dated = "## [1.0.0] - 2026-01-02\n"
    project.version("1.0.0", dated)
    assert project.check() == 0
    project.package(BEFORE.replace("def add(", "def put("))
    assert project.record() == 1
    assert "the version has to be 2.0.0 or later" in capsys.readouterr().err
    project.version("1.1.0", f"## [1.1.0] - unreleased\n\n{dated}")
    project.record()
    assert project.check() == 1
    said = capsys.readouterr().err
    assert "breaks 1.0.0: shelf.Shelf.add: removed (what uses it fails)" in said
    assert "1.1.0 may not break 1.0.0; the version has to be 2.0.0 or later" in said
    project.version("2.0.0", f"## [2.0.0] - unreleased\n\n{dated}")
    project.record()
    assert project.check() == 0


def test_addition_after_a_release_takes_a_minor_version(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.record()
    dated = "## [1.0.0] - 2026-01-02\n"
    project.version("1.0.0", dated)
    project.package(BEFORE.replace("    title: str\n", "    title: str\n    pages: int\n"))
    assert project.check() == 1
    assert "the version has to be 1.1.0 or later" in capsys.readouterr().err
    project.version("1.1.0", f"## [1.1.0] - unreleased\n\n{dated}")
    assert project.record() == 0
    assert project.check() == 0


def test_programs_are_kept_without_what_is_refused_today(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    table = (project.root / "pyproject.toml").read_text(encoding="utf-8") + 'usage = ["use.py"]\n'
    (project.root / "pyproject.toml").write_text(table, encoding="utf-8")
    use = project.root / "use.py"
    use.write_text("import shelf\nshelf.nothing  # refused\n", encoding="utf-8")
    project.record()
    assert (project.root / "releases/1.0.0/use.py").read_text(encoding="utf-8") == "import shelf\npass\n"
    assert project.check() == 0
    use.write_text("import shelf\nshelf.SIZE\n", encoding="utf-8")
    assert project.check() == 1
    assert "remedy: make surface" in capsys.readouterr().err


def test_surface_of_this_project_is_on_record() -> None:
    found = surface_record.problems(surface_record.load_config())
    assert not found, "\n".join(found)


def test_programs_of_releases_are_accepted_today() -> None:
    where = surface_record.load_config()
    versions = [*where.before(), where.version]
    kept = [where.record(version).parent for version in versions if not may_break(version, where.version)]
    programs = [path for directory in kept for path in sorted(directory.glob("*.py"))]
    assert len(programs) >= len(where.usage) > 0
    for directory in kept:  # one run for each version: the programs of all have the same names
        command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(directory)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.stdout + done.stderr == "", f"what {directory.name} accepted is refused today"
