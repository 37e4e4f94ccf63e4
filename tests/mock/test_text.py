from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema_rs
import pytest

from indoxrouter_mock import MockServer

from .conftest import HELLO
from .reading import events_of, problems_of, text_of

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "required": ["city", "unit"],
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        },
    },
}


def chat(http: httpx.Client, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    return http.post("/chat/completions", json={**HELLO, **fields}, headers=headers)


def test_answer_names_the_prompt_and_depends_on_it_alone(http: httpx.Client) -> None:
    first, again = chat(http).json(), chat(http).json()
    other = chat(http, messages=[{"role": "user", "content": "Good night"}]).json()
    assert "Hello there" in first["data"]
    assert first["data"] == again["data"] != other["data"]
    assert first["request_id"] != again["request_id"]


def test_answer_depends_on_the_seeds_of_request_and_server(mock: MockServer, http: httpx.Client) -> None:
    texts = {chat(http, additional_params={"seed": seed}).json()["data"] for seed in (None, 1, 2)}
    mock.reset(seed=5)
    texts.add(chat(http).json()["data"])
    assert len(texts) == 4


def test_same_seed_gives_the_same_answers_to_the_byte(mock: MockServer, http: httpx.Client) -> None:
    contents = []
    for _ in range(2):
        mock.reset(seed=3, frozen_clock=True)
        contents.append(chat(http).content + http.post("/user/api-keys", json={"name": "k"}).content)
    assert contents[0] == contents[1]


def test_three_shapes_carry_one_answer(http: httpx.Client) -> None:
    envelope = chat(http, {"X-Mock-Shape": "envelope"}).json()
    openai = chat(http, {"X-Mock-Shape": "openai"}).json()
    output = chat(http, {"X-Mock-Shape": "output"}).json()
    text = envelope["data"]
    assert openai["choices"][0]["message"]["content"] == text
    assert output["output"][0]["content"][0]["text"] == text
    assert (
        openai["usage"]["total_tokens"]
        == output["usage"]["total_tokens"]
        == envelope["usage"]["tokens_total"]
    )
    assert envelope["usage"]["cost"] == pytest.approx(sum(envelope["usage"]["cost_breakdown"].values()))


@pytest.mark.indoxrouter_mock(shape="output", events="typed")
def test_shape_and_events_can_be_settings_of_the_server(http: httpx.Client) -> None:
    assert "output" in chat(http).json()
    assert events_of(chat(http, stream=True))[0]["type"] == "response.created"


@pytest.mark.parametrize("family", ["chunks", "typed"])
@pytest.mark.parametrize("path", ["/chat/completions", "/completions"])
def test_stream_adds_up_to_the_whole_answer(http: httpx.Client, family: str, path: str) -> None:
    body = (
        HELLO if path.startswith("/chat") else {"prompt": "Once upon a time", "model": "openai/gpt-4o-mini"}
    )
    whole = http.post(path, json=body).json()
    events = events_of(http.post(path, json={**body, "stream": True}, headers={"X-Mock-Events": family}))
    assert text_of(events) == whole["data"]
    assert len(events) > whole["usage"]["tokens_completion"]
    usage = events[-1]["response"]["usage"] if family == "typed" else events[-1]["usage"]
    assert usage["total_tokens"] == whole["usage"]["tokens_total"]
    if family == "chunks":
        assert events[-1]["choices"][0]["finish_reason"] == whole["finish_reason"] == "stop"
    else:
        assert events[-1]["type"] == "response.done"


def test_unknown_shape_is_refused_with_the_known_ones(http: httpx.Client) -> None:
    answer = chat(http, {"X-Mock-Shape": "round"})
    assert answer.status_code == 400
    assert "envelope, openai, output" in problems_of(answer)["header/x-mock-shape"]


def test_max_tokens_cuts_the_answer_and_says_so(http: httpx.Client) -> None:
    body = chat(http, max_tokens=3).json()
    assert (body["usage"]["tokens_completion"], body["finish_reason"]) == (3, "length")


def test_stop_ends_the_answer_before_the_word(http: httpx.Client) -> None:
    text = chat(http).json()["data"]
    word = text.split()[4]
    cut = chat(http, additional_params={"stop": [word]}).json()["data"]
    assert text.startswith(cut)
    assert word not in cut


def test_length_of_an_answer_can_be_asked_for(http: httpx.Client) -> None:
    assert chat(http, {"X-Mock-Tokens": "500"}).json()["usage"]["tokens_completion"] == 500
    assert chat(http, {"X-Mock-Tokens": "many"}).status_code == 400


@pytest.mark.parametrize("stream", [False, True])
def test_offered_tool_is_called_with_valid_arguments_and_its_result_is_used(
    http: httpx.Client, stream: bool
) -> None:
    extra = {"tools": [WEATHER]}
    answer = chat(http, {"X-Mock-Shape": "openai"}, additional_params=extra, stream=stream)
    if stream:
        parts = [
            part for event in events_of(answer) for part in event["choices"][0]["delta"].get("tool_calls", [])
        ]
        identifier, name = parts[0]["id"], parts[0]["function"]["name"]
        arguments = json.loads("".join(part["function"]["arguments"] for part in parts))
    else:
        message = answer.json()["choices"][0]["message"]
        assert answer.json()["choices"][0]["finish_reason"] == "tool_calls"
        call = message["tool_calls"][0]
        identifier, name, arguments = (
            call["id"],
            call["function"]["name"],
            json.loads(call["function"]["arguments"]),
        )
    assert name == "get_weather"
    assert arguments["unit"] in ("celsius", "fahrenheit")
    assert isinstance(arguments["city"], str)
    messages = [
        *HELLO["messages"],
        {"role": "assistant", "content": None},
        {"role": "tool", "name": identifier, "content": "sunny, 21 degrees"},
    ]
    assert "sunny, 21 degrees" in chat(http, messages=messages, additional_params=extra).json()["data"]


def test_tool_choice_is_honoured(http: httpx.Client) -> None:
    other = {"type": "function", "function": {"name": "search"}}
    chosen = {"type": "function", "function": {"name": "search"}}
    data = chat(http, additional_params={"tools": [WEATHER, other], "tool_choice": chosen}).json()["data"]
    assert data["tool_calls"][0]["function"] == {"name": "search", "arguments": "{}"}
    assert isinstance(
        chat(http, additional_params={"tools": [WEATHER], "tool_choice": "none"}).json()["data"], str
    )
    missing = {"type": "function", "function": {"name": "nowhere"}}
    assert (
        "nowhere"
        in problems_of(chat(http, additional_params={"tools": [WEATHER], "tool_choice": missing}))[
            "body/tool_choice"
        ]
    )


def test_json_mode_answers_with_json(http: httpx.Client) -> None:
    data = chat(http, additional_params={"response_format": {"type": "json_object"}}).json()["data"]
    assert isinstance(json.loads(data), dict)


SCHEMAS: list[dict[str, Any]] = [
    {
        "type": "object",
        "required": ["a"],
        "additionalProperties": False,
        "properties": {"a": {"type": "integer", "minimum": 3, "maximum": 4}},
    },
    {
        "type": "array",
        "minItems": 3,
        "uniqueItems": True,
        "items": {"type": "string", "pattern": "^[A-Z]{2}-\\d{3,5}$"},
    },
    {
        "$defs": {
            "tree": {
                "type": "object",
                "required": ["leaf"],
                "properties": {"leaf": {"format": "uuid"}, "left": {"$ref": "#/$defs/tree"}},
            }
        },
        "$ref": "#/$defs/tree",
    },
    {
        "allOf": [
            {
                "type": "object",
                "required": ["x"],
                "properties": {"x": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5}},
            },
            {"required": ["y"]},
        ]
    },
    {"oneOf": [{"type": "null"}, {"const": "only"}]},
    {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": [1, 2, 3]}},
    {"type": "object", "minProperties": 2, "additionalProperties": {"type": "boolean"}},
    {"type": "string", "minLength": 40, "maxLength": 41},
    {"type": ["string", "null"], "format": "date-time"},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=range(len(SCHEMAS)))
def test_json_schema_answers_are_valid_by_the_schema(http: httpx.Client, schema: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    answer = chat(http, additional_params={"response_format": wanted})
    assert answer.status_code == 200, answer.text
    value = json.loads(answer.json()["data"])
    assert jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(value), value


@pytest.mark.parametrize(
    "schema", [{"type": "nothing"}, {"type": "integer", "minimum": 5, "maximum": 1}, {"not": {}}, None]
)
def test_impossible_schema_is_refused_rather_than_answered_wrongly(http: httpx.Client, schema: Any) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    answer = chat(http, additional_params={"response_format": wanted})
    assert answer.status_code == 400
    assert "body/response_format/json_schema/schema" in problems_of(answer)


def test_reasoning_is_shown_and_counted_when_asked_for(http: httpx.Client) -> None:
    body = chat(http, model="openai/o3", additional_params={"reasoning_effort": "low"}).json()
    assert "Hello there" in body["reasoning_content"]
    assert body["usage"]["reasoning_tokens"] > 0
    assert body["usage"]["cost_breakdown"]["reasoning"] > 0
    events = events_of(
        chat(http, {"X-Mock-Events": "typed"}, additional_params={"reasoning": True}, stream=True)
    )
    assert [event["type"] for event in events[:3]] == [
        "response.created",
        "response.reasoning.started",
        "response.reasoning.delta",
    ]
    assert chat(http).json()["reasoning_content"] is None


def test_image_model_answers_with_an_image_that_can_be_fetched(http: httpx.Client) -> None:
    body = chat(http, model="google/gemini-2.5-flash-image").json()
    assert httpx.get(body["images"][0]["url"]).content.startswith(b"\x89PNG")
    chunks = events_of(chat(http, model="google/gemini-2.5-flash-image", stream=True))
    assert any("images" in event for event in chunks)
    typed = events_of(
        chat(http, {"X-Mock-Events": "typed"}, model="google/gemini-2.5-flash-image", stream=True)
    )
    assert "response.image_generation_call.completed" in [event["type"] for event in typed]


def test_images_in_a_message_are_counted(http: httpx.Client) -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "image": {"url": "https://example.com/x.png"}},
    ]
    with_image = chat(http, messages=[{"role": "user", "content": parts}]).json()
    without = chat(http, messages=[{"role": "user", "content": parts[:1]}]).json()
    assert with_image["usage"]["tokens_prompt"] - without["usage"]["tokens_prompt"] == 85


