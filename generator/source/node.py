"""A value of the description with its place, and the resolution of references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from .files import SourceFile, Sources, UnreadableSource
from .json_types import is_array, is_object
from .problems import Problem, ProblemLog, SpecRefused, pieces_of, pointer_text


@dataclass(frozen=True, eq=False)
class Node:
    """A value and its place: the file, and the JSON pointer in it as path pieces."""

    value: Any
    file: SourceFile
    pointer: tuple[str, ...]

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """Identifies the place: equal for two nodes of the same place."""
        return (str(self.file.path), self.pointer)

    @property
    def line(self) -> int:
        """The line of this place, from 1."""
        return self.file.line_of(self.pointer)

    def child(self, piece: str | int) -> Node:
        """The value under a key or an index."""
        return Node(self.value[piece], self.file, (*self.pointer, str(piece)))

    def get(self, piece: str) -> Node | None:
        """The value under a key of an object, or None."""
        if is_object(self.value) and piece in self.value:
            return self.child(piece)
        return None

    def below(self, *path: str) -> Node | None:
        """The value at the end of a path of keys, or None."""
        node: Node | None = self
        for piece in path:
            node = node.get(piece) if node is not None else None
        return node

    def items_at(self, *path: str) -> Iterator[tuple[str, Node]]:
        """The members of the object at a path; none where there is nothing at the path."""
        found = self.below(*path)
        return found.items() if found is not None and found.value is not None else iter(())

    def elements_at(self, *path: str) -> Iterator[Node]:
        """The members of the array at a path; none where there is nothing at the path."""
        found = self.below(*path)
        return found.elements() if found is not None and found.value is not None else iter(())

    def items(self) -> Iterator[tuple[str, Node]]:
        """The members of an object, keys as text (a YAML key `200` is a number)."""
        if not is_object(self.value):
            raise self.refuse(
                f"expected an object, found {describe_value(self.value)}; write one, or leave it out"
            )
        for key, value in self.value.items():
            yield str(key), Node(value, self.file, (*self.pointer, str(key)))

    def elements(self) -> Iterator[Node]:
        """The members of an array."""
        if not is_array(self.value):
            raise self.refuse(
                f"expected an array, found {describe_value(self.value)}; write one, or leave it out"
            )
        for index, value in enumerate(self.value):
            yield Node(value, self.file, (*self.pointer, str(index)))

    def text(self, piece: str) -> str | None:
        """The string under a key, or None; anything else there is an error."""
        value = self.value.get(piece) if is_object(self.value) else None
        if value is not None and not isinstance(value, str):
            raise self.child(piece).refuse(
                f"`{piece}` has to be a string, found {describe_value(value)}; write the text here"
            )
        return value

    def flag(self, piece: str) -> bool:
        """The boolean under a key, False when absent; anything else there is an error."""
        value = self.value.get(piece, False) if is_object(self.value) else False
        if not isinstance(value, bool):
            raise self.child(piece).refuse(
                f"`{piece}` has to be true or false, found {describe_value(value)}; write one of them"
            )
        return value

    def problem(self, message: str) -> Problem:
        """A problem at this place."""
        return Problem(self.file.path, self.pointer, self.line, message)

    def refuse(self, message: str, kind: type[SpecRefused] = SpecRefused) -> SpecRefused:
        """The exception for one problem at this place."""
        return kind([self.problem(message)])


def describe_value(value: Any) -> str:
    """A value's JSON kind, with the value where it is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the string {value!r}" if len(value) <= 60 else f"a string of {len(value)} characters"
    if is_array(value):
        return f"an array of {len(value)}"
    if is_object(value):
        return f"an object with {', '.join(map(repr, list(value)[:4])) or 'nothing in it'}"
    return f"a {type(value).__name__}"


