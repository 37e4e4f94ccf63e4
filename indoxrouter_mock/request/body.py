"""A request's body: read under a limit, then turned into fields by its content type."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import IO, Any, cast
from urllib.parse import parse_qs

from ..base.json import DecodeError, is_object, loads
from ..base.reply import Upload
from ..spec.errors import ApiError, invalid_value
from ..spec.validation import properties_of, typed_form
from . import limits
from .call import Call
from .limits import check_most
from .multipart import read_parts

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"
SPOOLED_FROM = 1_048_576
EXPLAINED = 1_048_576
"""Bytes up to which a body that is not JSON is read a second time, to say where it breaks."""


class RequestBody:
    """The whole body of a request. A large body is kept on disk, so that waiting requests do not fill the memory."""

    def __init__(self, content: bytes = b"", file: IO[bytes] | None = None) -> None:
        self._content = content
        self._file = file

    def read(self) -> bytes:
        """The bytes; those of a large body are read again each time."""
        if self._file is None:
            return self._content
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Delete the file of a large body."""
        if self._file is not None:
            self._file.close()


async def read_body(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]], headers: dict[str, str], largest: int
) -> tuple[RequestBody, bool]:
    """The whole body, and whether it was larger than allowed, in which case what was read of it is thrown away."""
    declared = headers.get("content-length", "")
    if (
        declared.isascii() and declared.isdigit() and (len(declared) > 19 or int(declared) > largest)
    ):  # `int` refuses thousands
        return RequestBody(), True
    message = await receive()
    content: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return (RequestBody(content), False) if len(content) <= largest else (RequestBody(), True)
    size = len(content)
    with contextlib.ExitStack() as stack:
        parts = stack.enter_context(tempfile.SpooledTemporaryFile(max_size=SPOOLED_FROM))
        parts.write(content)
        while message.get("more_body"):
            message = await receive()
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > largest:
                return RequestBody(), True
            parts.write(part)
        stack.pop_all()  # from now on, the body closes its file
        return RequestBody(file=cast("IO[bytes]", parts)), False


def media_type_of(headers: dict[str, str]) -> str:
    """The declared media type of the body, without parameters; JSON where none is declared."""
    header = headers.get("content-type", JSON)
    return JSON if header == JSON else header.partition(";")[0].strip().lower()


def read_fields(call: Call, content: bytes) -> tuple[Any, ApiError | None]:
    """The body as a JSON value or as the fields of a form, or the problem with it.

    The error is returned, not raised, because the caller must be authenticated before it may see details.
    """
    operation = call.contract.operation
    if not content or not operation.bodies:
        return None, None
    kind = call.media_type = media_type_of(call.headers)
    if kind not in operation.bodies:
        known = ", ".join(operation.bodies)
        return None, ApiError(
            operation.status_or(415, 422, 400),
            f"the content type {kind!r} is not supported here; supported: {known}",
        )
    try:
        if kind == JSON or kind.endswith("+json"):
            if len(content) > limits.MOST_JSON_VALUES:
                separators = content.count(b",") + content.count(b"[") + content.count(b"{")
                check_most("body", "JSON values", separators, limits.MOST_JSON_VALUES)
            return loads(content), None
        if kind == MULTIPART:
            return _multipart(call, call.headers["content-type"], content, operation.bodies[kind]), None
        if kind == FORM:
            texts = _form_fields(content)
            call.form_digest = _digest(
                (name.encode(), text.encode()) for name, each in texts.items() for text in each
            )
            return typed_form(_schema(call, operation.bodies[kind]), call.contract.spec, texts), None
        # Text and files: what a schema can say of them (`type: string`) holds for the text.
        return content.decode("utf-8") if kind.startswith("text/") else content.decode("latin-1"), None
    except DecodeError as error:
        return None, invalid_value(
            "body",
            f"not valid {kind}: {_reason(content, error)}",
            status=operation.status_or(400, 422, 400),
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
    """Where the JSON breaks. The standard library names line and column, and reads only bodies that failed; a large one
    would hold the other requests up.
    """
    if len(content) > EXPLAINED:
        return str(error)
    try:
        json.loads(content)
    except (ValueError, RecursionError) as found:
        return str(found)
    return str(error)


def _schema(call: Call, pointer: str) -> dict[str, Any]:
    schema, _ = call.contract.spec.resolve(call.contract.spec.at(pointer))
    return schema if is_object(schema) else {}


def _multipart(call: Call, header: str, content: bytes, pointer: str) -> dict[str, Any]:
    """The fields of a form; files go to `call.files` and stand in the fields as text, so that a schema can require
    them.
    """
    parts = read_parts(header, content)
    call.form_digest = _digest(
        (
            part.headers.get("content-disposition", "").encode(),
            part.headers.get("content-type", "").encode(),
            part.data,
        )
        for part in parts
    )
    texts: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for part in parts:
        if part.filename is not None:
            call.files[part.name] = Upload(part.filename, part.media_type, part.data)
            counts[part.name] = counts.get(part.name, 0) + 1
        elif part.name:
            texts.setdefault(part.name, []).append(part.data.decode("utf-8", "replace"))
    fields = typed_form(_schema(call, pointer), call.contract.spec, texts)
    properties = properties_of(_schema(call, pointer), call.contract.spec)
    for field, count in counts.items():
        declared, _ = call.contract.spec.resolve(properties.get(field, {}))
        several = is_object(declared) and declared.get("type") == "array"
        fields[field] = [""] * count if several else ""
    for field, text in texts.items():
        declared, _ = call.contract.spec.resolve(properties.get(field, {}))
        # A part without a file name is still the file if the spec declares it as one.
        if is_object(declared) and declared.get("format") == "binary" and field not in call.files:
            call.files[field] = Upload("", "application/octet-stream", text[0].encode())
            fields[field] = ""
    return fields
