"""Mistakes of a clumsy user, and what a hostile one tries: each gets an error that names the place, and no harm."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from indoxrouter_mock import MockServer
from indoxrouter_mock.base.yaml import YamlError, read_yaml
from tests.patience import seconds

from .conftest import HELLO

HALF = "\ud800"
"""Half of a surrogate pair, which UTF-8 cannot hold."""
CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"parsed": object()}, "body/parsed"),
        ({"parsed": {"score": math.nan}}, "body/parsed"),
        ({"parsed": CIRCLE}, "body/parsed"),
        ({"parsed": [HALF]}, "body/parsed"),
        ({"tool_calls": [{"name": "a", "arguments": {"at": object()}}]}, "body/tool_calls/0/arguments"),
        ({"tool_calls": [{"name": "a", "arguments": HALF}]}, "surrogate"),
        ({"tool_calls": [{"name": HALF}]}, "surrogate"),
        ({"text": HALF}, "surrogate"),
        ({"error": {"status": 500, "message": HALF}}, "surrogate"),
        ({"error": {"status": 500, "code": HALF}}, "surrogate"),
    ],
)
def test_scripted_answer_that_cannot_be_sent_is_refused_when_it_is_added(
    mock: MockServer, fields: dict[str, Any], place: str
) -> None:
    with pytest.raises(ValueError, match=place):
        mock.answers.add(**fields)
    assert mock.answers.pending == []


def test_scripted_value_is_written_as_json(mock: MockServer, http: httpx.Client) -> None:
    mock.answers.add(parsed={"née": [1, 2.5, None, True]})
    assert http.post("/chat/completions", json=HELLO).json()["data"] == '{"née":[1,2.5,null,true]}'


@pytest.mark.parametrize(
    ("match", "place"),
    [
        ({"times": 1.5}, "times"),
        ({"times": "2"}, "times"),
        ({"times": True}, "times"),
        ({"skip": "1"}, "skip"),
        ({"seed": 1.5}, "seed"),
        ({"probability": "0.5"}, "probability"),
        ({"path": 5}, "path"),
        ({"model": 5}, "model"),
        ({"contains": 5}, "contains"),
        ({"operation": 5}, "operation"),
        ({"account": 5}, "account"),
        ({"message": HALF}, "error/message"),
    ],
)
def test_planned_fault_that_no_request_could_meet_is_refused(
    mock: MockServer, match: dict[str, Any], place: str
) -> None:
    with pytest.raises(ValueError, match=place):
        mock.faults.add("error", **match)
    assert mock.faults.pending == []


def test_sequence_says_where_the_arguments_of_a_fault_belong(mock: MockServer) -> None:
    with pytest.raises(
        TypeError, match=r"sequence\(\) has no argument 'retry_after'; it takes times, account, .* step"
    ):
        mock.faults.sequence("rate_limit", retry_after=1)
    assert mock.faults.pending == []


def test_fault_of_a_job_waits_for_no_other_operation(mock: MockServer) -> None:
    with pytest.raises(ValueError, match="body/operation: the fault waits for a new video, createVideo"):
        mock.faults.add("failed_job", operation="createChatCompletion")
    assert mock.faults.add("failed_job", operation="create*").operation == "create*"


def test_fault_of_a_stream_waits_for_one_of_its_operation(mock: MockServer, http: httpx.Client) -> None:
    mock.faults.add("missing_done", operation="createChatCompletion")
    assert http.post("/chat/completions", json=HELLO).status_code == 200
    assert len(mock.faults.pending) == 1
    assert "[DONE]" not in http.post("/chat/completions", json={**HELLO, "stream": True}).text
    assert mock.faults.pending == []


@pytest.mark.parametrize("step", [("latency",), ("latency", {}, 5), ("latency", 5), 5])
def test_step_of_a_sequence_that_is_none_is_refused(mock: MockServer, step: Any) -> None:
    with pytest.raises(ValueError, match="body/"):
        mock.faults.sequence("rate_limit", step)
    assert mock.faults.pending == []


@pytest.mark.parametrize("amount", ["x", math.nan, -5, 1e13, None, True])
def test_credits_are_an_amount(mock: MockServer, amount: Any) -> None:
    before = mock.credits
    with pytest.raises(ValueError, match="credits"):
        mock.credits = amount
    assert mock.credits == before


@pytest.mark.parametrize("settings", [{"allowed_hosts": (5,)}, {"answers": [5]}])
def test_setting_of_another_type_is_a_value_error(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        MockServer(**settings)


def test_clock_is_advanced_by_a_number(mock: MockServer) -> None:
    wrong: Any = "60"
    with pytest.raises(ValueError, match="'60'"):
        mock.clock.advance(wrong)
    with pytest.raises(ValueError, match=r"0 to 1e\+10 seconds, not by 20000000000\.0"):
        mock.clock.advance(2e10)


@pytest.mark.parametrize("path", ["/api/v1/chat/completions", "/v1/chat/completions"])
def test_steering_header_that_does_nothing_is_refused(mock: MockServer, path: str) -> None:
    headers = {"authorization": f"Bearer {mock.api_key}", "x-mock-faults": "reset"}
    answer = httpx.post(f"{mock.url}{path}", json={**HELLO, "model": "gpt-4o"}, headers=headers)
    assert answer.status_code == 400
    assert "header/x-mock-faults: is not known; known ones are x-mock-admin-token, x-mock" in answer.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("reset", {"settings": []}),
        ("reset", {"settings": ""}),
        ("reset", {"settings": False}),
        ("faults", {"fault": "latency", "arguments": []}),
        ("faults", {"fault": "latency", "arguments": 0}),
        ("clock", {"frozen": 1}),
        ("clock", {"frozen": True, "advance": 1e11}),
        ("models", {"model": "acme/rocket", "context": 0}),
        ("models", {"model": "acme/rocket", "dimensions": 4097}),
    ],
)
def test_refused_admin_request_changes_nothing(mock: MockServer, path: str, fields: dict[str, Any]) -> None:
    mock.credits = 3.0
    answer = httpx.post(f"{mock.url}/__mock__/{path}", json=fields)
    assert answer.status_code == 400, answer.text
    assert answer.json()["details"]["problems"][0]["path"].startswith("body/")
    assert mock.credits == 3.0
    assert mock.faults.pending == []
    assert mock.app.state.clock.frozen is False
    assert mock.app.state.models.find("acme/rocket") is None


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "place"),
    [
        ("POST", "faults", {"sequence": []}, 400, "body/sequence"),
        ("POST", "faults", {"fault": "error", "probability": 0}, 400, "body/probability"),
        (
            "POST",
            "faults",
            {"sequence": [None, {"fault": "error", "arguments": 5}]},
            400,
            "body/sequence/1/arguments",
        ),
        ("POST", "faults", {"fault": "error", "arguments": 5}, 400, "body/arguments"),
        ("POST", "reset", {"account": "nobody"}, 404, "body/account"),
        ("DELETE", "accounts", {"account": "nobody"}, 404, "body/account"),
        ("POST", "answers", {"text": "x", "account": "nobody"}, 400, "body/account"),
    ],
)
def test_every_refused_admin_request_names_its_place(
    mock: MockServer, method: str, path: str, fields: dict[str, Any], status: int, place: str
) -> None:
    answer = httpx.request(method, f"{mock.url}/__mock__/{path}", json=fields)
    assert (answer.status_code, answer.json()["details"]["problems"][0]["path"]) == (status, place)
    assert answer.json()["message"].startswith(f"{place}: ")


def bomb(leaf: str) -> str:
    """A few lines of YAML whose aliases stand for ten million values."""
    lines = [f"a0: &a0 [{', '.join(10 * ['x'])}]"]
    lines += [f"a{level}: &a{level} [{', '.join(10 * [f'*a{level - 1}'])}]" for level in range(1, 7)]
    return "\n".join([*lines, leaf])


def refused_soon(read: Callable[[], object], match: str) -> None:
    began = time.monotonic()
    with pytest.raises(ValueError, match=match):
        read()
    assert time.monotonic() - began < seconds(20.0)


def test_aliases_of_aliases_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    refused_soon(lambda: read_yaml(bomb("")), "more than 2,000,000 values")
    path = tmp_path / "answers.yaml"
    path.write_text(bomb("answers: [{text: x}]"))
    refused_soon(lambda: MockServer(answers=path), "more than 2,000,000 values")
    assert read_yaml("a: &a [1, 2]\nb: [*a, *a]") == {"a": [1, 2], "b": [[1, 2], [1, 2]]}
    assert issubclass(YamlError, ValueError)


def test_recording_that_breaks_off_in_its_header_is_no_server_error(
    mock: MockServer, http: httpx.Client
) -> None:
    whole = b"OggS" + b"\0" * 10 + b"OpusHead" + b"\1\2" * 5
    for length in range(4, len(whole)):
        file = ("a.ogg", whole[:length])
        answer = http.post(
            "/audio/stt/transcriptions", files={"file": file}, data={"model": "openai/whisper-1"}
        )
        assert answer.status_code in (200, 422), (length, answer.text)
    assert mock.counters.get("crashes", 0) == 0


@pytest.mark.parametrize("content", [b"{", b'{"model": "gpt-4o",}', b"\xff", b'{"temperature": 1e999}'])
@pytest.mark.parametrize("path", ["chat/completions", "responses", "embeddings"])
def test_body_that_is_no_json_is_a_400_below_v1(mock: MockServer, path: str, content: bytes) -> None:
    headers = {"authorization": f"Bearer {mock.api_key}", "content-type": "application/json"}
    answer = httpx.post(f"{mock.openai_base_url}/{path}", content=content, headers=headers)
    assert answer.status_code == 400
    assert "not valid application/json" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "size",
    ["-1x5", "1024x1024x3", "999999999999x1", "1e3x1e3", "1_0x1_0", "\uff11\uff10x\uff11\uff10", "10.5x10"],
)
def test_pixels_that_are_no_size_of_an_image_are_refused(http: httpx.Client, size: str) -> None:
    answer = http.post("/images/generations", json={"prompt": "a fox", "size": size})
    assert answer.status_code == 400
    assert answer.json()["details"]["problems"][0]["path"] == "body/size"


def test_size_that_a_provider_may_know_gets_the_usual_one_and_a_note(http: httpx.Client) -> None:
    answer = http.post("/images/generations", json={"prompt": "a fox", "size": "landscape"})
    assert answer.status_code == 200
    assert "'landscape' is not known here" in answer.json()["message"]
