"""`AsyncClient.map`: many calls at once, over real HTTP."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from indoxrouter import AsyncClient, Budget, BudgetExceededError
from indoxrouter.errors import (
    AuthenticationError,
    ClientClosedError,
    InsufficientCreditsError,
    InvalidParametersError,
    NetworkError,
    RateLimitError,
)

from indoxrouter_bulk.rate_limiter import RateLimiter
from indoxrouter_bulk.results import MapResult, MaxCostReachedError
from indoxrouter_mock import MockServer
from tests.patience import seconds
from tests.reliability.harness import ENVELOPE, KEY
from tests.reliability.server import CLOSE, STALL, Reply, ScriptedServer, answer


@pytest.fixture
def mock(indoxrouter_mock: MockServer) -> MockServer:
    return indoxrouter_mock


def made(mock: MockServer, **options: Any) -> AsyncClient:
    return AsyncClient(api_key=mock.api_key, base_url=mock.url, **options)


async def collect(run: Any) -> list[MapResult[Any]]:
    return [result async for result in run]


async def gather_into(results: list[MapResult[Any]], run: Any) -> None:
    async for result in run:
        results.append(result)


def generated(mock: MockServer) -> list[dict[str, Any]]:
    return [request for request in mock.requests if request["operation"] == "createChatCompletion"]


async def test_every_request_has_one_result_with_its_id(mock: MockServer) -> None:
    async with made(mock) as client:
        results = await collect(client.map([("a", "one"), ("b", "two"), "three"], max_tokens=20))
    assert {result.id for result in results} == {"a", "b", 2}
    texts = {result.id: result.unwrap().text for result in results}
    assert "one" in texts["a"]
    assert "three" in texts[2]
    assert all(request["body"]["max_tokens"] == 20 for request in generated(mock))


async def test_requests_are_texts_messages_or_keyword_arguments(mock: MockServer) -> None:
    messages = [{"role": "user", "content": "in messages"}]
    async with made(mock) as client:
        results = await collect(
            client.map(
                ["as text", messages, tuple(messages * 2), {"messages": messages, "temperature": 0}],
                ordered=True,
            )
        )
    assert [result.ok for result in results] == [True] * 4
    bodies = sorted((request["body"] for request in generated(mock)), key=lambda body: len(str(body)))
    assert bodies[0]["messages"] == [{"role": "user", "content": "as text"}]
    assert any(body["temperature"] == 0 for body in bodies)
    assert any(len(body["messages"]) == 2 for body in bodies)


async def test_a_request_overrides_the_defaults_of_its_run(mock: MockServer) -> None:
    own = {"messages": [{"role": "user", "content": "with its own limit"}], "max_tokens": 7}
    async with made(mock) as client:
        await collect(client.map(["with the limit of the run", own], max_tokens=20))
    limits = {
        request["body"]["messages"][0]["content"]: request["body"]["max_tokens"]
        for request in generated(mock)
    }
    assert limits == {"with the limit of the run": 20, "with its own limit": 7}


async def test_the_cost_of_a_run_is_that_of_its_calls_and_what_the_account_paid(mock: MockServer) -> None:
    before = mock.credits
    async with made(mock) as client:
        run = client.map(["one", "two", "three"])
        results = await collect(run)
    assert run.cost == pytest.approx(sum(result.cost or 0 for result in results))
    assert run.cost == pytest.approx(before - mock.credits)
    assert run.cost > 0


async def test_other_methods_are_mapped_too(mock: MockServer) -> None:
    async with made(mock) as client:
        results = await collect(client.map(["one", ["two", "three"]], "embeddings", ordered=True))
        infos = await collect(client.map([{"provider": "openai", "model": "gpt-4o"}], "get_model_info"))
    assert [len(result.value.data) for result in results] == [1, 2]
    assert infos[0].value.id == "gpt-4o"


async def test_order_is_kept_where_it_is_asked_for(mock: MockServer) -> None:
    mock.faults.add(
        "latency", seconds=0.4, operation="createChatCompletion"
    )  # the first one is the last to come
    async with made(mock) as client:
        results = await collect(client.map([f"q{i}" for i in range(40)], ordered=True, concurrency=4))
    assert [result.index for result in results] == list(range(40))


async def test_order_is_kept_up_to_an_early_end_and_nothing_hangs(mock: MockServer) -> None:
    mock.faults.add("latency", seconds=0.5, operation="createChatCompletion")
    mock.faults.add("insufficient_credits", skip=0, operation="createChatCompletion")
    results: list[MapResult[Any]] = []
    async with made(mock) as client:
        with pytest.raises(InsufficientCreditsError):
            await asyncio.wait_for(
                gather_into(results, client.map([f"q{i}" for i in range(200)], ordered=True, concurrency=3)),
                20,
            )
    indexes = [result.index for result in results]
    assert indexes == sorted(indexes)


async def test_no_more_calls_than_allowed_are_under_way(mock: MockServer) -> None:
    under_way: set[httpx.Request] = set()
    counts: list[int] = []
    three = asyncio.Event()

    async def asked(request: httpx.Request) -> None:
        under_way.add(request)
        counts.append(len(under_way))
        if len(under_way) == 3:
            three.set()
        await asyncio.wait_for(three.wait(), 20)  # the first ones wait for one another

    async def answered(response: httpx.Response) -> None:
        under_way.remove(response.request)

    hooks: dict[str, list[Any]] = {"request": [asked], "response": [answered]}
    async with (
        httpx.AsyncClient(event_hooks=hooks) as sender,
        made(mock, http_client=sender, auth="api_key") as client,
    ):
        run = client.map([f"q{i}" for i in range(40)], concurrency=3)
        in_flight = [run.in_flight async for _ in run]
    assert max(counts) == 3
    assert len(counts) >= 40
    assert max(in_flight) <= 3


async def test_requests_are_taken_as_calls_become_free(mock: MockServer) -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"q{taken}"

    async with made(mock) as client, client.map(endless(), concurrency=4) as run:
        for _ in range(10):
            await anext(run)
            await asyncio.sleep(0)
        assert taken <= 10 + 4


async def test_an_asynchronous_source_is_fine(mock: MockServer) -> None:
    async def source() -> AsyncIterator[str]:
        for index in range(5):
            await asyncio.sleep(0)
            yield f"q{index}"

    async with made(mock) as client:
        assert len(await collect(client.map(source()))) == 5


async def test_a_request_that_fails_does_not_stop_the_others(mock: MockServer) -> None:
    bad = {"messages": [{"role": "user", "content": "x"}], "max_tokens": -1}
    async with made(mock) as client:
        run = client.map(["one", bad, "two"])
        results = {result.index: result for result in await collect(run)}
    assert isinstance(results[1].error, InvalidParametersError)
    with pytest.raises(InvalidParametersError):
        results[1].unwrap()
    assert (results[0].ok, results[2].ok, run.done, run.failed) == (True, True, 2, 1)


async def test_the_servers_limit_is_kept_and_nothing_is_lost(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mock.reset(tier="free")  # ten requests a minute
    now = mock.clock.now
    monkeypatch.setattr(
        "indoxrouter_bulk.state.RateLimiter",
        lambda policy, per_minute: RateLimiter(policy, per_minute, clock=now, wall=now),
    )
    async with made(mock) as client:
        run = client.map([f"q{i}" for i in range(25)], concurrency=8, retries=20)
        results: list[MapResult[Any]] = []
        ticker = asyncio.create_task(keep_turning(mock))
        try:
            async for result in run:
                results.append(result)
        finally:
            ticker.cancel()
    assert [result.ok for result in results] == [True] * 25
    refused = [request for request in generated(mock) if request["status"] == 429]
    # Only the first calls, sent before anything was known of a limit, may have been refused.
    assert len(refused) <= 8


async def keep_turning(mock: MockServer) -> None:
    """Minutes pass within a second, for the mock and for the client's pace."""
    while True:
        await asyncio.sleep(0.05)
        mock.clock.advance(6)


