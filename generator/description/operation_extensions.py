"""The `x-` keys of an operation: retries, idempotency, streams, polling, and the documented client's methods."""

from __future__ import annotations

from typing import Any

from ..schema.interpreter import Interpreter
from ..schema.names import safe
from ..source.forms import check_keys, mapping_at, strings_at
from ..source.node import Node, describe_value
from .exceptions import read_statuses
from .model import FacadeSpec, OperationSpec, Retry
from .streams import read_stream

_RETRIES = ("safe", "billed", "unbilled", "never")
_FACADE_KEYS = frozenset({"name", "positional", "defaults", "fixed", "rename", "extra"})
_POLL_KEYS = frozenset({"status", "done", "failed", "pending", "interval", "deadline"})


def read_extensions(operation: OperationSpec, interpreter: Interpreter) -> None:
    """Read and check the `x-` keys of an operation."""
    node = operation.node
    if (retry := node.get("x-retry")) is not None:
        operation.retry = read_retry(retry)
    elif operation.method in ("GET", "HEAD"):
        operation.retry = "safe"
    operation.idempotency_key = node.flag("x-idempotency-key")
    operation.token_exchange = node.flag("x-token-exchange")
    operation.strict_success = node.flag("x-strict-success")
    if (poll := node.get("x-poll")) is not None:
        operation.poll = read_poll(poll)
    if (rules := node.get("x-provider-rules")) is not None:
        operation.provider_rules = read_provider_rules(rules)
    if (methods := node.get("x-facade")) is not None:
        operation.facade = read_facade(methods)
    operation.stream = read_stream(operation, interpreter)
    if (statuses := node.get("x-error-statuses")) is not None:
        operation.error_statuses = read_statuses(statuses)


def read_retry(found: Node) -> Retry:
    """`x-retry`. Without it a read is safe, and everything else is sent once."""
    if found.value not in _RETRIES:
        raise found.refuse(f"`x-retry` is one of {', '.join(_RETRIES)}, found {describe_value(found.value)}")
    retry: Retry = found.value
    return retry


def read_poll(found: Node) -> dict[str, Any]:
    """`x-poll`: the field with the state of a job, the states by what they mean, and times in seconds."""
    check_keys(found, _POLL_KEYS, required=_POLL_KEYS)
    for key in ("done", "failed", "pending"):
        strings_at(found, key)
    for key in ("interval", "deadline"):
        value = found.value[key]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise found.child(key).refuse(
                f"`{key}` is a number of seconds above zero, found {describe_value(value)}"
            )
    return dict(found.value)


def read_provider_rules(found: Node) -> dict[str, Any]:
    """`x-provider-rules`: changes to the body, by provider."""
    for _, rule in found.items():
        check_keys(rule, frozenset({"replace", "drop", "x-source"}))
        strings_at(rule, "drop")
        for _, change in rule.items_at("replace"):
            check_keys(change, frozenset({"field", "values"}), required=frozenset({"field", "values"}))
    return {
        provider: {k: v for k, v in rule.items() if k != "x-source"} for provider, rule in found.value.items()
    }


def read_facade(found: Node) -> list[FacadeSpec]:
    """`x-facade`: methods of the documented client."""
    return [_method(entry) for entry in found.elements()]


def _method(entry: Node) -> FacadeSpec:
    check_keys(entry, _FACADE_KEYS, required=frozenset({"name"}))
    name = entry.value["name"]
    if not isinstance(name, str) or not name.isidentifier() or safe(name) != name or name.startswith("_"):
        raise entry.child("name").refuse(
            f"`name` is the name of a Python method, found {describe_value(name)}"
        )
    return FacadeSpec(
        name=name,
        node=entry,
        positional=strings_at(entry, "positional"),
        defaults=mapping_at(entry, "defaults"),
        fixed=mapping_at(entry, "fixed"),
        rename=mapping_at(entry, "rename"),
        extra=dict(entry.items_at("extra")),
    )
