"""The schemas accept what is documented, refuse what is not, and let tomorrow's additions through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.spec.document import (
    OPERATIONS,
    SCHEMAS,
    SPEC,
    accepts,
    complaints,
    parameters,
    present,
    present_field,
    resolve,
    success,
)

MESSAGES = [{"role": "user", "content": "Hello"}]


def media_types(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every body of an operation, request and responses, as (place, media type object)."""
    bodies = [("request", operation["requestBody"])] if "requestBody" in operation else []
    bodies += [(status, resolve(response)) for status, response in operation["responses"].items()]
    return [
        (f"{place} {kind}", content)
        for place, body in bodies
        for kind, content in body.get("content", {}).items()
    ]


def most(schema: str, field: str) -> int:
    """The greatest value of a field that is documented."""
    return int(SCHEMAS[schema]["properties"][present_field(schema, field)]["maximum"])


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_example_validates_against_its_schema(name: str) -> None:
    operation = OPERATIONS[name]
    for place, content in media_types(operation):
        for example, entry in content["examples"].items():
            assert complaints(content["schema"], entry["value"]) == [], f"{place} {example}"
    for parameter in parameters(operation).values():
        assert complaints(parameter["schema"], parameter["example"]) == [], parameter["name"]
    for response in map(resolve, operation["responses"].values()):
        for header, entry in response.get("headers", {}).items():
            if "example" in resolve(entry):
                assert complaints(resolve(entry)["schema"], resolve(entry)["example"]) == [], header


@pytest.mark.parametrize("name", ["createChatCompletion", "createCompletion"])
def test_every_streamed_example_holds_a_known_event(name: str) -> None:
    stream = success(OPERATIONS[name])["content"]["text/event-stream"]
    event = resolve(stream["schema"])["properties"]["data"]["anyOf"][1]["contentSchema"]
    payloads = [entry["value"]["data"] for entry in stream["examples"].values()]
    assert payloads.pop() == "[DONE]"
    for payload in payloads:
        assert complaints(event, json.loads(payload)) == [], payload


@pytest.mark.parametrize("name", ["createChatCompletion", "createCompletion"])
def test_a_json_answer_fits_exactly_one_of_the_three_shapes(name: str) -> None:
    content = success(OPERATIONS[name])["content"]["application/json"]
    members = content["schema"]["anyOf"]
    matches = [
        [member["$ref"] for member in members if not complaints(member, entry["value"])]
        for entry in content["examples"].values()
    ]
    assert all(len(match) == 1 for match in matches)
    assert {match[0] for match in matches} == {member["$ref"] for member in members}
    envelope, *others = (resolve(member) for member in members)
    assert envelope["x-response-shapes"] == [member["$ref"].rsplit("/", 1)[1] for member in members[1:]]
    assert len({*envelope["required"], *(key for other in others for key in other["required"])}) == 3


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("ChatRequest", {"messages": MESSAGES}),
        (
            "ChatRequest",
            {"messages": MESSAGES, "max_tokens": None, "byok_api_key": None, "additional_params": {}},
        ),
        ("ChatRequest", {"messages": MESSAGES, "temperature": 2}),
        ("ChatRequest", {"messages": MESSAGES, "tool_choice": "auto"}),
        ("ChatRequest", {"messages": [{"role": "a role of tomorrow", "content": "Hello"}]}),
        (
            "ChatRequest",
            {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},
        ),
        ("ContentPart", {"type": "image", "image": {"url": "https://example.com/a.png"}}),
        ("ContentPart", {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}),
        ("EmbeddingRequest", {"text": "Hello"}),
        ("EmbeddingRequest", {"text": ["Hello", "you"]}),
        ("ImageRequest", {"prompt": "a boat", "quality": "high", "output_compression": 100}),
        ("SpeechRequest", {"input": "Hello", "speed": 0.25}),
        ("SpeechRequest", {"input": "Hello", "speed": 4, "response_format": "wav"}),
        ("ApiKeyCreateRequest", {}),
        ("VideoRequest", {"prompt": "a boat", "seconds": "8"}),
    ],
)
def test_documented_requests_are_accepted(schema: str, value: dict[str, Any]) -> None:
    assert accepts(schema, present(SCHEMAS[schema].get("properties", {}), value))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("ChatRequest", {}),
        ("ChatRequest", {"messages": []}),
        ("ChatRequest", {"messages": "Hello"}),
        ("ChatRequest", {"messages": [{"content": "no role"}]}),
        ("ChatRequest", {"messages": [{"role": "user"}]}),
        ("ChatRequest", {"messages": MESSAGES, "model": 4}),
        ("ChatRequest", {"messages": MESSAGES, "temperature": 2.1}),
        ("ChatRequest", {"messages": MESSAGES, "temperature": -0.1}),
        ("ChatRequest", {"messages": MESSAGES, "top_p": 1.1}),
        ("ChatRequest", {"messages": MESSAGES, "presence_penalty": -2.1}),
        ("ChatRequest", {"messages": MESSAGES, "max_tokens": 0}),
        ("ContentPart", {"type": "text"}),
        ("ContentPart", {"type": "image", "image": {"data": "AAAA", "media_type": "image/tiff"}}),
        ("CompletionRequest", {"prompt": ""}),
        ("EmbeddingRequest", {"text": []}),
        ("EmbeddingRequest", {"text": ""}),
        ("ImageRequest", {"prompt": "a boat", "n": 0}),
        (
            "ImageRequest",
            {"prompt": "a boat", "output_compression": most("ImageRequest", "output_compression") + 1},
        ),
        ("ImageRequest", {"prompt": "a boat", "person_generation": "maybe"}),
        ("VideoRequest", {"prompt": "a boat", "duration": 0}),
        ("SpeechRequest", {"input": ""}),
        ("SpeechRequest", {"input": "Hello", "speed": 0.24}),
        ("SpeechRequest", {"input": "Hello", "speed": 4.1}),
        ("TranscriptionRequest", {"file": "RIFF", "temperature": 1.1}),
        ("TranscriptionRequest", {"file": "RIFF", "response_format": "docx"}),
        ("TranslationRequest", {"model": "openai/whisper-1"}),
        ("TokenRequest", {"username": "ada"}),
        ("ApiKeyCreateRequest", {"name": "ci", "expiration_time": 0}),
    ],
)
def test_requests_against_a_documented_rule_are_refused(schema: str, value: dict[str, Any]) -> None:
    assert not accepts(schema, present(SCHEMAS[schema].get("properties", {}), value))


