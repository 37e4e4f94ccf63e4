"""Schemas in a snapshot: classes, fields and the values of enums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..python.descriptors import body_fields
from ..schema.names import constant, field_names, pascal
from ..schema.shapes import (
    Component,
    EnumShape,
    FieldShape,
    MapShape,
    ObjectShape,
    RefShape,
    Shape,
    UnionShape,
    parts_of,
)
from .entry import SnapshotBuilder, SnapshotEntry, default_repr, union_members


def add_schema(builder: SnapshotBuilder, component: Component) -> None:
    """A component with its fields or its values."""
    key = f"schema {component.name}"
    meaning = component.meaning
    names = [f"{builder.package}.models.{component.name}"]
    if component.name in builder.context.params:
        names.append(f"{builder.package}.params.{builder.context.params[component.name]}")
    facts: dict[str, Any] = {
        "kind": component.kind,
        "deprecated": meaning.annotations.deprecated,
        "discriminator": discriminator_of(meaning),
    }
    sent = component.name in builder.sent
    if component.kind == "alias":
        facts["type"] = union_members(builder.read(meaning))
        if sent:
            facts["written"] = builder.written(meaning)
    if isinstance(meaning, ObjectShape):
        facts["closed"] = meaning.additional is None
        facts["received as"] = list(meaning.response_shapes)
        facts["patterns"] = _patterns(builder, meaning)
    former = () if component.lifted else tuple(pascal(name) for name in meaning.annotations.renamed_from)
    received = component.name in builder.received
    entry = builder.add(
        SnapshotEntry(
            "schema", key, component.wire, facts, component.node, "", tuple(names), sent, received, former
        )
    )
    if isinstance(meaning, ObjectShape):
        python = field_names([one.wire for one in meaning.fields])
        arguments = _arguments_from(builder, component.name)
        for one in meaning.fields:
            _field(builder, entry, one, python[one.wire], arguments.get(one.wire, ()))
    elif component.kind == "enum":
        add_values(builder, meaning, entry, named=True)


def discriminator_of(shape: Shape) -> dict[str, str]:
    """The property that distinguishes the members of a union, and the classes by its value."""
    match shape:
        case UnionShape(discriminator=name, mapping=mapping) if name is not None:
            return {"by": name, **dict(mapping)}
        case ObjectShape():
            return {}  # its fields have entries of their own
        case _:
            return {key: item for part in parts_of(shape) for key, item in discriminator_of(part).items()}


def _patterns(builder: SnapshotBuilder, shape: Shape) -> dict[str, str]:
    """The types of values by the patterns of their keys."""
    patterns = shape.patterns if isinstance(shape, (MapShape, ObjectShape)) else None
    return {
        f"`{pattern}`": builder.read(each)
        for pattern, each in (patterns.shapes if patterns is not None else ())
    }


def _arguments_from(builder: SnapshotBuilder, model: str) -> dict[str, tuple[str, ...]]:
    """Which methods take the fields of a model as their arguments, by field."""
    found: dict[str, tuple[str, ...]] = {}
    for operation in builder.reading.description.operations:
        body = operation.bodies[0].shape if operation.bodies else None
        if not isinstance(body, RefShape) or body.name != model:
            continue
        attribute = f"client.api.{operation.tag_name}.{operation.name}"
        for name, one in body_fields(operation, builder.context):
            methods = [f"client.{f.name}({f.rename.get(one.wire, name)}=)" for f in operation.facade]
            found[one.wire] = (*found.get(one.wire, ()), *methods, f"{attribute}({name}=)")
    return found


def _field(
    builder: SnapshotBuilder, owner: SnapshotEntry, one: FieldShape, python: str, arguments: tuple[str, ...]
) -> None:
    annotations = one.shape.annotations
    read = union_members(builder.read(one.shape))
    sent = owner.sent and not annotations.read_only
    facts: dict[str, Any] = {
        "type": read if one.required else tuple(dict.fromkeys((*read, "None"))),
        "required": one.required,
        "nullable": builder.reading.components.nullable(one.shape),
        "python": python,
        "bounds": builder.bounds(one.shape),
        "sent by default": default_repr(annotations.client_default),
        "assumed": default_repr(annotations.default),
        "deprecated": annotations.deprecated,
        "read only": annotations.read_only,
        "secret": annotations.secret,
        "sizes": dict(annotations.media_limit),
        "patterns": _patterns(builder, one.shape),
        "discriminator": discriminator_of(one.shape),
    }
    if sent:
        facts["written"] = builder.written(one.shape)
    entry = SnapshotEntry(
        "field",
        f"{owner.key} field {one.wire}",
        f"{owner.name}.{one.wire}",
        facts,
        one.node,
        owner.key,
        (f"{owner.python[0]}.{python}", *dict.fromkeys(arguments)),
        sent=sent,
        received=owner.received and not annotations.write_only,
        former=one.former,
        others=tuple((*node.pointer[:-2], "required") for node in one.nodes if len(node.pointer) > 2),
    )
    builder.add(entry)
    add_values(builder, one.shape, entry)


def add_values(builder: SnapshotBuilder, shape: Shape, owner: SnapshotEntry, *, named: bool = False) -> None:
    """Add the values of the enums inside a shape, not those of components that it refers to."""
    for enum in _enums(shape):
        for value in enum.values:
            names = (f"{owner.python[0]}.{constant(str(value))}",) if named else owner.python
            builder.add(
                SnapshotEntry(
                    "value",
                    f"{owner.key} value {value!r}",
                    f"{owner.name}: {value!r}",
                    {"open": enum.open, "named": named},
                    owner.node,
                    owner.key,
                    names,
                    owner.sent,
                    owner.received,
                )
            )


def _enums(shape: Shape) -> Iterator[EnumShape]:
    match shape:
        case EnumShape():
            yield shape
        case ObjectShape():
            pass
        case _:
            for part in parts_of(shape):
                yield from _enums(part)
