"""Every known `x-` key: where it is allowed, and what checks its form: that which reads it, where there is such."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..description.exceptions import read_codes, read_statuses
from ..description.operation_extensions import read_facade, read_poll, read_provider_rules, read_retry
from ..description.streams import read_terminal
from ..source.json_types import is_array
from ..source.node import Node, Resolver, describe_value
from ..source.problems import Problem, SpecRefused
from .walk import Kind, walk


@dataclass(frozen=True)
class Extension:
    """An `x-` key: the kinds of objects that may have it, its purpose, and a check that raises on a wrong form."""

    kinds: frozenset[Kind]
    purpose: str
    check: Callable[[Node], object]


def _expect(test: Callable[[Any], bool], form: str) -> Callable[[Node], None]:
    def check(node: Node) -> None:
        if not test(node.value):
            raise node.refuse(f"`{node.pointer[-1]}` has to be {form}, found {describe_value(node.value)}")

    return check


def _media_limit(node: Node) -> None:
    for name, entry in node.items():
        if isinstance(entry.value, bool) or not isinstance(entry.value, int) or entry.value <= 0:
            raise entry.refuse(f"{name} is a number of bytes above zero, found {describe_value(entry.value)}")


def _read_with_the_rest(node: Node) -> None:
    """Its form is checked where it is read, which every description does."""


_FLAG = _expect(lambda value: isinstance(value, bool), "true or false")
_TEXT = _expect(lambda value: isinstance(value, str) and bool(value.strip()), "a sentence")
_NAMES = _expect(
    lambda value: is_array(value) and bool(value) and all(isinstance(name, str) for name in value),
    "a list of names",
)
_MOMENT = _expect(lambda value: value in ("date-time", "date"), "date-time or date")
_VALUE = _expect(lambda value: value is not None, "a value")


def _extension(purpose: str, check: Callable[[Node], object], *kinds: Kind) -> Extension:
    return Extension(frozenset(kinds), purpose, check)


EXTENSIONS: dict[str, Extension] = {
    "x-facade": _extension(
        "methods of the documented client made from this operation", read_facade, "operation"
    ),
    "x-retry": _extension("what a retry may cost", read_retry, "operation"),
    "x-idempotency-key": _extension("all attempts of a call carry one Idempotency-Key", _FLAG, "operation"),
    "x-stream": _extension("the operation can answer with server-sent events", read_terminal, "operation"),
    "x-provider-rules": _extension("changes to the body by provider", read_provider_rules, "operation"),
    "x-poll": _extension("the operation reports on a job", read_poll, "operation"),
    "x-strict-success": _extension(
        "an empty body, or `success: false`, is a failure under any status", _FLAG, "operation"
    ),
    "x-token-exchange": _extension("the answer is a token", _FLAG, "operation"),
    "x-error-statuses": _extension("status -> exception", read_statuses, "operation", "schema"),
    "x-error-codes": _extension("error code -> exception", read_codes, "schema"),
    "x-exceptions": _extension("the tree of exceptions", _read_with_the_rest, "components"),
    "x-source": _extension(
        "the documents that are the source of this", _TEXT, "operation", "schema", "parameter", "response"
    ),
    "x-allow-slash": _extension("a path parameter that may hold `/`", _FLAG, "parameter"),
    "x-client-default": _extension(
        "what the client sends when the caller passes nothing", _VALUE, "schema", "parameter"
    ),
    "x-secret": _extension(
        "the value is never shown", _FLAG, "schema", "parameter", "security scheme", "header"
    ),
    "x-media-limit": _extension(
        "documented sizes in bytes", _media_limit, "schema", "media type", "request body"
    ),
    "x-renamed-from": _extension(
        "a former name, kept as a deprecated alias", _read_with_the_rest, "schema", "parameter"
    ),
    "x-open-enum": _extension("false: values outside the enum are refused before sending", _FLAG, "schema"),
    "x-format": _extension(
        "read as this format, although `format` would exclude some values", _MOMENT, "schema"
    ),
    "x-response-shapes": _extension("schemas that a server may send in place of this one", _NAMES, "schema"),
}


def _one(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def check_extensions(resolver: Resolver) -> Iterator[Problem]:
    """A problem for each `x-` key that is unknown, misplaced or of the wrong form."""
    for part in walk(resolver):
        for key, node in part.node.items():
            if not key.startswith("x-"):
                continue
            extension = EXTENSIONS.get(key)
            if extension is None:
                near = ", ".join(sorted(EXTENSIONS))
                yield node.problem(f"unknown extension `{key}`; known: {near}")
            elif part.kind not in extension.kinds:
                places = " or ".join(_one(kind) for kind in sorted(extension.kinds))
                yield node.problem(f"`{key}` belongs to {places}, not to {_one(part.kind)}")
            else:
                try:
                    extension.check(node)
                except SpecRefused as refusal:
                    yield from refusal.problems
