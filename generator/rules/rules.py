"""Checks that OpenAPI's schema cannot express: names in `x-` keys exist, and defaults fit their fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..description.model import OperationSpec
from ..description.read import Reading
from ..schema.annotations import renamed_from
from ..schema.components import Components
from ..schema.shapes import (
    MISSING,
    ArrayShape,
    BooleanShape,
    ConstShape,
    EnumShape,
    FieldShape,
    MapShape,
    NumberShape,
    ObjectShape,
    RefShape,
    Shape,
    StringShape,
    TupleShape,
    UnionShape,
)
from ..source.json_types import is_array, is_object
from ..source.node import Node, describe_value
from ..source.problems import Problem

_MEND = "change it or the schema, or leave it out"


def check_rules(reading: Reading) -> list[Problem]:
    """Every broken rule. Defaults that do not fit their schemas are removed, so that the rest can be generated."""
    return [*_defaults(reading), *_operations(reading), *_shapes(reading)]


# ── defaults ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _defaults(reading: Reading) -> list[Problem]:
    components = reading.components
    found: list[Problem] = []

    def fits(node: Node, what: str, value: Any, shape: Shape) -> bool:
        if value is MISSING or accepts(shape, value, components):
            return True
        found.append(node.problem(f"{what} does not fit its schema: {describe_value(value)}; {_MEND}"))
        return False

    def sound(node: Node, shape: Shape, wire: str) -> Shape:
        own = shape.annotations
        if not fits(node, f"the default of {wire}", own.default, shape):
            own = replace(own, default=MISSING)
        if not fits(node, f"`x-client-default` of {wire}", own.client_default, shape):
            own = replace(own, client_default=MISSING)
        return shape if own is shape.annotations else replace(shape, annotations=own)

    for component in components:
        shape = component.meaning
        if isinstance(shape, ObjectShape):
            fields = (
                replace(field, shape=sound(field.node, field.shape, field.wire)) for field in shape.fields
            )
            component.shape = replace(shape, fields=tuple(fields))
    for operation in reading.description.operations:
        for parameter in operation.parameters:
            node, wire = parameter.node, parameter.wire
            parameter.shape = sound(node, parameter.shape, wire)
            if not fits(node, f"`x-client-default` of {wire}", parameter.client_default, parameter.shape):
                parameter.client_default = MISSING
        known = _body_fields(operation, components)
        for facade in operation.facade:
            for name, value in facade.defaults.items():
                if name in known:
                    place = facade.node.child("defaults").child(name)
                    fits(place, f"the default of {name}", value, known[name].shape)
    return found


def accepts(shape: Shape, value: Any, components: Components) -> bool:
    """Whether a value is of the shape's kind and within its enum and its bounds."""
    if value is None:
        return True  # an explicit "no default"
    match shape:
        case RefShape(name=name):
            return accepts(components[name].meaning, value, components)
        case UnionShape(variants=variants):
            return any(accepts(variant, value, components) for variant in variants)
        case BooleanShape():
            return isinstance(value, bool)
        case StringShape():
            return isinstance(value, str)
        case NumberShape(integer=integer, bounds=bounds):
            if (
                isinstance(value, bool)
                or not isinstance(value, (int, float))
                or (integer and value != int(value))
            ):
                return False
            limits = dict(bounds)
            return bool(limits.get("minimum", value) <= value <= limits.get("maximum", value))
        case EnumShape(values=values) as enum:
            return value in values or (enum.open and any(type(value) is type(known) for known in values))
        case ConstShape(value=const):
            return bool(value == const)
        case ArrayShape(items=items):
            return is_array(value) and all(accepts(items, item, components) for item in value)
        case TupleShape():
            members = (*shape.places, *([shape.rest] * len(value) if shape.rest is not None else []))
            return is_array(value) and all(
                accepts(member, item, components) for member, item in zip(members, value, strict=False)
            )
        case MapShape() | ObjectShape():
            return is_object(value)
        case _:
            return True


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _body_fields(operation: OperationSpec, components: Components) -> dict[str, FieldShape]:
    found: dict[str, FieldShape] = {}
    for body in operation.bodies:
        target = components.resolve(body.shape)
        if isinstance(target, ObjectShape):
            found.update((field.wire, field) for field in target.fields)
    return found


