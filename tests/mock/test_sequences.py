"""Faults in sequence, for certain requests, by chance; and the verdict on the client."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from indoxrouter_mock import MockServer

from .conftest import HELLO


def chat(http: httpx.Client, prompt: str = "Hello", **more: Any) -> int:
    body = {"messages": [{"role": "user", "content": prompt}], **more}
    return http.post("/chat/completions", json=body).status_code


def kinds(mock: MockServer, **options: Any) -> list[str]:
    return [offence.kind for offence in mock.verdict(**options)]


# ---- sequences ----


def test_sequence_plays_in_order(http: httpx.Client, mock: MockServer) -> None:
    mock.faults.sequence("rate_limit", ("error", {"status": 500}), None, {"fault": "html_error"}, times=2)
    expected = [429, 500, 200, 502]
    assert [chat(http) for _ in range(9)] == [*expected, *expected, 200]
    assert mock.faults.pending == []


def test_sequence_from_outside_for_one_operation(http: httpx.Client, mock: MockServer) -> None:
    plan = {
        "sequence": ["rate_limit", {"fault": "error", "arguments": {"status": 503}}, None],
        "operation": "createChat*",
        "times": 1,
    }
    planned = httpx.post(f"{mock.url}/__mock__/faults", json=plan).json()
    assert [step and step.partition(";")[0] for step in planned["sequence"]] == ["rate_limit", "error", None]
    assert http.post("/embeddings", json={"text": "a"}).status_code == 200
    assert [chat(http) for _ in range(3)] == [429, 503, 200]


def test_one_sequence_is_played_after_another(http: httpx.Client, mock: MockServer) -> None:
    mock.faults.sequence("rate_limit", "error")
    mock.faults.sequence("html_error", None)
    assert [chat(http) for _ in range(5)] == [429, 500, 502, 200, 200]


def test_step_for_streams_waits_for_a_stream(http: httpx.Client, mock: MockServer) -> None:
    mock.faults.sequence("missing_done", "rate_limit")
    assert chat(http) == 200
    streamed = http.post("/chat/completions", json={**HELLO, "stream": True})
    assert "[DONE]" not in streamed.text
    assert chat(http) == 429


@pytest.mark.parametrize(
    "plan",
    [
        {"sequence": []},
        {"sequence": "rate_limit"},
        {"sequence": ["no_such_fault"]},
        {"sequence": [5]},
        {"sequence": [{"fault": "error", "status": 500}]},
        {"sequence": [{"fault": "error", "arguments": {"status": 99}}]},
        {"sequence": ["error"], "fault": "error"},
        {"sequence": [None] * 1000},
        {"fault": "error", "probability": 0},
        {"fault": "error", "probability": 2},
        {"fault": "error", "probability": "often"},
    ],
)
def test_plan_that_makes_no_sense_is_refused(mock: MockServer, plan: dict[str, Any]) -> None:
    answer = httpx.post(f"{mock.url}/__mock__/faults", json=plan)
    assert answer.status_code == 400, answer.text
    assert mock.faults.pending == []


@pytest.mark.parametrize(
    ("match", "message"),
    [
        ({"operation": "createChatCompletions"}, "did you mean 'createChatCompletion'"),
        ({"operation": "no*"}, "known ones are cancelVideoJob, "),
        ({"account": "alcie"}, "did you mean 'alice'"),
        ({"account": "nobody"}, "known ones are alice, demo"),
    ],
)
def test_what_no_request_can_match_is_refused_with_the_known_names(
    mock: MockServer, match: dict[str, str], message: str
) -> None:
    """A fault or an answer that waits for it would never be used, and the test would pass for nothing."""
    mock.accounts.add("alice")
    for plan in (
        lambda: mock.faults.add("latency", operation=match.get("operation"), account=match.get("account")),
        lambda: mock.faults.sequence("latency", None, times=1, **match),
        lambda: mock.answers.add(error=500, operation=match.get("operation"), account=match.get("account")),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            plan()
    for path, fields in (("faults", {"fault": "latency"}), ("answers", {"error": 500})):
        answer = httpx.post(f"{mock.url}/__mock__/{path}", json={**fields, **match})
        assert (answer.status_code, message in answer.json()["message"]) == (400, True), answer.text
    assert (mock.faults.pending, mock.answers.pending) == ([], [])


def test_verdict_requests_and_answers_of_no_account_are_refused(mock: MockServer) -> None:
    with pytest.raises(ValueError, match="did you mean 'demo'"):
        mock.verdict("dmeo")
    for method, path in (("GET", "verdict"), ("GET", "requests"), ("DELETE", "answers")):
        answer = httpx.request(method, f"{mock.url}/__mock__/{path}?account=dmeo")
        assert answer.status_code == 400
        assert answer.json()["message"].startswith(
            "query/account: there is no account 'dmeo'; did you mean 'demo'?"
        )


def test_pattern_over_the_operations_is_known_and_those_of_v1_are(mock: MockServer) -> None:
    for operation in ("create*", "*", "getHealth", "moderations"):
        assert mock.faults.add("latency", operation=operation).operation == operation


# ---- which requests ----


def test_faults_wait_for_model_prompt_and_account(http: httpx.Client, mock: MockServer) -> None:
    alice = mock.accounts.add("alice")
    mock.faults.add("error", status=500, model="gpt-4o", times=9)
    mock.faults.add("html_error", contains="refund", times=9)
    mock.faults.add("rate_limit", account="alice", times=9)
    assert chat(http) == 200
    assert chat(http, model="openai/gpt-4o") == 500
    assert chat(http, model="gpt-4o", provider="openai") == 500
    assert chat(http, model="openai/gpt-4o-mini") == 200
    assert chat(http, "I want a refund") == 502
    headers = {"Authorization": f"Bearer {alice.key}"}
    with httpx.Client(base_url=mock.base_url, headers=headers) as hers:
        assert chat(hers) == 429
        mock.accounts.reset("alice")
        assert chat(hers) == 200
    assert http.post("/embeddings", json={"text": ["a refund"]}).status_code == 502


def test_chance_is_seeded(http: httpx.Client, mock: MockServer) -> None:
    def run(**options: Any) -> list[int]:
        mock.reset()
        mock.faults.add("error", times=1000, probability=0.3, **options)
        return [chat(http) for _ in range(60)]

    first = run(seed=1)
    assert run(seed=1) == first != run(seed=2)
    assert 5 <= first.count(500) <= 35
    assert run() == run()


def test_request_that_chance_spares_uses_no_fault_up(http: httpx.Client, mock: MockServer) -> None:
    mock.faults.add("error", times=3, probability=0.2)
    assert [chat(http) for _ in range(100)].count(500) == 3


# ---- the verdict ----


@pytest.mark.parametrize("fault", ["error", "no_answer", "reset"])
def test_paid_call_repeated_without_a_key_is_an_offence(
    http: httpx.Client, mock: MockServer, fault: str
) -> None:
    mock.faults.add(fault, processed=True)
    for _ in range(2):
        try:
            chat(http)
        except httpx.TransportError:
            assert fault != "error"
    assert kinds(mock) == ["repeated_without_key"]
    (offence,) = mock.verdict()
    assert offence.requests == (1, 2)
    assert "request 1" in str(offence)
    shown = httpx.get(f"{mock.url}/__mock__/verdict").json()["offences"]
    assert shown == [{"kind": offence.kind, "message": offence.message, "requests": [1, 2]}]


def test_broken_stream_repeated_without_a_key_is_an_offence(http: httpx.Client, mock: MockServer) -> None:
    mock.faults.add("truncate", after=2)
    for _ in range(2):
        http.post("/chat/completions", json={**HELLO, "stream": True})
    assert kinds(mock) == ["repeated_without_key"]


def test_repetition_with_the_same_key_is_none_but_with_another_it_is(
    http: httpx.Client, mock: MockServer
) -> None:
    for keys, expected in ((("a", "a"), []), (("b", "c"), ["repeated_without_key"])):
        mock.reset()
        mock.faults.add("error", status=502, processed=True)
        for key in keys:
            http.post("/chat/completions", json=HELLO, headers={"Idempotency-Key": key})
        assert kinds(mock) == expected


def test_two_equal_calls_that_both_succeed_are_no_offence(http: httpx.Client, mock: MockServer) -> None:
    assert [chat(http) for _ in range(20)] == [200] * 20
    assert kinds(mock) == []


def test_free_call_may_be_repeated(http: httpx.Client, mock: MockServer) -> None:
    mock.faults.add("error", status=500)
    assert [http.get("/user/me").status_code for _ in range(2)] == [500, 200]
    assert kinds(mock) == []


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_ignored_retry_after_is_an_offence(http: httpx.Client, mock: MockServer, form: str) -> None:
    mock.faults.add("rate_limit", retry_after=30, form=form)
    assert [chat(http), chat(http)] == [429, 200]
    assert kinds(mock) == ["ignored_retry_after"]
    assert "wait of" in mock.verdict()[0].message


def test_wait_that_was_kept_is_none(http: httpx.Client, mock: MockServer) -> None:
    mock.faults.add("rate_limit", retry_after=30)
    assert chat(http) == 429
    mock.clock.advance(30)
    assert chat(http) == 200
    assert kinds(mock) == []


def test_other_call_during_the_wait_is_none(http: httpx.Client, mock: MockServer) -> None:
    mock.faults.add("rate_limit", retry_after=30)
    assert [chat(http, "One"), chat(http, "Two")] == [429, 200]
    assert kinds(mock) == []


def test_storm_is_an_offence(http: httpx.Client, mock: MockServer) -> None:
    mock.faults.add("error", status=503, times=20)
    for _ in range(12):  # however slow the machine: either within a second, or often
        assert chat(http) == 503
    assert kinds(mock) == ["retry_storm"]
    assert mock.verdict()[0].requests == tuple(range(1, 13))


def test_connection_that_is_left_open_is_an_offence(mock: MockServer) -> None:
    headers = {
        "Authorization": f"Bearer {mock.api_key}",
        "X-Mock-Chunk-Delay": "0.2",
        "X-Mock-Tokens": "1000",
    }
    client = httpx.Client(base_url=mock.base_url, headers=headers)
    request = client.build_request("POST", "/chat/completions", json={**HELLO, "stream": True})
    answer = client.send(request, stream=True)
    lines = answer.iter_lines()  # kept: without a reference, httpx closes the connection
    next(lines)
    assert kinds(mock) == ["leaked_connection"]
    assert "leaked_connection" in kinds(mock, closed=True)
    answer.close()
    client.close()
    assert kinds(mock, closed=True) == []


def test_verdict_of_one_account(http: httpx.Client, mock: MockServer) -> None:
    alice = mock.accounts.add("alice")
    mock.faults.add("rate_limit", retry_after=30)
    assert [chat(http), chat(http)] == [429, 200]
    headers = {"Authorization": f"Bearer {alice.key}"}
    with httpx.Client(base_url=mock.base_url, headers=headers) as hers:
        assert chat(hers) == 200
    assert kinds(mock, account="alice") == []
    assert kinds(mock, account="demo") == ["ignored_retry_after"]


def test_own_client_behaves(mock: MockServer, indoxrouter_client: Any) -> None:
    mock.faults.sequence(("rate_limit", {"retry_after": 0.1}), ("error", {"status": 503}), None)
    assert indoxrouter_client.chat(HELLO["messages"])["success"]
    statuses = [each["status"] for each in mock.requests if each["operation"] == "createChatCompletion"]
    assert statuses == [429, 503, 200]
    indoxrouter_client.close()
    assert mock.verdict(closed=True) == []
