"""The `x-` keys of an operation: retries, idempotency, streams, polling, and the documented client's methods."""

from __future__ import annotations

from typing import Any

from ..schema.interpreter import Interpreter
from ..schema.names import safe
from ..schema.shapes import Shape
from ..source.json_types import is_object
from ..source.node import Node, describe
from .model import FacadeSpec, OperationSpec, Retry, StreamInfo

RETRIES = ("safe", "billed", "unbilled", "never")
FACADE_KEYS = frozenset({"name", "positional", "defaults", "fixed", "rename", "extra"})
STREAM_KEYS = frozenset({"parameter", "done", "stop", "terminal"})
POLL_KEYS = frozenset({"status", "done", "failed", "pending", "interval", "deadline"})


def read_extensions(operation: OperationSpec, interpreter: Interpreter) -> None:
    """Fill in what the operation's `x-` keys say, each checked for its form."""
    node = operation.node
    operation.retry = _retry(operation)
    operation.idempotency_key = node.flag("x-idempotency-key")
    operation.token_exchange = node.flag("x-token-exchange")
    operation.strict_success = node.flag("x-strict-success")
    operation.poll = _poll(node)
    operation.provider_rules = _provider_rules(node)
    operation.facade = [_facade(entry) for entry in _listed(node, "x-facade")]
    operation.stream = _stream(operation, interpreter)
    statuses = node.get("x-error-statuses")
    if statuses is not None:
        from .exceptions import read_statuses

        operation.error_statuses = read_statuses(statuses)


def _retry(operation: OperationSpec) -> Retry:
    """`x-retry`; without it a read is safe and everything else is sent once."""
    found = operation.node.get("x-retry")
    if found is None:
        return "safe" if operation.method in ("GET", "HEAD") else "never"
    if found.value not in RETRIES:
        raise found.refuse(f"`x-retry` is one of {', '.join(RETRIES)}, found {describe(found.value)}")
    retry: Retry = found.value
    return retry


def _poll(node: Node) -> dict[str, Any] | None:
    found = node.get("x-poll")
    if found is None:
        return None
    known(found, POLL_KEYS, required=POLL_KEYS)
    for key in ("done", "failed", "pending"):
        _strings(found.child(key))
    for key in ("interval", "deadline"):
        value = found.value[key]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise found.child(key).refuse(
                f"`{key}` is a number of seconds above zero, found {describe(value)}"
            )
    return dict(found.value)


def _provider_rules(node: Node) -> dict[str, Any] | None:
    found = node.get("x-provider-rules")
    if found is None:
        return None
    for _, rule in found.items():
        known(rule, frozenset({"replace", "drop", "x-source"}))
        drop, replace = rule.get("drop"), rule.get("replace")
        if drop is not None:
            _strings(drop)
        for _, change in replace.items() if replace is not None else ():
            known(change, frozenset({"field", "values"}), required=frozenset({"field", "values"}))
    return {
        provider: {k: v for k, v in rule.items() if k != "x-source"} for provider, rule in found.value.items()
    }


def _facade(entry: Node) -> FacadeSpec:
    known(entry, FACADE_KEYS, required=frozenset({"name"}))
    name = entry.value["name"]
    if not isinstance(name, str) or not name.isidentifier() or safe(name) != name or name.startswith("_"):
        raise entry.child("name").refuse(f"`name` is the name of a Python method, found {describe(name)}")
    positional = entry.get("positional")
    extra = entry.get("extra")
    return FacadeSpec(
        name=name,
        node=entry,
        positional=_strings(positional) if positional is not None else (),
        defaults=_mapping(entry, "defaults"),
        fixed=_mapping(entry, "fixed"),
        rename=_mapping(entry, "rename"),
        extra=dict(extra.items()) if extra is not None else {},
    )


def _stream(operation: OperationSpec, interpreter: Interpreter) -> StreamInfo | None:
    found = operation.node.get("x-stream")
    if found is None:
        return None
    known(found, STREAM_KEYS, required=frozenset({"parameter"}))
    events = [
        a for a in operation.answers if a.media_type == "text/event-stream" and a.status.startswith("2")
    ]
    if not events or events[0].shape is None:
        raise found.refuse("`x-stream` needs a text/event-stream answer with the schema of one event")
    operation.answers = [answer for answer in operation.answers if answer not in events]
    terminal = found.get("terminal")
    parameter = found.text("parameter")
    assert parameter is not None
    return StreamInfo(
        parameter=parameter,
        shape=_event_data(events[0].shape, interpreter, f"{operation.name}_event"),
        done=found.text("done") or "[DONE]",
        terminal=_strings(terminal) if terminal is not None else (),
        stop=found.text("stop"),
    )


def _event_data(shape: Shape, interpreter: Interpreter, hint: str) -> Shape:
    """The JSON that travels in an event's `data`, where the schema describes the event around it."""
    node = shape.node
    target = node
    if is_object(node.value) and "$ref" in node.value:
        component = interpreter.components.referenced(interpreter.resolver, node)
        target = component.node
    properties = target.get("properties") if is_object(target.value) else None
    data = properties.get("data") if properties is not None else None
    if data is None:
        return shape
    candidates = [data]
    for word in ("anyOf", "oneOf"):
        members = data.get(word)
        candidates.extend(members.elements() if members is not None else ())
    for candidate in candidates:
        schema = candidate.get("contentSchema")
        if schema is not None:
            return interpreter.shape(schema, hint)
    return shape


# ── forms ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def known(node: Node, keys: frozenset[str], *, required: frozenset[str] = frozenset()) -> None:
    """An object with these keys and no others."""
    present = {key for key, _ in node.items()}
    unknown = sorted(present - keys)
    if unknown:
        raise node.refuse(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(keys))}")
    missing = sorted(required - present)
    if missing:
        raise node.refuse(f"the key {missing[0]!r} is missing")


def _listed(node: Node, key: str) -> list[Node]:
    found = node.get(key)
    return list(found.elements()) if found is not None else []


def _strings(node: Node) -> tuple[str, ...]:
    values = tuple(element.value for element in node.elements())
    for element in node.elements():
        if not isinstance(element.value, str):
            raise element.refuse(f"expected a string, found {describe(element.value)}")
    return values


def _mapping(node: Node, key: str) -> dict[str, Any]:
    found = node.get(key)
    return {} if found is None else {name: child.value for name, child in found.items()}


__all__ = ["FACADE_KEYS", "POLL_KEYS", "RETRIES", "STREAM_KEYS", "known", "read_extensions"]
