"""Answers in another framing than was asked for, or with a body that cannot be read: what was paid for is delivered."""

from __future__ import annotations

import email.utils
import json
import time
from typing import Any

import indoxrouter
import pytest

from .harness import ENVELOPE, MESSAGES, Mode, do, texts_and_error
from .server import CLOSE, DONE, STALL, Step, answer, event, head, streamed, text_event

BOTH_ENGINES = "framing|head_counts|grace|credits"

WHOLE = {
    "id": "x",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "PAID ANSWER"}, "finish_reason": "stop"}
    ],
}
OUTPUT = {
    "id": "x",
    "object": "response",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "PAID ANSWER"}]}],
}
PIECES = text_event("PAID") + text_event(" ANSWER", "stop") + DONE
LINES = b"".join(
    json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}).encode() + b"\n"
    for text in ("PAID", " ANSWER")
)
BODIES = {
    "events": PIECES,
    "events after a byte order mark": b"\xef\xbb\xbf" + PIECES,
    "events after a comment": b": hello\n\n" + PIECES,
    "one event with the whole message": event(WHOLE) + DONE,
    "JSON": json.dumps(WHOLE).encode(),
    "JSON in many lines": json.dumps(WHOLE, indent=2).encode(),
    "JSON after blank lines": b"\n \n" + json.dumps(WHOLE).encode(),
    "JSON in the output shape": json.dumps(OUTPUT).encode(),
    "the envelope": json.dumps({**ENVELOPE, "data": "PAID ANSWER"}).encode(),
    "JSON, then [DONE]": json.dumps(WHOLE).encode() + b"\n\n" + DONE,
    "JSON in many lines, then [DONE]": json.dumps(WHOLE, indent=1).encode() + b"\n\n" + DONE,
    "JSON lines": LINES,
    "JSON lines without the last line end": LINES.rstrip(),
}
TYPES = ["text/event-stream", "application/json", "application/x-ndjson", "text/plain", ""]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", BODIES)
async def test_an_answer_in_any_framing_is_delivered(mode: Mode, name: str, kind: str, stream: bool) -> None:
    body = BODIES[name]
    start = head(headers=[("Content-Type", kind), ("Content-Length", str(len(body)))])
    mode.server.on("/chat/completions", [start, *(body[at : at + 9] for at in range(0, len(body), 9))])
    client = mode.client(auth="api_key")
    if stream:
        opened = await do(client.chat(MESSAGES, stream=True))
        texts, error = await texts_and_error(opened)
        assert ("".join(texts), error) == ("PAID ANSWER", None)
        assert opened.response.text == "PAID ANSWER"
    else:
        assert (await do(client.chat(MESSAGES))).text == "PAID ANSWER"


async def test_a_truncated_stream_in_the_framing_of_a_plain_answer_is_an_error(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer(text_event("PAID"), content_type="text/event-stream"))
    error = await mode.failure(lambda: mode.client(auth="api_key").chat(MESSAGES))
    assert isinstance(error, indoxrouter.StreamTruncatedError)
    assert error.partial.text == "PAID"


VECTORS = {**ENVELOPE, "data": [[0.5, 1.5]], "dimensions": 2}


@pytest.mark.parametrize(
    "body",
    [
        event(VECTORS) + DONE,
        event(VECTORS, "result") + event("end", "end") + event({}, "done"),
        b": waiting\n\n" + event("1", "ping") + event("null") + event(VECTORS),
        json.dumps(VECTORS).encode() + b"\n\n" + DONE,
    ],
)
@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
async def test_an_operation_without_a_stream_is_answered_with_an_event(
    mode: Mode, kind: str, body: bytes
) -> None:
    mode.server.on("/embeddings", answer(body, content_type=kind))
    vectors = await do(mode.client(auth="api_key").embeddings("x"))
    assert vectors.data == [[0.5, 1.5]]
    assert vectors.http.status == 200


async def test_an_error_event_in_place_of_an_answer_is_the_error(mode: Mode) -> None:
    body = event({"message": "too many", "code": "rate_limit_exceeded", "status": 429}, "error")
    mode.server.on("/embeddings", answer(body, content_type="text/event-stream"))
    error = await mode.failure(lambda: mode.client(auth="api_key", max_retries=0).embeddings("x"))
    assert isinstance(error, indoxrouter.RateLimitError)
    assert error.message == "too many"


async def test_several_events_in_place_of_an_answer_are_not_guessed_at(mode: Mode) -> None:
    mode.server.on("/embeddings", answer(event(VECTORS) + event(VECTORS), content_type="text/event-stream"))
    error = await mode.failure(lambda: mode.client(auth="api_key").embeddings("x"))
    assert isinstance(error, indoxrouter.APIError)
    assert "text/event-stream" in str(error)


