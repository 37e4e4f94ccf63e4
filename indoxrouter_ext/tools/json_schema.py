"""Python types as JSON Schema, and JSON values as instances of them: for structured output and for tools.

Pydantic models use their own schema and validation. The other supported types are dataclasses, TypedDicts, enums,
Literal, Union and Optional, lists, tuples, sets, dicts, Annotated (text in it is the description) and plain JSON types.
"""

from __future__ import annotations

import dataclasses
import enum
import sys
import types
import typing
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin, is_typeddict

from indoxrouter._runtime.codecs.base import describe, raise_invalid_argument
from indoxrouter._runtime.codecs.dates import parse_datetime
from indoxrouter._runtime.values.json import is_list, is_mapping, is_object, json_type
from indoxrouter._runtime.values.text import plural

if sys.version_info >= (3, 11):
    from typing import NotRequired, Required
else:
    from typing_extensions import NotRequired, Required

Json = dict[str, Any]

_PLAIN: dict[Any, Json] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    None: {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}
_COLLECTIONS: tuple[Any, ...] = (tuple, set, frozenset)


class Mismatch(ValueError):
    """A JSON value does not match a type. The message names the position."""


def is_pydantic(kind: Any) -> bool:
    """Whether a class is a Pydantic model; does not import Pydantic."""
    made = isinstance(kind, type) and callable(getattr(kind, "model_json_schema", None))
    return made and kind.__base__ is not object  # which is the base of `BaseModel` alone


def _is_kind(kind: Any, parents: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, parents)


def _has_fields(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind) or is_typeddict(kind)


def is_structured(kind: Any) -> bool:
    """Whether it is a class for JSON objects: a Pydantic model, a dataclass or a TypedDict."""
    return isinstance(kind, type) and (is_pydantic(kind) or _has_fields(kind))


def schema_of(kind: Any, path: str) -> Json:
    """The JSON Schema of a type. Objects are closed and list their required fields, as strict modes demand.

    Raises:
        InvalidParametersError: for a type that JSON cannot represent; names its position.
    """
    return hoist(_schema(kind, path, ()), path)


def hoist(schema: Json, path: str) -> Json:
    """Move the definitions of nested schemas to the top level, where references expect them.

    Raises:
        InvalidParametersError: when two different definitions have the same name.
    """
    definitions: Json = {}

    def collect(value: Any) -> None:
        if is_list(value):
            for item in value:
                collect(item)
        elif is_object(value):
            for name, definition in value.pop("$defs", {}).items():
                if definitions.setdefault(name, definition) != definition:
                    raise_invalid_argument(path, name, "types whose names differ")
                collect(definition)
            for item in value.values():
                collect(item)

    collect(schema)
    return {**schema, "$defs": definitions} if definitions else schema


def _schema(kind: Any, path: str, above: tuple[Any, ...]) -> Json:
    if kind is Any or kind is object:
        return {}
    try:
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
    except TypeError:  # not hashable, so not one of them
        pass
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _annotated(arguments, path, above)
    if origin in (Required, NotRequired):
        return _schema(arguments[0], path, above)
    choices = _choices_of(kind)
    if choices is not None:
        return _values([value for value, _ in choices])
    if origin is Union or origin is types.UnionType:
        return {"anyOf": [_schema(argument, path, above) for argument in arguments]}
    if is_pydantic(kind):
        found: Json = kind.model_json_schema()
        return found
    if kind in above:
        raise_invalid_argument(path, kind, "a type that does not contain itself (a Pydantic model may)")
    if _has_fields(kind):
        return _object(kind, path, (*above, kind))
    return _container(kind, origin, arguments, path, above)


def _annotated(arguments: tuple[Any, ...], path: str, above: tuple[Any, ...]) -> Json:
    schema = _schema(arguments[0], path, above)
    for note in arguments[1:]:
        text = (
            note
            if isinstance(note, str)
            else getattr(note, "description", None) or getattr(note, "documentation", None)
        )
        if isinstance(text, str):
            schema["description"] = text
        elif is_mapping(note):
            schema.update(note)
    return schema


def _choices_of(kind: Any) -> list[tuple[Any, Any]] | None:
    """The JSON values of a Literal or an enum, each with what it stands for; None for other types."""
    if get_origin(kind) is Literal:
        return [(value, value) for value in get_args(kind)]
    return [(member.value, member) for member in kind] if _is_kind(kind, enum.Enum) else None


def _values(values: list[Any]) -> Json:
    kinds: set[Any] = {type(value) for value in values}
    schema: Json = {"enum": values}
    if len(kinds) == 1 and (kind := kinds.pop()) in _PLAIN:
        schema = {**_PLAIN[kind], **schema}
    return schema


