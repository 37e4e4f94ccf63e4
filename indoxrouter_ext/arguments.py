"""Turns the arguments of a documented method into the parameters and fields of its operation. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter._runtime.values.type_guards import is_items, is_mapping, is_object
from indoxrouter._runtime.values.unset import UNSET

from .settings.values import nearest

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Operation
    from indoxrouter._runtime.values.unset import Unset

__all__ = ["apply_provider_rules", "prepare", "present", "typed_on_wire"]

ADDITIONAL = "additional_params"
"""The documented field for provider parameters that the spec does not name."""


def prepare(
    operation: Operation[Any],
    values: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any] | Unset]:
    """Split the arguments of a method into the arguments of `Operation.call`.

    Args:
        operation: the operation that the method calls.
        values: its named arguments: parameters by Python name, fields of the body by wire name. None means
            absent.
        extra: parameters for the provider, and the typed arguments. They are sent in `additional_params`.

    Returns:
        Parameters and body.

    Raises:
        InvalidParametersError: for an argument that is passed twice, a misspelt role, and media over the
            documented limit.
    """
    given = present(values)
    unknown = present(extra) if extra else extra
    parameters: dict[str, Any] = {}
    for parameter in operation.parameters:
        if parameter.name in given:
            parameters[parameter.name] = given.pop(parameter.name)
    if unknown or ADDITIONAL in given:
        given[ADDITIONAL] = _additional(given.get(ADDITIONAL), unknown)
    if operation.provider_rules is not None:
        given = apply_provider_rules(operation.provider_rules, given)
    messages = given.get("messages")
    if is_items(messages):
        conversation: Any = messages
        for index, message in enumerate(conversation):
            role: Any = message["role"] if is_object(message) and "role" in message else None
            if type(role) is str and (meant := _role_meant(role)) is not None:
                expected = f"{meant!r}, or ChatMessage({role!r:.20}, …) if there is such a role"
                raise_invalid_argument(f"messages[{index}].role", role, expected)
        for message in messages:
            read: Any = getattr(message, "get", None)
            content: Any = read("content") if callable(read) else None
            if is_items(content):
                from .files.image_input import check_images  # cost: most conversations have no images

                check_images(messages, "messages")
                break
    # An empty body that is required is passed on, so that its codec names the missing field.
    return parameters, given if given or operation.body_required else UNSET


@lru_cache(maxsize=64)
def _role_meant(role: str) -> str | None:
    """The documented role that a misspelt one may mean; None for a documented one, and for one that resembles none."""
    # A chat has loaded the model of messages; the module of `ChatRole` would be one more.
    message: Any = import_module("indoxrouter").ChatMessage
    known: tuple[str, ...] = message._schema_.by_wire["role"].codec.values
    return None if role in known else next(iter(nearest(role.strip().lower(), known, cutoff=0.8)), None)


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that are not absent, with generators read into lists."""
    return {
        # A generator is read here, once; a file is not read.
        name: list(value) if hasattr(value, "__next__") and not hasattr(value, "read") else value
        for name, value in values.items()
        if value is not None and value is not UNSET
    }


def _additional(given: Any, unknown: Mapping[str, Any]) -> Any:
    if given is not None and not is_mapping(given):
        return given  # its codec raises the error
    merged = dict(given or {})
    for name, value in unknown.items():
        if name in merged:
            raise_invalid_argument(name, value, f"the parameter once; it is in {ADDITIONAL} as well")
        merged[name] = value
    return merged


def typed_on_wire(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that take Python types, as they are sent.

    Raises:
        InvalidParametersError: for a type or a tool that cannot be described.
    """
    sent: dict[str, Any] = {}
    if typed.get("response_format") is not None:
        from .tools.response_format import format_on_wire  # cost: few calls have it

        sent["response_format"] = format_on_wire(typed["response_format"])
    if typed.get("tools") is not None:
        from .tools.functions import tools_on_wire  # cost: few calls have them

        sent["tools"] = tools_on_wire(typed["tools"])
    return sent


def apply_provider_rules(rules: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a request after the spec's rules for its provider.

    Args:
        rules: provider to `{"replace": {field: {"field": other, "values": {old: new}}}, "drop": [field, …]}`.
        fields: fields by wire name. A value that `values` does not list is kept; a field that is present is
            not overwritten.
    """
    changed = dict(fields)
    rule = rules.get(_provider_of(fields))
    if rule is None:
        return changed
    for name, target in rule.get("replace", {}).items():
        if name in changed:
            value = changed.pop(name)
            changed.setdefault(
                target["field"], target["values"].get(value, value) if isinstance(value, str) else value
            )
    for name in rule.get("drop", ()):
        changed.pop(name, None)
    return changed


def _provider_of(fields: Mapping[str, Any]) -> str:
    provider = fields.get("provider")
    if isinstance(provider, str):
        return provider.strip().lower()
    model = fields.get("model")
    return model.partition("/")[0].strip().lower() if isinstance(model, str) and "/" in model else ""
