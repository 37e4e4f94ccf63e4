"""Faults on demand: their syntax in a header, and the queue of planned ones.

A fault is asked for by one request's header, `X-Mock-Fault: truncate;after=3, latency;seconds=0.2`. Or it is planned
through the admin endpoint, for the next requests that match. Faults are listed in `fault_types.py` and injected by
`app/fault_injection.py`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ..base.json import json_text
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
MOST_STEPS = 100


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
    if json_text(text) is None:
        raise invalid_value(where, f"{text[:100]!r} holds half of a surrogate pair, which can't be sent")
    if argument.header and not all(" " <= character <= "~" for character in text):
        raise invalid_value(where, f"{text[:100]!r} holds characters that a header can't have")
    return text


JOB_OPERATION = "createVideo"
"""The operation that faults of jobs wait for."""


@dataclass(slots=True, frozen=True)
class Subject:
    """What a planned fault may wait for in a request. `model` is `provider/id`; `prompt` is all its text."""

    path: str
    streaming: bool = False
    model: str = ""
    prompt: str = ""
    account: str = ""


@dataclass(slots=True)
class PlannedFault:
    """Faults that wait for requests: the steps of a sequence, of which None lets a request pass, or a single one.

    `operation` is a pattern over operationIds; None is any call but the token exchange. `times` counts how often the
    whole sequence is still played. With `probability`, a matching request is only affected with that chance.
    """

    id: int
    steps: tuple[Fault | None, ...]
    times: int
    skip: int = 0
    operation: str | None = None
    path: str | None = None
    model: str | None = None
    contains: str | None = None
    account: str | None = None
    probability: float = 1.0
    chance: random.Random = field(default_factory=random.Random, repr=False)
    step: int = 0

    @property
    def fault(self) -> Fault | None:
        """The fault of the present step."""
        return self.steps[self.step]

    def matches(self, operation: Operation | None, subject: Subject) -> bool:
        """Whether the present step is meant for a request."""
        if self.path is not None and self.path not in subject.path:
            return False
        if self.model is not None and not (
            fnmatchcase(subject.model, self.model) or fnmatchcase(subject.model.partition("/")[2], self.model)
        ):
            return False
        if self.contains is not None and self.contains not in subject.prompt:
            return False
        if self.account is not None and self.account != subject.account:
            return False
        identifier = operation.id if operation else ""
        if self.operation is not None and not fnmatchcase(identifier, self.operation):
            return False
        applies_to = FAULTS[self.fault.name].applies_to if self.fault is not None else "any"
        if applies_to == "stream":
            return subject.streaming
        if applies_to == "job":
            return identifier == JOB_OPERATION
        if self.operation is not None:
            return True
        # A test plans a fault for the call that it makes; the exchange of its key that comes first is let through.
        return operation is None or not operation.raw.get("x-token-exchange")

    def strikes(self) -> bool:
        """Whether a matching request is affected: after those to skip, and by chance."""
        if self.skip:
            self.skip -= 1
            return False
        return self.probability >= 1 or self.chance.random() < self.probability

    def advance(self) -> None:
        """Go on to the next step; after the last one, the sequence has been played once."""
        self.step += 1
        if self.step == len(self.steps):
            self.step = 0
            self.times -= 1

    def as_dict(self) -> dict[str, Any]:
        """The planned fault as the admin endpoint shows it."""
        return {
            "id": self.id,
            "fault": self.fault.name if self.fault is not None else None,
            "arguments": self.fault.values if self.fault is not None else {},
            "sequence": [str(step) if step is not None else None for step in self.steps[self.step :]],
            "times": self.times,
            "skip": self.skip,
            "operation": self.operation,
            "path": self.path,
            "model": self.model,
            "contains": self.contains,
            "account": self.account,
            "probability": self.probability,
        }


class FaultQueue:
    """The planned faults of one server: `planned` has those that are left, in the order in which they were planned."""

    def __init__(self, seed: int = 0) -> None:
        self.planned: list[PlannedFault] = []
        self._made = 0
        self._seed = seed

    def plan(
        self,
        *steps: Fault | None,
        times: int = 1,
        skip: int = 0,
        operation: str | None = None,
        path: str | None = None,
        model: str | None = None,
        contains: str | None = None,
        account: str | None = None,
        probability: float = 1.0,
        seed: int | None = None,
    ) -> PlannedFault:
        """Plan faults for the next matching requests, one step for each of them. Raises ApiError 400."""
        if not 1 <= len(steps) <= MOST_STEPS:
            raise invalid_value("body/sequence", f"{len(steps)} steps are not from 1 to {MOST_STEPS}")
        _check_numbers({"times": times, "skip": skip, "seed": seed}, {"times": 1, "skip": 0})
        _check_texts({"path": path, "model": model, "contains": contains})
        _check_chance(probability)
        for step in steps:
            job = step is not None and FAULTS[step.name].applies_to == "job"
            if job and not fnmatchcase(JOB_OPERATION, operation or "*"):
                raise invalid_value("body/operation", f"the fault waits for a new video, {JOB_OPERATION}")
        if len(self.planned) >= MOST_PLANNED:
            raise invalid_value("body/fault", f"{MOST_PLANNED} faults are planned already; no more can be")
        self._made += 1
        planned = PlannedFault(
            id=self._made,
            steps=steps,
            times=times,
            skip=skip,
            operation=operation,
            path=path,
            model=model,
            contains=contains,
            account=account,
            probability=probability,
            chance=random.Random(
                f"fault:{self._seed if seed is None else seed}:{self._made if seed is None else 0}"
            ),
        )
        self.planned.append(planned)
        return planned

    def take(self, operation: Operation | None, subject: Subject) -> list[Fault]:
        """The faults for this request. Of several plans for the same fault the first is used up before the next, and
        of several sequences the first is played before the next.
        """
        taken: dict[str, Fault] = {}
        playing = False
        for planned in self.planned:
            fault, sequence = planned.fault, len(planned.steps) > 1
            if (playing and sequence) or (fault is not None and fault.name in taken):
                continue
            if not planned.matches(operation, subject):
                continue
            playing = playing or sequence
            if not planned.strikes():
                continue
            planned.advance()
            if fault is not None:
                taken[fault.name] = fault
        self.planned = [planned for planned in self.planned if planned.times > 0]
        return list(taken.values())

    def clear(self, account: str | None = None) -> None:
        """Remove all planned faults, or those for one account."""
        self.planned = [each for each in self.planned if account is not None and each.account != account]

    def pending(self) -> list[dict[str, Any]]:
        """The planned faults that are left, in order."""
        return [planned.as_dict() for planned in self.planned]


def _check_numbers(given: dict[str, Any], least: dict[str, int]) -> None:
    """Raise ApiError 400 for what is no whole number; without a least value, None is one."""
    for name, value in given.items():
        if value is None and name not in least:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < least.get(name, value):
            bound = f" from {least[name]}" if name in least else ""
            raise invalid_value(f"body/{name}", f"{value!r} is not a whole number{bound}")


def _check_texts(given: dict[str, Any]) -> None:
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise invalid_value(f"body/{name}", f"{value!r} is not a text")


def _check_chance(given: Any) -> None:
    if not isinstance(given, (int, float)) or not 0 < given <= 1:
        raise invalid_value("body/probability", f"{given!r} is not a number above 0, up to 1")


def by_name(faults: Iterable[Fault]) -> dict[str, Fault]:
    """Faults by their names; of several with one name the last counts."""
    return {fault.name: fault for fault in faults}
