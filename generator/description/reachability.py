"""Which components refer to which, which ones requests use, and which ones answers use."""

from __future__ import annotations

from collections.abc import Iterable

from ..schema.components import Components
from ..schema.shapes import ObjectShape, RefShape, Shape, parts_of
from .model import Description, OperationSpec


def reached(description: Description, components: Components) -> tuple[set[str], set[str]]:
    """The components that a request may hold, and those that an answer, an event or a webhook may hold."""
    sent: list[Shape] = []
    received: list[Shape] = []
    for operation in description.operations:
        sent.extend(request_shapes(operation))
        received.extend([*answer_shapes(operation), *failure_shapes(operation)])
    received.extend(hook.shape for hook in description.webhooks)
    references = references_of(components)
    return closure(directly_used(sent, components), references), closure(
        directly_used(received, components), references
    )


def request_shapes(operation: OperationSpec) -> list[Shape]:
    """What an operation sends."""
    return [*(body.shape for body in operation.bodies), *(one.shape for one in operation.parameters)]


def answer_shapes(operation: OperationSpec) -> list[Shape]:
    """What an operation that succeeds answers, in one piece or in events."""
    events = [operation.stream.shape] if operation.stream is not None else []
    return [*(answer.shape for answer in operation.answers if answer.shape is not None), *events]


def failure_shapes(operation: OperationSpec) -> list[Shape]:
    """What an operation that fails answers."""
    return [failure.shape for failure in operation.failures if failure.shape is not None]


def references_of(components: Components) -> dict[str, set[str]]:
    """For each component those that it mentions."""
    return {component.name: directly_used([component.meaning], components) for component in components}


def closure(names: Iterable[str], references: dict[str, set[str]]) -> set[str]:
    """Some components and all that they lead to."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(references[name] - found)
    return found


def directly_used(shapes: Iterable[Shape], components: Components) -> set[str]:
    """The components that shapes mention themselves; what these mention in turn is left out."""
    found: set[str] = set()
    left = list(shapes)
    while left:
        shape = left.pop()
        left.extend(parts_of(shape))
        match shape:
            case RefShape(name=name):
                found.add(name)
            case ObjectShape(response_shapes=others):
                named = (components.by_wire(wire) for wire in others)
                found.update(component.name for component in named if component is not None)
            case _:
                pass
    return found
