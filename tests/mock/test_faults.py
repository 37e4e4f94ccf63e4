"""Each fault does what its description says. `EXERCISED` at the end holds the registry to these tests."""

from __future__ import annotations

import json
import re
import socket
import time
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from indoxrouter_mock import MockServer
from indoxrouter_mock.base.clock import iso
from indoxrouter_mock.state.fault_types import FAULTS, HEARTBEATS
from tests.spec.document import present_field

from .conftest import HELLO
from .reading import events_of, problems_of, text_of

STREAM = {**HELLO, "stream": True}


def ask(http: httpx.Client, fault: str, body: dict[str, Any] = HELLO) -> httpx.Response:
    return http.post("/chat/completions", json=body, headers={"X-Mock-Fault": fault})


def streamed(http: httpx.Client, fault: str) -> tuple[list[str], Exception | None]:
    """The frames that arrive of a spoilt stream, and the exception that ends it, if one does."""
    text = ""
    try:
        with http.stream("POST", "/chat/completions", json=STREAM, headers={"X-Mock-Fault": fault}) as answer:
            for part in answer.iter_text():
                text += part
    except httpx.TransportError as error:
        return [frame for frame in text.split("\n\n") if frame], error
    return [frame for frame in text.split("\n\n") if frame], None


def billed(http: httpx.Client) -> int:
    found: int = http.get("/user/usage").json()["total_requests"]
    return found


def test_latency_delays_the_answer(http: httpx.Client) -> None:
    started = time.perf_counter()
    assert ask(http, "latency;seconds=0.3").status_code == 200
    assert time.perf_counter() - started >= 0.3


def test_stall_makes_a_stream_go_silent_then_go_on(http: httpx.Client) -> None:
    moments = []
    with http.stream(
        "POST", "/chat/completions", json=STREAM, headers={"X-Mock-Fault": "stall;after=3;seconds=0.3"}
    ) as answer:
        for line in answer.iter_lines():
            if line:
                moments.append(time.perf_counter())
    gaps = [after - before for before, after in pairwise(moments)]
    assert max(range(len(gaps)), key=gaps.__getitem__) == 2
    assert max(gaps) >= 0.28
    with pytest.raises(httpx.ReadTimeout):
        http.post("/chat/completions", json=HELLO, headers={"X-Mock-Fault": "stall;seconds=5"}, timeout=0.3)


