"""From what the author wrote to what it means: every schema of the description as a `Shape`.

A schema is read as a conjunction of *facets*: itself without `$ref` and `allOf`, and the facets of what these point
to. So a reference with siblings, `allOf` of any depth and a plain schema are one case. Objects with declared
properties always get a name of their own, so that a class can be written for them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..source.json_types import is_array, is_object
from ..source.node import Node, Resolver, describe
from .annotations import notes_of
from .components import Components
from .conjuncts import check_words, facets_of, kinds_of
from .containers import array_of, object_of
from .context import Site
from .inheritance import find_bases
from .keywords import shaping
from .names import pascal
from .scalars import number_shape, string_shape
from .shapes import (
    AnyShape,
    BooleanShape,
    ConstShape,
    EnumShape,
    Notes,
    NullShape,
    RefShape,
    Shape,
    UnionShape,
)
from .unions import heirs_of, is_null, only_constrains, product_of, union_of


class Interpreter:
    """Reads schemas. `components` fills with every schema that has, or needs, a name."""

    def __init__(self, resolver: Resolver, components: Components) -> None:
        self.resolver = resolver
        self.components = components
        self._bases = find_bases(resolver)

    def finish(self) -> None:
        """Give every named schema its shape, those that turn up on the way included."""
        while (component := self.components.next_unread()) is not None:
            component.shape = self.shape(component.node, component.name, root=True)
        self.components.refuse_empty_circles()

    def shape(self, node: Node, hint: str, *, root: bool = False) -> Shape:
        """What a schema means.

        Args:
            node: the schema.
            hint: the name for an object that stands here without one.
            root: the schema is a component itself, so that its object is not lifted out once more.
        """
        value = node.value
        if value is True or value == {}:
            return AnyShape(node)
        if value is False:
            raise node.refuse("the schema `false` allows no value at all; leave the thing out instead")
        if not is_object(value):
            raise node.refuse(f"a schema has to be an object or a boolean, found {describe(value)}")
        check_words(node)
        site = Site(node, notes_of(node), hint, root, value.get("nullable") is True)
        words = shaping(value)
        if words == {"$ref"}:
            component = self.components.referenced(self.resolver, node)
            base = self._bases.get(component.node.key)
            if base is not None:
                return heirs_of(self, base, component, site)
            return RefShape(node, site.notes, site.nullable, name=component.name)
        for word in ("allOf", "oneOf", "anyOf"):
            if words == {word} and is_array(value[word]) and len(value[word]) == 1:
                return site.over(self.shape(node.child(word).child(0), hint, root=root))
        return self.meaning(list(facets_of(self.resolver, node)), site)

    def meaning(self, facets: list[Node], site: Site) -> Shape:
        """What several facets mean together."""
        unions: list[tuple[Node, list[Node]]] = []
        for facet in facets:
            for word in ("oneOf", "anyOf"):
                members = facet.get(word)
                if members is None:
                    continue
                listed = list(members.elements())
                if not listed:
                    raise members.refuse(f"`{word}` is empty")
                if all(only_constrains(member.value) for member in listed):
                    continue
                kept = [member for member in listed if not is_null(member.value)]
                if not kept:
                    return NullShape(site.node, site.notes)
                if len(kept) < len(listed):
                    site = replace(site, nullable=True)
                unions.append((facet, kept))
        if not unions:
            return self._plain(facets, site)
        beside = {"$ref", "allOf", "oneOf", "anyOf", "discriminator", "type"}
        bare = [facet for facet in facets if shaping(facet.value) - beside]
        if len(unions) == 1 and not bare:
            return union_of(self, *unions[0], site)
        return product_of(self, unions, bare, site)

    # ── without unions ───────────────────────────────────────────────────────────────────────────────────────────

    def _plain(self, facets: list[Node], site: Site) -> Shape:
        kinds, null = kinds_of(facets, site.node)
        site = replace(site, nullable=site.nullable or null)
        for facet in facets:
            if "const" in facet.value:
                if facet.value["const"] is None:
                    return NullShape(site.node, site.notes)
                return ConstShape(site.node, site.notes, site.nullable, value=facet.value["const"])
        enums = [facet.child("enum") for facet in facets if "enum" in facet.value]
        if enums:
            return self._enum(enums, site)
        if kinds is None:
            return AnyShape(site.node, site.notes, site.nullable)
        if not kinds:
            return NullShape(site.node, site.notes)
        if len(kinds) == 1:
            return self._of_kind(kinds[0], facets, site)
        variants = [
            self._of_kind(kind, facets, Site(site.node, Notes(), site.hint + pascal(kind))) for kind in kinds
        ]
        return UnionShape(site.node, site.notes, site.nullable, variants=tuple(variants))

    def _enum(self, enums: list[Node], site: Site) -> Shape:
        values: list[Any] | None = None
        for enum in enums:
            listed = [element.value for element in enum.elements()]
            if not listed:
                raise enum.refuse("`enum` is empty")
            values = listed if values is None else [value for value in values if value in listed]
        if not values:
            raise site.node.refuse("the enums that `allOf` or `$ref` bring together have no value in common")
        kept: list[Any] = []
        for value in values:
            if value is not None and not any(type(value) is type(other) and value == other for other in kept):
                kept.append(value)
        if not kept:
            return NullShape(site.node, site.notes)
        nullable = site.nullable or None in values
        return EnumShape(site.node, site.notes, nullable, values=tuple(kept), open=site.notes.open_enum)

    def _of_kind(self, kind: str, facets: list[Node], site: Site) -> Shape:
        node, notes, nullable = site.node, site.notes, site.nullable
        match kind:
            case "boolean":
                return BooleanShape(node, notes, nullable)
            case "string":
                text = string_shape(facets, node, notes)
                return replace(text, nullable=nullable, content=self._content(facets, site.hint))
            case "number" | "integer":
                return replace(
                    number_shape(facets, node, notes, integer=kind == "integer"), nullable=nullable
                )
            case "array":
                return array_of(self, facets, site)
            case _:
                return object_of(self, facets, site)

    def _content(self, facets: list[Node], hint: str) -> Shape | None:
        """What JSON a string carries (`contentMediaType: application/json` with a `contentSchema`)."""
        for facet in facets:
            schema = facet.get("contentSchema")
            if schema is not None and facet.value.get("contentMediaType") == "application/json":
                return self.shape(schema, f"{hint}Content")
        return None


__all__ = ["Interpreter"]
