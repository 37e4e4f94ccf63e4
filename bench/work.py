"""The work that is measured: what is sent where, how often, and what is looked at in the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

KEY = "indox-" + "k" * 32
BODY = {
    "messages": [{"role": "user", "content": "What is the answer?"}],
    "model": "openai/gpt-4o-mini",
    "temperature": 0.7,
    "stream": False,
}
STREAM_BODY = {**BODY, "stream": True}
HEADERS = {"Authorization": f"Bearer {'t' * 40}"}
CHAT = "/api/v1/chat/completions"
EMBEDDINGS = "/api/v1/embeddings"
MODELS = "/api/v1/models/"
MESSAGES: Any = BODY["messages"]
REQUESTS, AT_ONCE, STREAMS = 1000, 100, 200
ASYNC_CASES = frozenset({"chat_async", "requests_at_once", "streams_at_once"})

Once = Callable[[], Any]


def text_of_event(line: bytes | str) -> str:
    """The text in one `data:` line of the long stream; empty for the end mark."""
    data = line[6:]
    if data in ("[DONE]", b"[DONE]"):
        return ""
    text: str = json.loads(data)["choices"][0]["delta"]["content"]
    return text


def totals_of_models(providers: Any) -> tuple[int, float]:
    """Read three fields of every model in a catalog of plain dictionaries."""
    count, price = 0, 0.0
    for provider in providers:
        for model in provider["models"]:
            count += len(model["capabilities"]) // 3 if model["id"] else 0
            price += model["pricing"]["input"]
    return count, round(price, 6)


async def spread(action: Callable[[], Awaitable[Any]], times: int, at_once: int) -> list[Any]:
    """Do something `times` times with `at_once` tasks."""
    results: list[Any] = []

    async def work() -> None:
        for _ in range(times // at_once):
            results.append(await action())

    await asyncio.gather(*(work() for _ in range(at_once)))
    return results
