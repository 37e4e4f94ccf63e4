"""Requests and answers held against the spec's schemas, with every problem named by its path.

Validators are compiled when they are first needed and kept, for compiling all of them would double the start-up time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, cast

from ..base.json import DecodeError, dumps, is_list, is_object, loads
from .document import Operation, Parameter, Spec
from .events import event_schemas

BASE = "urn:indoxrouter:spec"
SENT = "urn:indoxrouter:spec-as-sent"
MOST_FINDINGS = 100
BOUNDS = (
    *("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf", "format", "pattern"),
    *("maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties", "uniqueItems"),
)
"""Keywords that a value breaks although it is of the right kind."""
MOST_LEVELS = 8
"""Unions within unions that a problem is looked for in."""
MOST_OPTIONS = 50
"""Values of which a member must have one, up to which an error message lists them all."""
SHOWN = 60
"""Characters of an offending value that an error message shows."""


class _Validator(Protocol):
    def is_valid(self, instance: Any) -> bool: ...
    def iter_errors(self, instance: Any) -> Any: ...


@dataclass(slots=True, frozen=True)
class Finding:
    """One thing wrong: where (`body/messages/0/role`), what, and the keyword of the schema that says so.

    `names` are the pieces of the path below its first one, indices as numbers; None where only the path is known.
    """

    path: str
    message: str
    keyword: str
    names: tuple[str | int, ...] | None = None

    def as_dict(self) -> dict[str, str]:
        """The finding as `details.problems` shows it."""
        return {"path": self.path, "message": self.message, "type": self.keyword}


class Validators:
    """The compiled schemas of one spec, by JSON pointer."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._registry: Any = None
        self._compiled: dict[tuple[str, str], _Validator] = {}
        self._events: dict[str, list[_Validator]] = {}

    def at(self, pointer: str, *, sent: bool = False) -> _Validator:
        """The schema at `pointer`; for what callers `sent`, without the demand for properties that are `readOnly`."""
        base = SENT if sent and self.spec.has_read_only else BASE
        found = self._compiled.get((base, pointer))
        if found is None:
            import jsonschema_rs  # takes 35 ms, and a server is ready before its first request

            if self._registry is None:
                documents = [(BASE, self.spec.document)]
                if self.spec.has_read_only:
                    documents.append((SENT, _as_sent(self.spec.document)))
                self._registry = jsonschema_rs.Registry(documents)
            found = cast(
                "_Validator",
                jsonschema_rs.Draft202012Validator(
                    {"$ref": f"{base}#{_in_url(pointer)}"}, registry=self._registry, validate_formats=True
                ),
            )
            self._compiled[base, pointer] = found
        return found

    def findings(self, pointer: str, value: Any, where: str, *, sent: bool = False) -> list[Finding]:
        """Everything wrong with a value by the schema at `pointer`; the empty list when it is valid."""
        validator = self.at(pointer, sent=sent)
        return [] if validator.is_valid(value) else self._all_findings(validator, value, where)

    def own_findings(self, name: str, schema: dict[str, Any], value: Any, where: str) -> list[Finding]:
        """The same by a schema of the mock's own, which is compiled once under its name."""
        found = self._compiled.get(("own", name))
        if found is None:
            import jsonschema_rs  # takes 35 ms, and a server is ready before its first request

            found = cast("_Validator", jsonschema_rs.Draft202012Validator(schema))
            self._compiled["own", name] = found
        return [] if found.is_valid(value) else self._all_findings(found, value, where)

    def _all_findings(self, validator: _Validator, value: Any, where: str) -> list[Finding]:
        errors = islice(validator.iter_errors(value), MOST_FINDINGS)
        found = [self._finding(error, value, where) for error in errors]
        return found or [Finding(where, "does not fit its schema", "schema")]

    def fits_event(self, pointer: str, data: Any) -> bool:
        """Whether the data of an event fits one of its schemas, given the pointer under `text/event-stream`."""
        found = self._events.get(pointer)
        if found is None:
            found = self._events[pointer] = [
                self.at(one.pointer) for one in event_schemas(self.spec, pointer)
            ]
        return any(validator.is_valid(data) for validator in found)

    def _finding(self, error: Any, value: Any, where: str) -> Finding:
        error = _innermost(error)
        missing = (
            getattr(error.kind, "property", None) if type(error.kind).__name__.endswith("Required") else None
        )
        below = [*_steps(value, error.instance_path), *([missing] if isinstance(missing, str) else [])]
        path = "/".join([where, *map(str, below)])
        names = (*where.split("/")[1:], *below)
        keyword = str(error.schema_path[-1]) if error.schema_path else "schema"
        if isinstance(missing, str):
            message = "is required"
        elif self._touches_secret(error):
            message = "the value given does not fit its schema (not shown: it is or holds a secret)"
        elif getattr(error.kind, "types", None) == ["null"]:
            message = "is not mocked: leave it out, or send null"
        elif is_list(options := getattr(error.kind, "options", None)) and len(options) <= MOST_OPTIONS:
            shown = _shown(dumps(error.instance).decode())
            message = f"{shown} is not one of {', '.join(dumps(each).decode() for each in options)}"
        else:
            message = _shortened(error)
        return Finding(path, message, keyword, names)

    def _touches_secret(self, error: Any) -> bool:
        names = self.spec.secret_names
        if any(part in names for part in error.instance_path):
            return True
        instance = error.instance
        return is_object(instance) and any(instance.get(name) is not None for name in names)


