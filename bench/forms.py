"""The same answers in the forms that other packages read: OpenAI's, which most of them speak, and Anthropic's."""

from __future__ import annotations

import base64
import json
import struct
from functools import cache
from typing import Any

from bench.framing import chunked, in_blocks, plain
from bench.payloads import BLOCK, CHAT_TEXT, EVENTS, FIRST_EVENTS, MANY_EVENTS, MODELS, vectors

__all__ = ["answers"]

OPENAI_USAGE = {"prompt_tokens": 21, "completion_tokens": 64, "total_tokens": 85}
CREATED = 1763600000


def _openai_chat() -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": CREATED,
        "model": "gpt-4o-mini",
        "system_fingerprint": None,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": CHAT_TEXT},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": OPENAI_USAGE,
    }


def _openai_embeddings(encoded: bool) -> dict[str, Any]:
    found: list[Any] = list(vectors())
    if encoded:  # what openai-python asks for unless it is told otherwise
        found = [base64.b64encode(struct.pack(f"<{len(one)}f", *one)).decode() for one in found]
    data = [{"object": "embedding", "index": place, "embedding": one} for place, one in enumerate(found)]
    return {
        "id": "emb-1",
        "object": "list",
        "model": "m",
        "data": data,
        "usage": {"prompt_tokens": 21, "total_tokens": 21, "completion_tokens": 0},
    }


def _openai_model(number: int) -> dict[str, Any]:
    return {"id": f"model-{number}", "object": "model", "created": CREATED, "owned_by": "openai"}


def _mistral_model(number: int) -> dict[str, Any]:
    return {
        **_openai_model(number),
        "capabilities": {"completion_chat": True, "function_calling": True, "vision": True},
        "name": f"Model {number}",
        "description": "A model of middling size with a large context window, priced by the token. " * 2,
        "max_context_length": 128_000 + number,
        "aliases": [],
        "type": "base",
    }


def _openrouter_model(number: int) -> dict[str, Any]:
    return {
        "id": f"model-{number}",
        "canonical_slug": f"openai/model-{number}",
        "name": f"Model {number}",
        "created": CREATED,
        "description": "A model of middling size with a large context window, priced by the token. " * 2,
        "context_length": 128_000 + number,
        "architecture": {
            "modality": "text+image->text",
            "input_modalities": ["text", "image"],
            "output_modalities": ["text"],
            "tokenizer": "GPT",
            "instruct_type": None,
        },
        "pricing": {"prompt": str(number / 1000), "completion": str(number / 500)},
        "top_provider": {"context_length": 128_000, "max_completion_tokens": 16_384, "is_moderated": False},
        "per_request_limits": None,
        "supported_parameters": ["temperature", "tools", "max_tokens"],
        "supported_voices": None,
        "default_parameters": None,
        "links": {"details": f"/api/v1/models/model-{number}/endpoints"},
    }


def _list(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"object": "list", "data": entries, "total_count": len(entries), "links": {"next": None}}


def _anthropic_message(content: list[dict[str, str]], reason: str | None) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 21, "output_tokens": 64},
    }


def _anthropic_event(kind: str, **fields: Any) -> bytes:
    data = json.dumps({"type": kind, **fields}, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode()


def _anthropic_events(count: int) -> list[bytes]:
    """A stream with as many pieces of text, and what Anthropic's API says around them."""
    return [
        _anthropic_event("message_start", message=_anthropic_message([], None)),
        _anthropic_event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *(
            _anthropic_event(
                "content_block_delta", index=0, delta={"type": "text_delta", "text": f"word{number % 10} "}
            )
            for number in range(count)
        ),
        _anthropic_event("content_block_stop", index=0),
        _anthropic_event(
            "message_delta",
            delta={"stop_reason": "end_turn", "stop_sequence": None},
            usage={"output_tokens": 64},
        ),
        _anthropic_event("message_stop"),
    ]


def _anthropic_models() -> dict[str, Any]:
    entries = [
        {
            "id": f"model-{number}",
            "type": "model",
            "display_name": f"Model {number}",
            "created_at": "2026-01-15T00:00:00Z",
        }
        for number in range(MODELS)
    ]
    return {"data": entries, "has_more": False, "first_id": "model-0", "last_id": f"model-{MODELS - 1}"}


@cache
def answers() -> dict[bytes, bytes]:
    """Every answer in another API's form, by the first segment of the path, ready for the socket."""
    long = _anthropic_events(EVENTS)
    return {
        b"openai": plain(_openai_chat()),
        b"openai-vectors": plain(_openai_embeddings(encoded=False)),
        b"openai-encoded": plain(_openai_embeddings(encoded=True)),
        b"openai-models": plain(_list([_openai_model(number) for number in range(MODELS)])),
        b"mistralai-models": plain(_list([_mistral_model(number) for number in range(MODELS)])),
        b"openrouter-models": plain(_list([_openrouter_model(number) for number in range(MODELS)])),
        b"anthropic": plain(_anthropic_message([{"type": "text", "text": CHAT_TEXT}], "end_turn")),
        b"anthropic-first": chunked(_anthropic_events(FIRST_EVENTS)),
        b"anthropic-events": chunked(long),
        b"anthropic-blocks": chunked(in_blocks(long, BLOCK)),
        b"anthropic-many": chunked(_anthropic_events(MANY_EVENTS)),
        b"anthropic-models": plain(_anthropic_models()),
    }
