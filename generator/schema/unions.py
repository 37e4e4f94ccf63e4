"""`oneOf` and `anyOf`: plain unions, unions that are enums, unions beside common fields, and subclasses of a base."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from ..source.json_types import is_object
from ..source.node import Node, describe_value
from ..source.problems import Problem, SpecRefused
from .annotations import annotations_of
from .conjuncts import conjuncts_of
from .context import SchemaContext, ShapeReader
from .inheritance import Base, property_of
from .keywords import shaping
from .names import pascal
from .shapes import (
    AnyShape,
    Component,
    ConstShape,
    EnumShape,
    NumberShape,
    RefShape,
    Shape,
    StringShape,
    UnionShape,
)

# `allOf` over several unions multiplies them; beyond this the author should name the combinations.
LARGEST_PRODUCT = 32


def union_of(reader: ShapeReader, conjunct: Node, members: list[Node], context: SchemaContext) -> Shape:
    """A plain union; null was taken out of its members before."""
    if len(members) == 1:
        return context.over(reader.shape(members[0], context.hint, root=context.root))
    variants: list[Shape] = []
    for number, member in enumerate(members, 1):
        variant = reader.shape(member, context.hint + _ending(member, number))
        variants.append(replace(variant, nullable=False))
        context = replace(context, nullable=context.nullable or variant.nullable)
    values = _listed_values(variants)
    if values is not None:  # an enum: constants, or known values beside "any other text"
        kept, others = values
        return EnumShape(*context.base, values=kept, open=others or context.annotations.open_enum)
    discriminator, mapping = discriminator_of(reader, conjunct)
    return UnionShape(*context.base, variants=tuple(variants), discriminator=discriminator, mapping=mapping)


def _ending(member: Node, number: int) -> str:
    """The ending of the name of a member that has none: its title where that is an identifier."""
    title = member.value.get("title") if is_object(member.value) else None
    if isinstance(title, str) and title.isascii() and title.isidentifier():
        return pascal(title)
    return f"Option{number}"


def intersect(
    reader: ShapeReader, unions: list[tuple[Node, list[Node]]], bare: list[Node], context: SchemaContext
) -> Shape:
    """Distribute what all variants share: `allOf: [base, oneOf: [a, b]]` becomes `a+base` or `b+base`."""
    combinations = list(product(*(members for _, members in unions)))
    if len(unions) > 1 and len(combinations) > LARGEST_PRODUCT:
        raise context.node.refuse(
            f"{len(combinations)} combinations of `oneOf` and `anyOf`, more than {LARGEST_PRODUCT};"
            " declare the intended combinations as schemas"
        )
    variants: list[Shape] = []
    problems, contradictions = reader.resolver.problems, list[Problem]()
    for number, members in enumerate(combinations, 1):
        conjuncts = [_without_union(conjunct) for conjunct in bare]
        for member in members:
            conjuncts.extend(conjuncts_of(reader.resolver, member))
        here = SchemaContext(members[-1], annotations_of(members[-1]), f"{context.hint}Option{number}")
        noted, names = len(problems.found), reader.components.names()
        shape: Shape = AnyShape(here.node)
        with problems.collect():
            shape = reader.combine(conjuncts, here)
        impossible = problems.take_contradictions(noted)
        if impossible:  # members that exclude each other, such as text and a list: no value has both
            contradictions.extend(impossible)
            reader.components.forget(reader.components.names() - names)
            continue
        context = replace(context, nullable=context.nullable or shape.nullable)
        variants.append(replace(shape, nullable=False))
    if not variants:
        raise SpecRefused(contradictions)
    if len(variants) == 1:
        return context.over(variants[0])
    discriminator, mapping = discriminator_of(reader, unions[0][0])
    # The mapping names the members alone; here each is combined with more, so the tags decide.
    chosen = discriminator if not mapping else None
    return UnionShape(*context.base, variants=tuple(variants), discriminator=chosen)


def discriminator_of(reader: ShapeReader, conjunct: Node) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """The property that distinguishes the members, and the component of each of its values."""
    found = conjunct.get("discriminator")
    if found is None:
        return None, ()
    name = property_of(found)
    pairs: list[tuple[str, str]] = []
    for value, target in found.items_at("mapping"):
        with reader.resolver.problems.collect():
            pairs.append((value, _mapped(reader, target).name))
    return name, tuple(pairs)


def _mapped(reader: ShapeReader, target: Node) -> Component:
    if not isinstance(target.value, str):
        raise target.refuse(
            f"a discriminator maps to a schema, found {describe_value(target.value)}; write its name or a reference"
        )
    component = reader.components.by_wire(target.value)
    if component is not None:
        return component
    reference = (
        target.value if "/" in target.value or "#" in target.value else f"#/components/schemas/{target.value}"
    )
    try:
        return reader.components.referenced(
            reader.resolver, Node({"$ref": reference}, target.file, target.pointer)
        )
    except SpecRefused:
        raise target.refuse(
            f"the discriminator maps to {target.value!r}, which is not a schema; add it, or correct the name"
        ) from None


def subclasses_of(reader: ShapeReader, base: Base, component: Component, context: SchemaContext) -> Shape:
    """The union that a reference to a base means: any of its subclasses, or the base itself."""
    named = [reader.components.at(subclass) for subclass in base.subclasses]
    _, mapping = discriminator_of(reader, base.node)
    return UnionShape(
        *context.base,
        variants=tuple(RefShape(context.node, name=subclass.name) for subclass in [*named, component]),
        discriminator=base.property,
        mapping=tuple(pair for pair in mapping if pair[1] != component.name),
        fallback=component.name,
    )


def only_constrains(value: Any) -> bool:
    """A member that only repeats what has to be there (`anyOf: [{required: [a]}, {required: [b]}]`)."""
    return is_object(value) and shaping(value) <= {"required"} and ("required" in value or "not" in value)


def is_null(value: Any) -> bool:
    """A member that allows null and nothing else."""
    if not is_object(value):
        return False
    constant = "const" in value and value["const"] is None
    if value.get("nullable") is True and not shaping(value):
        return True  # `{nullable: true}` beside a reference, as descriptions of OpenAPI 3.0 have it
    return constant or value.get("type") in ("null", ["null"]) or value.get("enum") == [None]


def _listed_values(variants: list[Shape]) -> tuple[tuple[Any, ...], bool] | None:
    """The values of a union of constants and enums, and whether any other value of their type is welcome too."""
    values: list[Any] = []
    bases: set[type[Any]] = set()
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


def _without_union(conjunct: Node) -> Node:
    """The conjunct without its unions, which `intersect` has distributed."""
    kept = {
        key: item for key, item in conjunct.value.items() if key not in ("oneOf", "anyOf", "discriminator")
    }
    return Node(kept, conjunct.file, conjunct.pointer)
