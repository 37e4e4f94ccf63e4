"""The three documented shapes of a text response, and conversions between them.

The envelope has its text under `data`, OpenAI's shape under `choices`, the output shape under `output`. These functions
accept the JSON of any of them and do not change it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from indoxrouter._runtime.values.json import as_object, is_list, is_object
from indoxrouter._runtime.values.unset import UNSET

Json = dict[str, Any]


def _is_envelope(payload: Json) -> bool:
    if payload.get("data") is not None:
        return True
    return not (is_list(payload.get("choices")) or is_list(payload.get("output")))


def objects_in(value: Any) -> list[Json]:
    """The objects of a list, or the only object, which some providers send in place of a list."""
    return [item for item in (value if is_list(value) else [value]) if is_object(item)]


def first_choice(payload: Json) -> Json:
    """The first of the `choices`; empty if there is none."""
    choices = payload.get("choices")
    return as_object(choices[0]) if is_list(choices) and choices else {}


def _message(payload: Json) -> Json:
    return as_object(first_choice(payload).get("message"))


def content_text(content: Any) -> str:
    """The text of a content: text itself, or the texts of its parts; empty if there is none."""
    if isinstance(content, str):
        return content
    if is_object(content) and "text" in content:
        content = [content]
    if is_list(content):
        texts = [part.get("text") if is_object(part) else part for part in content]
        return "".join(text for text in texts if isinstance(text, str))
    return ""


def response_text(payload: Json) -> str:
    """The generated text; empty if there is none (a tool call, an image)."""
    if payload.get("data") is not None:
        return _data_text(payload["data"])
    if is_list(payload.get("choices")):
        text = content_text(_message(payload).get("content"))
        return text or content_text(first_choice(payload).get("text"))
    items = [item for item in objects_in(payload.get("output")) if item.get("type", "message") == "message"]
    text = "".join(content_text(item.get("content")) for item in items)
    return text or content_text(payload.get("output_text"))


def _data_text(data: Any) -> str:
    if not is_object(data):
        return content_text(data)
    wrapped = "data" in data and ("request_id" in data or "success" in data)  # an envelope in another
    if wrapped or is_list(data.get("choices")) or is_list(data.get("output")):
        return response_text(data)
    message = data.get("message")
    inner = message.get("content") if is_object(message) else message
    return content_text(data.get("content")) or content_text(data.get("text")) or content_text(inner)


def reasoning_of(payload: Json) -> str | None:
    """The reasoning of the model, or None."""
    for holder in (payload, _message(payload), as_object(payload.get("data"))):
        for key in ("reasoning_content", "reasoning"):
            if text := _reasoning_text(holder.get(key)):
                return text
    found: list[str] = []
    for item in objects_in(payload.get("output")):
        is_reasoning = item.get("type") == "reasoning"
        own = item.get("summary") or item.get("content") if is_reasoning else item.get("reasoning")
        found.append(_reasoning_text(own))
    return "".join(found) or None


def _reasoning_text(value: Any) -> str:
    if is_object(value):
        texts = (_reasoning_text(value.get(key)) for key in ("content", "text", "summary"))
        return next(filter(None, texts), "")
    return content_text(value)


def tool_calls_of(payload: Json) -> list[Json]:
    """Tool calls in OpenAI's form: `{"id", "type": "function", "function": {"name", "arguments"}}`."""
    data, raw = as_object(payload.get("data")), as_object(payload.get("raw_response"))
    for holder in (payload, data, _message(payload), _message(raw)):
        calls = objects_in(holder.get("tool_calls"))
        if calls:
            return calls
        if is_object(holder.get("function_call")):  # the older form, for a single call
            return [{"id": None, "type": "function", "function": holder["function_call"]}]
    return [
        {
            "id": item.get("call_id") or item.get("id"),
            "type": "function",
            "function": {"name": item.get("name"), "arguments": item.get("arguments")},
        }
        for item in objects_in(payload.get("output"))
        if item.get("type") in ("function_call", "tool_call")
    ]


def _images_of(payload: Json) -> Any:
    message = _message(payload)
    if is_list(message.get("images")):
        return message["images"]
    found: list[Json] = []
    for item in objects_in(payload.get("output")):
        parts = [item] if item.get("type") == "image_generation_call" else objects_in(item.get("content"))
        for part in parts:
            link = part.get("image_url")
            url = part.get("url") or (link.get("url") if is_object(link) else link)
            data = part.get("result") or part.get("b64_json")
            if url or data:
                image: Json = {"index": len(found)}
                image.update({"url": url} if url else {"b64_json": data})
                found.append(image)
    return found or UNSET


