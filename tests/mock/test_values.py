"""Values that have to be true, not only well-formed: limits, periods, bills, masks, ids and pages."""

from __future__ import annotations

import math

import httpx
import pytest

from indoxrouter_mock import MockServer
from indoxrouter_mock.base.options import TIERS, Tier
from tests.spec.document import operation_of, parameters, present_argument, present_arguments, present_field

from .conftest import HELLO
from .reading import events_of, text_of


def chat(http: httpx.Client, *, tokens: int = 10, **fields: object) -> httpx.Response:
    return http.post("/chat/completions", json={**HELLO, **fields}, headers={"X-Mock-Tokens": str(tokens)})


@pytest.mark.indoxrouter_mock(tier="free", frozen_clock=True)
def test_tokens_of_an_own_provider_key_are_not_counted_against_the_hourly_limit(http: httpx.Client) -> None:
    assert chat(http).status_code == 200  # opens the hour of this key
    assert chat(http, tokens=20_000, byok_api_key="sk-own").json()["usage"]["tokens_completion"] == 20_000
    assert chat(http).status_code == 200


@pytest.mark.indoxrouter_mock(tier="free", frozen_clock=True)
def test_hourly_limit_lasts_an_hour(http: httpx.Client, mock: MockServer) -> None:
    assert chat(http, tokens=10_000).status_code == 200
    mock.clock.advance(61)  # a new minute, the same hour
    refused = chat(http)
    assert refused.status_code == 429
    details = refused.json()["details"]
    assert (details["limit_type"], details["limit"]) == ("tokens_per_hour", 10_000)
    assert details["retry_after"] == 3600 - 61 == int(refused.headers["retry-after"])
    mock.clock.advance(3600 - 61 - 1)
    assert chat(http).status_code == 429
    mock.clock.advance(1)
    assert chat(http).status_code == 200


@pytest.mark.parametrize(
    ("tier", "message"),
    [
        (Tier("one", 1, 1000), "rate limit exceeded: 1 request per minute"),
        (Tier("two", 2, 1000), "rate limit exceeded: 2 requests per minute"),
        (Tier("few", 9, 1), "rate limit exceeded: 1 token per hour"),
        (Tier("some", 9, 2), "rate limit exceeded: 2 tokens per hour"),
    ],
    ids=["request", "requests", "token", "tokens"],
)
def test_nouns_of_rate_limits_agree_with_their_numbers(
    http: httpx.Client, mock: MockServer, monkeypatch: pytest.MonkeyPatch, tier: Tier, message: str
) -> None:
    monkeypatch.setitem(TIERS, "free", tier)
    mock.reset(tier="free")
    answers = [chat(http) for _ in range(3)]
    assert answers[0].status_code == 200
    assert answers[-1].json()["message"].startswith(message)


@pytest.mark.indoxrouter_mock(frozen_clock=True)
def test_end_of_a_period_is_the_midnight_after_its_last_day(http: httpx.Client, mock: MockServer) -> None:
    day = mock.clock.iso()[:10]
    midnight = math.ceil((mock.clock.now() + 1) / 86_400) * 86_400
    mock.clock.advance(midnight - mock.clock.now() - 0.001)
    chat(http)  # the last millisecond of the day
    mock.clock.advance(0.001)
    assert mock.clock.now() == midnight
    chat(http)  # the first moment of the next day
    period = {"start_date": day, "end_date": day}
    assert http.get("/user/usage", params=period).json()["total_requests"] == 1
    assert http.get("/analytics/usage", params=period).json()["total_requests"] == 1
    assert http.get("/user/usage", params={"start_date": mock.clock.iso()[:10]}).json()["total_requests"] == 1
    assert http.get("/user/usage").json()["total_requests"] == 2


@pytest.mark.parametrize("fault", ["truncate;after=6", "truncate;after=6;clean=false", "reset;after=6"])
def test_broken_stream_is_billed_for_what_was_sent(http: httpx.Client, mock: MockServer, fault: str) -> None:
    before = mock.credits
    headers = {"X-Mock-Fault": fault, "X-Mock-Tokens": "500"}
    received = b""
    try:
        with http.stream(
            "POST", "/chat/completions", json={**HELLO, "stream": True}, headers=headers
        ) as answer:
            for part in answer.iter_raw():
                received += part
    except httpx.TransportError:
        assert "clean=true" not in fault
    sent = received.count(b'"content":"') - received.count(b'"content":""')
    assert 0 < sent < 10
    usage = http.get("/user/usage").json()
    assert usage["total_tokens"]["output"] == sent
    price = http.get("/models/openai/gpt-4o-mini").json()["pricing"]
    tokens = usage["total_tokens"]
    assert before - mock.credits == pytest.approx(
        (tokens["input"] * price["input"] + tokens["output"] * price["output"]) / 1000, abs=1e-9
    )


def test_complete_stream_is_billed_whole(http: httpx.Client) -> None:
    answer = http.post("/chat/completions", json={**HELLO, "stream": True}, headers={"X-Mock-Tokens": "50"})
    assert text_of(events_of(answer))
    assert http.get("/user/usage").json()["total_tokens"]["output"] == 50


