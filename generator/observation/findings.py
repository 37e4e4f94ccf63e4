"""What recorded exchanges show that the description lacks or states differently."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..source.json_types import is_array, is_object
from ..source.node import Node
from ..source.problems import pointer_text, shown_path

# What names a secret, and what looks like one: HAR files are not masked.
_SECRET_NAME = re.compile(r"password|secret|token$|api_key|apikey|authorization|cookie", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"(?:indox-|sk-|eyJ)[A-Za-z0-9_\-.]{8,}|[A-Za-z0-9_\-]{40,}")
_LONGEST = 80


@dataclass
class Finding:
    """One thing that the description does not say.

    Attributes:
        kind: `operation`, `parameter`, `field`, `renamed`, `type`, `null`, `enum value`, `status`, `event type`,
            `header`, `limit` or `missing`.
        operation: the method and path where it was seen first.
        name: the path of the value, such as `response.data[].state`.
        detail: what was seen beside what is documented.
        place: the part of the description that would have to change.
        value: what was seen, for the proposal: a value, a name, or an exchange.
        count: the number of exchanges with it.
        example: the value as text, secrets masked.
        sources: the first recordings with it.
    """

    kind: str
    operation: str
    name: str
    detail: str
    place: Node
    value: Any
    example: str
    count: int = 0
    sources: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """`openapi.yaml:12 #/components/schemas/Thing`."""
        return f"{shown_path(self.place.file.path)}:{self.place.line} #{pointer_text(self.place.pointer)}"

    def as_dict(self) -> dict[str, Any]:
        """The finding for programs."""
        return {
            "kind": self.kind,
            "operation": self.operation,
            "name": self.name,
            "detail": self.detail,
            "file": shown_path(self.place.file.path),
            "line": self.place.line,
            "pointer": pointer_text(self.place.pointer),
            "count": self.count,
            "example": self.example,
            "sources": list(self.sources),
        }


def shown(value: Any, name: str = "") -> str:
    """A value as short text without secrets."""
    if _SECRET_NAME.search(name):
        return "***"
    text = json.dumps(_masked(value), ensure_ascii=False)
    text = _SECRET_VALUE.sub("***", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _masked(value: Any) -> Any:
    if is_object(value):
        return {
            key: "***" if _SECRET_NAME.search(key) and isinstance(item, str) else _masked(item)
            for key, item in value.items()
        }
    return [_masked(item) for item in value] if is_array(value) else value
