"""While a token is good, a renewal that fails does not fail calls; it is tried again five seconds later."""

from __future__ import annotations

import threading
from typing import Any

import indoxrouter
import pytest

from tests.reliability.harness import MESSAGES, Clock, Mode, do, serve_everything
from tests.reliability.server import CLOSE, RESET, Request, answer
from tests.reliability.test_tokens import at_once

BOTH_ENGINES = ""
TOKEN = {"access_token": "first", "token_type": "bearer", "expires_in": 3600}
FAILURES: dict[str, Any] = {
    "503": answer({"detail": "down"}, 503),
    "500": answer({"detail": "down"}, 500),
    "429": answer({"detail": "slow down"}, 429),
    "401": answer({"detail": "no"}, 401),
    "no answer": [CLOSE],
    "reset": [RESET],
    "nonsense": answer("<html>", content_type="text/html"),
}
DUE = 3600 - 60 + 1
"""Seconds after which the token is renewed, while it is still good for a minute."""


async def client_with_a_token(mode: Mode) -> tuple[Any, Clock]:
    serve_everything(mode.server)
    mode.server.on("/auth/token", answer(TOKEN))
    clock = Clock()
    client = mode.client(clock=clock, max_retries=0)
    await do(client.chat(MESSAGES))
    return client, clock


@pytest.mark.parametrize("failure", FAILURES)
async def test_the_call_is_made_with_the_present_token(mode: Mode, failure: str) -> None:
    client, clock = await client_with_a_token(mode)
    mode.server.on("/auth/token", FAILURES[failure])
    clock.advance(DUE)
    assert (await do(client.chat(MESSAGES))).text == "hello there"
    assert mode.server.sent("/chat/completions")[-1].header("Authorization") == "Bearer first"
    renewals = len(mode.server.sent("/auth/token"))
    assert renewals > 1
    await do(client.chat(MESSAGES))
    clock.advance(4.5)
    await do(client.chat(MESSAGES))
    assert len(mode.server.sent("/auth/token")) == renewals  # not tried again yet
    mode.server.on("/auth/token", answer({**TOKEN, "access_token": "second"}))
    clock.advance(1)
    await do(client.chat(MESSAGES))
    assert len(mode.server.sent("/auth/token")) == renewals + 1
    assert mode.server.sent("/chat/completions")[-1].header("Authorization") == "Bearer second"


async def test_those_who_wait_for_the_renewal_are_served_too(mode: Mode) -> None:
    client, clock = await client_with_a_token(mode)
    before = len(mode.server.sent("/auth/token"))
    everybody_waits = threading.Event()

    def refuse(request: Request) -> list[Any]:
        return [everybody_waits, answer({"detail": "down"}, 503)]

    mode.server.on("/auth/token", refuse)
    clock.advance(DUE)
    threading.Timer(0.2, everybody_waits.set).start()
    results = await at_once(mode, 12, lambda: client.chat(MESSAGES))
    assert [getattr(result, "text", result) for result in results] == ["hello there"] * 12
    assert len(mode.server.sent("/auth/token")) <= before + 2


@pytest.mark.parametrize("failure", ["503", "no answer"])
async def test_once_the_token_has_expired_the_failure_is_raised(mode: Mode, failure: str) -> None:
    client, clock = await client_with_a_token(mode)
    mode.server.on("/auth/token", FAILURES[failure])
    clock.advance(3601)
    sent = len(mode.server.sent("/chat/completions"))
    assert isinstance(await mode.failure(lambda: client.chat(MESSAGES)), indoxrouter.IndoxRouterError)
    assert len(mode.server.sent("/chat/completions")) == sent