@pytest.mark.parametrize(("processed", "billings"), [("true", 1), ("false", 0)])
def test_reset_before_the_answer_is_a_tcp_reset(
    mock: MockServer, http: httpx.Client, processed: str, billings: int
) -> None:
    body = json.dumps(HELLO).encode()
    port = int(mock.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = (
            f"POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {mock.api_key}\r\n"
        )
        head += f"X-Mock-Fault: reset;processed={processed}\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert billed(http) == billings


def test_reset_in_a_stream_comes_after_the_events_asked_for(http: httpx.Client) -> None:
    frames, error = streamed(http, "reset;after=4")
    assert len(frames) == 4
    assert isinstance(error, httpx.ReadError)


def test_no_answer_closes_the_connection_in_good_order(http: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        ask(http, "no_answer;processed=true")
    assert billed(http) == 1


@pytest.mark.parametrize("clean", ["true", "false"])
def test_truncated_stream_has_no_terminator(http: httpx.Client, clean: str) -> None:
    frames, error = streamed(http, f"truncate;after=2;clean={clean}")
    assert len(frames) == 2
    assert (error is None) == (clean == "true")


@pytest.mark.parametrize("clean", ["true", "false"])
def test_truncated_body_is_half_of_one(http: httpx.Client, clean: str) -> None:
    if clean == "true":
        with pytest.raises(json.JSONDecodeError):
            ask(http, "truncate").json()
    else:
        with pytest.raises(httpx.RemoteProtocolError):
            ask(http, "truncate;clean=false")


def test_missing_done_leaves_out_the_terminator_only(http: httpx.Client) -> None:
    frames, error = streamed(http, "missing_done")
    assert error is None
    assert json.loads(frames[-1].removeprefix("data: "))["choices"][0]["finish_reason"] == "stop"


def test_malformed_event_is_the_one_asked_for(http: httpx.Client) -> None:
    frames, _ = streamed(http, "malformed_event;at=2")
    broken = []
    for index, frame in enumerate(frames[:-1], 1):
        try:
            json.loads(frame.removeprefix("data: "))
        except ValueError:
            broken.append(index)
    assert broken == [2]


def test_duplicate_events_arrive_twice(http: httpx.Client) -> None:
    plain, _ = streamed(http, "")
    doubled, _ = streamed(http, "duplicate_events")
    assert len(doubled) == 2 * (len(plain) - 1) + 1
    assert doubled[0] == doubled[1]


@pytest.mark.parametrize("form", ["object", "string", "envelope", "event"])
def test_error_in_mid_stream_ends_it(http: httpx.Client, form: str) -> None:
    frames, error = streamed(
        http, f"error_mid_stream;after=2;form={form};code=rate_limit_exceeded;message=too%20fast"
    )
    assert (len(frames), error) == (3, None)
    last = json.loads(frames[2].partition("data: ")[2])
    if form == "object":
        assert last["error"] == {
            "message": "too fast",
            "type": "rate_limit_exceeded",
            "code": "rate_limit_exceeded",
        }
    elif form == "string":
        assert last == {"error": "too fast"}
    elif form == "envelope":
        assert (last["error"], last["message"]) == ("rate_limit_exceeded", "too fast")
    else:
        assert frames[2].startswith("event: error\n")
        assert last["message"] == "too fast"


def test_keep_alive_lines_come_between_events_that_stay_whole(http: httpx.Client) -> None:
    plain, _ = streamed(http, "")
    frames, _ = streamed(http, "keep_alive")
    assert ": keep-alive" in frames
    assert [frame for frame in frames if frame.startswith("data: ")][-1] == plain[-1]
    assert any(frame.startswith("id: ") for frame in frames)


@pytest.mark.parametrize("form", HEARTBEATS)
def test_heartbeats_have_the_form_that_was_asked_for(http: httpx.Client, form: str) -> None:
    frames, _ = streamed(http, f"keep_alive;form={form}")
    assert frames[0] == HEARTBEATS[form].decode().partition("\n\n")[0]
    assert frames[-1] == "data: [DONE]"


def test_the_framing_of_an_answer_can_be_another(http: httpx.Client) -> None:
    plain = http.post("/chat/completions", json=HELLO).json()["data"]
    body = ask(http, "wrong_framing;form=events")
    assert body.headers["content-type"] == "text/event-stream"
    first, last, rest = body.text.split("\n\n")
    assert json.loads(first.removeprefix("data: "))["data"] == plain
    assert (last, rest) == ("data: [DONE]", "")
    assert ask(http, "wrong_framing;form=lines").json()["data"] == plain
    lines = ask(http, "wrong_framing;form=lines", STREAM)
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert text_of([json.loads(line) for line in lines.text.splitlines()]) == plain


@pytest.mark.parametrize(("ending", "text"), [("crlf", "\r\n\r\n"), ("cr", "\r\r"), ("lf", "\n\n")])
def test_line_endings_can_be_chosen(http: httpx.Client, ending: str, text: str) -> None:
    answer = ask(http, f"line_endings;with={ending}", STREAM).text
    assert answer.endswith(f"data: [DONE]{text}")
    assert answer.count(text) > 10


def test_fragments_add_up_to_the_answer(http: httpx.Client) -> None:
    assert (
        text_of(events_of(ask(http, "fragment;size=3", STREAM)))
        == http.post("/chat/completions", json=HELLO).json()["data"]
    )
    assert ask(http, "fragment").json()["success"] is True


@pytest.mark.parametrize("form", ["seconds", "date", "body", "none"])
def test_rate_limit_says_the_wait_where_asked(http: httpx.Client, mock: MockServer, form: str) -> None:
    mock.clock.freeze()
    answer = ask(http, f"rate_limit;retry_after=7;form={form}")
    assert (answer.status_code, answer.json()["error"]) == (429, "rate_limit_exceeded")
    header = answer.headers.get("retry-after")
    details = answer.json()["details"]
    if form == "seconds":
        assert (header, details["retry_after"]) == ("7", 7)
        assert details["reset_time"] == iso(mock.clock.now() + 7)
    elif form == "date":
        assert parsedate_to_datetime(header).timestamp() == pytest.approx(mock.clock.now() + 7, abs=1)
    elif form == "body":
        assert (header, details["retry_after"]) == (None, 7)
        assert details["reset_time"] == iso(mock.clock.now() + 7)
    else:
        assert (header, "retry_after" in details) == (None, False)


def test_insufficient_credits_is_a_402(http: httpx.Client) -> None:
    assert ask(http, "insufficient_credits").json()["error"] == "insufficient_credits"


@pytest.mark.parametrize(
    ("form", "member"),
    [
        ("documented", "status_code"),
        ("detail", "detail"),
        ("detail_list", "detail"),
        ("openai", "error"),
        ("success_false", "success"),
    ],
)
def test_error_comes_with_any_status_in_any_form(http: httpx.Client, form: str, member: str) -> None:
    answer = ask(http, f"error;status=503;form={form};message=nope")
    assert answer.status_code == 503
    assert member in answer.json()
    assert "nope" in answer.text
    assert billed(http) == 0


@pytest.mark.parametrize(
    ("form", "text"), [("html", "<h1>504 Gateway Time-out</h1>"), ("text", "nope"), ("empty", "")]
)
def test_error_may_be_no_json_at_all(http: httpx.Client, form: str, text: str) -> None:
    answer = ask(http, f"error;status=504;form={form};message=nope")
    assert answer.status_code == 504
    assert text in answer.text


def test_answer_of_a_billed_request_can_be_lost_to_an_error(http: httpx.Client) -> None:
    headers = {"X-Mock-Fault": "error;status=502;processed=true", "Idempotency-Key": "k"}
    assert http.post("/chat/completions", json=HELLO, headers=headers).status_code == 502
    assert billed(http) == 1
    assert http.post("/chat/completions", json=HELLO, headers={"Idempotency-Key": "k"}).status_code == 200
    assert billed(http) == 1


@pytest.mark.parametrize("status", [500, 502])
def test_html_error_is_a_gateways_page(http: httpx.Client, status: int) -> None:
    answer = ask(http, f"html_error;status={status}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html")
    assert str(status) in answer.text


def test_bodies_can_be_broken_in_several_ways(http: httpx.Client) -> None:
    with pytest.raises(json.JSONDecodeError):
        ask(http, "invalid_json").json()
    assert ask(http, "empty_body").content == b""
    assert ask(http, "success_false").json()["success"] is False
    assert ask(http, "success_false").status_code == 200
    assert (
        ask(http, "wrong_content_type;type=application/octet-stream").headers["content-type"]
        == "application/octet-stream"
    )
    assert ask(http, "wrong_content_type", STREAM).headers["content-type"] == "text/plain"
    assert ask(http, "unknown_fields").json()["x_unknown_field"] == {"nested": [1, None]}
    assert "x_unknown_field" in events_of(ask(http, "unknown_fields", STREAM))[0]


def test_redirect_points_elsewhere(http: httpx.Client) -> None:
    answer = ask(http, "redirect;status=308;location=http://127.0.0.1:9/x")
    assert (answer.status_code, answer.headers["location"]) == (308, "http://127.0.0.1:9/x")


def token(mock: MockServer, fault: str) -> httpx.Response:
    return httpx.post(
        f"{mock.base_url}/auth/api-key", headers={"X-API-Key": mock.api_key, "X-Mock-Fault": fault}
    )


@pytest.mark.parametrize("fault", ["expired_token", "revoked_token"])
def test_token_endpoint_can_give_out_a_token_that_does_not_work(mock: MockServer, fault: str) -> None:
    given = token(mock, fault).json()["access_token"]
    assert (
        httpx.get(f"{mock.base_url}/user/me", headers={"Authorization": f"Bearer {given}"}).status_code == 401
    )


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("text", "this is no token"),
        ("empty", ""),
        ("null", None),
        ("missing", "absent"),
        ("not_json", "absent"),
    ],
)
def test_token_endpoint_can_give_out_garbage(mock: MockServer, form: str, body: object) -> None:
    answer = token(mock, f"garbage_token;form={form}")
    assert answer.status_code == 200
    if form == "not_json":
        assert answer.headers["content-type"] == "text/html"
    else:
        assert answer.json().get("access_token", "absent") == body


