"""Observers see every call from its start to its end, and cannot break it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import indoxrouter
import pytest

from .harness import ENVELOPE, KEY, MESSAGES, Clock, Mode, do, each
from .server import CLOSE, DONE, STALL, answer, event, streamed, text_event

USAGE_EVENT = event({"choices": [], "usage": ENVELOPE["usage"]})


class Recorder(indoxrouter.Observer):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[Any] = []
        self.calls: list[indoxrouter.ObservedCall] = []

    def on_start(self, call: indoxrouter.ObservedCall) -> None:
        self.lines.append("start")
        self.calls.append(call)

    def on_attempt(self, call: indoxrouter.ObservedCall, attempt: Any) -> None:
        self.lines.append(attempt.status or attempt.failure)

    def on_first_event(self, call: indoxrouter.ObservedCall) -> None:
        self.lines.append("first event")

    def on_end(self, call: indoxrouter.ObservedCall) -> None:
        self.lines.append("end")


async def test_an_observer_sees_the_attempts_and_the_answer(mode: Mode, clock: Clock) -> None:
    mode.server.on("/chat/completions", answer({"error": "busy"}, 503), answer(ENVELOPE))
    recorder = Recorder()
    await do(
        mode.client(observers=[recorder]).chat(MESSAGES, model="openai/gpt-4o-mini", byok_api_key="sk-own")
    )
    assert recorder.lines == ["start", 503, 200, "end"]
    (call,) = recorder.calls
    assert (call.operation, call.model) == ("createChatCompletion", "openai/gpt-4o-mini")
    assert call.usage.cost == 0.001
    assert call.response.text == "hello there"
    assert call.complete
    assert "sk-own" not in repr(dict(call.request))
    assert KEY not in repr(dict(call.request))


async def test_an_observer_sees_the_error(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer({"error": "no credits"}, 402))
    recorder = Recorder()
    client = mode.client(observers=[recorder])
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert recorder.lines == ["start", 402, "end"]
    assert type(recorder.calls[0].error) is type(error)
    assert not recorder.calls[0].complete


async def test_a_stream_ends_for_its_observer_when_it_has_been_read(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), text_event("b", "stop"), USAGE_EVENT, DONE))
    recorder = Recorder()
    stream = await do(mode.client(observers=[recorder]).chat(MESSAGES, stream=True))
    assert recorder.lines == ["start", 200]
    async for _ in each(stream):
        pass
    assert recorder.lines == ["start", 200, "first event", "end"]
    assert recorder.calls[0].response.text == "ab"
    assert recorder.calls[0].usage.tokens_total == 3


@pytest.mark.parametrize("ending", ["closed", "broken"])
async def test_a_stream_that_is_left_or_breaks_ends_for_its_observer(mode: Mode, ending: str) -> None:
    steps = streamed(text_event("a"), ending=[STALL] if ending == "closed" else [CLOSE])
    mode.server.on("/chat/completions", steps)
    recorder = Recorder()
    stream = await do(mode.client(observers=[recorder]).chat(MESSAGES, stream=True))
    if ending == "closed":
        await do(anext(stream) if mode.is_async else next(stream))
        await do(stream.close())
    else:
        await mode.failure(stream.until_done)
    assert recorder.lines == ["start", 200, "first event", "end"]
    assert recorder.calls[0].response.text == "a"
    assert not recorder.calls[0].complete
    assert (recorder.calls[0].error is None) == (ending == "closed")


async def test_an_observer_that_raises_does_not_break_the_call(
    mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(indoxrouter.Observer):
        def on_start(self, call: indoxrouter.ObservedCall) -> None:
            raise RuntimeError("mine")

    mode.server.on("/chat/completions", answer(ENVELOPE))
    with caplog.at_level(logging.ERROR, "indoxrouter"):
        response = await do(mode.client(observers=[Broken()]).chat(MESSAGES))
    assert response.text == "hello there"
    assert "Broken.on_start failed" in caplog.text


@pytest.mark.parametrize("mode", ["async"], indirect=True)
async def test_a_cancelled_call_ends_for_its_observer(mode: Mode) -> None:
    mode.server.on("/chat/completions", [STALL])
    recorder = Recorder()
    started = asyncio.Event()

    class Starting(indoxrouter.Observer):
        def on_start(self, call: indoxrouter.ObservedCall) -> None:
            started.set()

    client = mode.client(observers=[recorder, Starting()])
    task = asyncio.create_task(client.chat(MESSAGES))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert recorder.lines == ["start", "end"]
    assert not recorder.calls[0].complete


def test_something_else_than_an_observer_is_refused() -> None:
    with pytest.raises(ValueError, match="observers: expected a list of Observer objects"):
        indoxrouter.Client(KEY, authenticate=False, observers=[print])  # type: ignore[list-item]
