"""What the mock's tests share: plain HTTP to the mock, with the demo key, and no SDK in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from indoxrouter_mock import MockServer

HELLO: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Hello there"}],
    "model": "openai/gpt-4o-mini",
}


@pytest.fixture
def mock(indoxrouter_mock: MockServer) -> Iterator[MockServer]:
    """The mock of this test. Whatever the test does, the mock must not have broken its own spec, nor crashed."""
    yield indoxrouter_mock
    assert indoxrouter_mock.violations == []
    assert indoxrouter_mock.counters.get("crashes", 0) == 0


@pytest.fixture
def http(mock: MockServer) -> Iterator[httpx.Client]:
    """An HTTP client of the native API that sends the demo key."""
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    with httpx.Client(base_url=mock.base_url, headers=headers, timeout=20) as client:
        yield client
