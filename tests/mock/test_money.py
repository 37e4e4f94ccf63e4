"""Credits, limits, and figures that add up with what was called."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from indoxrouter_mock import MockServer

from .conftest import HELLO
from .reading import events_of, sound


def call_everything(http: httpx.Client) -> list[dict[str, Any]]:
    """One call of every kind that costs credits; returns their usages."""
    answers = [
        http.post("/chat/completions", json=HELLO),
        http.post("/chat/completions", json={**HELLO, "model": "anthropic/claude-sonnet-4-5"}),
        http.post("/completions", json={"prompt": "Once"}),
        http.post("/embeddings", json={"text": ["a", "b c"]}),
        http.post("/images/generations", json={"prompt": "a fox", "n": 2, "size": "64x64"}),
        http.post("/videos/generations", json={"prompt": "a fox", "duration": 2}),
        http.post("/audio/tts/generations", json={"input": "Good morning"}),
        http.post("/audio/stt/transcriptions", files={"file": ("a.mp3", sound())}),
    ]
    assert [answer.status_code for answer in answers] == [200] * len(answers), [a.text for a in answers]
    usages = [answer.json()["usage"] for answer in answers]
    last = events_of(http.post("/chat/completions", json={**HELLO, "stream": True}))[-1]
    return [*usages, last["usage"]]


def test_usage_transactions_and_analytics_add_up_with_the_calls(http: httpx.Client, mock: MockServer) -> None:
    before = mock.credits
    usages = call_everything(http)
    cost = sum(usage["cost"] for usage in usages)
    tokens = sum(usage["tokens_total"] for usage in usages)
    assert min(usage["cost"] for usage in usages) > 0

    usage = http.get("/user/usage").json()
    assert usage["total_requests"] == len(usages)
    assert usage["total_cost"] == pytest.approx(cost)
    assert usage["total_tokens"]["total"] == tokens
    assert usage["remaining_credits"] == pytest.approx(before - cost)
    for part in ("endpoints", "providers", "models"):
        assert sum(row["requests"] for row in usage[part].values()) == len(usages)
        assert sum(row["cost"] for row in usage[part].values()) == pytest.approx(cost)
        assert sum(row["tokens"]["total"] for row in usage[part].values()) == tokens
    assert sum(row["requests"] for row in usage["daily_usage"]) == len(usages)
    assert usage["endpoints"]["chat"]["requests"] == 3

    page = http.get("/user/transactions", params={"limit": 1000}).json()
    assert page["total_count"] == len(usages) + 1
    assert sum(row["amount"] for row in page["transactions"]) == pytest.approx(mock.credits)
    assert http.get("/user/me").json()["credits"] == pytest.approx(mock.credits)

    for group_by in ("date", "model", "provider", "endpoint", "session_id", "client_ip"):
        found = http.get("/analytics/usage", params={"group_by": group_by}).json()
        assert (found["group_by"], found["total_requests"]) == (group_by, len(usages))
        assert sum(row["cost"] for row in found["data"]) == pytest.approx(cost)
    performance = http.get("/analytics/models").json()["models"]
    assert sum(row["requests"] for row in performance) == len(usages)
    assert {row["success_rate"] for row in performance} == {1.0}
    sessions = http.get("/analytics/sessions").json()
    assert sum(row["requests"] for row in sessions["sessions"]) == len(usages)


def test_cost_is_the_models_price_times_the_tokens(http: httpx.Client) -> None:
    price = http.get("/models/openai/gpt-4o").json()["pricing"]
    usage = http.post("/chat/completions", json={**HELLO, "model": "openai/gpt-4o"}).json()["usage"]
    expected = (
        usage["tokens_prompt"] / 1000 * price["input"] + usage["tokens_completion"] / 1000 * price["output"]
    )
    assert usage["cost"] == pytest.approx(expected)


def test_days_and_filters_select_what_is_counted(http: httpx.Client, mock: MockServer) -> None:
    http.post("/chat/completions", json=HELLO)
    first = mock.clock.iso()[:10]
    mock.clock.advance(2 * 86_400)
    http.post("/embeddings", json={"text": "x"})
    http.post("/chat/completions", json=HELLO, headers={"X-Session-Id": "mine"})
    second = mock.clock.iso()[:10]

    def count(**params: str) -> int:
        found: int = http.get("/analytics/usage", params=params).json()["total_requests"]
        return found

    assert [row["date"] for row in http.get("/user/usage").json()["daily_usage"]] == [first, second]
    assert http.get("/user/usage", params={"end_date": first}).json()["total_requests"] == 1
    assert (count(start_date=second), count(start_date=first), count(end_date=first)) == (2, 3, 1)
    assert (count(endpoint="chat"), count(endpoint="embedding"), count(provider="google")) == (2, 1, 0)
    assert (count(model="gpt-4o-mini"), count(model="openai/gpt-4o-mini"), count(session_id="mine")) == (
        2,
        2,
        1,
    )
    assert count(start_date="0000-01-01", end_date="9999-12-31") == 3


def test_content_is_included_only_when_asked_for(http: httpx.Client) -> None:
    text = http.post("/chat/completions", json=HELLO).json()["data"]
    assert "content" not in http.get("/analytics/usage").json()["data"][0]
    row = http.get("/analytics/usage", params={"include_content": "true"}).json()["data"][0]
    kept = row["content"][0]
    assert kept["prompt"] == "Hello there"
    assert text.startswith(kept["response"])
    assert len(kept["response"]) >= min(len(text), 200)


@pytest.mark.indoxrouter_mock(credits=0.0001)
def test_request_that_costs_more_than_is_left_is_a_402_and_costs_nothing(
    http: httpx.Client, mock: MockServer
) -> None:
    expensive = {**HELLO, "model": "openai/gpt-5-pro"}
    for body in (expensive, {**expensive, "stream": True}):
        refused = http.post("/chat/completions", json=body)
        assert refused.status_code == 402
        assert refused.json()["error"] == "insufficient_credits"
    assert http.post("/images/generations", json={"prompt": "x"}).status_code == 402
    assert mock.credits == 0.0001
    assert http.post("/chat/completions", json=HELLO).status_code == 200
    mock.credits = 5
    assert http.post("/chat/completions", json=expensive).status_code == 200


@pytest.mark.indoxrouter_mock(tier="free")
def test_free_tier_allows_ten_requests_a_minute_then_says_when_to_come_back(
    http: httpx.Client, mock: MockServer
) -> None:
    mock.clock.freeze()
    for left in reversed(range(10)):
        answer = http.post("/chat/completions", json=HELLO)
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-limit"] == "10"
        assert answer.headers["x-ratelimit-remaining"] == str(left)
    refused = http.post("/chat/completions", json=HELLO)
    body = refused.json()
    assert (refused.status_code, body["error"]) == (429, "rate_limit_exceeded")
    assert refused.headers["retry-after"] == "60"
    assert body["details"]["limit_type"] == "requests_per_minute"
    assert (body["details"]["limit"], body["details"]["retry_after"]) == (10, 60)
    mock.clock.advance(59)
    assert http.post("/embeddings", json={"text": "x"}).headers["retry-after"] == "1"
    assert http.get("/user/usage").status_code == 200
    mock.clock.advance(1)
    assert mock.clock.iso()[:19] == body["details"]["reset_time"][:19]
    assert http.post("/chat/completions", json=HELLO).status_code == 200


@pytest.mark.indoxrouter_mock(tier="free")
def test_limits_apply_to_each_api_key(http: httpx.Client, mock: MockServer) -> None:
    for _ in range(11):
        answer = http.post("/chat/completions", json=HELLO)
    assert answer.status_code == 429
    other = {
        "Authorization": f"Bearer {http.post('/user/api-keys', json={'name': 'other'}).json()['api_key']}"
    }
    assert http.post("/chat/completions", json=HELLO, headers=other).status_code == 200


@pytest.mark.indoxrouter_mock(tier="free", reply_tokens=6000)
def test_tokens_of_an_hour_are_limited_too(http: httpx.Client, mock: MockServer) -> None:
    assert [http.post("/chat/completions", json=HELLO).status_code for _ in range(3)] == [200, 200, 429]
    assert http.post("/chat/completions", json=HELLO).json()["details"]["limit_type"] == "tokens_per_hour"
    mock.clock.advance(3600)
    assert http.post("/chat/completions", json=HELLO).status_code == 200


@pytest.mark.indoxrouter_mock(tier="free", credits=0)
def test_own_provider_key_bypasses_limits_and_credits(http: httpx.Client, mock: MockServer) -> None:
    for _ in range(12):
        answer = http.post("/chat/completions", json={**HELLO, "byok_api_key": "sk-own"})
        assert answer.status_code == 200
    body = answer.json()
    assert (body["byok_api_key"], body["usage"]["cost"]) == (True, 0)
    usage = http.get("/user/usage").json()
    assert (usage["total_requests"], usage["total_cost"], mock.credits) == (12, 0, 0)


@pytest.mark.indoxrouter_mock(credits=0)
def test_stopped_stream_with_an_own_provider_key_costs_nothing(http: httpx.Client, mock: MockServer) -> None:
    body = {**HELLO, "stream": True, "byok_api_key": "sk-own"}
    headers = {"X-Mock-Tokens": "100000"}
    with http.stream("POST", "/chat/completions", json=body, headers=headers) as answer:
        http.post(f"/chat/stop-stream/{answer.headers['x-stream-id']}")
        answer.read()
    assert mock.credits == 0
    assert http.get("/user/usage").json()["total_requests"] == 1


def test_api_keys_are_shown_whole_once_and_live_as_long_as_asked(
    http: httpx.Client, mock: MockServer
) -> None:
    made = http.post("/user/api-keys", json={"name": "ci", "expiration_time": 2}).json()
    secret = made["api_key"]
    assert (secret[:6], len(secret)) == ("indox-", 38)
    listed = http.get("/user/api-keys").json()["keys"]
    assert [key["name"] for key in listed] == ["demo", "ci"]
    assert secret not in str(listed)
    assert mock.api_key not in str(listed)

    def works() -> bool:
        return (
            httpx.get(f"{mock.base_url}/user/me", headers={"Authorization": f"Bearer {secret}"}).status_code
            == 200
        )

    assert works()
    assert http.get("/user/api-keys").json()["keys"][1]["last_used_at"] is not None
    mock.clock.advance(2 * 86_400)
    assert not works()
    assert http.delete(f"/user/api-keys/{made['id']}").json()["success"] is True
    assert http.delete(f"/user/api-keys/{made['id']}").status_code == 404
    assert http.post("/user/api-keys/999/revoke").status_code == 404


@pytest.mark.parametrize("stream", [False, True])
def test_repeated_idempotency_key_gets_the_same_answer_and_is_billed_once(
    http: httpx.Client, stream: bool
) -> None:
    headers = {"Idempotency-Key": "one"}
    answers = [
        http.post("/chat/completions", json={**HELLO, "stream": stream}, headers=headers) for _ in range(3)
    ]
    assert len({answer.content for answer in answers}) == 1
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert http.get("/user/usage").json()["total_requests"] == 1
    other = http.post("/chat/completions", json={**HELLO, "temperature": 0.1}, headers=headers)
    assert other.status_code == 409
    assert http.post("/chat/completions", json=HELLO, headers={"Idempotency-Key": "two"}).status_code == 200
    assert http.get("/user/usage").json()["total_requests"] == 2


def test_trending_lists_what_was_used_most(http: httpx.Client) -> None:
    for _ in range(2):
        http.post("/chat/completions", json={**HELLO, "model": "mistral/ministral-8b-latest"})
    found = http.get("/models/trending", params={"limit": 3}).json()
    assert (found[0]["id"], found[0]["requests"], len(found)) == ("ministral-8b-latest", 2, 3)
    assert [row["rank"] for row in found] == [1, 2, 3]