@pytest.mark.parametrize("ending", [DONE, b"", event({"choices": [], "usage": ENVELOPE["usage"]})])
async def test_events_that_never_close_are_an_answer_to_a_plain_call(mode: Mode, ending: bytes) -> None:
    mode.server.on(
        "/chat/completions", streamed(text_event("PAID"), text_event(" ANSWER", "stop"), ending, STALL)
    )
    began = time.monotonic()
    response = await do(mode.client(auth="api_key").chat(MESSAGES))
    assert response.text == "PAID ANSWER"
    assert response.http.status == 200
    assert time.monotonic() - began < 15  # and not the 30 s that a byte may take


UNREADABLE: dict[str, list[Step]] = {
    "compressed with br": [b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\n\x0b\x02\x80"],
    "an unknown coding": [b"Content-Encoding: rot13\r\nContent-Length: 3\r\n\r\nabc"],
    "cut short": [b'Content-Length: 500\r\n\r\n{"err', CLOSE],
    "damaged gzip": [b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8bxx"],
}
STATUSES = {
    401: "AuthenticationError",
    402: "InsufficientCreditsError",
    429: "RateLimitError",
    500: "APIError",
    503: "APIError",
}


def unreadable(status: int, name: str, more: str = "") -> list[Step]:
    lines = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nX-Request-ID: req-1\r\n{more}"
    first, *rest = UNREADABLE[name]
    assert isinstance(first, bytes)
    return [lines.encode() + first, *rest]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", UNREADABLE)
async def test_the_head_counts_although_the_body_cannot_be_read(
    mode: Mode, name: str, status: int, stream: bool
) -> None:
    mode.server.on("/chat/completions", unreadable(status, name, "Retry-After: 7\r\n"))
    client = mode.client(auth="api_key", max_retries=0)
    error = await mode.failure(lambda: client.chat(MESSAGES, stream=stream))
    assert isinstance(error, getattr(indoxrouter, STATUSES[status]))
    assert (error.status_code, error.request_id, error.retry_after) == (status, "req-1", 7)
    assert "cannot be read" in str(error)


@pytest.mark.parametrize("name", UNREADABLE)
async def test_a_refusal_whose_body_cannot_be_read_renews_and_retries_as_the_head_counts(
    mode: Mode, name: str
) -> None:
    client = mode.client()
    mode.server.on(
        "/chat/completions",
        unreadable(401, name),
        unreadable(429, name, "Retry-After: 0\r\n"),
        answer(ENVELOPE),
    )
    assert (await do(client.chat(MESSAGES))).text == ENVELOPE["data"]
    assert len(mode.server.sent("/auth/token")) == 2
    assert len(mode.server.sent("/chat/completions")) == 3


@pytest.mark.parametrize("status", [402, 403, 429, 500, 503])
async def test_missing_credits_are_never_waited_for(mode: Mode, status: int) -> None:
    spent = answer({"error": "insufficient_credits", "message": "no credits"}, status)
    mode.server.on("/chat/completions", spent)
    mode.server.on("/user/usage", spent)
    client = mode.client(auth="api_key")
    for call in (lambda: client.chat(MESSAGES), client.get_usage):
        assert isinstance(await mode.failure(call), indoxrouter.InsufficientCreditsError)
    assert len(mode.server.sent("/chat/completions")) == len(mode.server.sent("/user/usage")) == 1


@pytest.mark.parametrize("skew", [-3600, 0, 50, 3600])
async def test_a_date_to_retry_after_is_read_by_the_clock_of_the_server(mode: Mode, skew: int) -> None:
    now = time.time() + skew
    dates = [
        ("Date", email.utils.formatdate(now, usegmt=True)),
        ("Retry-After", email.utils.formatdate(now + 30, usegmt=True)),
    ]
    mode.server.on("/chat/completions", answer({"error": "rate_limit_exceeded"}, 429, headers=dates))
    error = await mode.failure(lambda: mode.client(auth="api_key", max_retries=0).chat(MESSAGES))
    assert error.retry_after == 30


@pytest.mark.parametrize(
    "body", [[{"error": {"message": "bad model", "code": 400}}], {"error": {"message": "bad model"}}]
)
async def test_an_error_in_a_list_keeps_its_message_and_its_body(mode: Mode, body: Any) -> None:
    mode.server.on("/chat/completions", answer(body, 400))
    error = await mode.failure(lambda: mode.client(auth="api_key").chat(MESSAGES))
    assert (error.message, error.body) == ("bad model", body)


async def test_a_page_in_place_of_an_error_is_reachable_as_its_body(mode: Mode) -> None:
    page = b"<html><title>Busy</title><p>Come back at noon</p></html>"
    mode.server.on("/chat/completions", answer(page, 500, content_type="text/html"))
    error = await mode.failure(lambda: mode.client(auth="api_key").chat(MESSAGES))
    assert (error.message, error.body) == ("Busy", page.decode())


USAGE = event({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})


@pytest.mark.parametrize("separate", [False, True], ids=["one piece", "pieces"])
@pytest.mark.parametrize("with_usage", [False, True], ids=["no usage", "usage"])
async def test_a_server_that_sends_no_end_costs_a_grace_period(
    mode: Mode, with_usage: bool, separate: bool
) -> None:
    events = [text_event("hi"), text_event("", "stop"), *([USAGE] if with_usage else [])]
    pieces = events if separate else [b"".join(events)]
    mode.server.on("/chat/completions", streamed(*pieces, ending=[STALL]))
    began = time.monotonic()
    response = await do((await do(mode.client(timeout=60).chat(MESSAGES, stream=True))).until_done())
    assert (response.text, response.finish_reason) == ("hi", "stop")
    assert (response.usage is not None) == with_usage
    assert time.monotonic() - began < 30  # the time-out is not waited for


async def test_answers_of_one_stream_are_kept_apart(mode: Mode) -> None:
    def piece(index: int, text: str, reason: str | None = None) -> bytes:
        return event({"choices": [{"index": index, "delta": {"content": text}, "finish_reason": reason}]})

    mode.server.on(
        "/chat/completions",
        streamed(piece(1, "B"), piece(0, "A"), piece(0, "a", "stop"), piece(1, "b", "length"), DONE),
    )
    stream = await do(mode.client().chat(MESSAGES, stream=True, n=2))
    texts, error = await texts_and_error(stream)
    assert ("".join(texts), error) == ("Aa", None)
    assert stream.response.text == "Aa"
    found = [(choice.message.content, choice.finish_reason) for choice in stream.response.choices]
    assert found == [("Aa", "stop"), ("Bb", "length")]


async def test_operations_without_credentials_work_where_a_server_asks_for_them(mode: Mode) -> None:
    def only_with_token(request: Any) -> bytes:
        known = request.header("Authorization") is not None
        return answer([{"id": "openai", "models": []}]) if known else answer({"detail": "who?"}, 401)

    mode.server.on("/models/", only_with_token)
    client = mode.lazy_client()
    assert list(await do(client.models())) == ["openai"]
    assert len(mode.server.sent("/auth/token")) == 1
    assert list(await do(client.models())) == ["openai"]
    assert len(mode.server.sent("/models/")) == 3  # the second call sends the token that is at hand


async def test_a_stream_is_read_once(mode: Mode) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), text_event("b", "stop"), DONE))
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert await texts_and_error(stream) == (["a", "b"], None)
    texts, error = await texts_and_error(stream)
    assert texts == []
    assert isinstance(error, indoxrouter.RequestError)
    assert "cannot be read again: it is complete" in str(error)
    assert "complete" in repr(stream)
    closed = await do(mode.client().chat(MESSAGES, stream=True))
    assert "open" in repr(closed)
    await do(closed.close())
    assert "closed" in repr(closed)
    error = (await texts_and_error(closed))[1]
    assert isinstance(error, indoxrouter.RequestError)


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/event-stream"])
@pytest.mark.parametrize("body", [b"<html>\n<h1>Busy: try again</h1>\n</html>", b"upstream is busy"])
async def test_a_body_without_events_is_shown_in_place_of_a_stream(
    mode: Mode, body: bytes, kind: str
) -> None:
    mode.server.on("/chat/completions", [head(headers=[("Content-Type", kind)]), body, CLOSE])
    stream = await do(mode.client(auth="api_key", max_retries=0).chat(MESSAGES, stream=True))
    error = (await texts_and_error(stream))[1]
    assert type(error) is indoxrouter.APIError
    assert repr(body.decode().split("\n")[0]) in str(error)


@pytest.mark.parametrize("body", [b"", b": hello\n\n", b"event: x\nid: 1\nretry: 5\n\n"])
async def test_a_stream_of_comments_alone_is_empty(mode: Mode, body: bytes) -> None:
    mode.server.on("/chat/completions", streamed(body))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    error = (await texts_and_error(stream))[1]
    assert isinstance(error, indoxrouter.StreamTruncatedError)
    assert "it was empty" in str(error)
