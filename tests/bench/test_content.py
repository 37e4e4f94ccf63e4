"""The loopback server answers what the subjects are checked against, and a wrong result is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bench import forms, payloads
from bench.cases import CASES
from bench.environments import PACKAGES, PINS
from bench.peer import shape, totals_of_names
from bench.server import Connection, answers
from bench.subjects import SUBJECTS
from bench.worker import check, expected


class Wire:
    """What a connection has written."""

    def __init__(self) -> None:
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data


@pytest.fixture
def wire() -> tuple[Connection, Wire]:
    connection, written = Connection(), Wire()
    connection.connection_made(written)
    return connection, written


def post(path: str, body: bytes = b"{}", head: str = "") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def test_a_request_is_answered_by_the_first_segment_of_its_path(wire: tuple[Connection, Wire]) -> None:
    connection, written = wire
    connection.data_received(post("/chat/api/v1/chat/completions"))
    assert written.sent == answers()[b"chat"]


@pytest.mark.parametrize("path", ["/events/api/v1/auth/token", "/chat/api/v1/auth/api-key"])
def test_a_token_is_had_under_every_segment(wire: tuple[Connection, Wire], path: str) -> None:
    connection, written = wire
    connection.data_received(post(path))
    assert written.sent == answers()[b"token"]
    assert b"set-cookie: access_token=" in written.sent


def test_requests_come_in_any_pieces_and_many_at_once(wire: tuple[Connection, Wire]) -> None:
    connection, written = wire
    request = post("/chat/x", b'{"a": 1}')
    for byte in request:
        connection.data_received(bytes([byte]))
    assert written.sent == answers()[b"chat"]
    connection.data_received(request + request + request[:20])
    assert written.sent == answers()[b"chat"] * 3
    connection.data_received(request[20:])
    assert written.sent == answers()[b"chat"] * 4


def test_a_body_in_chunks_ends_with_the_last_chunk(wire: tuple[Connection, Wire]) -> None:
    connection, written = wire
    connection.data_received(b"POST /chat/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
    assert written.sent == b""
    connection.data_received(b"0\r\n\r\n")
    assert written.sent == answers()[b"chat"]


def test_a_large_body_is_not_kept_and_what_follows_it_is_answered(wire: tuple[Connection, Wire]) -> None:
    connection, written = wire
    request = post("/transcription/x", b"x" * 3_000_000)
    for start in range(0, len(request), 700_000):
        assert written.sent == b""
        connection.data_received(request[start : start + 700_000])
    assert written.sent == answers()[b"transcription"]
    assert connection.held == b""
    written.sent = b""
    connection.data_received(request[:2_000_000])
    connection.data_received(request[2_000_000:] + post("/chat/x"))
    assert written.sent == answers()[b"transcription"] + answers()[b"chat"]


def test_an_unknown_path_is_not_found(wire: tuple[Connection, Wire]) -> None:
    connection, written = wire
    connection.data_received(post("/nothing"))
    assert written.sent.startswith(b"HTTP/1.1 404 ")


def unchunked(answer: bytes) -> bytes:
    at, pieces = answer.index(b"\r\n\r\n") + 4, []
    while size := int(answer[at : (end := answer.index(b"\r\n", at))], 16):
        pieces.append(answer[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    return b"".join(pieces)


@pytest.mark.parametrize("form", ["", "anthropic-"])
def test_a_stream_is_the_same_bytes_in_small_chunks_and_in_large_ones(form: str) -> None:
    small, large = answers()[f"{form}events".encode()], answers()[f"{form}blocks".encode()]
    assert unchunked(small) == unchunked(large)
    assert len(large) < len(small)
    assert len(re.findall(rb"word\d ", unchunked(small))) == payloads.EVENTS


def body_of(name: bytes) -> Any:
    return json.loads(answers()[name].split(b"\r\n\r\n", 1)[1])


def test_every_form_has_the_vectors_and_the_models_that_are_looked_for() -> None:
    assert shape([one["embedding"] for one in body_of(b"openai-vectors")["data"]]) == expected("embeddings")
    for name in (b"openai-models", b"mistralai-models", b"openrouter-models", b"anthropic-models"):
        names = (model["id"] for model in body_of(name)["data"])
        assert totals_of_names(names) == expected("models")


def test_answers_of_different_forms_do_not_share_a_name() -> None:
    assert not payloads.answers().keys() & forms.answers().keys()


@pytest.mark.parametrize("case", sorted({case.name for case in CASES if case.kind != "start"}))
def test_a_result_that_is_not_what_was_sent_is_refused(case: str) -> None:
    check(case, expected(case))
    with pytest.raises(AssertionError, match=case):
        check(case, "something else")


def test_every_case_has_its_unit_and_its_subjects_an_environment_that_is_pinned() -> None:
    assert all(hasattr(SUBJECTS[case.unit], case.name) for case in CASES)
    pins = json.loads(PINS.read_text(encoding="utf-8"))
    assert SUBJECTS.keys() == PACKAGES.keys() == pins.keys()
    for subject, packages in PACKAGES.items():
        assert {package for package in packages if "==" in package} <= set(pins[subject])
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[\w.]+", pin) for pin in pins[subject])
