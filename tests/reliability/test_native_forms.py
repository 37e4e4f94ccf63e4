"""Answers and events in a provider's own form, as a router forwards them when it does not translate."""

from __future__ import annotations

import json
from typing import Any

import pytest
from indoxrouter import errors

from .harness import MESSAGES, Mode, do, texts_and_error
from .server import answer, event, streamed


def lines(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def named(*events: dict[str, Any]) -> bytes:
    return b"".join(event(each, each["type"]) for each in events)


ANTHROPIC: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"id": "m", "model": "claude", "content": [], "usage": {"input_tokens": 3}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hel"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "lo"}},
    {"type": "content_block_stop", "index": 1},
    *(
        event
        for index, call, order in ((2, "a", "A1"), (3, "b", "B2"))
        for event in (
            {
                "type": "content_block_start",
                "index": index,
                "content_block": {"type": "tool_use", "id": call, "name": "get", "input": {}},
            },
            {"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": ""}},
            {
                "type": "content_block_delta",
                "index": index,
                "delta": {"type": "input_json_delta", "partial_json": '{"order": '},
            },
            {
                "type": "content_block_delta",
                "index": index,
                "delta": {"type": "input_json_delta", "partial_json": f'"{order}"}}'},
            },
            {"type": "content_block_stop", "index": index},
        )
    ),
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]  # fmt: skip
COHERE: list[dict[str, Any]] = [
    {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant", "content": []}}},
    {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "hm"}}},
    {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hel"}}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "lo"}}}},
    {"type": "content-end", "index": 0},
    *(
        event
        for index, call, order in ((1, "a", "A1"), (2, "b", "B2"))
        for event in (
            {
                "type": "tool-call-start",
                "index": index,
                "delta": {"message": {"tool_calls": {"id": call, "function": {"name": "get", "arguments": ""}}}},
            },
            {
                "type": "tool-call-delta",
                "index": index,
                "delta": {"message": {"tool_calls": {"function": {"arguments": '{"order": '}}}},
            },
            {
                "type": "tool-call-delta",
                "index": index,
                "delta": {"message": {"tool_calls": {"function": {"arguments": f'"{order}"}}'}}}},
            },
            {"type": "tool-call-end", "index": index},
        )
    ),
    {
        "type": "message-end",
        "delta": {"finish_reason": "TOOL_CALL", "usage": {"tokens": {"input_tokens": 3, "output_tokens": 5}}},
    },
]  # fmt: skip


def google(*parts: Any, **rest: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": 0, **rest}]}


GOOGLE = [
    google({"text": "hm", "thought": True}),
    google({"text": "Hel"}),
    google({"text": "lo"}, {"functionCall": {"id": "a", "name": "get", "args": {"order": "A1"}}}),
    google({"functionCall": {"id": "b", "name": "get", "args": {"order": "B2"}}}),
    {
        **google(finishReason="STOP"),
        "modelVersion": "gemini",
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 5, "totalTokenCount": 8},
    },
]


def ollama(done: bool = False, **message: Any) -> dict[str, Any]:
    counts = {"prompt_eval_count": 3, "eval_count": 5, "done_reason": "stop"} if done else {}
    return {
        "model": "llama",
        "message": {"role": "assistant", "content": "", **message},
        "done": done,
        **counts,
    }


OLLAMA = [
    ollama(thinking="hm"),
    ollama(content="Hel"),
    ollama(content="lo"),
    ollama(tool_calls=[{"id": "a", "function": {"name": "get", "arguments": {"order": "A1"}}}]),
    ollama(tool_calls=[{"id": "b", "function": {"name": "get", "arguments": {"order": "B2"}}}]),
    ollama(done=True),
]

STREAMS: dict[str, tuple[bytes, str]] = {
    "Anthropic": (named(*ANTHROPIC), "tool_calls"),
    "Anthropic, without names": (b"".join(map(event, ANTHROPIC)), "tool_calls"),
    "Cohere": (named(*COHERE), "tool_calls"),
    "Google": (b"".join(map(event, GOOGLE)), "stop"),
    "Google, as one list": (json.dumps(GOOGLE, indent=1).encode(), "stop"),
    "Ollama": (lines(*OLLAMA), "stop"),
}