def test_any_call_can_be_refused_over_its_token_and_revoking_lasts(
    mock: MockServer, http: httpx.Client
) -> None:
    assert ask(http, "expired_token").json()["message"] == "the token has expired"
    assert ask(http, "garbage_token").status_code == 401
    bearer = {"Authorization": f"Bearer {token(mock, '').json()['access_token']}"}
    url = f"{mock.base_url}/user/me"
    assert httpx.get(url, headers={**bearer, "X-Mock-Fault": "revoked_token"}).status_code == 401
    assert httpx.get(url, headers=bearer).status_code == 401


def test_jobs_can_be_slow_or_fail(mock: MockServer, http: httpx.Client) -> None:
    def job(fault: str) -> str:
        answer = http.post("/videos/generations", json={"prompt": "x"}, headers={"X-Mock-Fault": fault})
        found: str = answer.json()["data"]["job_id"]
        return found

    slow, failed = job("slow_job;seconds=100"), job("failed_job;message=no%20foxes")
    mock.clock.advance(50)
    assert http.get(f"/videos/jobs/{slow}").json()["status"] == "processing"
    state = http.get(f"/videos/jobs/{failed}").json()
    assert (
        state["status"],
        state["error"],
        state[present_field("VideoJob", "result")],
        state["progress"],
    ) == (
        "failed",
        "no foxes",
        None,
        50,
    )
    mock.clock.advance(50)
    assert http.get(f"/videos/jobs/{slow}").json()["status"] == "completed"


