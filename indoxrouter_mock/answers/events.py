"""An answer as server-sent events, in each of the two documented families."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .billing import CreditsSpent
from .bodies import openai_usage, output_items, output_response, output_usage
from .plan import CompletionPlan

Event = dict[str, Any]


USAGE_IN_LAST, USAGE_APART, NO_USAGE = "last", "apart", "none"
"""Where a stream of chunks says its usage: in the last chunk, or, as OpenAI does when asked, in one more without
choices.
"""


def stream(answer: CompletionPlan, family: str, *, chat: bool, usage: str = USAGE_IN_LAST) -> Iterator[Event]:
    """The events of an answer. Stopping the answer ends them after the next one, with usage and terminator all the
    same.
    """
    answer.delivered, answer.complete = 0, False
    try:
        if family == "typed":
            yield from _typed(answer)
        else:
            yield from _chat_chunks(answer, usage) if chat else _text_chunks(answer, usage)
            if usage == USAGE_APART:
                kind = "chat.completion.chunk" if chat else "text_completion"
                yield {**_head(answer, kind), "choices": [], "usage": _chunk_usage(answer)}
    except CreditsSpent as spent:
        yield {"error": spent.error()}
        return
    answer.complete = not answer.stopped


def _chat_chunks(answer: CompletionPlan, usage: str) -> Iterator[Event]:
    head = _head(answer, "chat.completion.chunk")

    def chunk(index: int, delta: Event, finish: str | None = None) -> Event:
        return {**head, "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}

    for index, each in enumerate(answer.choices):
        yield chunk(index, {"role": "assistant", "content": None if each.calls and not each.pieces else ""})
        for piece in each.reasoning:
            yield chunk(index, {"reasoning_content": piece})
        for place, call in enumerate(each.calls):
            yield chunk(
                index,
                {
                    "tool_calls": [
                        {
                            "index": place,
                            **call,
                            "function": {"name": call["function"]["name"], "arguments": ""},
                        }
                    ]
                },
            )
            arguments = call["function"]["arguments"]
            for start in range(0, len(arguments), 12):
                yield chunk(
                    index,
                    {
                        "tool_calls": [
                            {"index": place, "function": {"arguments": arguments[start : start + 12]}}
                        ]
                    },
                )
        for piece in answer.deliver(each.pieces):
            yield chunk(index, {"content": piece})
    if answer.images and usage == USAGE_IN_LAST:
        yield {**head, "images": answer.images}
    elif answer.images:  # readers of OpenAI's chunks expect a choice in each
        yield chunk(0, {"images": answer.images})
    for index, each in enumerate(answer.choices):
        last = chunk(index, {}, "stop" if answer.stopped else each.finish_reason)
        yield _with_usage(answer, last, index, usage)


def _text_chunks(answer: CompletionPlan, usage: str) -> Iterator[Event]:
    head = _head(answer, "text_completion")
    for index, each in enumerate(answer.choices):
        for piece in answer.deliver(each.pieces):
            yield {**head, "choices": [{"index": index, "text": piece, "finish_reason": None}]}
        finish = "stop" if answer.stopped else each.finish_reason
        last = {**head, "choices": [{"index": index, "text": "", "finish_reason": finish}]}
        yield _with_usage(answer, last, index, usage)


def _with_usage(answer: CompletionPlan, event: Event, index: int, place: str) -> Event:
    """The last event of a choice, with the usage if it is the last of all."""
    if place != USAGE_IN_LAST or index < len(answer.choices) - 1:
        return event
    return {**event, "usage": _chunk_usage(answer)}


def _head(answer: CompletionPlan, kind: str) -> Event:
    return {
        "id": answer.id,
        "object": kind,
        "created": int(answer.created),
        "model": answer.model.id,
        "provider": answer.model.provider,
    }


def _chunk_usage(answer: CompletionPlan) -> Event:
    """Usage in both namings at once, as servers have been seen to send it."""
    names = ("tokens_prompt", "tokens_completion", "tokens_total", "cost")
    return {**openai_usage(answer), **{name: answer.usage[name] for name in names}}


def _typed(answer: CompletionPlan) -> Iterator[Event]:
    identity = {"response_id": answer.id}
    described = {
        "id": answer.id,
        "object": "response",
        "created_at": int(answer.created),
        "model": answer.model.id,
        "provider": answer.model.provider,
    }
    yield {
        "type": "response.created",
        **identity,
        "response": {**described, "status": "in_progress", "output": []},
    }
    if answer.reasoning:
        yield {"type": "response.reasoning.started", **identity}
        for piece in answer.reasoning:
            yield {"type": "response.reasoning.delta", **identity, "delta": piece}
    items = output_items(answer)
    for index, item in enumerate(items):
        place = {**identity, "output_index": index}
        if item["type"] == "image_generation_call":
            called = {
                "id": f"img_{answer.id}",
                "type": item["type"],
                "status": "completed",
                "url": item["result"],
            }
            for step in ("in_progress", "generating"):
                yield {"type": f"response.image_generation_call.{step}", **place}
            yield {
                "type": "response.image_generation_call.completed",
                **place,
                "url": item["result"],
                "image_generation_call": called,
            }
            continue
        started = {**item, "status": "in_progress"}
        if item["type"] == "message":
            started["content"] = []
            started.pop("reasoning", None)
        yield {"type": "response.output_item.added", **place, "item": started}
        if item["type"] == "message":
            yield from _message_deltas(answer, item, place)
            yield {
                "type": "response.content_part.done",
                **place,
                "content_index": 0,
                "part": item["content"][0],
            }
        yield {"type": "response.output_item.done", **place, "item": item}
    finished = output_response(answer)
    finished["status"] = "cancelled" if answer.stopped else finished["status"]
    finished["usage"] = output_usage(answer)
    yield {"type": "response.done", **identity, "response": finished}


def _message_deltas(answer: CompletionPlan, item: Event, place: Event) -> Iterator[Event]:
    at = {**place, "content_index": 0}
    yield {
        "type": "response.content_part.added",
        **at,
        "part": {"type": "output_text", "text": "", "annotations": []},
    }
    each = next((choice for choice in answer.choices if choice.text == item["content"][0]["text"]), answer)
    sent: list[str] = []
    for piece in answer.deliver(each.pieces):
        sent.append(piece)
        yield {"type": "response.content_part.delta", **at, "delta": piece}
    if answer.stopped and len(sent) < len(each.pieces):
        item["content"] = [{"type": "output_text", "text": "".join(sent), "annotations": []}]
        item["status"] = "incomplete"
