"""Operations in a portrait: methods, arguments, answers, events; and what holds for the whole description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..description.model import OperationSpec, ParameterSpec
from ..python.build_operations import result_type
from ..python.py_source import Needs, literal
from ..schema.shapes import RefShape, Shape, StringShape, UnionShape
from ..source.node import Node
from .snapshot import Entry, Kind, Sitting, pieces, shown
from .snapshot_schemas import paint_values


def paint_operation(sitting: Sitting, operation: OperationSpec) -> None:
    """An operation and everything that belongs to it."""
    key = f"operation {operation.id}"
    attribute = f"client.api.{operation.tag_name}.{operation.name}"
    names = (*dict.fromkeys(f"client.{facade.name}" for facade in operation.facade), attribute)
    facts = {
        "route": f"{operation.method} {operation.path}",
        "python": attribute,
        "security": sorted(operation.security),
        "stream": operation.stream is not None,
        "result": pieces(result_type(operation, sitting.writers, Needs())),
        "media types": [body.media_type for body in operation.bodies],
        "body required": operation.body_required,
        "deprecated": operation.deprecated,
        "retry": operation.retry,
        "idempotency key": operation.idempotency_key,
    }
    sitting.portrait.add(
        Entry("operation", key, "", operation.id, names, facts, operation.node, received=True)
    )
    _methods(sitting, operation, key)
    for parameter in operation.parameters:
        _parameter(sitting, operation, parameter, names)
    for answer in operation.answers:
        _received(
            sitting,
            "answer",
            key,
            f"{answer.status} {answer.media_type or 'without a body'}",
            names,
            answer.node,
        )
    if operation.stream is not None:
        for name, node in _events(sitting, operation.stream.shape):
            _received(sitting, "event", key, name, names, node)


def _received(
    sitting: Sitting, kind: Kind, owner: str, name: str, names: tuple[str, ...], node: Node
) -> None:
    full = f"{owner.removeprefix('operation ')}: {name}"
    entry = Entry(kind, f"{owner} {kind} {name}", owner, full, names, {}, node, sent=False, received=True)
    sitting.portrait.add(entry)


def _methods(sitting: Sitting, operation: OperationSpec, key: str) -> None:
    for facade in operation.facade:
        facts = {
            "positional": [facade.rename.get(name, name) for name in facade.positional],
            "defaults": {name: literal(value) for name, value in facade.defaults.items()},
            "renamed": dict(facade.rename),
        }
        fixed = "".join(f" with {name}={value}" for name, value in facade.fixed.items())
        names = (f"client.{facade.name}",)
        method = f"method {facade.name}{fixed}"
        sitting.portrait.add(
            Entry("method", method, key, f"{facade.name}(){fixed}", names, facts, facade.node)
        )


def _parameter(
    sitting: Sitting, operation: OperationSpec, parameter: ParameterSpec, methods: tuple[str, ...]
) -> None:
    renames = {f"client.{facade.name}": facade.rename for facade in operation.facade}
    names = tuple(
        f"{method}({renames.get(method, {}).get(parameter.wire, parameter.name)}=)" for method in methods
    )
    facts = {
        "written": pieces(sitting.writers.annotations.write(parameter.shape, Needs())),
        "required": parameter.required,
        "python": parameter.name,
        "bounds": sitting.bounds(parameter.shape),
        "sent by default": shown(parameter.client_default),
        "assumed": shown(parameter.shape.notes.default),
        "deprecated": parameter.deprecated,
        "style": [parameter.style, parameter.explode, parameter.allow_slash],
    }
    owner = f"operation {operation.id}"
    key = f"{owner} argument {parameter.wire} in {parameter.where}"
    name = f"{operation.id}: {parameter.where} parameter {parameter.wire}"
    entry = Entry("argument", key, owner, name, names, facts, parameter.node)
    sitting.portrait.add(entry)
    paint_values(sitting, parameter.shape, entry)


def _events(sitting: Sitting, shape: Shape, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, Node]]:
    """The members of a stream's union, those that are references by name."""
    match shape:
        case RefShape(name=name):
            meaning = sitting.reading.components[name].meaning
            if isinstance(meaning, UnionShape) and name not in seen:
                yield from _events(sitting, meaning, seen | {name})
            else:
                yield name, shape.node
        case UnionShape(variants=variants):
            for variant in variants:
                yield from _events(sitting, variant, seen)
        case StringShape(content=content) if content is not None:
            yield from _events(sitting, content, seen)
        case _:
            yield sitting.writers.annotations.read(shape, Needs()), shape.node


def paint_description(sitting: Sitting) -> None:
    """Credentials, errors, servers and webhooks."""
    description, package = sitting.reading.description, sitting.package
    root = description.node
    add = sitting.portrait.add
    for name, scheme in description.security_schemes.items():
        node = root.child("components").child("securitySchemes").child(name)
        add(Entry("auth", f"auth {name}", "", name, (), {"scheme": scheme}, node))
    for exception in description.exceptions:
        names = (f"{package}.{exception.name}",)
        facts: dict[str, Any] = {"parent": exception.parent, "attributes": sorted(exception.attributes)}
        node = exception.node or root
        add(Entry("error", f"error {exception.name}", "", exception.name, names, facts, node, False, True))
    tables: list[tuple[str, dict[Any, str]]] = [
        ("code", dict(description.error_codes)),
        ("status", dict(description.error_statuses)),
    ]
    for what, table in tables:
        for wire, name in table.items():
            facts = {"exception": name, "ancestors": _ancestors(sitting, name)}
            names = (f"{package}.{name}",)
            full = f"error {what} {wire}"
            add(Entry("error code", full, "", full, names, facts, root, False, True))
    urls = {"urls": list(description.servers)}
    add(Entry("server", "servers", "", "the servers", ("base_url",), urls, root))
    for hook in description.webhooks:
        facts = {"type": pieces(sitting.writers.annotations.read(hook.shape, Needs()))}
        names = (f"{package}.webhooks.read_{hook.python}",)
        add(Entry("webhook", f"webhook {hook.name}", "", hook.name, names, facts, hook.node, False, True))


def _ancestors(sitting: Sitting, name: str) -> list[str]:
    parents = {exception.name: exception.parent for exception in sitting.reading.description.exceptions}
    found = [name]
    while found[-1] in parents and parents[found[-1]] not in found:
        found.append(parents[found[-1]])
    return found


__all__ = ["paint_description", "paint_operation"]
