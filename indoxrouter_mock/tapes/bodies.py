"""Bodies on a tape: as JSON, as the fields or parts of a form, as text, and only where nothing else fits as base64."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl

from ..base.json import dumps, is_object, json_text
from ..request.body import FORM, MULTIPART
from ..request.multipart import read_parts
from ..spec.errors import ApiError
from .masking import Masker
from .strict_json import strict_json

Body = dict[str, Any]
"""One member, which says what the body is: `json`, `form`, `parts`, `text` or `base64`."""

BASE64_WIDTH = 100
_FORMS = ("json", "form", "parts", "text", "base64")


def body_of(content: bytes, content_type: str, masker: Masker) -> Body | None:
    """A body as a tape writes it, secrets masked; None for an empty one."""
    if not content:
        return None
    kind = content_type.partition(";")[0].strip().lower()
    value = strict_json(content)
    if value is not None or content.strip() == b"null":
        return {"json": masker.value(value)}
    if kind == FORM:
        pairs = parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)
        fields: dict[str, Any] = {}
        for name, text in pairs:
            fields[name] = [*fields[name], text] if name in fields else [text]
        return {
            "form": masker.value({name: each if len(each) > 1 else each[0] for name, each in fields.items()})
        }
    if kind == MULTIPART:
        try:
            return {"parts": _parts(content, content_type, masker)}
        except ApiError:
            pass  # no form after all: kept as what it is
    try:
        return {"text": masker.text(content.decode("utf-8"))}
    except UnicodeDecodeError:
        encoded = base64.b64encode(content).decode()
        lines = [encoded[at : at + BASE64_WIDTH] for at in range(0, len(encoded), BASE64_WIDTH)]
        return {"base64": "\n".join(lines) + "\n"}


def _parts(content: bytes, content_type: str, masker: Masker) -> list[dict[str, Any]]:
    """The parts of a form. A file stands there by its size and digest: enough to know it again."""
    found: list[dict[str, Any]] = []
    for part in read_parts(content_type, content):
        if part.filename is None:
            # Masked together with its name, which says whether it is a secret.
            text = masker.value({part.name: part.data.decode("utf-8", "replace")})[part.name]
            found.append({"name": part.name, "text": text})
            continue
        digest = hashlib.sha256(part.data).hexdigest()
        described = {"filename": masker.text(part.filename), "type": part.media_type}
        found.append({"name": part.name, **described, "bytes": len(part.data), "sha256": digest})
    return found


def bytes_of(body: Any) -> bytes:
    """The bytes of an answer's body. Raises ValueError for anything else, such as a form."""
    if body is None:
        return b""
    if is_object(body) and len(body) == 1:
        if "json" in body:
            return json_bytes(body["json"])
        if "text" in body:
            return text_bytes(body["text"])
        if "base64" in body:
            return decoded(body["base64"])
    raise ValueError("the body of an answer is one of json, text and base64")


def json_bytes(value: Any) -> bytes:
    """A value of a tape as JSON. Raises ValueError for one that JSON does not have, such as `.nan`."""
    if json_text(value) is None:
        raise ValueError(f"{repr(value)[:60]} is not a JSON value")
    return dumps(value)


def text_bytes(value: Any) -> bytes:
    """A text of a tape. Raises ValueError for another type."""
    if not isinstance(value, str):
        raise ValueError(f"{repr(value)[:60]} is not a text")
    return value.encode()


def decoded(value: Any) -> bytes:
    """Bytes of a tape, from base64. Raises ValueError for malformed base64."""
    try:
        return base64.b64decode(b"".join(text_bytes(value).split()), validate=True)
    except ValueError as error:
        raise ValueError(f"not base64: {error}") from error


def check_body(body: Any) -> None:
    """Raise ValueError unless a value is a body of a tape."""
    if body is not None and not (is_object(body) and len(body) == 1 and next(iter(body)) in _FORMS):
        raise ValueError(f"a body has one member, which is one of {', '.join(_FORMS)}")
