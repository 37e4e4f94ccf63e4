"""How much work the mock does for a plain chat, in calls; `bench/MOCK.md` has the times that follow from it.

The limit is a tenth above what was counted when it was set, with CPython 3.11; other versions differ by a few calls.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from indoxrouter_mock.app.application import MockApp
from indoxrouter_mock.base.options import MockOptions

from .counting import KEY, MESSAGES, calls_while

BODY = json.dumps({"model": "openai/gpt-4o-mini", "messages": MESSAGES}).encode()
HEADERS = [
    (b"host", b"127.0.0.1"),
    (b"content-type", b"application/json"),
    (b"authorization", b"Bearer " + KEY.encode()),
    (b"content-length", b"%d" % len(BODY)),
]
PATH = "/api/v1/chat/completions"
MOST_CALLS = 229


async def calls_of_a_chat(app: MockApp, *more: tuple[bytes, bytes]) -> int:
    """The calls between a request and its answer, of which the three of the server are not the mock's."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "headers": [*HEADERS, *more],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "scheme": "http",
    }
    with calls_while() as calls:
        await app(scope, receive, send)
    assert sent[0]["status"] == 200
    assert json.loads(sent[1]["body"])["usage"]["tokens_prompt"] > 0
    return calls.count


def test_a_plain_chat_takes_few_calls() -> None:
    async def count() -> int:
        app = MockApp(MockOptions(api_key=KEY))
        if app.spec.has_renames:
            pytest.skip("the description has former names, and answers are translated into today's")
        return min([await calls_of_a_chat(app) for _ in range(12)])

    assert asyncio.run(count()) <= MOST_CALLS


def test_a_chat_takes_no_more_calls_after_many_others() -> None:
    """The request log is full and drops its oldest entry; nothing that is kept is walked through."""

    async def count() -> tuple[int, int]:
        app = MockApp(MockOptions(api_key=KEY, journal_size=50))
        early = [await calls_of_a_chat(app) for _ in range(12)]
        later = [await calls_of_a_chat(app) for _ in range(100)]
        return min(early), min(later)

    early, later = asyncio.run(count())
    assert later == early
