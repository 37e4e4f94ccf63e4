"""Streams of generated events, in any cut and with any line ends, come out of the client as the same events.

What has to come out is worked out here from the spec's words: an event with an `error` ends a stream with
that error, an event of a terminal type or the terminator ends it well, and everything before comes out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import indoxrouter
import pytest
from hypothesis import strategies as st

from tests.contract import clients, shapes
from tests.contract.complete import complete
from tests.contract.coverage import COVERAGE
from tests.contract.engines import Answer, cut
from tests.contract.inputs import sayable
from tests.contract.noise import noisy
from tests.contract.reading import disagreements, plain, read_everything
from tests.contract.test_client_answers import example_arguments
from tests.spec.document import OPERATIONS


@dataclass
class Wire:
    """How a server writes a stream."""

    line_end: str
    space: str
    comments: bool
    terminated: bool
    size: int
    split_lines: bool
    heartbeat: str = ""
    lines: bool = False

    def written(self, events: list[Any], done: str) -> Answer:
        """The events as bytes, in pieces."""
        if self.lines:  # JSON lines in place of events
            text = "".join(json.dumps(event) + "\n" for event in events) + (
                f"data: {done}\n" if self.terminated else ""
            )
            return Answer(200, {"Content-Type": "application/x-ndjson"}, cut(text.encode(), self.size))
        blocks: list[list[str]] = []
        for number, event in enumerate(events):
            if self.comments:
                blocks.append([": keep-alive"])
            if self.heartbeat:
                blocks.append(self.heartbeat.splitlines())
            # JSON may be spread over several data lines at any white space between its parts.
            text = json.dumps(event, ensure_ascii=number % 2 == 0, indent=1 if self.split_lines else None)
            lines = [f"data:{self.space}{line}" for line in text.split("\n")]
            blocks.append([*([f"id: {number}", "retry: 10"] if self.comments else []), *lines])
        if self.terminated:
            blocks.append([f"data:{self.space}{done}"])
        text = "".join(self.line_end.join(block) + 2 * self.line_end for block in blocks)
        return Answer(
            200, {"Content-Type": "text/event-stream; charset=utf-8"}, cut(text.encode(), self.size)
        )


WIRES = st.builds(
    Wire,
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    space=st.sampled_from([" ", ""]),
    comments=st.booleans(),
    terminated=st.sampled_from([True, True, True, False]),
    size=st.sampled_from([0, 1, 2, 3, 17, 1000]),
    split_lines=st.booleans(),
    heartbeat=st.sampled_from(
        [
            "",
            "event: ping\ndata: 2026-01-01T00:00:00Z",
            "event: heartbeat\ndata: null",
            "data: null",
            "data: {}",
            "data: ping",
            'data: {"type": "ping"}',
        ]
    ),
    lines=st.sampled_from([False, False, False, True]),
)
HARDEST = Wire(
    "\r\n",
    " ",
    comments=True,
    terminated=True,
    size=1,
    split_lines=True,
    heartbeat="event: ping\ndata: 2026-01-01T00:00:00Z",
)
"""Every byte by itself, every line end in two halves, every event over several lines. Chance would seldom draw it."""


@dataclass
class Expected:
    """What a stream has to give: the events that come out, and whether it then ends well or with an error."""

    events: list[Any]
    fails: bool
    truncated: bool


def expected(operation_id: str, events: list[Any], wire: Wire) -> Expected:
    """By the words of the spec, not by the client's code."""
    out: list[Any] = []
    for event in events:
        if event.get("error") or event.get("success") is False or event.get("type") in FAILURES:
            return Expected(out, fails=True, truncated=False)
        out.append(event)
        if event.get("type") in OPERATIONS[operation_id]["x-stream"].get("terminal", ()):
            return Expected(out, fails=False, truncated=False)
    if wire.terminated or finished(out):
        return Expected(out, fails=False, truncated=False)
    return Expected(out, fails=False, truncated=True)


FAILURES = ("error", "response.failed", "response.error")


def finished(events: list[Any]) -> bool:
    """Whether each answer has a finish reason: such a stream is complete though its terminator is missing."""
    complete = False
    answers: dict[int, bool] = {}
    for event in events:
        choices = event.get("choices")
        if isinstance(choices, list) and choices:
            for position, choice in enumerate(choices):
                if isinstance(choice, dict):
                    index = choice.get("index")
                    number = index if type(index) is int else position
                    answers[number] = answers.get(number, False) or bool(choice.get("finish_reason"))
            complete = bool(answers) and all(answers.values())
        elif event.get("finish_reason"):
            complete = True
    return complete


class Collected(list[Any]):
    """The chunks that came, and the error that came after them."""

    error: indoxrouter.IndoxRouterError | None = None


