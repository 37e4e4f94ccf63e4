"""From what the author wrote to what it means: every schema of the description as a `Shape`.

A schema is read as a conjunction of *facets*: itself without `$ref` and `allOf`, and the facets of what these point
to. So a reference with siblings, `allOf` of any depth and a plain schema are one case. Objects with declared
properties always get a name of their own, so that a class can be written for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Any

from .components import Components
from .json_types import is_array, is_object
from .keywords import (
    ANNOTATIONS,
    ARRAY_WORDS,
    JSON_TYPES,
    NUMBER_WORDS,
    OBJECT_WORDS,
    REFUSED,
    SERVER_SIDE,
    SHAPING,
    STRING_WORDS,
    shaping,
)
from .names import pascal
from .node import Node, Resolver, describe
from .notes import notes_of
from .scalars import number_shape, string_shape
from .shapes import (
    AnyShape,
    ArrayShape,
    BooleanShape,
    Bounds,
    ConstShape,
    EnumShape,
    FieldShape,
    MapShape,
    Notes,
    NullShape,
    NumberShape,
    ObjectShape,
    RefShape,
    Shape,
    StringShape,
    UnionShape,
)

# `allOf` over several unions multiplies them; beyond this the author should name the combinations.
LARGEST_PRODUCT = 32


class Interpreter:
    """Reads schemas. `components` fills with every schema that has, or needs, a name."""

    def __init__(self, resolver: Resolver, components: Components) -> None:
        self.resolver = resolver
        self.components = components

    def finish(self) -> None:
        """Give every named schema its shape, those that turn up on the way included."""
        while (component := self.components.next_unread()) is not None:
            component.shape = self.shape(component.node, component.name, root=True)
        self.components.refuse_empty_circles()

    # ── one schema ───────────────────────────────────────────────────────────────────────────────────────────────

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
        self._check_words(node)
        notes = notes_of(node)
        words = shaping(value)
        nullable = value.get("nullable") is True
        if words == {"$ref"}:
            component = self.components.referenced(self.resolver, node)
            return RefShape(node, notes, nullable, name=component.name)
        for word in ("allOf", "oneOf", "anyOf"):
            if words == {word} and is_array(value[word]) and len(value[word]) == 1:
                inner = self.shape(node.child(word).child(0), hint, root=root)
                return replace(inner, notes=notes.over(inner.notes), nullable=inner.nullable or nullable)
        return self._meaning(list(self.facets(node)), node, notes, hint, root=root, nullable=nullable)

    def _check_words(self, node: Node) -> None:
        for word, child in node.items():
            if word in REFUSED:
                raise child.refuse(f"`{word}`: {REFUSED[word]}")
            if word in ("then", "else") and is_object(child.value) and "properties" in child.value:
                known = set(node.value.get("properties") or {})
                extra = sorted(set(child.value["properties"]) - known)
                if extra:
                    raise child.refuse(
                        f"`{word}` declares properties that the object does not: {', '.join(extra)}"
                    )
            if (
                word not in ANNOTATIONS
                and word not in SERVER_SIDE
                and word not in SHAPING
                and not word.startswith("x-")
            ):
                raise child.refuse(f"unknown word `{word}` in a schema; if it is yours, write `x-{word}`")

    def facets(self, node: Node, above: tuple[Node, ...] = ()) -> Iterable[Node]:
        """The schemas that all hold for a value of this one, references and `allOf` resolved."""
        if any(node.key == other.key for other in above):
            raise node.refuse("`allOf` and `$ref` lead from this schema back to itself")
        if not is_object(node.value):
            if node.value is not True:
                raise node.refuse(f"a schema has to be an object or a boolean, found {describe(node.value)}")
            return
        if above:
            self._check_words(node)
        if "$ref" in node.value:
            yield from self.facets(self.resolver.target(node), (*above, node))
        every = node.get("allOf")
        for member in every.elements() if every is not None else ():
            yield from self.facets(member, (*above, node))
        if shaping(node.value) - {"$ref", "allOf"} or node.value.get("nullable") is True:
            yield node

    def _meaning(
        self,
        facets: list[Node],
        node: Node,
        notes: Notes,
        hint: str,
        *,
        root: bool = False,
        nullable: bool = False,
    ) -> Shape:
        unions: list[tuple[Node, list[Node]]] = []
        for facet in facets:
            for word in ("oneOf", "anyOf"):
                members = facet.get(word)
                if members is None:
                    continue
                listed = list(members.elements())
                if not listed:
                    raise members.refuse(f"`{word}` is empty")
                if all(_only_constrains(member.value) for member in listed):
                    continue
                kept = [member for member in listed if not _is_null(member.value)]
                nullable = nullable or len(kept) < len(listed)
                if kept:
                    unions.append((facet, kept))
                else:
                    return NullShape(node, notes)
        if not unions:
            return self._plain(facets, node, notes, hint, root=root, nullable=nullable)
        bare = [
            f
            for f in facets
            if shaping(f.value) - {"$ref", "allOf", "oneOf", "anyOf", "discriminator", "type"}
        ]
        if len(unions) == 1 and not bare:
            return self._union(*unions[0], node, notes, hint, root=root, nullable=nullable)
        return self._product(unions, bare, node, notes, hint, nullable)

    # ── unions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _union(
        self,
        facet: Node,
        members: list[Node],
        node: Node,
        notes: Notes,
        hint: str,
        *,
        root: bool,
        nullable: bool,
    ) -> Shape:
        if len(members) == 1:
            inner = self.shape(members[0], hint, root=root)
            return replace(inner, notes=notes.over(inner.notes), nullable=inner.nullable or nullable)
        variants: list[Shape] = []
        for number, member in enumerate(members, 1):
            title = member.value.get("title") if is_object(member.value) else None
            ending = (
                pascal(title)
                if isinstance(title, str) and title.isascii() and title.isidentifier()
                else f"Option{number}"
            )
            variant = self.shape(member, hint + ending)
            variants.append(replace(variant, nullable=False))
            nullable = nullable or variant.nullable
        values = _listed_values(variants)
        if values is not None:  # an enum in other words: constants, or known values beside "any other text"
            kept, other = values
            return EnumShape(node, notes, nullable, values=kept, open=other or notes.open_enum)
        discriminator, mapping = self._discriminator(facet)
        return UnionShape(
            node, notes, nullable, variants=tuple(variants), discriminator=discriminator, mapping=mapping
        )

    def _discriminator(self, facet: Node) -> tuple[str | None, tuple[tuple[str, str], ...]]:
        found = facet.get("discriminator")
        if found is None:
            return None, ()
        name = found.text("propertyName")
        if name is None:
            raise found.refuse("`discriminator` needs a `propertyName`")
        pairs: list[tuple[str, str]] = []
        mapping = found.get("mapping")
        for value, target in mapping.items() if mapping is not None else ():
            if not isinstance(target.value, str):
                raise target.refuse("a discriminator maps to the name of a schema or to a reference")
            component = self.components.by_wire(target.value)
            if component is None:
                reference = Node({"$ref": target.value}, target.file, target.pointer)
                component = self.components.referenced(self.resolver, reference)
            pairs.append((value, component.name))
        return name, tuple(pairs)

    def _product(
        self,
        unions: list[tuple[Node, list[Node]]],
        bare: list[Node],
        node: Node,
        notes: Notes,
        hint: str,
        nullable: bool,
    ) -> Shape:
        """What is common to all goes into each variant: `allOf: [base, oneOf: [a, b]]` is `a+base` or `b+base`."""
        combinations = list(product(*(members for _, members in unions)))
        if len(combinations) > LARGEST_PRODUCT:
            raise node.refuse(
                f"{len(combinations)} combinations of `oneOf` and `anyOf` meet here, more than {LARGEST_PRODUCT};"
                " name the ones that are meant"
            )
        variants: list[Shape] = []
        for number, members in enumerate(combinations, 1):
            facets = [*(_without_union(facet) for facet in bare)]
            for member in members:
                facets.extend(self.facets(member))
            shape = self._meaning(facets, members[-1], notes_of(members[-1]), f"{hint}Option{number}")
            nullable = nullable or shape.nullable
            variants.append(replace(shape, nullable=False))
        discriminator, mapping = self._discriminator(unions[0][0])
        if len(variants) == 1:
            return replace(variants[0], notes=notes.over(variants[0].notes), nullable=nullable)
        # The mapping names the members as they stand alone; here each is joined with more, so tags decide instead.
        return UnionShape(
            node,
            notes,
            nullable,
            variants=tuple(variants),
            discriminator=discriminator if not mapping else None,
        )

    # ── everything else ──────────────────────────────────────────────────────────────────────────────────────────

    def _plain(
        self, facets: list[Node], node: Node, notes: Notes, hint: str, *, root: bool, nullable: bool
    ) -> Shape:
        kinds, null = self._kinds(facets, node)
        nullable = nullable or null
        for facet in facets:
            if "const" in facet.value:
                if facet.value["const"] is None:
                    return NullShape(node, notes)
                return ConstShape(node, notes, nullable, value=facet.value["const"])
        enums = [facet.child("enum") for facet in facets if "enum" in facet.value]
        if enums:
            return self._enum(enums, node, notes, nullable=nullable)
        if kinds is None:
            return AnyShape(node, notes, nullable)
        if not kinds:
            return NullShape(node, notes)
        if len(kinds) == 1:
            return self._of_kind(kinds[0], facets, node, notes, hint, root=root, nullable=nullable)
        variants = [
            self._of_kind(kind, facets, node, Notes(), hint + pascal(kind), root=False, nullable=False)
            for kind in kinds
        ]
        return UnionShape(node, notes, nullable, variants=tuple(variants))

    def _kinds(self, facets: list[Node], node: Node) -> tuple[list[str] | None, bool]:
        """The JSON kinds a value may have, in the author's order, without null; and whether null was among them."""
        allowed: list[str] | None = None
        null = False
        for facet in facets:
            null = null or facet.value.get("nullable") is True
            if "type" not in facet.value:
                continue
            declared = facet.value["type"]
            listed = declared if is_array(declared) else [declared]
            for kind in listed:
                if not isinstance(kind, str) or kind not in JSON_TYPES:
                    raise facet.child("type").refuse(
                        f"{kind!r} is no JSON type; known: {', '.join(sorted(JSON_TYPES))}"
                    )
            allowed = listed if allowed is None else _common(allowed, listed)
            if not allowed:
                raise node.refuse("the types that `allOf` or `$ref` bring together exclude each other")
        if allowed is not None:
            return [kind for kind in dict.fromkeys(allowed) if kind != "null"], null or "null" in allowed
        words = {word for facet in facets for word in facet.value}
        for kind, telling in (
            ("object", OBJECT_WORDS),
            ("array", ARRAY_WORDS),
            ("string", STRING_WORDS),
            ("number", NUMBER_WORDS),
        ):
            if words & telling:
                return [kind], null
        if "format" in words:
            return ["string"], null
        return None, null

    def _enum(self, enums: list[Node], node: Node, notes: Notes, *, nullable: bool) -> Shape:
        values: list[Any] | None = None
        for enum in enums:
            listed = [element.value for element in enum.elements()]
            if not listed:
                raise enum.refuse("`enum` is empty")
            values = listed if values is None else [value for value in values if value in listed]
        assert values is not None
        if not values:
            raise node.refuse("the enums that `allOf` or `$ref` bring together have no value in common")
        kept: list[Any] = []
        for value in values:
            if value is not None and not any(type(value) is type(other) and value == other for other in kept):
                kept.append(value)
        nullable = nullable or None in values
        if not kept:
            return NullShape(node, notes)
        return EnumShape(node, notes, nullable, values=tuple(kept), open=notes.open_enum)

    def _of_kind(
        self,
        kind: str,
        facets: list[Node],
        node: Node,
        notes: Notes,
        hint: str,
        *,
        root: bool,
        nullable: bool,
    ) -> Shape:
        match kind:
            case "boolean":
                return BooleanShape(node, notes, nullable)
            case "string":
                text = string_shape(facets, node, notes)
                return replace(text, nullable=nullable, content=self._content(facets, hint))
            case "number" | "integer":
                return replace(
                    number_shape(facets, node, notes, integer=kind == "integer"), nullable=nullable
                )
            case "array":
                return self._array(facets, node, notes, hint, nullable)
            case _:
                return self._object(facets, node, notes, hint, root=root, nullable=nullable)

    def _content(self, facets: list[Node], hint: str) -> Shape | None:
        """What JSON a string carries (`contentMediaType: application/json` with a `contentSchema`)."""
        for facet in facets:
            schema = facet.get("contentSchema")
            if schema is not None and facet.value.get("contentMediaType") == "application/json":
                return self.shape(schema, f"{hint}Content")
        return None

    def _array(self, facets: list[Node], node: Node, notes: Notes, hint: str, nullable: bool) -> Shape:
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
        prefix = next((facet.child("prefixItems") for facet in facets if "prefixItems" in facet.value), None)
        if prefix is not None:
            places = [*prefix.elements(), *items[:1]]
            variants = tuple(self.shape(place, f"{hint}Item{n}") for n, place in enumerate(places, 1))
            item: Shape = variants[0] if len(variants) == 1 else UnionShape(prefix, variants=variants)
        elif not items:
            item = AnyShape(node)
        elif len(items) == 1:
            item = self.shape(items[0], f"{hint}Item")
        else:
            item = self._meaning(
                [f for i in items for f in self.facets(i)], items[-1], notes_of(items[-1]), f"{hint}Item"
            )
        return ArrayShape(node, notes, nullable, items=item, bounds=Bounds(tuple(limits)))

    def _object(
        self, facets: list[Node], node: Node, notes: Notes, hint: str, *, root: bool, nullable: bool
    ) -> Shape:
        declared: dict[str, list[Node]] = {}
        required: dict[str, Node] = {}
        for facet in facets:
            properties = facet.get("properties")
            for wire, schema in properties.items() if properties is not None else ():
                declared.setdefault(wire, []).append(schema)
            listed = facet.get("required")
            if listed is not None and is_array(listed.value):
                required.update((str(element.value), element) for element in listed.elements())
        additional = self._additional(facets, node, hint)
        if not declared:
            return MapShape(node, notes, nullable, values=additional or AnyShape(node))
        if not root:
            component = self.components.lift(node, hint, facets)
            if component.shape is None:
                component.shape = self._object(facets, node, notes, component.name, root=True, nullable=False)
            return RefShape(node, notes, nullable, name=component.name)
        fields = [
            FieldShape(wire, self._property(wire, schemas, hint), wire in required, tuple(schemas))
            for wire, schemas in declared.items()
        ]
        for wire, element in required.items():
            if wire not in declared:  # promised without a schema: any value, but promised
                fields.append(FieldShape(wire, AnyShape(element), True, (element,)))
        shapes = node.value.get("x-response-shapes") or () if is_object(node.value) else ()
        return ObjectShape(
            node, notes, nullable, fields=tuple(fields), additional=additional, response_shapes=tuple(shapes)
        )

    def _property(self, wire: str, schemas: list[Node], hint: str) -> Shape:
        name = hint + pascal(wire, "Field")
        if len(schemas) == 1:
            return self.shape(schemas[0], name)
        identical = all(schema.value == schemas[0].value for schema in schemas)
        if identical:
            self.components.twins.update((schema.key, schemas[0].key) for schema in schemas[1:])
            return self.shape(schemas[0], name)
        notes = Notes()
        for schema in schemas:
            if is_object(schema.value):
                notes = notes_of(schema).over(notes)
        plain_refs = [s for s in schemas if is_object(s.value) and shaping(s.value) == {"$ref"}]
        others = [s for s in schemas if s not in plain_refs and is_object(s.value) and shaping(s.value)]
        if (
            plain_refs
            and not others
            and all(s.value["$ref"] == plain_refs[0].value["$ref"] for s in plain_refs)
        ):
            return replace(self.shape(plain_refs[0], name), notes=notes)
        facets = [facet for schema in schemas for facet in self.facets(schema)]
        return self._meaning(facets, schemas[-1], notes, name)

    def _additional(self, facets: list[Node], node: Node, hint: str) -> Shape | None:
        """The shape of keys that no schema names; None where there may be none."""
        found: list[Shape] = []
        for facet in facets:
            patterns = facet.get("patternProperties")
            for _, schema in patterns.items() if patterns is not None else ():
                found.append(self.shape(schema, f"{hint}Value"))
            others = facet.get("additionalProperties")
            if others is None or others.value is True:
                continue
            if others.value is False:
                if patterns is None:
                    return None
                continue
            found.append(self.shape(others, f"{hint}Value"))
        if not found:
            return AnyShape(node)
        return found[0] if len(found) == 1 else UnionShape(node, variants=tuple(found))


