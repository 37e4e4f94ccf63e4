"""Values that have to be true, not only well-formed: limits, periods, bills, masks, ids and pages."""

from __future__ import annotations

import base64
import json
import math
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx
import pytest

from indoxrouter_mock import MockServer
from indoxrouter_mock.base.clock import FROZEN_START, iso
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


def sessions(http: httpx.Client, **query: str) -> dict[str, int]:
    """How many calls each session has, as two lists of analytics report it."""
    rows = http.get("/analytics/usage", params={"group_by": "session_id", **query}).json()["data"]
    found = {row["group"]: row["requests"] for row in rows}
    listed = http.get("/analytics/sessions", params=query).json()
    assert {row["session_id"]: row["requests"] for row in listed["sessions"]} == found
    assert listed["total"] == len(found)
    return found


def test_call_counts_under_the_session_that_it_names_or_else_under_that_of_its_login(
    http: httpx.Client,
) -> None:
    form = {"username": "demo", "password": "demo-password"}
    token = http.post("/auth/token", data=form).json()["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    by_login = {"Authorization": f"Bearer {token}"}
    for headers, fields in (
        ({}, {}),
        ({"X-Session-Id": "of-header"}, {"session_id": "of-body"}),
        ({}, {"session_id": "of-body"}),
        (by_login, {}),
        ({**by_login, "X-Session-Id": "of-header"}, {}),
        (by_login, {"session_id": "of-body"}),
        (by_login, {}),
    ):
        body = {**HELLO, **({"additional_params": fields} if fields else {})}
        assert http.post("/chat/completions", json=body, headers=headers).status_code == 200
    http.post("/user/api-keys", json={"name": "another"})
    assert sessions(http) == {"key-1": 1, "of-header": 2, "of-body": 2, claims["sid"]: 2}
    assert sessions(http, session_id="of-body") == {"of-body": 2}
    assert sessions(http, session_id="key-2") == {}


def test_filters_tell_models_of_one_name_and_endpoints_of_one_model_apart(
    http: httpx.Client, mock: MockServer
) -> None:
    mock.models.add("acme/gpt-4o-mini", abilities=["chat", "completion"], price_in=1, price_out=2)
    for provider, path, times in (
        ("openai", "/chat/completions", 1),
        ("acme", "/chat/completions", 2),
        ("acme", "/completions", 4),
    ):
        asked = {"prompt": "Once"} if path == "/completions" else HELLO
        for _ in range(times):
            answer = http.post(path, json={**asked, "model": f"{provider}/gpt-4o-mini"})
            assert answer.json()["provider"] == provider

    def counts(**query: str) -> dict[str, int]:
        rows = http.get("/analytics/usage", params={"group_by": "provider", **query}).json()["data"]
        return {row["group"]: row["requests"] for row in rows}

    assert counts() == counts(model="gpt-4o-mini") == {"openai": 1, "acme": 6}
    assert counts(model="acme/gpt-4o-mini") == counts(provider="acme") == {"acme": 6}
    assert counts(model="openai/gpt-4o-mini") == {"openai": 1}
    assert counts(provider="openai", model="gpt-4o-mini") == {"openai": 1}
    assert counts(provider="acme", endpoint="chat") == {"acme": 2}
    assert counts(endpoint="completion") == {"acme": 4}
    assert counts(provider="acme", model="another") == {}
    [row] = http.get("/analytics/models", params={"provider": "acme"}).json()["models"]
    assert (row["provider"], row["model"], row["requests"]) == ("acme", "gpt-4o-mini", 6)


def test_parts_of_a_cost_are_the_tokens_at_their_prices_and_reasoning_counts_once(http: httpx.Client) -> None:
    body = {**HELLO, "model": "openai/o3", "additional_params": {"reasoning_effort": "low"}}
    usage = http.post("/chat/completions", json=body).json()["usage"]
    price = http.get("/models/openai/o3").json()["pricing"]
    reasoning, whole = usage["reasoning_tokens"], usage["tokens_completion"]
    assert 0 < reasoning < whole
    parts = {name: cost for name, cost in usage["cost_breakdown"].items() if cost}
    assert parts == {
        "input_tokens": pytest.approx(usage["tokens_prompt"] * price["input"] / 1000),
        "output_tokens": pytest.approx((whole - reasoning) * price["output"] / 1000),
        "reasoning": pytest.approx(reasoning * price["output"] / 1000),
    }
    assert sum(parts.values()) == pytest.approx(usage["cost"])
    assert usage["latency"] == pytest.approx(0.120 + 0.004 * whole)


@pytest.mark.indoxrouter_mock(frozen_clock=True, video_seconds=100)
def test_progress_of_a_job_stands_still_where_it_was_cancelled_or_failed(
    http: httpx.Client, mock: MockServer
) -> None:
    def start(**headers: str) -> str:
        job = http.post("/videos/generations", json={"prompt": "a fox", "duration": 1}, headers=headers)
        return str(job.json()["data"]["job_id"])

    def look(job: str) -> tuple[str, int, bool]:
        found = http.get(f"/videos/jobs/{job}").json()
        [listed] = [each for each in http.get("/videos/jobs").json()["jobs"] if each["job_id"] == job]
        assert listed == found
        return found["status"], found["progress"], found["result"] is not None

    cancelled, failing, done = start(), start(**{"X-Mock-Fault": "failed_job"}), start()
    assert look(done) == ("queued", 0, False)
    mock.clock.advance(19)
    assert look(done) == ("queued", 19, False)
    mock.clock.advance(1)  # a fifth of its time
    assert look(done) == ("processing", 20, False)
    mock.clock.advance(10)
    http.post(f"/videos/jobs/{cancelled}/cancel")
    mock.clock.advance(19)
    assert look(failing) == ("processing", 49, False)
    for _ in range(2):
        mock.clock.advance(500)
        assert look(cancelled) == ("cancelled", 30, False)
        assert look(failing) == ("failed", 50, False)
        assert look(done) == ("completed", 100, True)
    result = http.get(f"/videos/jobs/{done}").json()["result"]
    assert result["created"] == FROZEN_START + 100


@contextmanager
def running_stream(http: httpx.Client, tokens: int) -> Iterator[None]:
    """A stream that has sent so many tokens, and waits."""
    headers = {"X-Mock-Fault": f"stall;after={tokens + 1};seconds=30", "X-Mock-Tokens": "500"}
    with http.stream("POST", "/chat/completions", json={**HELLO, "stream": True}, headers=headers) as answer:
        sent = 0
        lines = answer.iter_lines()  # kept: the stream is left when the iterator is
        for line in lines:
            sent += '"content":"' in line and '"content":""' not in line
            if sent == tokens:
                break
        assert sent == tokens
        yield


@pytest.mark.indoxrouter_mock(credits=0.001)
def test_what_running_streams_have_cost_is_not_there_for_other_calls(
    http: httpx.Client, mock: MockServer
) -> None:
    price = http.get("/models/openai/gpt-4o-mini").json()["pricing"]
    prompt = chat(http).json()["usage"]["tokens_prompt"] * price["input"] / 1000
    each = price["output"] / 1000
    expensive = {**HELLO, "model": "openai/gpt-5-pro"}

    def available() -> float:
        refused = http.post("/chat/completions", json=expensive)
        assert refused.status_code == 402
        return float(refused.json()["details"]["available"])

    mock.credits = 0.001
    assert available() == 0.001
    with running_stream(http, 5):
        assert available() == pytest.approx(0.001 - prompt - 5 * each)
        with running_stream(http, 20):
            assert available() == pytest.approx(0.001 - 2 * prompt - 25 * each)
            # Not charged yet, but another stream gets no more than what the two have left.
            mock.credits = 3 * prompt + 35 * each + each / 2
            ended = http.post(
                "/chat/completions", json={**HELLO, "stream": True}, headers={"X-Mock-Tokens": "500"}
            )
            assert ended.text.count('"content":"') - ended.text.count('"content":""') == 10
            assert "insufficient_credits" in ended.text
            assert available() == pytest.approx(each / 2)
    for _ in range(200):  # the server sees that the client has left, and bills what it sent
        if mock.credits == pytest.approx(each / 2, abs=1e-9):
            break
        time.sleep(0.05)
    assert available() == mock.credits == pytest.approx(each / 2, abs=1e-9)


def test_stream_that_its_client_leaves_is_billed_for_what_was_sent(http: httpx.Client) -> None:
    with running_stream(http, 5):
        assert http.get("/user/usage").json()["total_requests"] == 0
    for _ in range(200):
        usage = http.get("/user/usage").json()
        if usage["total_requests"]:
            break
        time.sleep(0.05)
    assert usage["total_tokens"]["output"] == 5


@pytest.mark.indoxrouter_mock(frozen_clock=True)
def test_key_with_a_lifetime_works_until_the_end_of_its_last_day(
    http: httpx.Client, mock: MockServer
) -> None:
    key = http.post("/user/api-keys", json={"name": "short", "expiration_time": 2}).json()
    own = {"Authorization": f"Bearer {key['api_key']}"}
    ends = datetime.fromisoformat(key["expires_at"].replace("Z", "+00:00")).timestamp()
    assert ends == FROZEN_START + 2 * 86_400
    mock.clock.advance(2 * 86_400 - 0.5)
    assert http.get("/user/me", headers=own).status_code == 200
    mock.clock.advance(0.5)
    assert http.get("/user/me", headers=own).status_code == 401
    [listed] = [each for each in http.get("/user/api-keys").json()["keys"] if each["id"] == key["id"]]
    assert listed["last_used_at"] == iso(ends - 0.5)


@pytest.mark.indoxrouter_mock(tier="free", frozen_clock=True)
def test_hour_whose_last_token_is_used_allows_no_further_request(http: httpx.Client) -> None:
    prompt = chat(http).json()["usage"]["tokens_prompt"]  # and ten tokens
    assert chat(http, tokens=10_000 - 2 * prompt - 10 - 1).status_code == 200
    assert chat(http, tokens=1).status_code == 200  # one token is left, and a request may pass the limit
    assert chat(http, tokens=1).status_code == 429


@pytest.mark.indoxrouter_mock(tier="free", frozen_clock=True)
def test_hour_is_full_with_exactly_as_many_tokens_as_are_allowed(http: httpx.Client) -> None:
    prompt = chat(http).json()["usage"]["tokens_prompt"]
    used = chat(http, tokens=10_000 - 2 * prompt - 10).json()["usage"]["tokens_total"]
    assert used + prompt + 10 == 10_000
    assert chat(http, tokens=1).status_code == 429


@pytest.mark.indoxrouter_mock(frozen_clock=True)
def test_transactions_are_listed_newest_first_in_pages(http: httpx.Client, mock: MockServer) -> None:
    costs = []
    for tokens in (10, 20, 30, 40):
        mock.clock.advance(1)
        costs.append(chat(http, tokens=tokens).json()["usage"]["cost"])
    pages = [
        http.get("/user/transactions", params={"limit": 2, "offset": offset}).json() for offset in (0, 2, 4)
    ]
    assert {page["total_count"] for page in pages} == {5}
    amounts = [[row["amount"] for row in page["transactions"]] for page in pages]
    assert amounts == [[-costs[3], -costs[2]], [-costs[1], -costs[0]], [1_000_000.0]]


def test_tokens_are_reported_in_the_direction_in_which_they_went(http: httpx.Client) -> None:
    used = chat(http, tokens=40).json()["usage"]
    asked, answered = used["tokens_prompt"], used["tokens_completion"]
    assert answered == 40 > asked
    usage = http.get("/user/usage").json()
    directions = {"input": asked, "output": answered, "total": asked + answered}
    assert usage["total_tokens"] == directions
    [model] = usage["models"].values()
    assert model["tokens"] == directions


@pytest.mark.indoxrouter_mock(frozen_clock=True)
def test_trending_counts_the_days_that_are_asked_for(http: httpx.Client, mock: MockServer) -> None:
    chat(http, model="openai/gpt-4o")
    mock.clock.advance(2 * 86_400)
    chat(http)

    def counted(days: int) -> dict[str, int]:
        rows = http.get("/models/trending", params={"days": days}).json()
        return {row["id"]: row["requests"] for row in rows if row["requests"]}

    assert counted(1) == {"gpt-4o-mini": 1}
    assert counted(2) == {"gpt-4o-mini": 1, "gpt-4o": 1}


@pytest.mark.indoxrouter_mock(frozen_clock=True, video_seconds=0)
@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"resolution": "480p", "aspect_ratio": "2:1"}, (960, 480)),
        ({"resolution": "480p", "aspect_ratio": "1:2"}, (480, 960)),
        ({"size": "320x240"}, (320, 240)),
    ],
)
def test_video_is_as_wide_and_as_high_as_asked(
    http: httpx.Client, fields: dict[str, str], size: tuple[int, int]
) -> None:
    body = {"prompt": "a fox", "duration": 1, "additional_params": fields}
    job = http.post("/videos/generations", json=body).json()["data"]["job_id"]
    film = http.get(http.get(f"/videos/jobs/{job}").json()["result"]["video_url"]).content
    track = film.index(b"tkhd") + 4
    width, height = struct.unpack(">II", film[track + 76 : track + 84])
    assert (width / 65_536, height / 65_536) == size


def test_fault_is_passed_over_as_often_as_it_says(http: httpx.Client, mock: MockServer) -> None:
    mock.faults.add("error", status=500, skip=2, times=1)
    assert [chat(http).status_code for _ in range(4)] == [200, 200, 500, 200]


@pytest.mark.parametrize(("limit", "finish"), [(9, "length"), (10, "stop"), (11, "stop")])
def test_answer_of_exactly_as_many_tokens_as_are_allowed_is_not_cut(
    http: httpx.Client, limit: int, finish: str
) -> None:
    answer = chat(http, max_tokens=limit).json()
    assert (answer["finish_reason"], answer["usage"]["tokens_completion"]) == (finish, min(limit, 10))


def test_log_has_the_milliseconds_of_each_request(http: httpx.Client, mock: MockServer) -> None:
    began = time.monotonic()
    http.post("/chat/completions", json=HELLO, headers={"X-Mock-Fault": "latency;seconds=0.2"})
    http.get("/user/me")  # on the same connection, so that the first request has ended
    took = time.monotonic() - began
    assert 200 <= mock.requests[-2]["milliseconds"] <= 1000 * took
