"""No file of the user's is ever changed or removed, and a run that fails leaves the old package."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from generator.cli import main
from tests.generator.support import answers, document

ONE = document("/a: {get: {operationId: readA, tags: [things], " + answers("{type: object}") + "}}")
TWO = document("/b: {get: {operationId: readB, tags: [others], " + answers("{type: object}") + "}}")


class Place:
    """A directory with a description, in which packages are generated through the command line."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.output = directory / "sample"

    def generate(self, text: str = ONE, output: Path | None = None, *more: str) -> int:
        spec = self.directory / "spec.yaml"
        spec.write_text(text, encoding="utf-8")
        target = output or self.output
        return main(["generate", "--spec", str(spec), "--output", str(target), "--package", "sample", *more])


def contents(directory: Path) -> dict[str, bytes | str]:
    """Every file below a directory, and the target of every link."""
    found: dict[str, bytes | str] = {}
    for path in sorted(directory.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(directory))] = os.readlink(path)
        elif path.is_file() and "__pycache__" not in path.parts:
            found[str(path.relative_to(directory))] = path.read_bytes()
    return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_directory_with_files_of_somebody_else_is_refused(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = place.directory / "repository"
    for name, text in (
        (".git/HEAD", "ref"),
        (".env", "KEY=1"),
        ("docs/index.md", "# Docs"),
        ("empty/x/.keep", ""),
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    before = contents(home)
    monkeypatch.chdir(home)
    for target in (Path(), home):
        for more in ((), ("--force",)):
            assert place.generate(ONE, target, *more) == 2
            assert "is not empty and has no MANIFEST.json of the generator" in capsys.readouterr().err
    assert contents(home) == before


@pytest.mark.parametrize(
    "manifest", ["", "{}", '{"format": 1}', "[]", '{"format": 99, "inputs": {}, "files": {}}'], ids=repr
)
def test_a_manifest_of_something_else_is_no_permission(place: Place, manifest: str) -> None:
    place.output.mkdir()
    (place.output / "MANIFEST.json").write_text(manifest, encoding="utf-8")
    (place.output / "notes.txt").write_text("mine", encoding="utf-8")
    before = contents(place.output)
    assert place.generate() == 2
    assert contents(place.output) == before


def test_a_file_is_no_directory_for_a_package(place: Place) -> None:
    place.output.write_text("mine", encoding="utf-8")
    assert place.generate() == 2
    assert place.output.read_text(encoding="utf-8") == "mine"


def test_an_empty_directory_is_used(place: Place) -> None:
    place.output.mkdir()
    assert place.generate() == 0
    assert (place.output / "api" / "things" / "read_a.py").is_file()


def test_files_of_the_user_inside_a_package_stay_and_stale_ones_go(place: Place) -> None:
    assert place.generate(ONE) == 0
    mine = {"notes.txt": b"mine", "api/things/helper.py": b"MINE = 1", "empty/nested/.keep": b""}
    for name, data in mine.items():
        (place.output / name).parent.mkdir(parents=True, exist_ok=True)
        (place.output / name).write_bytes(data)
    (place.output / "hollow").mkdir()
    assert place.generate(TWO) == 0
    found = contents(place.output)
    assert "api/things/read_a.py" not in found
    assert "api/others/read_b.py" in found
    assert {name: found[name] for name in mine} == mine
    assert (place.output / "hollow").is_dir()


def test_a_file_of_the_user_in_the_way_is_not_overwritten(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.generate(ONE) == 0
    (place.output / "api" / "others").mkdir()
    (place.output / "api" / "others" / "read_b.py").write_text("MINE = 1", encoding="utf-8")
    before = contents(place.output)
    assert place.generate(TWO) == 2
    assert "read_b.py; move the files" in capsys.readouterr().err
    assert contents(place.output) == before


def test_directories_that_become_empty_are_removed_with_their_caches(place: Place) -> None:
    assert place.generate(ONE) == 0
    cache = place.output / "api" / "things" / "__pycache__"
    cache.mkdir()
    (cache / "read_a.cpython-311.pyc").write_bytes(b"")
    (cache / "__init__.cpython-311.pyc").write_bytes(b"")
    assert place.generate(TWO) == 0
    assert not (place.output / "api" / "things").exists()


@pytest.mark.parametrize("name", ["../outside.txt", "/{root}/outside.txt", "api/../../outside.txt"])
def test_a_manifest_that_names_files_outside_of_the_package_is_refused(place: Place, name: str) -> None:
    assert place.generate(ONE) == 0
    outside = place.directory / "outside.txt"
    outside.write_text("mine", encoding="utf-8")
    path = place.output / "MANIFEST.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["files"][name.format(root=str(place.directory).lstrip("/"))] = "0" * 64
    path.write_text(json.dumps(document), encoding="utf-8")
    assert place.generate(TWO) == 2
    assert outside.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "linked", ["api/things", "api", "api/things/read_a.py", "MANIFEST.json", "errors.py"]
)
def test_nothing_is_written_or_removed_through_a_link(
    place: Place, capsys: pytest.CaptureFixture[str], linked: str
) -> None:
    assert place.generate(ONE) == 0
    elsewhere = place.directory / "elsewhere"
    (place.output / linked).rename(elsewhere)
    (place.output / linked).symlink_to(elsewhere)
    before = contents(place.directory)
    before.pop("spec.yaml")
    assert place.generate(TWO) == 2
    assert "is a symbolic link" in capsys.readouterr().err
    after = contents(place.directory)
    after.pop("spec.yaml")
    assert after == before


@pytest.mark.parametrize("moves", [0, 1, 5, 12])
def test_a_run_that_fails_while_it_moves_files_leaves_the_old_package(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], moves: int
) -> None:
    assert place.generate(ONE) == 0
    before = contents(place.output)
    original = Path.replace
    done: list[object] = []

    def failing(self: Path, target: Path) -> Path:
        if len(done) == moves:
            done.append(target)
            raise OSError(28, "No space left on device")
        done.append(target)
        return original(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    assert place.generate(TWO.replace("Sample", "Renamed")) == 1
    assert "No space left on device; nothing was written" in capsys.readouterr().err
    assert len(done) > moves
    assert contents(place.output) == before
    assert sorted(path.name for path in place.directory.iterdir()) == ["sample", "spec.yaml"]


def test_a_run_that_fails_while_it_stages_files_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert place.generate(ONE, place.directory / "new" / "sample") == 1
    assert [path.name for path in place.directory.iterdir()] == ["spec.yaml"]


def test_a_refused_description_leaves_the_old_package(place: Place) -> None:
    assert place.generate(ONE) == 0
    before = contents(place.output)
    assert place.generate(ONE.replace("object", "objekt")) == 1
    assert contents(place.output) == before


def test_a_package_is_generated_over_the_result_of_a_merge(place: Place) -> None:
    assert place.generate(ONE) == 0
    fresh: dict[str, Any] = dict(contents(place.output))
    assert place.generate(TWO) == 0
    for name in ("api/things/read_a.py", "resources/things.py"):  # both sides are there
        (place.output / name).parent.mkdir(parents=True, exist_ok=True)
        (place.output / name).write_bytes(bytes(fresh[name]))
    (place.output / "notes.txt").write_text("mine", encoding="utf-8")
    manifest = (place.output / "MANIFEST.json").read_text(encoding="utf-8")
    (place.output / "MANIFEST.json").write_text(
        f"<<<<<<< HEAD\n{manifest}=======\n{manifest}>>>>>>> other\n", encoding="utf-8"
    )
    assert place.generate(ONE) == 0
    assert contents(place.output) == {**fresh, "notes.txt": b"mine"}
