"""What a JSON value holds that its codec does not know: fields, values of enums, members of unions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..values.json import is_list, is_object, json_type
from .base import UNDESCRIBED, Codec
from .composites import AliasRef, Array, MappingCodec, ModelRef, Nullable, Union, Variant
from .scalars import Const, Enumeration

_ELEMENTS = 200  # of a list are looked at
_DEEP = (AliasRef, Array, Const, Enumeration, MappingCodec, ModelRef, Nullable, Union)


class UnknownPart(NamedTuple):
    """One thing that a codec does not know.

    Attributes:
        kind: `field`, `enum value` or `event type`.
        name: its place, such as `response.data[].state`.
        schema: the schema that lacks it; empty if it has no name.
        value: the value of an enum or the type of an event; of a field the JSON type, because its content may be
            private.
    """

    kind: str
    name: str
    schema: str
    value: str


def unknown_parts(codec: Codec, value: Any, name: str, schema: str = "") -> Iterator[UnknownPart]:
    """Everything in a JSON value, or in a model, that the codec does not know. What is of a wrong type is skipped."""
    value = getattr(value, "_raw_", value)  # a model
    match codec:
        case AliasRef():
            yield from unknown_parts(codec.target, value, name, schema)
        case Nullable() if value is not None:
            yield from unknown_parts(codec.inner, value, name, schema)
        case Array() if is_list(value) and isinstance(codec.item, _DEEP):
            for item in value[:_ELEMENTS]:
                yield from unknown_parts(codec.item, item, f"{name}[]", schema)
        case MappingCodec() if is_object(value):
            for key, item in value.items():
                yield from unknown_parts(codec.codec_of(key), item, f"{name}.*", schema)
        case ModelRef() if is_object(value):
            yield from _fields(codec, value, name)
        case Union():
            yield from _members(codec, value, name, schema)
        case Const(value=None):
            return  # null only: any other value is of a wrong type
        case Enumeration() | Const() if isinstance(value, (str, int)):
            known = codec.values if isinstance(codec, Enumeration) else (codec.value,)
            if value not in known:
                yield UnknownPart("enum value", name, schema, str(value)[:80])
        case _:
            return


def _fields(codec: ModelRef, value: dict[str, Any], name: str) -> Iterator[UnknownPart]:
    schema = codec.target._schema_
    for key, item in value.items():
        field = schema.by_wire.get(key)
        if field is not None:
            yield from unknown_parts(field.codec, item, f"{name}.{key}", schema.name)
        elif (other := schema.others.codec_of(key)) is not UNDESCRIBED:
            yield from unknown_parts(other, item, f"{name}.*", schema.name)
        elif key not in schema.renamed:
            yield UnknownPart("field", f"{name}.{key}", schema.name, json_type(item))


def _members(codec: Union, value: Any, name: str, schema: str) -> Iterator[UnknownPart]:
    """What the member of a union that a value belongs to does not know: the one that knows most of it."""
    fitting = [variant for variant in codec.variants if variant.fits(value)]
    if is_object(value):
        tagged = [variant for variant in fitting if variant.tags]
        if not tagged:
            for key, unknown in _unknown_tags(codec.variants, fitting, value):
                kind = "event type" if name == "event" else "enum value"
                yield UnknownPart(kind, f"{name}.{key}", schema, f"{unknown:.80}")
                return  # nothing is known of such an object
        fitting = tagged or fitting
    found = (list(unknown_parts(variant.codec, value, name, schema)) for variant in fitting)
    yield from min(found, key=len, default=())


def _unknown_tags(
    variants: tuple[Variant, ...], fitting: list[Variant], value: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """The keys that tell the members of a union apart, where the value of none of them is this one."""
    for key in dict.fromkeys(key for variant in variants for key in variant.tags):
        tag = value.get(key)
        listed = {known for variant in variants for known in variant.tags.get(key, ())}
        # An object that is recognized by other keys, and does not document this one, has a field too many.
        documented = [variant for variant in fitting if key in _documented(variant.codec)]
        if isinstance(tag, str) and tag not in listed and (documented or not fitting):
            yield key, tag


def _documented(codec: Codec) -> Any:
    return codec.target._schema_.by_wire if isinstance(codec, ModelRef) else ()
