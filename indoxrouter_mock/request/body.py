"""A request's body: read under a limit, then turned into fields by its content type."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from ..base.json import DecodeError, is_object, loads
from ..base.reply import Upload
from ..spec.errors import ApiError, invalid_value
from ..spec.validation import typed_form
from . import limits
from .call import Call
from .limits import check_most

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
SPOOLED_FROM = 1_048_576
LONGEST_PART_HEADER = 8192


async def read_body(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]], headers: dict[str, str], largest: int
) -> tuple[bytes, bool]:
    """The whole body, and whether it was larger than allowed, in which case what was read of it is thrown away."""
    declared = headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > largest:
        return b"", True
    message = await receive()
    content: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return (content, False) if len(content) <= largest else (b"", True)
    # Beyond a megabyte an unfinished body lies on disk: many slow uploads must not fill the memory.
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED_FROM) as parts:
        size = len(content)
        parts.write(content)
        while message.get("more_body"):
            message = await receive()
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > largest:
                return b"", True
            parts.write(part)
        parts.seek(0)
        return parts.read(), False


def read_fields(call: Call, content: bytes) -> tuple[Any, ApiError | None]:
    """The body as a JSON value or as the fields of a form, or the problem with it.

    The error is returned, not raised, because the caller must be authenticated before it may see details.
    """
    operation = call.operation
    if not content or not operation.bodies:
        return None, None
    header = call.headers.get("content-type", "application/json")
    kind = header.partition(";")[0].strip().lower()
    if kind not in operation.bodies:
        known = ", ".join(operation.bodies)
        return None, ApiError(
            operation.status_or(415, 422, 400),
            f"the content type {kind!r} is not supported here; supported: {known}",
        )
    try:
        if kind == MULTIPART:
            return _multipart(call, header, content, operation.bodies[kind]), None
        if kind == FORM:
            texts = _form_fields(content)
            call.form_digest = _digest(
                (name.encode(), text.encode()) for name, each in texts.items() for text in each
            )
            return typed_form(_schema(call, operation.bodies[kind]), call.spec, texts), None
        if kind == "application/json" or kind.endswith("+json"):
            separators = content.count(b",") + content.count(b"[") + content.count(b"{")
            check_most("body", "JSON values", separators, limits.MOST_JSON_VALUES)
            return loads(content), None
        # Text and files: what a schema can say of them (`type: string`) holds for the text.
        return content.decode("utf-8") if kind.startswith("text/") else content.decode("latin-1"), None
    except DecodeError as error:
        return None, invalid_value(
            "body",
            f"not valid {kind}: {_reason(content, error)}",
            status=operation.status_or(400, 422),
            keyword="json",
        )
    except ApiError as problem:
        return None, problem


def _form_fields(content: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(
            content.decode("utf-8"), keep_blank_values=True, max_num_fields=limits.MOST_FORM_PARTS
        )
    except UnicodeDecodeError:
        raise
    except ValueError as error:
        raise invalid_value("body", f"more than {limits.MOST_FORM_PARTS} fields") from error


def _digest(fields: Iterable[tuple[bytes | bytearray, ...]]) -> str:
    found = hashlib.sha256()
    for field in fields:
        for part in field:
            found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()


def _reason(content: bytes, error: BaseException) -> str:
    """Where the JSON breaks. The standard library says line and column; only a body that failed already pays for it."""
    try:
        json.loads(content)
    except (ValueError, RecursionError) as found:
        return str(found)
    return str(error)


def _schema(call: Call, pointer: str) -> dict[str, Any]:
    schema, _ = call.spec.resolve(call.spec.at(pointer))
    return schema if is_object(schema) else {}


def _multipart(call: Call, header: str, content: bytes, pointer: str) -> dict[str, Any]:
    """The fields of a form; files go to `call.files` and stand in the fields as text, so that a schema can require
    them.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    boundary = parse_options_header(header)[1].get(b"boundary")
    if not boundary:
        raise invalid_value("body", "the content type names no boundary", keyword="multipart")
    parts: list[tuple[dict[str, str], bytearray]] = []
    name = bytearray()
    value = bytearray()

    def header_end() -> None:
        # latin-1 keeps all bytes unchanged; the names are decoded as UTF-8 after the header has been parsed.
        parts[-1][0][name.decode("latin-1").lower()] = value.decode("latin-1")
        name.clear()
        value.clear()

    def part_begin() -> None:
        check_most("body", "parts of a form", len(parts) + 1, limits.MOST_FORM_PARTS)
        parts.append(({}, bytearray()))

    def part_data(data: bytes, start: int, end: int) -> None:
        parts[-1][1].extend(data[start:end])

    def header_field(data: bytes, start: int, end: int) -> None:
        name.extend(data[start:end])
        check_most("body", "bytes of a part's header", len(name), LONGEST_PART_HEADER)

    def header_value(data: bytes, start: int, end: int) -> None:
        value.extend(data[start:end])
        check_most("body", "bytes of a part's header", len(name) + len(value), LONGEST_PART_HEADER)

    callbacks: dict[str, Any] = {
        "on_part_begin": part_begin,
        "on_part_data": part_data,
        "on_header_field": header_field,
        "on_header_value": header_value,
        "on_header_end": header_end,
    }
    try:
        parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]  # its callback type can't be written outside of its stubs
        parser.write(content)
        parser.finalize()
    except FormParserError as error:
        raise invalid_value("body", f"not a valid multipart form: {error}", keyword="multipart") from error
    call.form_digest = _digest(
        (headers.get("content-disposition", "").encode(), headers.get("content-type", "").encode(), data)
        for headers, data in parts
    )
    texts: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for headers, data in parts:
        _, options = parse_options_header(headers.get("content-disposition", ""))
        field = options.get(b"name", b"").decode("utf-8", "replace")
        filename = options.get(b"filename")
        if filename is not None:
            kind = headers.get("content-type", "application/octet-stream")
            call.files[field] = Upload(filename.decode("utf-8", "replace"), kind, bytes(data))
            counts[field] = counts.get(field, 0) + 1
        elif field:
            texts.setdefault(field, []).append(data.decode("utf-8", "replace"))
    fields = typed_form(_schema(call, pointer), call.spec, texts)
    properties = _schema(call, pointer).get("properties", {})
    for field, count in counts.items():
        declared, _ = call.spec.resolve(properties.get(field, {}))
        several = is_object(declared) and declared.get("type") == "array"
        fields[field] = [""] * count if several else ""
    for field, text in texts.items():
        declared, _ = call.spec.resolve(properties.get(field, {}))
        # A part without a file name still is the file when the spec says so.
        if is_object(declared) and declared.get("format") == "binary" and field not in call.files:
            call.files[field] = Upload("", "application/octet-stream", text[0].encode())
            fields[field] = ""
    return fields
