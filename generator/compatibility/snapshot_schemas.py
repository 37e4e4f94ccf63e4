"""Schemas in a portrait: classes, fields, the values of enums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..python.build_models import nullable
from ..python.build_operations import body_fields
from ..python.py_source import Needs
from ..schema.annotations import renamed_from
from ..schema.names import constant, field_names, pascal
from ..schema.shapes import (
    ArrayShape,
    Component,
    EnumShape,
    FieldShape,
    MapShape,
    ObjectShape,
    RefShape,
    Shape,
    UnionShape,
)
from ..source.node import Node
from .snapshot import Entry, Sitting, pieces, shown


def paint_schema(sitting: Sitting, component: Component) -> None:
    """A component with its fields or its values."""
    key = f"schema {component.name}"
    meaning = component.meaning
    names = [f"{sitting.package}.models.{component.name}"]
    if component.name in sitting.writers.params:
        names.append(f"{sitting.package}.params.{sitting.writers.params[component.name]}")
    facts: dict[str, Any] = {"kind": component.kind, "deprecated": meaning.notes.deprecated}
    sent = component.name in sitting.sent
    if component.kind == "alias":
        facts["type"] = pieces(sitting.writers.annotations.read(meaning, Needs()))
        if sent:
            facts["written"] = pieces(sitting.writers.annotations.write(meaning, Needs()))
    if isinstance(meaning, ObjectShape):
        facts["closed"] = meaning.additional is None
    entry = Entry(
        "schema",
        key,
        "",
        component.wire,
        tuple(names),
        facts,
        component.node,
        sent=sent,
        received=component.name in sitting.received,
        former=() if component.lifted else tuple(pascal(name) for name in meaning.notes.renamed_from),
    )
    sitting.portrait.add(entry)
    if isinstance(meaning, ObjectShape):
        python = field_names([one.wire for one in meaning.fields])
        arguments = _arguments_from(sitting, component.name)
        for one in meaning.fields:
            _field(sitting, entry, one, python[one.wire], arguments.get(one.wire, ()))
    elif component.kind == "enum":
        paint_values(sitting, meaning, entry, named=True)


def _arguments_from(sitting: Sitting, model: str) -> dict[str, tuple[str, ...]]:
    """Which methods take the fields of a model as their arguments, by field."""
    found: dict[str, tuple[str, ...]] = {}
    for operation in sitting.reading.description.operations:
        body = operation.bodies[0].shape if operation.bodies else None
        if not isinstance(body, RefShape) or body.name != model:
            continue
        attribute = f"client.api.{operation.tag_name}.{operation.name}"
        for name, one in body_fields(operation, sitting.writers):
            methods = [f"client.{f.name}({f.rename.get(one.wire, name)}=)" for f in operation.facade]
            found[one.wire] = (*found.get(one.wire, ()), *methods, f"{attribute}({name}=)")
    return found


def _field(sitting: Sitting, owner: Entry, one: FieldShape, python: str, arguments: tuple[str, ...]) -> None:
    notes = one.shape.notes
    read = pieces(sitting.writers.annotations.read(one.shape, Needs()))
    sent = owner.sent and not notes.read_only
    facts: dict[str, Any] = {
        "type": read if one.required else tuple(dict.fromkeys((*read, "None"))),
        "required": one.required,
        "nullable": nullable(one.shape, sitting.reading.components),
        "python": python,
        "bounds": sitting.bounds(one.shape),
        "sent by default": shown(notes.client_default),
        "assumed": shown(notes.default),
        "deprecated": notes.deprecated,
        "read only": notes.read_only,
    }
    if sent:
        facts["written"] = pieces(sitting.writers.annotations.write(one.shape, Needs()))
    entry = Entry(
        "field",
        f"{owner.key} field {one.wire}",
        owner.key,
        f"{owner.name}.{one.wire}",
        (f"{owner.python[0]}.{python}", *dict.fromkeys(arguments)),
        facts,
        one.node,
        sent=sent,
        received=owner.received and not notes.write_only,
        former=tuple(name for node in one.nodes for name in _former(node)),
    )
    sitting.portrait.add(entry)
    paint_values(sitting, one.shape, entry)


def _former(node: Node) -> tuple[str, ...]:
    return renamed_from(node) if isinstance(node.value, dict) else ()


def paint_values(sitting: Sitting, shape: Shape, owner: Entry, *, named: bool = False) -> None:
    """The values of the enums that stand in a shape itself, not in the components that it refers to."""
    for enum in _enums(shape):
        for value in enum.values:
            names = (f"{owner.python[0]}.{constant(str(value))}",) if named else owner.python
            sitting.portrait.add(
                Entry(
                    "value",
                    f"{owner.key} value {value!r}",
                    owner.key,
                    f"{owner.name}: {value!r}",
                    names,
                    {"open": enum.open, "named": named},
                    owner.node,
                    sent=owner.sent,
                    received=owner.received,
                )
            )


def _enums(shape: Shape) -> Iterator[EnumShape]:
    match shape:
        case EnumShape():
            yield shape
        case ArrayShape(items=inner) | MapShape(values=inner):
            yield from _enums(inner)
        case UnionShape(variants=variants):
            for variant in variants:
                yield from _enums(variant)
        case _:
            pass


__all__ = ["paint_schema", "paint_values"]
