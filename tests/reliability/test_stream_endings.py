"""A stream that did not end as it should is an error, and what came before it is not lost."""

from __future__ import annotations

import json
from typing import Any

import indoxrouter
import pytest

from .harness import ENVELOPE, MESSAGES, Mode, do, each, following, texts_and_error
from .server import (
    CLOSE,
    DONE,
    LAST_CHUNK,
    RESET,
    STALL,
    Step,
    answer,
    event,
    head,
    http_chunk,
    stream_head,
    streamed,
    text_event,
)

BOTH_ENGINES = "truncated|said|stays_open|in_place|compress|broken"

HELLO = text_event("hello")
FINISH = text_event("", "stop")

SSE = [("Content-Type", "text/event-stream")]
TRUNCATIONS: dict[str, tuple[list[Step], list[str]]] = {
    "chunked, ended properly before any event": ([stream_head(), LAST_CHUNK], []),
    "chunked, ended properly after one event": (streamed(HELLO), ["hello"]),
    "chunked, closed between chunks": (streamed(HELLO, ending=[CLOSE]), ["hello"]),
    "chunked, closed in the middle of a chunk": (
        [stream_head(), http_chunk(HELLO), b"ff\r\ndata: {", CLOSE],
        ["hello"],
    ),
    "chunked, reset between chunks": (streamed(HELLO, ending=[RESET]), ["hello"]),
    "chunked, reset before any event": ([stream_head(), RESET], []),
    "chunked, a size that is no number": ([stream_head(), http_chunk(HELLO), b"zz\r\n", CLOSE], ["hello"]),
    "closed before any event": ([head(headers=SSE), CLOSE], []),
    "closed after one event": ([head(headers=SSE), HELLO, CLOSE], ["hello"]),
    "reset after one event": ([head(headers=SSE), HELLO, RESET], ["hello"]),
    "HTTP/1.0, closed after one event": ([head(headers=SSE, version="1.0"), HELLO, CLOSE], ["hello"]),
    "length too short": ([head(headers=[*SSE, ("Content-Length", "999")]), HELLO, CLOSE], ["hello"]),
    "only comments": (streamed(b": ping\n\n", b": ping\n\n"), []),
    "an event that is cut in its middle": (
        streamed(HELLO, b'data: {"choices": [{"ind', ending=[CLOSE]),
        ["hello"],
    ),
}


@pytest.mark.parametrize("name", TRUNCATIONS)
async def test_a_truncated_stream_raises_after_what_came(mode: Mode, name: str) -> None:
    steps, expected = TRUNCATIONS[name]
    mode.server.on("/chat/completions", steps)
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    texts, error = await texts_and_error(stream)
    assert texts == expected
    assert isinstance(error, indoxrouter.StreamTruncatedError)
    assert error.partial.text == "".join(expected)
    assert len(mode.server.sent("/chat/completions")) == 1  # never sent again once the stream had begun


@pytest.mark.parametrize("method", ["chat", "completion"])
async def test_both_kinds_of_stream_tell_truncation(mode: Mode, method: str) -> None:
    client = mode.client()
    piece = event({"choices": [{"index": 0, "text": "abc"}]}) if method == "completion" else text_event("abc")
    mode.server.on("*", streamed(piece))
    argument: Any = "once" if method == "completion" else MESSAGES
    texts, error = await texts_and_error(await do(getattr(client, method)(argument, stream=True)))
    assert (texts, type(error)) == (["abc"], indoxrouter.StreamTruncatedError)
    assert error is not None
    assert error.partial.text == "abc"


