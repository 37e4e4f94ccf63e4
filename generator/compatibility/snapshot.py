"""What a description means to those who use the package: every operation, argument, field, value and class, by name.

Two portraits side by side are a comparison of two packages that needs neither of them written to disk. The names and
types in it come from the code that writes the package, so they are the ones that users type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..description.reachability import reached
from ..description.read import Reading
from ..python.build_models import Writers, request_models
from ..python.codec_expressions import Codecs
from ..python.docstrings import Words
from ..python.imports import Imports
from ..python.py_source import literal
from ..python.type_hints import Annotations, members
from ..schema.shapes import MISSING, ArrayShape, ConstShape, NumberShape, Shape, StringShape
from ..source.node import Node

Kind: TypeAlias = Literal[
    "operation",
    "method",
    "argument",
    "answer",
    "event",
    "schema",
    "field",
    "value",
    "auth",
    "error",
    "error code",
    "server",
    "webhook",
]


@dataclass(frozen=True, eq=False)
class Entry:
    """One thing that users may have in their code.

    Attributes:
        kind: what it is.
        key: what it is recognised by in another portrait.
        owner: the key of the thing that it is a part of; empty for what stands by itself.
        name: how the description calls it.
        python: the Python names under which users meet it.
        facts: what may change about it, by aspect.
        node: where it stands.
        sent: callers may have to build it.
        received: readers may meet it in an answer.
        former: names that it had before, by `x-renamed-from`.
    """

    kind: Kind
    key: str
    owner: str
    name: str
    python: tuple[str, ...]
    facts: dict[str, Any]
    node: Node
    sent: bool = True
    received: bool = False
    former: tuple[str, ...] = ()


@dataclass
class Portrait:
    """All entries of one description, by key, and its version."""

    title: str
    version: str
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])

    def add(self, entry: Entry) -> None:
        """Keep an entry."""
        self.entries[entry.key] = entry


class Sitting:
    """What painting any part of a portrait needs: the description, the writers of annotations, the directions."""

    def __init__(self, reading: Reading, templates: Path, package: str) -> None:
        components = reading.components
        params = request_models(reading.description, components)
        annotations = Annotations(components, params)
        self.writers = Writers(
            components=components,
            annotations=annotations,
            codecs=Codecs(components, annotations),
            words=Words(components),
            imports=Imports(templates / "runtime", components, {}),
            params=params,
        )
        self.reading, self.package = reading, package
        self.sent, self.received = reached(reading.description, components)
        self.portrait = Portrait(reading.description.title, reading.description.version)

    def bounds(self, shape: Shape) -> dict[str, Any]:
        """The limits of a value."""
        target = self.reading.components.resolve(shape)
        if isinstance(target, (StringShape, NumberShape, ArrayShape)):
            return dict(target.bounds)
        return {"const": literal(target.value)} if isinstance(target, ConstShape) else {}


def portray(reading: Reading, templates: Path, package: str) -> Portrait:
    """The portrait of a description that was read."""
    from .snapshot_operations import paint_description, paint_operation
    from .snapshot_schemas import paint_schema

    sitting = Sitting(reading, templates, package)
    for component in reading.components:
        paint_schema(sitting, component)
    for operation in reading.description.operations:
        paint_operation(sitting, operation)
    paint_description(sitting)
    return sitting.portrait


def shown(value: Any) -> str | None:
    """A default as Python source; None where there is none."""
    return None if value is MISSING else literal(value)


_LITERAL = re.compile(r"Literal\[(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^\]'\"])*\]")
_OPEN = re.compile(r"Literal\[\.\.\.\] \| (?=str\b|int\b|float\b)")


def pieces(annotation: str) -> tuple[str, ...]:
    """The members of an annotation in which the values of enums do not count: they are entries of their own."""
    return tuple(members(_OPEN.sub("", _LITERAL.sub("Literal[...]", annotation))))


__all__ = ["Entry", "Kind", "Portrait", "Sitting", "pieces", "portray", "shown"]
