"""Reads a request as a server would, and holds it against the spec. Shares no code with the client."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from indoxrouter._runtime.http.interface import HttpRequest

from tests.contract import shapes
from tests.spec.document import OPERATIONS, parameters

# What a client may send besides what an operation documents.
STANDARD_HEADERS = {"accept", "accept-encoding", "content-type", "content-length", "user-agent"}
_INTEGER = re.compile(r"-?\d+\Z", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z", re.ASCII)


@dataclass
class Received:
    """A request, taken apart."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str | None = None
    body: Any = None
    files: dict[str, bytes] = field(default_factory=dict)


def receive(request: HttpRequest, operation_id: str, base_url: str) -> Received:
    """Take a request apart. Raises AssertionError, saying what, when it breaks the spec."""
    operation = OPERATIONS[operation_id]
    assert request.method == operation["method"].upper()
    assert request.url.startswith(base_url), f"{request.url} is not below {base_url}"
    assert all("!" <= character <= "~" for character in request.url), f"not plain ASCII: {request.url!r}"
    split = urlsplit(request.url[len(base_url) :])
    assert not split.fragment
    received = Received(path=_path(operation_id, split.path), query=_query(operation_id, split.query))
    received.headers = _headers(request, operation_id)
    _body(request, operation_id, received)
    return received


def _path(operation_id: str, path: str) -> dict[str, Any]:
    known = parameters(OPERATIONS[operation_id])
    pattern = ""
    for piece in re.split(r"(\{[^}]+\})", OPERATIONS[operation_id]["path"]):
        if piece.startswith("{"):
            slashes = known[piece[1:-1]].get("x-allow-slash")
            pattern += f"(?P<{piece[1:-1]}>{'.+' if slashes else '[^/]+'})"
        else:
            pattern += re.escape(piece)
    found = re.fullmatch(pattern, path)
    assert found is not None, f"{path!r} is not {OPERATIONS[operation_id]['path']}"
    assert not any(unquote(piece) in (".", "..") for piece in path.split("/")), f"dot segments in {path!r}"
    values = {
        name: typed(unquote(text, errors="strict"), known[name]["schema"])
        for name, text in found.groupdict().items()
    }
    for name, value in values.items():
        _fits(known[name]["schema"], value, f"path parameter {name}")
    return values


def _query(operation_id: str, text: str) -> dict[str, Any]:
    known = {
        name: item for name, item in parameters(OPERATIONS[operation_id]).items() if item["in"] == "query"
    }
    pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    assert len(dict(pairs)) == len(pairs), f"a query parameter was given twice: {text}"
    values: dict[str, Any] = {}
    for name, value in pairs:
        assert name in known, f"undocumented query parameter {name!r}"
        values[name] = typed(value, known[name]["schema"])
        _fits(known[name]["schema"], values[name], f"query parameter {name}")
    missing = {name for name, item in known.items() if item.get("required")} - values.keys()
    assert not missing, f"required query parameters are missing: {missing}"
    return values


def _headers(request: HttpRequest, operation_id: str) -> dict[str, str]:
    operation = OPERATIONS[operation_id]
    names = [name.lower() for name, _ in request.headers]
    assert len(set(names)) == len(names), f"a header was given twice: {names}"
    headers = {name.lower(): value for name, value in request.headers}
    for name, value in headers.items():
        assert all(" " <= character <= "~" for character in value), f"header {name} is not plain ASCII"
    documented = {
        name.lower(): item for name, item in parameters(operation).items() if item["in"] == "header"
    }
    for name, item in documented.items():
        assert name in headers or not item.get("required"), f"the required header {name} is missing"
        if name in headers:
            _fits(item["schema"], headers[name], f"header {name}")
    allowed = STANDARD_HEADERS | documented.keys()
    if any("bearerAuth" in alternative for alternative in operation["security"]):
        allowed |= {"authorization"}
        assert re.fullmatch(r"Bearer \S+", headers.get("authorization", "")), "no bearer token"
    if operation["security"] == [] and not operation.get("x-token-exchange"):
        allowed |= {
            "authorization"
        }  # a token at hand is sent: the documents disagree on which operations need one
    if operation.get("x-idempotency-key"):
        allowed |= {"idempotency-key"}
        assert headers.get("idempotency-key"), "a paid call without an idempotency key"
    assert headers.keys() <= allowed, f"undocumented headers: {headers.keys() - allowed}"
    return headers


