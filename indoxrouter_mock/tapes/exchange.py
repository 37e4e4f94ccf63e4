"""One recorded exchange, and the folder of files that a tape is.

A tape is a folder of YAML files, one for each exchange, in the order of their names. docs/tapes.md describes the form;
`TAPE` marks a file as one, and is its version.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.json import is_list, is_object
from ..state.request_log import MASK
from .bodies import Body, bytes_of, check_body
from .events import Event, frame_of

TAPE = 1
ENDS = ("complete", "cut", "left")
"""How an answer ended: whole, broken off by the server, or left by the client."""
LONGEST_WAIT = 3600.0
EMPTY_STATUSES = (204, 304)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
Headers = dict[str, "str | list[str]"]


class TapeError(ValueError):
    """A tape can't be read or written; the message names the file and what is wrong."""


@dataclass(slots=True)
class TapeRequest:
    """A request: `query` as it was sent, `headers` by lower-case name, the body as `bodies.py` describes it."""

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=dict[str, "str | list[str]"])
    body: Body | None = None


@dataclass(slots=True)
class TapeResponse:
    """An answer: `wait` is the seconds until it began; a stream has `events` in place of a body."""

    status: int
    wait: float = 0.0
    headers: Headers = field(default_factory=dict[str, "str | list[str]"])
    body: Body | None = None
    events: list[Event] | None = None
    ends: str = "complete"

    def header_pairs(self) -> list[tuple[str, str]]:
        """The headers one by one."""
        return [
            (name, each)
            for name, given in self.headers.items()
            for each in (given if is_list(given) else [str(given)])
        ]


@dataclass(slots=True)
class Exchange:
    """A request with its answer. `name` is that of its file; `played` counts how often it has answered."""

    name: str
    recorded: str
    upstream: str
    request: TapeRequest
    response: TapeResponse
    played: int = 0

    @property
    def gives_secrets(self) -> bool:
        """Whether the answer held a key or a token, which the tape has masked: no server accepts what stands there."""
        return _holds_mask(self.response.body) or "set-cookie" in self.response.headers

    def as_dict(self) -> dict[str, Any]:
        """The document of the file; what is empty is left out."""
        request, response = self.request, self.response
        asked: dict[str, Any] = {"method": request.method, "path": request.path}
        asked |= {"query": request.query, "headers": request.headers, "body": request.body}
        told: dict[str, Any] = {"status": response.status, "wait": response.wait, "headers": response.headers}
        told |= {"body": response.body, "events": response.events}
        told |= {"ends": None if response.ends == "complete" else response.ends}
        return {
            "tape": TAPE,
            "recorded": self.recorded,
            "upstream": self.upstream,
            "request": {name: value for name, value in asked.items() if value},
            "response": {name: value for name, value in told.items() if value not in (None, "", {}, 0.0)},
        }


def _holds_mask(value: Any) -> bool:
    if is_object(value):
        return any(map(_holds_mask, value.values()))
    return any(map(_holds_mask, value)) if is_list(value) else value == MASK


def exchange_of(document: Any, name: str) -> Exchange:
    """The exchange in a document. Raises TapeError naming the file and the member that is wrong."""

    def wrong(what: str) -> TapeError:
        return TapeError(f"{name}: {what}")

    if not is_object(document) or document.get("tape") != TAPE:
        raise wrong(f"not a tape: `tape: {TAPE}` is missing")
    unknown = set(document) - {"tape", "recorded", "upstream", "request", "response"}
    request, response = document.get("request"), document.get("response")
    if unknown or not is_object(request) or not is_object(response):
        raise wrong(f"{min(unknown)} is not known" if unknown else "request and response are objects")
    for part, fields, known in (
        ("request", request, ("method", "path", "query", "headers", "body")),
        ("response", response, ("status", "wait", "headers", "body", "events", "ends")),
    ):
        for member in fields:
            if member not in known:
                raise wrong(f"{part}.{member} is not known; known are {', '.join(known)}")
        if not is_object(fields.get("headers", {})):
            raise wrong(f"{part}.headers is an object")
        for header, given in fields.get("headers", {}).items():
            if not _is_header(header, given):
                raise wrong(
                    f"{part}.headers.{header} is the name of a header with a text or a list of texts, of one line each"
                )
    if not all(isinstance(request.get(each, ""), str) for each in ("method", "path", "query")):
        raise wrong("method, path and query of the request are texts")
    if not str(request.get("path", "")).startswith("/") or not request.get("method"):
        raise wrong("request.method and request.path are needed; a path begins with /")
    status, wait, events = response.get("status"), response.get("wait", 0.0), response.get("events")
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise wrong("response.status is a whole number from 200 to 599")
    if not _is_wait(wait):
        raise wrong(f"response.wait is seconds from 0 to {LONGEST_WAIT:g}")
    if response.get("ends", "complete") not in ENDS:
        raise wrong(f"response.ends is one of {', '.join(ENDS)}")
    if status in EMPTY_STATUSES and (response.get("body") is not None or events is not None):
        raise wrong(f"an answer with the status {status} has neither body nor events")
    try:
        check_body(request.get("body"))
        bytes_of(response.get("body"))
        if events is not None:
            _check_events(events, response.get("body"))
    except ValueError as error:
        raise wrong(str(error)) from error
    return Exchange(
        name,
        str(document.get("recorded", "")),
        str(document.get("upstream", "")),
        TapeRequest(
            request["method"].upper(),
            request["path"],
            request.get("query", ""),
            _lower(request.get("headers", {})),
            request.get("body"),
        ),
        TapeResponse(
            status,
            float(wait),
            _lower(response.get("headers", {})),
            response.get("body"),
            events,
            response.get("ends", "complete"),
        ),
    )


