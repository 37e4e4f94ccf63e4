"""`oneOf` and `anyOf`: unions, enums in other words, unions beside common fields, and heirs of a base."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from ..source.json_types import is_object
from ..source.node import Node
from .annotations import notes_of
from .conjuncts import facets_of
from .context import Site
from .inheritance import Base
from .keywords import shaping
from .names import pascal
from .shapes import Component, ConstShape, EnumShape, NumberShape, RefShape, Shape, StringShape, UnionShape

if TYPE_CHECKING:
    from .interpreter import Interpreter

# `allOf` over several unions multiplies them; beyond this the author should name the combinations.
LARGEST_PRODUCT = 32


def union_of(reader: Interpreter, facet: Node, members: list[Node], site: Site) -> Shape:
    """A plain union; null was taken out of its members before."""
    if len(members) == 1:
        return site.over(reader.shape(members[0], site.hint, root=site.root))
    variants: list[Shape] = []
    nullable = site.nullable
    for number, member in enumerate(members, 1):
        variant = reader.shape(member, site.hint + _ending(member, number))
        variants.append(replace(variant, nullable=False))
        nullable = nullable or variant.nullable
    values = _listed_values(variants)
    if values is not None:  # an enum in other words: constants, or known values beside "any other text"
        kept, others = values
        return EnumShape(site.node, site.notes, nullable, values=kept, open=others or site.notes.open_enum)
    discriminator, mapping = discriminator_of(reader, facet)
    return UnionShape(
        site.node,
        site.notes,
        nullable,
        variants=tuple(variants),
        discriminator=discriminator,
        mapping=mapping,
    )


def _ending(member: Node, number: int) -> str:
    """What a member without a name is called by: its title where that is a word."""
    title = member.value.get("title") if is_object(member.value) else None
    if isinstance(title, str) and title.isascii() and title.isidentifier():
        return pascal(title)
    return f"Option{number}"


def product_of(
    reader: Interpreter, unions: list[tuple[Node, list[Node]]], bare: list[Node], site: Site
) -> Shape:
    """What is common to all goes into each variant: `allOf: [base, oneOf: [a, b]]` is `a+base` or `b+base`."""
    combinations = list(product(*(members for _, members in unions)))
    if len(combinations) > LARGEST_PRODUCT:
        raise site.node.refuse(
            f"{len(combinations)} combinations of `oneOf` and `anyOf` meet here, more than {LARGEST_PRODUCT};"
            " name the ones that are meant"
        )
    variants: list[Shape] = []
    nullable = site.nullable
    for number, members in enumerate(combinations, 1):
        facets = [_without_union(facet) for facet in bare]
        for member in members:
            facets.extend(facets_of(reader.resolver, member))
        here = Site(members[-1], notes_of(members[-1]), f"{site.hint}Option{number}")
        shape = reader.meaning(facets, here)
        nullable = nullable or shape.nullable
        variants.append(replace(shape, nullable=False))
    if len(variants) == 1:
        return replace(variants[0], notes=site.notes.over(variants[0].notes), nullable=nullable)
    discriminator, mapping = discriminator_of(reader, unions[0][0])
    # The mapping names the members as they stand alone; here each is joined with more, so tags decide instead.
    chosen = discriminator if not mapping else None
    return UnionShape(site.node, site.notes, nullable, variants=tuple(variants), discriminator=chosen)


def discriminator_of(reader: Interpreter, facet: Node) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """The property that tells the members apart, and which value means which component."""
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
        component = reader.components.by_wire(target.value)
        if component is None:
            reference = Node({"$ref": target.value}, target.file, target.pointer)
            component = reader.components.referenced(reader.resolver, reference)
        pairs.append((value, component.name))
    return name, tuple(pairs)


def heirs_of(reader: Interpreter, base: Base, component: Component, site: Site) -> Shape:
    """What a reference to a base stands for: any of its heirs, or the base itself."""
    named = [reader.components.at(heir) for heir in base.heirs]
    _, mapping = discriminator_of(reader, base.node)
    return UnionShape(
        site.node,
        site.notes,
        site.nullable,
        variants=tuple(RefShape(site.node, name=heir.name) for heir in [*named, component]),
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


def _without_union(facet: Node) -> Node:
    """The facet less its unions, which the product has taken apart."""
    kept = {key: item for key, item in facet.value.items() if key not in ("oneOf", "anyOf", "discriminator")}
    return Node(kept, facet.file, facet.pointer)


__all__ = ["discriminator_of", "heirs_of", "is_null", "only_constrains", "product_of", "union_of"]
