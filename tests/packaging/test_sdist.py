"""The source distribution: enough to rebuild the wheel, to regenerate the client and to run the tests."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.packaging import clean_environment

pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def sdist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_environment.build_sdist(root, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(place, filter="data")
    (top,) = place.iterdir()
    return top


def test_sdist_holds_what_regenerating_and_testing_need(unpacked: Path) -> None:
    needed = [
        "openapi.yaml",
        "generator/__main__.py",
        "templates",
        "Makefile",
        "constraints.txt",
        "tests/conftest.py",
    ]
    assert [name for name in needed if not (unpacked / name).exists()] == []


def test_sdist_holds_no_environment_and_no_caches(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        parts = {part for name in archive.getnames() for part in Path(name).parts}
    assert parts & {".venv", "node_modules", "__pycache__", ".git", "dist"} == set()


def test_wheel_built_from_the_sdist_is_the_wheel_of_the_checkout(
    root: Path, unpacked: Path, tmp_path: Path
) -> None:
    ours = clean_environment.build_wheel(root, tmp_path / "checkout")
    theirs = clean_environment.build_wheel(unpacked, tmp_path / "sdist")
    with zipfile.ZipFile(ours) as left, zipfile.ZipFile(theirs) as right:
        assert {i.filename: i.CRC for i in left.infolist()} == {i.filename: i.CRC for i in right.infolist()}


def test_index_and_content_checkers_accept_what_would_be_uploaded(
    root: Path, sdist: Path, tmp_path: Path
) -> None:
    wheel = clean_environment.build_wheel(root, tmp_path)
    checks = [
        [sys.executable, "-m", "twine", "check", "--strict", str(sdist), str(wheel)],
        [str(Path(sys.executable).with_name("check-wheel-contents")), str(wheel)],
    ]
    for command in checks:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