ENDINGS: dict[str, list[Step]] = {
    "[DONE]": streamed(HELLO, DONE),
    "[DONE] without a space": streamed(HELLO, b"data:[DONE]\n\n"),
    "[DONE] with spaces around it": streamed(HELLO, b"data:  [DONE] \n\n"),
    "[DONE] without its blank line": streamed(HELLO, b"data: [DONE]"),
    "[DONE], then garbage": streamed(HELLO, DONE, b"data: {not json\n\n"),
    "[DONE], then a reset": streamed(HELLO, DONE, ending=[RESET]),
    "a finish reason, then the end": streamed(HELLO, FINISH),
    "a finish reason, then a close": [head(headers=SSE), HELLO, FINISH, CLOSE],
    "a finish reason, then a reset": streamed(HELLO, FINISH, ending=[RESET]),
    "a finish reason without its blank line": streamed(HELLO, FINISH.rstrip()),
    "a terminal event": streamed(
        event({"type": "response.content_part.delta", "delta": "hello"}),
        event({"type": "response.done", "response": {"id": "r", "status": "completed"}}),
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
async def test_a_stream_that_said_its_last_word_is_complete(mode: Mode, name: str) -> None:
    mode.server.on("/chat/completions", ENDINGS[name])
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    texts, error = await texts_and_error(stream)
    assert ("".join(texts), error) == ("hello", None)
    assert stream.response.text == "hello"


async def test_done_ends_the_stream_though_the_connection_stays_open(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(HELLO, DONE, ending=[STALL]))
    stream = await do(mode.client(timeout=30).chat(MESSAGES, stream=True))
    assert (await texts_and_error(stream)) == (["hello"], None)
    assert mode.server.connections[-1].left.wait(5)


async def test_what_came_with_the_first_event_is_a_part_of_the_response(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(HELLO + text_event(" there") + FINISH + DONE))
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert (await following(stream)).text == "hello"
    assert stream.response.text == "hello there"
    assert [chunk.text async for chunk in each(stream)] == [" there", ""]


async def test_an_error_that_came_with_the_first_event_is_raised_after_it(mode: Mode) -> None:
    failed = event({"error": {"message": "the model is gone", "type": "provider_error"}})
    mode.server.on("/chat/completions", streamed(HELLO + failed))
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert (await following(stream)).text == "hello"
    texts, error = await texts_and_error(stream)
    assert texts == []
    assert isinstance(error, indoxrouter.IndoxRouterError)
    assert (error.message, error.partial.text) == ("the model is gone", "hello")


async def test_a_leftover_event_is_delivered_before_the_error(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(HELLO, text_event(" there").rstrip()))
    texts, error = await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))
    assert texts == ["hello", " there"]
    assert isinstance(error, indoxrouter.StreamTruncatedError)


IN_BAND: dict[str, tuple[bytes, type[Exception]]] = {
    "object with a code": (
        event({"error": {"code": "rate_limit_exceeded", "message": "slow down"}}),
        indoxrouter.RateLimitError,
    ),
    "object with a status": (
        event({"error": {"code": 429, "message": "slow down"}}),
        indoxrouter.RateLimitError,
    ),
    "OpenAI's type": (
        event({"error": {"type": "authentication_error", "message": "slow down"}}),
        indoxrouter.AuthenticationError,
    ),
    "a code as text": (
        event({"error": "insufficient_credits", "message": "slow down"}),
        indoxrouter.InsufficientCreditsError,
    ),
    "a sentence": (event({"error": "slow down"}), indoxrouter.APIError),
    "the documented body": (
        event({"error": "provider_error", "message": "slow down", "status_code": 502, "details": {}}),
        indoxrouter.ProviderError,
    ),
    "an envelope": (
        event({**ENVELOPE, "success": False, "error": "RateLimitError", "message": "slow down"}),
        indoxrouter.RateLimitError,
    ),
    "an envelope without a code": (event({"success": False, "message": "slow down"}), indoxrouter.APIError),
    "a named event with JSON": (
        event({"code": "rate_limit_exceeded", "message": "slow down"}, name="error"),
        indoxrouter.RateLimitError,
    ),
    "a named event with text": (b"event: error\ndata: slow down\n\n", indoxrouter.APIError),
    "a typed event": (
        event({"type": "error", "error": {"code": "rate_limit_exceeded", "message": "slow down"}}),
        indoxrouter.RateLimitError,
    ),
    "a failed response": (
        event(
            {
                "type": "response.failed",
                "response": {"error": {"code": "rate_limit_exceeded", "message": "slow down"}},
            }
        ),
        indoxrouter.RateLimitError,
    ),
    "a chunk with an error": (
        event({"id": "s", "choices": [], "error": {"message": "slow down", "status_code": 503}}),
        indoxrouter.APIError,
    ),
}


