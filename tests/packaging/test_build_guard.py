"""`make build` refuses what should not be published: scripts/wheels.py looks at dist/ before anybody uploads it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts import wheels

pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture
def dist(published: dict[str, Path], sdists: dict[str, Path], tmp_path: Path) -> Path:
    """What `make build` leaves."""
    for file in [*published.values(), *sdists.values()]:
        shutil.copy(file, tmp_path)
    return tmp_path


def _wheel(dist: Path, name: str) -> Path:
    (found,) = dist.glob(f"{name}-*.whl")
    return found


def _put(wheel: Path, name: str, data: bytes) -> None:
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(name, data)


def test_what_the_build_makes_is_accepted_and_listed_with_its_sizes(dist: Path, root: Path) -> None:
    command = [sys.executable, str(root / "scripts" / "wheels.py"), str(dist)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[-1] for line in done.stdout.splitlines()] == sorted(f.name for f in dist.iterdir())
    assert f"{_wheel(dist, 'indoxrouter').stat().st_size:,} bytes" in done.stdout


def test_a_client_that_is_too_large_is_refused(dist: Path, root: Path) -> None:
    wheel = _wheel(dist, "indoxrouter")
    missing = wheels.limit(root) - wheel.stat().st_size
    _put(
        wheel, "indoxrouter/ballast.bin", b"\0" * (missing - 400)
    )  # not compressed; the entry itself takes space
    wheels.check(dist)
    _put(wheel, "indoxrouter/more.bin", b"\0" * 400)
    with pytest.raises(wheels.NotFit, match=rf"expected less than {wheels.limit(root):,} bytes, got"):
        wheels.check(dist)


def test_a_large_mock_is_nobodys_business(dist: Path, root: Path) -> None:
    _put(_wheel(dist, "indoxrouter_mock"), "indoxrouter_mock/ballast.bin", b"\0" * wheels.limit(root))
    wheels.check(dist)


@pytest.mark.parametrize(
    ("wheel", "stray"),
    [
        ("indoxrouter", "indoxrouter_mock"),
        ("indoxrouter_cli", "indoxrouter_ext"),
        ("indoxrouter_mock", "tests"),
    ],
)
def test_a_package_of_another_is_refused(dist: Path, wheel: str, stray: str) -> None:
    _put(_wheel(dist, wheel), f"{stray}/__init__.py", b"")
    with pytest.raises(wheels.NotFit, match=rf"{wheel}-.+: holds {stray}, which is another wheel's"):
        wheels.check(dist)


def test_a_wheel_without_its_package_is_refused(dist: Path) -> None:
    wheel = _wheel(dist, "indoxrouter_cli")
    _without(wheel, "indoxrouter_cli/")
    with pytest.raises(wheels.NotFit, match="lacks indoxrouter_cli"):
        wheels.check(dist)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("indoxrouter_mock-*.whl", "no wheel of indoxrouter-mock"),
        ("indoxrouter_cli-*.tar.gz", "no source distribution of indoxrouter-cli"),
    ],
)
def test_a_missing_file_is_named(dist: Path, pattern: str, reason: str) -> None:
    (file,) = dist.glob(pattern)
    file.unlink()
    with pytest.raises(wheels.NotFit, match=reason):
        wheels.check(dist)


def test_distributions_of_different_versions_are_refused(dist: Path) -> None:
    wheel = _wheel(dist, "indoxrouter_cli")
    _without(wheel, "", ("\nVersion: ", "\nVersion: 9"), ("indoxrouter==", "indoxrouter==9"))
    with pytest.raises(wheels.NotFit) as refused:
        wheels.check(dist)
    assert "expected version" in str(refused.value)
    assert "requires 'indoxrouter==9" in str(refused.value)


def test_every_fault_is_told_at_once_and_without_a_traceback(dist: Path, root: Path) -> None:
    for file in dist.glob("*_*.whl"):
        file.unlink()
    command = [sys.executable, str(root / "scripts" / "wheels.py"), str(dist)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "build: no wheel of indoxrouter-bulk",
        "build: no wheel of indoxrouter-cli",
        "build: no wheel of indoxrouter-langchain",
        "build: no wheel of indoxrouter-llm",
        "build: no wheel of indoxrouter-mock",
        "build: no wheel of indoxrouter-ray",
    ]


def _without(wheel: Path, folder: str, *replacements: tuple[str, str]) -> None:
    """Write a wheel anew, without a folder and with its metadata changed."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            text = data
            if name.endswith("/METADATA"):
                for old, new in replacements:
                    text = text.replace(old.encode(), new.encode(), 1)
            if not (folder and name.startswith(folder)):
                archive.writestr(name, text)
