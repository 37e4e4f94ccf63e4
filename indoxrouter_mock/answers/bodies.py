"""An answer as one body, in each of the three documented shapes."""

from __future__ import annotations

from typing import Any

from ..request.call import Call
from .billing import envelope
from .plan import CompletionPlan


def completion_body(call: Call, answer: CompletionPlan, shape: str, *, chat: bool) -> dict[str, Any]:
    """The body of an answer that isn't streamed."""
    if shape == "openai":
        return openai_chat(answer) if chat else openai_text(answer)
    if shape == "output":
        return output_response(answer)
    body = envelope(call, answer.model, _data(answer), answer.usage)
    body["finish_reason"] = answer.finish_reason
    body["images"] = answer.images or None
    body["reasoning_content"] = "".join(answer.reasoning) or None
    return body


def _data(answer: CompletionPlan) -> str | dict[str, Any]:
    """The text; with tool calls, or several choices, the object that the envelope's `data` may be."""
    if answer.calls:
        return message(answer)
    if answer.more:
        return {"choices": [{"index": index, "text": each.text} for index, each in enumerate(answer.choices)]}
    return answer.text


def message(answer: CompletionPlan) -> dict[str, Any]:
    """The assistant's message in OpenAI's form."""
    found: dict[str, Any] = {"role": "assistant", "content": answer.text or (None if answer.calls else "")}
    if answer.calls:
        found["tool_calls"] = answer.calls
    if answer.reasoning:
        found["reasoning_content"] = "".join(answer.reasoning)
    if answer.images:
        found["images"] = [
            {"type": "image_url", "image_url": {"url": image["url"]}} for image in answer.images
        ]
    return found


def openai_usage(answer: CompletionPlan) -> dict[str, Any]:
    """`usage` in OpenAI's naming."""
    return {
        "prompt_tokens": answer.usage["tokens_prompt"],
        "completion_tokens": answer.usage["tokens_completion"],
        "total_tokens": answer.usage["tokens_total"],
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": answer.usage["reasoning_tokens"]},
        "cost": answer.usage["cost"],
    }


def openai_chat(answer: CompletionPlan) -> dict[str, Any]:
    """The plan as OpenAI's `chat.completion`."""
    return {
        "id": answer.id,
        "object": "chat.completion",
        "created": int(answer.created),
        "model": answer.model.id,
        "provider": answer.model.provider,
        "choices": [
            {"index": index, "message": message(each), "finish_reason": each.finish_reason, "logprobs": None}
            for index, each in enumerate(answer.choices)
        ],
        "usage": openai_usage(answer),
    }


def openai_text(answer: CompletionPlan) -> dict[str, Any]:
    """The plan as OpenAI's `text_completion`."""
    return {
        "id": answer.id,
        "object": "text_completion",
        "created": int(answer.created),
        "model": answer.model.id,
        "provider": answer.model.provider,
        "choices": [
            {"index": index, "text": each.text, "finish_reason": each.finish_reason, "logprobs": None}
            for index, each in enumerate(answer.choices)
        ],
        "usage": openai_usage(answer),
    }


def output_usage(answer: CompletionPlan) -> dict[str, Any]:
    """`usage` of the output shape."""
    return {
        "input_tokens": answer.usage["tokens_prompt"],
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": answer.usage["tokens_completion"],
        "output_tokens_details": {"reasoning_tokens": answer.usage["reasoning_tokens"]},
        "total_tokens": answer.usage["tokens_total"],
    }


def output_items(answer: CompletionPlan) -> list[dict[str, Any]]:
    """The items of the output shape: one message a choice, or one item a tool call."""
    items: list[dict[str, Any]] = []
    for each in answer.choices:
        for call in each.calls:
            function = call["function"]
            items.append(
                {
                    "type": "function_call",
                    "id": call["id"],
                    "call_id": call["id"],
                    "status": "completed",
                    **function,
                }
            )
        if not each.calls:
            item: dict[str, Any] = {
                "type": "message",
                "role": "assistant",
                "status": "incomplete" if each.finish_reason == "length" else "completed",
                "content": [{"type": "output_text", "text": each.text, "annotations": []}],
            }
            if each.reasoning:
                item["reasoning"] = "".join(each.reasoning)
            items.append(item)
        items += [
            {"type": "image_generation_call", "status": "completed", "result": image["url"]}
            for image in each.images
        ]
    return items


def output_response(answer: CompletionPlan) -> dict[str, Any]:
    """The plan as a `response` with `output` items."""
    return {
        "id": answer.id,
        "object": "response",
        "created_at": int(answer.created),
        "model": answer.model.id,
        "provider": answer.model.provider,
        "duration_ms": round(answer.usage["latency"] * 1000, 3),
        "output": output_items(answer),
        "usage": output_usage(answer),
        "status": "incomplete" if answer.finish_reason == "length" else "completed",
    }
