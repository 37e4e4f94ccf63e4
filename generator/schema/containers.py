"""Lists and objects: items, declared properties, and what may stand beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..source.json_types import is_array, is_object
from ..source.node import Node
from .annotations import notes_of
from .conjuncts import facets_of
from .context import Site
from .keywords import shaping
from .names import pascal
from .shapes import (
    AnyShape,
    ArrayShape,
    Bounds,
    FieldShape,
    MapShape,
    Notes,
    ObjectShape,
    RefShape,
    Shape,
    UnionShape,
)

if TYPE_CHECKING:
    from .interpreter import Interpreter


def array_of(reader: Interpreter, facets: list[Node], site: Site) -> Shape:
    """A list; one whose places differ (`prefixItems`) is a list of a union."""
    items = [
        facet.child("items")
        for facet in facets
        if "items" in facet.value and facet.value["items"] is not False
    ]
    limits: list[tuple[str, Any]] = []
    for word, name, strictest in (("minItems", "min_items", max), ("maxItems", "max_items", min)):
        given = [facet.value[word] for facet in facets if isinstance(facet.value.get(word), int)]
        if given and not (word == "minItems" and strictest(given) == 0):
            limits.append((name, strictest(given)))
    item = _item(reader, facets, items, site)
    return ArrayShape(site.node, site.notes, site.nullable, items=item, bounds=Bounds(tuple(limits)))


def _item(reader: Interpreter, facets: list[Node], items: list[Node], site: Site) -> Shape:
    prefix = next((facet.child("prefixItems") for facet in facets if "prefixItems" in facet.value), None)
    if prefix is not None:
        places = [*prefix.elements(), *items[:1]]
        variants = tuple(reader.shape(place, f"{site.hint}Item{n}") for n, place in enumerate(places, 1))
        return variants[0] if len(variants) == 1 else UnionShape(prefix, variants=variants)
    if not items:
        return AnyShape(site.node)
    if len(items) == 1:
        return reader.shape(items[0], f"{site.hint}Item")
    together = [facet for item in items for facet in facets_of(reader.resolver, item)]
    return reader.meaning(together, Site(items[-1], notes_of(items[-1]), f"{site.hint}Item"))


def object_of(reader: Interpreter, facets: list[Node], site: Site) -> Shape:
    """An object with declared properties, lifted out where it has no name; else a map."""
    declared: dict[str, list[Node]] = {}
    required: dict[str, Node] = {}
    for facet in facets:
        properties = facet.get("properties")
        for wire, schema in properties.items() if properties is not None else ():
            declared.setdefault(wire, []).append(schema)
        listed = facet.get("required")
        if listed is not None and is_array(listed.value):
            required.update((str(element.value), element) for element in listed.elements())
    if declared and not site.root:
        component = reader.components.lift(site.node, site.hint, facets)
        if component.shape is None:
            component.shape = object_of(
                reader, facets, replace(site, hint=component.name, root=True, nullable=False)
            )
        return RefShape(site.node, site.notes, site.nullable, name=component.name)
    additional = _additional(reader, facets, site)
    if not declared:
        return MapShape(site.node, site.notes, site.nullable, values=additional or AnyShape(site.node))
    fields = [
        FieldShape(wire, _property(reader, wire, schemas, site.hint), wire in required, tuple(schemas))
        for wire, schemas in declared.items()
    ]
    for wire, element in required.items():
        if wire not in declared:  # promised without a schema: any value, but promised
            fields.append(FieldShape(wire, AnyShape(element), True, (element,)))
    shapes = site.node.value.get("x-response-shapes") or () if is_object(site.node.value) else ()
    return ObjectShape(
        site.node,
        site.notes,
        site.nullable,
        fields=tuple(fields),
        additional=additional,
        response_shapes=tuple(shapes),
    )


def _property(reader: Interpreter, wire: str, schemas: list[Node], hint: str) -> Shape:
    """A property, which `allOf` may declare several times: then all of them hold."""
    name = hint + pascal(wire, "Field")
    if len(schemas) == 1:
        return reader.shape(schemas[0], name)
    if all(schema.value == schemas[0].value for schema in schemas):
        reader.components.twins.update((schema.key, schemas[0].key) for schema in schemas[1:])
        return reader.shape(schemas[0], name)
    notes = Notes()
    for schema in schemas:
        if is_object(schema.value):
            notes = notes_of(schema).over(notes)
    references = [s for s in schemas if is_object(s.value) and shaping(s.value) == {"$ref"}]
    others = [s for s in schemas if s not in references and is_object(s.value) and shaping(s.value)]
    if references and not others and len({s.value["$ref"] for s in references}) == 1:
        return replace(reader.shape(references[0], name), notes=notes)
    together = [facet for schema in schemas for facet in facets_of(reader.resolver, schema)]
    return reader.meaning(together, Site(schemas[-1], notes, name))


def _additional(reader: Interpreter, facets: list[Node], site: Site) -> Shape | None:
    """The shape of keys that no schema names; None where there may be none."""
    found: list[Shape] = []
    for facet in facets:
        patterns = facet.get("patternProperties")
        for _, schema in patterns.items() if patterns is not None else ():
            found.append(reader.shape(schema, f"{site.hint}Value"))
        others = facet.get("additionalProperties")
        if others is None or others.value is True:
            continue
        if others.value is False:
            if patterns is None:
                return None
            continue
        found.append(reader.shape(others, f"{site.hint}Value"))
    if not found:
        return AnyShape(site.node)
    return found[0] if len(found) == 1 else UnionShape(site.node, variants=tuple(found))


__all__ = ["array_of", "object_of"]
