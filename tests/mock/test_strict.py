"""The mock refuses what the service refuses: too long, not seen, not heard, not paid."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import openai
import pytest

from indoxrouter_mock import MockServer

from .conftest import HELLO
from .reading import events_of, sound

PIXEL = "data:image/png;base64,iVBORw0KGgo="


def refusal(answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    (problem,) = answer.json()["details"]["problems"]
    return problem["path"], problem["message"]


def test_context_and_answer_are_as_long_as_the_model_takes(http: httpx.Client) -> None:
    long = {"model": "openai/gpt-4", "messages": [{"role": "user", "content": "one two " * 6000}]}
    assert refusal(http.post("/chat/completions", json=long))[0] == "body/messages"
    assert http.post("/chat/completions", json={**long, "model": "openai/gpt-4o"}).status_code == 200
    place, message = refusal(http.post("/chat/completions", json={**HELLO, "max_tokens": 20_000}))
    assert (place, "at most 16384 tokens" in message) == ("body/max_tokens", True)
    # Each limit that is given counts, whatever its name.
    extra = {"additional_params": {"max_completion_tokens": 20_000, "max_output_tokens": 5}, "max_tokens": 5}
    place, message = refusal(http.post("/chat/completions", json={**HELLO, **extra}))
    assert (place, "at most 16384 tokens" in message) == ("body/max_completion_tokens", True)
    least = {"additional_params": {"max_completion_tokens": 3}, "max_tokens": 5}
    assert http.post("/chat/completions", json={**HELLO, **least}).json()["usage"]["tokens_completion"] == 3
    both = {
        "model": "openai/gpt-4",
        "messages": [{"role": "user", "content": "one two " * 2000}],
        "max_tokens": 7000,
    }
    place, message = refusal(http.post("/chat/completions", json=both))
    assert (place, "maximum context length is 8192" in message) == ("body/max_tokens", True)
    prompt = {"model": "openai/gpt-3.5-turbo-instruct", "prompt": "one two " * 4000}
    assert refusal(http.post("/completions", json=prompt))[0] == "body/prompt"
    text = {"model": "openai/text-embedding-3-small", "text": ["short", "one two " * 6000]}
    assert refusal(http.post("/embeddings", json=text))[0] == "body/text"


LONGEST = "this model's maximum context length is"


@pytest.mark.parametrize(
    ("context", "path", "fields", "problem"),
    [
        (
            1,
            "/embeddings",
            {"text": "one two"},
            f"2 tokens are too many: {LONGEST} 1 token",
        ),
        (
            1,
            "/completions",
            {"prompt": "one two"},
            f"2 tokens are too many: {LONGEST} 1 token",
        ),
        (
            1,
            "/completions",
            {"prompt": "one", "max_tokens": 2},
            "2 is too large: a/b answers with at most 1 token",
        ),
        (
            2,
            "/completions",
            {"prompt": "one", "max_tokens": 3},
            "3 is too large: a/b answers with at most 2 tokens",
        ),
        (
            2,
            "/completions",
            {"prompt": "one", "max_tokens": 2},
            f"2 is too large beside 1 token of input: {LONGEST} 2 tokens",
        ),
        (
            3,
            "/completions",
            {"prompt": "one two", "max_tokens": 2},
            f"2 is too large beside 2 tokens of input: {LONGEST} 3 tokens",
        ),
    ],
)
def test_nouns_of_limits_agree_with_their_numbers(
    http: httpx.Client, mock: MockServer, context: int, path: str, fields: dict[str, object], problem: str
) -> None:
    mock.models.add("a/b", abilities=["completion", "embedding"], context=context)
    assert refusal(http.post(path, json={"model": "a/b", **fields}))[1] == problem


@pytest.mark.parametrize(
    ("part", "blind", "able", "word"),
    [
        ({"type": "image_url", "image_url": {"url": PIXEL}}, "openai/gpt-4", "openai/gpt-4o", "images"),
        ({"type": "image", "image": {"url": PIXEL}}, "openai/o1-mini", "google/gemini-2.5-pro", "images"),
        (
            {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
            "openai/gpt-4o",
            "openai/gpt-4o-audio-preview",
            "sound",
        ),
    ],
)
def test_part_goes_to_a_model_that_takes_it(
    mock: MockServer, http: httpx.Client, part: dict[str, Any], blind: str, able: str, word: str
) -> None:
    body = {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, part]}]}
    url = f"{mock.openai_base_url}/chat/completions"
    refused = http.post(url, json={**body, "model": blind})
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == f"body/model: {blind} does not take {word}"
    assert http.post(url, json={**body, "model": able}).status_code == 200


def test_image_has_a_size_that_the_model_makes(mock: MockServer) -> None:
    with openai.OpenAI(api_key=mock.api_key, base_url=mock.openai_base_url, max_retries=0) as client:
        with pytest.raises(openai.BadRequestError, match="1024x1024, 1792x1024, 1024x1792") as caught:
            client.images.generate(model="dall-e-3", prompt="a fox", size="512x512")
        assert caught.value.param == "size"
        assert client.images.generate(model="dall-e-2", prompt="a fox", size="512x512").data
        with pytest.raises(openai.BadRequestError, match="not an image"):
            client.images.edit(model="gpt-image-1", image=b"made up bytes", prompt="a red fox")


def test_recording_is_one(http: httpx.Client) -> None:
    for content in (b"made up bytes", b"<html>", b"\x89PNG\r\n\x1a\n"):
        answer = http.post("/audio/stt/transcriptions", files={"file": ("talk.mp3", content)})
        assert (answer.status_code, "not a recording" in answer.text) == (422, True)
    assert http.post("/audio/stt/transcriptions", files={"file": ("talk.mp3", sound())}).status_code == 200


@pytest.mark.parametrize("family", ["chunks", "typed"])
@pytest.mark.indoxrouter_mock(credits=0.001)
def test_stream_ends_when_the_credits_do(mock: MockServer, http: httpx.Client, family: str) -> None:
    headers = {"X-Mock-Tokens": "500", "X-Mock-Events": family}
    body = {**HELLO, "model": "openai/gpt-4o", "stream": True}
    answer = http.post("/chat/completions", json=body, headers=headers)
    events = events_of(answer)
    assert answer.status_code == 200
    assert events[-1]["error"]["code"] == "insufficient_credits"
    assert 20 < len(events) < 120
    assert -1e-9 <= mock.credits < 0.0001, "what was sent is paid, and nothing more"
    assert http.post("/chat/completions", json=body).status_code == 402
    records = mock.app.state.billing_log.records
    assert [record.success for record in records] == [False]


@pytest.mark.indoxrouter_mock(credits=0.001)
def test_response_ends_with_an_error_event_when_the_credits_do(mock: MockServer) -> None:
    headers = {"X-Mock-Tokens": "500", "Authorization": f"Bearer {mock.api_key}"}
    body = {"model": "gpt-4o", "input": "Hi", "stream": True}
    events = events_of(httpx.post(f"{mock.openai_base_url}/responses", json=body, headers=headers))
    assert (events[-1]["type"], events[-1]["code"]) == ("error", "insufficient_credits")
    assert events[-1]["sequence_number"] == len(events) - 1


@pytest.mark.indoxrouter_mock(credits=0.002)
async def test_parallel_streams_share_the_credits(mock: MockServer) -> None:
    headers = {
        "Authorization": f"Bearer {mock.api_key}",
        "X-Mock-Tokens": "400",
        "X-Mock-Chunk-Delay": "0.001",
    }
    body = json.dumps({**HELLO, "model": "openai/gpt-4o", "stream": True})
    async with httpx.AsyncClient(base_url=mock.base_url, headers=headers, timeout=30) as client:
        answers = await asyncio.gather(*(client.post("/chat/completions", content=body) for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {200, 402}
    assert sum(answer.status_code == 200 for answer in answers) > 1
    assert -0.0001 < mock.credits < 0.0002
    assert mock.app.state.accounts.demo.pending == pytest.approx(0, abs=1e-9)


def test_credits_that_suffice_let_a_stream_end_in_full(mock: MockServer, http: httpx.Client) -> None:
    before = mock.credits
    events = events_of(http.post("/chat/completions", json={**HELLO, "stream": True}))
    assert before - mock.credits == pytest.approx(events[-1]["usage"]["cost"])
