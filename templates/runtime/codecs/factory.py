"""Constructors of codecs, which convert between JSON and Python values. Every field of every schema has a codec.

Decoding is tolerant, because a server may be newer than the package: an unknown enum value, an undocumented null, or a
value of another type is returned unchanged. Encoding is strict, because a wrong request costs a round trip and perhaps
money: `encode` checks types and documented bounds, and raises `InvalidParametersError` with the position, the
expected and the actual value.

A codec with `is_identity` set returns JSON unchanged, whatever its size: 256 embeddings of 1,536 floats cost nothing to
decode. Codecs refer to models by name, so that importing a schema does not import the schemas that it refers to.
"""

from __future__ import annotations

from functools import cache, partial

from .base import Codec
from .composites import AliasRef, Array, MappingCodec, ModelRef, Nullable, Union
from .dates import Date, DateTime
from .scalars import Boolean, Const, Enumeration, JsonText, Number, String, UploadCodec

ANY = Codec()
STRING = String()
INTEGER = Number(True)
NUMBER = Number(False)
BOOLEAN = Boolean()
NULL = Const(None)
DATETIME = DateTime()
DATE = Date()
BINARY = UploadCodec("")
BYTES = Codec()
"""The body of a response as bytes."""
TEXT = Codec()
"""The body of a response as text."""

string, integer, number = cache(String), cache(partial(Number, True)), cache(partial(Number, False))
"""Within documented bounds. Many fields have the same ones, and share a codec."""
enum, const, upload, json_text = Enumeration, Const, UploadCodec, JsonText
nullable, array, mapping, model, alias, union = Nullable, Array, MappingCodec, ModelRef, AliasRef, Union
