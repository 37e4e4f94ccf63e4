"""Reads form bodies and queries that a service sends: text, with the types that their schema gives them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..codecs.base import Codec
from ..codecs.composites import Array
from ..codecs.factory import ANY
from ..models.schema import schema_of
from ..values import json


def decode_form(body: bytes | str, codec: Codec) -> dict[str, Any]:
    """The fields of a form, or of the query of a request, as JSON values for `codec`.

    A field that is declared as a list is one, however often it occurs; any other that is repeated becomes one.
    """
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    if text.startswith(("http://", "https://", "/")):  # the URL of a request, with its query
        text = urlsplit(text).query
    schema = schema_of(codec)
    declared = schema.by_wire if schema is not None else {}
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text.lstrip("?"), keep_blank_values=True):
        field = declared.get(name)
        of = field.codec if field is not None else ANY
        if isinstance(of, Array):
            found.setdefault(name, []).append(_value(of.item, value))
        elif name in found:
            earlier = found[name]
            found[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            found[name] = _value(of, value)
    return found


def _value(codec: Codec, text: str) -> Any:
    """A JSON value that the codec takes; the text itself where it takes that, or nothing else."""
    if codec.accepts(text):
        return text
    try:
        value = json.loads(text.encode())
    except json.MalformedJson:
        return text
    return value if codec.accepts(value) else text