def _body(request: HttpRequest, operation_id: str, received: Received) -> None:
    schemas = shapes.body_schemas(operation_id)
    content = (
        None
        if request.content is None
        else b"".join([request.content] if isinstance(request.content, bytes) else request.content)
    )
    if not schemas:
        assert not content, "a body where none is documented"
        return
    if content is None:
        assert not OPERATIONS[operation_id]["requestBody"].get("required"), "no body"
        return
    if not isinstance(request.content, (bytes, type(None))):
        assert len(request.content) == len(content), "the announced length is wrong"
    header = received.headers["content-type"]
    received.media_type = header.partition(";")[0]
    assert received.media_type in schemas, f"undocumented media type {header!r}"
    schema, _ = shapes.named(schemas[received.media_type])
    if received.media_type == "application/json":
        received.body = json.loads(content, parse_constant=_no_constant)
    elif received.media_type == "application/x-www-form-urlencoded":
        pairs = parse_qsl(content.decode("ascii"), keep_blank_values=True, errors="strict")
        received.body = _fields(schema, pairs)
    else:
        texts, received.files = parts_of(content, header)
        received.body = {**_fields(schema, texts), **dict.fromkeys(received.files, "")}
    _fits(schema, received.body, "body")


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} is not JSON")


def _fields(schema: dict[str, Any], pairs: list[tuple[str, str]]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    values: dict[str, Any] = {}
    for name, text in pairs:
        value = typed(text, shapes.named(properties.get(name, {}))[0])
        # A repeated field is a list; only fields that no schema names may be one here.
        values[name] = [*_as_list(values[name]), value] if name in values else value
    return values


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def parts_of(content: bytes, header: str) -> tuple[list[tuple[str, str]], dict[str, bytes]]:
    """The text fields and the files of a multipart form. Raises AssertionError for bytes that are no such form."""
    found = re.fullmatch(r"multipart/form-data; boundary=([0-9A-Za-z'()+_,./:=? -]{1,70})", header)
    assert found is not None, f"no boundary in {header!r}"
    delimiter = b"--" + found.group(1).encode()
    first, *rest = (b"\r\n" + content).split(b"\r\n" + delimiter)
    assert first == b"", "bytes before the first part"
    assert rest, "no parts"
    assert rest[-1] == b"--\r\n", "the form is not closed"
    texts: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}
    for part in rest[:-1]:
        head, separator, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        assert separator, "a part without an end of its headers"
        lines = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n"))
        said = re.fullmatch(
            r'form-data; name="([^"]*)"(?:; filename="([^"]*)")?', lines["Content-Disposition"]
        )
        assert said is not None, f"cannot be read: {lines['Content-Disposition']!r}"
        name = _unescape(said.group(1))
        if said.group(2) is None:
            # A part that holds JSON may say so; text has no headers of its own.
            if lines.get("Content-Type") == "application/json":
                del lines["Content-Type"]
                json.loads(data)
            assert lines.keys() == {"Content-Disposition"}, "a text field has no headers of its own"
            texts.append((name, data.decode()))
        else:
            assert re.fullmatch(r"[\w.+-]+/[\w.+-]+", lines["Content-Type"])
            assert name not in files, f"two files are called {name!r}"
            files[name] = data
    return texts, files


def _unescape(name: str) -> str:
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n").replace("%00", "\0")


def typed(text: str, schema: dict[str, Any]) -> Any:
    """Text of a URL or form as the type that its schema gives it; as it is where the schema says nothing."""
    schema, _ = shapes.named(schema)
    kind = schema.get("type")
    if kind == "integer":
        assert _INTEGER.match(text), f"{text!r} is no integer"
        return int(text)
    if kind == "number":
        assert _NUMBER.match(text), f"{text!r} is no number"
        return float(text)
    if kind == "boolean":
        assert text in ("true", "false"), f"{text!r} is no boolean"
        return text == "true"
    return text


def _fits(schema: dict[str, Any], value: Any, what: str) -> None:
    assert shapes.accepts(schema, value), f"{what} breaks its schema: {str(value)[:300]}"
