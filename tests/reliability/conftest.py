"""The scripted server and the two clients that every test of this directory runs against it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from .harness import Clock, Mode, without_waiting
from .server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    running = ScriptedServer()
    yield running
    running.close()


@pytest.fixture(params=["sync", "async"])
async def mode(request: pytest.FixtureRequest, server: ScriptedServer) -> AsyncIterator[Mode]:
    chosen = Mode(request.param, server)
    yield chosen
    await chosen.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock for waits between attempts: nothing sleeps, and every wait is recorded."""
    ticking = Clock()
    without_waiting(monkeypatch, ticking)
    return ticking
