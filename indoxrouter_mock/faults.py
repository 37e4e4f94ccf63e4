"""Faults on demand: the registry of what can go wrong, how a test asks for it, and the queue of what was asked for.

A fault is asked for by one request's header, `X-Mock-Fault: truncate;after=3, latency;seconds=0.2`, or planned
through the
admin endpoint for the next requests that match. What each fault does to an answer is in `delivery.py` and
`injection.py`;
`docs/mock-faults.md` is printed from this registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .problems import bad

if TYPE_CHECKING:
    from .spec import Operation


@dataclass(slots=True, frozen=True)
class Argument:
    """One argument of a fault: its default gives the type; `choices` limits a text."""

    default: int | float | bool | str
    doc: str
    choices: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class FaultType:
    """A named fault. `applies_to` says which requests a planned one waits for: any, stream, job, or token."""

    name: str
    doc: str
    arguments: dict[str, Argument] = field(default_factory=dict[str, Argument])
    applies_to: str = "any"

    def as_dict(self) -> dict[str, Any]:
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


@dataclass(slots=True, frozen=True)
class Fault:
    """A fault asked for, with all its arguments filled in."""

    name: str
    values: dict[str, Any]

    def __getitem__(self, argument: str) -> Any:
        return self.values[argument]

    def __str__(self) -> str:
        return ";".join([self.name, *(f"{name}={value}" for name, value in self.values.items())])


PROCESSED = Argument(False, "whether the request is carried out, and billed, before the answer is lost")
BODY_FORMS = ("documented", "detail", "detail_list", "openai", "success_false", "html", "text", "empty")

_REGISTRY = (
    FaultType(
        "latency",
        "The answer begins late.",
        {"seconds": Argument(1.0, "how long to wait before anything is sent")},
    ),
    FaultType(
        "stall",
        "The answer goes silent, then goes on: after some events of a stream, or half-way through a body.",
        {
            "after": Argument(1, "events sent before the silence"),
            "seconds": Argument(30.0, "how long the silence lasts"),
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
        {"at": Argument(1, "which event, counted from 1")},
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
        "Comments, `id:` and `retry:` lines and events with no data come between the events of a stream.",
        applies_to="stream",
    ),
    FaultType(
        "line_endings",
        "A stream's lines end in another way than with a line feed.",
        {"with": Argument("crlf", "the line end", ("crlf", "cr", "lf"))},
        applies_to="stream",
    ),
    FaultType(
        "fragment",
        "The answer's bytes arrive in small pieces, so that characters, lines and events are split anywhere.",
        {"size": Argument(1, "bytes in a piece")},
    ),
    FaultType(
        "rate_limit",
        "429, with the wait said in one of the ways that servers say it.",
        {
            "retry_after": Argument(1.0, "seconds to wait"),
            "form": Argument("seconds", "where the wait is said", ("seconds", "date", "body", "none")),
        },
    ),
    FaultType("insufficient_credits", "402: the credits are spent."),
    FaultType(
        "error",
        "Any error status, with its body in one of the forms that are seen in the wild.",
        {
            "status": Argument(500, "the status"),
            "code": Argument("", "the error code; by default the documented one of the status"),
            "message": Argument("a fault was asked for", "the message"),
            "form": Argument("documented", "how the body is written", BODY_FORMS),
            "processed": PROCESSED,
        },
    ),
    FaultType(
        "html_error",
        "A gateway's HTML page in place of an answer.",
        {"status": Argument(502, "the status, such as 500, 502, 503 or 504"), "processed": PROCESSED},
    ),
    FaultType("invalid_json", "A 200 whose JSON body can't be parsed."),
    FaultType("empty_body", "A 200 with no body at all."),
    FaultType("success_false", "A 200 whose envelope says `success: false`."),
    FaultType(
        "wrong_content_type",
        "The right body under a wrong content type.",
        {"type": Argument("text/plain", "the content type sent")},
    ),
    FaultType("unknown_fields", "Answers and events carry members that the spec doesn't know."),
    FaultType(
        "redirect",
        "A redirect to another place, as a client must not follow with a key in its hands.",
        {
            "status": Argument(307, "the status"),
            "location": Argument("http://127.0.0.1:9/elsewhere", "where to"),
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
        "From the token endpoints: an answer with no usable token. Elsewhere: 401, as for a token that is none.",
        {
            "form": Argument(
                "text", "what stands for the token", ("text", "empty", "null", "missing", "not_json")
            )
        },
    ),
    FaultType(
        "slow_job",
        "A video job takes longer.",
        {"seconds": Argument(60.0, "from its start to its end")},
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
        "The request is carried out twice, as if sent again; billed once if it has an idempotency key.",
    ),
)

FAULTS: dict[str, FaultType] = {fault.name: fault for fault in _REGISTRY}
"""All faults by name."""

_SEPARATED = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')


def parse_header(header: str) -> list[Fault]:
    """The faults that a header asks for. Values may be percent-encoded or quoted. Raises Problem 400 naming what is
    unknown.
    """
    found: list[Fault] = []
    for item in _SEPARATED.split(header):
        if not item.strip():
            continue
        name, *pairs = (part.strip() for part in item.split(";"))
        arguments: dict[str, Any] = {}
        for pair in pairs:
            argument, _, value = pair.partition("=")
            arguments[argument.strip()] = unquote(value.strip().strip('"'))
        found.append(make_fault(name, arguments, "header/X-Mock-Fault"))
    return found


def make_fault(name: str, arguments: dict[str, Any], where: str = "fault") -> Fault:
    """A fault by name, its arguments converted to their types. Raises Problem 400 for a name, argument or value
    that is wrong.
    """
    kind = FAULTS.get(name)
    if kind is None:
        raise bad(where, f"there is no fault {name!r}; known ones are {', '.join(FAULTS)}")
    values: dict[str, Any] = {key: argument.default for key, argument in kind.arguments.items()}
    for key, given in arguments.items():
        argument = kind.arguments.get(key)
        if argument is None:
            known = ", ".join(kind.arguments) or "none"
            raise bad(where, f"the fault {name!r} has no argument {key!r}; it takes: {known}")
        values[key] = _converted(argument, given, f"{where}/{name}/{key}")
    return Fault(name, values)


def _converted(argument: Argument, given: Any, where: str) -> Any:
    default = argument.default
    text = str(given)
    if isinstance(default, bool):
        if text.lower() not in ("true", "false", "1", "0"):
            raise bad(where, f"{given!r} is not true or false")
        return text.lower() in ("true", "1")
    if isinstance(default, (int, float)):
        try:
            number = type(default)(text)
        except ValueError:
            raise bad(where, f"{given!r} is not a number") from None
        if isinstance(default, int) and number < 0:
            raise bad(where, f"{given!r} is below 0")
        return number
    if argument.choices and text not in argument.choices:
        raise bad(where, f"{given!r} is not one of {', '.join(argument.choices)}")
    return text


@dataclass(slots=True)
class Planned:
    """A fault that waits for requests. `operation` is a pattern over operationIds; None is any call but the token
    exchange.
    """

    id: int
    fault: Fault
    times: int
    skip: int = 0
    operation: str | None = None
    path: str | None = None

    def matches(self, operation: Operation | None, path: str, streaming: bool) -> bool:
        if self.path is not None and self.path not in path:
            return False
        identifier = operation.id if operation else ""
        if self.operation is not None:
            return fnmatchcase(identifier, self.operation)
        applies_to = FAULTS[self.fault.name].applies_to
        if applies_to == "stream":
            return streaming
        if applies_to == "job":
            return identifier == "createVideo"
        # A test plans a fault for the call that it makes; the exchange of its key that comes first is let through.
        return operation is None or not operation.raw.get("x-token-exchange")

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "fault": self.fault.name,
            "arguments": self.fault.values,
            "times": self.times,
            "skip": self.skip,
            "operation": self.operation,
            "path": self.path,
        }


class FaultQueue:
    """The planned faults of one server, in the order in which they were planned."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []
        self._made = 0

    def __bool__(self) -> bool:
        return bool(self._planned)

    def plan(
        self,
        fault: Fault,
        *,
        times: int = 1,
        skip: int = 0,
        operation: str | None = None,
        path: str | None = None,
    ) -> Planned:
        """Inject `fault` into the next `times` matching requests, after letting `skip` of them pass."""
        if times < 1 or skip < 0:
            raise bad("times" if times < 1 else "skip", f"{times if times < 1 else skip} is too small")
        self._made += 1
        planned = Planned(self._made, fault, times, skip, operation, path)
        self._planned.append(planned)
        return planned

    def take(self, operation: Operation | None, path: str, streaming: bool) -> list[Fault]:
        """The faults for this request. Of several plans for the same fault the first is used up before the next."""
        taken: dict[str, Fault] = {}
        for planned in self._planned:
            if planned.fault.name in taken or not planned.matches(operation, path, streaming):
                continue
            if planned.skip:
                planned.skip -= 1
                continue
            planned.times -= 1
            taken[planned.fault.name] = planned.fault
        self._planned = [planned for planned in self._planned if planned.times > 0]
        return list(taken.values())

    def clear(self) -> None:
        self._planned.clear()

    def pending(self) -> list[dict[str, Any]]:
        return [planned.as_dict() for planned in self._planned]


def by_name(faults: Iterable[Fault]) -> dict[str, Fault]:
    return {fault.name: fault for fault in faults}