async def test_refusals_are_repeated_and_counted(mock: MockServer) -> None:
    mock.faults.add("rate_limit", retry_after=0.05, times=2, operation="createChatCompletion")
    async with made(mock) as client:
        (result,) = await collect(client.map(["hello"], retries=5))
    assert result.ok
    assert result.attempts == 3


async def test_a_request_that_is_refused_too_often_fails(mock: MockServer) -> None:
    mock.faults.add("rate_limit", retry_after=0.01, times=10, operation="createChatCompletion")
    async with made(mock) as client:
        (result,) = await collect(client.map(["hello"], retries=2))
    assert type(result.error).__name__ == "RateLimitError"
    assert result.attempts == 3


async def test_a_run_that_waits_for_the_limit_can_be_stopped(mock: MockServer) -> None:
    mock.faults.add("rate_limit", retry_after=45, times=10, operation="createChatCompletion")
    async with made(mock) as client:
        run = client.map(["hello"])
        collecting = asyncio.create_task(collect(run))
        while not run.waiting:  # noqa: ASYNC110  # it is what a caller can see
            await asyncio.sleep(0.01)
        run.stop()
        (result,) = await asyncio.wait_for(collecting, 10)
    assert type(result.error).__name__ == "RateLimitError"


async def test_a_closed_client_ends_the_run(mock: MockServer) -> None:
    client = made(mock)
    await client.close()
    with pytest.raises(ClientClosedError):
        await collect(client.map(f"q{i}" for i in range(100)))


