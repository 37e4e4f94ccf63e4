"""What the tests of the documented methods share: the mock over real HTTP, and one harness for both clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from indoxrouter_mock import MockServer
from tests.methods.harness import Harness


@pytest.fixture
def mock(indoxrouter_mock: MockServer) -> Iterator[MockServer]:
    """The mock of this test. Whatever the test does, the mock must not have broken its own spec, nor crashed."""
    yield indoxrouter_mock
    assert indoxrouter_mock.violations == []
    assert indoxrouter_mock.counters.get("crashes", 0) == 0


@pytest.fixture(params=["sync", "async"])
def harness(request: pytest.FixtureRequest, mock: MockServer) -> Iterator[Harness]:
    """Both clients, one after the other."""
    made = Harness(request.param, mock)
    yield made
    made.close()