def _innermost(error: Any) -> Any:
    """The problem of a value that fits none of several schemas, by the schema that it fits best.

    That is one of which the value only breaks a bound; else the schema whose first problem is deepest, or of several
    such the one with the fewest problems. The error itself where no problem is deeper.
    """
    for _ in range(MOST_LEVELS):
        alternatives = [errors for errors in getattr(error.kind, "context", None) or () if errors]
        deeper = [errors for errors in alternatives if all(_breaks_bound(each) for each in errors)] or [
            errors for errors in alternatives if _depth(errors[0]) > _depth(error)
        ]
        if not deeper:
            return error
        error = max(deeper, key=_closeness)[0]
    return error


def _closeness(errors: list[Any]) -> tuple[int, bool, int]:
    """How well a value fits one of several schemas, given its problems by that schema; the highest fits best.

    Of two schemas with problems equally deep, the value fits the one whose fixed values, such as `type`, it has.
    """
    fixed = any(error.schema_path and error.schema_path[-1] in ("const", "enum") for error in errors)
    return _depth(errors[0]), not fixed, -len(errors)


def _breaks_bound(error: Any) -> bool:
    return bool(error.schema_path) and error.schema_path[-1] in BOUNDS


def _steps(value: Any, path: Iterable[str | int]) -> Iterator[str | int]:
    """The steps from a value to a place in it: the validator gives the name of a member as a number if it is digits."""
    for step in path:
        if is_list(value) and isinstance(step, int):
            yield step
            value = value[step]
            continue
        members: dict[str, Any] = value if is_object(value) else {}
        name = str(step)
        if name not in members:  # the zeros at its start are lost
            name = next((each for each in members if each and each.lstrip("0") == name.lstrip("0")), name)
        yield name
        value = members.get(name)


def _depth(error: Any) -> int:
    """How many pieces the place of a problem has; a property that is missing counts as one."""
    return len(error.instance_path) + (getattr(error.kind, "property", None) is not None)


def _as_sent(value: Any) -> Any:
    """The document as it holds for requests: OpenAPI lets callers leave out a required property that is `readOnly`."""
    if is_list(value):
        return [_as_sent(item) for item in value]
    if not is_object(value):
        return value
    properties = value.get("properties")
    required = value.get("required")
    held = {key: _as_sent(item) for key, item in value.items()}
    if is_object(properties) and is_list(required):
        read_only = {
            name for name, part in properties.items() if is_object(part) and part.get("readOnly") is True
        }
        held["required"] = [name for name in required if name not in read_only]
    return held


def _shortened(error: Any) -> str:
    """The validator's message with a long value cut down, whatever its length: bodies may be 100 MB."""
    return _shown(str(error.message))


def _shown(text: str) -> str:
    return f"{text[:SHOWN]} … {text[-SHOWN:]}" if len(text) > 2 * SHOWN + 80 else text