async def test_a_wrong_key_ends_the_run_at_once(mock: MockServer) -> None:
    async with AsyncClient(api_key="indox-" + "w" * 32, base_url=mock.url) as client:
        with pytest.raises(AuthenticationError):
            await collect(client.map((f"q{i}" for i in range(1000)), concurrency=4))
    assert len(mock.requests) < 50


async def test_credits_that_run_out_end_the_run_after_what_was_done(mock: MockServer) -> None:
    mock.credits = 0.0001
    results: list[MapResult[Any]] = []
    async with made(mock) as client:
        run = client.map((f"q{i}" for i in range(1000)), concurrency=2)
        with pytest.raises(InsufficientCreditsError):
            await gather_into(results, run)
    assert 0 < len(results) < 30
    assert run.done == len(results)


async def test_a_server_that_is_down_ends_the_run() -> None:
    async with AsyncClient(
        api_key="indox-" + "w" * 32, base_url="http://127.0.0.1:9", max_retries=0
    ) as client:
        with pytest.raises(NetworkError):
            await collect(client.map((f"q{i}" for i in range(1000)), concurrency=4))


async def test_the_eighth_network_failure_in_a_row_ends_the_run() -> None:
    server = ScriptedServer()
    refused = answer({"error": "invalid_request", "message": "no"}, 400)
    lost: Reply = [CLOSE]
    # Seven, and an answer; seven, and a refusal, which is an answer as well; then eight.
    rows: list[Reply] = [*[lost] * 7, answer(ENVELOPE), *[lost] * 7, refused, *[lost] * 9]
    server.on("/chat/completions", *rows)
    results: list[MapResult[Any]] = []
    async with AsyncClient(KEY, base_url=server.url, auth="api_key", max_retries=0) as client:
        run = client.map((f"q{i}" for i in range(100)), concurrency=1)
        with pytest.raises(NetworkError):
            await gather_into(results, run)
    server.close()
    kinds = ["NetworkError"] * 7
    assert [type(result.error).__name__ for result in results] == [
        *kinds, "NoneType", *kinds, type(results[15].error).__name__, *kinds,
    ]  # fmt: skip
    assert results[15].error is not None
    assert results[15].error.status_code == 400
    assert len(server.sent("/chat/completions")) == 7 + 1 + 7 + 1 + 8


async def test_a_run_waits_as_many_seconds_as_the_server_asks(mock: MockServer) -> None:
    mock.faults.add("rate_limit", retry_after=1.5, times=1, operation="createChatCompletion")
    async with made(mock) as client:
        began = time.monotonic()
        (result,) = await collect(client.map(["hello"]))
        took = time.monotonic() - began
    assert (result.ok, result.attempts) == (True, 2)
    assert 1.5 <= took < 1.5 + seconds(10)
    assert result.seconds == pytest.approx(took, abs=1)


