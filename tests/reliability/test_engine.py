"""The engine that a run of these tests is about is the one that its clients use."""

from __future__ import annotations

from .harness import Mode

BOTH_ENGINES = ""


async def test_a_client_runs_on_the_engine_that_the_test_is_about(mode: Mode) -> None:
    client = mode.client(auth="api_key")
    assert f"engine={mode.engine!r}" in repr(client)
