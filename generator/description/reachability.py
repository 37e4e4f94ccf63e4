"""Which components lead to which, which ones callers build, and which ones readers meet."""

from __future__ import annotations

from collections.abc import Iterable

from ..schema.components import Components
from ..schema.shapes import ArrayShape, MapShape, ObjectShape, RefShape, Shape, StringShape, UnionShape
from .model import Description, OperationSpec


def reached(description: Description, components: Components) -> tuple[set[str], set[str]]:
    """The components that a request may hold, and those that an answer, an event or a webhook may hold."""
    sent: list[Shape] = []
    received: list[Shape] = []
    for operation in description.operations:
        sent.extend(sent_by(operation))
        received.extend([*received_by(operation), *refused_by(operation)])
    received.extend(hook.shape for hook in description.webhooks)
    leads = leads_to(components)
    return closure(mentioned(sent, components), leads), closure(mentioned(received, components), leads)


def sent_by(operation: OperationSpec) -> list[Shape]:
    """What an operation sends."""
    return [*(body.shape for body in operation.bodies), *(one.shape for one in operation.parameters)]


def received_by(operation: OperationSpec) -> list[Shape]:
    """What an operation that succeeds answers, in one piece or in events."""
    events = [operation.stream.shape] if operation.stream is not None else []
    return [*(answer.shape for answer in operation.answers if answer.shape is not None), *events]


def refused_by(operation: OperationSpec) -> list[Shape]:
    """What an operation that fails answers."""
    return [failure.shape for failure in operation.failures if failure.shape is not None]


def leads_to(components: Components) -> dict[str, set[str]]:
    """For each component those that it mentions."""
    return {component.name: mentioned([component.meaning], components) for component in components}


def closure(names: Iterable[str], leads: dict[str, set[str]]) -> set[str]:
    """Some components and all that they lead to."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(leads[name] - found)
    return found


def mentioned(shapes: Iterable[Shape], components: Components) -> set[str]:
    """The components that shapes mention themselves; what these mention in turn is left out."""
    found: set[str] = set()
    left = list(shapes)
    while left:
        match left.pop():
            case RefShape(name=name):
                found.add(name)
            case ArrayShape(items=inner) | MapShape(values=inner):
                left.append(inner)
            case UnionShape(variants=variants):
                left.extend(variants)
            case StringShape(content=content) if content is not None:
                left.append(content)
            case ObjectShape(fields=fields, additional=additional, response_shapes=others):
                left.extend(one.shape for one in fields)
                left.extend([additional] if additional is not None else [])
                named = (components.by_wire(wire) for wire in others)
                found.update(component.name for component in named if component is not None)
            case _:
                pass
    return found


__all__ = ["closure", "leads_to", "mentioned", "reached", "received_by", "refused_by", "sent_by"]
