"""Structured output while it arrives: the JSON so far, as far as it can be read, as an instance of a type.

Fields that have not arrived are None, or missing from a TypedDict, and the last text may still grow. Needs the extra
`partial`.
"""

from __future__ import annotations

import dataclasses
import json as standard_json
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Union, get_args, get_origin, is_typeddict

from indoxrouter._runtime.values.json import is_list, is_object

from .json_schema import build, fields_of, is_pydantic, is_structured

from_json: Any = None
with suppress(ImportError):
    from jiter import from_json


def parse_partial(text: str, wanted: Any = None) -> Any:
    """The value of a text that is not complete; None as long as it holds no JSON.

    Text round the JSON, code fences and `<think>` blocks are left out, as for a whole answer.

    Args:
        text: the beginning of an answer.
        wanted: a Pydantic model, a dataclass or a TypedDict; anything else leaves the JSON value as it is.

    Raises:
        ImportError: when the extra `partial` is not installed.
    """
    if from_json is None:
        raise ImportError("parsed_so_far needs the extra: pip install 'indoxrouter[partial]'")
    structured = isinstance(wanted, type) and is_structured(wanted)
    found: Any = None
    for value in _values_in(text):
        if is_object(value) or not structured:
            found = value
    return _build(wanted, found) if structured and found is not None else found


def _values_in(text: str) -> Iterator[Any]:
    """The JSON objects and arrays in a text, one after the other; the last may be incomplete."""
    text = re.sub(r"<think(?:ing)?>.*?(</think(?:ing)?>|\Z)", "", text, flags=re.DOTALL)
    decoder = standard_json.JSONDecoder()
    position = 0
    for start in re.finditer(r"[{\[]", text):
        if start.start() < position:
            continue
        with suppress(ValueError, RecursionError):
            value, position = decoder.raw_decode(text, start.start())
            yield value
            continue
        with suppress(ValueError, RecursionError):
            yield from_json(text[start.start() :].encode("utf-8", "replace"), partial_mode="trailing-strings")
            return


def _build(kind: Any, value: Any) -> Any:
    """An instance of a type from a part of its value; None for what cannot be one yet."""
    with suppress(ValueError):  # a Mismatch, or Pydantic's own
        return build(kind, value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _build(arguments[0], value)
    if origin is Union or origin is types.UnionType:
        parts = (_build(argument, value) for argument in arguments if argument is not type(None))
        return next((part for part in parts if part is not None), None)
    if is_object(value):
        if is_pydantic(kind):
            return _pydantic(kind, value)
        if is_typeddict(kind):
            hints = {name: hint for name, (hint, _) in fields_of(kind).items()}
            return {name: _build(hints[name], part) for name, part in value.items() if name in hints}
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            return _dataclass(kind, value)
        if len(arguments) == 2 and isinstance(origin, type) and issubclass(origin, Mapping):
            return {name: _build(arguments[1], part) for name, part in value.items()}
    if is_list(value) and arguments and isinstance(origin, type) and issubclass(origin, Sequence):
        items = [_build(arguments[0], item) for item in value]
        return tuple(items) if origin is tuple else items
    return None


def _pydantic(kind: Any, value: dict[str, Any]) -> Any:
    """A model that was not validated."""
    given: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        key = field.alias if field.alias in value else name
        if key in value:
            given[name] = _build(field.annotation, value[key])
        elif field.is_required():
            given[name] = None
    model = kind.model_construct()
    model.__dict__.update(given)
    return model


def _dataclass(kind: type[Any], value: dict[str, Any]) -> Any:
    """An instance made without its constructor, which may refuse it."""
    made = object.__new__(kind)
    hints = fields_of(kind)
    for field in dataclasses.fields(kind):
        part: Any = None
        if field.name in value and field.name in hints:
            part = _build(hints[field.name][0], value[field.name])
        elif field.default is not dataclasses.MISSING:
            part = field.default
        elif field.default_factory is not dataclasses.MISSING:
            part = field.default_factory()
        object.__setattr__(made, field.name, part)
    return made
