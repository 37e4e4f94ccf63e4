"""What schemathesis does around each request: steers the mock, keeps the account alive, notes what was made use of.

The mock runs in the same process (as an ASGI application, or on a socket from a thread), so that its clock
and its settings can be moved between requests without leaving a trace in the requests themselves.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, product
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, HookContext
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response

from indoxrouter_mock.app.application import MockApp
from indoxrouter_mock.base.options import EMBEDDING_FORMS, EVENT_FAMILIES, SHAPES
from indoxrouter_mock.content.audio import wav
from indoxrouter_mock.content.png import png_image
from tests.contract import shapes
from tests.contract.coverage import COVERAGE
from tests.contract.excuses import MODELS, excuse_for

SECONDS_PER_REQUEST = 0.05
"""How far the mock's frozen clock moves with each request."""

SOUND = wav(bytes(8))
PICTURE = png_image("fox", 0, 1, 1)
"""Files that the mock recognises."""

EXAMPLE_FILE = "RIFF"
"""What stands for a recording in the examples of openapi.yaml, which hold text."""
TEXT_SOUND = "RIFF,\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\x08\0\0\0" + "@" * 8
"""What valid calls send in its place: 8 samples of 8 bits at 8 kHz, all of it ASCII. schemathesis counts a case as a
wrong one when a hook puts bytes into it."""

_BOUNDARY = re.compile(rb"[0-9a-f]{32}(?=\r\n|--)")


@dataclass
class Steering:
    """The mock under test, the settings that it goes through, and what was sent to it."""

    app: MockApp
    requests: list[tuple[str, str, bytes, int, bytes]] = field(default_factory=list)
    excused: dict[str, int] = field(default_factory=dict)
    live: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    settings: Iterator[tuple[str, str, str]] = field(
        default_factory=lambda: cycle(product(SHAPES, EVENT_FAMILIES, EMBEDDING_FORMS))
    )


_steered: list[Steering] = []


@contextlib.contextmanager
def steering(app: MockApp) -> Iterator[Steering]:
    """Make the hooks work on this mock while the block runs."""
    _steered.append(Steering(app))
    try:
        yield _steered[-1]
    finally:
        _steered.pop()


def operation_id(case: Case[Any]) -> str:
    """The operationId of a case."""
    identifier: str = case.operation.definition.raw["operationId"]
    return identifier


schemathesis.openapi.format("binary", st.sampled_from((b"made up bytes", *[SOUND] * 6, PICTURE, PICTURE)))


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Go round all the shapes in which the mock can answer, and use the tokens and ids that it gave out."""
    if not _steered:
        return
    now = _steered[-1]
    now.calls += 1
    _use_what_is_live(now, case)
    shape, events, embeddings = next(now.settings)
    now.app.state.options = now.app.options.changed(shape=shape, events=events, embeddings=embeddings)


def _use_what_is_live(now: Steering, case: Case[Any]) -> None:
    """Every second valid call that needs a refresh token, the id of a stream or, under `/v1`, a model gets one.

    No schema says what they look like, and no link of the spec leads to each of them. Every third valid call that may
    ask for a stream asks for one: chance would leave most kinds of events out.
    """
    valid = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if not valid:
        return
    if isinstance(case.body, dict) and case.body.get("file") == EXAMPLE_FILE:
        case.body = {**case.body, "file": TEXT_SOUND}
    if isinstance(case.body, dict) and operation_id(case) in shapes.STREAMS and now.calls % 3 == 0:
        case.body = {**case.body, "stream": True}
    if now.calls % 2:
        return
    if isinstance(case.body, dict) and operation_id(case) in MODELS:
        case.body = {**case.body, "model": MODELS[operation_id(case)]}
    if isinstance(case.body, dict) and "refresh_token" in case.body and "refresh_token" in now.live:
        case.body = {**case.body, "refresh_token": now.live.pop("refresh_token")}
    if "stream_id" in case.path_parameters and "stream_id" in now.live:
        case.path_parameters = {**case.path_parameters, "stream_id": now.live["stream_id"]}


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Move the clock, undo what would end the run, note what came."""
    if not _steered:
        return
    now = _steered[-1]
    now.app.state.clock.advance(SECONDS_PER_REQUEST)
    body = response.request.body
    sent = body if isinstance(body, bytes) else str(body or "").encode("utf-8", "surrogateescape")
    request = response.request
    sent = _BOUNDARY.sub(b"boundary", sent)  # random, by the library that writes forms
    now.requests.append((str(request.method), str(request.url), sent, response.status_code, response.content))
    _keep_what_is_live(now, response)
    identifier = operation_id(case)
    # Whoever deletes the account can do nothing more, and the rest of the run belongs to the same account.
    now.app.state.accounts.demo.is_active = True
    note_answer(identifier, response)
    if 200 <= response.status_code < 300:
        note_request(identifier, case)


