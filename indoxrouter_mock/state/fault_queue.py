"""Faults on demand: their syntax in a header, and the queue of planned ones.

A fault is asked for by one request's header, `X-Mock-Fault: truncate;after=3, latency;seconds=0.2`, or planned through
the admin endpoint for the next requests that match. `fault_types.py` lists them, `app/fault_injection.py` does them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ..spec.errors import invalid_value
from .fault_types import FAULTS, Argument

if TYPE_CHECKING:
    from ..spec.document import Operation


@dataclass(slots=True, frozen=True)
class Fault:
    """A fault asked for, with all its arguments filled in."""

    name: str
    values: dict[str, Any]

    def __getitem__(self, argument: str) -> Any:
        return self.values[argument]

    def __str__(self) -> str:
        return ";".join([self.name, *(f"{name}={value}" for name, value in self.values.items())])


LONGEST_HEADER, MOST_IN_HEADER, MOST_PLANNED = 2000, 20, 1000
LONGEST_TEXT = 10_000


def parse_fault_header(header: str) -> list[Fault]:
    """The faults that a header asks for. Values may be percent-encoded or quoted. Raises ApiError 400 naming what is
    unknown.
    """
    where = "header/X-Mock-Fault"
    if len(header) > LONGEST_HEADER:
        raise invalid_value(where, f"{len(header)} characters are too many: the mock allows {LONGEST_HEADER}")
    found: list[Fault] = []
    for item in _items(header):
        if not item.strip():
            continue
        if len(found) == MOST_IN_HEADER:
            raise invalid_value(where, f"more than {MOST_IN_HEADER} faults")
        name, *pairs = (part.strip() for part in item.split(";"))
        arguments: dict[str, Any] = {}
        for pair in pairs:
            argument, _, value = pair.partition("=")
            arguments[argument.strip()] = unquote(value.strip().strip('"'))
        found.append(make_fault(name, arguments, where))
    return found


def _items(header: str) -> list[str]:
    """The header cut at the commas outside of quotes."""
    items, quoted = [""], False
    for piece in re.split(r'([",])', header):
        if piece == "," and not quoted:
            items.append("")
            continue
        quoted ^= piece == '"'
        items[-1] += piece
    return items


def make_fault(name: str, arguments: dict[str, Any], where: str = "fault") -> Fault:
    """A fault by name, its arguments converted to their types. Raises ApiError 400 for a name, argument or value
    that is wrong.
    """
    kind = FAULTS.get(name)
    if kind is None:
        raise invalid_value(where, f"there is no fault {name!r}; known ones are {', '.join(FAULTS)}")
    values: dict[str, Any] = {key: argument.default for key, argument in kind.arguments.items()}
    for key, given in arguments.items():
        argument = kind.arguments.get(key)
        if argument is None:
            known = ", ".join(kind.arguments) or "none"
            raise invalid_value(where, f"the fault {name!r} has no argument {key!r}; it takes: {known}")
        values[key] = _converted(argument, given, f"{where}/{name}/{key}")
    return Fault(name, values)


def _converted(argument: Argument, given: Any, where: str) -> Any:
    default = argument.default
    text = str(given)
    if isinstance(default, bool):
        if text.lower() not in ("true", "false", "1", "0"):
            raise invalid_value(where, f"{given!r} is not true or false")
        return text.lower() in ("true", "1")
    if isinstance(default, (int, float)):
        try:
            number = type(default)(text)
        except (ValueError, OverflowError):
            raise invalid_value(where, f"{text[:100]!r} is not a number") from None
        if not argument.least <= number <= argument.most:
            raise invalid_value(
                where, f"{given!r} is not a number from {argument.least:g} to {argument.most:g}"
            )
        return number
    if argument.choices and text not in argument.choices:
        raise invalid_value(where, f"{given!r} is not one of {', '.join(argument.choices)}")
    if len(text) > LONGEST_TEXT:
        raise invalid_value(where, f"{len(text)} characters are too many: the mock allows {LONGEST_TEXT}")
    if argument.header and not all(" " <= character <= "~" for character in text):
        raise invalid_value(where, f"{text[:100]!r} holds characters that a header can't have")
    return text


@dataclass(slots=True)
class PlannedFault:
    """A fault that waits for requests. `operation` is a pattern over operationIds; None is any call but the token
    exchange.
    """

    id: int
    fault: Fault
    times: int
    skip: int = 0
    operation: str | None = None
    path: str | None = None
    account: str | None = None

    def matches(self, operation: Operation | None, path: str, streaming: bool) -> bool:
        """Whether this fault is meant for a request."""
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
        """The planned fault as the admin endpoint shows it."""
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
        self._planned: list[PlannedFault] = []
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
    ) -> PlannedFault:
        """Inject `fault` into the next `times` matching requests, after letting `skip` of them pass."""
        if times < 1 or skip < 0:
            raise invalid_value(
                "times" if times < 1 else "skip", f"{times if times < 1 else skip} is too small"
            )
        if len(self._planned) >= MOST_PLANNED:
            raise invalid_value("fault", f"{MOST_PLANNED} faults are planned already; no more can be")
        self._made += 1
        planned = PlannedFault(self._made, fault, times, skip, operation, path)
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

    def clear(self, account: str | None = None) -> None:
        """Remove all planned faults, or those for one account."""
        self._planned = [each for each in self._planned if account is not None and each.account != account]

    def pending(self) -> list[dict[str, Any]]:
        """The planned faults that are left, in order."""
        return [planned.as_dict() for planned in self._planned]


def by_name(faults: Iterable[Fault]) -> dict[str, Fault]:
    """Faults by their names; of several with one name the last counts."""
    return {fault.name: fault for fault in faults}
