"""Scripted answers, further models, and several accounts on one server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from indoxrouter_mock import DEMO_API_KEY, MockOptions, MockServer

from .conftest import HELLO
from .reading import events_of, sound, text_of

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
ORDER = {"type": "function", "function": {"name": "get_order", "parameters": {"type": "object"}}}


def chat(http: httpx.Client, prompt: str = "Hello", **fields: Any) -> httpx.Response:
    return http.post("/chat/completions", json={"messages": [{"role": "user", "content": prompt}], **fields})


def said(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


# ---- answers ----


def test_answers_are_given_in_order_and_then_the_mock_speaks_for_itself(
    http: httpx.Client, mock: MockServer
) -> None:
    mock.answers.add("First.")
    mock.answers.add("Second.", times=2)
    assert [said(chat(http)) for _ in range(3)] == ["First.", "Second.", "Second."]
    assert said(chat(http)).startswith("You said: “Hello”")
    assert mock.answers.pending == []


def test_scripted_answer_is_the_same_whole_and_streamed_and_its_usage_matches(
    http: httpx.Client, mock: MockServer
) -> None:
    text = "An urgent bug: page someone, now."
    mock.answers.add(text, times=2)
    whole = chat(http).json()
    assert whole["data"] == text
    events = events_of(chat(http, stream=True))
    assert text_of(events) == text
    assert len([event for event in events if event["choices"][0]["delta"].get("content")]) > 3
    assert events[-1]["usage"]["tokens_completion"] == whole["usage"]["tokens_completion"] == 6
    used = http.get("/user/usage").json()
    assert used["total_tokens"]["output"] == 12
    assert used["total_cost"] == pytest.approx(2 * whole["usage"]["cost"])


@pytest.mark.parametrize("shape", ["envelope", "openai", "output"])
@pytest.mark.parametrize("events", ["chunks", "typed"])
def test_scripted_answer_comes_in_every_shape(
    http: httpx.Client, mock: MockServer, shape: str, events: str
) -> None:
    mock.answers.add("Forty-two.", times=None)
    body = {**HELLO}
    answer = http.post("/chat/completions", json=body, headers={"X-Mock-Shape": shape})
    assert '"Forty-two."' in answer.text
    streamed = http.post(
        "/chat/completions", json={**body, "stream": True}, headers={"X-Mock-Events": events}
    )
    assert text_of(events_of(streamed)) == "Forty-two."


def test_several_turns_a_tool_call_then_text(http: httpx.Client, mock: MockServer) -> None:
    mock.answers.add(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}], contains="Where is A1?")
    mock.answers.add("A1 is on its way.", contains="Where is A1?")
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Where is A1?"}]
    tools = {"additional_params": {"tools": [WEATHER, ORDER]}}
    first = http.post("/chat/completions", json={"messages": messages, **tools}).json()
    assert first["finish_reason"] == "tool_calls"
    (call,) = first["data"]["tool_calls"]
    assert call["function"]["name"] == "get_order"
    assert json.loads(call["function"]["arguments"]) == {"id": "A1"}
    messages += [first["data"], {"role": "tool", "tool_call_id": call["id"], "content": "shipped"}]
    second = http.post("/chat/completions", json={"messages": messages, **tools})
    assert said(second) == "A1 is on its way."


def test_streamed_tool_calls_and_text_beside_them(http: httpx.Client, mock: MockServer) -> None:
    calls = [
        {"id": "call_1", "name": "weather", "arguments": {"city": "Oslo"}},
        {"name": "get_order", "arguments": "{"},
    ]
    mock.answers.add("Let me look.", tool_calls=calls, times=2)  # type: ignore[arg-type]  # read from JSON
    whole = chat(http).json()["data"]
    assert whole["content"] == "Let me look."
    assert [(each["function"]["name"], each["function"]["arguments"]) for each in whole["tool_calls"]] == [
        ("weather", '{"city":"Oslo"}'),
        ("get_order", "{"),
    ]
    assert whole["tool_calls"][0]["id"] == "call_1"
    events = events_of(chat(http, stream=True))
    assert text_of(events) == "Let me look."
    arguments = ["", ""]
    for event in events:
        for part in event["choices"][0]["delta"].get("tool_calls", []):
            arguments[part["index"]] += part["function"]["arguments"]
    assert arguments == ['{"city":"Oslo"}', "{"]
    assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("value", [{"level": "urgent", "tags": ["a"]}, [1, 2], None, "text", 0])
def test_parsed_value_is_the_text_of_the_answer(http: httpx.Client, mock: MockServer, value: object) -> None:
    mock.answers.add(parsed=value)
    assert json.loads(said(chat(http))) == value


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (503, 503, "provider_error", "a scripted error"),
        ("out of order", 500, "provider_error", "out of order"),
        ({"status": 402, "message": "no money"}, 402, "insufficient_credits", "no money"),
        ({"status": 400, "code": "content_filter"}, 400, "content_filter", "a scripted error"),
    ],
)
def test_scripted_error(
    http: httpx.Client, mock: MockServer, error: Any, status: int, code: str, message: str
) -> None:
    mock.answers.add(error=error)
    mock.answers.add("Fine.")
    body = {**HELLO, "stream": True}
    answer = http.post("/chat/completions", json=body)
    assert (answer.status_code, answer.json()["error"], answer.json()["message"]) == (status, code, message)
    assert said(chat(http)) == "Fine."
    assert http.get("/user/usage").json()["total_requests"] == 1


def test_answers_wait_for_their_model_text_and_operation(http: httpx.Client, mock: MockServer) -> None:
    mock.answers.add("for gpt-4o", model="gpt-4o", times=None)
    mock.answers.add("for anthropic", model="anthropic/*", times=None)
    mock.answers.add("about refunds", contains="refund", times=None)
    mock.answers.add(" a completion", operation="createCompletion", times=None)
    assert said(chat(http, model="openai/gpt-4o")) == "for gpt-4o"
    assert said(chat(http, model="anthropic/claude-sonnet-4-5")) == "for anthropic"
    assert said(chat(http, "I want a refund")) == "about refunds"
    assert http.post("/completions", json={"prompt": "Once"}).json()["data"] == " a completion"
    assert said(chat(http)).startswith("You said")


def test_text_in_an_earlier_message_counts_too(http: httpx.Client, mock: MockServer) -> None:
    mock.answers.add("I am a pirate.", contains="You are a pirate", times=None)
    messages = [{"role": "system", "content": "You are a pirate."}, {"role": "user", "content": "Hi"}]
    assert said(http.post("/chat/completions", json={"messages": messages})) == "I am a pirate."
    assert said(chat(http)).startswith("You said")


def test_transcription_can_be_scripted_and_any_operation_can_fail(
    http: httpx.Client, mock: MockServer
) -> None:
    mock.answers.add("The harbour is quiet.", operation="createTranscription")
    mock.answers.add(error=429, operation="createImage")
    upload = {"file": ("a.mp3", sound())}
    assert http.post("/audio/stt/transcriptions", files=upload).json()["text"] == "The harbour is quiet."
    assert http.post("/images/generations", json={"prompt": "a fox"}).status_code == 429
    assert http.post("/images/generations", json={"prompt": "a fox", "size": "8x8"}).status_code == 200


def test_answer_is_kept_when_the_request_is_refused(http: httpx.Client, mock: MockServer) -> None:
    mock.answers.add("Kept.")
    assert chat(http, messages=[]).status_code == 422
    mock.credits = 0
    assert chat(http).status_code == 402
    mock.credits = 1
    assert said(chat(http)) == "Kept."


def test_repeated_request_under_one_key_uses_one_answer(http: httpx.Client, mock: MockServer) -> None:
    mock.answers.add("One.")
    mock.answers.add("Two.")
    headers = {"Idempotency-Key": "k"}
    answers = [http.post("/chat/completions", json=HELLO, headers=headers) for _ in range(2)]
    assert [said(answer) for answer in answers] == ["One.", "One."]
    assert said(chat(http)) == "Two."


def test_max_tokens_cuts_a_scripted_answer_as_any_other(http: httpx.Client, mock: MockServer) -> None:
    mock.answers.add("one two three four")
    cut = chat(http, max_tokens=2).json()
    assert (cut["data"], cut["finish_reason"], cut["usage"]["tokens_completion"]) == ("one two", "length", 2)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"text": "a", "parsed": 1},
        {"text": "a", "error": 500},
        {"text": "a", "times": 0},
        {"text": "a", "times": 1.5},
        {"text": 5},
        {"text": "a", "model": 5},
        {"error": 200},
        {"error": {"status": "x"}},
        {"error": {"statuss": 500}},
        {"tool_calls": [{}]},
        {"tool_calls": "x"},
        {"tool_calls": [{"name": "f", "args": {}}]},
        {"tool_calls": [{"name": "f", "arguments": [1]}]},
        {"tool_calls": [{"function": {"name": "f", "args": {}}}]},
        {"tool_calls": [{"function": {"name": "f"}, "arguments": {}}]},
        {"text": "a", "model": ""},
        {"text": "a", "contains": ""},
        {"text": "a", "times": "3"},
        {"tool_calls": [{"name": ""}]},
        {"tool_calls": [{"name": "f"}], "error": 500},
        {"text": "a", "operation": "createImage"},
        {"tool_calls": [{"name": "f"}], "operation": "createCompletion"},
        {"text": "a", "unknown": 1},
    ],
)
def test_answer_that_makes_no_sense_is_refused(
    mock: MockServer, fields: dict[str, Any], tmp_path: Path
) -> None:
    answer = httpx.post(f"{mock.url}/__mock__/answers", json=fields)
    assert answer.status_code == 400, answer.text
    if "unknown" not in fields:
        with pytest.raises(ValueError, match=r"expected|needed|whole|not|texts|none of|no tool|no object"):
            mock.answers.add(**fields)
    file = tmp_path / "answers.json"
    file.write_text(json.dumps([{"text": "fine"}, fields]), encoding="utf-8")
    with pytest.raises(ValueError, match=r"answers\.json, answer 2: "):
        MockServer(answers=file)


def test_admin_endpoint_scripts_answers_and_lists_and_removes_them(
    http: httpx.Client, mock: MockServer
) -> None:
    url = f"{mock.url}/__mock__/answers"
    added = httpx.post(url, json={"text": "Hi.", "contains": "Hello", "times": None}).json()
    assert (added["text"], added["contains"], added["times"]) == ("Hi.", "Hello", None)
    assert httpx.get(url).json()["answers"] == [added] == mock.answers.pending
    assert said(chat(http)) == "Hi."
    assert httpx.delete(url).json() == {"answers": []}
    assert said(chat(http)).startswith("You said")


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_file_scripts_answers_for_a_server_and_for_each_reset(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"answers.{suffix}"
    if suffix == "yaml":
        text = "answers:\n- text: From a file.\n- error: 503\n  contains: down\n  times: null\n"
    else:
        text = '[{"text": "From a file."}, {"error": 503, "contains": "down", "times": null}]'
    file.write_text(text, encoding="utf-8")
    with MockServer(answers=file) as mock:
        headers = {"Authorization": f"Bearer {mock.api_key}"}
        with httpx.Client(base_url=mock.base_url, headers=headers) as http:
            for _ in range(2):
                assert said(chat(http)) == "From a file."
                assert chat(http, "Is it down?").status_code == 503
                assert said(chat(http)).startswith("You said")
                mock.reset()


def test_answer_of_a_file_for_no_operation_is_refused_and_for_an_account_to_come_is_kept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text("- {error: 500, operation: createChats}\n")
    with pytest.raises(ValueError, match=r"answer 1: .* did you mean 'create"):
        MockServer(answers=path)
    path.write_text("- {text: For Alice, account: alice}\n")
    assert MockServer(answers=path).answers.pending[0]["account"] == "alice"


def test_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.yaml can't be read"):
        MockServer(answers=tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad\.yaml is not YAML"):
        MockServer(answers=tmp_path / "bad.yaml")
    (tmp_path / "text.yaml").write_text("just text", encoding="utf-8")
    with pytest.raises(ValueError, match="holds no list"):
        MockServer(answers=tmp_path / "text.yaml")


@pytest.mark.indoxrouter_mock(answers=[{"text": "From the marker."}])
def test_marker_scripts_answers(http: httpx.Client) -> None:
    assert said(chat(http)) == "From the marker."


def test_scripted_answers_work_under_the_openai_paths(mock: MockServer) -> None:
    mock.answers.add(tool_calls=[{"name": "weather", "arguments": {"city": "Oslo"}}])
    mock.answers.add("Rain.")
    mock.answers.add(error=429)
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Weather?"}], "tools": [WEATHER]}
    url = f"{mock.openai_base_url}/chat/completions"
    first = httpx.post(url, json=body, headers=headers).json()["choices"][0]
    assert first["finish_reason"] == "tool_calls"
    assert first["message"]["tool_calls"][0]["function"] == {
        "name": "weather",
        "arguments": '{"city":"Oslo"}',
    }
    assert httpx.post(url, json=body, headers=headers).json()["choices"][0]["message"]["content"] == "Rain."
    refused = httpx.post(url, json=body, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")


# ---- what the mock says by itself ----


def after_a_tool(http: httpx.Client, choice: object) -> dict[str, Any]:
    messages = [
        {"role": "user", "content": "Weather in Oslo?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", **WEATHER}]},
        {"role": "tool", "tool_call_id": "c", "content": "rain"},
    ]
    extra = {"tools": [WEATHER, ORDER], "tool_choice": choice}
    body: dict[str, Any] = http.post(
        "/chat/completions", json={"messages": messages, "additional_params": extra}
    ).json()
    return body


def test_tool_choice_is_honoured_after_a_tools_result(http: httpx.Client) -> None:
    assert after_a_tool(http, "auto")["finish_reason"] == "stop"
    assert after_a_tool(http, "none")["finish_reason"] == "stop"
    assert after_a_tool(http, "required")["data"]["tool_calls"]
    named = after_a_tool(http, {"type": "function", "function": {"name": "get_order"}})
    assert [call["function"]["name"] for call in named["data"]["tool_calls"]] == ["get_order"]


SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "enum": ["Ada", "Grace"]},
        "age": {"$ref": "#/$defs/age"},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
    "$defs": {"age": {"type": "integer", "minimum": 30, "maximum": 40}},
}


@pytest.mark.parametrize(
    "prompt",
    [
        f"JSON schema:\n{json.dumps(SCHEMA)}\nYou MUST answer with a JSON object that matches the JSON schema above.",
        f"As a genius expert, answer in json_schema:\n\n{json.dumps(SCHEMA, indent=2)}\n\nnot {{a schema}}.",
        f'For example {{}} or {{"a": 1}}. ```json\n{json.dumps(SCHEMA)}\n```',
    ],
)
@pytest.mark.parametrize("role", ["system", "user"])
def test_json_object_answers_what_the_prompts_schema_says(http: httpx.Client, prompt: str, role: str) -> None:
    messages = [{"role": role, "content": prompt}, {"role": "user", "content": "Extract: Ada is 36."}]
    extra = {"response_format": {"type": "json_object"}}
    found = json.loads(
        said(http.post("/chat/completions", json={"messages": messages, "additional_params": extra}))
    )
    assert found["name"] in ("Ada", "Grace")
    assert 30 <= found["age"] <= 40
    assert set(found) == {"name", "age"}


def test_json_object_without_a_schema_is_an_object(http: httpx.Client) -> None:
    extra = {"response_format": {"type": "json_object"}}
    for prompt in (
        "Answer in JSON.",
        'Like {"properties": {"a": 5}}.',
        'By {"$ref": "file:///etc/passwd"}.',
        "{" * 5000,
    ):
        found = json.loads(said(chat(http, prompt, additional_params=extra)))
        assert set(found) == {"prompt", "reply", "score"}


# ---- models ----


@pytest.mark.indoxrouter_mock(any_model=True)
def test_unknown_models_may_be_accepted(http: httpx.Client) -> None:
    answer = chat(http, model="acme/rocket-1").json()
    assert (answer["provider"], answer["model"], answer["usage"]["cost"]) == ("acme", "rocket-1", 0)
    assert said(chat(http, model="no-provider")).startswith("You said")
    assert chat(http, model="x", provider="y").json()["provider"] == "y"
    assert chat(http, model="openai/gpt-4o").json()["usage"]["cost"] > 0
    assert http.post("/embeddings", json={"text": "a", "model": "acme/vectors"}).status_code == 200


def test_unknown_models_are_refused_otherwise(http: httpx.Client) -> None:
    assert chat(http, model="acme/rocket-1").status_code == 404


def test_models_can_be_added_until_the_next_reset(http: httpx.Client, mock: MockServer) -> None:
    mock.models.add("acme/rocket-1", abilities=["chat"], price_in=1, price_out=2, context=1000)
    answer = httpx.post(f"{mock.url}/__mock__/models", json={"model": "openai/gpt-9"})
    assert answer.json() == {"model": "openai/gpt-9", "abilities": ["chat", "completion", "tools"]}
    usage = chat(http, model="acme/rocket-1").json()["usage"]
    assert usage["cost"] == pytest.approx((usage["tokens_prompt"] + 2 * usage["tokens_completion"]) / 1000)
    assert http.get("/models/acme/rocket-1").json()["max_tokens"] == 1000
    assert http.get("/models/openai/gpt-9").status_code == 200
    with pytest.raises(ValueError, match=r"provider/model"):
        mock.models.add("rocket")
    with pytest.raises(ValueError, match=r"abilities|list of some"):
        mock.models.add("a/b", abilities=["flying"])
    mock.reset()
    assert chat(http, model="acme/rocket-1").status_code == 404


# ---- accounts ----


def client_of(mock: MockServer, key: str) -> httpx.Client:
    return httpx.Client(base_url=mock.base_url, headers={"Authorization": f"Bearer {key}"})


def test_accounts_on_one_server_do_not_reset_each_other(http: httpx.Client, mock: MockServer) -> None:
    alice = mock.accounts.add("alice", credits=5)
    made = httpx.post(
        f"{mock.url}/__mock__/accounts", json={"name": "bob", "credits": 7, "tier": "free"}
    ).json()
    assert (made["username"], made["credits"], made["tier"]) == ("bob", 7, "free")
    mock.answers.add("for alice", account="alice")
    mock.answers.add("for bob", account="bob")
    with client_of(mock, alice.key) as hers, client_of(mock, made["api_key"]) as his:
        assert said(chat(his)) == "for bob"
        his.post("/user/api-keys", json={"name": "more"})
        his.post("/videos/generations", json={"prompt": "x", "duration": 1})
        chat(hers, "Hi", model="openai/gpt-4o")
        assert hers.get("/user/me").json()["username"] == "alice"
        spent = his.get("/user/me").json()["credits"]
        assert spent < 7

        answer = httpx.post(f"{mock.url}/__mock__/reset", json={"account": "alice"})
        assert answer.json() == {"reset": True, "api_key": alice.key}

        assert hers.get("/user/usage").json()["total_requests"] == 0
        assert hers.get("/user/me").json()["credits"] == 5
        assert his.get("/user/me").json()["credits"] == spent
        assert his.get("/user/usage").json()["total_requests"] == 2
        assert len(his.get("/user/api-keys").json()["keys"]) == 2
        assert mock.answers.pending == []

        mock.accounts.reset("bob")
        assert his.get("/user/usage").json()["total_requests"] == 0
        assert his.get("/videos/jobs").json()["total"] == 0
        assert len(his.get("/user/api-keys").json()["keys"]) == 1
        rows = his.get("/user/transactions").json()["transactions"]
        assert [row["amount"] for row in rows] == [7]


def test_requests_and_answers_are_those_of_an_account(http: httpx.Client, mock: MockServer) -> None:
    alice = mock.accounts.add("alice")
    mock.answers.add("for alice", account="alice")
    with client_of(mock, alice.key) as hers:
        assert said(chat(http)).startswith("You said")
        assert said(chat(hers)) == "for alice"
    url = f"{mock.url}/__mock__/requests"
    assert [each["account"] for each in httpx.get(url, params={"account": "alice"}).json()["requests"]] == [
        "alice"
    ]
    assert [each["account"] for each in mock.requests] == ["demo", "alice"]
    httpx.post(f"{mock.url}/__mock__/reset", json={"account": "alice"})
    assert [each["account"] for each in mock.requests] == ["demo"]


def test_account_can_be_removed_but_not_the_demo_account(mock: MockServer) -> None:
    key = mock.accounts.add("alice").key
    url = f"{mock.url}/__mock__/accounts"
    assert httpx.request("DELETE", url, json={"account": "alice"}).json() == {"removed": "alice"}
    with client_of(mock, key) as hers:
        assert chat(hers).status_code == 401
    assert httpx.request("DELETE", url, json={}).status_code == 400
    assert httpx.request("DELETE", url, json={"account": "alice"}).status_code == 404
    assert [each["username"] for each in httpx.get(url).json()["accounts"]] == ["demo"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": "a", "error": 500}, "body: one of .* is needed, not text and error"),
        ({"text": "a", "times": "3"}, "body/times: '3' is not a whole number"),
        ({"error": {"status": "500"}}, "body/error/status: '500' is not a status"),
        ({"text": True}, "body/text: True is not a text of 0 to 1000000 characters"),
        ({"text": "a", "contains": ""}, "body/contains: '' is not a text of 1 to"),
        (
            {"tool_calls": [{"name": "f", "args": {}}]},
            "body/tool_calls/0/args: is not known .*: id, type, name, arg",
        ),
        ({"tool_calls": [{"name": "f", "arguments": 1}]}, "body/tool_calls/0/arguments: 1 is no object"),
        (
            {"text": "a", "operation": "createImage"},
            "'createImage' is none of .* texts: createChatCompletion, ",
        ),
    ],
)
def test_mistake_in_an_answer_is_named_with_what_is_expected(
    mock: MockServer, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        mock.answers.add(**fields)


def test_openais_form_of_a_tool_call_is_taken(mock: MockServer) -> None:
    call = {"id": "c1", "type": "function", "index": 0, "function": {"name": "f", "arguments": "{"}}
    planned = mock.answers.add(tool_calls=[call])
    assert planned.tool_calls == ({"id": "c1", "name": "f", "arguments": "{"},)


def test_key_that_stands_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text("- text: fine\n- text: one\n  text: two\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"answers\.yaml is not YAML: line 3: the key 'text' is there twice"):
        MockServer(answers=path)
    path.write_text("- &first {text: one, times: 2}\n- {<<: *first, text: two}\n", encoding="utf-8")
    assert [each["text"] for each in MockServer(answers=path).answers.pending] == ["one", "two"]


def test_account_that_makes_no_sense_is_refused(mock: MockServer) -> None:
    mock.accounts.add("alice")
    for name, fields in (
        ("alice", {}),
        ("", {}),
        ("a b", {}),
        ("bob", {"tier": "gold"}),
        ("bob", {"credits": -1}),
    ):
        with pytest.raises(ValueError, match=r"alice|name|is not"):
            mock.accounts.add(name, **fields)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"no account 'nobody'.* known ones are alice, demo"):
        mock.accounts.reset("nobody")
    # An account without a password has no login by password.
    login = httpx.post(f"{mock.base_url}/auth/token", data={"username": "alice", "password": ""})
    assert login.status_code in (401, 422)


# ---- the fixture ----


def test_fixture_leads_the_code_under_test_to_the_mock(indoxrouter_mock: MockServer) -> None:
    assert os.environ["INDOX_ROUTER_BASE_URL"] == indoxrouter_mock.base_url
    assert os.environ["INDOX_ROUTER_API_KEY"] == indoxrouter_mock.api_key == DEMO_API_KEY


def test_options_refuse_answers_that_are_none() -> None:
    with pytest.raises(ValueError, match="answers is 5"):
        MockOptions(answers=5)  # type: ignore[arg-type]
