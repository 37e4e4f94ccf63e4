"""Interprets every schema of the description as a `Shape`.

A schema is a conjunction: itself without `$ref` and `allOf`, and the conjuncts of their targets. A reference with
siblings, `allOf` of any depth and a plain schema are therefore one case. Objects with declared properties always get
a name of their own, so that a class can be written for them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..source.json_types import is_array, is_object
from ..source.node import Node, Resolver, describe_value
from ..source.problems import Contradiction
from .annotations import annotations_of
from .components import Components
from .conjuncts import check_keywords, conjuncts_of, kinds_of
from .containers import array_of, object_of
from .context import SchemaContext
from .inheritance import find_bases
from .keywords import ARRAY_WORDS, OBJECT_WORDS, shaping
from .names import pascal
from .scalars import number_shape, string_shape
from .shapes import (
    Annotations,
    AnyShape,
    BooleanShape,
    ConstShape,
    EnumShape,
    NullShape,
    RefShape,
    Shape,
    UnionShape,
)
from .unions import intersect, is_null, only_constrains, subclasses_of, union_of


class Interpreter:
    """Reads schemas. `components` fills with every schema that has, or needs, a name."""

    def __init__(self, resolver: Resolver, components: Components) -> None:
        self.resolver = resolver
        self.components = components
        self._bases = find_bases(resolver)
        self._subclasses = {node.key for base in self._bases.values() for node in base.subclasses}

    def finish(self) -> None:
        """Give every named schema its shape, including those found on the way."""
        while (component := self.components.next_unread()) is not None:
            component.shape = self.shape(component.node, component.name, root=True)
        self.components.refuse_empty_circles(self.resolver.problems)

    def shape(self, node: Node, hint: str, *, root: bool = False) -> Shape:
        """The shape of a schema.

        Args:
            node: the schema.
            hint: the name for an object that has none.
            root: the schema is a component itself, so that its object is not lifted out once more.

        A schema with a problem is any JSON value, and the problem is noted.
        """
        shape: Shape = AnyShape(node)
        with self.resolver.problems.collect():
            shape = self._shape(node, hint, root=root)
        return shape

    def _shape(self, node: Node, hint: str, *, root: bool) -> Shape:
        value = node.value
        if value is True or value == {}:
            return AnyShape(node)
        if value is False:
            raise node.refuse("the schema `false` allows no value; leave out what it describes")
        if not is_object(value):
            raise node.refuse(
                f"a schema has to be an object or a boolean, found {describe_value(value)}; write one of them"
            )
        check_keywords(self.resolver, node)
        context = SchemaContext(node, annotations_of(node), hint, root, value.get("nullable") is True)
        words = shaping(value)
        if words == {"$ref"}:
            component = self.components.referenced(self.resolver, node)
            base = self._bases.get(component.node.key)
            if base is not None:
                return subclasses_of(self, base, component, context)
            return RefShape(*context.base, name=component.name)
        # A schema that only extends a base is no other name for "the base or any schema that extends it".
        extends = root and node.key in self._subclasses
        for word in ("allOf", "oneOf", "anyOf") if not extends else ():
            if words == {word} and is_array(value[word]) and len(value[word]) == 1:
                return context.over(self.shape(node.child(word).child(0), hint, root=root))
        if words == {"allOf"} and not extends:
            only = self._only_shaping_member(node, context)
            if only is not None:
                return only
        return self.combine(list(conjuncts_of(self.resolver, node)), context)

    def _only_shaping_member(self, node: Node, context: SchemaContext) -> Shape | None:
        """The member of `allOf` with a type, where all others are annotations: `[{$ref: ...}, {nullable: true}]`."""
        members = list(node.child("allOf").elements())
        if not all(is_object(member.value) for member in members):
            return None
        typed = [member for member in members if shaping(member.value)]
        if len(typed) != 1:
            return None
        for member in members:
            if member is not typed[0]:
                check_keywords(self.resolver, member)
                context = replace(
                    context,
                    annotations=context.annotations.over(annotations_of(member)),
                    nullable=context.nullable or member.value.get("nullable") is True,
                )
        return context.over(self.shape(typed[0], context.hint, root=context.root))

    def combine(self, conjuncts: list[Node], context: SchemaContext) -> Shape:
        """The shape of several conjuncts that hold together."""
        unions: list[tuple[Node, list[Node]]] = []
        for conjunct in conjuncts:
            for word in ("oneOf", "anyOf"):
                members = conjunct.get(word)
                if members is None:
                    continue
                listed = list(members.elements())
                if not listed:
                    raise members.refuse(f"`{word}` is empty; list its members, or leave it out")
                if all(only_constrains(member.value) for member in listed):
                    continue
                kept = [member for member in listed if not is_null(member.value)]
                if not kept:
                    return NullShape(context.node, context.annotations)
                if len(kept) < len(listed):
                    context = replace(context, nullable=True)
                unions.append((conjunct, kept))
        if not unions:
            return self._plain(conjuncts, context)
        bare = [conjunct for conjunct in conjuncts if _restricts(conjunct)]
        if len(unions) == 1 and not bare:
            return union_of(self, *unions[0], context)
        return intersect(self, unions, bare, context)

    # ── without unions ───────────────────────────────────────────────────────────────────────────────────────────

    def _plain(self, conjuncts: list[Node], context: SchemaContext) -> Shape:
        kinds, null = kinds_of(conjuncts, context.node)
        context = replace(context, nullable=context.nullable or null)
        for kind, telling in (("object", OBJECT_WORDS), ("array", ARRAY_WORDS)):
            for conjunct in conjuncts if kinds is not None and kind not in kinds else ():
                self.components.idle.update(conjunct.child(word).key for word in telling & {*conjunct.value})
        for conjunct in conjuncts:
            if "const" in conjunct.value:
                if conjunct.value["const"] is None:
                    return NullShape(context.node, context.annotations)
                return ConstShape(*context.base, value=conjunct.value["const"])
        enums = [conjunct.child("enum") for conjunct in conjuncts if "enum" in conjunct.value]
        if enums:
            return self._enum(enums, context)
        if kinds is None:
            return AnyShape(*context.base)
        if not kinds:
            return NullShape(context.node, context.annotations)
        if len(kinds) == 1:
            return self._of_kind(kinds[0], conjuncts, context)
        variants = [
            self._of_kind(
                kind, conjuncts, SchemaContext(context.node, Annotations(), context.hint + pascal(kind))
            )
            for kind in kinds
        ]
        return UnionShape(*context.base, variants=tuple(variants))

    def _enum(self, enums: list[Node], context: SchemaContext) -> Shape:
        values: list[Any] | None = None
        for enum in enums:
            listed = [element.value for element in enum.elements()]
            if not listed:
                raise enum.refuse("`enum` is empty; list its values, or leave it out")
            values = listed if values is None else [value for value in values if value in listed]
        if not values:
            text = "the enums combined by `allOf` or `$ref` have no value in common; leave one of them out"
            raise context.node.refuse(text, Contradiction)
        kept: list[Any] = []
        for value in values:
            if value is not None and not any(type(value) is type(other) and value == other for other in kept):
                kept.append(value)
        if not kept:
            return NullShape(context.node, context.annotations)
        context = replace(context, nullable=context.nullable or None in values)
        return EnumShape(*context.base, values=tuple(kept), open=context.annotations.open_enum)

    def _of_kind(self, kind: str, conjuncts: list[Node], context: SchemaContext) -> Shape:
        match kind:
            case "boolean":
                return BooleanShape(*context.base)
            case "string":
                content = self._content(conjuncts, context.hint)
                return replace(string_shape(conjuncts, *context.base), content=content)
            case "number" | "integer":
                return number_shape(conjuncts, *context.base, integer=kind == "integer")
            case "array":
                return array_of(self, conjuncts, context)
            case _:
                return object_of(self, conjuncts, context)

    def _content(self, conjuncts: list[Node], hint: str) -> Shape | None:
        """The shape of the JSON that a string carries (`contentMediaType: application/json` with a `contentSchema`)."""
        for conjunct in conjuncts:
            schema = conjunct.get("contentSchema")
            if schema is not None and conjunct.value.get("contentMediaType") == "application/json":
                return self.shape(schema, f"{hint}Content")
        return None


def _restricts(conjunct: Node) -> bool:
    """Whether a conjunct restricts the members of a union beside it; a type or the format of a number does not."""
    words = shaping(conjunct.value) - {"$ref", "allOf", "oneOf", "anyOf", "discriminator", "type"}
    return bool(words - {"format"}) or conjunct.value.get("format") in ("date-time", "date", "binary")
