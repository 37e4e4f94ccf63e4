"""OpenAI's responses API: the request becomes a conversation, and its answer a `response`, whole or as typed events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..answers.billing import CreditsSpent
from ..answers.bodies import output_usage
from ..answers.plan import CompletionPlan, bill, plan_chat
from ..answers.reply import delay_of
from ..base.json import is_list, is_object
from ..base.reply import Reply, Stream
from ..request.call import Call
from ..spec.errors import invalid_value, sent_as

Item = dict[str, Any]
PIECE = 12
"""Characters of arguments in one event."""
CARRIED = (
    "additional_params",
    "byok_api_key",
    "max_output_tokens",
    "model",
    "provider",
    "reasoning",
    "session_id",
    "stream",
    "tool_choice",
)
"""Members that a chat has under the same name."""
CHAT_PLACES = {"body/messages": "body/input", "body/response_format/json_schema": "body/text/format"}
"""Places of a chat, and where a request to the responses API has the same."""


def respond(call: Call) -> Reply | Item:
    """The answer to `input`, a text or a list of items."""
    given = call.body
    streamed = given.get("stream") is True
    call.take_body(_as_chat(given))
    with sent_as(CHAT_PLACES):
        answer = plan_chat(call)
    answer.id = f"resp_{call.request_id}"
    if not streamed:
        bill(call, answer)
        return _response(given, answer, "completed", _items(answer))
    return Reply(
        stream=Stream(
            id=answer.id,
            events=lambda: _events(given, answer),
            close=lambda: bill(call, answer, success=not answer.stopped),
            stop=answer.stop,
            delay=delay_of(call),
            held=answer.held,
        )
    )


def _as_chat(given: Item) -> Item:
    """The same request as a chat. Raises ApiError 400 when it holds no message."""
    messages: list[Item] = []
    if isinstance(given.get("instructions"), str):
        messages.append({"role": "system", "content": given["instructions"]})
    asked = given["input"]
    items: list[Item] = asked if is_list(asked) else [{"role": "user", "content": asked}]
    for item in items:
        messages += _messages(item)
    if not messages:
        raise invalid_value("body/input", "holds no message")
    chat: Item = {name: given[name] for name in CARRIED if name in given}
    chat["messages"] = messages
    if is_list(given.get("tools")):
        chat["tools"] = [
            {"type": "function", "function": {name: tool[name] for name in tool if name != "type"}}
            for tool in given["tools"]
            if is_object(tool) and tool.get("type") == "function"
        ]
    choice = given.get("tool_choice")
    if is_object(choice) and choice.get("type") == "function":
        chat["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
    form = given["text"].get("format") if is_object(given.get("text")) else None
    if is_object(form) and form.get("type") == "json_schema":
        chat["response_format"] = {"type": "json_schema", "json_schema": form}
    elif is_object(form) and form.get("type") == "json_object":
        chat["response_format"] = {"type": "json_object"}
    return chat


def _messages(item: Item) -> list[Item]:
    kind = item.get("type", "message")
    if kind == "function_call":
        function = {"name": item["name"], "arguments": item["arguments"]}
        call = {"id": item["call_id"], "type": "function", "function": function}
        return [{"role": "assistant", "content": None, "tool_calls": [call]}]
    if kind == "function_call_output":
        return [{"role": "tool", "tool_call_id": item["call_id"], "content": _content(item["output"])}]
    if kind != "message":
        return []  # reasoning and the calls of built-in tools say nothing that an answer depends on
    return [{"role": item["role"], "content": _content(item["content"])}]


def _content(value: str | list[Item]) -> Any:
    if isinstance(value, str):
        return value
    parts: list[Item] = []
    for part in value:
        if isinstance(part.get("text"), str):
            parts.append({"type": "text", "text": part["text"]})
        elif part.get("type") == "input_image":
            parts.append({"type": "image_url", "image_url": {"url": part.get("image_url")}})
    return parts


def _items(answer: CompletionPlan) -> list[Item]:
    found: list[Item] = []
    if answer.reasoning:
        summary = [{"type": "summary_text", "text": "".join(answer.reasoning)}]
        found.append({"type": "reasoning", "id": f"rs_{answer.id}", "summary": summary})
    if answer.text or not answer.calls:
        part: dict[str, Any] = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
        found.append(
            {
                "type": "message",
                "id": f"msg_{answer.id}",
                "role": "assistant",
                "status": "completed",
                "content": [part],
            }
        )
    for call in answer.calls:
        function = {"name": call["function"]["name"], "arguments": call["function"]["arguments"]}
        found.append(
            {
                "type": "function_call",
                "id": f"fc_{call['id']}",
                "call_id": call["id"],
                "status": "completed",
                **function,
            }
        )
    return found


def _response(given: Item, answer: CompletionPlan, status: str, output: list[Item]) -> Item:
    short = status == "completed" and answer.finish_reason == "length"
    return {
        "id": answer.id,
        "object": "response",
        "created_at": int(answer.created),
        "status": "incomplete" if short else status,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if short else None,
        "instructions": given.get("instructions"),
        "max_output_tokens": given.get("max_output_tokens"),
        "metadata": given.get("metadata") or {},
        "model": answer.model.id,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "store": False,
        "temperature": given.get("temperature", 1.0),
        "text": given.get("text") or {"format": {"type": "text"}},
        "tool_choice": given.get("tool_choice", "auto"),
        "tools": given.get("tools") or [],
        "top_p": given.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": output_usage(answer) if status != "in_progress" else None,
    }


def _events(given: Item, answer: CompletionPlan) -> Iterator[Item]:
    answer.delivered, answer.complete = 0, False
    number = -1
    try:
        for number, event in enumerate(_unnumbered(given, answer)):
            yield {**event, "sequence_number": number}
    except CreditsSpent as spent:
        error = spent.error()
        named = {"code": error["code"], "message": error["message"], "param": None}
        yield {"type": "error", **named, "sequence_number": number + 1}
        return
    answer.complete = not answer.stopped


def _unnumbered(given: Item, answer: CompletionPlan) -> Iterator[Item]:
    begun = _response(given, answer, "in_progress", [])
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    items = _items(answer)
    for index, item in enumerate(items):
        at = {"output_index": index, "item_id": item["id"]}
        started = {**item, "status": "in_progress"}
        if item["type"] == "message":
            started["content"] = []
        elif item["type"] == "function_call":
            started["arguments"] = ""
        yield {"type": "response.output_item.added", "output_index": index, "item": started}
        if item["type"] == "message":
            yield from _text_events(answer, item, {**at, "content_index": 0})
        elif item["type"] == "function_call":
            arguments = item["arguments"]
            for start in range(0, len(arguments), PIECE):
                delta = arguments[start : start + PIECE]
                yield {"type": "response.function_call_arguments.delta", **at, "delta": delta}
            done = {"arguments": arguments, "name": item["name"]}
            yield {"type": "response.function_call_arguments.done", **at, **done}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    finished = _response(given, answer, "completed", items)
    yield {"type": f"response.{finished['status']}", "response": finished}


def _text_events(answer: CompletionPlan, item: Item, at: Item) -> Iterator[Item]:
    part = item["content"][0]
    yield {"type": "response.content_part.added", **at, "part": {**part, "text": ""}}
    sent: list[str] = []
    for piece in answer.deliver(answer.pieces):
        sent.append(piece)
        yield {"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []}
    part["text"] = "".join(sent)
    yield {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": part}
