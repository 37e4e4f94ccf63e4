"""Answers and events in a provider's own form, read as OpenAI's: what a router forwards when it does not translate.

Known are the forms of Anthropic, Google, Ollama, Cohere (both versions), Hugging Face, Bedrock and Replicate. A form
is recognized by keys, or by types of their values, that no documented answer has.
"""

from __future__ import annotations

from typing import Any

from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import as_object, is_list, is_object

from .formats import Json, objects_in

_REASONS = {
    "complete": "stop",
    "content_filtered": "content_filter",
    "end_turn": "stop",
    "eos_token": "stop",
    "guardrail_intervened": "content_filter",
    "max_tokens": "length",
    "prohibited_content": "content_filter",
    "refusal": "content_filter",
    "safety": "content_filter",
    "stop_sequence": "stop",
    "succeeded": "stop",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
}


def openai_form(body: Json, key: str = "delta") -> Json | None:
    """The body with `choices` and `usage` as OpenAI has them; None if it has no known form, or is in OpenAI's already.

    Args:
        body: an answer, or an event of a stream.
        key: "message" for an answer, "delta" for an event.
    """
    if "choices" in body or "data" in body:
        return None
    if "output" in body:
        return _output(body, key)
    kind, message = body.get("type"), body.get("message")
    if is_list(body.get("candidates")):
        return _google(body, key)
    if isinstance(body.get("done"), bool):
        return _ollama(body, key)
    if is_object(body.get("token")) and "generated_text" in body:
        details = as_object(body.get("details"))
        special = body["token"].get("special")
        message = {"content": None if special else body["token"].get("text")}
        count = details.get("generated_tokens")
        usage = {"completion_tokens": count} if count else None
        return _form(key, message, details.get("finish_reason"), usage)
    if kind == "message" and is_list(body.get("content")):
        return _form(key, _message_of(body), body.get("stop_reason"), body.get("usage"))
    if isinstance(kind, str) and kind.replace("_", "-") in _EVENTS:
        return _event(body, key)
    if kind is None and isinstance(body.get("text"), str) and "generation_id" in body:
        calls = [{"function": call} for call in objects_in(body.get("tool_calls"))]
        parts = {"content": body["text"], "tool_calls": calls}
        return _form(key, _message_of(parts), body.get("finish_reason"), _tokens(body.get("meta")))
    if kind is None and is_object(message) and "finish_reason" in body:
        return _form(key, _message_of(message), body["finish_reason"], _tokens(body.get("usage")))
    return None


_EVENTS = frozenset(
    f"{part}-{step}"
    for part, steps in {
        "message": ("start", "delta", "stop", "end"),
        "content-block": ("start", "delta", "stop"),
        "content": ("start", "delta", "end"),
        "tool-plan": ("delta",),
        "tool-call": ("start", "delta", "end"),
    }.items()
    for step in steps
)


def _event(body: Json, key: str) -> Json:
    """An event of Anthropic, whose blocks are numbered, or of Cohere, whose deltas hold messages."""
    delta = as_object(body.get("delta"))
    message = _message_of(as_object(delta.get("message")))
    block = as_object(body.get("content_block")) or delta
    message = message or _message_of({"content": [{**block, "index": body.get("index")}]})
    for call in message.get("tool_calls", ()):
        call.setdefault("index", body.get("index"))
    usage = body.get("usage") or as_object(body.get("message")).get("usage") or _tokens(delta.get("usage"))
    return _form(key, message, delta.get("stop_reason") or delta.get("finish_reason"), usage)


def _output(body: Json, key: str) -> Json | None:
    """Bedrock's message, or Replicate's text, under `output`, which holds a list of objects in a documented answer."""
    output = body["output"]
    if is_object(output) and "stopReason" in body:
        message = _message_of(as_object(output.get("message")))
        return _form(key, message, body["stopReason"], body.get("usage"))
    if isinstance(output, str):
        output = [output]
    if (
        "type" in body
        or not is_list(output)
        or not output
        or not all(isinstance(each, str) for each in output)
    ):
        return None
    counts = as_object(body.get("metrics"))
    usage = {f"{kind}_tokens": counts.get(f"{kind}_token_count") for kind in ("input", "output")}
    return _form(key, {"content": "".join(output)}, body.get("status"), usage)


