"""What the loopback server answers, made once. Contents are known, so that every subject's result can be checked."""

from __future__ import annotations

import json
import random
from functools import cache
from typing import Any

from bench.framing import chunked, in_blocks, plain

__all__ = [
    "BLOCK",
    "CHAT_TEXT",
    "EMBEDDINGS",
    "EVENTS",
    "FIRST_EVENTS",
    "MANY_EVENTS",
    "MODELS",
    "answers",
    "vectors",
]

CHAT_TEXT = "A question of taste, and of how much of the answer was known before it was asked. " * 3
TOKEN = "t" * 40
EVENTS = 20_000  # of the long stream
MANY_EVENTS = 100  # of each of the 200 streams that run at once
FIRST_EVENTS = 5  # of the stream whose first event is timed
EMBEDDINGS = (256, 1536)
MODELS = 400
BLOCK = 16 * 1024  # bytes of a chunk, where many events come in one

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


@cache
def vectors() -> list[list[float]]:
    """The vectors of the answer to embeddings; the last number of the last one is 0.0123."""
    source = random.Random(7)
    count, width = EMBEDDINGS
    made = [[round(source.uniform(-0.1, 0.1), 10) for _ in range(width)] for _ in range(count)]
    made[-1][-1] = 0.0123
    return made


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


@cache
def answers() -> dict[bytes, bytes]:
    """Every answer in this API's form, by the first segment of the path, ready for the socket."""
    long, many, first = _events(EVENTS), _events(MANY_EVENTS), _events(FIRST_EVENTS)
    return {
        b"token": plain(
            {"access_token": TOKEN, "token_type": "bearer", "expires_in": 86400},
            f"set-cookie: access_token={TOKEN}; Path=/; HttpOnly\r\n".encode(),
        ),
        b"chat": plain(_chat()),
        b"first": chunked(first),
        b"events": chunked(long),
        b"blocks": chunked(in_blocks(long, BLOCK)),
        b"many": chunked(many),
        b"embeddings": plain({**_chat(), "data": vectors(), "dimensions": EMBEDDINGS[1]}),
        b"transcription": plain({**_chat(), "data": "What was said."}),
        b"models": plain(_models()),
    }
