"""Responses as JSON text."""

from __future__ import annotations

import json
import sys
from typing import Any


def to_plain(value: Any) -> Any:
    """A response as plain JSON."""
    to_dict = getattr(value, "to_dict", None)
    if callable(to_dict):
        return to_dict()
    if _is_instance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if _is_instance(value, list, tuple):
        return [to_plain(item) for item in value]
    return value


def _is_instance(value: Any, *kinds: type) -> bool:
    """An `isinstance` that does not narrow the value's type, since JSON values may hold anything."""
    return isinstance(value, kinds)


def dump_json(value: Any, *, indent: int | None = None) -> str:
    """JSON text of a response; characters outside ASCII are not escaped."""
    return json.dumps(to_plain(value), ensure_ascii=False, indent=indent, default=str)


def print_json(value: Any) -> None:
    """Print a response as indented JSON on the standard output."""
    sys.stdout.write(dump_json(value, indent=2) + "\n")