def test_masked_key_shows_its_beginning_and_its_last_four_characters_only(http: httpx.Client) -> None:
    secret = http.post("/user/api-keys", json={"name": "new"}).json()["api_key"]
    listed = [key["api_key"] for key in http.get("/user/api-keys").json()["keys"]]
    assert f"{secret[:8]}...{secret[-4:]}" in listed
    for shown in listed:
        begin, dots, end = shown.partition("...")
        assert (len(begin), dots, len(end)) == (8, "...", 4)
    assert secret[8:-4] not in http.get("/user/api-keys").text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat/completions", HELLO),
        ("/completions", {"prompt": "Once"}),
        ("/embeddings", {"text": "a"}),
        ("/images/generations", {"prompt": "a fox", "size": "16x16"}),
        ("/videos/generations", {"prompt": "a fox"}),
        ("/audio/tts/generations", {"input": "Hello"}),
    ],
)
def test_request_id_of_the_header_is_that_of_the_body(
    http: httpx.Client, mock: MockServer, path: str, body: dict[str, object]
) -> None:
    answer = http.post(path, json=body)
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == mock.requests[-1]["request_id"]
    content = http.get("/analytics/usage", params={"include_content": True}).json()
    assert [row["request_id"] for row in content["data"][0]["content"]] == [answer.headers["x-request-id"]]


@pytest.mark.indoxrouter_mock(frozen_clock=True)
def test_page_holds_as_many_jobs_as_the_spec_allows(http: httpx.Client) -> None:
    most = parameters(operation_of("list_video_jobs"))[present_argument("list_video_jobs", "limit")][
        "schema"
    ]["maximum"]
    started = [
        http.post("/videos/generations", json={"prompt": "a fox", "duration": 1}).json()["data"]["job_id"]
        for _ in range(most + 1)
    ]
    page = http.get("/videos/jobs", params=present_arguments("list_video_jobs", {"limit": most})).json()
    assert [job["job_id"] for job in page["jobs"]] == started[:0:-1]
    assert (page["total"], page[present_field("VideoJobList", "limit")]) == (most + 1, most)
    rest = http.get(
        "/videos/jobs", params=present_arguments("list_video_jobs", {"limit": most, "skip": most})
    ).json()
    assert [job["job_id"] for job in rest["jobs"]] == started[:1]


@pytest.mark.indoxrouter_mock(frozen_clock=True)
def test_sessions_and_models_report_the_times_and_failures_of_their_calls(
    http: httpx.Client, mock: MockServer
) -> None:
    began = mock.clock.iso()
    chat(http, tokens=10)
    mock.clock.advance(5)
    chat(http, tokens=30)
    [session] = http.get("/analytics/sessions").json()["sessions"]
    assert (session["started_at"], session["ended_at"]) == (began, mock.clock.iso())
    [row] = http.get("/analytics/models").json()["models"]
    assert row["average_latency"] == pytest.approx((0.120 + 0.004 * 10 + 0.120 + 0.004 * 30) / 2)

    failing = {"X-Mock-Fault": "failed_job"}
    http.post("/videos/generations", json={"prompt": "a fox", "duration": 1}, headers=failing)
    http.post("/videos/generations", json={"prompt": "a fox", "duration": 1})
    rates = {row["model"]: row["success_rate"] for row in http.get("/analytics/models").json()["models"]}
    assert sorted(rates.values()) == [0.5, 1.0]


@pytest.mark.indoxrouter_mock(frozen_clock=True)
def test_refresh_token_lives_for_thirty_days(http: httpx.Client, mock: MockServer) -> None:
    def log_in() -> str:
        form = {"username": "demo", "password": "demo-password"}
        return str(http.post("/auth/token", data=form).json()["refresh_token"])

    token = log_in()
    mock.clock.advance(30 * 86_400 - 1)
    assert http.post("/auth/refresh", json={"refresh_token": token}).status_code == 200
    token = log_in()
    mock.clock.advance(30 * 86_400)
    assert http.post("/auth/refresh", json={"refresh_token": token}).status_code == 401


@pytest.mark.indoxrouter_mock(tier="free", frozen_clock=True)
def test_limit_headers_name_the_end_of_the_minute(http: httpx.Client, mock: MockServer) -> None:
    end = math.ceil(mock.clock.now() + 60)
    for remaining in (9, 8):
        headers = chat(http).headers
        assert (headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]) == ("10", str(remaining))
        assert headers["x-ratelimit-reset"] == str(end)
        mock.clock.advance(10)


def test_video_job_of_another_account_is_not_found(http: httpx.Client, mock: MockServer) -> None:
    job = http.post("/videos/generations", json={"prompt": "a fox", "duration": 1}).json()["data"]["job_id"]
    key = {"Authorization": f"Bearer {mock.accounts.add('alice').key}"}
    assert http.get(f"/videos/jobs/{job}").status_code == 200
    assert http.get(f"/videos/jobs/{job}", headers=key).status_code == 404
    assert http.get("/videos/jobs", headers=key).json()["total"] == 0


def test_job_of_several_videos_costs_each_of_them(http: httpx.Client) -> None:
    costs = [
        http.post("/videos/generations", json={"prompt": "a fox", "duration": 1, "n": count}).json()["usage"][
            "cost"
        ]
        for count in (1, 3)
    ]
    assert costs[1] > 2 * costs[0] > 0
