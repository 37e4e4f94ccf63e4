"""The schemas that have a name of their own, and the names themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import PurePath

from ..source.json_types import is_object
from ..source.node import Node, Resolver
from ..source.problems import ProblemLog
from .names import RESERVED_CONSTANTS, NameAllocator, pascal
from .shapes import AnyShape, Component, NullShape, RefShape, Shape, UnionShape

# Parts of a JSON pointer that give the place of a schema, not its meaning.
_STRUCTURE = frozenset({
    "components", "schemas", "properties", "items", "$defs", "definitions", "paths", "content", "schema",
    "responses",
})  # fmt: skip


class Components:
    """Named schemas by Python name, in the order of reading: those of `components/schemas` first.

    Of two names that differ only by case the later one gets a number. A name that the generated code uses itself gets
    the suffix `Model`.
    """

    def __init__(self, reserved: frozenset[str]) -> None:
        self._by_name: dict[str, Component] = {}
        self._by_wire: dict[str, Component] = {}
        self._by_key: dict[tuple[str, tuple[str, ...]], Component] = {}
        self._names = NameAllocator(reserved, exact=RESERVED_CONSTANTS)
        self._unread: deque[Component] = deque()
        self._roots: set[tuple[str, tuple[str, ...]]] = set()
        # Where `allOf` combines equal schemas, one is read: the place of each duplicate -> the place that was read.
        self.duplicates: dict[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]] = {}
        # Objects by the schemas that they combine, also those that are being read.
        self.begun: dict[frozenset[tuple[str, tuple[str, ...]]], Component] = {}
        # The places of keywords that say nothing: `properties` of a string, for example.
        self.idle: set[tuple[str, tuple[str, ...]]] = set()

    def __iter__(self) -> Iterator[Component]:
        return iter(self._by_name.values())

    def __getitem__(self, name: str) -> Component:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def load(self, resolver: Resolver) -> None:
        """Allocate the names of `components/schemas`, so that they take precedence over every lifted one."""
        listed = resolver.members(resolver.root, "components", "schemas")
        self._roots = {node.key for _, node in listed}
        # A name that needs no change takes precedence over one that does: `FooBar` keeps its name beside `foo_bar`.
        order = sorted(listed, key=lambda pair: pascal(pair[0]) != pair[0])
        made = {wire: self._add(wire, node, lifted=False) for wire, node in order}
        self._by_name = {made[wire].name: made[wire] for wire, _ in listed}
        self._unread = deque(self._by_name.values())
        self._by_wire = {component.wire: component for component in made.values()}
        for wire, node in listed:
            with resolver.problems.collect():
                self._adopt(resolver, made[wire], node)

    def _adopt(self, resolver: Resolver, component: Component, node: Node) -> None:
        """A component that only points into another file is that file's schema, under this name."""
        seen = {node.key}
        while is_object(node.value) and list(node.value) == ["$ref"]:
            node = resolver.target(node)
            if node.key in self._roots or node.key in self._by_key or node.key in seen:
                return
            seen.add(node.key)
            self._by_key[node.key] = component
            component.node = node

    def by_wire(self, wire: str) -> Component | None:
        """The component of `components/schemas` with this name."""
        return self._by_wire.get(wire)

    def at(self, node: Node) -> Component:
        """The component at a place of `components/schemas`."""
        return self._by_key[node.key]

    def referenced(self, resolver: Resolver, node: Node) -> Component:
        """The component that a reference names; a place that has no name yet gets one."""
        target = resolver.target(node)
        known = self._by_key.get(target.key)
        if known is not None:
            return known
        pieces = [piece for piece in target.pointer if piece not in _STRUCTURE]
        name = (
            "".join(pascal(piece) for piece in pieces[-3:])
            if pieces
            else pascal(PurePath(target.file.path).stem)
        )
        if target.pointer[:-1] and target.pointer[-2] in ("schemas", "$defs", "definitions"):
            name = pascal(target.pointer[-1])
        return self._add(name, target, lifted=True)

    def lift(self, node: Node, hint: str, conjuncts: list[Node]) -> Component:
        """Give an object inside another schema a name of its own."""
        # Where the conjuncts are not those of the node (an intersection of unions), one node gives several objects.
        key = node.key if conjuncts == [node] else (node.key[0], (*node.pointer, hint))
        known = self._by_key.get(key)
        return known if known is not None else self._add(hint, node, lifted=True, key=key)

    def names(self) -> set[str]:
        """The names so far."""
        return set(self._by_name)

    def forget(self, names: set[str]) -> None:
        """Drop components again: those of a member of a union that no value has."""
        dropped = [self._by_name.pop(name) for name in names]
        self._unread = deque(component for component in self._unread if component not in dropped)
        self._by_key = {key: found for key, found in self._by_key.items() if found not in dropped}

    def next_unread(self) -> Component | None:
        """The next component whose shape is not known yet."""
        while self._unread:
            component = self._unread.popleft()
            if component.shape is None:
                return component
        return None

    def _add(
        self, wire: str, node: Node, *, lifted: bool, key: tuple[str, tuple[str, ...]] | None = None
    ) -> Component:
        name = self._names.allocate(pascal(wire), suffix="Model")
        component = Component(wire=wire, name=name, node=node, lifted=lifted)
        self._by_name[name] = component
        self._unread.append(component)
        self._by_key[key or node.key] = component
        return component

    def refuse_empty_circles(self, problems: ProblemLog) -> None:
        """Note schemas that refer to themselves with no array and no object in between; they become any JSON value."""
        for component in self:
            if self._refers_to_itself(component):
                component.shape = AnyShape(component.node)
                text = (
                    f"{component.wire} refers to itself without an array or an object in between; "
                    "leave the reference out, or put it into a list or a property"
                )
                problems.found.append(component.node.problem(text))

    def _refers_to_itself(self, component: Component) -> bool:
        pending, seen = [component.meaning], set[str]()
        while pending:
            match pending.pop():
                case RefShape(name=name):
                    if name == component.name:
                        return True
                    if name not in seen:
                        seen.add(name)
                        pending.append(self._by_name[name].meaning)
                case UnionShape(variants=variants):
                    pending.extend(variants)
                case _:
                    pass
        return False

    def nullable(self, shape: Shape) -> bool:
        """Whether null is a value of the shape, directly or in what it refers to."""
        match shape:
            case RefShape(name=name, nullable=False):
                return self.nullable(self._by_name[name].meaning)
            case UnionShape(variants=variants, nullable=False):
                return any(self.nullable(variant) for variant in variants)
            case _:
                return shape.nullable or isinstance(shape, (AnyShape, NullShape))

    def resolve(self, shape: Shape) -> Shape:
        """The shape at the end of a chain of references."""
        while isinstance(shape, RefShape):
            shape = self._by_name[shape.name].meaning
        return shape
