"""What a decoded answer has to be: nothing lost, everything readable, and of the types that the spec gives."""

from __future__ import annotations

import contextlib
import inspect
import json
from datetime import date, datetime
from typing import Any

from indoxrouter import IndoxRouterError
from indoxrouter._runtime.models.model import Model

from tests.contract import shapes
from tests.fields import fields_of


def plain(value: Any) -> Any:
    """A decoded value as the JSON that it stands for."""
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def same(value: Any, payload: Any) -> bool:
    """Whether a decoded value stands for exactly this JSON, as text: 1, 1.0 and true differ, and so do orders."""
    return json.dumps(plain(value)) == json.dumps(payload)


def read_everything(value: Any) -> None:
    """Read every attribute at every depth, in each of the ways in which a value can be read. Nothing may fail."""
    if isinstance(value, Model):
        repr(value)
        for name in fields_of(type(value)).values():
            read_everything(getattr(value, name))
        for key in value:
            value[key]
        for name, _ in inspect.getmembers_static(type(value), lambda member: isinstance(member, property)):  # type: ignore[attr-defined]  # since 3.11, which the tests need
            if not name.startswith("_"):
                with contextlib.suppress(
                    IndoxRouterError
                ):  # as documented: an answer that is no JSON has nothing `parsed`
                    getattr(value, name)
    elif isinstance(value, (list, tuple)):
        for item in value:
            read_everything(item)
    elif isinstance(value, dict):
        for item in value.values():
            read_everything(item)


def disagreements(schema: dict[str, Any], raw: Any, value: Any, place: str = "") -> list[str]:
    """Where the type of a decoded value is not the one that the spec gives, for a valid `raw`."""
    schema, name = shapes.named(schema)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            member = next((member for member in schema[keyword] if shapes.accepts(member, raw)), {})
            return disagreements(member, raw, value, place)
    if isinstance(raw, dict) and "properties" in schema:
        # The friendly classes are subclasses of the generated ones, most of them of the same name.
        if not isinstance(value, Model) or name not in {base.__name__ for base in type(value).__mro__}:
            return [f"{place}: {name} came out as {type(value).__name__}"]
        return [
            found
            for key, inner in schema["properties"].items()
            if key in raw and not _is_made_friendly(value, key)
            for found in disagreements(
                inner, raw[key], getattr(value, _attribute(value, key)), f"{place}.{key}"
            )
        ]
    if isinstance(raw, list):
        if not isinstance(value, list) or len(value) != len(raw):
            return [f"{place}: a list came out as {type(value).__name__}"]
        items = schema.get("items", {})
        pairs = enumerate(zip(raw, value, strict=True))
        return [
            found for number, (a, b) in pairs for found in disagreements(items, a, b, f"{place}[{number}]")
        ]
    if isinstance(raw, dict) and isinstance(schema.get("additionalProperties"), dict):
        inner = schema["additionalProperties"]
        return [
            found for key in raw for found in disagreements(inner, raw[key], value[key], f"{place}.{key}")
        ]
    return _scalar_disagreement(schema, raw, value, place)


def _attribute(model: Model, wire: str) -> str:
    return fields_of(type(model))[wire]


def _is_made_friendly(model: Model, wire: str) -> bool:
    """Whether a class of the layer above reads this field in a way of its own, as `.text` and lists of vectors are."""
    return isinstance(inspect.getattr_static(type(model), _attribute(model, wire), None), property)


def _scalar_disagreement(schema: dict[str, Any], raw: Any, value: Any, place: str) -> list[str]:
    if isinstance(raw, str) and schema.get("format") in ("date", "date-time"):
        wanted = datetime if schema["format"] == "date-time" else date
        if isinstance(value, wanted) or _beyond_calendar(raw):
            return []
        return [f"{place}: {raw!r} came out as {value!r}"]
    if type(value) is type(raw) and value == raw:
        return []
    return [f"{place}: {raw!r} came out as {value!r}"]


def _beyond_calendar(text: str) -> bool:
    """RFC 3339 knows the year 0, and the last hours of the year 9999 in zones where it has ended; Python does not."""
    return text.startswith(("0000", "0001-01-01", "9999-12-31"))
