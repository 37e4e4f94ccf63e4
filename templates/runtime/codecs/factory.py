"""Constructors of codecs, which convert between JSON and Python values. Every field of every schema has a codec.

Decoding is tolerant, because a server may be newer than the package: an unknown enum value, an undocumented null, or a
value of another type is returned unchanged. Encoding is strict, because a wrong request costs a round trip and perhaps
money: `encode` checks types and documented bounds, and raises `InvalidParametersError` with the position, the
expected and the actual value.

A codec with `is_identity` set returns JSON unchanged, whatever its size: 256 embeddings of 1,536 floats cost nothing to
decode. Codecs refer to models by name, so that importing a schema does not import the schemas that it refers to.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from .base import Codec, describe, raise_invalid_argument
from .composites import AliasRef, Array, MappingCodec, ModelRef, Nullable, Union, Variant
from .dates import Date, DateTime
from .scalars import Boolean, Const, Enumeration, JsonText, Null, Number, String, UploadCodec

__all__ = [
    "ANY",
    "BINARY",
    "BOOLEAN",
    "BYTES",
    "DATE",
    "DATETIME",
    "INTEGER",
    "NULL",
    "NUMBER",
    "STRING",
    "TEXT",
    "Codec",
    "Variant",
    "alias",
    "array",
    "const",
    "describe",
    "enum",
    "integer",
    "json_text",
    "mapping",
    "model",
    "nullable",
    "number",
    "raise_invalid_argument",
    "string",
    "union",
]

ANY = Codec()
STRING = String(None, None, None)
INTEGER = Number(True, None, None, None, None, None)
NUMBER = Number(False, None, None, None, None, None)
BOOLEAN = Boolean()
NULL = Null()
DATETIME = DateTime()
DATE = Date()
BINARY = UploadCodec()
BYTES = Codec()
"""The body of a response as bytes."""
TEXT = Codec()
"""The body of a response as text."""


@cache
def string(min_length: int | None = None, max_length: int | None = None, pattern: str | None = None) -> Codec:
    """Text within documented bounds (characters)."""
    return String(min_length, max_length, pattern)


@cache
def integer(
    minimum: float | None = None,
    maximum: float | None = None,
    exclusive_minimum: float | None = None,
    exclusive_maximum: float | None = None,
    multiple_of: float | None = None,
) -> Codec:
    """A whole number within documented bounds."""
    return Number(True, minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of)


@cache
def number(
    minimum: float | None = None,
    maximum: float | None = None,
    exclusive_minimum: float | None = None,
    exclusive_maximum: float | None = None,
    multiple_of: float | None = None,
) -> Codec:
    """A finite number within documented bounds."""
    return Number(False, minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of)


def array(item: Codec, min_items: int | None = None, max_items: int | None = None) -> Codec:
    """A list whose items all have one codec."""
    return Array(item, min_items, max_items)


def mapping(value: Codec) -> Codec:
    """An object whose values all have one codec."""
    return MappingCodec(value)


def enum(values: tuple[Any, ...], closed: bool = False) -> Codec:
    """One of the known values; an open enum also accepts other values of the same type."""
    return Enumeration(values, closed)


def const(value: Any) -> Codec:
    """Exactly this value."""
    return Const(value)


def nullable(inner: Codec) -> Codec:
    """The inner codec, or null."""
    return Nullable(inner)


def json_text(inner: Codec) -> Codec:
    """JSON encoded as text; the caller passes the text or the value."""
    return JsonText(inner)


def model(module: str, name: str) -> Codec:
    """A reference to a model by module and class name, resolved when first used."""
    return ModelRef(module, name)


def alias(module: str, name: str) -> Codec:
    """A reference to the codec of a schema that is not an object, resolved when first used."""
    return AliasRef(module, name)


def union(*variants: Variant) -> Codec:
    """The first variant that fits, in the order given."""
    return Union(variants)
