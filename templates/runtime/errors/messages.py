"""Finds the message for people in the body of an error, wherever a service puts it."""

from __future__ import annotations

from typing import Any

from ..values.json import is_list, is_object

# Names in lower case and without `_` and `-`; the first one with a text counts.
_MESSAGES = (
    "message", "errormessage", "msg", "errmsg", "errordescription", "displaymessage", "errorsummary", "statusmessage",
    "statusmsg", "faultstring", "detail", "usermessage", "developermessage", "description", "title", "reason", "summary"
)
_HOLDERS = ("error", "errors", "fault", "exception", "errormessages", "messages", "violations", "problems", "failures")
# These hold a message in an object or a list; as text they mean something else.
_CONTAINERS = ("details", "status", "meta", "response", "result", "baseresp")
_DEPTH = 5


def message_in(value: Any, depth: int = _DEPTH) -> str:
    """The message of an error body; empty where none is found.

    Args:
        value: JSON: an object in any of the known forms, a list of problems, or text.
        depth: how many levels are searched.
    """
    if isinstance(value, str):
        return value.strip()
    if depth == 0:
        return ""
    if is_list(value):
        return "; ".join(filter(None, (text_of_problem(item, depth - 1) for item in value)))
    if not is_object(value):
        return ""
    fields = {key.lower().replace("_", "").replace("-", ""): item for key, item in value.items()}
    for name in (*_MESSAGES, *_HOLDERS, *_CONTAINERS):
        held = fields.get(name)
        if held is None or (name in _CONTAINERS and isinstance(held, str)):
            continue
        found = _by_field(held, depth - 1) if name == "errors" and is_object(held) else message_in(held, depth - 1)
        if found:
            return found
    return ""


def text_of_problem(problem: Any, depth: int = _DEPTH) -> str:
    """One problem of a list, with the place that it names."""
    if not is_object(problem):
        return message_in(problem, depth) if is_list(problem) else str(problem)
    place = problem.get("loc")
    where = ".".join(map(str, place)) if is_list(place) else ""
    text = message_in(problem, depth) or str(problem.get("type") or problem.get("code") or "not valid")
    return f"{where}: {text}" if where else text


def _by_field(errors: dict[str, Any], depth: int) -> str:
    """`{"email": ["is not valid"]}`: messages by the name of a field; or one message."""
    if {"message", "msg"} & set(errors):
        return message_in(errors, depth)
    pairs = ((name, message_in(item, depth)) for name, item in errors.items())
    return "; ".join(f"{name}: {text}" for name, text in pairs if text)
