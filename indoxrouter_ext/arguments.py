"""Turns the arguments of a documented method into the parameters and fields of its operation. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.codecs.base import nearest, raise_invalid_argument
from indoxrouter._runtime.values.type_guards import is_items, is_mapping, is_sequence
from indoxrouter._runtime.values.unset import UNSET

from .settings.keywords import joined

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Operation
    from indoxrouter._runtime.values.unset import Unset

__all__ = ["apply_provider_rules", "check_messages", "prepare", "present", "typed_on_wire"]

ADDITIONAL = "additional_params"
"""The documented field for provider parameters that the spec does not name."""


def prepare(
    operation: Operation[Any], values: Mapping[str, Any], extra: Mapping[str, Any]
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
        InvalidParametersError: for an argument that is passed twice, and as `check_messages` does.
    """
    given = present(values)
    unknown = present(extra) if extra else extra
    parameters: dict[str, Any] = {}
    for parameter in operation.parameters:
        if parameter.name in given:
            parameters[parameter.name] = given.pop(parameter.name)
    if unknown or ADDITIONAL in given:
        own = given.get(ADDITIONAL)
        if own is None or is_mapping(own):  # else its codec raises the error
            given[ADDITIONAL] = joined(own, unknown, ADDITIONAL)
    if operation.provider_rules is not None:
        given = apply_provider_rules(operation.provider_rules, given)
    check_messages(given)
    # An empty body that is required is passed on, so that its codec names the missing field.
    return parameters, given if given or operation.body_required else UNSET


def check_messages(fields: Any) -> None:
    """Check what the spec does not say about the messages in the fields of a request; their codec refuses the rest.

    Raises:
        InvalidParametersError: for a misspelt role, a question without content, and media over the documented limit.
    """
    messages: Any = fields.get("messages") if is_mapping(fields) else None
    for index, message in enumerate(messages if is_sequence(messages) else ()):
        read: Any = getattr(message, "get", None)
        role: Any = read("role") if callable(read) else None
        if type(role) is not str:
            continue
        content = read("content", UNSET)
        if (meant := _role_meant(role)) is not None and is_mapping(message):
            expected = f"{meant!r}, or chat([ChatMessage({role!r:.20}, …)]) if there is such a role"
            raise_invalid_argument(f"messages[{index}].role", role, expected)
        if content is None and role in ("system", "user", "developer"):
            raise_invalid_argument(f"messages[{index}].content", None, f"text or a list for a {role} message")
        if is_items(content):
            from .files.image_input import check_images  # cost: most conversations have no images

            check_images(content, f"messages[{index}].content")


# What other SDKs call the documented roles.
_ROLES = {"human": "user", "ai": "assistant", "bot": "assistant", "model": "assistant"}


@lru_cache(maxsize=64)
def _role_meant(role: str) -> str | None:
    """What a wrong role may mean; None for a documented role, and for one that resembles none."""
    # A chat has loaded the model of messages; the module of `ChatRole` would be one more.
    message: Any = import_module("indoxrouter").ChatMessage
    known: tuple[str, ...] = message._schema_.by_wire["role"].codec.values
    plain = role.strip().lower()
    if role in known or plain in _ROLES:
        return None if role in known else _ROLES[plain]
    return next(iter(nearest(plain, known, cutoff=0.8)), None)


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that are not absent, with generators read into lists."""
    return {
        # A generator is read here, once. A file is not read, nor is a stream of answers.
        name: list(value)
        if hasattr(value, "__next__") and not (hasattr(value, "read") or hasattr(value, "stream_id"))
        else value
        for name, value in values.items()
        if value is not None and value is not UNSET
    }


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
