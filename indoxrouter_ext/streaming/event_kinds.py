"""What kind of event an event is: a failure, a heartbeat, an end; and how many answers a request asks for."""

from __future__ import annotations

from typing import Any

from indoxrouter._runtime.values.json import is_object

__all__ = [
    "HEARTBEATS",
    "is_heartbeat",
    "is_named_end",
    "reports_failure",
    "requested_answers",
]

HEARTBEATS = ("ping", "heartbeat", "keepalive", "keep-alive", "keep_alive")
_NAMED_ENDS = ("done", "end", "complete", "completed", "finish", "finished")
_FAILED_TYPES = (
    "error",
    "response.failed",
    "response.error",
)  # a tuple: a type that is a list cannot be looked up in a set

_END_KEYS = frozenset({"type", "event", "id", "status"})


def reports_failure(name: str, event: dict[str, Any]) -> bool:
    """Whether an event reports that the answer failed."""
    if name == "error" or event.get("error"):
        return True
    return event.get("type") in _FAILED_TYPES or event.get("success") is False


def is_named_end(name: str, event: dict[str, Any]) -> bool:
    """Whether an event ends the stream by its name, and brings nothing."""
    return name in _NAMED_ENDS and event.keys() <= _END_KEYS


def is_heartbeat(name: str, event: dict[str, Any]) -> bool:
    """Whether an event only shows that the connection is alive."""
    return (name in HEARTBEATS or event.get("type") in HEARTBEATS) and "choices" not in event


def _option(payload: Any, name: str) -> Any:
    """A field of a request; fields that the API does not name travel in `additional_params`."""
    for holder in (payload, payload.get("additional_params") if is_object(payload) else None):
        if is_object(holder) and name in holder:
            return holder[name]
    return None


def requested_answers(payload: Any) -> int:
    """The number of answers that a request asks for."""
    number = _option(payload, "n")
    return number if type(number) is int and number > 1 else 1
