"""`client.on_unknown` reports what answers hold that the description lacks: whole, streamed, of either client."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import indoxrouter
import pytest
from indoxrouter import Unknown

from .harness import ENVELOPE, KEY, MESSAGES, Mode, do, each
from .server import DONE, answer, event, streamed, text_event

USAGE_OF_ENVELOPE: Any = ENVELOPE["usage"]
USAGE: dict[str, Any] = {**USAGE_OF_ENVELOPE, "region": "eu"}


def found_of(client: Any) -> Counter[tuple[str, str, str, str]]:
    """What is reported from now on: kind, name, schema and value."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    client.on_unknown(
        lambda unknown: seen.update([(unknown.kind, unknown.name, unknown.schema, unknown.value)])
    )
    return seen


async def test_a_field_is_reported_with_its_place_and_without_its_content(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer({**ENVELOPE, "mood": "private", "usage": USAGE}))
    client = mode.client()
    seen = found_of(client)
    response = await do(client.chat(MESSAGES))
    assert response.text == "hello there"
    assert seen == {
        ("field", "response.mood", "ChatResponse", "string"): 1,
        ("field", "response.usage.region", "Usage", "string"): 1,
    }


async def test_nothing_is_reported_of_an_answer_as_documented(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer(ENVELOPE))
    client = mode.client()
    seen = found_of(client)
    await do(client.chat(MESSAGES))
    assert not seen


async def test_values_of_enums_are_reported(mode: Mode) -> None:
    mode.server.on("/videos/jobs/j", answer({"job_id": "j", "status": "paused"}))
    client = mode.client()
    seen = found_of(client)
    await do(client.get_video_job_status("j"))
    await do(client.api.videos.get_video_job("j"))
    assert seen == {("enum value", "response.status", "VideoJob", "paused"): 2}


async def test_lists_are_looked_through_and_each_thing_counts_once_a_call(mode: Mode) -> None:
    models = [{"id": f"m{number}", "pricing": {"input": 1, "unit": "image"}} for number in range(3)]
    mode.server.on("/models/", answer([{"id": "openai", "models": models}]))
    client = mode.client()
    seen = found_of(client)
    await do(client.models())
    assert list(seen.items()) == [(("field", "response[].models[].pricing.unit", "Pricing", "string"), 1)]


async def test_a_stream_is_reported_at_its_end(mode: Mode) -> None:
    steps = [
        text_event("a"),
        event({"type": "response.mood", "mood": "good"}),
        event({"id": "c", "choices": [{"index": 0, "delta": {"content": "b", "tone": "dry"}}], "lane": 1}),
        event({"id": "c", "choices": [{"index": 0, "delta": {"content": "", "tone": "dry"}}], "lane": 1}),
        text_event("", "stop"),
    ]
    mode.server.on("/chat/completions", streamed(*steps, DONE))
    client = mode.client()
    seen = found_of(client)
    stream = await do(client.chat(MESSAGES, stream=True))
    assert not seen
    texts = [chunk.text async for chunk in each(stream)]
    assert "".join(texts) == "ab"
    assert seen == {
        ("event type", "event.type", "", "response.mood"): 1,
        ("field", "event.choices[].delta.tone", "ChatDelta", "string"): 1,
        ("field", "event.lane", "ChatChunk", "integer"): 1,
    }


async def test_error_codes_are_reported(mode: Mode) -> None:
    mode.server.on("/user/usage", answer({"error": "too_hot", "message": "m", "hint": 1}, 400))
    client = mode.client()
    seen = found_of(client)
    await mode.failure(client.get_usage)
    assert seen == {
        ("enum value", "error.error", "ErrorResponse", "too_hot"): 1,
        ("field", "error.hint", "ErrorResponse", "integer"): 1,
    }


async def test_a_callback_that_raises_does_not_break_the_call(
    mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    mode.server.on("/user/usage", answer({"mood": "good"}))

    def broken(unknown: Unknown) -> None:
        raise RuntimeError(unknown.name)

    client = mode.client()
    client.on_unknown(broken)
    with caplog.at_level(logging.ERROR, "indoxrouter"):
        usage = await do(client.get_usage())
    assert usage["mood"] == "good"
    assert "UnknownObserver.on_end failed" in caplog.text


async def test_a_copy_reports_as_well_and_other_observers_stay(mode: Mode) -> None:
    ended: list[str] = []

    class Ends(indoxrouter.Observer):
        def on_end(self, call: indoxrouter.ObservedCall) -> None:
            ended.append(call.operation)

    mode.server.on("/user/usage", answer({"mood": "good"}))
    client = mode.client(observers=[Ends()])
    seen = found_of(client)
    await do(client.with_options(max_retries=0).get_usage())
    assert (ended, list(seen)) == (["getUsage"], [("field", "response.mood", "UsageResponse", "string")])


def test_something_else_than_a_function_is_refused() -> None:
    client = indoxrouter.Client(KEY, authenticate=False)
    with pytest.raises(ValueError, match="on_unknown: expected a plain function, got str"):
        client.on_unknown("print")  # type: ignore[arg-type]  # what the test is about


async def test_events_go_to_observers_that_take_them_after_the_first_one_was_announced(mode: Mode) -> None:
    lines: list[Any] = []

    class Events(indoxrouter.Observer):
        def on_first_event(self, call: indoxrouter.ObservedCall) -> None:
            lines.append("first")

        def on_event(self, call: indoxrouter.ObservedCall, event: dict[str, Any]) -> None:
            lines.append(event["choices"][0]["delta"]["content"])

    mode.server.on("/chat/completions", streamed(text_event("a"), text_event("b", "stop"), DONE))
    stream = await do(mode.client(observers=[Events(), indoxrouter.Observer()]).chat(MESSAGES, stream=True))
    async for _ in each(stream):
        pass
    assert lines == ["first", "a", "b"]
