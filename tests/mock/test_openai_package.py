"""The unmodified `openai` package against the OpenAI-compatible paths under /v1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from indoxrouter_mock import MockServer
from tests.spec.document import present_field

MESSAGES: Any = [{"role": "user", "content": "Hello there"}]


@pytest.fixture
def client(mock: MockServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=mock.api_key, base_url=mock.openai_base_url, max_retries=0) as found:
        yield found


def test_chat(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="openai/gpt-4o-mini", messages=MESSAGES, max_tokens=5)
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 5


def test_bare_model_names_work_and_n_gives_several_answers(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, n=3)
    assert len({choice.message.content for choice in answer.choices}) == 3


def test_stream(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    text, usages = "", []
    for chunk in client.chat.completions.create(
        model="gpt-4o", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    ):
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        usages += [chunk.usage] if chunk.usage else []
    assert text == whole.choices[0].message.content
    assert [usage.total_tokens for usage in usages] == [whole.usage.total_tokens if whole.usage else 0]
    for chunk in client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
        assert chunk.choices
        assert chunk.usage is None


def test_tools_are_called_and_their_results_used(client: openai.OpenAI) -> None:
    tools: Any = [
        {
            "type": "function",
            "function": {
                "name": "add",
                "parameters": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
            },
        }
    ]
    answer = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, tools=tools)
    calls = answer.choices[0].message.tool_calls
    assert calls
    call: Any = calls[0]
    assert isinstance(json.loads(call.function.arguments)["a"], int)
    followed: Any = [
        *MESSAGES,
        answer.choices[0].message,
        {"role": "tool", "tool_call_id": call.id, "content": "42 it is"},
    ]
    final = client.chat.completions.create(model="gpt-4o", messages=followed, tools=tools)
    assert "42 it is" in (final.choices[0].message.content or "")
    with client.chat.completions.stream(model="gpt-4o", messages=MESSAGES, tools=tools) as stream:
        streamed = stream.get_final_completion()
    assert streamed.choices[0].message.tool_calls[0].function.arguments == call.function.arguments  # type: ignore[index]


def test_structured_answer(client: openai.OpenAI) -> None:
    schema: Any = {
        "type": "json_schema",
        "json_schema": {
            "name": "x",
            "strict": True,
            "schema": {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}},
        },
    }
    answer = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, response_format=schema)
    assert isinstance(json.loads(answer.choices[0].message.content or "")["ok"], bool)


def test_text_completion(client: openai.OpenAI) -> None:
    assert client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Once").choices[0].text
    assert (
        len(list(client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Once", stream=True))) > 5
    )


@pytest.mark.parametrize("form", ["float", "base64"])
def test_embeddings(client: openai.OpenAI, form: Any) -> None:
    found = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"], encoding_format=form)
    plain = client.embeddings.create(model="text-embedding-3-small", input="a", dimensions=8)
    assert len(plain.data[0].embedding) == 8
    if form == "float":
        assert [len(item.embedding) for item in found.data] == [1536, 1536]
    default = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    assert sum(value * value for value in default.data[1].embedding) == pytest.approx(1, abs=1e-5)


def test_images(client: openai.OpenAI) -> None:
    url = client.images.generate(model="dall-e-3", prompt="a fox", size="1024x1024").data
    assert url
    assert httpx.get(url[0].url or "").content.startswith(b"\x89PNG")
    inline = client.images.generate(model="gpt-image-1", prompt="a fox").data
    assert inline
    assert inline[0].b64_json


def test_models(client: openai.OpenAI) -> None:
    listed = client.models.list().data
    assert len(listed) > 380
    assert client.models.retrieve("openai/gpt-4o").id == "openai/gpt-4o"
    assert client.models.retrieve("gpt-4o").owned_by == "openai"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-99")


def test_errors_come_in_openais_form(client: openai.OpenAI, mock: MockServer) -> None:
    with pytest.raises(openai.NotFoundError, match="gpt-99"):
        client.chat.completions.create(model="gpt-99", messages=MESSAGES)
    with pytest.raises(openai.BadRequestError) as empty:
        client.chat.completions.create(model="gpt-4o", messages=[])
    assert (empty.value.param, empty.value.code) == ("messages", "invalid_request")
    with (
        openai.OpenAI(api_key="indox-" + "x" * 32, base_url=mock.openai_base_url) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    mock.faults.add("rate_limit", retry_after=0)
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    mock.credits = 0
    with pytest.raises(openai.APIStatusError) as spent:
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert spent.value.status_code == 402


def test_twins_count_in_the_same_books(client: openai.OpenAI, mock: MockServer) -> None:
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    client.embeddings.create(model="text-embedding-3-small", input="a")
    usage = httpx.get(
        f"{mock.base_url}/user/usage", headers={"Authorization": f"Bearer {mock.api_key}"}
    ).json()
    assert {name: row["requests"] for name, row in usage["endpoints"].items()} == {"chat": 1, "embedding": 1}


def test_native_requests_are_understood_under_v1_too(mock: MockServer) -> None:
    """The older client reference gives /v1 as the native base URL."""
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    native = httpx.post(f"{mock.openai_base_url}/embeddings", json={"text": "x"}, headers=headers).json()
    assert native[present_field("EmbeddingResponse", "dimensions")] == 1536
    assert httpx.get(f"{mock.openai_base_url}/models/openai").json()["name"] == "OpenAI"
    shaped = httpx.post(
        f"{mock.openai_base_url}/chat/completions",
        json={"messages": MESSAGES},
        headers={**headers, "X-Mock-Shape": "envelope"},
    )
    assert "Hello there" in shaped.json()["data"]
