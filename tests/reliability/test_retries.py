"""What is sent again, and what is not, because it may have been billed already.

The tables are read as: an operation of this risk, with this failure, is sent this many times of three allowed.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import indoxrouter
import pytest
from indoxrouter._runtime.http.interface import TransportFailure

from indoxrouter_ext.calls.retry import FailedAttempt, RetryBudget, RetryPolicy

from .harness import ENVELOPE, MESSAGES, Clock, Mode, do, serve_everything
from .server import CLOSE, RESET, STALL, answer, head, stream_head

BOTH_ENGINES = "read_is_sent|servers|stale|attempts_say|never_made|comes_back"

Calls = dict[str, tuple[str, Callable[[Any], Any]]]

BILLED: Calls = {
    "chat": ("/chat/completions", lambda client: client.chat(MESSAGES)),
    "a streamed chat": ("/chat/completions", lambda client: client.chat(MESSAGES, stream=True)),
    "embeddings": ("/embeddings", lambda client: client.embeddings("x")),
    "images": ("/images/generations", lambda client: client.images("x")),
}
SAFE: Calls = {
    "models": ("/models/", lambda client: client.models()),
    "usage": ("/user/usage", lambda client: client.get_usage()),
}

FAILURES: dict[str, Any] = {
    "400": answer({"detail": "no"}, 400),
    "402": answer({"detail": "no"}, 402),
    "403": answer({"detail": "no"}, 403),
    "404": answer({"detail": "no"}, 404),
    "408": answer({"detail": "no"}, 408),
    "409": answer({"detail": "no"}, 409),
    "422": answer({"detail": "no"}, 422),
    "429": answer({"detail": "no"}, 429),
    "500": answer({"detail": "no"}, 500),
    "501": answer({"detail": "no"}, 501),
    "502": answer({"detail": "no"}, 502),
    "503": answer({"detail": "no"}, 503),
    "504": answer({"detail": "no"}, 504),
    "529": answer({"detail": "no"}, 529),
    "reset": [RESET],
    "close": [CLOSE],
    "half a head": [b"HTTP/1.1 200 OK\r\nContent-", CLOSE],
    "half a body": [head(headers=[("Content-Length", "100")]), b"{", CLOSE],
    "reset in the body": [head(headers=[("Content-Length", "100")]), b"{", RESET],
    "stall": [STALL],
}
REFUSALS = {"429", "503"}
PASSING = REFUSALS | {
    "408",
    "500",
    "502",
    "504",
    "529",
    "reset",
    "close",
    "half a head",
    "half a body",
    "reset in the body",
    "stall",
}


async def attempts(
    mode: Mode, path: str, call: Callable[[Any], Any], failure: str, **options: Any
) -> tuple[int, Any]:
    mode.server.on(path, FAILURES[failure])
    client = mode.client(max_retries=2).with_options(timeout=(5, 0.15, 5, 5), **options)
    error = await mode.failure(lambda: call(client))
    return len(mode.server.sent(path)), error


# All calls take the same road; beside the first one, a few failures show that they do.
BILLED_CASES = [("chat", failure) for failure in FAILURES]
BILLED_CASES += [
    (call, failure) for call in list(BILLED)[1:] for failure in ("429", "500", "503", "reset", "stall")
]


@pytest.mark.parametrize(("call", "failure"), BILLED_CASES)
async def test_a_billed_call_is_sent_again_only_if_it_was_refused(
    mode: Mode, clock: Clock, call: str, failure: str
) -> None:
    path, make = BILLED[call]
    sent, error = await attempts(mode, path, make, failure)
    assert sent == (3 if failure in REFUSALS else 1)
    assert len(error.attempts) == sent


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("call", SAFE)
async def test_a_read_is_sent_again_after_any_failure_that_may_pass(
    mode: Mode, clock: Clock, call: str, failure: str
) -> None:
    path, make = SAFE[call]
    sent, error = await attempts(mode, path, make, failure)
    assert sent == (3 if failure in PASSING else 1)
    assert len(error.attempts) == sent


@pytest.mark.parametrize("failure", sorted(PASSING))
async def test_a_callers_own_key_is_leave_to_send_a_billed_call_again(
    mode: Mode, clock: Clock, failure: str
) -> None:
    path, make = BILLED["chat"]
    sent, _ = await attempts(mode, path, make, failure, idempotency_key="order-7")
    assert sent == 3
    assert {request.header("Idempotency-Key") for request in mode.server.sent(path)} == {"order-7"}


async def test_every_attempt_of_a_call_carries_one_key_and_every_call_its_own(
    mode: Mode, clock: Clock
) -> None:
    busy, fine = FAILURES["503"], answer(ENVELOPE)
    mode.server.on("/chat/completions", busy, busy, fine)
    client = mode.client()
    await do(client.chat(MESSAGES))
    keys = [request.header("Idempotency-Key") for request in mode.server.sent("/chat/completions")]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert keys[0] is not None
    assert len(keys[0]) >= 32
    await do(client.chat(MESSAGES))
    assert mode.server.sent("/chat/completions")[-1].header("Idempotency-Key") != keys[0]


async def test_reads_carry_no_key(mode: Mode) -> None:
    serve_everything(mode.server)
    await do(mode.client().with_options(idempotency_key="order-7").get_usage())
    assert mode.server.sent("/user/usage")[0].header("Idempotency-Key") is None


async def test_a_connection_that_was_never_made_is_tried_again_whatever_the_risk(
    mode: Mode, clock: Clock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    # Without an exchange before it, the paid call itself is what meets no server.
    client = mode.client(base_url=f"http://127.0.0.1:{port}/api/v1", auth="api_key", max_retries=2)
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert isinstance(error, indoxrouter.NetworkError)
    assert error.error_type == "connect"
    assert f"127.0.0.1:{port}" in str(error)
    assert [attempt.failure for attempt in error.attempts] == ["connect"] * 3


async def test_a_server_that_comes_back_is_found(mode: Mode, clock: Clock) -> None:
    serve_everything(mode.server)
    fine = answer(ENVELOPE)
    mode.server.on("/chat/completions", FAILURES["503"], FAILURES["429"], fine)
    mode.server.on("/user/usage", [RESET], [STALL], answer({"total_requests": 3}))
    client = mode.client(timeout=(5, 0.3, 5, 5))
    response = await do(client.chat(MESSAGES))
    assert [attempt.status for attempt in response.http.attempts] == [503, 429, 200]
    assert [attempt.number for attempt in response.http.attempts] == [1, 2, 3]
    assert response.http.attempts[0].waited == 0
    assert [attempt.waited for attempt in response.http.attempts[1:]] == clock.waits
    usage = await do(client.get_usage())
    assert usage.total_requests == 3


async def test_the_attempts_say_how_each_one_ended(mode: Mode, clock: Clock) -> None:
    named = answer({"detail": "no"}, 500, [("X-Request-Id", "req-1")])
    mode.server.on("/user/usage", named, [CLOSE], [STALL])
    error = await mode.failure(mode.client(timeout=(5, 0.2, 5, 5)).get_usage)
    assert [(attempt.status, attempt.failure) for attempt in error.attempts] == [
        (500, None),
        (None, "disconnected"),
        (None, "read_timeout"),
    ]
    assert error.attempts[0].request_id == "req-1"
    assert error.attempts[2].elapsed >= 0.15


async def test_the_info_of_a_call_counts_its_waits_and_attempts_in_seconds(mode: Mode, clock: Clock) -> None:
    busy = answer({"detail": "busy"}, 503, [("Retry-After", "3"), ("X-Request-Id", "first")])
    mode.server.on("/user/usage", busy, answer({"total_requests": 1}, headers=[("X-Request-Id", "second")]))
    client = mode.client(clock=clock)  # moved by waits alone
    info = (await do(client.get_usage())).http
    (waited,) = clock.waits
    assert [tuple(attempt) for attempt in info.attempts] == [
        (1, 503, None, 0.0, 0.0, "first"),
        (2, 200, None, 0.0, waited, "second"),
    ]
    assert (info.status, info.request_id) == (200, "second")
    assert info.elapsed == pytest.approx(waited)


async def test_max_retries_0_means_one_attempt(mode: Mode) -> None:
    mode.server.on("/user/usage", FAILURES["503"])
    await mode.failure(mode.client(max_retries=0).get_usage)
    assert len(mode.server.sent("/user/usage")) == 1


async def test_options_of_one_call_leave_the_client_as_it_is(mode: Mode, clock: Clock) -> None:
    mode.server.on("/user/usage", FAILURES["503"])
    client = mode.client(max_retries=1)
    eager = client.with_options(max_retries=4, timeout=3, headers={"X-Team": "blue"})
    await mode.failure(eager.get_usage)
    assert len(mode.server.sent("/user/usage")) == 5
    await mode.failure(client.get_usage)
    assert len(mode.server.sent("/user/usage")) == 7
    assert mode.server.sent("/user/usage")[0].header("X-Team") == "blue"
    assert mode.server.sent("/user/usage")[-1].header("X-Team") is None
    assert client.timeout != eager.timeout == 3
    assert len(mode.server.connections) == 1  # one pool for both
    await do(eager.close())
    mode.server.on("/user/usage", answer({"total_requests": 1}))
    assert (await do(client.get_usage())).total_requests == 1  # closing the copy closed nothing


@pytest.mark.parametrize(
    "options",
    [
        {"max_retries": -1},
        {"max_retries": 1.5},
        {"max_retires": 3},
        {"deadline": 0},
        {"deadline": "1"},
        {"idempotency_key": "a\r\nb"},
        {"idempotency_key": ""},
        {"headers": {"X": "a\r\nb"}},
        {"headers": {"X Y": "a"}},
    ],
    ids=str,
)
async def test_senseless_options_are_refused_by_name(mode: Mode, options: dict[str, Any]) -> None:
    serve_everything(mode.server)
    with pytest.raises(ValueError, match=next(iter(options))):
        mode.client().with_options(**options)
    client = mode.clients[0]
    assert (await do(client.chat(MESSAGES))).text == "hello there"  # the attempt has not harmed the client


async def test_the_budget_ends_retries_in_an_outage(mode: Mode, clock: Clock) -> None:
    mode.server.on("/user/usage", FAILURES["503"])
    client = mode.client(max_retries=2)
    for _ in range(40):
        await mode.failure(client.get_usage)
    sent = len(mode.server.sent("/user/usage"))
    assert sent == 40 + RetryBudget.CAPACITY // RetryBudget.COST
    mode.server.on("/user/usage", answer({"total_requests": 1}))
    for _ in range(RetryBudget.COST):
        await do(client.get_usage())
    mode.server.on("/user/usage", FAILURES["503"], answer({"total_requests": 1}))
    await do(client.get_usage())  # successes have bought a retry


async def test_five_successes_pay_for_one_retry(mode: Mode, clock: Clock) -> None:
    busy, fine = FAILURES["503"], answer({"total_requests": 1})
    client = mode.client(max_retries=1)

    async def attempts_of_a_failing_call() -> int:
        mode.server.on("/user/usage", busy)
        return len((await mode.failure(client.get_usage)).attempts)

    async def succeed(times: int) -> None:
        mode.server.on("/user/usage", fine)
        for _ in range(times):
            await do(client.get_usage())

    paid = 0
    while await attempts_of_a_failing_call() == 2:
        paid += 1
    assert (
        paid == 20
    )  # what a client may spend before its first success; the token call bought nothing beyond it
    await succeed(4)
    assert await attempts_of_a_failing_call() == 1
    await succeed(1)
    assert await attempts_of_a_failing_call() == 2
    assert await attempts_of_a_failing_call() == 1


async def test_waits_grow_and_are_spread(mode: Mode, clock: Clock) -> None:
    mode.server.on("/user/usage", FAILURES["500"])
    await mode.failure(mode.client(max_retries=6).get_usage)
    highest = [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert len(clock.waits) == 6
    assert all(high / 2 <= wait <= high for wait, high in zip(clock.waits, highest, strict=True))


@pytest.mark.parametrize("headers", [[], [("Retry-After", "3")]], ids=["unasked", "asked"])
async def test_no_two_clients_wait_equally_long(
    mode: Mode, clock: Clock, headers: list[tuple[str, str]]
) -> None:
    mode.server.on("/user/usage", answer({"detail": "busy"}, 503, headers))
    for _ in range(5):
        await mode.failure(mode.client(max_retries=1).get_usage)
    assert len(set(clock.waits)) == 5


async def test_a_copy_with_options_shares_the_token_and_the_budget(mode: Mode, clock: Clock) -> None:
    serve_everything(mode.server)
    mode.server.on("/user/usage", FAILURES["503"])
    client = mode.client(max_retries=1)
    copy = client.with_options(timeout=3)
    while len((await mode.failure(copy.get_usage)).attempts) == 2:
        pass
    assert len((await mode.failure(client.get_usage)).attempts) == 1
    assert len(mode.server.sent("/auth/token")) == 1


async def test_credits_that_ran_out_are_not_waited_for(mode: Mode, clock: Clock) -> None:
    mode.server.on("/chat/completions", answer({"error": "insufficient_credits", "message": "empty"}, 429))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert isinstance(error, indoxrouter.InsufficientCreditsError)
    assert len(mode.server.sent("/chat/completions")) == 1


async def test_a_stream_that_had_begun_is_not_sent_again(mode: Mode, clock: Clock) -> None:
    mode.server.on("/chat/completions", [stream_head(), RESET])
    stream = await do(mode.client(idempotency_key="mine").chat(MESSAGES, stream=True))
    await mode.failure(stream.until_done)
    assert len(mode.server.sent("/chat/completions")) == 1


async def test_a_connection_that_went_stale_in_the_pool_is_not_used(mode: Mode) -> None:
    """The server closes after each answer without saying so: the next call opens a connection of its own."""
    mode.server.on("/chat/completions", [answer(ENVELOPE), CLOSE])
    client = mode.client(max_retries=0)
    for _ in range(3):
        await do(client.chat(MESSAGES))
        connection = mode.server.sent("/chat/completions")[-1].connection
        assert connection.shut.wait(5)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("closing", [[("Connection", "close")], []], ids=["said", "not said"])
async def test_servers_that_close_after_each_answer_are_served(
    mode: Mode, version: str, closing: list[tuple[str, str]]
) -> None:
    body = b'{"total_requests": 1}'
    reply = head(200, [("Content-Type", "application/json"), *closing], version) + body
    mode.server.on("/user/usage", [reply, CLOSE])
    client = mode.client()
    for _ in range(3):
        assert (await do(client.get_usage())).total_requests == 1


def verdict(
    risk: str, status: int | None, failure: TransportFailure | None = None, *, keyed: bool = False
) -> bool:
    """Whether the policy repeats a failed attempt."""
    policy = RetryPolicy(1, 60.0, RetryBudget())
    failed = FailedAttempt(risk, status, failure, has_idempotency_key=keyed)
    return policy.decide(failed, 1) is not None


@pytest.mark.parametrize("risk", ["safe", "billed", "unbilled", "never"])
@pytest.mark.parametrize("keyed", [False, True])
def test_the_decision_by_risk(risk: str, keyed: bool) -> None:
    again = {
        status: verdict(risk, status, keyed=keyed)
        for status in (408, 429, 500, 502, 503, 504, 400, 404, 501, 505)
    }
    sure = {429, 503}
    passing = {408, 429, 500, 502, 503, 504}
    expected = set() if risk == "never" else passing if risk == "safe" or keyed else sure
    assert {status for status, repeated in again.items() if repeated} == expected
    lost = verdict(risk, None, TransportFailure("read", "it broke"), keyed=keyed)
    assert lost == (risk != "never" and (risk == "safe" or keyed))
    refused = verdict(risk, None, TransportFailure("connect", "refused"), keyed=keyed)
    assert refused == (risk != "never")
