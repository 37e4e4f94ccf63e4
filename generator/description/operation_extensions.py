"""The `x-` keys of an operation: retries, idempotency, streams, polling, and the documented client's methods."""

from __future__ import annotations

from typing import Any

from ..schema.interpreter import Interpreter
from ..schema.names import safe
from ..source.forms import check_keys, mapping_at, strings_at
from ..source.node import Node, describe_value
from .exceptions import read_statuses
from .model import FacadeSpec, OperationSpec, Retry
from .streams import STREAM_KEYS, read_stream

RETRIES = ("safe", "billed", "unbilled", "never")
FACADE_KEYS = frozenset({"name", "positional", "defaults", "fixed", "rename", "extra"})
POLL_KEYS = frozenset({"status", "done", "failed", "pending", "interval", "deadline"})


def read_extensions(operation: OperationSpec, interpreter: Interpreter) -> None:
    """Read and check the `x-` keys of an operation."""
    node = operation.node
    operation.retry = _retry(operation)
    operation.idempotency_key = node.flag("x-idempotency-key")
    operation.token_exchange = node.flag("x-token-exchange")
    operation.strict_success = node.flag("x-strict-success")
    operation.poll = _poll(node)
    operation.provider_rules = _provider_rules(node)
    operation.facade = [_facade(entry) for entry in node.elements_at("x-facade")]
    operation.stream = read_stream(operation, interpreter)
    statuses = node.get("x-error-statuses")
    if statuses is not None:
        operation.error_statuses = read_statuses(statuses)


def _retry(operation: OperationSpec) -> Retry:
    """`x-retry`; without it a read is safe and everything else is sent once."""
    found = operation.node.get("x-retry")
    if found is None:
        return "safe" if operation.method in ("GET", "HEAD") else "never"
    if found.value not in RETRIES:
        raise found.refuse(f"`x-retry` is one of {', '.join(RETRIES)}, found {describe_value(found.value)}")
    retry: Retry = found.value
    return retry


def _poll(node: Node) -> dict[str, Any] | None:
    found = node.get("x-poll")
    if found is None:
        return None
    check_keys(found, POLL_KEYS, required=POLL_KEYS)
    for key in ("done", "failed", "pending"):
        strings_at(found, key)
    for key in ("interval", "deadline"):
        value = found.value[key]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise found.child(key).refuse(
                f"`{key}` is a number of seconds above zero, found {describe_value(value)}"
            )
    return dict(found.value)


def _provider_rules(node: Node) -> dict[str, Any] | None:
    found = node.get("x-provider-rules")
    if found is None:
        return None
    for _, rule in found.items():
        check_keys(rule, frozenset({"replace", "drop", "x-source"}))
        strings_at(rule, "drop")
        for _, change in rule.items_at("replace"):
            check_keys(change, frozenset({"field", "values"}), required=frozenset({"field", "values"}))
    return {
        provider: {k: v for k, v in rule.items() if k != "x-source"} for provider, rule in found.value.items()
    }


def _facade(entry: Node) -> FacadeSpec:
    check_keys(entry, FACADE_KEYS, required=frozenset({"name"}))
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


__all__ = ["FACADE_KEYS", "POLL_KEYS", "RETRIES", "STREAM_KEYS", "read_extensions"]
