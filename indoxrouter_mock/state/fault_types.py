"""The registry of faults, by name, with their arguments.

What a fault does to an answer is in `app/fault_injection.py`; `docs/mock-faults.md` is printed from this registry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LONGEST_WAIT = 3600.0
A_YEAR = 31_536_000.0


@dataclass(slots=True, frozen=True)
class Argument:
    """One argument of a fault. Its default gives the type; `choices` limits a text, `least` and `most` a number.

    `header` marks a text that becomes a header, which must be visible ASCII characters.
    """

    default: int | float | bool | str
    doc: str
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = 1_000_000_000
    header: bool = False


@dataclass(slots=True, frozen=True)
class FaultType:
    """A named fault. `applies_to` says which requests a planned one waits for: any, stream or job."""

    name: str
    doc: str
    arguments: dict[str, Argument] = field(default_factory=dict[str, Argument])
    applies_to: str = "any"

    def as_dict(self) -> dict[str, Any]:
        """The fault type as the admin endpoint shows it."""
        return {
            "name": self.name,
            "doc": self.doc,
            "applies_to": self.applies_to,
            "arguments": {
                name: {
                    "default": argument.default,
                    "doc": argument.doc,
                    **({"choices": list(argument.choices)} if argument.choices else {}),
                }
                for name, argument in self.arguments.items()
            },
        }


PROCESSED = Argument(False, "whether the request is handled, and billed, before the answer is lost")
HEARTBEATS = {
    "comment": b": keep-alive\n\ndata:\n\n",
    "ping": b"event: ping\ndata: 2026-01-01T00:00:00Z\n\n",
    "null": b"event: heartbeat\ndata: null\n\n",
    "object": b"data: {}\n\n",
    "type": b'data: {"type": "ping"}\n\n',
}
"""What servers send to keep a stream alive, by name."""
BODY_FORMS = ("documented", "detail", "detail_list", "openai", "success_false", "html", "text", "empty")

_REGISTRY = (
    FaultType(
        "latency",
        "The answer begins late.",
        {"seconds": Argument(1.0, "how long to wait before anything is sent", most=LONGEST_WAIT)},
    ),
    FaultType(
        "stall",
        "The answer pauses: after some events of a stream, or half-way through a body.",
        {
            "after": Argument(1, "events sent before the silence"),
            "seconds": Argument(30.0, "how long the silence lasts", most=LONGEST_WAIT),
        },
    ),
    FaultType(
        "reset",
        "The connection is reset (TCP RST): before the answer, or after some events of a stream.",
        {"after": Argument(0, "events sent before the reset"), "processed": Argument(True, PROCESSED.doc)},
    ),
    FaultType(
        "no_answer",
        "The connection is closed in good order with no byte of an answer.",
        {"processed": PROCESSED},
    ),
    FaultType(
        "truncate",
        "A stream ends early with no terminator; a JSON body is cut in half.",
        {
            "after": Argument(3, "events sent before the end"),
            "clean": Argument(
                True, "true: HTTP ends in good order; false: the connection breaks in mid-message"
            ),
        },
    ),
    FaultType(
        "missing_done",
        "A stream delivers all its events and ends without the terminator.",
        applies_to="stream",
    ),
    FaultType(
        "malformed_event",
        "One event of a stream holds broken JSON.",
        {"at": Argument(1, "which event, counted from 1", least=1)},
        applies_to="stream",
    ),
    FaultType("duplicate_events", "Every event of a stream arrives twice.", applies_to="stream"),
    FaultType(
        "error_mid_stream",
        "A stream that began with a 200 fails: an error arrives in place of the rest.",
        {
            "after": Argument(2, "events sent before the error"),
            "code": Argument("provider_error", "the error code"),
            "message": Argument("the provider stopped answering", "the error message"),
            "form": Argument("object", "how the error is written", ("object", "string", "envelope", "event")),
        },
        applies_to="stream",
    ),
    FaultType(
        "keep_alive",
        "Heartbeats are sent between the events of a stream, with `id:` and `retry:` lines.",
        {"form": Argument("comment", "what a heartbeat is", tuple(HEARTBEATS))},
        applies_to="stream",
    ),
    FaultType(
        "line_endings",
        "A stream's lines do not end with a line feed.",
        {"with": Argument("crlf", "the line end", ("crlf", "cr", "lf"))},
        applies_to="stream",
    ),
    FaultType(
        "fragment",
        "The answer's bytes arrive in small pieces, so that characters, lines and events are split anywhere.",
        {"size": Argument(1, "bytes in a piece", least=1)},
    ),
    FaultType(
        "rate_limit",
        "429, with the wait given in one of the ways that servers use.",
        {
            "retry_after": Argument(1.0, "seconds to wait", most=A_YEAR),
            "form": Argument("seconds", "where the wait is given", ("seconds", "date", "body", "none")),
        },
    ),
    FaultType("insufficient_credits", "402: the credits are spent."),
    FaultType(
        "error",
        "Any error status, with its body in one of the forms that servers use.",
        {
            "status": Argument(500, "the status, from 400 to 599", least=400, most=599),
            "code": Argument("", "the error code; by default the documented one of the status"),
            "message": Argument("a fault was requested", "the message"),
            "form": Argument("documented", "how the body is written", BODY_FORMS),
            "processed": PROCESSED,
        },
    ),
    FaultType(
        "html_error",
        "A gateway's HTML page in place of an answer.",
        {
            "status": Argument(502, "the status, such as 500, 502, 503 or 504", least=400, most=599),
            "processed": PROCESSED,
        },
    ),
    FaultType("invalid_json", "A 200 whose JSON body can't be parsed."),
    FaultType("empty_body", "A 200 with no body at all."),
    FaultType("success_false", "A 200 whose envelope has `success: false`."),
    FaultType(
        "wrong_content_type",
        "The right body under a wrong content type.",
        {"type": Argument("text/plain", "the content type sent", header=True)},
    ),
    FaultType(
        "wrong_framing",
        "The right answer in another framing: an event in place of JSON, or JSON lines in place of events.",
        {"form": Argument("events", "the framing in which it is sent", ("events", "lines"))},
    ),
    FaultType("unknown_fields", "Answers and events carry members that the spec doesn't know."),
    FaultType(
        "redirect",
        "A redirect to another host, which a client must not follow with credentials.",
        {
            "status": Argument(307, "the status, from 300 to 399", least=300, most=399),
            "location": Argument("http://127.0.0.1:9/elsewhere", "the address that it names", header=True),
        },
    ),
    FaultType(
        "expired_token",
        "From the token endpoints: a token that has already expired. Elsewhere: 401, the token has expired.",
    ),
    FaultType(
        "revoked_token",
        "From the token endpoints: a token that is revoked. Elsewhere: 401, and the token stays revoked.",
    ),
    FaultType(
        "garbage_token",
        "From the token endpoints: an answer with no usable token. Elsewhere: 401, as for an invalid token.",
        {
            "form": Argument(
                "text", "what is sent in place of the token", ("text", "empty", "null", "missing", "not_json")
            )
        },
    ),
    FaultType(
        "slow_job",
        "A video job takes longer.",
        {"seconds": Argument(60.0, "from its start to its end", most=A_YEAR)},
        applies_to="job",
    ),
    FaultType(
        "failed_job",
        "A video job fails half-way.",
        {"message": Argument("the provider refused the prompt", "the error that the job reports")},
        applies_to="job",
    ),
    FaultType(
        "duplicate_delivery",
        "The request is handled twice, as if sent again; billed once if it has an idempotency key.",
    ),
)

FAULTS: dict[str, FaultType] = {fault.name: fault for fault in _REGISTRY}
"""All faults by name."""