def _google(body: Json, key: str) -> Json:
    counts = body.get("usageMetadata")
    usage: Json | None = None
    if is_object(counts):
        usage = {
            "prompt_tokens": counts.get("promptTokenCount"),
            "completion_tokens": counts.get("candidatesTokenCount"),
            "total_tokens": counts.get("totalTokenCount"),
        }
    choices: list[Json] = []
    for place, candidate in enumerate(filter(is_object, body["candidates"])):
        message = _message_of({"content": as_object(candidate.get("content")).get("parts")})
        form = _form(key, message, candidate.get("finishReason"), None)
        choices.append({**form["choices"][0], "index": candidate.get("index", place)})
    head = {"id": body.get("responseId"), "model": body.get("modelVersion")}
    return {**head, "choices": choices, "usage": usage}


def _ollama(body: Json, key: str) -> Json:
    message = _message_of(as_object(body.get("message")) or {"content": body.get("response")})
    usage = {"prompt_tokens": body.get("prompt_eval_count"), "completion_tokens": body.get("eval_count")}
    reason = (body.get("done_reason") or "stop") if body["done"] else None
    return _form(key, message, reason, usage if body["done"] and any(usage.values()) else None)


def _form(key: str, message: Json, reason: Any, usage: Any) -> Json:
    known = _REASONS.get(reason.lower(), reason.lower()) if isinstance(reason, str) and reason else None
    return {
        "choices": [{"index": 0, key: message, "finish_reason": known}],
        "usage": {name: count for name, count in as_object(usage).items() if count is not None} or None,
    }


def _message_of(message: Json) -> Json:
    """Text, reasoning and tool calls of a message, or of the parts of its content."""
    texts: list[str] = []
    thoughts = [text for name in ("thinking", "tool_plan") if isinstance(text := message.get(name), str)]
    calls = [_call(call) for call in objects_in(message.get("tool_calls"))]
    images: list[Json] = []
    content = message.get("content")
    for part in objects_in(content) or [{"text": content}]:
        call = part.get("functionCall") or part.get("toolUse") or (part if part.get("name") else None)
        thought = as_object(as_object(part.get("reasoningContent")).get("reasoningText")).get("text")
        picture = as_object(part.get("inlineData"))
        if is_object(call):
            call_id = call.get("id") or call.get("toolUseId")
            calls.append(_call({"id": call_id, "index": part.get("index"), "function": call}))
        elif isinstance(part.get("partial_json"), str):
            calls.append({"index": part.get("index"), "function": {"arguments": part["partial_json"]}})
        elif picture.get("data"):
            images.append({"index": len(images), "b64_json": picture["data"]})
        elif isinstance(text := part.get("thinking") or thought or part.get("text"), str):
            (thoughts if part.get("thought") or part.get("thinking") or thought else texts).append(text)
    fields: Json = {"content": "".join(texts), "reasoning_content": "".join(thoughts), "images": images}
    return {name: value for name, value in {**fields, "tool_calls": calls}.items() if value}


def _call(call: Json) -> Json:
    function = as_object(call.get("function"))
    names = ("arguments", "args", "input", "parameters")
    arguments = next((function[name] for name in names if function.get(name)), "")
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments).decode()
    found = {"id": call.get("id"), "index": call.get("index"), "type": "function"}
    found["function"] = {"name": function.get("name"), "arguments": arguments}
    return {name: value for name, value in found.items() if value is not None}


def _tokens(usage: Any) -> Json | None:
    """Cohere's usage: the counts are one level deeper."""
    return as_object(as_object(usage).get("tokens") or usage) or None
