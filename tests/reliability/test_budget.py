"""A budget counts what answers report, and refuses the call that would pass it before anything is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import indoxrouter
import pytest
from indoxrouter import Amount, Budget, BudgetExceededError

from .harness import ENVELOPE, KEY, MESSAGES, Clock, Mode, do, each
from .server import CLOSE, DONE, answer, event, streamed, text_event

USAGE_EVENT = event({"choices": [], "usage": ENVELOPE["usage"]})


async def test_the_call_that_would_pass_the_limit_is_not_sent(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer(ENVELOPE))
    client = mode.client(budget=Budget(usd=0.0025))
    for _ in range(2):
        await do(client.with_options(max_retries=0).chat(MESSAGES))  # copies share the budget
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert isinstance(error, BudgetExceededError)
    assert (error.usd, error.estimate.usd) == (0.0025, 0.001)
    assert "$0.002000 of $0.002500 spent" in str(error)
    assert client.spend.usd == pytest.approx(0.002)
    assert (client.spend.tokens, client.spend.calls) == (6, 2)
    assert client.spend.reserved == Amount()
    assert len([r for r in mode.server.requests if r.path.endswith("/chat/completions")]) == 2


async def test_streams_are_counted(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), text_event("b", "stop"), USAGE_EVENT, DONE))
    client = mode.client(budget=Budget(usd=1))
    stream = await do(client.chat(MESSAGES, stream=True))
    assert client.spend.calls == 0
    async for _ in each(stream):
        pass
    assert (client.spend.usd, client.spend.tokens, client.spend.calls) == (0.001, 3, 1)


async def test_a_broken_stream_counts_by_its_estimate(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), ending=[CLOSE]))
    client = mode.client(budget=Budget(usd=1, expected_usd=0.25))
    stream = await do(client.chat(MESSAGES, stream=True))
    assert client.spend.reserved.usd == 0.25
    await mode.failure(stream.until_done)
    assert (client.spend.usd, client.spend.unreported) == (0.25, 1)


async def test_a_refused_call_costs_nothing(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer({"error": "no such model"}, 404))
    client = mode.client(budget=Budget(usd=1, expected_usd=0.25))
    await mode.failure(lambda: client.chat(MESSAGES))
    assert client.spend == indoxrouter.Spend()


async def test_free_calls_pass_an_exhausted_budget(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer(ENVELOPE))
    mode.server.on("/models/", answer([{"id": "openai", "name": "OpenAI", "models": []}]))
    client = mode.client(budget=Budget(usd=0.001))
    await do(client.chat(MESSAGES))
    assert isinstance(await mode.failure(lambda: client.chat(MESSAGES)), BudgetExceededError)
    assert [provider.id for provider in await do(client.providers())] == ["openai"]


async def test_without_a_budget_nothing_is_counted(mode: Mode) -> None:
    assert mode.client().spend is None


def test_what_left_the_window_no_longer_counts() -> None:
    clock = Clock()
    budget = Budget(usd=1.0, window=60, clock=clock)
    budget.settle(budget.reserve(Amount()), Amount(1.0, 10))
    clock.advance(20)
    with pytest.raises(BudgetExceededError) as caught:
        budget.reserve(Amount())
    assert caught.value.available_in == pytest.approx(40)
    clock.advance(40)
    assert budget.spend == indoxrouter.Spend()
    budget.release(budget.reserve(Amount(1.0)))


def test_threads_never_reserve_more_than_the_limit() -> None:
    budget = Budget(tokens=100)

    def reserve(_: int) -> bool:
        try:
            budget.reserve(Amount(0.0, 7))
        except BudgetExceededError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserve, range(200))) == 14
    assert budget.spend.reserved.tokens == 98


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"usd": -1}, "usd"),
        ({"tokens": 1.5}, "tokens"),
        ({"window": "day"}, "window"),
        ({"usd": True}, "usd"),
    ],
)
def test_a_wrong_limit_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}: expected"):
        Budget(**options)  # type: ignore[arg-type]


def test_a_number_is_no_budget() -> None:
    with pytest.raises(ValueError, match=r"budget: expected a Budget, such as Budget\(usd=5.0\), got 5"):
        indoxrouter.Client(KEY, authenticate=False, budget=5)  # type: ignore[arg-type]