@pytest.mark.parametrize(
    ("name", "parameter", "refused"),
    [
        ("listVideoJobs", "limit", 0),
        ("listVideoJobs", "skip", -1),
        ("listTrendingModels", "days", 0),
        ("listTrendingModels", "limit", 0),
        ("listTransactions", "limit", 0),
        ("listTransactions", "offset", -1),
        ("deleteApiKey", "api_key_id", 0),
        ("getUsage", "start_date", "yesterday"),
        ("getAnalyticsUsage", "group_by", "weather"),
        ("getModel", "model_id", ""),
    ],
)
def test_parameters_have_bounds(name: str, parameter: str, refused: object) -> None:
    described = parameters(OPERATIONS[name])
    (current,) = present(described, {parameter: refused})
    assert complaints(described[current]["schema"], refused)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("ChatResponse", {"data": "Hello", "finish_reason": "a reason of tomorrow", "usage": None, "new": 1}),
        ("ChatResponse", {"data": {"text": "Hello"}, "images": None, "raw_response": "anything"}),
        ("EmbeddingResponse", {"data": [[0.1, 0.2]], "dimensions": 2}),
        ("EmbeddingResponse", {"data": [{"embedding": [0.1, 0.2]}]}),
        ("EmbeddingResponse", {"data": [0.1, 0.2]}),
        ("AudioResponse", {"data": "text alone", "text": "text alone", "language": "en"}),
        ("VideoJob", {"job_id": "j", "status": "a state of tomorrow", "progress": None, "result": None}),
        ("ModelListResponse", {"providers": []}),
        (
            "ModelListResponse",
            [{"id": "openai", "models": [{"id": "gpt-4o", "modelName": "gpt-4o", "pricing": None}]}],
        ),
        ("TokenResponse", {"access_token": "t", "expires_in": None}),
        ("UsageStats", {"requests": 1, "cost": 0.1, "tokens": 38}),
    ],
)
def test_answers_seen_from_some_servers_are_accepted(schema: str, value: object) -> None:
    assert accepts(schema, value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("ChatResponse", {"success": True}),
        ("EmbeddingResponse", {"data": [["0.1"]]}),
        ("VideoJob", {"job_id": "j", "status": "queued", "progress": 101}),
        ("ModelListResponse", {"models": 3}),
        ("TokenResponse", {"token": "t"}),
    ],
)
def test_answers_that_mean_nothing_are_refused(schema: str, value: object) -> None:
    assert not accepts(schema, value)


@pytest.mark.parametrize("union", ["ChatStreamEvent", "CompletionStreamEvent"])
def test_streams_take_unknown_events_but_no_broken_known_ones(union: str) -> None:
    assert accepts(union, {"type": "response.of.tomorrow", "payload": 1})
    assert accepts(union, {"error": "text alone"})
    assert accepts(union, {"images": [{"url": "https://example.com/a.png", "index": 0}]})
    assert not accepts(union, {"type": "response.content_part.delta"})
    assert not accepts(union, {"type": "response.content_part.delta", "delta": 7})
    assert not accepts(union, {"type": "response.created", "response": []})
    assert not accepts(union, {"choices": [{"index": 0}]})
    assert not accepts(union, {})


def test_the_documented_event_types_are_named_schemas() -> None:
    image = "response.image_generation_call."
    documented = {
        "response.created", "response.reasoning.started", "response.reasoning.delta",
        "response.output_item.added", "response.content_part.added", "response.content_part.delta",
        "response.output_item.done", "response.done",
        *(image + stage for stage in ("in_progress", "generating", "partial_image", "completed")),
    }  # fmt: skip
    schemas = SPEC["components"]["schemas"]
    named = {
        schema["properties"]["type"].get("const")
        for name, schema in schemas.items()
        if name.endswith("Event") and "type" in schema.get("properties", {})
    }
    assert documented <= named
