"""Streams of chat and of completions, in both event families: chunks, the full response, stopping."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from indoxrouter import ChatResponse, CompletionResponse, NotFoundError, StreamTruncatedError

from indoxrouter_mock import MockServer
from tests.methods.harness import Harness

HELLO = [{"role": "user", "content": "Tell me a story"}]
METHODS = ("chat", "completion", "completions")


@pytest.fixture(params=("chunks", "typed"))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def opened(harness: Harness, method: str, **arguments: Any) -> Any:
    prompt: Any = HELLO if method == "chat" else "Tell me a story"
    return getattr(harness, method)(prompt, stream=True, **arguments)


def test_every_chunk_is_a_dict_with_its_text_under_data(harness: Harness, method: str, family: str) -> None:
    stream = opened(harness.with_headers(X_Mock_Events=family), method)
    chunks = harness.collect(stream)
    assert len(chunks) > 3
    for chunk in chunks:
        assert issubclass(type(chunk), dict)
        assert chunk["data"] == chunk.data == chunk.text == str(chunk)
    text = "".join(chunk["data"] for chunk in chunks)
    assert text == stream.response.text != ""


def test_until_done_is_the_response_that_the_plain_call_gives(
    harness: Harness, method: str, family: str
) -> None:
    plain = harness.wait(getattr(harness.client, method), HELLO if method == "chat" else "Tell me a story")
    stream = opened(harness.with_headers(X_Mock_Events=family), method)
    response = harness(stream.until_done)
    assert isinstance(response, ChatResponse if method == "chat" else CompletionResponse)
    assert response.text == response["data"] == response["choices"][0]["message"]["content"] == plain.text
    assert response.finish_reason == "stop"
    assert response.usage.tokens_total == plain.usage.tokens_total
    assert response.http.status == 200


def test_the_text_stream_gives_the_pieces_of_text_alone(harness: Harness, method: str, family: str) -> None:
    stream = opened(harness.with_headers(X_Mock_Events=family), method)
    pieces = harness.collect(stream.text_stream)
    assert all(type(piece) is str and piece for piece in pieces)
    assert "".join(pieces) == stream.response.text


def test_return_generator_is_accepted_and_changes_nothing(harness: Harness, method: str) -> None:
    stream = opened(harness, method, return_generator=True)
    assert harness(stream.until_done).text
    assert "return_generator" not in harness.last_request["body"]


def take_two(harness: Harness, stream: Any) -> None:
    if harness.kind == "sync":
        next(stream), next(stream)
    else:

        async def two() -> None:
            await anext(stream)
            await anext(stream)

        harness(two)


def test_stop_calls_the_stop_endpoint_with_the_id_of_the_stream(harness: Harness, method: str) -> None:
    slow = harness.with_headers(X_Mock_Chunk_Delay="0.05", X_Mock_Tokens="500")
    stream = opened(slow, method)
    take_two(harness, stream)
    assert stream.stream_id
    answer = harness(stream.stop)
    assert answer.success is True
    request = harness.last_request
    tag = "chat" if method == "chat" else "completions"
    assert (request["method"], request["path"]) == ("POST", f"/api/v1/{tag}/stop-stream/{stream.stream_id}")


@pytest.mark.parametrize("tag", ["chat", "completion"])
def test_the_stop_methods_stop_a_stream_by_its_id(harness: Harness, tag: str) -> None:
    with pytest.raises(NotFoundError):
        getattr(harness, f"stop_{tag}_stream")("no-such-stream")
    stream = opened(harness.with_headers(X_Mock_Chunk_Delay="0.05", X_Mock_Tokens="500"), tag)
    take_two(harness, stream)
    answer = getattr(harness, f"stop_{tag}_stream")(stream.stream_id)
    assert answer["success"] is answer.success is True
    harness(stream.close)


def test_a_stream_that_was_left_early_is_no_full_response(harness: Harness) -> None:
    stream = opened(harness.with_headers(X_Mock_Chunk_Delay="0.05", X_Mock_Tokens="500"), "chat")
    take_two(harness, stream)
    harness(stream.close)
    with pytest.raises(StreamTruncatedError) as caught:
        harness(stream.until_done)
    assert caught.value.partial.text == stream.response.text != ""


def test_streams_are_context_managers(harness: Harness) -> None:
    if harness.kind == "sync":
        with harness.client.chat(HELLO, stream=True) as stream:
            first = next(iter(stream))
    else:

        async def read() -> Any:
            async with await harness.client.chat(HELLO, stream=True) as stream:
                return await anext(stream)

        first = harness(read)
    assert isinstance(first, dict)


def test_reasoning_and_image_events_are_typed(harness: Harness, mock: MockServer) -> None:
    stream = harness.with_headers(X_Mock_Events="typed").chat(
        HELLO, model="deepseek/deepseek-reasoner", stream=True
    )
    chunks = harness.collect(stream)
    kinds = {chunk.type for chunk in chunks}
    assert {"response.created", "response.content_part.delta", "response.done"} <= kinds
    reasoning = [chunk for chunk in chunks if chunk.reasoning]
    assert "".join(chunk.reasoning for chunk in reasoning) == (stream.response.reasoning or "")
    assert type(chunks[0].event).__name__ == "ResponseCreatedEvent"
    assert all(type(chunk.event).__name__ == "ReasoningDeltaEvent" for chunk in reasoning if chunk.type)


def test_a_call_that_did_not_ask_for_a_stream_sends_stream_false(harness: Harness) -> None:
    harness.chat(HELLO)
    assert harness.last_request["body"]["stream"] is False


@pytest.mark.parametrize("shape", ["chunks", "typed"])
def test_images_in_a_stream_are_images_of_the_response(harness: Harness, shape: str) -> None:
    painter = next(
        model
        for models in harness.models().values()
        for model in models
        if {"chat", "image"} <= set(model.capabilities or ())
    )
    stream = harness.with_headers(X_Mock_Events=shape).chat(
        HELLO, f"{painter.provider}/{painter.id}", stream=True
    )
    chunks = harness.collect(stream)
    urls = [image["url"] for chunk in chunks for image in chunk.images]
    assert len(urls) == 1
    images = stream.response.images
    assert [image.url for image in images] == urls
    assert harness(images[0].read).startswith(b"\x89PNG")


def test_the_response_of_a_stream_is_an_envelope_like_any_other(harness: Harness) -> None:
    models = [
        (name, model.id) for name, found in harness.models().items() for model in found if "/" in model.id
    ]
    provider, model = next((name, model) for name, model in models if name in ("together", "openrouter"))
    plain = harness.chat(HELLO, f"{provider}/{model}")
    streamed = harness(harness.chat(HELLO, f"{provider}/{model}", stream=True).until_done)
    assert (streamed.provider, streamed.model) == (plain.provider, plain.model)
    assert isinstance(streamed.created_at, datetime.datetime)
    assert streamed.created_at.year == plain.created_at.year
    assert streamed.success is True
    assert streamed["choices"][0]["finish_reason"] == "stop"
