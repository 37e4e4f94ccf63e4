"""Recording a server and replaying it: over real sockets, with the mock in the place of the service."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from indoxrouter import Client

from indoxrouter_mock import MockServer, TapeError, TapeServer, read_tape
from tests.patience import seconds

from .conftest import HELLO
from .reading import events_of, text_of
from .test_fixtures import PLUGINS, alone

MESSAGES: Any = [{"role": "user", "content": "Hello there"}]


@pytest.fixture
def recorder(mock: MockServer, tmp_path: Path) -> Iterator[TapeServer]:
    with TapeServer(tmp_path / "tape", replay=False, upstream=mock.url) as found:
        yield found


def post(server: TapeServer, key: str, path: str = "/chat/completions", **body: Any) -> httpx.Response:
    fields = body or HELLO
    return httpx.post(
        f"{server.base_url}{path}", json=fields, headers={"Authorization": f"Bearer {key}"}, timeout=20
    )


def use_everything(url: str, key: str) -> list[Any]:
    """Calls of many kinds, as a program makes them; the answers."""
    found: list[Any] = []
    with Client(api_key=key, base_url=url) as client:
        found.append(client.chat(MESSAGES)["data"])
        found.append("".join(chunk["data"] or "" for chunk in client.chat(MESSAGES, stream=True)))
        found.append(client.completion("Once")["data"])
        found.append(client.embeddings(["x", "y"])["data"])
        found.append(httpx.get(client.images("fox", size="64x64")["data"][0]["url"]).content)
        sound = httpx.get(client.text_to_speech("good morning")["data"]["url"]).content
        found.append(client.speech_to_text(sound)["text"])
        job = client.videos("fox", duration=1)["data"]["job_id"]
        found.append(client.get_video_job_status(job)["job_id"])
        found.append(len(client.models()["providers"]))
        found.append(client.get_usage()["total_cost"])
        with pytest.raises(Exception, match="nope") as caught:
            client.chat(MESSAGES, model="openai/nope")
        found.append(str(caught.value))
    with openai.OpenAI(api_key=key, base_url=f"{url}/v1") as other:
        answer = other.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        found.append([chunk.choices[0].delta.content for chunk in answer])
        found.append(other.embeddings.create(model="text-embedding-3-small", input="a").data[0].embedding)
    return found


def test_program_gets_the_same_from_the_tape_as_from_the_server(
    mock: MockServer, recorder: TapeServer
) -> None:
    said = use_everything(recorder.url, mock.api_key)
    recorder.stop()
    before = mock.counters["requests"]
    with TapeServer(recorder.app.tape.tapes, pace=0) as player:  # type: ignore[attr-defined]
        assert use_everything(player.url, "any-other-key") == said
        assert player.unplayed == []
    assert mock.counters["requests"] == before
    assert said[0].startswith("You said")
    assert said[4].startswith(b"\x89PNG")
    assert said[5] == "good morning"


def test_tape_holds_no_secret(mock: MockServer, recorder: TapeServer, tmp_path: Path) -> None:
    use_everything(recorder.url, mock.api_key)
    token = httpx.post(
        f"{recorder.base_url}/auth/token", data={"username": mock.api_key, "password": mock.api_key}
    ).json()
    exchanged = httpx.post(f"{recorder.base_url}/auth/api-key", headers={"X-API-Key": mock.api_key})
    assert exchanged.cookies["access_token"]
    made = post(recorder, token["access_token"], "/user/api-keys", name="a", expiration_time=None).json()
    post(
        recorder,
        mock.api_key,
        messages=[{"role": "user", "content": f"keep {mock.api_key} and sk-{'a' * 30}"}],
    )
    post(recorder, mock.api_key, **HELLO, byok_api_key="short")
    httpx.get(f"{recorder.base_url}/user/usage", params={"api_key": "short-secret"})
    written = "\n".join(path.read_text() for path in (tmp_path / "tape").iterdir())
    secrets = (mock.api_key, token["access_token"], token["refresh_token"], f"sk-{'a' * 30}", "short", "eyJ")
    for secret in (*secrets, exchanged.cookies["access_token"], str(made.get("api_key"))):
        assert secret not in written, secret
    assert "keep *** and ***" in written
    assert "access_token=***;" in written


def test_stream_keeps_its_events_and_its_timing(
    mock: MockServer, recorder: TapeServer, tmp_path: Path
) -> None:
    mock.reset(chunk_delay=0.02)
    streamed = post(recorder, mock.api_key, **HELLO, stream=True)
    (exchange,) = read_tape(tmp_path / "tape")
    events = exchange.response.events
    assert events is not None
    assert [event["data"] for event in events[:-1]] == events_of(streamed)
    assert events[-1]["data"] == "[DONE]"
    waits = [event.get("wait", 0.0) for event in events]
    assert sum(wait >= 0.015 for wait in waits) > len(waits) * 0.7
    with TapeServer(tmp_path / "tape") as player:
        again = post(player, "x", **HELLO, stream=True)
    assert again.content == streamed.content
    assert again.elapsed.total_seconds() >= sum(waits) * 0.9


def test_unknown_request_is_a_named_error(mock: MockServer, recorder: TapeServer, tmp_path: Path) -> None:
    post(recorder, mock.api_key)
    with TapeServer(tmp_path / "tape") as player:
        other = post(player, "x", messages=[{"role": "user", "content": "Else"}], model=HELLO["model"])
        nowhere = httpx.get(f"{player.base_url}/user/me")
        with (
            openai.OpenAI(api_key="x", base_url=player.openai_base_url) as client,
            pytest.raises(openai.APIStatusError, match="is not on the tape") as caught,
        ):
            client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        assert player.counters["not_recorded"] == 3, "openai must not repeat what no repetition can mend"
    assert (other.status_code, other.json()["error"]) == (501, "not_recorded")
    assert 'body/json/messages/0/content: "Else" in place of "Hello there"' in other.json()["message"]
    assert "0001-post-chat-completions.yaml" in other.json()["message"]
    assert "the tape has POST /api/v1/chat/completions" in nowhere.json()["message"]
    assert caught.value.status_code == 501


def test_unknown_request_goes_where_it_is_sent(
    mock: MockServer, recorder: TapeServer, tmp_path: Path
) -> None:
    post(recorder, mock.api_key)
    tape, other = tmp_path / "tape", {**HELLO, "model": "openai/gpt-4o"}
    with TapeServer(tape, unknown="mock", api_key=mock.api_key, reply_tokens=3) as player:
        assert post(player, mock.api_key, **other).json()["usage"]["tokens_completion"] == 3
        assert post(player, mock.api_key).json()["usage"]["tokens_completion"] > 3
    with TapeServer(tape, unknown="upstream", upstream=mock.url) as player:
        assert post(player, mock.api_key, **other).json()["model"] == "gpt-4o"
    assert len(read_tape(tape)) == 1
    with TapeServer(tape, unknown="record", upstream=mock.url) as player:
        first = post(player, mock.api_key, **other).json()
        assert post(player, "x", **other).json() == first
    assert [each.name for each in read_tape(tape)] == [
        "0001-post-chat-completions.yaml",
        "0002-post-chat-completions.yaml",
    ]


def test_equal_requests_are_answered_in_order_and_the_last_one_again(
    mock: MockServer, recorder: TapeServer, tmp_path: Path
) -> None:
    for text in ("one", "two"):
        mock.answers.add(text)
        post(recorder, mock.api_key)
    with TapeServer(tmp_path / "tape") as player:
        assert [post(player, "x").json()["data"] for _ in range(3)] == ["one", "two", "two"]
        assert player.unplayed == []
        player.rewind()
        assert len(player.unplayed) == 2
        assert post(player, "x").json()["data"] == "one"


def test_what_may_differ_does_not_matter(mock: MockServer, recorder: TapeServer, tmp_path: Path) -> None:
    body = {**HELLO, "additional_params": {"session_id": "a", "seed": 1}}
    post(recorder, mock.api_key, **body)
    reordered = {name: body[name] for name in reversed(body)}
    changed = {**body, "additional_params": {"session_id": "b", "seed": 1.0}}
    with TapeServer(tmp_path / "tape") as player:
        assert post(player, "x", **reordered).status_code == 200
        assert post(player, "x", **changed).status_code == 501
    with TapeServer(tmp_path / "tape", ignore=("session_id",)) as player:
        assert post(player, "x", **changed).status_code == 200


@pytest.mark.parametrize("fault", ["truncate", "reset"])
def test_broken_stream_is_broken_again(
    mock: MockServer, recorder: TapeServer, tmp_path: Path, fault: str
) -> None:
    mock.faults.add(fault, after=3)
    recorded = _read_all(recorder, mock.api_key)
    recorder.stop()
    with TapeServer(tmp_path / "tape", pace=0) as player:
        assert _read_all(player, "x") == recorded


def _read_all(server: TapeServer, key: str) -> tuple[bytes, bool]:
    """What came of a stream, and whether it broke."""
    got = b""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.stream(
        "POST", f"{server.base_url}/chat/completions", json={**HELLO, "stream": True}, headers=headers
    ) as answer:
        try:
            for chunk in answer.iter_raw():
                got += chunk
        except httpx.TransportError:
            return got, True
    return got, False


def test_client_that_leaves_is_recorded_as_far_as_it_read(
    mock: MockServer, recorder: TapeServer, tmp_path: Path
) -> None:
    mock.reset(chunk_delay=0.05, reply_tokens=200)
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    with httpx.stream(
        "POST", f"{recorder.base_url}/chat/completions", json={**HELLO, "stream": True}, headers=headers
    ) as answer:
        next(answer.iter_raw())
    recorder.stop()
    (exchange,) = read_tape(tmp_path / "tape")
    assert exchange.response.ends == "left"
    assert 0 < len(exchange.response.events or ()) < 150


def test_upstream_that_is_not_there_is_a_named_error_and_is_not_recorded(tmp_path: Path) -> None:
    with TapeServer(tmp_path / "tape", replay=False, upstream="http://127.0.0.1:9") as recorder:
        answer = post(recorder, "x")
    assert (answer.status_code, answer.json()["error"]) == (502, "upstream_unreachable")
    assert "http://127.0.0.1:9" in answer.json()["message"]
    assert list((tmp_path / "tape").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tape": 2}, "`tape: 1` is missing"),
        ({"extra": 1}, "extra is not known"),
        ({"response": {"status": 42}}, "status is a whole number"),
        ({"response": {"status": 200, "stauts": 1}}, r"response\.stauts is not known"),
        (
            {"response": {"status": 200, "events": [{"wait": 1}]}},
            "event 1: an event has neither data nor raw",
        ),
        ({"response": {"status": 200, "wait": -1}}, "wait is seconds"),
        ({"response": {"status": 200, "headers": {"a": "b\r\nc: d"}}}, r"response\.headers\.a is"),
        (
            {"response": {"status": 200, "headers": {"a b": "c"}}},
            r"response\.headers\.a b is the name of a header",
        ),
        (
            {"response": {"status": 200, "headers": {"x-limit": 5}}},
            r"response\.headers\.x-limit is .* with a text",
        ),
        ({"response": {"status": 200, "headers": {"x": "\x00"}}}, r"response\.headers\.x is"),
        ({"response": {"status": 200, "headers": []}}, r"response\.headers is an object"),
        ({"response": {"status": 200, "ends": "later"}}, r"response\.ends is one of complete, cut, left$"),
        ({"response": {"status": 204, "body": {"text": "a"}}}, "the status 204 has neither body nor events"),
        ({"response": {"status": 200, "body": {"base64": "***"}}}, "not base64: "),
        ({"response": {"status": 200, "body": {"text": 5}}}, "5 is not a text"),
        ({"response": {"status": 200, "body": {"json": float("nan")}}}, "nan is not a JSON value"),
        (
            {"response": {"status": 200, "events": [{"data": 1, "delay": 1}]}},
            "event 1: delay is not known; known are",
        ),
        (
            {"response": {"status": 200, "events": [{"data": 1, "raw": ""}]}},
            "event 1: an event has raw and data;",
        ),
        (
            {"response": {"status": 200, "events": [{"data": 1, "event": "a\nb"}]}},
            "event 1: event is a text of one",
        ),
        ({"response": {"status": 200, "body": {"parts": []}}}, "one of json, text and base64"),
        ({"request": {"method": "GET", "path": "x"}}, "a path begins with /"),
    ],
)
def test_tape_that_was_edited_wrongly_says_where(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    good = {"tape": 1, "request": {"method": "GET", "path": "/"}, "response": {"status": 200}}
    (tmp_path / "1.yaml").write_text(json.dumps(good))
    assert read_tape(tmp_path)[0].response.status == 200
    (tmp_path / "2.yaml").write_text(json.dumps({**good, **change}).replace("NaN", ".nan"))
    with pytest.raises(TapeError, match=rf"2\.yaml: .*{said}"):
        read_tape(tmp_path)


def test_headers_that_were_added_by_hand_are_sent_in_any_spelling(tmp_path: Path) -> None:
    headers = {"Content-Type": "text/plain", "X-Limit": ["1", "2"], "Content-Length": "99"}
    response = {"status": 200, "headers": headers, "body": {"text": "hello"}}
    document = {"tape": 1, "request": {"method": "GET", "path": "/a"}, "response": response}
    (tmp_path / "1.yaml").write_text(json.dumps(document))
    with TapeServer(tmp_path) as tape:
        answer = httpx.get(f"{tape.url}/a")
    assert (answer.text, answer.headers["content-type"]) == ("hello", "text/plain")
    assert answer.headers.get_list("x-limit") == ["1", "2"]
    assert answer.headers["content-length"] == "5"


SUITE = """
import pytest
from indoxrouter import Client

