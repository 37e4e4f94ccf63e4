"""Every status that the spec documents, from the mock: as it comes about in use, or else asked for as a fault.

schemathesis meets only the statuses that its inputs lead to; these tests meet all of them, for every operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from indoxrouter_mock.request.call import HANDLERS
from tests.contract import shapes
from tests.contract.asking import API_KEY, Asking, asking, example_of
from tests.contract.hooks import events_of
from tests.spec.document import OPERATIONS, parameters

JSON = "application/json"
SECURED = sorted(name for name, operation in OPERATIONS.items() if any(operation["security"]))
BILLED = sorted(name for name, operation in OPERATIONS.items() if operation["x-retry"] == "billed")
WITH_JSON = sorted(name for name in OPERATIONS if JSON in shapes.body_schemas(name))
FORMS = ("documented", "detail", "detail_list", "openai", "success_false")


@pytest.fixture(scope="module")
def server() -> Iterator[Asking]:
    with asking() as found:
        yield found


@pytest.fixture
def mock(server: Asking) -> Asking:
    """The mock with its default settings, and with a job, a key and a stream in it."""
    server.afresh().prepare()
    return server


@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_every_documented_error_can_be_had_in_every_documented_form(mock: Asking, operation_id: str) -> None:
    statuses = sorted(status for status in OPERATIONS[operation_id]["responses"] if status[0] != "2")
    for number, status in enumerate(statuses):
        form = FORMS[number % len(FORMS)]
        answer = mock.ask(operation_id, headers={"x-mock-fault": f"error;status={status};form={form}"})
        assert answer.status_code == int(status)


@pytest.mark.parametrize("operation_id", SECURED)
def test_an_operation_with_security_refuses_whoever_says_nothing(mock: Asking, operation_id: str) -> None:
    answer = mock.ask(operation_id, authorized=False)
    assert answer.status_code in (401, 422), (
        "a header that is both parameter and credential may be reported missing"
    )
    if operation_id != "exchangeApiKey":
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("operation_id", BILLED)
def test_an_account_without_credits_gets_402(server: Asking, operation_id: str) -> None:
    assert server.afresh(credits=0).ask(operation_id).status_code == 402


@pytest.mark.parametrize("operation_id", BILLED)
def test_a_free_account_that_asks_too_often_gets_429_and_is_told_when_to_come_back(
    server: Asking, operation_id: str
) -> None:
    free = server.afresh(tier="free", frozen_clock=True)
    statuses = [free.ask(operation_id).status_code for _ in range(10)]
    refused = free.ask(operation_id)
    assert statuses == [200] * 10
    assert refused.status_code == 429
    assert 0 < float(refused.headers["retry-after"]) <= 60
    assert refused.headers["x-ratelimit-remaining"] == "0"


@pytest.mark.parametrize("operation_id", BILLED)
def test_an_idempotency_key_serves_one_request_only(mock: Asking, operation_id: str) -> None:
    key = {"idempotency-key": f"one-request-only-{operation_id}"}
    kind = next(iter(shapes.body_schemas(operation_id)))
    first = mock.ask(operation_id, headers=key)
    assert first.status_code == 200
    if kind == JSON:  # the boundary of a form is new each time, so that no two of them are the same request
        assert mock.ask(operation_id, headers=key).content == first.content
    other = {**example_of(operation_id, kind), "temperature": 0.123, "byok_api_key": "another-request"}
    assert mock.ask(operation_id, headers=key, body=other).status_code == 409


@pytest.mark.parametrize("operation_id", WITH_JSON)
def test_a_body_that_is_not_json_gets_400(mock: Asking, operation_id: str) -> None:
    assert mock.ask(operation_id, content=b'{"half": ').status_code == 400


@pytest.mark.parametrize("operation_id", sorted(name for name in OPERATIONS if shapes.body_schemas(name)))
def test_a_body_of_the_wrong_form_gets_422_and_the_place_is_named(mock: Asking, operation_id: str) -> None:
    kind = next(iter(shapes.body_schemas(operation_id)))
    schema, _ = shapes.named(shapes.body_schemas(operation_id)[kind])
    if kind == JSON:
        name = next(iter(schema.get("required", schema["properties"])))
        answer = mock.ask(operation_id, body={**example_of(operation_id, kind), name: {"not": ["this"]}})
        place = f"body/{name}"
    else:
        answer = mock.ask(operation_id, body={**example_of(operation_id, kind), "temperature": "hot"})
        place = "body/temperature"
    assert answer.status_code == 422
    assert any(problem["path"].startswith(place) for problem in answer.json()["details"]["problems"])


def names_something(operation_id: str) -> bool:
    """Whether a request can name what does not exist: by its path, or by a model in its body."""
    operation = OPERATIONS[operation_id]
    in_path = any(parameter["in"] == "path" for parameter in parameters(operation).values())
    with_model = any(
        "model" in shapes.named(body)[0].get("properties", {})
        for body in shapes.body_schemas(operation_id).values()
    )
    # What has no handler is answered with the example of the spec, whatever the path holds.
    return operation_id in HANDLERS and "404" in operation["responses"] and (in_path or with_model)


@pytest.mark.parametrize("operation_id", sorted(filter(names_something, OPERATIONS)))
def test_what_does_not_exist_gets_404(mock: Asking, operation_id: str) -> None:
    inside = {
        name: 999_999 if parameter["schema"].get("type") == "integer" else "no-such"
        for name, parameter in parameters(OPERATIONS[operation_id]).items()
        if parameter["in"] == "path"
    }
    if inside:
        answer = mock.ask(operation_id, path=inside)
    else:
        kind = next(iter(shapes.body_schemas(operation_id)))
        answer = mock.ask(operation_id, body={**example_of(operation_id, kind), "model": "openai/no-such"})
    assert answer.status_code == 404


def test_every_example_of_a_request_is_accepted(mock: Asking) -> None:
    refused = {}
    for name in BILLED:
        for kind in shapes.body_schemas(name):
            for number in range(_count(name, kind)):
                answer = mock.ask(name, body=example_of(name, kind, number), media_type=kind)
                if answer.status_code != 200:
                    refused[name, number] = answer.text
    assert refused == {}


def _count(name: str, kind: str) -> int:
    number = 0
    while True:
        try:
            example_of(name, kind, number)
        except IndexError:
            return number
        number += 1


# The requests of the other ones depend on an earlier answer; they have tests of their own below.
@pytest.mark.parametrize("operation_id", sorted(OPERATIONS.keys() - {"createToken", "refreshToken"}))
def test_an_operation_answers_200_to_its_example(server: Asking, operation_id: str) -> None:
    server.afresh(video_seconds=1000).prepare()
    assert server.ask(operation_id).status_code == int(shapes.success_status(operation_id))


def test_credentials_are_traded_for_a_token_and_the_token_for_the_next(mock: Asking) -> None:
    for kind in shapes.body_schemas("createToken"):
        number = 1 if kind == JSON else 0  # the example that holds the API key
        pair = mock.ask("createToken", media_type=kind, body=example_of("createToken", kind, number)).json()
        renewed = mock.ask("refreshToken", body={"refresh_token": pair["refresh_token"]})
        assert renewed.status_code == 200
        assert mock.ask("refreshToken", body={"refresh_token": pair["refresh_token"]}).status_code == 401


def test_a_job_can_be_cancelled_once(server: Asking) -> None:
    server.afresh(video_seconds=1000).prepare()
    assert server.ask("cancelVideoJob").status_code == 200
    assert server.ask("getVideoJob").json()["status"] == "cancelled"
    assert server.ask("cancelVideoJob").status_code == 409


def test_a_deleted_key_is_gone(mock: Asking) -> None:
    assert mock.ask("deleteApiKey").status_code == 200
    for operation_id in ("deleteApiKey", "revokeApiKey", "enableApiKey"):
        assert mock.ask(operation_id).status_code == 404


@pytest.mark.parametrize(
    "operation_id", [name for name in shapes.STREAMS if "stop" in OPERATIONS[name]["x-stream"]]
)
def test_a_running_stream_can_be_stopped_by_its_id(server: Asking, operation_id: str) -> None:
    server.afresh(chunk_delay=30.0)  # seconds between two events: it runs for as long as nobody stops it
    operation = OPERATIONS[operation_id]
    stop = operation["x-stream"]["stop"]
    place = next(name for name, each in parameters(OPERATIONS[stop]).items() if each["in"] == "path")
    body = {**example_of(operation_id, JSON), "stream": True}
    headers = {"Authorization": f"Bearer {API_KEY}"}
    with server.http.stream(operation["method"], operation["path"], json=body, headers=headers) as stream:
        running = {place: stream.headers["x-stream-id"]}
        assert server.ask(stop, path=running).json() == {"success": True}
    assert server.ask(stop, path={place: "no-such"}).status_code == 404


CHAT_REQUESTS: dict[str, dict[str, Any]] = {
    "tools": {
        "additional_params": {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "get_weather",
                        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
                    },
                }
            ],
            "tool_choice": "required",
        }
    },
    "reasoning": {"additional_params": {"reasoning_effort": "high"}},
    "images": {"model": "google/gemini-2.5-flash-image"},
    "json": {"additional_params": {"response_format": {"type": "json_object"}}},
    "several answers": {"additional_params": {"n": 2}},
    "own key": {"byok_api_key": "key-of-ones-own"},
}


@pytest.mark.parametrize("name", CHAT_REQUESTS)
@pytest.mark.parametrize("events", ["chunks", "typed"])
@pytest.mark.parametrize("shape", ["envelope", "openai", "output"])
def test_every_feature_of_chat_fits_the_spec_in_every_shape(
    server: Asking, name: str, events: str, shape: str
) -> None:
    server.afresh(shape=shape, events=events)
    body = {**example_of("createChatCompletion", JSON), **CHAT_REQUESTS[name]}
    whole = server.ask("createChatCompletion", body=body)
    streamed = server.ask("createChatCompletion", body={**body, "stream": True})
    assert whole.status_code == 200, whole.text
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert len(list(events_of(streamed.content))) > 1
    assert streamed.content.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("form", ["object", "string", "envelope"])
def test_an_error_in_the_middle_of_a_stream_has_a_documented_form(mock: Asking, form: str) -> None:
    body = {**example_of("createChatCompletion", JSON), "stream": True}
    answer = mock.ask(
        "createChatCompletion", body=body, headers={"x-mock-fault": f"error_mid_stream;after=2;form={form}"}
    )
    *_, last = events_of(answer.content)
    assert last["error"]


@pytest.mark.parametrize("form", ["seconds", "date", "body", "none"])
def test_a_rate_limit_is_told_in_every_documented_way(mock: Asking, form: str) -> None:
    answer = mock.ask("createEmbedding", headers={"x-mock-fault": f"rate_limit;retry_after=7;form={form}"})
    assert answer.status_code == 429
    assert ("retry-after" in answer.headers) == (form in ("seconds", "date"))


@pytest.mark.parametrize("response_format", ["json", "text", "srt", "verbose_json", "vtt"])
@pytest.mark.parametrize("operation_id", ["createTranscription", "createTranslation"])
def test_a_recording_is_written_down_in_every_format(
    mock: Asking, operation_id: str, response_format: str
) -> None:
    body = {
        **example_of(operation_id, "multipart/form-data"),
        "response_format": response_format,
        "provider": "openai",
    }
    assert mock.ask(operation_id, body=body | {"model": "whisper-1"}).status_code == 200


PLACES: dict[str, Callable[[Asking], Any]] = {
    "query parameters": lambda mock: mock.ask(
        "getAnalyticsUsage",
        query={
            name: str(parameter["example"]).lower()
            for name, parameter in parameters(OPERATIONS["getAnalyticsUsage"]).items()
        },
    ),
    "separate provider": lambda mock: mock.ask(
        "createSpeech", body={"input": "hello", "provider": "openai", "model": "tts-1"}
    ),
    "film by provider": lambda mock: mock.ask(
        "createVideo", body={"prompt": "a boat", "provider": "google", "model": "veo-3.0-generate-001"}
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_input_in_every_documented_place_is_accepted(mock: Asking, place: str) -> None:
    assert PLACES[place](mock).status_code == 200
