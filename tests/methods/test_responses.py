"""The three documented shapes are parsed into one class, and every documented way of reading works with each shape."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from indoxrouter import AsyncClient, ChatResponse, Client, CompletionResponse, RequestError, Usage
from indoxrouter import models as generated

from tests.methods.harness import Harness

HELLO = [{"role": "user", "content": "Say hello"}]
SHAPES = ("envelope", "openai", "output")


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["chat", "completion"])
def answer(request: pytest.FixtureRequest, harness: Harness, shape: str) -> Any:
    """One answer of each method in each shape, from each client."""
    steered = harness.with_headers(X_Mock_Shape=shape)
    return steered.chat(HELLO) if request.param == "chat" else steered.completion("Say hello")


def test_every_shape_comes_as_the_documented_class(answer: Any) -> None:
    assert isinstance(answer, (ChatResponse, CompletionResponse))
    assert isinstance(answer, (generated.ChatResponse, generated.CompletionResponse))


def test_the_text_reads_the_same_in_every_documented_way(answer: Any) -> None:
    text = answer.text
    assert text
    assert answer["data"] == text
    assert answer.data == text
    assert answer["choices"][0]["message"]["content"] == text
    assert answer.choices[0].message.content == text
    assert answer["output"][0]["content"][0]["text"] == text
    assert answer.output[0].content[0].text == text
    assert dict(answer)["data"] == text
    assert answer.get("data") == text
    assert "data" in answer


def test_the_documented_attributes_are_there(answer: Any) -> None:
    assert answer.provider == "openai"
    assert answer.model == "gpt-4o-mini"
    assert answer.success is True
    assert answer.message == ""
    assert answer.finish_reason == "stop"
    assert answer.raw_response is None
    assert answer.images is None
    assert answer.reasoning is None
    assert answer.tool_calls == []
    assert isinstance(answer.request_id, str)


def test_usage_and_cost_are_there_in_every_shape(answer: Any, shape: str) -> None:
    assert isinstance(answer.usage, Usage)
    assert answer.usage.tokens_total == answer.usage.tokens_prompt + answer.usage.tokens_completion > 0
    assert answer["usage"]["tokens_total"] == answer.usage.tokens_total
    assert (answer.cost or 0) > 0 or shape != "envelope"
    assert answer.cost == answer.usage.cost


def test_to_dict_is_what_came_and_dumps_as_json(answer: Any, shape: str) -> None:
    plain = answer.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert {"envelope": "data", "openai": "choices", "output": "output"}[shape] in plain
    assert ("data" in plain) == (shape == "envelope")
    assert type(answer).from_dict(plain).to_dict() == plain


def test_reading_changes_nothing_of_what_came(answer: Any) -> None:
    before = json.dumps(answer.to_dict())
    _ = (
        answer.text,
        answer.usage,
        answer.data,
        answer.finish_reason,
        answer["choices"],
        answer["output"],
        repr(answer),
    )
    assert json.dumps(answer.to_dict()) == before


def test_what_happened_on_the_wire_is_beside_the_typed_result(answer: Any) -> None:
    assert answer.http.status == 200
    assert answer.http.headers["content-type"] == "application/json"
    assert answer.http.elapsed > 0
    assert [attempt.status for attempt in answer.http.attempts] == [200]
    assert answer.http.request_id == answer.http.headers["x-request-id"]


def holds_a_client(value: object) -> bool:
    return any(isinstance(each, (Client, AsyncClient)) for each in vars(value).values())


def test_a_copy_and_a_pickle_are_the_same_response_without_the_client(answer: Any) -> None:
    for twin in (copy.copy(answer), copy.deepcopy(answer), pickle.loads(pickle.dumps(answer))):
        assert twin == answer
        assert twin.text == answer.text
        assert not holds_a_client(twin)


def test_an_image_is_pickled_without_the_client(harness: Harness) -> None:
    response = harness.images("a cat")
    for image in (response.images[0], response.data[0]):
        twin = pickle.loads(pickle.dumps(image))
        assert (type(twin), twin, twin.url) == (type(image), image, image.url)
        assert holds_a_client(image)
        assert not holds_a_client(twin)
    assert pickle.loads(pickle.dumps(response)) == response


def test_the_repr_is_for_people_and_short(answer: Any) -> None:
    shown = repr(answer)
    assert "text=" in shown
    assert "tokens_total=" in shown
    assert len(shown) < 500


ENVELOPE: dict[str, Any] = {
    "request_id": "b881942c-e21d-4f9d-ad82-47344945c642",
    "created_at": "2025-06-15T09:53:26.130868",
    "provider": "openai",
    "model": "gpt-4o-mini",
    "success": True,
    "message": "",
    "usage": {"tokens_prompt": 24, "tokens_completion": 7, "tokens_total": 31, "cost": 7.8e-06},
    "raw_response": None,
    "data": "The capital of France is Paris.",
    "finish_reason": None,
}


def test_unknown_fields_and_unknown_values_survive() -> None:
    raw = {**ENVELOPE, "finish_reason": "asteroid", "from_the_future": {"a": [1, None]}}
    response = ChatResponse.from_dict(raw)
    assert response.finish_reason == "asteroid"
    assert response["from_the_future"] == {"a": [1, None]}
    assert response.to_dict() == raw


def test_dict_of_an_envelope_is_the_envelope() -> None:
    assert dict(ChatResponse.from_dict(ENVELOPE)) == ENVELOPE


def test_dict_of_another_shape_has_what_came_and_the_envelope() -> None:
    raw = {
        "id": "chatcmpl-1",
        "created": 1710074096,
        "choices": [{"message": {"role": "assistant", "content": "Hi"}}],
    }
    read = dict(ChatResponse.from_dict(raw))
    assert read["choices"] == raw["choices"]
    assert read["data"] == "Hi"
    assert read["request_id"] == "chatcmpl-1"
    assert read["created_at"] == "2024-03-10T12:34:56Z"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("plain", "plain"),
        ({"content": "inside"}, "inside"),
        ({"text": "inside"}, "inside"),
        ({"message": {"content": "deep"}}, "deep"),
        ({"choices": [{"message": {"content": "deeper"}}]}, "deeper"),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab"),
        ({"something": "else"}, ""),
        (None, ""),
    ],
)
def test_data_may_be_an_object_and_the_text_is_found_in_it(data: Any, text: str) -> None:
    response = ChatResponse.from_dict({"data": data})
    assert response.text == text
    assert response.data == data


@pytest.mark.parametrize(
    "raw",
    [
        {"data": "x", "reasoning_content": "I thought"},
        {"choices": [{"message": {"content": "x", "reasoning_content": "I thought"}}]},
        {"output": [{"type": "message", "content": [{"text": "x"}], "reasoning": "I thought"}]},
        {"output": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "I thought"}]}]},
        {"data": {"content": "x", "reasoning": "I thought"}},
    ],
)
def test_reasoning_is_found_in_every_shape(raw: dict[str, Any]) -> None:
    assert ChatResponse.from_dict(raw).reasoning == "I thought"


CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}


@pytest.mark.parametrize(
    "raw",
    [
        {"data": "", "tool_calls": [CALL]},
        {"data": {"content": None, "tool_calls": [CALL]}},
        {"data": None, "raw_response": {"choices": [{"message": {"tool_calls": [CALL]}}]}},
        {"choices": [{"message": {"content": None, "tool_calls": [CALL]}}]},
        {
            "output": [
                {
                    "type": "function_call",
                    "call_id": "call_1",
                    "name": "weather",
                    "arguments": '{"city": "Paris"}',
                }
            ]
        },
    ],
)
def test_tool_calls_are_found_in_every_shape(raw: dict[str, Any]) -> None:
    (call,) = ChatResponse.from_dict(raw).tool_calls
    assert (call.id, call.name, call.arguments) == ("call_1", "weather", {"city": "Paris"})
    assert dict(call) == CALL


@pytest.mark.parametrize(
    "raw",
    [
        {"data": "", "images": [{"url": "https://example.com/a.png", "index": 0}]},
        {
            "choices": [
                {"message": {"content": "", "images": [{"url": "https://example.com/a.png", "index": 0}]}}
            ]
        },
        {"output": [{"type": "image_generation_call", "url": "https://example.com/a.png"}]},
        {
            "output": [
                {
                    "type": "message",
                    "content": [{"type": "output_image", "image_url": "https://example.com/a.png"}],
                }
            ]
        },
    ],
)
def test_images_are_found_in_every_shape(raw: dict[str, Any]) -> None:
    images = ChatResponse.from_dict(raw).images
    assert images is not None
    assert [image.url for image in images] == ["https://example.com/a.png"]
    assert images[0]["index"] == 0


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"output": [], "status": "completed"}, "stop"),
        ({"output": [], "status": "incomplete"}, "length"),
        (
            {"output": [], "status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            "content_filter",
        ),
        ({"output": [], "status": "failed"}, "failed"),
        ({"output": []}, None),
        ({"choices": [{"finish_reason": "length", "message": {}}]}, "length"),
        ({"choices": []}, None),
    ],
)
def test_the_finish_reason_is_told_from_what_the_shape_has(raw: dict[str, Any], reason: str | None) -> None:
    assert ChatResponse.from_dict(raw).finish_reason == reason


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"choices": None},
        {"choices": [None]},
        {"choices": [{"message": None}]},
        {"choices": {}, "output": {}},
        {"output": [None, {"type": "message", "content": None}]},
        {"data": 3, "usage": "none"},
        {"data": [], "images": "x", "created_at": {}},
        {"output": [{"content": [None, {"text": 3}]}], "created_at": 1e300},
    ],
)
def test_strange_answers_read_as_empty_and_never_raise(raw: dict[str, Any]) -> None:
    response = ChatResponse.from_dict(raw)
    assert response.text == ""
    assert response.tool_calls == []
    assert response.reasoning is None
    assert repr(response).startswith("ChatResponse(")
    _ = (
        response["choices"],
        response["output"],
        dict(response),
        response.choices,
        response.output,
        response.cost,
    )
    assert response.to_dict() == raw


def test_a_response_made_by_hand_says_that_nothing_was_received() -> None:
    with pytest.raises(RequestError, match=r"no \.http"):
        _ = ChatResponse(data="x").http


def test_setting_a_field_is_read_back_and_dumped() -> None:
    response = ChatResponse.from_dict(dict(ENVELOPE))
    response.data = "changed"
    assert response.text == response["data"] == response.to_dict()["data"] == "changed"