def test_duplicate_delivery_is_billed_twice_without_an_idempotency_key_and_once_with_one(
    http: httpx.Client,
) -> None:
    ask(http, "duplicate_delivery")
    assert billed(http) == 2
    events_of(ask(http, "duplicate_delivery", STREAM))
    assert billed(http) == 4
    http.post(
        "/chat/completions",
        json=HELLO,
        headers={"X-Mock-Fault": "duplicate_delivery", "Idempotency-Key": "one"},
    )
    assert billed(http) == 5


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("earthquake", "known ones are latency"),
        ("latency;minutes=1", "it takes: seconds"),
        ("latency;seconds=soon", "not a number"),
        ("truncate;clean=perhaps", "not true or false"),
        ("rate_limit;form=smoke", "not one of seconds"),
    ],
)
def test_unknown_fault_is_refused_with_what_is_known(http: httpx.Client, header: str, told: str) -> None:
    answer = ask(http, header)
    assert answer.status_code == 400
    assert any(told in message for message in problems_of(answer).values())


def test_several_faults_can_strike_one_request(http: httpx.Client) -> None:
    frames, _ = streamed(
        http, 'latency;seconds=0.01, duplicate_events, error_mid_stream;after=1;message="a, b"'
    )
    assert len(frames) == 3
    assert "a, b" in frames[2]


def test_planned_fault_strikes_the_next_matching_requests_only(mock: MockServer, http: httpx.Client) -> None:
    mock.faults.add("error", status=500, times=2, skip=1)
    token_answer = httpx.post(
        f"{mock.base_url}/auth/token", json={"username": mock.api_key, "password": mock.api_key}
    )
    assert token_answer.status_code == 200
    assert [http.get("/user/me").status_code for _ in range(4)] == [200, 500, 500, 200]
    assert mock.faults.pending == []


def test_planned_fault_waits_for_the_operation_or_kind_it_is_for(
    mock: MockServer, http: httpx.Client
) -> None:
    mock.faults.add("rate_limit", operation="create*")
    mock.faults.add("missing_done")
    mock.faults.add("failed_job")
    assert http.get("/user/me").status_code == 200
    assert http.post("/embeddings", json={"text": "x"}).status_code == 429
    assert http.post("/chat/completions", json=HELLO).status_code == 200
    assert len(mock.faults.pending) == 2
    assert not http.post("/chat/completions", json=STREAM).text.endswith("data: [DONE]\n\n")
    job = http.post("/videos/generations", json={"prompt": "x"}).json()["data"]["job_id"]
    mock.clock.advance(10)
    assert http.get(f"/videos/jobs/{job}").json()["status"] == "failed"


def test_wrongly_planned_fault_is_a_value_error_that_names_it(mock: MockServer) -> None:
    with pytest.raises(ValueError, match="earthquake"):
        mock.faults.add("earthquake")
    with pytest.raises(ValueError, match="minutes"):
        mock.faults.add("latency", minutes=1)
    with pytest.raises(ValueError, match="times: 0 is not a whole number from 1"):
        mock.faults.add("latency", times=0)


def test_faults_and_requests_they_struck_are_recorded(mock: MockServer, http: httpx.Client) -> None:
    ask(http, "error;status=500")
    assert mock.requests[-1]["faults"][0].startswith("error;status=500")
    assert mock.counters["faults"] == 1


EXERCISED = set(
    re.findall(r"[a-z_]+", Path(__file__).read_text(encoding="utf-8").partition("EXERCISED = ")[0])
)


def test_every_fault_of_the_registry_is_exercised_here_and_documented(root: Path) -> None:
    assert set(FAULTS) <= EXERCISED
    page = (root / "docs" / "mock-faults.md").read_text(encoding="utf-8")
    for fault in FAULTS.values():
        section = page.partition(f"## `{fault.name}`")[2].partition("\n## ")[0]
        assert fault.doc in section
        for name, argument in fault.arguments.items():
            assert f"`{name}`" in section
            assert argument.doc in section
