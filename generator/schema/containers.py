"""Arrays and objects: items, declared properties and additional ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..source.json_types import is_array, is_object
from ..source.node import Node
from .annotations import annotations_of
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
    RefShape,
    Shape,
    UnionShape,
)


def array_of(reader: ShapeReader, conjuncts: list[Node], context: SchemaContext) -> Shape:
    """A list; one whose places differ (`prefixItems`) is a list of a union."""
    items = [
        conjunct.child("items")
        for conjunct in conjuncts
        if "items" in conjunct.value and conjunct.value["items"] is not False
    ]
    limits: list[tuple[str, Any]] = []
    for word, name, strictest in (("minItems", "min_items", max), ("maxItems", "max_items", min)):
        given = [conjunct.value[word] for conjunct in conjuncts if isinstance(conjunct.value.get(word), int)]
        if given and not (word == "minItems" and strictest(given) == 0):
            limits.append((name, strictest(given)))
    item = _item(reader, conjuncts, items, context)
    return ArrayShape(
        context.node, context.annotations, context.nullable, items=item, bounds=Bounds(tuple(limits))
    )


def _item(reader: ShapeReader, conjuncts: list[Node], items: list[Node], context: SchemaContext) -> Shape:
    prefix = next(
        (conjunct.child("prefixItems") for conjunct in conjuncts if "prefixItems" in conjunct.value), None
    )
    if prefix is not None:
        places = [*prefix.elements(), *items[:1]]
        variants = tuple(reader.shape(place, f"{context.hint}Item{n}") for n, place in enumerate(places, 1))
        return variants[0] if len(variants) == 1 else UnionShape(prefix, variants=variants)
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
        properties = reader.resolver.get(conjunct, "properties")
        for wire, schema in properties.items() if properties is not None else ():
            declared.setdefault(wire, []).append(schema)
        listed = conjunct.get("required")
        if listed is not None and is_array(listed.value):
            required.update((str(element.value), element) for element in listed.elements())
    if declared and not context.root:
        component = reader.components.lift(context.node, context.hint, conjuncts)
        if component.shape is None:
            component.shape = object_of(
                reader, conjuncts, replace(context, hint=component.name, root=True, nullable=False)
            )
        return RefShape(context.node, context.annotations, context.nullable, name=component.name)
    additional = _additional(reader, conjuncts, context)
    if not declared:
        return MapShape(
            context.node, context.annotations, context.nullable, values=additional or AnyShape(context.node)
        )
    fields = [
        FieldShape(wire, _property(reader, wire, schemas, context.hint), wire in required, tuple(schemas))
        for wire, schemas in declared.items()
    ]
    for wire, element in required.items():
        if wire not in declared:  # promised without a schema: any value, but promised
            fields.append(FieldShape(wire, AnyShape(element), True, (element,)))
    shapes = context.node.value.get("x-response-shapes") or () if is_object(context.node.value) else ()
    return ObjectShape(
        context.node,
        context.annotations,
        context.nullable,
        fields=tuple(fields),
        additional=additional,
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


def _additional(reader: ShapeReader, conjuncts: list[Node], context: SchemaContext) -> Shape | None:
    """The shape of keys that no schema names; None where there may be none."""
    found: list[Shape] = []
    for conjunct in conjuncts:
        patterns = conjunct.get("patternProperties")
        for _, schema in patterns.items() if patterns is not None else ():
            found.append(reader.shape(schema, f"{context.hint}Value"))
        others = conjunct.get("additionalProperties")
        if others is None or others.value is True:
            continue
        if others.value is False:
            if patterns is None:
                return None
            continue
        found.append(reader.shape(others, f"{context.hint}Value"))
    if not found:
        return AnyShape(context.node)
    return found[0] if len(found) == 1 else UnionShape(context.node, variants=tuple(found))


__all__ = ["array_of", "object_of"]
