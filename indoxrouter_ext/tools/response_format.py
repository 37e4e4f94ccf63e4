"""Structured output: a type as `response_format`, and the answer as an instance of it."""

from __future__ import annotations

import json as standard_json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal, get_origin

from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import as_object, is_list, is_mapping, is_object
from indoxrouter.errors import ResponseFormatError

from .json_schema import build, is_structured, schema_of

ResponseFormat = type[Any] | Mapping[str, Any] | Literal["json_object", "text"]
"""A Pydantic model, a dataclass, a TypedDict; a JSON schema; or the provider's own object, or its type."""

_JSON_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_WIRE_TYPES = ("json_schema", "json_object", "text")
# Keys of a JSON Schema that a provider's object does not have.
_SCHEMA_KEYS = frozenset(
    {"properties", "$schema", "$ref", "anyOf", "oneOf", "allOf", "enum", "items", "$defs"}
)


def format_on_wire(wanted: Any) -> dict[str, Any]:
    """The documented `response_format` object for a type, a JSON schema or such an object.

    Raises:
        InvalidParametersError: for anything else.
    """
    name: Any = wanted
    if isinstance(name, str) and name in ("json_object", "text"):
        return {"type": name}
    if is_mapping(wanted):
        kind = wanted.get("type")
        if kind in _WIRE_TYPES and not (_SCHEMA_KEYS & wanted.keys()):
            inner = wanted.get("json_schema", wanted)
            if kind == "json_schema" and not (is_mapping(inner) and is_mapping(inner.get("schema"))):
                raise_invalid_argument("response_format.json_schema", inner, "an object with a schema")
            return dict(wanted)
        if isinstance(kind, str) and kind not in _JSON_TYPES:
            known = ", ".join(map(repr, _WIRE_TYPES))
            raise_invalid_argument("response_format.type", kind, f"{known} or a type of JSON Schema")
        if isinstance(kind, (str, list)) or _SCHEMA_KEYS & wanted.keys():
            return _named(str(wanted.get("title") or "answer"), dict(wanted))
        return dict(wanted)
    if is_structured(wanted):
        return _named(wanted.__name__, schema_of(wanted, "response_format"))
    if not isinstance(wanted, type) and is_structured(type(wanted)):
        raise_invalid_argument(
            "response_format", wanted, f"the class {type(wanted).__name__}, not an instance of it"
        )
    return raise_invalid_argument(
        "response_format",
        wanted,
        "a Pydantic model, a dataclass, a TypedDict, a JSON schema, 'json_object' or 'text'",
    )


def _named(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in name)[:64] or "answer"
    return {
        "type": "json_schema",
        "json_schema": {"name": safe, "schema": schema, "strict": _is_strict(schema)},
    }


def _is_strict(schema: Any) -> bool:
    """Whether strict modes accept a schema: every object closed, every field required."""
    if is_list(schema):
        return all(_is_strict(item) for item in schema)
    if not is_object(schema):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or is_object(properties):
        names = as_object(properties)
        if schema.get("additionalProperties") is not False or set(names) != set(schema.get("required", ())):
            return False
    return all(_is_strict(value) for value in schema.values())


def parse(text: str, wanted: Any, finish_reason: str | None = None) -> Any:
    """The text of an answer as an instance of a type, or as a JSON value.

    Raises:
        ResponseFormatError: when the text is not JSON, or does not match. `error.text` is the text.
    """
    reason = ""
    try:
        value: Any = json.loads(_without_fence(text))
    except json.MalformedJson as error:
        value = _largest_json_in(text)
        reason = str(error) if value is None else ""
    if reason:
        cut = "; the model stopped at its token limit" if finish_reason == "length" else ""
        if wanted is None:
            cut += ". The call had no `response_format`: pass the class that you want, or read .text"
        raise _mismatch(text, f"{reason}{cut}")
    if wanted is None or is_mapping(wanted) or isinstance(wanted, str):
        return value
    try:
        return build(wanted, value)
    except ValueError as error:  # Mismatch, or Pydantic's ValidationError
        reason = str(error)
    raise _mismatch(text, f"it is not a valid {getattr(wanted, '__name__', wanted)}: {reason}")


def check_class(kind: Any) -> None:
    """Raise `InvalidParametersError` for a `kind` that is neither a type nor a `response_format`."""
    is_type = isinstance(kind, type) or get_origin(kind) is not None or kind is Any
    if not is_type and not is_mapping(kind) and kind not in ("json_object", "text"):
        raise_invalid_argument(
            "kind", kind, "a class: a Pydantic model, a dataclass, a TypedDict, list[…], …"
        )


def _mismatch(text: str, reason: str) -> Exception:
    return ResponseFormatError(
        f"The answer does not have the requested format: {reason}", details={"text": text}
    )


def _largest_json_in(text: str) -> Any:
    """The largest JSON object or array within other text, or None; what is in `<think>` blocks is left out."""
    text = re.sub(r"<think(?:ing)?>.*?</think(?:ing)?>", "", text, flags=re.DOTALL)
    decoder = standard_json.JSONDecoder()
    found: list[tuple[int, Any]] = []
    position = 0
    for start in re.finditer(r"[{\[]", text):
        if start.start() < position:
            continue
        rest = text[start.start() :]
        if rest.count("{") > rest.count("}") or rest.count("[") > rest.count("]"):
            break  # cut off: a part within it is not the answer
        with suppress(ValueError, RecursionError):
            value, position = decoder.raw_decode(text, start.start())
            found.append((position - start.start(), value))
    return max(found, key=lambda pair: pair[0], default=(0, None))[1]


def _without_fence(text: str) -> str:
    """The text without the code fence that models often put around JSON."""
    bare = text.strip()
    if bare.startswith("```") and bare.endswith("```") and len(bare) >= 6:
        first, _, rest = bare[3:-3].partition("\n")
        return rest if first.strip().lower() in ("", "json") else bare
    return bare
