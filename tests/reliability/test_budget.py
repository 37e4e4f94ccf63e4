"""A budget counts what answers report, and refuses the call that would pass it before anything is sent."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import indoxrouter
import pytest
from indoxrouter import Amount, Budget, BudgetExceededError

from indoxrouter_ext.spending.estimate import text_size

from .harness import ENVELOPE, KEY, MESSAGES, Clock, Mode, do, each
from .server import CLOSE, DONE, STALL, ScriptedServer, answer, event, streamed, text_event

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


@pytest.mark.parametrize(("limit", "noun"), [(1, "1 token"), (2, "2 tokens"), (1200, "1,200 tokens")])
async def test_a_limit_of_tokens_is_named_with_what_was_spent(mode: Mode, limit: int, noun: str) -> None:
    client = mode.client(budget=Budget(tokens=limit))
    error = await mode.failure(lambda: client.chat([{"role": "user", "content": "x" * 10_000}]))
    assert f": 0 of {noun} spent, 0 reserved, " in str(error)


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


CATALOG = {"id": "gpt-4o-mini", "pricing": {"input": 0.1, "output": 2.0}}  # USD per 1,000 tokens
LONG = event({"choices": [{"index": 0, "delta": {"content": "x" * 400}}]})  # 100 tokens


async def leave(mode: Mode, client: Any, **arguments: Any) -> None:
    """Read one event of a stream, and leave it."""
    stream = await do(client.chat(MESSAGES, stream=True, **arguments))
    await do(anext(stream) if mode.is_async else next(stream))
    await do(stream.close())


@pytest.mark.parametrize("known", ["nothing", "the catalog", "an answer"])
async def test_a_stream_that_is_left_counts_the_texts_at_the_price_that_is_known(
    mode: Mode, known: str
) -> None:
    mode.server.on(
        "/chat/completions",
        *([answer(ENVELOPE)] if known == "an answer" else []),
        streamed(LONG, ending=[STALL]),
    )
    mode.server.on("/models/", answer([{"id": "openai", "name": "OpenAI", "models": [CATALOG]}]))
    client = mode.client(budget=Budget(usd=10))
    spent = 0.0
    if known == "the catalog":
        await do(client.models())
    elif known == "an answer":
        spent = (await do(client.chat(MESSAGES, model="openai/gpt-4o-mini"))).cost
    await leave(mode, client, model="openai/gpt-4o-mini")
    prompt = client.spend.tokens - 100 - (3 if spent else 0)
    assert 1 <= prompt <= 10
    expected = {
        "nothing": (prompt + 100) * 10e-6,
        "the catalog": (prompt * 0.1 + 100 * 2.0) / 1000,
        "an answer": (prompt + 100) * 0.001 / 3,
    }
    assert client.spend.usd - spent == pytest.approx(expected[known])
    assert (client.spend.unreported, client.spend.reserved) == (1, Amount())


async def test_a_stream_that_is_left_counts_no_less_than_its_estimate(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), ending=[STALL]))
    client = mode.client(budget=Budget(usd=1, expected_usd=0.25))
    await leave(mode, client)
    assert (client.spend.usd, client.spend.unreported) == (0.25, 1)


async def test_a_stream_that_is_left_exhausts_a_budget(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(LONG, ending=[STALL]))
    client = mode.client(budget=Budget(tokens=110))
    await leave(mode, client)
    await mode.failure(lambda: leave(mode, client))
    assert len(mode.server.sent("/chat/completions")) == 1


@pytest.mark.parametrize(
    "usage",
    [{"cost": -1.0, "tokens_total": -5}, {"cost": "free", "tokens_total": True}, ["0.1"], "0.1", 0.1],
    ids=["negative", "no number", "a list", "text", "a number"],
)
async def test_an_amount_that_cannot_be_counts_by_its_estimate(mode: Mode, usage: dict[str, Any]) -> None:
    mode.server.on("/chat/completions", answer({**ENVELOPE, "usage": usage}))
    client = mode.client(budget=Budget(usd=1))
    await do(client.chat(MESSAGES))
    assert 0 < client.spend.usd < 0.001
    assert 1 <= client.spend.tokens <= 10
    assert client.spend.unreported == 1


async def test_decimals_in_text_are_counted(mode: Mode) -> None:
    usage = {"cost": "0.25", "tokens_total": "30"}
    mode.server.on(
        "/chat/completions",
        answer({**ENVELOPE, "usage": usage}),
        streamed(text_event("a", "stop"), event({"choices": [], "usage": usage}), DONE),
    )
    client = mode.client(budget=Budget(usd=1))
    response = await do(client.chat(MESSAGES))
    assert (response.cost, response.usage.cost, response.usage.tokens_total) == (0.25, 0.25, 30)
    assert response["usage"]["cost"] == response.to_dict()["usage"]["cost"] == "0.25"
    await do((await do(client.chat(MESSAGES, stream=True))).until_done())
    assert (client.spend.usd, client.spend.tokens, client.spend.unreported) == (0.5, 60, 0)


async def test_tokens_and_cost_in_two_events_are_one_usage(mode: Mode) -> None:
    counts = {"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34, "cost": None}
    mode.server.on(
        "/chat/completions",
        streamed(
            text_event("a", "stop"),
            event({"choices": [], "usage": counts}),
            event({"choices": [], "usage": {"cost": 0.2, "total_tokens": None}}),
            DONE,
        ),
    )
    client = mode.client(budget=Budget(usd=1))
    response = await do((await do(client.chat(MESSAGES, stream=True))).until_done())
    assert response.to_dict()["usage"] == {**counts, "cost": 0.2}
    assert (client.spend.usd, client.spend.tokens, client.spend.unreported) == (0.2, 34, 0)


@pytest.mark.parametrize("cost", [{"total": 0.9, "currency": "USD"}, [0.9], "0_9", "\u0669", 10**400, "nan"])
async def test_what_is_no_documented_amount_is_kept_and_counts_by_the_estimate(mode: Mode, cost: Any) -> None:
    usage = {"cost": cost, "cost_details": {"upstream_inference_cost": 7}, "tokens_total": 3}
    mode.server.on("/chat/completions", answer({**ENVELOPE, "usage": usage}))
    client = mode.client(budget=Budget(usd=10, expected_usd=0.25))
    response = await do(client.chat(MESSAGES))
    assert response.cost is None
    assert response.usage.cost == response["usage"]["cost"] == response.to_dict()["usage"]["cost"] == cost
    assert (client.spend.usd, client.spend.tokens, client.spend.unreported) == (0.25, 3, 1)


@pytest.mark.parametrize(
    "more", [{"usage": {"cost": {"total": 9}, "cost_breakdown": {"total_cost": 0.5}}}, {"cost": "0.5"}]
)
async def test_an_amount_under_another_documented_name_is_counted(mode: Mode, more: Any) -> None:
    mode.server.on("/chat/completions", answer({**ENVELOPE, "usage": {"cost": {"total": 9}}, **more}))
    client = mode.client(budget=Budget(usd=10))
    assert (await do(client.chat(MESSAGES))).cost == 0.5
    assert (client.spend.usd, client.spend.unreported) == (0.5, 0)


CHARGED = {"error": "provider_error", "usage": {"cost": 0.7, "tokens_total": 5}}


@pytest.mark.parametrize(
    "reply",
    [
        answer(CHARGED, 502),
        answer({**CHARGED, "usage": {"cost": "0.7", "prompt_tokens": 5}}, 502),
        answer({**CHARGED, "success": False}),
        streamed(text_event("a"), event(CHARGED)),
    ],
    ids=["a status", "a status, as text", "no success", "in a stream"],
)
async def test_a_failure_that_was_charged_counts_what_it_reports(mode: Mode, reply: Any) -> None:
    mode.server.on("/chat/completions", reply)
    client = mode.client(budget=Budget(usd=1))

    async def call() -> None:
        await do((await do(client.chat(MESSAGES, stream=True))).until_done())

    await mode.failure(call)
    assert (client.spend.usd, client.spend.tokens, client.spend.unreported) == (0.7, 5, 0)


async def test_an_empty_provider_key_makes_no_call_free(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer({**ENVELOPE, "usage": {"tokens_total": 3}}))
    client = mode.client(budget=Budget(usd=1))
    await do(client.chat(MESSAGES, byok_api_key="sk-of-my-own"))
    assert client.spend.usd == 0
    await do(client.chat(MESSAGES, byok_api_key=""))
    assert client.spend.usd > 0  # nor does the first call teach that the model is free


async def test_a_call_that_is_cancelled_counts_by_its_estimate(server: ScriptedServer) -> None:
    server.on("/chat/completions", [STALL])
    async with indoxrouter.AsyncClient(
        KEY, base_url=server.url, budget=Budget(usd=1, expected_usd=0.25)
    ) as client:
        task = asyncio.ensure_future(client.chat(MESSAGES))
        await asyncio.to_thread(server.wait_for, "/chat/completions")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.spend is not None
        assert (client.spend.usd, client.spend.unreported) == (0.25, 1)


async def test_a_call_that_fails_before_it_is_sent_costs_nothing(mode: Mode) -> None:
    client = mode.client(budget=Budget(usd=1, expected_usd=0.25))
    await do(client.close())
    await mode.failure(lambda: client.chat(MESSAGES))
    assert client.spend == indoxrouter.Spend()


def test_files_in_a_request_are_no_text() -> None:
    image = "data:image/png;base64," + "A" * 4000
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": image}}]
    audio = {"type": "input_audio", "input_audio": {"data": "A" * 4000, "format": "wav"}}
    assert text_size([{"role": "user", "content": [*parts, audio]}]) < 60
    assert text_size({"messages": [{"content": "déjà"}]}) == 6


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


async def test_a_price_that_cannot_be_is_ignored(mode: Mode) -> None:
    model = {"id": "m", "pricing": {"input": 10**400, "output": 1e300}}
    mode.server.on("/models/", answer([{"id": "p", "name": "P", "models": [model]}]))
    mode.server.on("/chat/completions", answer(ENVELOPE))
    client = mode.client(budget=Budget(usd=1))
    assert (await do(client.models()))["p"][0].pricing.input == 10**400
    await do(client.chat(MESSAGES, model="p/m"))
    assert client.spend.usd == 0.001
