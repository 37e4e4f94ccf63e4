"""The place where a schema is read, what is known from around it, and what reads its members."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ..source.node import Node, Resolver
from .components import Components
from .shapes import Notes, Shape


@dataclass(frozen=True)
class Site:
    """The place of a schema.

    Attributes:
        node: the schema.
        notes: what stands beside its shape.
        hint: the name for an object that stands here without one.
        root: it is a component itself, so that its object is not lifted out once more.
        nullable: null was already allowed by something around it.
    """

    node: Node
    notes: Notes
    hint: str
    root: bool = False
    nullable: bool = False

    def over(self, inner: Shape) -> Shape:
        """A shape found inside, with the notes of this place before its own."""
        return replace(inner, notes=self.notes.over(inner.notes), nullable=inner.nullable or self.nullable)


class ShapeReader(Protocol):
    """What containers and unions need of the interpreter, which reads their members."""

    resolver: Resolver
    components: Components

    def shape(self, node: Node, hint: str, *, root: bool = False) -> Shape:
        """The shape of one schema; `hint` names an object that has no name."""
        ...

    def meaning(self, facets: list[Node], site: Site) -> Shape:
        """The shape of several schemas that hold together."""
        ...


__all__ = ["ShapeReader", "Site"]