def _in_url(pointer: str) -> str:
    """A JSON pointer as a URL fragment: the few characters a fragment can't hold are percent-encoded."""
    return re.sub(
        r"[^A-Za-z0-9/~._$!&'()*+,;=:@?-]",
        lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()),
        pointer,
    )


def read_parameters(
    operation: Operation,
    validators: Validators,
    place: str,
    given: dict[str, list[str]],
) -> tuple[dict[str, Any], list[Finding]]:
    """Turn the text of one place's parameters (`path`, `query`, `header`, `cookie`) into values and check them."""
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    for parameter in operation.parameters:
        if parameter.place != place:
            continue
        texts = given.get(parameter.name.lower() if place == "header" else parameter.name)
        where = f"{place}/{parameter.name}"
        if not texts:
            if parameter.required:
                findings.append(Finding(where, "is required", "required"))
            elif "default" in parameter.schema:
                values[parameter.name] = parameter.schema["default"]
            continue
        kinds = _kinds(parameter.schema)
        if parameter.json:
            try:
                values[parameter.name] = loads(texts[0].encode())
            except DecodeError:
                findings.append(Finding(where, "is not JSON", "json"))
            else:
                findings += validators.findings(parameter.pointer, values[parameter.name], where)
            continue
        if len(texts) > 1 and "array" not in kinds:
            findings.append(Finding(where, f"was given {len(texts)} times", "type"))
            continue
        value = _typed(texts, kinds, parameter)
        problems = validators.findings(parameter.pointer, value, where)
        if problems and parameter.name in validators.spec.secret_names:
            problems = [Finding(where, "does not fit its schema (not shown: it is a secret)", "schema")]
        findings += problems
        values[parameter.name] = value
    return values, findings


def _kinds(schema: dict[str, Any]) -> set[str]:
    """The JSON types a schema allows at its top, through `oneOf` and `anyOf`."""
    kinds = schema.get("type", [])
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    for keyword in ("oneOf", "anyOf", "allOf"):
        for part in schema.get(keyword, ()):
            found |= _kinds(part)
    return found


def _typed(texts: list[str], kinds: set[str], parameter: Parameter) -> Any:
    if "array" in kinds:
        items = parameter.schema.get("items", {})
        pieces = texts if len(texts) > 1 else texts[0].split(",")
        return [_scalar(piece, _kinds(items)) for piece in pieces]
    return _scalar(texts[0], kinds)


def _scalar(text: str, kinds: set[str]) -> Any:
    """One text as the most specific type that the schema allows and the text has; else the text, for the schema to
    refuse.
    """
    if "integer" in kinds and re.fullmatch(r"[+-]?\d{1,4000}", text, re.ASCII):
        return int(text)
    if "number" in kinds and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII):
        return float(text)
    if "boolean" in kinds and text in ("true", "false", "1", "0", "True", "False"):
        return text in ("true", "1", "True")
    if "null" in kinds and text == "null":
        return None
    return text


def properties_of(schema: dict[str, Any], spec: Spec) -> dict[str, Any]:
    """The properties of a schema and of those that it is composed of."""
    found: dict[str, Any] = {}
    for part in (*(spec.resolve(item)[0] for item in schema.get("allOf", ())), schema):
        found.update(part.get("properties", {}))
    return found


def typed_form(schema: dict[str, Any], spec: Spec, fields: dict[str, list[str]]) -> dict[str, Any]:
    """The text fields of a form as the types that the schema's properties ask for. A repeated field is a list."""
    properties = properties_of(schema, spec)
    found: dict[str, Any] = {}
    for name, texts in fields.items():
        declared, _ = spec.resolve(properties.get(name, {}))
        kinds: set[str] = set()
        if is_object(declared):
            kinds |= _kinds(declared)
            for option in (*declared.get("oneOf", ()), *declared.get("anyOf", ())):
                kinds |= _kinds(spec.resolve(option)[0])
        if texts[0] in ("0", "1"):  # a number, not a flag: in a form those are `true` and `false`
            kinds.discard("boolean")
        if "array" in kinds or len(texts) > 1:
            found[name] = [_scalar(text, kinds - {"array"}) for text in texts]
        else:
            found[name] = _scalar(texts[0], kinds)
    return found
