"""Arrays and objects: items, declared properties and additional ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..source.json_types import is_array, is_object
from ..source.node import Node, describe_value
from .annotations import annotations_of, renamed_from
from .conjuncts import conjuncts_of
from .context import SchemaContext, ShapeReader
from .keywords import shaping
from .names import pascal
from .shapes import (
    Annotations,
    AnyShape,
    ArrayShape,
    Bounds,
    FieldShape,
    MapShape,
    ObjectShape,
    Patterns,
    RefShape,
    Shape,
    TupleShape,
    UnionShape,
)


def array_of(reader: ShapeReader, conjuncts: list[Node], context: SchemaContext) -> Shape:
    """A list, or a tuple where the places have schemas of their own (`prefixItems`)."""
    items = [conjunct.child("items") for conjunct in conjuncts if "items" in conjunct.value]
    closed = any(node.value is False for node in items)
    items = [node for node in items if node.value is not False]
    limits: list[tuple[str, Any]] = []
    for word, name, strictest in (("minItems", "min_items", max), ("maxItems", "max_items", min)):
        given = [conjunct.value[word] for conjunct in conjuncts if isinstance(conjunct.value.get(word), int)]
        if given and not (word == "minItems" and strictest(given) == 0):
            limits.append((name, strictest(given)))
    prefix = next(
        (conjunct.child("prefixItems") for conjunct in conjuncts if "prefixItems" in conjunct.value), None
    )
    if prefix is not None and prefix.value:
        places = [
            reader.shape(place, f"{context.hint}Item{number}")
            for number, place in enumerate(prefix.elements(), 1)
        ]
        most = dict(limits).get("max_items")
        full = closed or (most is not None and most <= len(places))
        rest = None if full else _item(reader, items, replace(context, hint=f"{context.hint}Rest"))
        return TupleShape(*context.base, places=tuple(places), rest=rest, bounds=Bounds(tuple(limits)))
    return ArrayShape(*context.base, items=_item(reader, items, context), bounds=Bounds(tuple(limits)))


def _item(reader: ShapeReader, items: list[Node], context: SchemaContext) -> Shape:
    # `items: {}` of a base that leaves them to those who extend it
    items = [item for item in items if item.value not in ({}, True)]
    if not items:
        return AnyShape(context.node)
    if len(items) == 1:
        return reader.shape(items[0], f"{context.hint}Item")
    together = [conjunct for item in items for conjunct in conjuncts_of(reader.resolver, item)]
    return reader.combine(
        together, SchemaContext(items[-1], annotations_of(items[-1]), f"{context.hint}Item")
    )


def object_of(reader: ShapeReader, conjuncts: list[Node], context: SchemaContext) -> Shape:
    """An object with declared properties, lifted out where it has no name; else a map."""
    declared: dict[str, list[Node]] = {}
    required: dict[str, Node] = {}
    for conjunct in conjuncts:
        for wire, schema in reader.resolver.items_at(conjunct, "properties"):
            declared.setdefault(wire, []).append(schema)
        listed = conjunct.get("required")
        if listed is not None and is_array(listed.value):
            required.update((str(element.value), element) for element in listed.elements())
        # JSON Schema once had a boolean here, in the schema of a property.
        elif listed is not None and not isinstance(listed.value, bool):
            raise listed.refuse(
                f"`required` has to be a list of names, found {describe_value(listed.value)}; write it as one"
            )
    # A property that narrows one of a base to the class itself combines what this object does.
    together = frozenset(conjunct.key for conjunct in conjuncts)
    begun = reader.components.begun.get(together)
    if declared and context.root:
        reader.components.begun[together] = reader.components[context.hint]
    elif declared and begun is not None and begun.shape is None:
        return RefShape(*context.base, name=begun.name)
    elif declared:
        component = reader.components.lift(context.node, context.hint, conjuncts)
        if component.shape is None:
            component.shape = object_of(
                reader, conjuncts, replace(context, hint=component.name, root=True, nullable=False)
            )
        return RefShape(*context.base, name=component.name)
    additional, patterns = _additional(reader, conjuncts, context)
    if not declared:
        return MapShape(*context.base, values=additional or AnyShape(context.node), patterns=patterns)
    fields: list[FieldShape] = []
    for wire, schemas in declared.items():
        shape = _property(reader, wire, schemas, context.hint)
        former = dict.fromkeys(name for schema in schemas for name in renamed_from(schema))
        fields.append(FieldShape(wire, shape, wire in required, tuple(schemas), tuple(former)))
    for wire, element in required.items():
        if wire not in declared:  # promised without a schema: any value, but promised
            fields.append(FieldShape(wire, AnyShape(element), True, (element,)))
    shapes = context.node.value.get("x-response-shapes") or () if is_object(context.node.value) else ()
    return ObjectShape(
        *context.base,
        fields=tuple(fields),
        additional=additional,
        patterns=patterns,
        declares_additional=any("additionalProperties" in c.value for c in conjuncts if is_object(c.value)),
        response_shapes=tuple(shapes),
    )


def _property(reader: ShapeReader, wire: str, schemas: list[Node], hint: str) -> Shape:
    """A property, which `allOf` may declare several times: then all of them hold."""
    name = hint + pascal(wire, "Field")
    if len(schemas) == 1:
        return reader.shape(schemas[0], name)
    if all(schema.value == schemas[0].value for schema in schemas):
        reader.components.duplicates.update((schema.key, schemas[0].key) for schema in schemas[1:])
        return reader.shape(schemas[0], name)
    annotations = Annotations()
    for schema in schemas:
        if is_object(schema.value):
            annotations = annotations_of(schema).over(annotations)
    references = [s for s in schemas if is_object(s.value) and shaping(s.value) == {"$ref"}]
    others = [s for s in schemas if s not in references and is_object(s.value) and shaping(s.value)]
    if references and not others and len({s.value["$ref"] for s in references}) == 1:
        return replace(reader.shape(references[0], name), annotations=annotations)
    together = [conjunct for schema in schemas for conjunct in conjuncts_of(reader.resolver, schema)]
    return reader.combine(together, SchemaContext(schemas[-1], annotations, name))


def _additional(
    reader: ShapeReader, conjuncts: list[Node], context: SchemaContext
) -> tuple[Shape | None, Patterns | None]:
    """The shape of keys that no schema names, None where there may be none; and the patterns among them."""
    by_pattern: list[tuple[str, Shape]] = []
    found: list[Shape] = []
    closed = False
    for conjunct in conjuncts:
        by_pattern.extend(
            (pattern, reader.shape(schema, f"{context.hint}Value"))
            for pattern, schema in conjunct.items_at("patternProperties")
        )
        others = conjunct.get("additionalProperties")
        closed = closed or (others is not None and others.value is False)
        if others is not None and not isinstance(others.value, bool):
            found.append(reader.shape(others, f"{context.hint}Value"))
    rest = None if closed else _either(found, context) or AnyShape(context.node)
    if not by_pattern:
        return rest, None
    shapes = [shape for _, shape in by_pattern]
    together = _either([*shapes, *([rest] if rest is not None else [])], context)
    return together, Patterns(tuple(by_pattern), rest)


def _either(shapes: list[Shape], context: SchemaContext) -> Shape | None:
    if any(isinstance(shape, AnyShape) for shape in shapes):
        return AnyShape(context.node)
    if len(shapes) < 2:
        return shapes[0] if shapes else None
    return UnionShape(context.node, variants=tuple(shapes))
