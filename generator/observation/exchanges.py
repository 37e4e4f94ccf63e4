"""Exchanges from tapes of the mock (docs/tapes.md) and from HAR files, in one form."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from ..source.json_types import is_array, is_object


class UnreadableRecording(Exception):
    """A file is neither a tape nor a HAR file; the message names the file and what is wrong."""


class _Missing:
    """No body, which is not the same as the JSON value null."""


NO_BODY = _Missing()


@dataclass
class Observed:
    """One request with its answer.

    Attributes:
        source: the file, and for HAR the number of its entry.
        method, path: as they were sent; the method in upper case, the path without its query.
        query: names and values.
        headers: of the request, by lower-case name.
        sent: the JSON body of the request, the fields of a form as an object, or `NO_BODY`.
        status: of the answer.
        answer_headers: by lower-case name.
        answer: the JSON body of the answer, or `NO_BODY`.
        events: JSON payloads of a stream of server-sent events, in order; None for any other answer.
        done: the text that closed the stream, such as `[DONE]`.
    """

    source: str
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    sent: Any
    status: int
    answer_headers: dict[str, str]
    answer: Any = NO_BODY
    events: list[Any] | None = None
    done: list[str] = field(default_factory=list[str])


def read_recordings(tapes: Iterable[Path], hars: Iterable[Path]) -> list[Observed]:
    """Every exchange, tapes first, each in the order of its files.

    Raises:
        UnreadableRecording: for a path that does not exist, holds no tape, or is of another form.
    """
    found: list[Observed] = []
    for path in tapes:
        files = [path] if path.is_file() else sorted(path.rglob("*.yaml"))
        if not files:
            missing = "there is no tape here; a tape is a folder of YAML files"
            raise UnreadableRecording(f"{path}: {missing if path.exists() else 'no such file or directory'}")
        found.extend(_tape(file) for file in files)
    for path in hars:
        found.extend(_har(path))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableRecording(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UnreadableRecording(f"{path}: not text in UTF-8") from error


# ── tapes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tape(path: Path) -> Observed:
    try:
        document = yaml.load(_read(path), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        hint = "; a HAR file is given with --har" if path.suffix == ".har" else ""
        raise UnreadableRecording(f"{path}: not YAML{where}{hint}") from error
    if not is_object(document) or document.get("tape") != 1:
        raise UnreadableRecording(f"{path}: not a tape: `tape: 1` is missing")
    try:
        request, response = document["request"], document["response"]
        events = response.get("events")
        payloads, done = _payloads(event.get("data") for event in events or ())
        return Observed(
            path.name,
            request["method"].upper(),
            request["path"],
            parse_qsl(request.get("query", ""), keep_blank_values=True),
            _joined(request.get("headers", {})),
            _body(request.get("body")),
            int(response["status"]),
            _joined(response.get("headers", {})),
            _body(response.get("body")),
            payloads if events is not None else None,
            done,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UnreadableRecording(f"{path}: not a tape: {type(error).__name__}: {error}") from error


def _joined(headers: dict[str, Any]) -> dict[str, str]:
    return {
        name.lower(): ", ".join(map(str, given)) if is_array(given) else str(given)
        for name, given in headers.items()
    }


def _body(body: Any) -> Any:
    if not is_object(body):
        return NO_BODY
    if "json" in body:
        return body["json"]
    if "form" in body:
        return dict(body["form"])
    if "parts" in body:
        return {part["name"]: part.get("text", "a file") for part in body["parts"]}
    return _json(str(body["text"])) if "text" in body else NO_BODY


# ── HAR ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _har(path: Path) -> Iterator[Observed]:
    try:
        entries = json.loads(_read(path))["log"]["entries"]
    except json.JSONDecodeError as error:
        reason = f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        raise UnreadableRecording(f"{path}: {reason}") from error
    except (KeyError, TypeError) as error:
        raise UnreadableRecording(f"{path}: not a HAR file: `log.entries` is missing") from error
    for number, entry in enumerate(entries, 1):
        try:
            yield _entry(entry, f"{path.name} entry {number}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnreadableRecording(f"{path}: entry {number}: {type(error).__name__}: {error}") from error


def _entry(entry: dict[str, Any], source: str) -> Observed:
    request: dict[str, Any] = entry["request"]
    response: dict[str, Any] = entry["response"]
    parts = urlsplit(str(request["url"]))
    posted: dict[str, Any] = request.get("postData") or {}
    sent: Any = NO_BODY
    if posted.get("params"):
        sent = {item["name"]: item.get("value", "a file") for item in posted["params"]}
    elif "text" in posted:
        sent = _json(posted["text"])
    content: dict[str, Any] = response.get("content") or {}
    text = str(content.get("text", ""))
    if content.get("encoding") == "base64":
        try:
            text = base64.b64decode(text).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            text = ""
    headers = {item["name"].lower(): item["value"] for item in response.get("headers", ())}
    kind = str(content.get("mimeType") or headers.get("content-type", ""))
    events: list[Any] | None = None
    done: list[str] = []
    if kind.startswith("text/event-stream"):
        events, done = _payloads(_data_of(block) for block in text.replace("\r\n", "\n").split("\n\n"))
    return Observed(
        source,
        request["method"].upper(),
        parts.path or "/",
        parse_qsl(parts.query, keep_blank_values=True),
        {item["name"].lower(): item["value"] for item in request.get("headers", ())},
        sent,
        int(response["status"]),
        headers,
        _json(text) if events is None else NO_BODY,
        events,
        done,
    )


def _data_of(block: str) -> str | None:
    lines = [line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
    return "\n".join(lines) if lines else None


def _payloads(data: Iterable[Any]) -> tuple[list[Any], list[str]]:
    """The JSON payloads of events, and the texts that are not JSON, such as `[DONE]`."""
    payloads: list[Any] = []
    texts: list[str] = []
    for each in data:
        value = _json(each) if isinstance(each, str) else each
        if is_object(value) or (is_array(value) and not isinstance(each, str)):
            payloads.append(value)
        elif isinstance(each, str) and each:
            texts.append(each)
    return payloads, texts


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return NO_BODY
