"""The messages of a prompt of `llm` in the form of the API."""

from __future__ import annotations

import json
from typing import Any

import llm
from indoxrouter import image_part
from llm.parts import AttachmentPart, Message, TextPart, ToolCallPart, ToolResultPart

__all__ = ["messages_on_wire"]


def messages_on_wire(prompt: llm.Prompt) -> list[dict[str, Any]]:
    """The conversation up to this prompt. Reasoning of earlier answers is not sent again."""
    sent: list[dict[str, Any]] = []
    for message in prompt.messages:
        sent += _of(message)
    return sent


def _of(message: Message) -> list[dict[str, Any]]:
    texts = [part.text for part in message.parts if isinstance(part, TextPart) and part.text]
    images = [
        _image(part.attachment)
        for part in message.parts
        if isinstance(part, AttachmentPart) and part.attachment is not None
    ]
    calls = [
        _call(part) for part in message.parts if isinstance(part, ToolCallPart) and not part.server_executed
    ]
    results = [
        _result(part)
        for part in message.parts
        if isinstance(part, ToolResultPart) and not part.server_executed
    ]
    if not (texts or images or calls):
        return results
    text = "\n".join(texts)
    content: Any = text
    if images:
        content = [*([{"type": "text", "text": text}] if text else []), *images]
    found: dict[str, Any] = {"role": message.role, "content": content}
    if calls:
        found["tool_calls"] = calls
    return [*results, found]


def _image(attachment: llm.Attachment) -> Any:
    if attachment.url:
        return {"type": "image_url", "image_url": {"url": attachment.url}}
    return image_part(attachment.content_bytes())  # type: ignore[no-untyped-call]


def _call(part: ToolCallPart) -> dict[str, Any]:
    return {
        "id": part.tool_call_id,
        "type": "function",
        "function": {"name": part.name, "arguments": json.dumps(part.arguments)},
    }


def _result(part: ToolResultPart) -> dict[str, Any]:
    content = part.output if part.exception is None else f"{part.output}\n{part.exception}".strip()
    return {"role": "tool", "tool_call_id": part.tool_call_id, "name": part.name, "content": content}