@pytest.mark.parametrize("name", IN_BAND)
async def test_an_error_inside_a_stream_raises_what_its_status_would(mode: Mode, name: str) -> None:
    piece, kind = IN_BAND[name]
    mode.server.on("/chat/completions", streamed(HELLO, piece, text_event("never"), DONE))
    texts, error = await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))
    assert texts == ["hello"]
    assert isinstance(error, kind)
    assert isinstance(error, indoxrouter.IndoxRouterError)
    assert "slow down" in error.message
    assert error.partial.text == "hello"
    assert not isinstance(error, indoxrouter.StreamTruncatedError)


async def test_a_null_error_in_a_chunk_is_no_error(mode: Mode) -> None:
    chunk = {"id": "s", "choices": [{"index": 0, "delta": {"content": "fine"}}], "error": None}
    mode.server.on("/chat/completions", streamed(event(chunk), DONE))
    assert (await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))) == (["fine"], None)


IN_PLACE: dict[str, tuple[bytes, type[Exception], str]] = {
    "an error in JSON": (
        answer({"error": "rate_limit_exceeded", "message": "slow down", "status_code": 429}),
        indoxrouter.RateLimitError,
        "slow down",
    ),
    "success false in JSON": (
        answer({"success": False, "message": "no luck"}),
        indoxrouter.APIError,
        "no luck",
    ),
    "a page of HTML": (
        answer("<html><title>Hi</title></html>", content_type="text/html"),
        indoxrouter.APIError,
        "text/html",
    ),
    "an empty page": (answer(b"", content_type="text/html"), indoxrouter.APIError, "text/html"),
    "an error in JSON, called a stream": (
        answer(
            {"error": {"code": "rate_limit_exceeded", "message": "slow down"}},
            content_type="text/event-stream",
        ),
        indoxrouter.RateLimitError,
        "slow down",
    ),
    "JSON with a status of 401": (
        answer({"error": "authentication_error", "message": "who are you"}, 401),
        indoxrouter.AuthenticationError,
        "who are you",
    ),
    "HTML with a status of 500": (
        answer("<html><title>Oops</title></html>", 500, content_type="text/html"),
        indoxrouter.APIError,
        "Oops",
    ),
    "an error with a status, called a stream": (
        answer('data: {"error": "x"}\n\n', 402, content_type="text/event-stream"),
        indoxrouter.InsufficientCreditsError,
        "402",
    ),
}


@pytest.mark.parametrize("name", IN_PLACE)
async def test_what_comes_in_place_of_a_stream_is_read_and_mapped(mode: Mode, name: str) -> None:
    reply, kind, words = IN_PLACE[name]
    mode.server.on("/chat/completions", reply)
    client = mode.client(max_retries=0)
    with pytest.raises(kind) as caught:
        async for _ in each(await do(client.chat(MESSAGES, stream=True))):
            pass
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/octet-stream", "Text/Event-Stream ; charset=x"]
)
async def test_a_stream_under_a_vague_content_type_is_a_stream(mode: Mode, kind: str | None) -> None:
    said = [("Content-Type", kind)] if kind is not None else []
    mode.server.on("/chat/completions", [head(headers=said), HELLO, DONE, CLOSE])
    assert (await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))) == (["hello"], None)


@pytest.mark.parametrize("data", ["{not json", '{"choices": [{"delta": {"content": "cut'])
async def test_an_event_that_cannot_be_read_is_a_typed_error(mode: Mode, data: str) -> None:
    mode.server.on("/chat/completions", streamed(HELLO, f"data: {data}\n\n".encode(), DONE))
    texts, error = await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))
    assert texts == ["hello"]
    assert isinstance(error, indoxrouter.APIError)
    assert error.partial.text == "hello"


