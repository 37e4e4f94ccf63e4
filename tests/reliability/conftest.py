"""The scripted server and the two clients that every test of this directory runs against it."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.patience import ALL

from .harness import Clock, Mode, without_waiting
from .server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    running = ScriptedServer()
    yield running
    running.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with both clients; with both engines if its module says that it is about what happens on the wire.

    With INDOX_ROUTER_ENGINE, all of them run under that engine and no other.
    """
    if "mode" not in metafunc.fixturenames:
        return
    if any(mark.args[0] == "mode" for mark in metafunc.definition.iter_markers("parametrize")):
        return
    names = ["sync", "async"]
    wire = getattr(metafunc.module, "BOTH_ENGINES", None)
    if (
        not os.environ.get("INDOX_ROUTER_ENGINE")
        and ALL  # `make test-engines` runs all of these tests under each engine as well
        and wire is not None
        and re.search(wire, metafunc.function.__name__)
    ):
        names += ["sync-httpx", "async-httpx"]
    metafunc.parametrize("mode", names, indirect=True)


@pytest.fixture
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