def test_model_may_be_given_apart_from_its_provider_or_not_at_all(http: httpx.Client) -> None:
    apart = chat(http, provider="openai", model="gpt-4o-mini").json()
    neither = http.post("/chat/completions", json={"messages": HELLO["messages"]}).json()
    assert {(body["provider"], body["model"]) for body in (apart, neither)} == {("openai", "gpt-4o-mini")}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"model": "openai/gpt-99"}, 404),
        ({"model": "gpt-4o", "provider": "nobody"}, 404),
        ({"model": "openai/text-embedding-3-small"}, 400),
    ],
)
def test_model_that_cannot_answer_is_named(http: httpx.Client, fields: dict[str, Any], status: int) -> None:
    answer = chat(http, **fields)
    assert answer.status_code == status
    assert (fields.get("provider") or fields["model"].partition("/")[2]) in answer.json()["message"]


@pytest.mark.parametrize("family", ["chunks", "typed"])
def test_running_stream_can_be_stopped_by_its_id(http: httpx.Client, mock: MockServer, family: str) -> None:
    headers = {"X-Mock-Tokens": "100000", "X-Mock-Events": family}
    with http.stream("POST", "/chat/completions", json={**HELLO, "stream": True}, headers=headers) as answer:
        lines = answer.iter_lines()
        event = json.loads(next(lines).removeprefix("data: "))
        identifier = event["response"]["id"] if family == "typed" else event["id"]
        assert answer.headers["x-stream-id"] == identifier
        assert http.post(f"/chat/stop-stream/{identifier}").json() == {"success": True}
        rest = [line for line in lines if line]
    assert rest[-1] == "data: [DONE]"
    assert len(rest) < 100_000
    assert http.post(f"/chat/stop-stream/{identifier}").json() == {"success": False}
    assert http.post("/chat/stop-stream/unknown").status_code == 404
    used = http.get("/user/usage").json()
    assert used["total_tokens"]["output"] < 100_000


def test_abandoned_stream_is_billed_for_what_was_delivered(http: httpx.Client, mock: MockServer) -> None:
    headers = {"X-Mock-Tokens": "200000", "X-Mock-Chunk-Delay": "0.005"}
    with http.stream("POST", "/chat/completions", json={**HELLO, "stream": True}, headers=headers) as answer:
        next(line for line in answer.iter_lines() if '"content":"' in line and '"content":""' not in line)
    for _ in range(200):
        used = http.get("/user/usage").json()
        if used["total_requests"]:
            break
    assert 0 < used["total_tokens"]["output"] < 1000


def test_stream_of_20000_events_arrives_whole(http: httpx.Client, mock: MockServer) -> None:
    events = events_of(chat(http, {"X-Mock-Tokens": "20000"}, stream=True))
    assert sum(bool(event["choices"][0]["delta"].get("content")) for event in events) == 20_000
    assert mock.counters["events"] == len(events)