def _operations(reading: Reading) -> Iterator[Problem]:
    ids = {operation.id for operation in reading.description.operations}
    exceptions = {exception.name for exception in reading.description.exceptions}
    for operation in reading.description.operations:
        fields = _body_fields(operation, reading.components)
        stream = operation.stream
        if stream is not None:
            place = operation.node.get("x-stream") or operation.node
            if stream.parameter is not None and stream.parameter not in fields:
                yield place.problem(
                    f"`parameter` is {stream.parameter!r}, which the body of {operation.id} does not have"
                )
            if stream.stop is not None and stream.stop not in ids:
                yield place.problem(f"`stop` is {stream.stop!r}, which is not an operation")
        for status, name in operation.error_statuses.items():
            if name not in exceptions:
                place = operation.node.child("x-error-statuses")
                yield place.problem(f"{status} means {name!r}, which is not in `x-exceptions`")
        yield from _poll(operation, reading)
        for provider, rule in (operation.provider_rules or {}).items():
            place = operation.node.child("x-provider-rules").child(provider)
            replaced: dict[str, Any] = rule.get("replace") or {}
            named: list[str] = [*(rule.get("drop") or []), *replaced]
            named.extend(change["field"] for change in replaced.values())
            for name in named:
                if name not in fields:
                    yield place.problem(f"{name!r} is not a field of the body of {operation.id}")


def check_streams(reading: Reading) -> Iterator[Problem]:
    """A problem for each answer that is a stream, and that the documented client could not tell from other answers."""
    for operation in reading.description.operations:
        for answer in operation.answers:
            if answer.framing:
                yield answer.node.problem(
                    f"{operation.id} answers with {answer.media_type} or in another way; "
                    "add `x-stream` with the `parameter` that asks for it"
                )
            elif "itemSchema" in answer.node.value:
                yield answer.node.problem(
                    f"{operation.id} answers with a sequence of values as {answer.media_type}, which is not supported"
                )


def check_front_door(reading: Reading, front_door: Mapping[str, str]) -> Iterator[Problem]:
    """A problem for each renamed schema whose class the layer above extends, which imports it by its former name."""
    for component in reading.components:
        for former in renamed_from(component.node):
            if former in front_door:
                yield component.node.problem(
                    f"{component.wire} was {former}, whose class {front_door[former]} extends; "
                    "keep the name: no request or answer contains it"
                )


def _poll(operation: OperationSpec, reading: Reading) -> Iterator[Problem]:
    if operation.poll is None:
        return
    place = operation.node.child("x-poll")
    name = operation.poll["status"]
    for answer in operation.answers:
        target = reading.components.resolve(answer.shape) if answer.shape is not None else None
        if not isinstance(target, ObjectShape):
            continue
        field = next((field for field in target.fields if field.wire == name), None)
        if field is None:
            yield place.problem(f"`status` is {name!r}, which the answer of {operation.id} does not have")
            continue
        meaning = reading.components.resolve(field.shape)
        if isinstance(meaning, EnumShape):
            listed = [value for key in ("done", "failed", "pending") for value in operation.poll[key]]
            for value in listed:
                if value not in meaning.values:
                    yield place.problem(f"{value!r} is none of the states of {name}")
            for value in meaning.values:
                if value not in listed:
                    yield place.problem(f"the state {value!r} of {name} is neither done, failed nor pending")


def _shapes(reading: Reading) -> Iterator[Problem]:
    for component in reading.components:
        shape = component.meaning
        for wire in shape.response_shapes if isinstance(shape, ObjectShape) else ():
            if reading.components.by_wire(wire) is None:
                yield component.node.problem(f"`x-response-shapes` names {wire!r}, which is not a schema")