def value_at(document: Any, pointer: tuple[str, ...]) -> Any:
    """The value at a place of a document.

    Raises:
        LookupError: where there is none.
    """
    for piece in pointer:
        if is_object(document):  # a YAML key such as 200 is a number
            document = document[piece if piece in document else {str(key): key for key in document}[piece]]
        elif is_array(document) and piece.isdecimal():
            document = document[int(piece)]
        else:
            raise LookupError(piece)
    return document


class Resolver:
    """Follows `$ref`, within a file and into the files beside it, and keeps the problems of the run."""

    def __init__(self, sources: Sources, problems: ProblemLog | None = None) -> None:
        self.problems = problems or ProblemLog()
        self._sources = sources
        self.root = Node(sources.root.data, sources.root, ())

    def target(self, node: Node) -> Node:
        """The place that `node`'s own `$ref` names (one step, no further)."""
        reference = node.child("$ref")
        if not isinstance(reference.value, str):
            raise reference.refuse(
                f"`$ref` has to be a string, found {describe_value(reference.value)}; write the place it refers to"
            )
        parts = urlsplit(reference.value)
        if parts.scheme or parts.netloc:
            raise reference.refuse(
                f"`$ref: {reference.value}` points to another host; only files beside the description are read: "
                "download that one"
            )
        file = node.file
        if parts.path:
            try:
                file = self._sources.beside(node.file, unquote(parts.path))
            except UnreadableSource as error:
                raise reference.refuse(
                    f"`$ref: {reference.value}` cannot be followed: {error}; put the file there"
                ) from error
        pointer: tuple[str, ...] = ()
        if parts.fragment:
            fragment = unquote(parts.fragment)
            if not fragment.startswith("/"):
                return self._anchor(reference, file, fragment)
            pointer = pieces_of(fragment)
        try:
            return Node(value_at(file.data, pointer), file, pointer)
        except LookupError:
            text = f"`$ref: {reference.value}` has no target; add it there, or correct the reference"
        raise reference.refuse(text)

    def follow(self, node: Node) -> Node:
        """The end of a chain of references (parameters, responses, path items): `node` itself without `$ref`."""
        seen: list[Node] = []
        while is_object(node.value) and "$ref" in node.value:
            if any(node.key == other.key for other in seen):
                chain = " -> ".join(f"#{pointer_text(other.pointer)}" for other in (*seen, node))
                raise node.refuse(
                    f"references form a cycle: {chain}; replace one of them with the value itself"
                )
            seen.append(node)
            node = self.target(node)
        return node

    def members(self, node: Node, *path: str) -> list[tuple[str, Node]]:
        """The members of the object at a path below a node or what it refers to, where null is as good as none.

        Anything else there is noted as a problem, and has none.
        """
        found: list[tuple[str, Node]] = []
        with self.problems.collect():
            found.extend(self.follow(node).items_at(*path))
        return found

    def get(self, node: Node, piece: str) -> Node | None:
        """The value under a key, a reference in its place followed; None where there is none.

        `properties` may have a property that is called `$ref`; that one is an object, and no reference.
        """
        found = node.get(piece)
        reference = found.get("$ref") if found is not None else None
        names = reference is not None and isinstance(reference.value, str)
        return self.follow(found) if found is not None and names else found

    def items_at(self, node: Node, piece: str) -> Iterator[tuple[str, Node]]:
        """The members of the object under a key, found as `get` finds it; none where there is none."""
        found = self.get(node, piece)
        return found.items() if found is not None else iter(())

    def _anchor(self, reference: Node, file: SourceFile, name: str) -> Node:
        """The schema that declares `$anchor: name`."""
        pending = [Node(file.data, file, ())]
        while pending:
            node = pending.pop()
            if is_object(node.value):
                if node.value.get("$anchor") == name:
                    return node
                pending.extend(child for _, child in node.items())
            elif is_array(node.value):
                pending.extend(node.elements())
        raise reference.refuse(
            f"`$ref: {reference.value}` names the anchor {name!r}, which no schema declares; "
            f"add `$anchor: {name}`, or use a JSON pointer"
        )
