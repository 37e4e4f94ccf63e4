"""Which components callers build and which readers meet."""

from __future__ import annotations

from collections.abc import Iterable

from .components import Components
from .ir import Description
from .shapes import ArrayShape, MapShape, ObjectShape, RefShape, Shape, StringShape, UnionShape


def reached(description: Description, components: Components) -> tuple[set[str], set[str]]:
    """The components that a request may hold, and those that an answer, an event or a webhook may hold."""
    sent: list[Shape] = []
    received: list[Shape] = []
    for operation in description.operations:
        sent.extend(body.shape for body in operation.bodies)
        sent.extend(parameter.shape for parameter in operation.parameters)
        received.extend(answer.shape for answer in operation.answers if answer.shape is not None)
        received.extend(failure.shape for failure in operation.failures if failure.shape is not None)
        if operation.stream is not None:
            received.append(operation.stream.shape)
    received.extend(hook.shape for hook in description.webhooks)
    return _from(sent, components), _from(received, components)


def _from(shapes: Iterable[Shape], components: Components) -> set[str]:
    found: set[str] = set()
    left = list(shapes)
    while left:
        match left.pop():
            case RefShape(name=name):
                if name not in found:
                    found.add(name)
                    left.append(components[name].meaning)
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
                for component in named:
                    if component is not None and component.name not in found:
                        found.add(component.name)
                        left.append(component.meaning)
            case _:
                pass
    return found


__all__ = ["reached"]
