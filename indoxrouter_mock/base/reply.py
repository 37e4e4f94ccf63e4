"""The contents of requests and replies: uploads, bodies and streams of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(slots=True)
class Upload:
    """One file of a multipart form."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(slots=True, frozen=True)
class NamedEvent:
    """An event with a name in its `event` line; other events are their data alone."""

    name: str
    data: Any


@dataclass(slots=True)
class Stream:
    """A reply of server-sent events. `events` may be iterated again: a replay is the same stream.

    `close` is called once: when the last event was sent, the client left, or the stream was stopped.
    """

    id: str
    events: Callable[[], Iterator[Any]]
    close: Callable[[], None]
    stop: Callable[[], None]
    delay: float = 0.0
    done: str = "[DONE]"
    held: int = 4096
    """Bytes that are held so that the events can be iterated again: little for a plan, all of them for a list."""


class Reply(msgspec.Struct):
    """A reply: a JSON value in `body`, or encoded bytes in `content`, or a stream."""

    body: Any = None
    status: int = 200
    content: bytes | None = None
    media_type: str = "application/json"
    headers: list[tuple[str, str]] = []
    stream: Stream | None = None
