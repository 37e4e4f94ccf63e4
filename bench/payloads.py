"""What the loopback server answers, made once. Contents are known, so that every subject's result can be checked."""

from __future__ import annotations

import json
import random
from typing import Any

__all__ = [
    "CHAT_TEXT",
    "EMBEDDINGS",
    "EVENTS",
    "FIRST_EVENTS",
    "MANY_EVENTS",
    "MODELS",
    "answers",
]

CHAT_TEXT = "A question of taste, and of how much of the answer was known before it was asked. " * 3
EVENTS = 20_000  # of the long stream
MANY_EVENTS = 100  # of each of the 200 streams that run at once
FIRST_EVENTS = 5  # of the stream whose first event is timed
EMBEDDINGS = (256, 1536)
MODELS = 400

USAGE = {
    "tokens_prompt": 21,
    "tokens_completion": 64,
    "tokens_total": 85,
    "cost": 0.000123,
    "latency": 0.61,
    "timestamp": "2026-11-20T06:00:00.000000",
}


def _chat() -> dict[str, Any]:
    return {
        "request_id": "c08cc108-6b0d-48bd-a660-546143f1b9fa",
        "created_at": "2026-11-20T06:00:00.611000",
        "duration_ms": 611.5,
        "provider": "openai",
        "model": "gpt-4o-mini",
        "success": True,
        "message": "",
        "usage": USAGE,
        "raw_response": None,
        "data": CHAT_TEXT,
        "finish_reason": "stop",
        "images": None,
    }


def _openai_chat() -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1763600000,
        "model": "gpt-4o-mini",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": CHAT_TEXT},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": {"prompt_tokens": 21, "completion_tokens": 64, "total_tokens": 85},
    }


def _anthropic_message() -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [{"type": "text", "text": CHAT_TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 21, "output_tokens": 64},
    }


def _event(number: int) -> bytes:
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1763600000,
        "model": "openai/gpt-4o-mini",
        "choices": [{"index": 0, "delta": {"content": f"word{number % 10} "}, "finish_reason": None}],
    }
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


def _events(count: int) -> list[bytes]:
    last = _event(0).replace(b'"finish_reason":null', b'"finish_reason":"stop"')
    return [_event(number) for number in range(count - 1)] + [last, b"data: [DONE]\n\n"]


def _head(kind: bytes, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: " + kind + b"\r\nx-request-id: req-1\r\n" + more + b"\r\n"


def _plain(body: dict[str, Any]) -> bytes:
    content = json.dumps(body).encode()
    return _head(b"application/json", b"content-length: %d\r\n" % len(content)) + content


def _chunked(pieces: list[bytes]) -> bytes:
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return _head(b"text/event-stream", b"transfer-encoding: chunked\r\n") + framed + b"0\r\n\r\n"


def _in_blocks(pieces: list[bytes], size: int) -> list[bytes]:
    whole = b"".join(pieces)
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def _embeddings() -> dict[str, Any]:
    source = random.Random(7)
    count, width = EMBEDDINGS
    vectors = [[round(source.uniform(-0.1, 0.1), 10) for _ in range(width)] for _ in range(count)]
    vectors[-1][-1] = 0.0123
    return {**_chat(), "data": vectors, "dimensions": width}


def _model(number: int) -> dict[str, Any]:
    return {
        "id": f"model-{number}",
        "modelName": f"openai/model-{number}",
        "name": f"Model {number}",
        "provider": "openai",
        "capabilities": ["chat", "vision", "tools"],
        "description": "A model of middling size with a large context window, priced by the token. " * 2,
        "max_tokens": 128_000 + number,
        "pricing": {"input": number / 1000, "output": number / 500},
        "release_date": "2026-01-15",
        "limits": {"requests_per_minute": 500, "tokens_per_minute": 90_000},
        "modalities": {"input": ["text", "image"], "output": ["text"]},
    }


def _models() -> list[dict[str, Any]]:
    about = {"description": "A provider of models.", "capabilities": ["chat"]}
    names = ("openai", "anthropic", "google", "mistral")
    share = MODELS // len(names)
    return [
        {
            "id": name,
            "name": name,
            **about,
            "models": [_model(place * share + number) for number in range(share)],
        }
        for place, name in enumerate(names)
    ]


def answers() -> dict[bytes, bytes]:
    """Every answer by the first segment of the path, ready for the socket."""
    long, many, first = _events(EVENTS), _events(MANY_EVENTS), _events(FIRST_EVENTS)
    models = json.dumps(_models()).encode()
    return {
        b"token": _plain({"access_token": "t" * 40, "token_type": "bearer", "expires_in": 86400}),
        b"chat": _plain(_chat()),
        b"openai": _plain(_openai_chat()),
        b"anthropic": _plain(_anthropic_message()),
        b"first": _chunked(first),
        b"events": _chunked(long),
        b"blocks": _chunked(_in_blocks(long, 16 * 1024)),
        b"many": _chunked(many),
        b"embeddings": _plain(_embeddings()),
        b"transcription": _plain({**_chat(), "data": "What was said."}),
        b"models": _head(b"application/json", b"content-length: %d\r\n" % len(models)) + models,
    }
