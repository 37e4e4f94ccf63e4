"""Streams of server-sent events on a tape: cut into events as they arrive, written so that they can be read.

An event is `{wait, data}`, with `event` and `id` where it has them: `data` that is an object or a list was JSON, a text
was sent as it stands. What does not have this form (a comment, half an event) is kept unchanged, as `{wait, raw}`;
bytes that are not text, as `{wait, base64}`.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from ..base.json import is_list, is_object
from .bodies import decoded, json_bytes, text_bytes
from .strict_json import strict_json

Event = dict[str, Any]

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_FIELD = re.compile(r"(event|id|data): ?(.*)")


class EventSplitter:
    """Cuts a stream into events, each with the blank line that ends it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, content: bytes) -> list[bytes]:
        """The events that these further bytes complete."""
        # The end of an event may lie on both sides of the seam: three bytes before it belong to the search.
        start = max(0, len(self._rest) - 3)
        self._rest += content
        found: list[bytes] = []
        begin = 0
        for end in _END.finditer(self._rest, start):
            found.append(self._rest[begin : end.end()])
            begin = end.end()
        self._rest = self._rest[begin:]
        return found

    def rest(self) -> bytes:
        """The bytes after the last event: empty unless the stream was cut."""
        return self._rest


def event_of(frame: bytes, wait: float) -> Event:
    """An event as a tape writes it; `wait` is seconds since the one before."""
    head: Event = {"wait": wait} if wait else {}
    try:
        text = frame.decode("utf-8")
    except UnicodeDecodeError:
        return {**head, "base64": base64.b64encode(frame).decode()}
    return {**head, **(_fields(text) or {"raw": text})}


def _fields(text: str) -> Event | None:
    """`event`, `id` and `data` of an event in its usual form, else None."""
    if not text.endswith("\n\n") or "\r" in text:
        return None
    found: Event = {}
    for line in text[:-2].split("\n"):
        field = _FIELD.fullmatch(line)
        if field is None or field[1] in found:
            return None
        found[field[1]] = field[2]
    if "data" not in found or list(found) != [name for name in ("event", "id", "data") if name in found]:
        return None
    value = strict_json(found["data"].encode())
    if is_object(value) or is_list(value):
        found["data"] = value
    return found


def frame_of(event: Event) -> bytes:
    """The bytes of an event of a tape. Raises ValueError for a malformed one."""
    forms = [name for name in ("raw", "base64", "data") if name in event]
    known = ("wait", *forms, *(("event", "id") if forms == ["data"] else ()))
    if len(forms) != 1:
        raise ValueError(
            f"an event has {' and '.join(forms) or 'neither data nor raw'}; one of them is needed"
        )
    if unknown := [name for name in event if name not in known]:
        raise ValueError(f"{unknown[0]} is not known; known are {', '.join(known)}")
    if "raw" in event:
        return text_bytes(event["raw"])
    if "base64" in event:
        return decoded(event["base64"])
    data = event["data"]
    if not isinstance(data, str):
        data = json_bytes(data).decode()
    for name in ("event", "id"):
        if re.search(r"[\r\n]", str(event.get(name, ""))):
            raise ValueError(f"{name} is a text of one line")
    lines = [f"{name}: {event[name]}" for name in ("event", "id") if name in event]
    return "\n".join([*lines, *(f"data: {line}" for line in data.split("\n"))]).encode() + b"\n\n"
