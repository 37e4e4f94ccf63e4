"""Engines without a network: they keep what a client sends, and give prepared answers in prepared pieces."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from indoxrouter._runtime.http.interface import Deadline, Headers, HttpRequest


@dataclass
class Answer:
    """What a server would say. `pieces` are the body's bytes in the portions in which the network brings them."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)


def json_answer(payload: Any, status: int = 200, *, size: int = 0, compressed: bool = False) -> Answer:
    """A JSON body, in pieces of `size` bytes (0: in one), as it is or compressed."""
    content = json.dumps(payload).encode()
    headers = {"Content-Type": "application/json"}
    if compressed:
        content = gzip.compress(content, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Answer(status, headers, cut(content, size))


def cut(content: bytes, size: int) -> list[bytes]:
    """Bytes in pieces of `size`; 0 leaves them whole."""
    return [content[start : start + size] for start in range(0, len(content), size)] if size else [content]


class _Response:
    deadline: Deadline | None = None

    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self.headers = Headers(answer.headers.items())
        self.pieces = answer.pieces
        self.closed = False

    def iter_raw(self) -> Iterator[bytes]:
        yield from self.pieces

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


class _AsyncResponse(_Response):
    async def iter_raw(self) -> AsyncIterator[bytes]:  # type: ignore[override]  # same names, awaited
        for piece in self.pieces:
            yield piece

    async def close(self) -> None:  # type: ignore[override]
        self.closed = True

    def release(self) -> None:
        self.closed = True


class ScriptedEngine:
    """Answers every request of a synchronous client with `answer`, and keeps what was sent in `requests`."""

    name = "scripted"

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[HttpRequest] = []
        self.responses: list[_Response] = []

    def send(self, request: HttpRequest) -> _Response:
        self.requests.append(request)
        self.responses.append(_Response(self.answer))
        return self.responses[-1]

    def close(self) -> None:
        """Nothing to close."""


class AsyncScriptedEngine:
    """The asynchronous form of `ScriptedEngine`."""

    name = "scripted"

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[HttpRequest] = []
        self.responses: list[_AsyncResponse] = []

    async def send(self, request: HttpRequest) -> _AsyncResponse:
        self.requests.append(request)
        self.responses.append(_AsyncResponse(self.answer))
        return self.responses[-1]

    async def close(self) -> None:
        """Nothing to close."""

    def abandon(self) -> None:
        """Nothing to close."""
