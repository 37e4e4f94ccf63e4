"""The distributions, built once for all tests of one worker: those tests stand in the group `wheel`."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.packaging import clean_environment

ADAPTERS = ("ray", "langchain", "llm")
"""Distributions whose packages are for other people's frameworks; the whole does not hold them."""
SIBLINGS = ("mock", "cli", "bulk")
"""Distributions whose packages the whole holds as well."""
NAMES = ("indoxrouter", *(f"indoxrouter-{name}" for name in (*SIBLINGS, *ADAPTERS)))


@pytest.fixture(scope="session")
def whole(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a checkout, which holds everything."""
    if (root / "PKG-INFO").exists():
        pytest.skip("this is an unpacked source distribution, and gives the published wheel")
    return clean_environment.build_wheel(root, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="session")
def sdists(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The source distributions, by name."""
    places = [root, *(root / "distributions" / name for name in (*SIBLINGS, *ADAPTERS))]
    return {
        name: clean_environment.build_sdist(place, tmp_path_factory.mktemp("sdist"))
        for name, place in zip(NAMES, places, strict=True)
    }


@pytest.fixture(scope="session")
def unpacked(sdists: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same, unpacked."""
    found: dict[str, Path] = {}
    for name, sdist in sdists.items():
        place = tmp_path_factory.mktemp("unpacked")
        with tarfile.open(sdist) as archive:
            archive.extractall(place, filter="data")
        (found[name],) = place.iterdir()
    return found


@pytest.fixture(scope="session")
def published(unpacked: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels that people download, by name: each is built from its source distribution."""
    into = tmp_path_factory.mktemp("published")
    return {name: clean_environment.build_wheel(place, into / name) for name, place in unpacked.items()}