def collect(caller: clients.Caller, operation_id: str, answer: Answer) -> Collected:
    """Read a stream to whatever end it has."""
    arguments = example_arguments(operation_id)
    arguments["body"] = {**arguments["body"], "stream": True}
    chunks = Collected()
    caller.engine.answer = answer
    caller.engine.responses.clear()
    try:
        caller.into(chunks, operation_id, answer, **arguments)
    except indoxrouter.IndoxRouterError as error:
        chunks.error = error
    assert caller.engine.responses[0].closed, "the connection was kept after the end of the stream"
    return chunks


def check_stream(caller: clients.Caller, operation_id: str, events: list[Any], wire: Wire) -> None:
    """What comes out is what went in."""
    schema = shapes.event_schema(operation_id)
    wanted = expected(operation_id, events, wire)
    chunks = collect(caller, operation_id, wire.written(events, OPERATIONS[operation_id]["x-stream"]["done"]))
    # Streams whose events become one answer consist of chunks, the others of the events themselves.
    read = [chunk.event if isinstance(chunk, indoxrouter.StreamChunk) else chunk for chunk in chunks]
    assert [*map(plain, read)] == wanted.events
    for chunk, received, event in zip(chunks, read, wanted.events, strict=True):
        if isinstance(chunk, indoxrouter.StreamChunk):
            assert issubclass(type(chunk), dict)
            assert isinstance(chunk["data"], str), "the text of a chunk stands under `data`"
            assert dict(chunk) | {"data": None} == event | {"data": None}
        read_everything(received)
        if shapes.accepts(schema, event):
            assert disagreements(schema, event, received) == []
            COVERAGE.note_value("client.answer_fields", schema, event)
    if wanted.fails:
        assert chunks.error is not None
        assert not isinstance(chunks.error, indoxrouter.StreamTruncatedError)
        failed = events[len(wanted.events)]
        if shapes.accepts(schema, failed):
            COVERAGE.note_value("client.answer_fields", schema, failed)
    elif wanted.truncated:
        assert isinstance(chunks.error, indoxrouter.StreamTruncatedError)
    else:
        assert chunks.error is None


def streams_of(operation_id: str) -> Any:
    """A few events of any kind; some kinds end the stream, so most of the longer ones are made without those."""
    members = shapes.event_kinds(operation_id)
    going_on = [member for member in members if not _ends(operation_id, member)]
    event = st.one_of([noisy(member) for member in going_on])
    last = st.one_of([noisy(member) for member in members])
    events = st.lists(event, max_size=4)
    # What a server says after the end must not come out.
    return st.builds(
        lambda some, end, after: [*some, end, *after], events, last, st.lists(event, max_size=1)
    ).filter(sayable)


def _ends(operation_id: str, member: dict[str, Any]) -> bool:
    schema, name = shapes.named(member)
    kind = schema["properties"].get("type", {})
    terminal = OPERATIONS[operation_id]["x-stream"].get("terminal", ())
    return name == "StreamErrorChunk" or kind.get("const") in terminal


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("operation_id", shapes.STREAMS)
def test_a_stream_comes_out_as_it_went_in_however_it_is_cut(operation_id: str, kind: str) -> None:
    with clients.caller_of(kind) as caller:

        def check(drawn: tuple[list[Any], Wire]) -> None:
            events, wire = drawn
            check_stream(caller, operation_id, events, wire)
            check_stream(caller, operation_id, events, HARDEST)

        clients.explore(st.tuples(streams_of(operation_id), WIRES), check, examples=25)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("operation_id", shapes.STREAMS)
def test_nothing_that_follows_the_last_event_comes_out(operation_id: str, kind: str) -> None:
    members = shapes.event_kinds(operation_id)
    others = [complete(member)[0] for member in members if not _ends(operation_id, member)]
    plainly = Wire("\n", " ", comments=False, terminated=True, size=0, split_lines=False)
    with clients.caller_of(kind) as caller:
        for last in (complete(member)[0] for member in members if _ends(operation_id, member)):
            for wire in (plainly, HARDEST):
                check_stream(caller, operation_id, [others[0], last, others[0]], wire)


KINDS = [
    pytest.param(operation_id, member, id=f"{operation_id}-{shapes.named(member)[1]}")
    for operation_id in shapes.STREAMS
    for member in shapes.event_kinds(operation_id)
]


@pytest.mark.parametrize(("operation_id", "member"), KINDS)
def test_every_kind_of_event_is_read_as_its_type(operation_id: str, member: dict[str, Any]) -> None:
    plainly = Wire("\n", " ", comments=False, terminated=True, size=0, split_lines=False)
    with clients.caller_of("sync") as caller:
        for event in complete(member):
            check_stream(caller, operation_id, [event], plainly)
        clients.explore(
            noisy(member), lambda event: check_stream(caller, operation_id, [event], plainly), examples=4
        )
