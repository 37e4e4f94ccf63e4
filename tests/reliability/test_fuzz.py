"""Fuzzing: whatever bytes come, the decoders agree with themselves, and every failure is one of this package's.

`HYPOTHESIS_PROFILE=thorough` looks further.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import pickle
from typing import Any

import indoxrouter
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from indoxrouter._runtime.errors.mapping import error_from_body, error_from_payload
from indoxrouter._runtime.errors.retry_after import reset_time_of, retry_after_of
from indoxrouter._runtime.http.body_reader import BodyReader
from indoxrouter._runtime.http.interface import Headers, Timeouts, TransportFailure
from indoxrouter._runtime.operations.operation import Operation
from indoxrouter._runtime.values import json as json_codec
from indoxrouter.about import OPERATIONS, load_operation

from indoxrouter_ext.auth.token_store import lifetime
from indoxrouter_ext.calls.answer import HttpAnswer
from indoxrouter_ext.responses.decoding import decode_answer, not_a_stream
from indoxrouter_ext.settings.values import Settings
from indoxrouter_ext.streaming.accumulator import StreamEnd
from indoxrouter_ext.streaming.state import StreamState

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["error", "[DONE]", "stop"]),
)
KEYS = [
    "error",
    "message",
    "detail",
    "details",
    "code",
    "type",
    "status_code",
    "success",
    "data",
    "choices",
    "delta",
    "id",
]
KEYS += [
    "content",
    "text",
    "usage",
    "finish_reason",
    "response",
    "request_id",
    "retry_after",
    "reset_time",
    "images",
]
KEYS += [
    "tool_calls",
    "function",
    "index",
    "output",
    "embedding",
    "dimensions",
    "cost",
    "loc",
    "msg",
    "model",
    "provider",
]
keys = st.one_of(st.sampled_from(KEYS), st.text(max_size=5))
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=20,
)
objects = st.dictionaries(keys, documents, max_size=6)

SETTINGS = Settings(base_url="http://127.0.0.1:1/api/v1", timeouts=Timeouts(1, 1, 1, 1))
CHAT: Operation[Any] = load_operation("createChatCompletion")


def answered(body: bytes, content_type: str = "application/json", status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, Headers([("Content-Type", content_type)]), body)


def stream_state() -> StreamState:
    call = CHAT.call(fields={"messages": [{"role": "user", "content": "x"}], "stream": True})
    return StreamState(call, answered(b"", "text/event-stream"), SETTINGS, ["a-secret"], lambda: 0.0)


def read(pieces: list[bytes]) -> tuple[list[dict[str, Any]], bool, str | None]:
    """The chunks of a stream, whether it finished, and the name of the error that ended it."""
    state = stream_state()
    for piece in pieces:
        state.feed(piece)
    state.end_of_stream()
    error = state.take_error()
    assert error is None or isinstance(error, indoxrouter.IndoxRouterError)
    assert (state.end is StreamEnd.COMPLETE) != (error is not None)
    for chunk in state.chunks:
        assert isinstance(chunk.text, str)
        assert chunk.reasoning is not None
        repr([chunk.type, chunk.finish_reason, chunk.images, chunk.usage, chunk.event])
    return (
        [dict(chunk) for chunk in state.chunks],
        state.end is StreamEnd.COMPLETE,
        type(error).__name__ if error else None,
    )


def cut(raw: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({min(position, len(raw)) for position in cuts} | {0, len(raw)})
    return [raw[start:end] for start, end in itertools.pairwise(edges)]


lines = st.one_of(
    objects.map(lambda value: b"data: " + json.dumps(value).encode()),
    documents.map(lambda value: b"data: " + json.dumps(value).encode()),
    st.sampled_from(
        [b"data: [DONE]", b"event: error", b": comment", b"", b"", b"", b"id: 1", b"retry: 1", b"data:"]
    ),
    st.binary(max_size=20),
)


@given(
    st.lists(lines, max_size=12),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.lists(st.integers(0, 400), max_size=6),
)
@example([b"data: {}", b""], b"\r\n", [9])
@example(
    [b'data: {"type": []}', b"", b'data: {"type": {}, "choices": [{"finish_reason": []}]}', b""], b"\n", []
)
@example([b'data: {"choices": [{"delta": {"tool_calls": [{"index": null}]}}]}', b""], b"\n", [])
def test_a_stream_in_any_pieces_is_read_as_in_one(parts: list[bytes], end: bytes, cuts: list[int]) -> None:
    raw = end.join(parts)
    whole = read([raw])
    assert repr(read(cut(raw, cuts))) == repr(whole)
    assert repr(read([raw[i : i + 1] for i in range(len(raw))])) == repr(whole)


@given(st.binary(max_size=200))
def test_any_bytes_as_a_stream_end_in_a_typed_error_or_none(raw: bytes) -> None:
    read([raw])


@pytest.mark.parametrize("operation_id", OPERATIONS)
@given(payload=documents)
@example(payload={"choices": [{"message": None}]})
@example(payload={"data": [{"embedding": None}], "usage": [1], "choices": "x", "output": {}})
@example(payload={"output": [{"content": [None, 5, {"text": 7}]}], "usage": None})
def test_any_json_as_an_answer_is_decoded_or_refused(operation_id: str, payload: Any) -> None:
    operation: Operation[Any] = load_operation(operation_id)
    call: Any = _Call(operation)
    try:
        result = decode_answer(call, answered(json.dumps(payload).encode()), list)
    except indoxrouter.IndoxRouterError:
        return
    repr(result)
    for name in (
        "text",
        "usage",
        "cost",
        "data",
        "content",
        "images",
        "tool_calls",
        "finish_reason",
        "vectors",
    ):
        if name in dir(type(result)):
            with contextlib.suppress(indoxrouter.IndoxRouterError):
                getattr(result, name)


class _Call:
    """The part of a call that decoding asks for."""

    def __init__(self, operation: Operation[Any]) -> None:
        self.operation = operation
        self.payload = None
        self.path = operation.path

    def secrets(self) -> list[str]:
        return []

    def expected(self, status: int, media_type: str) -> Any:
        from indoxrouter._runtime.operations.operation import Call

        return Call.expected(self, status, media_type)  # type: ignore[arg-type]


@given(
    st.binary(max_size=100),
    st.sampled_from(["application/json", "text/html", "", "application/octet-stream", ";;"]),
)
def test_any_bytes_as_an_answer_are_decoded_or_refused(body: bytes, content_type: str) -> None:
    call: Any = CHAT.call(fields={"messages": [{"role": "user", "content": "x"}]})
    answer = answered(body, content_type)
    assert str(not_a_stream(call, answer, "127.0.0.1", ()))
    try:
        decode_answer(call, answer, list)
    except indoxrouter.IndoxRouterError as error:
        problem = str(error)
    else:
        return
    assert problem


@given(documents, st.one_of(st.none(), st.integers(100, 999)))
@example({"error": {"code": 1e308, "message": {}}, "status_code": True}, 500)
@example({"detail": [{"loc": None}, None, [[]]], "details": [1], "error": ""}, 422)
@example({"error": "Failure"}, 400)
def test_any_json_as_an_error_becomes_a_typed_one(payload: Any, status: int | None) -> None:
    error = error_from_payload(
        payload, status=status, headers=Headers([("Retry-After", "soon")]), secrets=["a-secret"]
    )
    assert isinstance(error, indoxrouter.IndoxRouterError)
    assert isinstance(error.message, str)
    assert error.message
    assert isinstance(error.details, dict)
    assert error.retry_after is None or error.retry_after >= 0
    restored = pickle.loads(pickle.dumps(error))
    assert str(restored) == str(error)


@given(st.binary(max_size=200), st.integers(300, 999))
def test_any_bytes_as_an_error_become_a_typed_one(body: bytes, status: int) -> None:
    error = error_from_body(status, Headers([]), body, ["a-secret"])
    assert isinstance(error, indoxrouter.IndoxRouterError)
    assert error.status_code == status


@given(st.text(min_size=4, max_size=20), st.lists(st.text(max_size=10), max_size=5))
def test_a_secret_is_masked_wherever_it_is_echoed(secret: str, around: list[str]) -> None:
    text = secret.join(around)
    payload = {
        "error": {"message": text, "code": text, secret: text},
        "details": {"list": [text, {"x": text}]},
    }
    error = error_from_payload(payload, status=400, secrets=[secret])
    if "*" in secret:
        return  # what stands in its place may look like it
    assert secret not in error.message
    assert secret not in (error.error_type or "")
    held: list[Any] = [error.details]
    while held:
        value = held.pop()
        held.extend(
            [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
        )
        assert not isinstance(value, str) or secret not in value


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60)))
def test_the_json_loader_raises_its_own_error_or_none(data: bytes | str) -> None:
    try:
        json_codec.loads(data)
    except json_codec.MalformedJson as error:
        problem = error
    else:
        return
    assert problem.__context__ is None


@given(documents, st.text(max_size=30))
def test_any_wait_is_a_sensible_number_of_seconds(value: Any, header: str) -> None:
    safe = header.encode("latin-1", "replace").decode("latin-1")
    headers = Headers([("Retry-After", safe), ("X-RateLimit-Reset", safe)])
    body = {"retry_after": value, "reset_time": value}
    seconds = retry_after_of(headers, body)
    assert seconds is None or 0 <= seconds <= 366 * 86400
    moment = reset_time_of(headers, body)
    assert moment is None or moment.tzinfo is not None


@given(documents)
def test_any_lifetime_is_a_sensible_number_of_seconds(value: Any) -> None:
    assert 0 <= lifetime(value) < float("inf")


@given(
    st.binary(max_size=300),
    st.sampled_from(["gzip", "deflate", "", "identity"]),
    st.lists(st.integers(0, 300), max_size=4),
)
def test_any_bytes_as_a_compressed_body_are_read_or_refused(
    raw: bytes, encoding: str, cuts: list[int]
) -> None:
    reader = BodyReader(Headers([("Content-Encoding", encoding)]), 10_000)
    try:
        out = b"".join(part for piece in cut(raw, cuts) for part in reader.feed(piece))
        reader.finish()
    except TransportFailure:
        return
    assert encoding in ("gzip", "deflate") or out == raw