def _finish_reason_of(payload: Json) -> Any:
    if is_list(payload.get("choices")):
        return first_choice(payload).get("finish_reason", UNSET)
    status = payload.get("status")
    if status == "completed":
        return "tool_calls" if tool_calls_of(payload) else "stop"
    reason = as_object(payload.get("incomplete_details")).get("reason")
    if reason == "max_output_tokens" or (status == "incomplete" and reason is None):
        return "length"
    return reason or status or UNSET


def created_at_of(payload: Json) -> Any:
    """The creation time in the form of the envelope; `UNSET` if it is unknown."""
    created = payload.get("created_at", payload.get("created"))
    if isinstance(created, bool) or not isinstance(created, (int, float)):
        return created if created is not None else UNSET
    try:
        return datetime.fromtimestamp(created, timezone.utc).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return UNSET


def choices_of(payload: Json) -> list[Any]:
    """The answer as OpenAI's `choices`, as received; those of completions get a `message` beside the `text`."""
    choices = payload.get("choices")
    if is_list(choices):
        return [_with_message(choice) if is_object(choice) else choice for choice in choices]
    text = response_text(payload)
    message: Json = {"role": "assistant", "content": text}
    for key, value in (("reasoning_content", reasoning_of(payload)), ("tool_calls", tool_calls_of(payload))):
        if value:
            message[key] = value
    reason = payload.get("finish_reason")
    if reason is None and (derived := derive(payload, "finish_reason")) is not UNSET:
        reason = derived
    return [{"index": 0, "message": message, "text": text, "finish_reason": reason}]


def _with_message(choice: Json) -> Json:
    if "message" not in choice and isinstance(choice.get("text"), str):
        return {**choice, "message": {"role": "assistant", "content": choice["text"]}}
    return choice


def output_of(payload: Json) -> list[Json]:
    """The answer as items of the output shape."""
    content: Json = {"type": "output_text", "text": response_text(payload), "annotations": []}
    item: Json = {"type": "message", "role": "assistant", "status": "completed", "content": [content]}
    reasoning = reasoning_of(payload)
    if reasoning:
        item["reasoning"] = reasoning
    calls = [
        {"type": "function_call", "call_id": call.get("id"), **as_object(call.get("function"))}
        for call in tool_calls_of(payload)
    ]
    return [item, *calls]


def _or_missing(value: Any) -> Any:
    return UNSET if value is None else value


_DERIVED: dict[str, Callable[[Json], Any]] = {
    "request_id": lambda payload: _or_missing(payload.get("id")),
    "id": lambda payload: _or_missing(payload.get("request_id")),
    "created_at": created_at_of,
    "success": lambda payload: payload.get("status") != "failed",
    "message": lambda payload: "",
    "data": response_text,
    "finish_reason": _finish_reason_of,
    "images": _images_of,
    "reasoning_content": lambda payload: _or_missing(reasoning_of(payload)),
    "tool_calls": lambda payload: tool_calls_of(payload) or UNSET,
    "usage": lambda payload: _or_missing(payload.get("usage")),
    "choices": choices_of,
    "output": output_of,
}

# The keys that an envelope always has; `keys()` does not list the others.
_ENVELOPE_KEYS = (
    "request_id",
    "created_at",
    "success",
    "message",
    "data",
    "finish_reason",
    "images",
    "reasoning_content",
)


def derive(payload: Json, key: str) -> Any:
    """The value under `key` in another shape, derived from the received shape; `UNSET` if it cannot be derived.

    From an envelope, `choices`, `output` and `tool_calls` are derived, but none of its own fields.
    """
    make = _DERIVED.get(key)
    if make is None or (key in ("success", "message", "finish_reason", "data") and _is_envelope(payload)):
        return UNSET
    return make(payload)


def envelope_keys(payload: Json) -> list[str]:
    """The keys of the envelope that the received shape lacks and that can be derived from it."""
    if _is_envelope(payload):
        return []
    return [key for key in _ENVELOPE_KEYS if key not in payload and derive(payload, key) is not UNSET]