async def test_a_run_that_is_not_told_how_long_waits_one_second_and_then_two(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mock.faults.add("rate_limit", form="none", times=2, operation="createChatCompletion")
    pauses: list[float] = []
    refused = RateLimiter.on_rate_limited

    def record(self: RateLimiter, retry_after: float | None) -> float:
        pauses.append(refused(self, retry_after))
        assert self.policy.backoff(20) == 60  # the longest
        return pauses[-1]

    monkeypatch.setattr(RateLimiter, "on_rate_limited", record)
    async with made(mock, max_retries=0) as client:
        began = time.monotonic()
        (result,) = await collect(client.map(["hello"]))
        took = time.monotonic() - began
    assert (result.ok, result.attempts) == (True, 3)
    assert pauses == [1.0, 2.0]
    assert 3 <= took < 3 + seconds(10)


async def test_the_cost_stays_below_its_limit(mock: MockServer) -> None:
    async with made(mock) as client:
        run = client.map((f"q{i}" for i in range(1000)), max_cost=0.0005, expected_cost=lambda _: 0.00005)
        with pytest.raises(MaxCostReachedError) as caught:
            await collect(run)
    assert run.done > 3
    assert 0 < run.cost <= 0.0005
    assert caught.value.max_cost == 0.0005


@pytest.mark.parametrize(("cost", "total"), [("0.25", 0.75), (-9, 0.0), ([1], 0.0), ("free", 0.0)])
async def test_a_cost_of_any_type_ends_no_run(cost: Any, total: float) -> None:
    server = ScriptedServer()
    server.on("/chat/completions", answer({**ENVELOPE, "usage": {"cost": cost, "tokens_total": "x"}}))
    async with AsyncClient(KEY, base_url=server.url, auth="api_key", budget=Budget(usd=5)) as client:
        run = client.map(["a", "b", "c"], concurrency=1)
        assert [result.ok for result in await collect(run)] == [True, True, True]
        assert run.cost == pytest.approx(total)
    server.close()


@pytest.mark.parametrize("expected", [None, lambda _: 0.25])
async def test_answers_without_a_cost_count_by_what_was_expected_and_are_warned_of_once(
    expected: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = ScriptedServer()
    server.on("/chat/completions", answer({**ENVELOPE, "usage": None}))
    results: list[MapResult[Any]] = []
    async with AsyncClient(KEY, base_url=server.url, auth="api_key") as client:
        run = client.map(["a", "b", "c"], concurrency=1, max_cost=0.5, expected_cost=expected)
        if expected is None:
            await gather_into(results, run)
        else:
            with pytest.raises(MaxCostReachedError):
                await gather_into(results, run)
    server.close()
    assert (len(results), run.cost) == (3 if expected is None else 2, 0.0)
    [warning] = [record.getMessage() for record in caplog.records if record.name == "indoxrouter"]
    assert "does not report its cost" in warning


MESSAGES = [{"role": "user", "content": "a"}]


@pytest.mark.parametrize(
    ("failing", "counts"),
    [
        (answer({"error": "provider_error"}, 502), True),
        (answer(b"{"), True),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", CLOSE], True),
        ([CLOSE], True),
        ([STALL], True),
        (answer({"error": "invalid_request"}, 400), False),
        (answer({"error": "provider_error"}, 503), False),
    ],
)
async def test_a_row_that_fails_after_it_may_have_been_charged_counts_towards_the_limit(
    failing: Any, counts: bool
) -> None:
    server = ScriptedServer()
    server.on("/chat/completions", failing)
    results: list[MapResult[Any]] = []
    options: dict[str, Any] = {"concurrency": 1, "max_cost": 0.5, "expected_cost": lambda _: 0.25}
    async with AsyncClient(
        KEY, base_url=server.url, auth="api_key", timeout=seconds(0.3), max_retries=0
    ) as client:
        run = client.map(["a", "b", "c"], **options)
        if counts:
            with pytest.raises(MaxCostReachedError) as caught:
                await gather_into(results, run)
            assert caught.value.cost == 0.5
        else:
            await gather_into(results, run)
    server.close()
    assert ([result.cost for result in results], run.cost) == ([None] * (2 if counts else 3), 0.0)


async def test_a_failure_before_the_refusal_of_a_rate_limit_counts_towards_the_limit() -> None:
    server = ScriptedServer()
    server.on("/chat/completions", answer({"error": "x"}, 502), answer({"error": "rate_limit_exceeded"}, 429))
    async with AsyncClient(KEY, base_url=server.url, auth="api_key", max_retries=1) as client:
        run = client.map(["a", "b"], concurrency=1, retries=0, max_cost=0.5, expected_cost=lambda _: 0.3)
        results: list[MapResult[Any]] = []
        with pytest.raises(MaxCostReachedError):
            await gather_into(results, run)
    server.close()
    assert [type(result.error) for result in results] == [RateLimitError]


async def test_rows_that_are_not_sent_and_reported_costs_of_failures_are_counted_exactly() -> None:
    server = ScriptedServer()
    charged = {"error": "provider_error", "usage": {"cost": "0.3"}}
    server.on("/chat/completions", answer(charged, 502))
    wrong = {"messages": MESSAGES, "temperature": 99}
    budget = Budget(usd=1)
    async with AsyncClient(KEY, base_url=server.url, auth="api_key", max_retries=0) as client:
        run = client.map(
            [wrong, "a", wrong], concurrency=1, max_cost=0.5, expected_cost=lambda _: 0.2, budget=budget
        )
        results = await collect(run)
        assert run.cost == budget.spend.usd == 0.3
        assert {result.index: result.cost for result in results} == {0: None, 1: 0.3, 2: None}
    server.close()
    async with AsyncClient(KEY, base_url=server.url, auth="api_key", max_retries=0) as client:
        run = client.map(["a", "b", "c"], concurrency=1, max_cost=0.5, expected_cost=lambda _: 0.25)
        assert [result.cost for result in await collect(run)] == [None] * 3


async def test_an_expected_cost_that_is_no_number_is_named(mock: MockServer) -> None:
    wrong: Any = lambda _: "1"  # noqa: E731
    async with made(mock) as client:
        with pytest.raises(InvalidParametersError, match="expected_cost: expected a function that returns"):
            await collect(client.map(["a"], max_cost=1, expected_cost=wrong))


async def test_the_tokens_of_all_rows_stay_below_the_limit_of_a_budget(mock: MockServer) -> None:
    budget = Budget(tokens=400)
    results: list[MapResult[Any]] = []
    async with made(mock) as client:
        with pytest.raises(BudgetExceededError):
            await gather_into(results, client.map(["Hello"] * 200, budget=budget))
    assert sum(result.unwrap().usage.tokens_total for result in results) == budget.spend.tokens
    assert 200 < budget.spend.tokens <= 400


@pytest.mark.parametrize(("limit", "rows"), [(499, 4), (500, 5)])
async def test_a_row_is_expected_to_use_as_many_tokens_as_the_average(limit: int, rows: int) -> None:
    server = ScriptedServer()
    used = {"cost": 0.01, "tokens_prompt": 40, "tokens_completion": 60, "tokens_total": 100}
    server.on("/chat/completions", answer({**ENVELOPE, "usage": used}))
    budget = Budget(tokens=limit)
    results: list[MapResult[Any]] = []
    async with AsyncClient(KEY, base_url=server.url, auth="api_key") as client:
        with pytest.raises(BudgetExceededError):
            await gather_into(results, client.map(["a"] * 10, concurrency=1, budget=budget))
    server.close()
    assert (len(results), budget.spend.tokens) == (rows, 100 * rows)


@pytest.mark.parametrize(("status", "spent"), [(500, 0.5), (502, 0.5), (503, 0.0), (400, 0.0)])
async def test_a_budget_counts_a_row_that_failed_after_it_may_have_been_charged(
    status: int, spent: float
) -> None:
    server = ScriptedServer()
    server.on("/chat/completions", answer({"message": "no"}, status))
    budget = Budget(usd=1)
    async with AsyncClient(KEY, base_url=server.url, auth="api_key", max_retries=0) as client:
        run = client.map(["a", "b"], concurrency=1, budget=budget, expected_cost=lambda _: 0.25)
        assert [result.ok for result in await collect(run)] == [False, False]
    server.close()
    assert (budget.spend.usd, budget.spend.reserved.usd, run.cost) == (spent, 0.0, 0.0)


@pytest.mark.indoxrouter_mock(latency=30)
async def test_a_row_that_is_interrupted_counts_by_its_text(mock: MockServer) -> None:
    budget = Budget(usd=1)
    async with made(mock) as client:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(collect(client.map(["x" * 400], budget=budget)), 0.3)
    assert budget.spend.tokens >= 100
    assert (budget.spend.usd, budget.spend.unreported) == (pytest.approx(budget.spend.tokens * 10e-6), 1)


async def test_a_failing_source_is_raised_after_the_results(mock: MockServer) -> None:
    def source() -> Iterator[str]:
        yield "one"
        yield "two"
        raise KeyError("the caller's own")

    results: list[MapResult[Any]] = []
    async with made(mock) as client:
        with pytest.raises(KeyError, match="own"):
            await gather_into(results, client.map(source()))
    assert len(results) == 2


async def test_every_request_has_an_idempotency_key_that_two_runs_share(mock: MockServer) -> None:
    async with made(mock) as client:
        await collect(client.map(["one", "two"], idempotency="night"))
        spent = mock.credits
        await collect(client.map(["one", "two"], idempotency="night"))
    keys = [request["headers"]["idempotency-key"] for request in generated(mock)]
    assert len(set(keys)) == 2
    assert sorted(keys[:2]) == sorted(keys[2:])
    assert mock.credits == spent  # the second run was answered and not billed


async def test_stop_finishes_what_is_under_way(mock: MockServer) -> None:
    async with made(mock) as client:
        run = client.map((f"q{i}" for i in range(1000)), concurrency=4)
        results = []
        async for result in run:
            results.append(result)
            if len(results) == 10:
                run.stop()
    assert 10 <= len(results) <= 14
    assert len(generated(mock)) == len(results)


async def test_leaving_the_loop_cancels_what_is_under_way(mock: MockServer) -> None:
    mock.reset(latency=0.05)
    async with made(mock) as client:
        async for _ in client.map((f"q{i}" for i in range(1000)), concurrency=4):
            break
        gc.collect()
        await asyncio.sleep(0)
        left = [task for task in asyncio.all_tasks() if "RunState" in repr(task)]
        if left:
            await asyncio.wait(left, timeout=seconds(5))
        assert all(task.done() for task in left)
        assert len(generated(mock)) <= 9


async def test_an_interrupted_caller_leaves_no_task_behind(mock: MockServer) -> None:
    mock.reset(latency=0.05)
    begun = asyncio.Event()
    async with made(mock) as client:

        async def consume() -> None:
            async with client.map((f"q{i}" for i in range(1000)), concurrency=4) as run:
                async for _ in run:
                    begun.set()

        task = asyncio.create_task(consume())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        left = [t for t in asyncio.all_tasks() if t is not asyncio.current_task() and "RunState" in repr(t)]
        assert left == []


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 1.5}, "concurrency"),
        ({"retries": -1}, "retries"),
        ({"max_cost": 0}, "max_cost"),
        ({"per_minute": -1}, "per_minute"),
        ({"method": "chta"}, "method"),
        ({"stream": True}, "stream"),
        ({"requests": "never sent"}, "requests"),
        ({"requests": 7}, "requests"),
        ({"pace": 5}, "pace"),
        ({"budget": 5.0}, "budget"),
        ({"expected_cost": 0.1}, "expected_cost"),
        ({"idempotency": 7}, "idempotency"),
        ({"journal": 7}, "journal"),
        ({"journal": b"job"}, "journal"),
        ({"journal": ""}, "journal"),
        ({"journal": "a\0b"}, "journal: .* cannot be used"),
        ({"journal": "x" * 300}, "journal: .* cannot be used"),
        ({"journal": "/proc/none/job"}, "journal: .* cannot be used"),
    ],
)
async def test_wrong_arguments_are_named_before_anything_is_sent(
    mock: MockServer, arguments: dict[str, Any], culprit: str
) -> None:
    async with made(mock) as client:
        with pytest.raises(InvalidParametersError, match=culprit):
            client.map(**{"requests": ["never sent"], **arguments})
    assert not any("never sent" in repr(request) for request in mock.requests)