def _container(kind: Any, origin: Any, arguments: tuple[Any, ...], path: str, above: tuple[Any, ...]) -> Json:
    base = origin or kind
    if _is_kind(base, tuple) and arguments and arguments[-1] is not Ellipsis:
        items = [_schema(argument, path, above) for argument in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if _is_kind(base, (Sequence, Set)) and not _is_kind(base, (str, bytes, bytearray)):
        schema: Json = {"type": "array", "items": _schema(arguments[0], path, above) if arguments else {}}
        if _is_kind(base, Set):
            schema["uniqueItems"] = True
        return schema
    if _is_kind(base, Mapping):
        if arguments and arguments[0] is not str:
            raise_invalid_argument(path, kind, "a mapping with text as keys")
        return {
            "type": "object",
            "additionalProperties": _schema(arguments[1], path, above) if arguments else True,
        }
    return raise_invalid_argument(
        path, kind, "a type that JSON can represent: a Pydantic model, a dataclass, a TypedDict, a list, …"
    )


def hints_of(kind: Any, path: str) -> dict[str, Any]:
    """The annotations of a class or a function, as types.

    Raises:
        InvalidParametersError: for an annotation with a name that is not defined in the module.
    """
    missing = ""
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except NameError as error:
        missing = str(error)
    return raise_invalid_argument(
        path, kind, f"annotations whose names are defined in the module ({missing})"
    )


def fields_of(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Fields of a dataclass or TypedDict: name to type, and whether it is required."""
    hints = hints_of(kind, getattr(kind, "__name__", "type"))
    if is_typeddict(kind):
        return {name: (hint, name in kind.__required_keys__) for name, hint in hints.items()}
    return {
        field.name: (
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(kind)
        if field.init
    }


def _object(kind: Any, path: str, above: tuple[Any, ...]) -> Json:
    properties: Json = {}
    required: list[str] = []
    for name, (hint, is_required) in fields_of(kind).items():
        properties[name] = _schema(hint, f"{path}.{name}", above)
        if is_required:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def build(kind: Any, value: Any, path: str = "") -> Any:
    """A JSON value as an instance of a type.

    Raises:
        Mismatch: with the position, the value and the expected type.
    """
    if kind is Any or kind is object:
        return value
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Annotated, Required, NotRequired):
        return build(arguments[0], value, path)
    choices = _choices_of(kind)
    if choices is not None:
        for allowed, meant in choices:
            if allowed == value:
                return meant
        _mismatch(path, value, " or ".join(repr(allowed) for allowed, _ in choices))
    if origin is Union or origin is types.UnionType:
        return _build_union(arguments, value, path)
    if is_pydantic(kind):
        return kind.model_validate(value)
    if _has_fields(kind):
        return _build_object(kind, value, path)
    return _build_plain(kind, origin, arguments, value, path)


def _build_union(arguments: tuple[Any, ...], value: Any, path: str) -> Any:
    reasons: list[str] = []
    for argument in arguments:
        try:
            return build(argument, value, path)
        except ValueError as error:  # a Mismatch, or Pydantic's own
            reasons.append(str(error))
    raise Mismatch(
        reasons[0]
        if len(reasons) == 1
        else f"{path or 'the value'} matches none of its types: {'; '.join(reasons)}"
    )


def _build_object(kind: Any, value: Any, path: str) -> Any:
    if not is_object(value):
        _mismatch(path, value, "an object")
    fields = fields_of(kind)
    prefix = f"{path}." if path else ""
    missing = [name for name, (_, is_required) in fields.items() if is_required and name not in value]
    if missing:
        raise Mismatch(f"{prefix}{missing[0]} is missing")
    return kind(
        **{
            name: build(hint, value[name], f"{prefix}{name}")
            for name, (hint, _) in fields.items()
            if name in value
        }
    )


def _build_plain(kind: Any, origin: Any, arguments: tuple[Any, ...], value: Any, path: str) -> Any:
    base = origin or kind
    if base is float and json_type(value) in ("integer", "number"):
        return float(value)
    if base is int and isinstance(value, float) and value.is_integer():
        return int(value)  # 3.0 is an integer to JSON Schema
    if base in (str, bool, int, None, type(None)):
        expected = _PLAIN[base]["type"]
        return value if json_type(value) == expected else _mismatch(path, value, expected)
    if base is datetime and isinstance(value, str):
        return parse_datetime(value) or _mismatch(path, value, "a time in ISO 8601")
    if base is date and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return _mismatch(path, value, "a date in ISO 8601")
    if _is_kind(base, Mapping) and is_object(value):
        return (
            {name: build(arguments[1], item, f"{path}.{name}") for name, item in value.items()}
            if arguments
            else value
        )
    if _is_kind(base, (Sequence, Set)) and is_list(value):
        return _build_list(base, arguments, value, path)
    return _mismatch(path, value, getattr(base, "__name__", str(base)))


def _build_list(base: Any, arguments: tuple[Any, ...], value: list[Any], path: str) -> Any:
    if _is_kind(base, tuple) and arguments and arguments[-1] is not Ellipsis:
        if len(arguments) != len(value):
            _mismatch(path, value, plural(len(arguments), "item"))
        return tuple(
            build(kind, item, f"{path}[{i}]")
            for i, (kind, item) in enumerate(zip(arguments, value, strict=True))
        )
    items: list[Any] = (
        [build(arguments[0], item, f"{path}[{i}]") for i, item in enumerate(value)] if arguments else value
    )
    if base in _COLLECTIONS:
        return base(items)
    return set(items) if _is_kind(base, Set) else items


def _mismatch(path: str, value: Any, expected: str) -> Any:
    raise Mismatch(f"{path or 'the value'}: expected {expected}, got {describe(value)}")
