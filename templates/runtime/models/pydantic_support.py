"""Models as fields of pydantic's: what pydantic and FastAPI ask a model class for. Imports pydantic only there."""

from __future__ import annotations

import datetime
import types
import typing
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

_SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    datetime.datetime: {"type": "string", "format": "date-time"},
    datetime.date: {"type": "string", "format": "date"},
}


def core_schema(kind: Any, read: Callable[[Any], Any], write: Callable[[Any], Any]) -> Any:
    """The schema that pydantic validates with. Instances of the class stay as they are.

    Args:
        kind: the class.
        read: makes an instance from a JSON value; raises `ValueError`.
        write: makes a JSON value from an instance, for `model_dump`.
    """
    core: Any = import_module("pydantic_core.core_schema")

    def validate(value: Any) -> Any:
        return value if isinstance(value, kind) else read(value)

    return core.no_info_plain_validator_function(
        validate, serialization=core.plain_serializer_function_ser_schema(write)
    )


def object_of(kind: Any, value: Any) -> dict[str, Any]:
    """A JSON object for a class.

    Raises:
        ValueError: for another value.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"expected {kind.__name__} or a mapping of its fields, got {type(value).__name__}")
    return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def model_schema(model: Any) -> Any:
    """The schema of a model: an instance, or a mapping that is checked as when it is sent."""

    def read(value: Any) -> Any:
        plain = object_of(model, value)
        model._check_wire_(plain)
        return model.from_dict(plain)

    return core_schema(model, read, lambda value: value.to_dict())


class PydanticField:
    """A mixin of dicts that are fields of pydantic models: they are made from JSON objects and written as such."""

    __slots__ = ()
    _properties_: ClassVar[dict[str, Any]] = {}
    """JSON schemas of the keys that always have the same meaning."""

    if not TYPE_CHECKING:  # pydantic calls them by these names

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            return core_schema(cls, cls._from_json_, cls._to_json_)

        @classmethod
        def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
            return cls._json_schema_()

    @classmethod
    def _from_json_(cls, value: Any) -> Any:
        """An instance from a JSON value. Raises `ValueError` for one that does not fit."""
        made: Any = cls
        return made(object_of(cls, value))

    def _to_json_(self) -> Any:
        whole: Any = self
        return dict(whole)

    @classmethod
    def _json_schema_(cls) -> dict[str, Any]:
        summary = (cls.__doc__ or "").partition("\n")[0]
        return {
            "type": "object",
            "title": cls.__name__,
            "description": summary,
            "properties": dict(cls._properties_),
        }


def json_schema(model: Any) -> dict[str, Any]:
    """The JSON schema of a model, its parts included."""
    return _of_model(model, ())


def _of_model(model: Any, outer: tuple[Any, ...]) -> dict[str, Any]:
    from ..values.introspection import introspectable  # cost: for JSON schemas only

    schema: dict[str, Any] = {"type": "object", "title": model.__name__}
    if model in outer:  # a part of itself
        return schema
    hints = typing.get_type_hints(introspectable(model, model.__module__, model.__name__))
    fields = model._schema_.fields
    inner = (*outer, model)
    schema["properties"] = {field.wire: _of_hint(hints.get(field.name, Any), inner) for field in fields}
    required = [field.wire for field in fields if field.required]
    return {**schema, "required": required} if required else schema


def _of_hint(hint: Any, outer: tuple[Any, ...]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_of_hint(argument, outer) for argument in arguments]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _of_hint(arguments[0], outer)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of_hint(arguments[1], outer)}
    model = origin or hint
    if hasattr(model, "_schema_"):
        return _of_model(model, outer)
    return dict(_SIMPLE.get(hint, {}))
