"""Where a schema is being read, and what is known from around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..source.node import Node
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


__all__ = ["Site"]
