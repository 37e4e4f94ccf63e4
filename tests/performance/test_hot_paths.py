"""How much work the hot paths do, in calls. A limit that is passed is a regression, or a decision to be made here.

Limits are a tenth above what was counted when they were set, with CPython 3.11; other versions differ by a few calls.
The figures that users feel are measured by `make bench`, not here.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from indoxrouter import AsyncClient, Client

from indoxrouter_ext.streaming.state import EVENTS_PER_BATCH

from .counting import KEY, MESSAGES, AsyncCannedEngine, CannedEngine, calls_of, calls_while

CHAT = json.dumps(
    {
        "request_id": "r",
        "created_at": "2026-01-01T00:00:00",
        "duration_ms": 1.5,
        "provider": "openai",
        "model": "m",
        "success": True,
        "message": "",
        "data": "An answer.",
        "usage": {"tokens_prompt": 1, "tokens_completion": 2, "tokens_total": 3, "cost": 0.1},
        "finish_reason": "stop",
    }
).encode()


def event(text: str, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode() + b"\n\n"


def stream_of(count: int) -> list[bytes]:
    events = [event("word ") for _ in range(count - 1)] + [event("", "stop"), b"data: [DONE]\n\n"]
    return [b"".join(events)]


def client_for(pieces: list[bytes], media_type: str = "application/json") -> Any:
    return Client(KEY, base_url="http://127.0.0.1:1", auth="api_key", engine=CannedEngine(pieces, media_type))


def test_a_chat_takes_few_calls_beside_those_of_the_engine() -> None:
    with client_for([CHAT]) as client:
        assert calls_of(lambda: client.chat(MESSAGES).text) <= LIMITS["chat"]


def test_an_asynchronous_chat_takes_hardly_more() -> None:
    async def count() -> int:
        engine = AsyncCannedEngine([CHAT])
        client = AsyncClient(KEY, base_url="http://127.0.0.1:1", auth="api_key", engine=engine)
        for _ in range(12):
            await client.chat(MESSAGES)
        with calls_while() as calls:
            assert (await client.chat(MESSAGES)).text == "An answer."
        await client.close()
        return calls.count

    assert asyncio.run(count()) <= LIMITS["chat, asynchronous"]


def calls_for_stream(count: int) -> int:
    with client_for(stream_of(count), "text/event-stream") as client:

        def read() -> None:
            assert sum(1 for _ in client.chat(MESSAGES, stream=True)) == count

        return calls_of(read)


def test_the_first_event_of_a_stream_takes_hardly_more_than_a_chat() -> None:
    with client_for(stream_of(6), "text/event-stream") as client:

        def read() -> None:
            assert next(client.chat(MESSAGES, stream=True)).text == "word "

        assert calls_of(read) <= LIMITS["first event"]


def test_events_that_came_together_are_read_a_few_at_a_time() -> None:
    with client_for(stream_of(1000), "text/event-stream") as client:
        stream = client.chat(MESSAGES, stream=True)
        read: list[int] = []
        for _ in range(100):
            next(stream)
            (count,) = re.findall(r": (\d+) events?, open", repr(stream))
            read.append(int(count))
        assert read[0] == 1
        assert all(count < number + EVENTS_PER_BATCH for number, count in enumerate(read, 1))
        assert len(stream.until_done().text) == len("word ") * 999


def test_each_event_of_a_stream_takes_few_calls() -> None:
    assert (calls_for_stream(1100) - calls_for_stream(100)) / 1000 <= LIMITS["event"]


def test_each_event_of_an_asynchronous_stream_takes_few_calls() -> None:
    async def count(events: int) -> int:
        engine = AsyncCannedEngine(stream_of(events), "text/event-stream")
        client = AsyncClient(KEY, base_url="http://127.0.0.1:1", auth="api_key", engine=engine)
        for _ in range(10):
            await (await client.chat(MESSAGES, stream=True)).until_done()
        with calls_while() as calls:
            texts = [chunk.text async for chunk in await client.chat(MESSAGES, stream=True)]
        assert len(texts) == events
        await client.close()
        return calls.count

    assert (asyncio.run(count(1100)) - asyncio.run(count(100))) / 1000 <= LIMITS["event, asynchronous"]


def test_watching_for_the_unknown_takes_calls_when_it_is_used_and_none_otherwise() -> None:
    """The limits above hold for a client that does not watch; it makes the calls that it made before."""

    def read(client: Any) -> None:
        assert client.chat(MESSAGES).text == "An answer."

    with client_for([CHAT]) as client:
        before = calls_of(lambda: read(client))
        with client.with_options() as copy:
            copy.on_unknown(lambda unknown: None)
            watched = calls_of(lambda: read(copy))
        assert calls_of(lambda: read(client)) == before
    assert before < watched <= before + LIMITS["chat, watched"]


@pytest.mark.parametrize("vectors", [1, 256])
def test_vectors_are_decoded_without_looking_at_them(vectors: int) -> None:
    body = {**json.loads(CHAT), "data": [[0.1] * 64 for _ in range(vectors)]}
    with client_for([json.dumps(body).encode()]) as client:
        assert calls_of(lambda: len(client.embeddings("x", "m").data)) <= LIMITS["embeddings"]


def test_models_that_nobody_reads_cost_nothing() -> None:
    def calls(count: int) -> int:
        models = [{"id": f"m{number}", "pricing": {"input": 0.1}} for number in range(count)]
        with client_for([json.dumps([{"id": "openai", "models": models}]).encode()]) as client:
            return calls_of(client.api.models.list_models)

    assert calls(400) == calls(4)


def test_a_model_takes_calls_for_the_fields_that_are_read_and_for_no_other() -> None:
    about = {"name": "M", "capabilities": ["chat"], "description": "Words. " * 200, "new": [1]}

    def calls(count: int, fields: tuple[str, ...]) -> int:
        models = [{"id": f"m{n}", **about, "pricing": {"input": 1, "output": 2}} for n in range(count)]

        def read() -> None:
            seen = 0
            for provider in client.models().providers:
                for model in provider.models or ():
                    for field in fields:
                        seen += getattr(model, field) is not None
            assert seen == count * len(fields)

        with client_for([json.dumps([{"id": "openai", "models": models}]).encode()]) as client:
            return calls_of(read)

    def each(*fields: str) -> float:
        return (calls(400, fields) - calls(40, fields)) / 360

    made = each()
    assert made <= LIMITS["model"]
    getting = 1  # `getattr`, which is the test's
    assert each("id") - made == LIMITS["field"] + getting
    assert each("id", "name", "capabilities") - made == 3 * (LIMITS["field"] + getting)
    assert each("pricing") - made <= LIMITS["field, nested"] + getting


def test_reading_a_field_of_a_model_takes_two_calls_and_reading_it_again_none() -> None:
    from indoxrouter import ModelInfo

    model = ModelInfo.from_dict({"id": "m", "name": "M", "pricing": {"input": 0.1}})
    assert (model.id, model.pricing) == ("m", {"input": 0.1})
    with calls_while() as first:
        name = model.name
    with calls_while() as again:
        assert model.name is name
    with calls_while() as absent:
        assert model.description is None
    other = ModelInfo.from_dict({"id": "m", "pricing": {"input": 0.1}})
    with calls_while() as nested:
        pricing = other.pricing
    assert pricing is not None
    assert (first.count, again.count, absent.count) == (LIMITS["field"], 0, 1)
    assert nested.count <= LIMITS["field, nested"]


LIMITS = {
    "chat": 162,
    "chat, asynchronous": 170,
    "chat, watched": 205,
    "first event": 300,
    "event": 21,
    "event, asynchronous": 21,
    "embeddings": 173,
    "field": 2,
    "field, nested": 8,
    "model": 5,
}
