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
    return "data" in payload or not (is_list(payload.get("choices")) or is_list(payload.get("output")))


def _first(value: Any) -> Json:
    return as_object(value[0]) if is_list(value) and value else {}


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if is_object(item)] if is_list(value) else []


def _message(payload: Json) -> Json:
    return as_object(_first(payload.get("choices")).get("message"))


def text_of_content(content: Any) -> str | None:
    """Text of a message's content: text itself, or the texts of its parts; None for anything else."""
    if isinstance(content, str):
        return content
    if is_object(content) and "text" in content:
        content = [content]
    if is_list(content):
        texts = [part.get("text") if is_object(part) else part for part in content]
        return "".join(text for text in texts if isinstance(text, str))
    return None


def response_text(payload: Json) -> str:
    """The generated text; empty if there is none (a tool call, an image)."""
    if "data" in payload:
        return _data_text(payload["data"])
    if is_list(payload.get("choices")):
        choice = _first(payload["choices"])
        text = text_of_content(_message(payload).get("content"))
        return text if text is not None else text_of_content(choice.get("text")) or ""
    items = [item for item in _dicts(payload.get("output")) if item.get("type", "message") == "message"]
    pieces = [text_of_content(item.get("content")) or "" for item in items]
    return "".join(pieces) or text_of_content(payload.get("output_text")) or ""


def _data_text(data: Any) -> str:
    if is_object(data):
        if is_list(data.get("choices")) or is_list(data.get("output")):
            return response_text(data)
        inner = data.get("message")
        for value in (
            data.get("content"),
            data.get("text"),
            inner.get("content") if is_object(inner) else inner,
        ):
            text = text_of_content(value)
            if text is not None:
                return text
        return ""
    return text_of_content(data) or ""


def reasoning_of(payload: Json) -> str | None:
    """The reasoning of the model, or None."""
    for holder in (payload, _message(payload), payload.get("data")):
        if is_object(holder):
            for key in ("reasoning_content", "reasoning"):
                text = _reasoning_text(holder.get(key))
                if text:
                    return text
    found: list[str] = []
    for item in _dicts(payload.get("output")):
        own = (
            item.get("summary") or item.get("content")
            if item.get("type") == "reasoning"
            else item.get("reasoning")
        )
        text = _reasoning_text(own)
        if text:
            found.append(text)
    return "".join(found) or None


def _reasoning_text(value: Any) -> str | None:
    if is_object(value):
        for key in ("content", "text", "summary"):
            text = _reasoning_text(value.get(key))
            if text:
                return text
        return None
    return text_of_content(value)


def tool_calls_of(payload: Json) -> list[Json]:
    """Tool calls in OpenAI's form: `{"id", "type": "function", "function": {"name", "arguments"}}`."""
    raw = payload.get("raw_response")
    for holder in (
        payload,
        payload.get("data"),
        _message(payload),
        _message(raw) if is_object(raw) else None,
    ):
        if is_object(holder):
            calls = _dicts(holder.get("tool_calls"))
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
        for item in _dicts(payload.get("output"))
        if item.get("type") in ("function_call", "tool_call")
    ]


def _images_of(payload: Json) -> Any:
    message = _message(payload)
    if is_list(message.get("images")):
        return message["images"]
    found: list[Json] = []
    for item in _dicts(payload.get("output")):
        parts = [item] if item.get("type") == "image_generation_call" else _dicts(item.get("content"))
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
        return _first(payload["choices"]).get("finish_reason", UNSET)
    status = payload.get("status")
    if status == "completed":
        return "tool_calls" if tool_calls_of(payload) else "stop"
    details = payload.get("incomplete_details")
    reason = details.get("reason") if is_object(details) else None
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
    reason = (
        derive(payload, "finish_reason") if payload.get("finish_reason") is None else payload["finish_reason"]
    )
    return [
        {"index": 0, "message": message, "text": text, "finish_reason": None if reason is UNSET else reason}
    ]


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
