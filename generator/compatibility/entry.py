"""The entries of a snapshot: operations, arguments, fields, values and classes, as users know them.

The names and types derive from the code that writes the package, so they are the ones that users write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..description.reachability import reached
from ..description.read import Reading
from ..python.build_models import RenderContext
from ..python.py_source import literal
from ..python.type_hints import members
from ..schema.shapes import MISSING, ArrayShape, ConstShape, NumberShape, Shape, StringShape, TupleShape
from ..source.node import Node

Kind: TypeAlias = Literal[
    "operation", "method", "argument", "answer", "event", "schema", "field", "value", "auth", "error",
    "error code", "server", "webhook",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class SnapshotEntry:
    """One element that users may have in their code.

    Attributes:
        kind: what it is.
        key: identifies it in another snapshot.
        name: its name in the description.
        facts: the aspects that may change.
        node: its place in the description.
        owner: the key of the entry that it is a part of; empty for independent ones.
        python: the Python names that users know it by.
        sent: callers may have to build it.
        received: an answer may contain it.
        former: former names, from `x-renamed-from`.
        others: further places that decide about it: the list of required properties, the servers of its path.
    """

    kind: Kind
    key: str
    name: str
    facts: dict[str, Any]
    node: Node
    owner: str = ""
    python: tuple[str, ...] = ()
    sent: bool = True
    received: bool = False
    former: tuple[str, ...] = ()
    others: tuple[tuple[str, ...], ...] = ()


Snapshot: TypeAlias = dict[str, SnapshotEntry]
"""All entries of one description, by key."""


class SnapshotBuilder:
    """What every part of a snapshot is built with: the description, the type hints, and what is sent and received."""

    def __init__(self, reading: Reading, package: str) -> None:
        components = reading.components
        self.context = RenderContext.of(reading.description, components, None)
        self.reading, self.package = reading, package
        self.sent, self.received = reached(reading.description, components)
        self.snapshot: Snapshot = {}

    def add(self, entry: SnapshotEntry) -> SnapshotEntry:
        """Keep an entry, and return it."""
        self.snapshot[entry.key] = entry
        return entry

    def read(self, shape: Shape) -> str:
        """The annotation of a value that is received."""
        return self.context.type_hints.read(shape)

    def written(self, shape: Shape) -> tuple[str, ...]:
        """The members of the annotation of a value that is sent."""
        return union_members(self.context.type_hints.write(shape))

    def bounds(self, shape: Shape) -> dict[str, Any]:
        """The limits of a value."""
        target = self.reading.components.resolve(shape)
        if isinstance(target, (StringShape, NumberShape, ArrayShape, TupleShape)):
            return dict(target.bounds)
        return {"const": literal(target.value)} if isinstance(target, ConstShape) else {}


def default_repr(value: Any) -> str | None:
    """A default as Python source; None where there is none."""
    return None if value is MISSING else literal(value)


_LITERAL = re.compile(r"Literal\[(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^\]'\"])*\]")
_OPEN = re.compile(r"Literal\[\.\.\.\] \| (?=str\b|int\b|float\b)")


def union_members(annotation: str) -> tuple[str, ...]:
    """The members of an annotation in which the values of enums do not count: they are entries of their own."""
    return tuple(members(_OPEN.sub("", _LITERAL.sub("Literal[...]", annotation))))
