"""The packages that the generator's tests look at, each made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.generator.support import TORTURE, Made, Server, generate, serving


@pytest.fixture(scope="session")
def torture(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The package made from `torture.yaml`."""
    return generate(TORTURE.read_text(encoding="utf-8"), tmp_path_factory.mktemp("torture"))


@pytest.fixture(scope="session")
def indoxrouter_copy(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Made:
    """A package that stands alone, made from the project's own description."""
    return generate((root / "openapi.yaml").read_text(encoding="utf-8"), tmp_path_factory.mktemp("copy"))


@pytest.fixture
def server() -> Iterator[Server]:
    """A real server that answers as it is told."""
    with serving() as running:
        yield running
