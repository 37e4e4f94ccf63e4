"""Inheritance in OpenAPI: a base with a `discriminator`, and schemas that extend it by `allOf`.

A reference to such a base means "the base or any schema that extends it". It is read as a union of them all, which the
discriminator distinguishes; a value that matches none of them is read as the base.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..source.json_types import is_array, is_object
from ..source.node import Node, Resolver

Key = tuple[str, tuple[str, ...]]


@dataclass
class Base:
    """A schema that others extend: the property of its discriminator, and its subclasses."""

    node: Node
    property: str
    subclasses: list[Node] = field(default_factory=list[Node])


def find_bases(resolver: Resolver) -> dict[Key, Base]:
    """Every base in `components/schemas`, by key, with its subclasses in the order of the description."""
    listed = resolver.members(resolver.root, "components", "schemas")
    bases: dict[Key, Base] = {}
    for _, node in listed:
        found = node.get("discriminator")
        if found is not None and {"oneOf", "anyOf"}.isdisjoint(node.value):
            with resolver.problems.collect():
                bases[node.key] = Base(node, property_of(found))
    for _, node in listed if bases else ():
        with resolver.problems.collect():
            for ancestor in _ancestors(resolver, node, ()):
                base = bases.get(ancestor)
                if base is not None and node.key != ancestor:
                    base.subclasses.append(node)
    return {key: base for key, base in bases.items() if base.subclasses}


def property_of(discriminator: Node) -> str:
    """The property that a `discriminator` names."""
    name = discriminator.text("propertyName")
    if name is None:
        raise discriminator.refuse("`discriminator` needs a `propertyName`; add it")
    return name


def _ancestors(resolver: Resolver, node: Node, seen: tuple[Key, ...]) -> list[Key]:
    """The schemas that a schema extends by `allOf`, directly and indirectly."""
    if not is_object(node.value) or not is_array(node.value.get("allOf")):
        return []
    found: list[Key] = []
    for member in node.child("allOf").elements():
        if is_object(member.value) and "$ref" in member.value:
            target = resolver.target(member)
            if target.key not in seen:
                found.extend([target.key, *_ancestors(resolver, target, (*seen, target.key))])
    return list(dict.fromkeys(found))
