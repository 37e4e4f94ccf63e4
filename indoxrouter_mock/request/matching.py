"""What a request is about, for faults and scripted answers that wait for a certain one."""

from __future__ import annotations

from typing import Any

from ..base.json import is_list, is_object
from ..spec.errors import ApiError
from .authentication import authenticate
from .call import Call


def named_model(body: dict[str, Any]) -> str | None:
    """The model that a request names: the first, where a description lets it name several."""
    named = body.get("model")
    if is_list(named):
        named = next((each for each in named if isinstance(each, str)), None)
    return named if isinstance(named, str) else None


def model_of(call: Call) -> str:
    """The model that a request names, as `provider/id` where the catalog has it; empty when it names none."""
    body = call.body if is_object(call.body) else {}
    named, provider = named_model(body), body.get("provider")
    if named is None:
        return ""
    known = call.state.models.find(named, provider if isinstance(provider, str) else None)
    if known is not None:
        return f"{known.provider}/{known.id}"
    return f"{provider}/{named}" if isinstance(provider, str) else named


def prompt_of(call: Call) -> str:
    """All the text of a request: its messages, prompt, input or texts."""
    body = call.body if is_object(call.body) else {}
    found: list[str] = []
    for name in ("messages", "prompt", "input", "text"):
        _gather(body.get(name), found)
    return "\n".join(found)


def _gather(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    elif is_list(value):
        for item in value:
            _gather(item, found)
    elif is_object(value):
        _gather(value.get("content"), found)
        _gather(value.get("text"), found)


def account_name(call: Call) -> str:
    """The name of the account whose credentials a request carries, valid for the operation; else empty."""
    try:
        authenticate(call)
    except ApiError:
        return ""
    return call.account.username if call.account is not None else ""