def _keep_what_is_live(now: Steering, response: Response) -> None:
    if "x-stream-id" in response.headers:
        now.live["stream_id"] = response.headers["x-stream-id"][0]
    if (
        response.status_code == 200
        and response.content.startswith(b"{")
        and b'"refresh_token"' in response.content
    ):
        now.live["refresh_token"] = json.loads(response.content)["refresh_token"]


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Drop the failures that are excused, each with its reason, and count them."""
    if case.media_type == "multipart/form-data" and "(was string, became " in failure.message:
        return False  # in a form, every value is text: that a null or a number was meant cannot be seen
    excuse = excuse_for(failure, operation_id(case), response)
    if excuse is not None and _steered:
        excused = _steered[-1].excused
        excused[excuse.name] = excused.get(excuse.name, 0) + 1
    return excuse is None


def note_request(identifier: str, case: Case[Any]) -> None:
    """A request that the mock accepted."""
    if identifier not in shapes.OPERATIONS:
        return  # a path under `/v1`: the table is about the native API
    COVERAGE.note("mock.operations", [(identifier, "")])
    for values in (case.path_parameters, case.query, case.headers):
        COVERAGE.note("mock.parameters", ((identifier, name) for name in values or {}))
    schema = shapes.body_schemas(identifier).get(case.media_type or "")
    if schema is not None and isinstance(case.body, (dict, list)):
        COVERAGE.note_value("mock.request_fields", schema, case.body)


def note_answer(identifier: str, response: Response) -> None:
    """An answer of the mock, whole or as a stream."""
    status = str(response.status_code)
    if identifier not in shapes.OPERATIONS:
        return
    if response.request.method != shapes.OPERATIONS[identifier]["method"].upper():
        return  # a method that the path does not know: the answer is not this operation's
    COVERAGE.note("mock.statuses", [(identifier, status)])
    measure = "mock.answer_fields" if status[0] == "2" else "mock.error_fields"
    media_type = response.headers.get("content-type", [""])[0].partition(";")[0]
    if status not in shapes.OPERATIONS[identifier]["responses"]:
        return
    schema = shapes.answer_schemas(identifier, status).get(media_type)
    if schema is None or not response.content:
        return
    if media_type == "text/event-stream":
        for event in events_of(response.content):
            COVERAGE.note_value(measure, shapes.event_schema(identifier), event)
    elif media_type == "application/json":
        with contextlib.suppress(ValueError):  # that it is not JSON is a failure of its own
            COVERAGE.note_value(measure, schema, json.loads(response.content))


def events_of(content: bytes) -> Iterator[Any]:
    """The JSON of a stream's events, without the one that ends it. A stream that was cut may end in half an event."""
    for block in content.split(b"\n\n"):
        data = block.removeprefix(b"data: ")
        if data and data != b"[DONE]":
            with contextlib.suppress(ValueError):
                yield json.loads(data)