def test_story(indoxrouter_tape):
    with Client() as client:
        assert "a boat" in client.chat([{"role": "user", "content": "Tell of a boat"}])["data"]

@pytest.mark.indoxrouter_tape(unknown="mock")
@pytest.mark.parametrize("word", ["x/y", "z"])
def test_word(indoxrouter_tape, word):
    with Client() as client:
        assert word in client.chat([{"role": "user", "content": word}])["data"]
"""


def test_fixture_records_once_and_replays_without_the_server(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)

    def run(*options: str, key: str = "none") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-q", *PLUGINS, *options]
        environment = {**alone(), "INDOX_ROUTER_API_KEY": key}
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds(50),
            check=False,
        )

    refused = run("-k", "story")
    assert "there is no tape in" in refused.stdout
    assert "--indoxrouter-record=new" in refused.stdout
    with MockServer() as mock:
        recorded = run("--indoxrouter-record=new", f"--indoxrouter-upstream={mock.url}", key=mock.api_key)
        assert recorded.returncode == 0, recorded.stdout
        made = mock.counters["requests"]
        assert run("--indoxrouter-record=new", f"--indoxrouter-upstream={mock.url}").returncode == 0
        assert mock.counters["requests"] == made, "a test that has a tape is not recorded again"
    replayed = run()
    assert replayed.returncode == 0, replayed.stdout
    folders = sorted(path.name for path in (tmp_path / "tapes" / "test_suite").iterdir())
    assert folders == ["test_story", "test_word-x-y", "test_word-z"]


def test_text_is_the_same_in_both_shapes_of_a_tape(mock: MockServer, recorder: TapeServer) -> None:
    whole = post(recorder, mock.api_key).json()["data"]
    assert text_of(events_of(post(recorder, mock.api_key, **HELLO, stream=True))) == whole
