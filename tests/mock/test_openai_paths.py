"""OpenAI's further paths under /v1, with the unmodified `openai` package and by raw requests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from indoxrouter_mock import MockServer
from indoxrouter_mock.compatible.endpoints import DOCUMENT
from indoxrouter_mock.request.extra_fields import FIELDS
from indoxrouter_mock.spec.document import load_spec
from indoxrouter_mock.spec.validation import properties_of

TOOL: Any = {
    "type": "function",
    "name": "get_order",
    "strict": True,
    "parameters": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
}


@pytest.fixture
def client(mock: MockServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=mock.api_key, base_url=mock.openai_base_url, max_retries=0) as found:
        yield found


def test_list_of_prompts_gets_a_choice_each(client: openai.OpenAI, mock: MockServer) -> None:
    model = "gpt-3.5-turbo-instruct"
    alone = [client.completions.create(model=model, prompt=prompt) for prompt in ("Once", "Then")]
    before = mock.credits
    answer = client.completions.create(model=model, prompt=["Once", "Then"])
    assert [choice.text for choice in answer.choices] == [each.choices[0].text for each in alone]
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.usage is not None
    assert answer.usage.total_tokens == sum(each.usage.total_tokens for each in alone if each.usage)
    assert before - mock.credits == pytest.approx(sum(getattr(each.usage, "cost") for each in alone))  # noqa: B009
    several = client.completions.create(model=model, prompt=["Once", "Then"], n=2)
    assert [choice.index for choice in several.choices] == [0, 1, 2, 3]
    assert client.completions.create(model=model, prompt=[1, 2, 3]).choices[0].text
    with pytest.raises(openai.BadRequestError, match="body/prompt/1"):
        client.completions.create(model=model, prompt=["Once", ""])


def test_response_whole_and_streamed(client: openai.OpenAI, mock: MockServer) -> None:
    mock.answers.add("It is raining.", times=2)
    whole = client.responses.create(model="gpt-4o", input="Weather?", instructions="Be brief.")
    assert whole.output_text == "It is raining."
    assert whole.status == "completed"
    assert whole.usage is not None
    assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens
    with client.responses.stream(model="gpt-4o", input="Weather?", instructions="Be brief.") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert final.output_text == "It is raining."
    assert final.usage == whole.usage
    assert [event.sequence_number for event in events if event.type == "response.created"] == [0]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == "It is raining."
    assert len(deltas) > 2


def test_response_calls_a_tool_and_uses_its_result(client: openai.OpenAI, mock: MockServer) -> None:
    mock.answers.add(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}], times=2)
    mock.answers.add("Shipped.", contains="on its way")
    question: Any = [{"role": "user", "content": [{"type": "input_text", "text": "Where is A1?"}]}]
    first = client.responses.create(model="gpt-4o", input=question, tools=[TOOL])
    call: Any = first.output[0]
    assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "get_order", {"id": "A1"})
    with client.responses.stream(model="gpt-4o", input=question, tools=[TOOL]) as stream:
        streamed: Any = stream.get_final_response().output[0]
    assert streamed.arguments == call.arguments
    followed: Any = [
        *question,
        call.model_dump(),
        {"type": "function_call_output", "call_id": call.call_id, "output": "on its way"},
    ]
    assert client.responses.create(model="gpt-4o", input=followed, tools=[TOOL]).output_text == "Shipped."


def test_response_by_schema_and_its_limits(client: openai.OpenAI) -> None:
    form: Any = {
        "format": {
            "type": "json_schema",
            "name": "x",
            "schema": {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}},
        }
    }
    answer = client.responses.create(model="gpt-4o", input="Hi", text=form)
    assert isinstance(json.loads(answer.output_text)["ok"], bool)
    short = client.responses.create(model="gpt-4o", input="Hi", max_output_tokens=2)
    assert short.status == "incomplete"
    assert short.incomplete_details is not None
    assert short.incomplete_details.reason == "max_output_tokens"
    for unknown in ({"previous_response_id": "resp_1"}, {"conversation": "conv_1"}):
        with pytest.raises(openai.BadRequestError, match="is not mocked: leave it out") as caught:
            client.responses.create(model="gpt-4o", input="Hi", **unknown)  # type: ignore[call-overload]
        assert [caught.value.param] == list(unknown)
    with pytest.raises(openai.BadRequestError, match="body/background: true is not one of"):
        client.responses.create(model="gpt-4o", input="Hi", background=True)
    assert client.responses.create(model="gpt-4o", input="Hi", background=False).status == "completed"
    with pytest.raises(openai.BadRequestError, match="body/input/0/role"):
        client.responses.create(model="gpt-4o", input=[{"content": "Hi"}])  # type: ignore[list-item]


def test_speech_is_understood_again(client: openai.OpenAI, mock: MockServer) -> None:
    spoken = client.audio.speech.create(
        model="tts-1", voice="alloy", input="good morning", response_format="wav"
    )
    assert spoken.content.startswith(b"RIFF")
    assert (
        client.audio.speech.create(model="tts-1", voice="alloy", input="x")
        .response.headers["content-type"]
        .startswith("audio/mpeg")
    )
    heard = client.audio.transcriptions.create(model="whisper-1", file=("a.wav", spoken.content))
    assert heard.text == "good morning"
    plain: Any = client.audio.transcriptions.create(
        model="whisper-1", file=("a.wav", spoken.content), response_format="text"
    )
    assert plain.strip() == "good morning"
    verbose = client.audio.transcriptions.create(
        model="whisper-1", file=("a.wav", spoken.content), response_format="verbose_json"
    )
    assert verbose.segments
    # The package calls its own method for translations deprecated.
    translated = httpx.post(
        f"{mock.openai_base_url}/audio/translations",
        headers={"Authorization": f"Bearer {mock.api_key}"},
        data={"model": "whisper-1"},
        files={"file": ("a.wav", spoken.content)},
    )
    assert translated.json()["text"] == heard.text


def test_moderation_flags_a_few_words(client: openai.OpenAI, mock: MockServer) -> None:
    before = mock.credits
    found = client.moderations.create(input=["have a nice day", "I will kill the process"])
    assert [result.flagged for result in found.results] == [False, True]
    assert found.results[1].categories.violence
    assert mock.credits == before


def test_what_is_not_mocked_says_so(client: openai.OpenAI) -> None:
    calls: list[tuple[Any, str]] = [
        (client.files.list, "files"),
        (client.batches.list, "batches"),
        (client.evals.list, "evals"),
        (client.fine_tuning.jobs.list, "fine-tuning"),
        (client.vector_stores.list, "vector stores"),
        (lambda: client.responses.retrieve("resp_1"), "stored answers"),
        (lambda: client.responses.compact(model="gpt-4o", input="Hi"), "the compaction of conversations"),
        (lambda: client.responses.input_tokens.count(model="gpt-4o", input="Hi"), "the counting of tokens"),
    ]
    for call, name in calls:
        with pytest.raises(openai.APIStatusError, match=f"does not mock {name}") as caught:
            call()
        assert caught.value.status_code == 501
        assert caught.value.response.json()["error"]["message"]


@pytest.mark.parametrize("path", ["chat/completions", "completions", "responses"])
@pytest.mark.indoxrouter_mock(credits=0.0005, reply_tokens=500)
def test_stream_ends_with_the_credits_and_a_described_error(mock: MockServer, path: str) -> None:
    headers = {"authorization": f"Bearer {mock.api_key}"}
    body = {**REQUESTS[path], "stream": True}
    answer = httpx.post(f"{mock.openai_base_url}/{path}", json=body, headers=headers)
    assert answer.status_code == 200
    events = [event.rpartition("data: ")[2] for event in answer.text.split("\n\n") if event]
    assert len(events) > 10
    assert any("insufficient credits: they have run out" in event for event in events[-2:])
    assert mock.violations == []


@pytest.mark.parametrize("path", ["/chat/completions", "chat/completions/", "responses/", "chat/other"])
def test_path_with_a_slash_too_much_is_not_there(mock: MockServer, path: str) -> None:
    headers = {"authorization": f"Bearer {mock.api_key}"}
    answer = httpx.post(f"{mock.openai_base_url}/{path}", json={}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, f"there is nothing at /v1/{path}")


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("completions", {"prompt": ["Once"] * 3000}, "body/prompt: .* has more than 128 items"),
        ("embeddings", {"input": ["a"] * 3000}, "body/input: .* has more than 2048 items"),
        ("embeddings", {"input": [1] * 3000}, "body/input: .* has more than 2048 items"),
        ("embeddings", {"input": []}, r"body/input: \[\] has less than 1 item"),
        ("embeddings", {"input": [1, "a"]}, "body/input"),
        (
            "chat/completions",
            {"response_format": {"type": "json_schema"}},
            "body/response_format/json_schema: is required",
        ),
        (
            "chat/completions",
            {"response_format": {"type": "xml"}},
            'body/response_format/type: "xml" is not one of',
        ),
        ("responses", {"text": {"format": {"type": "json_schema"}}}, "body/text/format/name: is required"),
        (
            "chat/completions",
            {"reasoning_effort": "extreme"},
            'body/reasoning_effort: "extreme" is not one of "none", "minimal", "low", "medium", "high", "xhigh", null$',
        ),
        (
            "chat/completions",
            {"reasoning_effort": "x" * 500},
            'body/reasoning_effort: "x{59} … x{59}" is not one of',
        ),
    ],
)
def test_value_of_the_right_kind_is_refused_with_its_limit(
    mock: MockServer, path: str, body: dict[str, Any], message: str
) -> None:
    headers = {"authorization": f"Bearer {mock.api_key}"}
    answer = httpx.post(f"{mock.openai_base_url}/{path}", json={**REQUESTS[path], **body}, headers=headers)
    assert answer.status_code == 400
    assert re.match(message, answer.json()["error"]["message"])


def test_errors_have_openais_form_below_v1_and_a_detail_elsewhere(mock: MockServer) -> None:
    nothing = httpx.get(f"{mock.openai_base_url}/nonsense")
    assert nothing.status_code == 404
    assert nothing.json()["error"]["type"] == "not_found"
    wrong = httpx.get(f"{mock.openai_base_url}/responses")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert wrong.json()["error"]["message"]
    native = httpx.get(f"{mock.base_url}/user/usage").json()
    assert native["detail"] == native["message"]


def test_pages_and_proxies_may_ask_first(mock: MockServer) -> None:
    url = f"{mock.openai_base_url}/chat/completions"
    asked = {"Origin": "http://page", "Access-Control-Request-Headers": "authorization, x-stainless-os"}
    preflight = httpx.options(url, headers={**asked, "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == asked["Access-Control-Request-Headers"]
    refused = httpx.post(url, headers={"Origin": "http://page"})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")
    assert "access-control-allow-origin" not in httpx.post(url).headers
    assert (
        "access-control-allow-origin"
        not in httpx.get(f"{mock.url}/__mock__/status", headers={"Origin": mock.url}).headers
    )
    head = httpx.head(f"{mock.openai_base_url}/models", headers={"Authorization": f"Bearer {mock.api_key}"})
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 1000


def test_wrong_method_and_problems_come_in_openais_form(mock: MockServer) -> None:
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    answer = httpx.put(f"{mock.openai_base_url}/models", headers=headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["error"]["message"] == "/v1/models supports GET, not PUT"
    fields = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "n": 0}
    answer = httpx.post(f"{mock.openai_base_url}/chat/completions", json=fields, headers=headers)
    assert answer.json()["error"]["message"] == "body/n: 0 is less than the minimum of 1"


PARAMS: list[tuple[str, Any, str | None]] = [
    ("images/generations", {"model": "dall-e-3", "prompt": "A cat", "size": "12x12"}, "size"),
    ("chat/completions", {"model": "gpt-4o"}, "messages"),
    (
        "chat/completions",
        {"model": "gpt-4o", "messages": [{"role": "user", "content": 5}]},
        "messages[0].content",
    ),
    (
        "chat/completions",
        {
            "model": "gpt-4o",
            "messages": [{"role": "user", "content": "Hi"}],
            "tools": [TOOL | {"function": {"name": "a"}}, {"type": "function", "function": {}}],
        },
        "tools[1].function.name",
    ),
    (
        "chat/completions",
        {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "n": 0},
        "n",
    ),
    ("completions", {"model": "gpt-3.5-turbo-instruct", "prompt": ["Once", ""]}, "prompt[1]"),
    ("embeddings", {"model": "text-embedding-3-small", "input": "word " * 9000}, "input"),
    ("responses", {"model": "gpt-4o-mini", "input": "word " * 150_000}, "input"),
    (
        "responses",
        {"model": "gpt-4o", "input": "Hi", "max_output_tokens": 900_000_000},
        "max_output_tokens",
    ),
    (
        "responses",
        {
            "model": "gpt-4o",
            "input": "Hi",
            "text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "nothing"}}},
        },
        "text.format.schema",
    ),
    (
        "chat/completions",
        {
            "model": "gpt-4o",
            "messages": [{"role": "user", "content": "Hi"}],
            "logit_bias": {"50256": "low", "007": "low"},
        },
        "logit_bias.50256",
    ),
    (
        "chat/completions",
        {
            "model": "gpt-4o",
            "messages": [{"role": "user", "content": "Hi"}],
            "logit_bias": {"": 1, "007": "low"},
        },
        "logit_bias.007",
    ),
    (
        "chat/completions",
        {"model": "gpt-4o", "messages": [{"role": "user", "content": [{"type": "text"}]}]},
        "messages[0].content[0].text",
    ),
    (
        "chat/completions",
        {"model": "gpt-4o", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "messages[0].content[0].image_url",
    ),
    (
        "chat/completions",
        {
            "model": "gpt-4o",
            "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}],
        },
        "messages[0].content[0].image_url.url",
    ),
    (
        "responses",
        {"model": "gpt-4o", "input": [{"role": "user", "content": [{"type": "input_text"}]}]},
        "input[0].content[0].text",
    ),
    (
        "responses",
        {"model": "gpt-4o", "input": [{"role": "user", "content": [{"type": "input_image"}]}]},
        "input[0].content[0].image_url",
    ),
    ("chat/completions", [], None),
]


@pytest.mark.parametrize(("path", "body", "param"), PARAMS)
def test_param_of_an_error_is_named_as_openai_names_it(
    mock: MockServer, path: str, body: Any, param: str | None
) -> None:
    headers = {"authorization": f"Bearer {mock.api_key}"}
    answer = httpx.post(f"{mock.openai_base_url}/{path}", json=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert "details" not in answer.json()


def test_native_paths_name_a_place_as_before_and_a_header_is_no_param(mock: MockServer) -> None:
    headers = {"authorization": f"Bearer {mock.api_key}"}
    native = httpx.post(f"{mock.base_url}/chat/completions", json={"messages": 5}, headers=headers)
    assert native.json()["details"]["problems"][0]["path"] == "body/messages"
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
    wrong = httpx.post(
        f"{mock.openai_base_url}/chat/completions", json=body, headers={**headers, "x-mock-tokens": "many"}
    )
    assert wrong.status_code == 400
    assert wrong.json()["error"]["param"] is None
    assert "x-mock-tokens" in wrong.json()["error"]["message"]


@pytest.mark.parametrize("part", [{"type": "text"}, {"type": "image_url"}])
def test_part_without_its_content_is_refused_on_the_native_path_too(
    mock: MockServer, part: dict[str, Any]
) -> None:
    headers = {"authorization": f"Bearer {mock.api_key}"}
    body = {"model": "openai/gpt-4o", "messages": [{"role": "user", "content": [part]}]}
    answer = httpx.post(f"{mock.base_url}/chat/completions", json=body, headers=headers)
    missing = "text" if part["type"] == "text" else "image_url"
    assert answer.status_code == 422
    assert answer.json()["message"] == f"body/messages/0/content/0/{missing}: is required"


def test_parts_with_their_content_and_of_other_types_are_taken(mock: MockServer) -> None:
    headers = {"authorization": f"Bearer {mock.api_key}"}
    pixel = "data:image/png;base64,AA"
    chats: tuple[dict[str, Any], ...] = (
        {"type": "text", "text": "Hi"},
        {"type": "image_url", "image_url": {"url": pixel}},
        {"type": "file", "file": {"file_id": "file-1"}},
    )
    for part in chats:
        body: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": [part]}]}
        answer = httpx.post(f"{mock.openai_base_url}/chat/completions", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
    items: tuple[dict[str, Any], ...] = (
        {"type": "input_text", "text": "Hi"},
        {"type": "input_image", "image_url": pixel},
        {"type": "input_image", "file_id": "file-1", "image_url": None},
        {"type": "input_file", "file_id": "file-1"},
    )
    for part in items:
        body = {"model": "gpt-4o", "input": [{"role": "user", "content": [part]}]}
        answer = httpx.post(f"{mock.openai_base_url}/responses", json=body, headers=headers)
        assert answer.status_code == 200, answer.text


REQUESTS: dict[str, dict[str, Any]] = {
    "chat/completions": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]},
    "completions": {"model": "gpt-3.5-turbo-instruct", "prompt": "Once"},
    "responses": {"model": "gpt-4o", "input": "Hi"},
    "embeddings": {"model": "text-embedding-3-small", "input": "Hi"},
    "moderations": {"input": "Hi"},
    "images/generations": {"model": "dall-e-2", "prompt": "A fox", "size": "256x256"},
    "audio/speech": {"model": "tts-1", "input": "Hi", "voice": "alloy"},
}


@pytest.mark.parametrize("path", REQUESTS)
def test_member_that_a_path_does_not_describe_is_ignored_whatever_it_is(mock: MockServer, path: str) -> None:
    spec = load_spec(DOCUMENT)
    operation = spec.operations[path.replace("/", ".")]
    schema, _ = spec.resolve(spec.at(operation.bodies["application/json"]))
    described = properties_of(schema, spec)
    # A text names a provider of the native API.
    names = {*FIELDS, "additional_params", "metadata_of_mine"} - {*described}
    assert len(names) > 20
    mock.credits = 1000
    headers = {"authorization": f"Bearer {mock.api_key}"}
    with httpx.Client(base_url=mock.openai_base_url, headers=headers) as http:
        for name in sorted(names):
            values: tuple[Any, ...] = ({}, [], {"a": 1}, [{}], 1.5, -1, True)
            for value in values if name == "provider" else (*values, "x"):
                answer = http.post(f"/{path}", json={**REQUESTS[path], name: value})
                assert answer.status_code == 200, (name, value, answer.text)


def test_response_is_not_changed_by_members_of_a_chat(mock: MockServer) -> None:
    headers = {"authorization": f"Bearer {mock.api_key}"}
    plain = {"model": "gpt-4o", "input": "Hi"}
    chat = {"n": 3, "stop": "You", "max_tokens": 1, "response_format": {"type": "json_object"}}
    texts = [
        httpx.post(f"{mock.openai_base_url}/responses", json=body, headers=headers).json()["output"][0][
            "content"
        ]
        for body in (plain, {**plain, **chat})
    ]
    assert texts[0] == texts[1]
    assert texts[0][0]["text"].startswith("You said")
