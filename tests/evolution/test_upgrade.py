"""Taking over a new description: in order, with nothing written until it is sound."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from generator.commands.changelog import insert
from generator.source.settings import PROJECT
from tests.evolution.editing import BASE, overlaid

# One worker makes the project that each test copies.
pytestmark = pytest.mark.xdist_group("upgrade")
PYPROJECT = """\
[tool.indoxrouter.generator]
spec = "openapi.yaml"
output = "generated"
package = "shelf"
[tool.indoxrouter.surface]
modules = ["shelf"]
search = ["generated"]
[tool.hatch.version]
path = "_version.py"
"""
CHANGELOG = "# Changelog\n\n## [1.0.0] - unreleased\n\n### Added\n\n- All of it.\n"
BETTER = "components: {schemas: {Book: {properties: {isbn: {type: string}}}}}"
SHOPS = """
paths:
  /shops:
    get: {operationId: listShops, tags: [shops], responses: {'204': {description: none}}}
"""


class Project:
    """A project of its own, with the generator beside its description."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def fill(self) -> None:
        """Write what a project consists of, and generate."""
        root = self.root
        for name in ("generator", "templates", "indoxrouter_ext"):
            shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(BASE, root / "openapi.yaml")
        (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
        (root / "_version.py").write_text('__version__ = "1.0.0"\n', encoding="utf-8")
        (root / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
        (root / "test_shelf.py").write_text(
            "def test_title():\n    from shelf.models import Book\n    assert Book('1', 't').title == 't'\n",
            encoding="utf-8",
        )
        assert self.run("generate").returncode == 0

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": f"{self.root}:{self.root / 'generated'}"}
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = (
            "1"  # its tests need no plugins, which take a second to load
        )
        return subprocess.run(
            [sys.executable, "-m", "generator", *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout

    def new(self, change: str) -> str:
        path = self.root / "new.yaml"
        path.write_text(yaml.safe_dump(overlaid(change), sort_keys=False), encoding="utf-8")
        return str(path)

    def snapshot(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
            and not {"__pycache__", ".pytest_cache", ".git"} & set(path.parts)
            and path.name != "new.yaml"
        }


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = Project(tmp_path_factory.mktemp("original"))
    project.fill()
    return project.root


@pytest.fixture
def project(original: Path, tmp_path: Path) -> Project:
    shutil.copytree(original, tmp_path / "project")
    return Project(tmp_path / "project")


def test_steps_are_taken_in_order_and_a_second_run_writes_nothing_new(project: Project) -> None:
    spec = project.new(BETTER)
    done = project.run("upgrade", spec, "--tests=-p no:cacheprovider test_shelf.py")
    assert done.returncode == 0, done.stdout + done.stderr
    names = [
        "lint", "diff", "generate", "check", "derived files", "changelog", "tests", "version", "left to you",
    ]  # fmt: skip
    places = [done.stdout.index(f"── {number} {name}") for number, name in enumerate(names, 1)]
    assert places == sorted(places)
    assert "isbn" in (project.root / "generated/shelf/models/books.py").read_text(encoding="utf-8")
    assert "isbn" in (project.root / "openapi.yaml").read_text(encoding="utf-8")
    changelog = (project.root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "- All of it." in changelog
    assert "- Field Book.isbn added: str | None (`shelf.models.Book.isbn`)." in changelog
    assert "the next one would be 1.1.0" in done.stdout
    assert project.run("check").returncode == 0
    assert project.run("surface", "--check").returncode == 0
    once = project.snapshot()
    assert project.run("upgrade", spec, "--tests=none").returncode == 0
    assert project.snapshot() == once
    assert once["CHANGELOG.md"].decode().count("Field Book.isbn added") == 1


def test_way_back_restores_what_was_there_committed_or_not(project: Project) -> None:
    project.git("init", "-q")
    (project.root / ".gitignore").write_text("__pycache__/\n.pytest_cache/\n", encoding="utf-8")
    project.git("add", ".")
    project.git("-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "-qm", "start")
    (project.root / "CHANGELOG.md").write_text(CHANGELOG + "\nNot committed yet.\n", encoding="utf-8")
    (project.root / "notes.txt").write_text("untracked", encoding="utf-8")
    spec = project.new(BETTER + SHOPS)
    before, index = project.snapshot(), project.git("diff", "--cached", "--name-only")
    done = project.run("upgrade", spec, "--tests=none")
    assert done.returncode == 0, done.stderr
    assert "python -m generator upgrade --back" in done.stdout
    assert project.snapshot() != before
    assert project.run("upgrade", spec, "--tests=none").returncode == 0  # as after a mended test
    back = project.run("upgrade", "--back")
    assert back.returncode == 0, back.stderr
    assert project.snapshot() == before
    assert project.git("diff", "--cached", "--name-only") == index
    again = project.run("upgrade", "--back")
    assert again.returncode == 2
    assert "no upgrade to go back from" in again.stderr


def test_derived_files_are_written_and_a_failure_is_named(project: Project) -> None:
    table = """
[tool.indoxrouter.generator.derived]
"list of books" = "books"
"list of shops" = "shops"
"""
    (project.root / "pyproject.toml").write_text(PYPROJECT + table, encoding="utf-8")
    (project.root / "books.py").write_text(
        "import pathlib; pathlib.Path('books.txt').write_text('Book')", encoding="utf-8"
    )
    (project.root / "shops.py").write_text("raise SystemExit('no shops')", encoding="utf-8")
    done = project.run("upgrade", project.new(BETTER), "--tests=none")
    assert done.returncode == 1
    assert (project.root / "books.txt").read_text(encoding="utf-8") == "Book"
    assert "error: list of shops: no shops" in done.stderr
    assert "1. correct what kept these from being written: list of shops" in done.stdout


def test_hand_written_code_that_reads_a_former_name_is_named(project: Project) -> None:
    package = project.root / "shelf_tools"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "count.py").write_text(
        "def count(books):\n    books.pages()\n    return sum(book.pages for book in books)\n",
        encoding="utf-8",
    )
    renamed = "components: {schemas: {Book: {properties: {pages: ~, leaves: {type: integer, x-renamed-from: pages}}}}}"
    done = project.run("upgrade", project.new(renamed), "--tests=none")
    assert done.returncode == 0, done.stderr
    assert "by its former name: shelf_tools/count.py:3 (.pages)\n" in done.stdout


def test_explaining_writes_nothing(project: Project) -> None:
    before = project.snapshot()
    done = project.run("upgrade", project.new(BETTER), "--explain")
    assert done.returncode == 0, done.stderr
    assert project.snapshot() == before
    assert "rewrite models/books.py" in done.stdout
    assert "1.0.0 → 1.1.0 (minor)" in done.stdout
    assert "nothing was written" in done.stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("components: {schemas: {Book: {x-nobody: 1}}}", "unknown extension `x-nobody`"),
        (
            "components: {schemas: {Book: {properties: {pages: {default: many}}}}}",
            "the default of pages does not fit",
        ),
        ("paths: {/wrong: {get: {operationId: x, responses: {ok: {}}}}}", "'ok' is not a status"),
        ("components: {schemas: {Book: {$ref: '#/components/schemas/Gone'}}}", "has no target"),
    ],
)
def test_unsound_description_is_refused_and_nothing_written(project: Project, change: str, said: str) -> None:
    before = project.snapshot()
    done = project.run("upgrade", project.new(change))
    assert done.returncode == 1
    assert said in done.stderr
    assert project.snapshot() == before


def test_failing_tests_are_reported_with_the_way_back(project: Project) -> None:
    gone = "components: {schemas: {Book: {properties: {title: ~, name: {type: string}}, required: [id]}}}"
    done = project.run("upgrade", project.new(gone), "--tests=-p no:cacheprovider test_shelf.py")
    assert done.returncode == 1
    assert "1. read the failed tests" in done.stdout
    assert "no git work tree: there is no way back" in done.stdout
    assert "### Breaking" in (project.root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_draft_of_a_released_version_goes_under_the_next_one(project: Project) -> None:
    released = CHANGELOG.replace("unreleased", "2026-01-02")
    (project.root / "CHANGELOG.md").write_text(released, encoding="utf-8")
    done = project.run("upgrade", project.new(BETTER), "--tests=none")
    assert done.returncode == 0, done.stderr
    changelog = (project.root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert (
        changelog.index("## [1.1.0] - unreleased") < changelog.index("isbn") < changelog.index("## [1.0.0]")
    )


def test_draft_keeps_what_stands_around_it() -> None:
    text = (
        "# Changelog\n\nWords.\n\n## [1.1.0] - unreleased\n\n- One.\n\n## [1.0.0] - 2026-01-02\n\n- Zero.\n"
    )
    found = insert(text, "1.1.0", "### Added\n\n- Two.\n")
    assert (
        found.index("Words.")
        < found.index("- One.")
        < found.index("- Two.")
        < found.index("## [1.0.0]")
        < found.index("- Zero.")
    )
