"""The place where a schema is read, what is known from around it, and what reads its members."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ..source.node import Node, Resolver
from .components import Components
from .shapes import Annotations, Shape


@dataclass(frozen=True)
class SchemaContext:
    """The place of a schema.

    Attributes:
        node: the schema.
        annotations: those of the schema and of what surrounds it.
        hint: the name for an object that has none.
        root: it is a component itself, so that its object is not lifted out once more.
        nullable: null is already allowed by something around it.
    """

    node: Node
    annotations: Annotations
    hint: str
    root: bool = False
    nullable: bool = False

    @property
    def base(self) -> tuple[Node, Annotations, bool]:
        """What every shape of this place begins with."""
        return self.node, self.annotations, self.nullable

    def over(self, inner: Shape) -> Shape:
        """An inner shape, with the annotations of this place taking precedence over its own."""
        return replace(
            inner,
            annotations=self.annotations.over(inner.annotations),
            nullable=inner.nullable or self.nullable,
        )


class ShapeReader(Protocol):
    """What containers and unions need of the interpreter, which reads their members."""

    resolver: Resolver
    components: Components

    def shape(self, node: Node, hint: str, *, root: bool = False) -> Shape:
        """The shape of one schema; `hint` names an object that has no name."""
        ...

    def combine(self, conjuncts: list[Node], context: SchemaContext) -> Shape:
        """The shape of several schemas that hold together."""
        ...
