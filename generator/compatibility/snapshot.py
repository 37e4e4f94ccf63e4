"""The snapshot of a description: every operation, argument, field, value and class, as users know them.

Comparing two snapshots compares two packages, without writing either of them to disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..description.model import OperationSpec, ParameterSpec
from ..description.operations import servers_of
from ..description.reachability import answer_shapes, failure_shapes, request_shapes
from ..description.read import Reading
from ..python.build_answers import result_type
from ..python.py_source import literal
from ..schema.shapes import RefShape, Shape, StringShape, UnionShape
from ..source.node import Node
from .entry import Kind, Snapshot, SnapshotBuilder, SnapshotEntry, default_repr, union_members
from .snapshot_schemas import add_schema, add_values, discriminator_of


def snapshot_of(reading: Reading, package: str) -> Snapshot:
    """The snapshot of a description."""
    builder = SnapshotBuilder(reading, package)
    for component in reading.components:
        add_schema(builder, component)
    for operation in reading.description.operations:
        _operation(builder, operation)
    _description(builder)
    return builder.snapshot


def _operation(builder: SnapshotBuilder, operation: OperationSpec) -> None:
    """An operation and everything that belongs to it."""
    key = f"operation {operation.id}"
    attribute = f"client.api.{operation.tag_name}.{operation.name}"
    names = (*dict.fromkeys(f"client.{facade.name}" for facade in operation.facade), attribute)
    facts = {
        "route": f"{operation.method} {operation.path}",
        "python": attribute,
        "security": sorted(" + ".join(sorted(names)) or "none" for names in operation.security),
        "scopes": _scopes(builder.reading.description.node, operation),
        "stream": operation.stream is not None,
        "stream argument": operation.stream.parameter if operation.stream is not None else None,
        "result": union_members(result_type(operation, builder.context)),
        "media types": [body.media_type for body in operation.bodies],
        "body required": operation.body_required,
        "deprecated": operation.deprecated,
        "retry": operation.retry,
        "idempotency key": operation.idempotency_key,
        "servers": list(operation.servers),
        "error statuses": {str(status): name for status, name in operation.error_statuses.items()},
        "poll": _poll(operation),
        "stream end": [operation.stream.done, *operation.stream.terminal]
        if operation.stream is not None
        else [],
        "encodings": _encodings(operation),
        "failures": sorted(failure.status for failure in operation.failures),
        "bodies of failures": {
            one.status: builder.read(one.shape) for one in operation.failures if one.shape is not None
        },
        "headers of answers": {
            f"{answer.status} {name}": builder.read(shape)
            for answer in operation.answers
            for name, shape in answer.headers.items()
        },
        "statuses": sorted({a.status for a in operation.answers} | {f.status for f in operation.failures}),
        "discriminator": _discriminators(operation),
        "default media type": operation.bodies[0].media_type if operation.bodies else None,
        "token exchange": operation.token_exchange,
        "strict success": operation.strict_success,
        "rules of providers": operation.provider_rules or {},
    }
    item = operation.path_item.pointer if operation.path_item is not None else ()
    others = (*([(*item, "servers")] if item else []), ("security",))
    builder.add(
        SnapshotEntry(
            "operation", key, operation.id, facts, operation.node, python=names, received=True, others=others
        )
    )
    _methods(builder, operation, key)
    for parameter in operation.parameters:
        _parameter(builder, operation, parameter, names)
    received: list[tuple[Kind, str, Node]] = [
        ("answer", f"{answer.status} {answer.media_type or 'without a body'}", answer.node)
        for answer in operation.answers
    ]
    if operation.stream is not None:
        received.extend(("event", name, node) for name, node in _events(builder, operation.stream.shape))
    for kind, what, node in received:
        full, name = f"{key} {kind} {what}", f"{operation.id}: {what}"
        builder.add(SnapshotEntry(kind, full, name, {}, node, key, names, sent=False, received=True))


def _scopes(root: Node, operation: OperationSpec) -> dict[str, str]:
    """The scopes that each scheme has to have."""
    listed = operation.node.get("security")
    listed = listed if listed is not None else root.get("security")
    found: dict[str, str] = {}
    for alternative in listed.value if listed is not None else ():
        found.update({name: ", ".join(sorted(scopes)) for name, scopes in alternative.items() if scopes})
    return found


def _discriminators(operation: OperationSpec) -> dict[str, str]:
    """The classes by the values of discriminators in the operation itself; those of components are theirs."""
    shapes = [*request_shapes(operation), *answer_shapes(operation), *failure_shapes(operation)]
    return {value: name for shape in shapes for value, name in discriminator_of(shape).items()}


def _encodings(operation: OperationSpec) -> dict[str, str]:
    """How fields of forms are encoded, where it is not the usual way."""
    return {
        f"{body.media_type} {name}": " ".join(
            filter(None, (one.style, "exploded" if one.explode else "joined", one.content_type))
        )
        for body in operation.bodies
        for name, one in body.encoding.items()
    }


def _poll(operation: OperationSpec) -> dict[str, str]:
    """What ends a job: the states by what they mean."""
    poll = operation.poll or {}
    found: dict[str, str] = {
        key: ", ".join(poll[key]) for key in ("done", "failed", "pending") if key in poll
    }
    if "status" in poll:
        found["field"] = str(poll["status"])
    found.update({key: f"{poll[key]} s" for key in ("interval", "deadline") if key in poll})
    return found


def _methods(builder: SnapshotBuilder, operation: OperationSpec, key: str) -> None:
    for facade in operation.facade:
        facts = {
            "positional": [facade.rename.get(name, name) for name in facade.positional],
            "defaults": {name: literal(value) for name, value in facade.defaults.items()},
            "renamed": dict(facade.rename),
            "extra": sorted(facade.extra),
        }
        fixed = "".join(f" with {name}={value}" for name, value in facade.fixed.items())
        method, name = f"method {facade.name}{fixed}", f"{facade.name}(){fixed}"
        builder.add(
            SnapshotEntry("method", method, name, facts, facade.node, key, (f"client.{facade.name}",))
        )


def _parameter(
    builder: SnapshotBuilder, operation: OperationSpec, parameter: ParameterSpec, methods: tuple[str, ...]
) -> None:
    renames = {f"client.{facade.name}": facade.rename for facade in operation.facade}
    names = tuple(
        f"{method}({renames.get(method, {}).get(parameter.wire, parameter.name)}=)" for method in methods
    )
    facts = {
        "written": builder.written(parameter.shape),
        "required": parameter.required,
        "python": parameter.name,
        "bounds": builder.bounds(parameter.shape),
        "sent by default": default_repr(parameter.client_default),
        "assumed": default_repr(parameter.shape.annotations.default),
        "deprecated": parameter.deprecated,
        "style": _style(parameter),
        "secret": parameter.secret,
        "discriminator": discriminator_of(parameter.shape),
    }
    owner = f"operation {operation.id}"
    key = f"{owner} argument {parameter.wire} in {parameter.where}"
    name = f"{operation.id}: {parameter.where} parameter {parameter.wire}"
    entry = builder.add(
        SnapshotEntry("argument", key, name, facts, parameter.node, owner, names, former=parameter.former)
    )
    add_values(builder, parameter.shape, entry)


def _style(parameter: ParameterSpec) -> list[str]:
    """How a value becomes text."""
    marks = {
        "exploded": parameter.explode,
        "with reserved characters": parameter.allow_reserved,
        "with slashes": parameter.allow_slash,
        "JSON": parameter.json,
    }
    return [parameter.style, *(mark for mark, given in marks.items() if given)]


def _events(
    builder: SnapshotBuilder, shape: Shape, seen: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Node]]:
    """The members of a stream's union, those that are references by name."""
    match shape:
        case RefShape(name=name):
            meaning = builder.reading.components[name].meaning
            if isinstance(meaning, UnionShape) and name not in seen:
                yield from _events(builder, meaning, seen | {name})
            else:
                yield name, shape.node
        case UnionShape(variants=variants):
            for variant in variants:
                yield from _events(builder, variant, seen)
        case StringShape(content=content) if content is not None:
            yield from _events(builder, content, seen)
        case _:
            yield builder.read(shape), shape.node


