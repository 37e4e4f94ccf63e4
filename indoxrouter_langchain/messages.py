"""Messages of LangChain from and to those of the API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from indoxrouter import ChatResponse, ResponseFormatError, ToolCall, Usage
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    UsageMetadata,
    convert_to_openai_messages,
)
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk

__all__ = ["answer_of", "last_chunk_of", "messages_on_wire"]

_CALLS = ("tool_use", "tool_call", "tool_call_chunk", "function_call", "reasoning", "thinking")


def messages_on_wire(messages: Sequence[BaseMessage]) -> list[dict[str, Any]]:
    """The messages in the documented form: text, images as `image_url`, tool calls and their results.

    Reasoning is left out, and so are tool calls that repeat `tool_calls` within the content.
    """
    sent: list[dict[str, Any]] = []
    for message in messages:
        if isinstance(message, AIMessage) and isinstance(message.content, list):
            kept = [
                block
                for block in message.content
                if isinstance(block, str) or block.get("type") not in _CALLS
            ]
            message = message.model_copy(update={"content": kept or ""})
        converted: Any = convert_to_openai_messages([message])
        sent += [_with_fewest_parts(each) for each in converted]
    return sent


def _with_fewest_parts(message: dict[str, Any]) -> dict[str, Any]:
    """Content that is text alone as text: some models take nothing else from a tool or an assistant."""
    parts = message.get("content")
    if isinstance(parts, list) and all(
        isinstance(part, dict) and part.get("type") == "text" for part in parts
    ):
        message["content"] = "\n".join(part["text"] for part in parts)
    return message


def answer_of(response: ChatResponse) -> AIMessage:
    """A whole answer."""
    calls, invalid = _tool_calls(response.tool_calls)
    return AIMessage(
        content=response.text,
        tool_calls=calls,
        invalid_tool_calls=invalid,
        additional_kwargs={"reasoning_content": response.reasoning} if response.reasoning else {},
        response_metadata=_metadata(response),
        usage_metadata=_usage(response.usage),
    )


def last_chunk_of(response: ChatResponse) -> AIMessageChunk:
    """What a stream adds up to besides its text: tool calls, tokens and metadata."""
    calls = [
        tool_call_chunk(name=call.name, args=_arguments_text(call), id=call.id, index=index)
        for index, call in enumerate(response.tool_calls)
    ]
    return AIMessageChunk(
        content="",
        tool_call_chunks=calls,
        response_metadata=_metadata(response),
        usage_metadata=_usage(response.usage),
        chunk_position="last",
    )


def _tool_calls(calls: Sequence[ToolCall]) -> tuple[list[Any], list[Any]]:
    valid: list[Any] = []
    invalid: list[Any] = []
    for call in calls:
        try:
            valid.append(tool_call(name=call.name, args=call.arguments, id=call.id))
        except ResponseFormatError as error:
            invalid.append(
                invalid_tool_call(name=call.name, args=_arguments_text(call), id=call.id, error=str(error))
            )
    return valid, invalid


def _arguments_text(call: ToolCall) -> str:
    raw = call.get("function", {}).get("arguments")
    return raw if isinstance(raw, str) else json.dumps(raw or {})


def _metadata(response: ChatResponse) -> dict[str, Any]:
    model, provider = response.model or "", response.provider
    found: dict[str, Any] = {
        "model_name": f"{provider}/{model}" if provider and "/" not in model else model,
        "model_provider": "indoxrouter",
        "finish_reason": response.finish_reason,
        "cost": response.cost,
        "request_id": response.request_id,
    }
    return {name: value for name, value in found.items() if value is not None}


def _usage(usage: Usage | None) -> UsageMetadata | None:
    if usage is None:
        return None
    prompt, completion = usage.tokens_prompt or 0, usage.tokens_completion or 0
    found: Any = {
        "input_tokens": prompt,
        "output_tokens": completion,
        "total_tokens": usage.tokens_total or prompt + completion,
    }
    if usage.cache_read_tokens is not None or usage.cache_write_tokens is not None:
        found["input_token_details"] = {
            "cache_read": usage.cache_read_tokens or 0,
            "cache_creation": usage.cache_write_tokens or 0,
        }
    if usage.reasoning_tokens is not None:
        found["output_token_details"] = {"reasoning": usage.reasoning_tokens}
    return found