async def test_deep_json_in_an_event_is_a_typed_error(mode: Mode) -> None:
    deep = '{"a":' * 200_000 + "1" + "}" * 200_000
    mode.server.on("/chat/completions", streamed(HELLO, f"data: {deep}\n\n".encode(), DONE))
    texts, error = await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))
    assert (texts, type(error)) == (["hello"], indoxrouter.APIError)


async def test_until_done_gives_the_whole_response_and_raises_on_truncation(mode: Mode) -> None:
    usage = event(
        {"choices": [], "usage": {"tokens_prompt": 1, "tokens_completion": 2, "tokens_total": 3, "cost": 0.5}}
    )
    mode.server.on("/chat/completions", streamed(HELLO, FINISH, usage, DONE), streamed(HELLO))
    client = mode.client()
    response = await do((await do(client.chat(MESSAGES, stream=True))).until_done())
    assert (response.text, response.finish_reason, response.usage.cost) == ("hello", "stop", 0.5)
    with pytest.raises(indoxrouter.StreamTruncatedError) as caught:
        await do((await do(client.chat(MESSAGES, stream=True))).until_done())
    assert caught.value.partial.text == "hello"


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls", "a-reason-of-tomorrow"])
async def test_a_response_has_the_finish_reason_that_the_stream_gave(mode: Mode, reason: str) -> None:
    mode.server.on("/chat/completions", streamed(HELLO, text_event("", reason), DONE))
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert [chunk.finish_reason async for chunk in each(stream)] == [None, reason]
    assert stream.response.finish_reason == reason


async def test_a_failed_stream_stays_ended(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(HELLO))
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert isinstance((await texts_and_error(stream))[1], indoxrouter.StreamTruncatedError)
    received, error = await texts_and_error(stream)
    assert received == []
    assert isinstance(error, indoxrouter.RequestError)
    assert "cannot be read again: it is failed" in str(error)
    assert await following(stream) is None


async def test_compressed_streams_are_read_as_they_come(mode: Mode) -> None:
    import zlib

    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    first = packer.compress(HELLO) + packer.flush(zlib.Z_SYNC_FLUSH)
    rest = packer.compress(FINISH + DONE) + packer.flush()
    steps = [stream_head([("Content-Encoding", "gzip")]), http_chunk(first), http_chunk(rest), LAST_CHUNK]
    mode.server.on("/chat/completions", steps)
    assert (await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))) == (
        ["hello", ""],
        None,
    )


@pytest.mark.parametrize("encoding", ["br", "gzip", "deflate", "none"])
async def test_a_plain_stream_is_read_whatever_its_coding_says(mode: Mode, encoding: str) -> None:
    steps = [stream_head([("Content-Encoding", encoding)]), http_chunk(HELLO + FINISH + DONE), LAST_CHUNK]
    mode.server.on("/chat/completions", steps)
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert (await texts_and_error(stream)) == (["hello", ""], None)


@pytest.mark.parametrize(
    ("encoding", "body"), [("br", b"\x0b\x02\x80\x03"), ("gzip", b"\x1f\x8b\x08xxxxxxxxxxxxx")]
)
async def test_a_stream_in_a_compression_that_cannot_be_read_is_a_typed_error(
    mode: Mode, encoding: str, body: bytes
) -> None:
    steps = [stream_head([("Content-Encoding", encoding)]), http_chunk(body), LAST_CHUNK]
    mode.server.on("/chat/completions", steps)
    with pytest.raises(indoxrouter.NetworkError):
        async for _ in each(await do(mode.client().chat(MESSAGES, stream=True))):
            pass


async def test_an_event_over_the_limit_is_refused(mode: Mode) -> None:
    big = json.dumps({"choices": [{"index": 0, "delta": {"content": "x" * 5000}}]}).encode()
    mode.server.on("/chat/completions", streamed(HELLO, b"data: " + big, ending=[STALL]))
    client = mode.client(max_response_bytes=4000)
    texts, error = await texts_and_error(await do(client.chat(MESSAGES, stream=True)))
    assert (texts, type(error)) == (["hello"], indoxrouter.APIError)
    assert "4,000 bytes" in str(error)
