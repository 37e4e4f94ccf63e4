"""Faults on demand: how a test asks for them, and the queue of what was asked for.

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

from ..spec.errors import bad
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
