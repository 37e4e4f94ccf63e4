"""The source distributions: enough to build the wheels; that of the client also to regenerate it and run the tests."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.packaging import clean_environment
from tests.packaging.conftest import NAMES, SIBLINGS
from tests.patience import ALL

pytestmark = pytest.mark.xdist_group("wheel")


def test_sdist_holds_what_regenerating_and_testing_need(unpacked: dict[str, Path]) -> None:
    needed = [
        "openapi.yaml",
        "generator/__main__.py",
        "templates",
        "distributions/mock/pyproject.toml",
        "distributions/cli/pyproject.toml",
        "distributions/bulk/pyproject.toml",
        "Makefile",
        "constraints.txt",
        "tests/conftest.py",
    ]
    assert [name for name in needed if not (unpacked["indoxrouter"] / name).exists()] == []


def test_sdists_hold_no_environment_and_no_caches(sdists: dict[str, Path]) -> None:
    for sdist in sdists.values():
        with tarfile.open(sdist) as archive:
            parts = {part for name in archive.getnames() for part in Path(name).parts}
        assert parts & {".venv", "node_modules", "__pycache__", ".git", "dist"} == set()


@pytest.mark.parametrize("name", NAMES)
def test_sdist_says_of_itself_what_its_wheel_says(
    unpacked: dict[str, Path], published: dict[str, Path], name: str
) -> None:
    """Resolvers read PKG-INFO and build nothing, so nothing in it may be open or different."""
    said = Parser().parsestr((unpacked[name] / "PKG-INFO").read_text("utf-8"))
    built = clean_environment.metadata_of(published[name])
    assert said.get_all("Dynamic") is None
    fields = (
        "Name",
        "Version",
        "Requires-Dist",
        "Provides-Extra",
        "Requires-Python",
        "License-File",
        "Classifier",
    )
    assert {field: said.get_all(field) for field in fields} == {
        field: built.get_all(field) for field in fields
    }


@pytest.mark.skipif(not ALL, reason="builds each of them four times: make test-all")
@pytest.mark.parametrize("extra", SIBLINGS)
def test_wheel_of_a_sibling_is_the_same_from_its_sdist_from_a_checkout_and_from_the_large_sdist(
    root: Path, unpacked: dict[str, Path], published: dict[str, Path], tmp_path: Path, extra: str
) -> None:
    expected = _contents(published[f"indoxrouter-{extra}"])
    for number, top in enumerate([root, unpacked["indoxrouter"]]):
        built = clean_environment.build_wheel(top / "distributions" / extra, tmp_path / str(number))
        assert _contents(built) == expected


def test_an_unpacked_sdist_can_be_worked_on_in_editable_form(
    unpacked: dict[str, Path], tmp_path: Path
) -> None:
    editable = clean_environment.build_wheel(unpacked["indoxrouter"], tmp_path, editable=True)
    with zipfile.ZipFile(editable) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
        text = archive.read(name).decode()
    assert "indoxrouter = indoxrouter_cli:main" in text
    assert "indoxrouter_mock.pytest_plugin" in text


def test_a_sibling_in_editable_form_is_refused_with_what_to_do_instead(root: Path, tmp_path: Path) -> None:
    code = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=root / "distributions" / "mock",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "for indoxrouter-mock in editable form, install the checkout: pip install -e ." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_index_and_content_checkers_accept_what_would_be_uploaded(
    root: Path, sdists: dict[str, Path], published: dict[str, Path]
) -> None:
    wheels = [str(wheel) for wheel in published.values()]
    checks = [
        [sys.executable, "-m", "twine", "check", "--strict", *map(str, sdists.values()), *wheels],
        [str(Path(sys.executable).with_name("check-wheel-contents")), *wheels],
    ]
    for command in checks:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def _contents(wheel: Path) -> dict[str, bytes | set[bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        found: dict[str, bytes | set[bytes]] = {name: archive.read(name) for name in archive.namelist()}
    (record,) = (name for name in found if name.endswith(".dist-info/RECORD"))
    content = found[record]
    assert isinstance(content, bytes)
    return {**found, record: set(content.splitlines())}  # in the order in which files were found