def calls_of(response: Any) -> list[tuple[str | None, str, Any]]:
    return [(call.id, call.name, call.arguments) for call in response.tool_calls]


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_in_a_providers_own_form_is_read_whole(mode: Mode, name: str, size: int) -> None:
    body, reason = STREAMS[name]
    mode.server.on("/chat/completions", streamed(*(body[at : at + size] for at in range(0, len(body), size))))
    client = mode.client(auth="api_key")
    stream = await do(client.chat(MESSAGES, stream=True))
    texts, error = await texts_and_error(stream)
    assert ("".join(texts), error) == ("Hello", None)
    for response in (stream.response, await do(client.chat(MESSAGES))):
        assert (response.text, response.reasoning_content, response.finish_reason) == ("Hello", "hm", reason)
        assert calls_of(response) == [("a", "get", {"order": "A1"}), ("b", "get", {"order": "B2"})]
        usage = response.usage
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (3, 5, 8)


CALL = {"order": "A1"}
WHOLE: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "Anthropic": (
        {
            "id": "m",
            "type": "message",
            "content": [
                {"type": "text", "text": "Hello"},
                {"type": "tool_use", "id": "a", "name": "get", "input": CALL},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 3, "output_tokens": 5},
        },
        "tool_calls",
        "a",
    ),
    "Google": (
        {
            **google({"text": "Hello"}, {"functionCall": {"name": "get", "args": CALL}}, finishReason="MAX_TOKENS"),
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 5},
        },
        "length",
        None,
    ),
    "Ollama": (
        ollama(done=True, content="Hello", tool_calls=[{"function": {"name": "get", "arguments": CALL}}]),
        "stop",
        None,
    ),
    "Cohere": (
        {
            "id": "m",
            "message": {
                "role": "assistant",
                "content": [{"type": "text", "text": "Hello"}],
                "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "get", "arguments": json.dumps(CALL)}}
                ],
            },
            "finish_reason": "COMPLETE",
            "usage": {"tokens": {"input_tokens": 3, "output_tokens": 5}},
        },
        "stop",
        "a",
    ),
    "Cohere, first version": (
        {
            "text": "Hello",
            "generation_id": "g",
            "chat_history": [],
            "tool_calls": [{"name": "get", "parameters": CALL}],
            "finish_reason": "MAX_TOKENS",
            "meta": {"billed_units": {"input_tokens": 2}, "tokens": {"input_tokens": 3, "output_tokens": 5}},
        },
        "length",
        None,
    ),
    "Bedrock": (
        {
            "output": {
                "message": {
                    "role": "assistant",
                    "content": [
                        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
                        {"text": "Hello"},
                        {"toolUse": {"toolUseId": "a", "name": "get", "input": CALL}},
                    ],
                }
            },
            "stopReason": "tool_use",
            "usage": {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8},
            "metrics": {"latencyMs": 1},
        },
        "tool_calls",
        "a",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
async def test_an_answer_in_a_providers_own_form_is_read_whole(mode: Mode, name: str) -> None:
    body, reason, call_id = WHOLE[name]
    mode.server.on("/chat/completions", answer(body))
    client = mode.client(auth="api_key")
    response = await do(client.chat(MESSAGES))
    assert json.loads(json.dumps(response.to_dict())) == body
    stream = await do(client.chat(MESSAGES, stream=True))
    for found in (response, await do(stream.until_done())):
        assert (found.text, found["choices"][0]["finish_reason"]) == ("Hello", reason)
        assert found.choices[0].message.content == "Hello"
        assert calls_of(found) == [(call_id, "get", CALL)]
        assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (3, 5)


@pytest.mark.parametrize("output", ["Hello", ["Hel", "lo"]])
async def test_an_output_of_texts_is_read(mode: Mode, output: Any) -> None:
    counts = {"input_token_count": 3, "output_token_count": 5}
    body = {"id": "r", "status": "succeeded", "output": output, "error": None, "metrics": counts}
    mode.server.on("/chat/completions", answer(body))
    client = mode.client(auth="api_key")
    stream = await do(client.chat(MESSAGES, stream=True))
    for found in (await do(client.chat(MESSAGES)), await do(stream.until_done())):
        assert (found.text, found.finish_reason, found.usage.tokens_total) == ("Hello", "stop", 8)


@pytest.mark.parametrize(
    "body",
    [
        {
            "success": True,
            "data": None,
            "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}],
        },
        {"success": True, "data": {"success": True, "data": "Hello", "finish_reason": "stop"}},
    ],
)
async def test_an_envelope_beside_or_around_an_answer_has_its_text(mode: Mode, body: Any) -> None:
    mode.server.on("/chat/completions", answer(body))
    response = await do(mode.client(auth="api_key").chat(MESSAGES))
    assert (response.text, response.to_dict()) == ("Hello", body)


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"data": "Hello"}},  # a structured answer, which may have any key
        {"output": [{"type": "function_call", "name": "get", "arguments": "{}", "output": "Hello"}]},
        {"output": [], "status": "completed"},
        {"text": "Hello"},
    ],
)
async def test_what_only_resembles_an_answer_is_not_read_as_its_text(mode: Mode, body: Any) -> None:
    mode.server.on("/chat/completions", answer(body))
    assert (await do(mode.client(auth="api_key").chat(MESSAGES))).text == ""


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (
            [
                {"model": "l", "response": "Hel", "done": False},
                {"model": "l", "response": "lo", "done": True, "done_reason": "length"},
            ],
            "length",
        ),
        (
            [
                {"token": {"text": "Hel", "special": False}, "generated_text": None},
                {"token": {"text": "lo", "special": False}, "generated_text": None},
                {
                    "token": {"text": "</s>", "special": True},
                    "generated_text": "Hello",
                    "details": {"finish_reason": "eos_token", "generated_tokens": 3},
                },
            ],
            "stop",
        ),
    ],
    ids=["Ollama's generate", "text-generation-inference"],
)
async def test_generated_text_without_messages_is_read(mode: Mode, events: list[Any], reason: str) -> None:
    mode.server.on("/completions", streamed(*map(event, events)))
    stream = await do(mode.client(auth="api_key").completion("x", stream=True))
    texts, error = await texts_and_error(stream)
    assert (texts[:2], error, stream.response.finish_reason) == (["Hel", "lo"], None, reason)
    assert stream.response.text == "Hello"


