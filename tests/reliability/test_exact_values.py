"""Values at their bounds: which of two counts, the last moment, the first too much. Most over a socket."""

from __future__ import annotations

from typing import Any

import indoxrouter
import pytest
from indoxrouter import Amount, Budget, BudgetExceededError

from indoxrouter_ext.auth.token_store import TokenStore
from indoxrouter_ext.settings.values import check_timeout
from indoxrouter_ext.spending.estimate import Estimator

from .harness import ENVELOPE, MESSAGES, USAGE, Clock, Mode, do
from .server import answer, event, streamed

CHAT = "/chat/completions"


def test_a_token_has_expired_in_the_moment_of_its_end() -> None:
    clock = Clock()
    store = TokenStore(clock)
    store.accept("token", 100, None)
    clock.advance(99.5)
    assert store.unexpired() == "token"
    clock.advance(0.5)
    assert store.unexpired() is None


@pytest.mark.parametrize(
    ("given", "parts"),
    [(30, (10, 30, 30, 30)), (5, (5, 5, 5, 5)), ((1, 2, 3, 4), (1, 2, 3, 4)), (None, (None,) * 4)],
)
def test_one_number_is_the_timeout_of_each_part_and_connecting_takes_no_longer_than_ten_seconds(
    given: Any, parts: tuple[float | None, ...]
) -> None:
    found = check_timeout(given)
    assert (found.connect, found.read, found.write, found.pool) == parts


async def test_the_longest_values_are_accepted_and_longer_ones_are_not(mode: Mode) -> None:
    mode.server.on(CHAT, answer(ENVELOPE))
    client = mode.client(auth="api_key", timeout=1_000_000, deadline=1_000_000)
    await do(client.chat(MESSAGES, idempotency_key="k" * 255))
    assert mode.server.sent(CHAT)[0].header("Idempotency-Key") == "k" * 255
    with pytest.raises(ValueError, match="at most 1,000,000 seconds"):
        mode.client(auth="api_key", deadline=1_000_001)
    with pytest.raises(ValueError, match="1 to 255"):
        await do(client.chat(MESSAGES, idempotency_key="k" * 256))


async def test_a_header_of_the_callers_own_replaces_that_of_the_client(mode: Mode) -> None:
    mode.server.on(CHAT, answer(ENVELOPE))
    own = {
        "user-agent": "mine/1",
        "ACCEPT": "application/cbor",
        "Authorization": "Bearer other",
        "X-Mine": "1",
    }
    await do(mode.client(auth="api_key", headers=own).chat(MESSAGES))
    (request,) = mode.server.sent(CHAT)
    assert {name: request.values(name) for name in own} == {name: [value] for name, value in own.items()}


@pytest.mark.parametrize(("asked", "deadline", "waits"), [(60, None, 1), (9, 10, 1), (10, 10, 0)])
async def test_a_wait_may_be_as_long_as_the_longest_and_ends_before_the_deadline(
    mode: Mode, clock: Clock, asked: int, deadline: float | None, waits: int
) -> None:
    mode.server.on(CHAT, answer(b"", 429, [("Retry-After", str(asked))]), answer(ENVELOPE))
    client = mode.client(clock=clock, auth="api_key", deadline=deadline)
    if waits:
        assert (await do(client.chat(MESSAGES))).text == ENVELOPE["data"]
        assert asked <= clock.waits[0] <= asked + 0.25
    else:
        assert isinstance(await mode.failure(lambda: client.chat(MESSAGES)), indoxrouter.RateLimitError)
    assert len(clock.waits) == waits


async def test_the_documented_header_of_the_request_id_goes_before_the_other(mode: Mode) -> None:
    both = [("Request-Id", "of-a-proxy"), ("X-Request-Id", "of-the-server")]
    mode.server.on("/user/usage", answer(USAGE, headers=both), answer({}, 400, both))
    client = mode.client(auth="api_key")
    assert (await do(client.get_usage())).http.request_id == "of-the-server"
    error = await mode.failure(client.get_usage)
    assert error.request_id == error.attempts[0].request_id == "of-the-server"


@pytest.mark.parametrize(("status", "models"), [(499, 1), (500, 2), (501, 2), (599, 2)])
async def test_every_status_from_500_asks_the_next_model(mode: Mode, status: int, models: int) -> None:
    mode.server.on(CHAT, answer({"message": "no"}, status), answer(ENVELOPE))
    client = mode.client(auth="api_key", max_retries=0, fallback_models=["b"])
    if models == 1:
        await mode.failure(lambda: client.chat(MESSAGES, model="a"))
    else:
        await do(client.chat(MESSAGES, model="a"))
    assert [request.json["model"] for request in mode.server.sent(CHAT)] == ["a", "b"][:models]


@pytest.mark.parametrize(("status", "spent"), [(400, 0.0), (499, 0.0), (399, 0.25)])
async def test_a_call_that_the_server_refuses_costs_nothing(mode: Mode, status: int, spent: float) -> None:
    mode.server.on(CHAT, answer({"message": "no"}, status))
    client = mode.client(auth="api_key", budget=Budget(usd=1, expected_usd=0.25))
    await mode.failure(lambda: client.chat(MESSAGES))
    assert client.spend.usd == spent
    assert client.spend.reserved == Amount()


def test_a_budget_is_available_again_when_its_oldest_cost_leaves_the_window() -> None:
    clock = Clock()
    budget = Budget(usd=1.0, window=60, clock=clock)
    for cost in (0.5, 0.5):
        budget.settle(budget.reserve(Amount()), Amount(cost))
        clock.advance(20)
    with pytest.raises(BudgetExceededError) as caught:
        budget.reserve(Amount(0.1))
    assert caught.value.available_in == pytest.approx(60 - 40)
    clock.advance(20)
    budget.release(budget.reserve(Amount(0.1)))


@pytest.mark.parametrize("part", ["usd", "tokens"])
def test_what_calls_in_flight_have_reserved_is_not_there_for_others(part: str) -> None:
    budget = Budget(usd=1.0, tokens=100)
    amount = Amount(0.6, 1) if part == "usd" else Amount(0.01, 60)
    first = budget.reserve(amount)
    with pytest.raises(BudgetExceededError):
        budget.reserve(amount)
    budget.release(first)
    budget.reserve(amount)


def test_a_call_is_estimated_by_the_largest_of_the_last_twenty() -> None:
    estimator = Estimator(Amount(9.0, 9))
    for cost in (Amount(0.01, 10), Amount(0.5, 40), *[Amount(0.02, 20)] * 19):
        estimator.learn("chat", "m", cost)
    assert estimator.estimate("chat", "m") == Amount(0.5, 40)
    assert estimator.estimate("chat", "another") == Amount(0.5, 40)
    estimator.learn("chat", "m", Amount(0.02, 20))  # the twentieth since
    assert estimator.estimate("chat", "m") == Amount(0.02, 20)


async def test_a_figure_of_usage_that_is_sent_twice_is_the_last_one(mode: Mode) -> None:
    # In Anthropic's form the first event has the tokens of the prompt, and how many were generated by then.
    start = {
        "type": "message_start",
        "message": {"id": "m", "usage": {"input_tokens": 7, "output_tokens": 1}},
    }
    text = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 42}}
    last = {"type": "message_stop"}
    mode.server.on(CHAT, streamed(*(event(each, str(each["type"])) for each in (start, text, end, last))))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    response = await do(stream.until_done())
    assert (response.text, response.usage.tokens_prompt, response.usage.tokens_completion) == ("hello", 7, 42)