def _only_constrains(value: Any) -> bool:
    """A member of a union that only repeats what has to be there (`anyOf: [{required: [a]}, {required: [b]}]`)."""
    return (
        is_object(value)
        and bool(value)
        and shaping(value) <= {"required"}
        and ("required" in value or "not" in value)
    )


def _is_null(value: Any) -> bool:
    return is_object(value) and (
        value.get("type") in ("null", ["null"])
        or value.get("enum") == [None]
        or ("const" in value and value["const"] is None)
    )


def _listed_values(variants: list[Shape]) -> tuple[tuple[Any, ...], bool] | None:
    """The values of a union of constants and enums, and whether any other value of their type is welcome too."""
    values: list[Any] = []
    bases: set[type] = set()
    for variant in variants:
        match variant:
            case ConstShape(value=value):
                values.append(value)
            case EnumShape(values=listed):
                values.extend(listed)
            case StringShape(kind="text", bounds=bounds) if not bounds:
                bases.add(str)
            case NumberShape(integer=True, bounds=bounds) if not bounds:
                bases.add(int)
            case _:
                return None
    kinds: set[type[Any]] = {type(value) for value in values}
    if not values or len(kinds) != 1 or not bases <= kinds or not kinds <= {str, int}:
        return None
    return tuple(dict.fromkeys(values)), bool(bases)


def _without_union(facet: Node) -> Node:
    """The facet less its unions, which the product has taken apart."""
    kept = {k: v for k, v in facet.value.items() if k not in ("oneOf", "anyOf", "discriminator")}
    return Node(kept, facet.file, facet.pointer)


def _common(first: list[str], second: list[str]) -> list[str]:
    """The types that both lists allow; an integer is a number."""
    both = [kind for kind in first if kind in second]
    if "number" in first and "integer" in second and "integer" not in both:
        both.append("integer")
    if "integer" in first and "number" in second and "integer" not in both:
        both.append("integer")
    return both


__all__ = ["Interpreter"]