@pytest.mark.parametrize("usage", [7, "x", [1], True])
async def test_a_usage_that_is_no_object_is_passed_over(mode: Mode, usage: Any) -> None:
    events = [
        *ANTHROPIC[:-1],
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
    ]
    mode.server.on("/chat/completions", streamed(*map(event, events)))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    assert (await texts_and_error(stream))[1] is None
    assert (stream.response.text, stream.response.finish_reason) == ("Hello", "stop")


async def test_two_candidates_are_kept_apart(mode: Mode) -> None:
    def both(first: str, second: str, **rest: str) -> bytes:
        parts = [google({"text": text}, **rest)["candidates"][0] for text in (first, second)]
        return event({"candidates": [parts[0], {**parts[1], "index": 1}]})

    mode.server.on("/chat/completions", streamed(both("H", "B"), both("i", "ye", finishReason="STOP")))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    response = await do(stream.until_done())
    assert [choice.message.content for choice in response.choices] == ["Hi", "Bye"]


@pytest.mark.parametrize(
    "body",
    [
        {"id": "1", "choices": None, "base_resp": {"status_code": 1008, "status_msg": "no balance"}},
        {"id": "1", "choices": [], "base_resp": {"status_code": 1008, "status_msg": "no balance"}},
        {
            "id": "1",
            "choices": [
                {"index": 0, "message": {"content": ""}, "error": {"message": "no balance"}, "finish_reason": "error"}
            ],
        },
    ],
)  # fmt: skip
async def test_a_refusal_beside_the_fields_of_an_answer_is_an_error(mode: Mode, body: Any) -> None:
    client = mode.client(auth="api_key", max_retries=0)
    mode.server.on("/chat/completions", answer(body))
    assert (await mode.failure(lambda: client.chat(MESSAGES))).message == "no balance"
    mode.server.on("/chat/completions", streamed(event(body)))
    stream = await do(client.chat(MESSAGES, stream=True))
    error = (await texts_and_error(stream))[1]
    assert isinstance(error, errors.APIError)
    assert error.message == "no balance"


async def test_an_answer_beside_a_status_of_success_is_one(mode: Mode) -> None:
    body = {
        "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}],
        "base_resp": {"status_code": 0, "status_msg": ""},
    }
    mode.server.on("/chat/completions", answer(body))
    assert (await do(mode.client(auth="api_key").chat(MESSAGES))).text == "Hi"