def _description(builder: SnapshotBuilder) -> None:
    """Credentials, errors, servers and webhooks."""
    description, package = builder.reading.description, builder.package
    root = description.node
    add = builder.add
    for name, scheme in description.security_schemes.items():
        node = root.child("components").child("securitySchemes").child(name)
        add(SnapshotEntry("auth", f"auth {name}", name, {"scheme": scheme}, node))
    for exception in description.exceptions:
        name, names = exception.name, (f"{package}.{exception.name}",)
        facts: dict[str, Any] = {"parent": exception.parent, "attributes": sorted(exception.attributes)}
        node = exception.node or root
        add(SnapshotEntry("error", f"error {name}", name, facts, node, "", names, sent=False, received=True))
    tables: tuple[tuple[str, str, Mapping[Any, str]], ...] = (
        ("code", "x-error-codes", description.error_codes),
        ("status", "x-error-statuses", description.error_statuses),
    )
    for what, key, table in tables:
        schemas = (schema.get(key) for _, schema in root.items_at("components", "schemas"))
        places = [one.pointer for one in schemas if one is not None]
        for wire, name in table.items():
            facts = {"exception": name, "ancestors": _ancestors(builder, name)}
            full, names = f"error {what} {wire}", (f"{package}.{name}",)
            others = tuple((*place, str(wire)) for place in places)
            add(
                SnapshotEntry(
                    "error code", full, full, facts, root, "", names, sent=False, received=True, others=others
                )
            )
    servers: dict[str, Any] = {
        "urls": list(servers_of(root)),
        "variables": {
            name: allowed
            for _, variables in description.server_variables.values()
            for name, (_, allowed) in variables.items()
        },
    }
    place = (("servers",),)
    add(SnapshotEntry("server", "servers", "the servers", servers, root, python=("base_url",), others=place))
    for hook in description.webhooks:
        facts = {
            "type": union_members(builder.read(hook.shape)),
            "webhook": "a form or a query" if hook.form else "JSON",
        }
        key, names = f"webhook {hook.name}", (f"{package}.webhooks.read_{hook.python}",)
        add(SnapshotEntry("webhook", key, hook.name, facts, hook.node, "", names, sent=False, received=True))


def _ancestors(builder: SnapshotBuilder, name: str) -> list[str]:
    parents = {exception.name: exception.parent for exception in builder.reading.description.exceptions}
    found = [name]
    while found[-1] in parents and parents[found[-1]] not in found:
        found.append(parents[found[-1]])
    return found