def _is_wait(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LONGEST_WAIT


def _is_header(name: str, given: Any) -> bool:
    texts: list[Any] = given if is_list(given) else [given]
    return bool(_HEADER.fullmatch(name)) and all(
        isinstance(each, str) and not _CONTROL.search(each) for each in texts
    )


def _lower(headers: Headers) -> Headers:
    return {name.lower(): given for name, given in headers.items()}


def _check_events(events: Any, body: Any) -> None:
    if not is_list(events) or body is not None:
        raise ValueError("response.events is a list, and replaces the body")
    for number, event in enumerate(events, 1):
        if not is_object(event) or not _is_wait(event.get("wait", 0.0)):
            raise ValueError(f"event {number} is an object whose wait is seconds from 0 to {LONGEST_WAIT:g}")
        try:
            frame_of(event)
        except ValueError as error:
            raise ValueError(f"event {number}: {error}") from error


def text_of(exchange: Exchange) -> str:
    """An exchange as the text of its file."""
    from ..base.yaml import write_yaml  # takes 20 ms, which only servers with a tape pay

    return write_yaml(exchange.as_dict())


def read_exchange(text: bytes | str, name: str) -> Exchange:
    """The exchange in the text of a file. Raises TapeError."""
    from ..base.yaml import YamlError, read_yaml  # as above

    try:
        return exchange_of(read_yaml(text), name)
    except YamlError as error:
        raise TapeError(f"{name}: not YAML: {error}") from error


def read_tape(folder: Path | str) -> list[Exchange]:
    """All exchanges of a tape, in order; of a single file, its one exchange. Raises TapeError.

    Each is named by its file, seen from the folder.
    """
    folder, root = Path(folder), folder_of(folder)
    return [read_exchange(_content(path), path.relative_to(root).as_posix()) for path in tape_files(folder)]


def folder_of(tape: Path | str) -> Path:
    """The folder of a tape, which may be a single file."""
    tape = Path(tape)
    return tape.parent if tape.is_file() else tape


def tape_files(folder: Path) -> Iterator[Path]:
    """The files of a tape in order, including those in its folders. Raises TapeError for a tape without files."""
    files = [folder] if folder.is_file() else sorted(folder.rglob("*.yaml"))
    if not files:
        raise TapeError(f"{folder}: there is no tape here")
    yield from files


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TapeError(f"{path}: {error.strerror or error}") from error


class TapeWriter:
    """Adds exchanges to a folder, numbered in the order in which their requests arrived."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TapeError(f"{folder}: {error.strerror or error}") from error
        numbers = (re.match(r"\d+", path.name) for path in self.folder.glob("*.yaml"))
        self._last = max((int(found.group()) for found in numbers if found), default=0)

    def name(self, method: str, path: str) -> str:
        """The file name of the next exchange: `0001-post-chat-completions.yaml`."""
        self._last += 1
        words = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")
        for prefix in ("api-v1-", "v1-"):
            words = words.removeprefix(prefix)
        return f"{self._last:04d}-{method.lower()}-{words[:60].rstrip('-') or 'root'}.yaml"

    def write(self, exchange: Exchange) -> None:
        """Write a file, or replace it as a whole. Raises TapeError."""
        path = self.folder / exchange.name
        waiting = path.with_suffix(".part")
        try:
            waiting.write_text(text_of(exchange), encoding="utf-8")
            os.replace(waiting, path)
        except OSError as error:
            raise TapeError(f"{path}: {error.strerror or error}") from error
