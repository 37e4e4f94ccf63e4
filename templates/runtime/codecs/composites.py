"""Codecs of values that contain values: lists, mappings, models, unions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

from ..values.json import is_items, is_list, is_mapping, is_object, is_sequence
from ..values.text import plural
from .base import Codec, nearest, raise_invalid_argument
from .dates import Date, DateTime
from .scalars import Boolean, JsonText, Number, String

_PACKAGE = __name__.rsplit(".", 3)[0]


class Nullable(Codec):
    """A value or null."""

    __slots__ = ("inner", "is_identity", "passthrough_type")

    def __init__(self, inner: Codec) -> None:
        self.inner = inner
        self.passthrough_type = inner.passthrough_type
        self.is_identity = inner.is_identity

    def decode(self, raw: Any) -> Any:
        return None if raw is None else self.inner.decode(raw)

    def encode(self, value: Any, path: str) -> Any:
        return None if value is None else self.inner.encode(value, path)


class Array(Codec):
    """A list whose items have one codec."""

    __slots__ = ("_maximum", "_minimum", "is_identity", "item")

    def __init__(self, item: Codec, min_items: int | None = None, max_items: int | None = None) -> None:
        self.item = item
        self.is_identity = item.is_identity
        self._minimum = min_items
        self._maximum = max_items

    def decode(self, raw: Any) -> Any:
        if self.is_identity or not is_list(raw):
            return raw
        decode = self.item.decode
        return [decode(item) for item in raw]

    def encode(self, value: Any, path: str) -> Any:
        if not is_sequence(value):
            return raise_invalid_argument(path, value, "a list")
        items: list[Any] = list(value)
        if self._minimum is not None and len(items) < self._minimum:
            expected = "a list that is not empty" if self._minimum == 1 else f"at least {self._minimum} items"
            raise_invalid_argument(path, value, expected)
        if self._maximum is not None and len(items) > self._maximum:
            raise_invalid_argument(path, value, f"at most {plural(self._maximum, 'item')}")
        encode, passthrough_type = self.item.encode, self.item.passthrough_type
        return [
            item if type(item) is passthrough_type else encode(item, f"{path}[{index}]")
            for index, item in enumerate(items)
        ]


class MappingCodec(Codec):
    """An object whose values have one codec."""

    __slots__ = ("is_identity", "item")

    def __init__(self, item: Codec) -> None:
        self.item = item
        self.is_identity = item.is_identity

    def decode(self, raw: Any) -> Any:
        if self.is_identity or not is_object(raw):
            return raw
        return {key: self.item.decode(item) for key, item in raw.items()}

    def encode(self, value: Any, path: str) -> Any:
        kind: Any = value.__class__
        plain: Any = value.to_dict() if hasattr(kind, "_schema_") else value
        if not is_mapping(plain):
            raise_invalid_argument(path, value, "a mapping")
        encoded: dict[str, Any] = {}
        for key, item in plain.items():
            if not isinstance(key, str):
                raise_invalid_argument(path, key, "text as the key of an object")
            encoded[key] = self.encode_item(key, item, f"{path}.{key}" if path else key)
        return encoded

    def codec_of(self, key: str) -> Codec:
        """The codec of the value of one key."""
        return self.item

    def encode_item(self, key: str, value: Any, path: str) -> Any:
        """Check the value of one key."""
        return self.item.encode(value, path)


class _Reference(Codec):
    """A name of a module of the models, imported when first needed."""

    __slots__ = ("_module", "_name", "_resolved")

    is_identity = False  # of an alias it is known after importing it only; False is always correct

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name
        self._resolved: Any = None

    @property
    def target(self) -> Any:
        """The model class, or the codec of the alias, imported when first needed."""
        if self._resolved is None:
            self._resolved = getattr(import_module(f"{_PACKAGE}.models.{self._module}"), self._name)
        return self._resolved


class ModelRef(_Reference):
    """A model, imported when first needed."""

    __slots__ = ()

    def decode(self, raw: Any) -> Any:
        return (self._resolved or self.target)._from_wire_(raw) if is_object(raw) else raw

    def encode(self, value: Any, path: str) -> Any:
        return (self._resolved or self.target)._schema_.encode(value, path)


class AliasRef(_Reference):
    """The codec of a schema that is not an object, imported when first needed."""

    __slots__ = ()

    def decode(self, raw: Any) -> Any:
        return (self._resolved or self.target).decode(raw)

    def encode(self, value: Any, path: str) -> Any:
        return self.target.encode(value, path)


class Variant(NamedTuple):
    """One member of a union, and how it is recognized.

    Attributes:
        codec: reads and writes the member.
        kind: the JSON kind of the member: object, array, string, integer, number, boolean, null or any.
        tags: for objects, the values that distinguish this member from the others, such as `{"type": ("text",)}`.
        required: for objects, the keys that have to be present.
        kinds: the JSON kinds of keys, where another member has the same keys.
    """

    codec: Codec
    kind: str = "any"
    tags: Mapping[str, tuple[Any, ...]] = {}
    required: tuple[str, ...] = ()
    kinds: Mapping[str, str] = {}

    def fits(self, raw: Any) -> bool:
        """Whether a JSON value belongs to this member: by its kind, then by its tags and required keys or its first
        item."""
        if self.kind != "any" and not _KINDS[self.kind][1](raw):
            return False
        if is_mapping(raw):
            return self.has_tags(raw) and all(key in raw for key in self.required)
        if isinstance(self.codec, Array) and is_items(raw) and raw:
            return _may_hold(self.codec.item, raw[0])
        fits = getattr(self.codec, "fits", None)  # an array whose places differ
        return fits is None or bool(fits(raw))

    def has_tags(self, raw: Mapping[Any, Any]) -> bool:
        """Whether an object has the values of the tags."""
        return all(raw.get(key) in values for key, values in self.tags.items())

    def suits(self, raw: Any) -> bool:
        """Whether the values of the keys that other members have too are of this member's kinds."""
        return not self.kinds or all(_KINDS[kind][1](raw.get(key)) for key, kind in self.kinds.items())


def _decode_member(raw: Any, codecs: tuple[Codec, ...]) -> Any:
    """A list item or a value of a mapping, by the first codec whose kind it has."""
    return next((codec.decode(raw) for codec in codecs if has_kind(codec, raw)), raw)


def has_kind(codec: Codec, raw: Any) -> bool:
    """Whether a value on the wire has the JSON kind that a codec reads."""
    match codec:
        case ModelRef() | MappingCodec():
            return is_object(raw)
        case Array():
            return is_list(raw) and (not raw or has_kind(codec.item, raw[0]))
        case String() | DateTime() | Date() | JsonText():
            return isinstance(raw, str)
        case Number():
            return isinstance(raw, (int, float)) and not isinstance(raw, bool)
        case Boolean():
            return isinstance(raw, bool)
        case Nullable():
            return raw is None or has_kind(codec.inner, raw)
        case Union():
            return any(variant.fits(raw) for variant in codec.variants)
        case AliasRef():
            return has_kind(codec.target, raw)
        case _:
            fits = getattr(codec, "fits", None)
            return fits is None or bool(fits(raw))


def _may_hold(item: Codec, value: object) -> bool:
    """Whether a list with this first item may belong to a member. Further items are not read: vectors are long."""
    if isinstance(item, Array):
        return isinstance(value, (list, tuple))
    if isinstance(item, ModelRef):
        return is_mapping(value) or hasattr(type(value), "_schema_")
    return True


_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "object": ("an object", is_mapping),
    "array": ("a list", is_items),
    "string": ("text", lambda raw: isinstance(raw, str)),
    "integer": ("a whole number", lambda raw: isinstance(raw, int) and not isinstance(raw, bool)),
    "number": ("a number", lambda raw: isinstance(raw, (int, float)) and not isinstance(raw, bool)),
    "boolean": ("True or False", lambda raw: isinstance(raw, bool)),
    "null": ("None", lambda raw: raw is None),
    "any": ("a JSON value", lambda raw: True),
}
"""The name of each kind for people, and its check."""


class Union(Codec):
    """The first variant that fits; lists and maps of several variants are decoded member by member."""

    __slots__ = ("_dated", "_lists", "_maps", "is_identity", "passthrough_type", "variants")

    def __init__(self, *variants: Variant) -> None:
        # Those with places of their own are looked at first: another list may hold the same items.
        self.variants = tuple(sorted(variants, key=lambda variant: not hasattr(variant.codec, "fits")))
        texts = [variant.codec for variant in variants if variant.kind in ("string", "any")]
        self.passthrough_type = str if len(texts) == 1 and texts[0].passthrough_type is str else None
        self.is_identity = all(variant.codec.is_identity for variant in variants)
        # Several lists, or several maps and no object beside them: their members decide, not the first that fits.
        lists = tuple(variant.codec.item for variant in variants if isinstance(variant.codec, Array))
        self._lists = lists if len(lists) > 1 else ()
        self._dated = any(isinstance(item, (Date, DateTime)) for item in lists)
        objects = [variant.codec for variant in variants if variant.kind == "object"]
        maps = tuple(codec.item for codec in objects if isinstance(codec, MappingCodec))
        self._maps = maps if len(maps) > 1 and len(maps) == len(objects) else ()

    def decode(self, raw: Any) -> Any:
        if self.is_identity:
            return raw
        if self._lists and is_list(raw):
            return self._decode_list(raw)
        if self._maps and is_object(raw):
            return {key: _decode_member(item, self._maps) for key, item in raw.items()}
        fitting: Variant | None = None
        for variant in self.variants:
            if variant.fits(raw):
                if variant.suits(raw):
                    return variant.codec.decode(raw)
                fitting = fitting or variant
        return fitting.codec.decode(raw) if fitting is not None else raw

    def _decode_list(self, raw: list[Any]) -> Any:
        """Each item by the member of the union that it fits: a server may mix them."""
        if not self._dated and not any(type(item) in (dict, list) for item in raw):
            return raw  # nothing to decode: text, or a vector
        return [_decode_member(item, self._lists) for item in raw]

    def encode(self, value: Any, path: str) -> Any:
        candidates = self.variants
        if hasattr(value, "_schema_"):
            of_class = [v for v in candidates if isinstance(v.codec, ModelRef) and isinstance(value, v.codec.target)]
            if of_class:
                return of_class[0].codec.encode(value, path)
            value = value.to_dict()
        fitting = [variant for variant in candidates if variant.fits(value)]
        if is_mapping(value):
            # A matching tag decides: an image with a wrong field, or without one, is a wrong image and no other part.
            tagged = [variant for variant in candidates if variant.tags and variant.has_tags(value)]
            fitting = [variant for variant in fitting if variant.tags] or tagged or fitting
            if not tagged:
                self._refuse_near_tags(fitting, value, path)
        if len(fitting) == 1:  # its error message is the most precise one
            return fitting[0].codec.encode(value, path)
        for variant in fitting or candidates:
            if variant.codec.accepts(value):
                return variant.codec.encode(value, path)
        if fitting:
            return fitting[0].codec.encode(value, path)
        return raise_invalid_argument(path, value, self._expectation(value))

    def _refuse_near_tags(self, fitting: list[Variant], value: Mapping[Any, Any], path: str) -> None:
        """Raise for a misspelt tag, which would make the object one of the model that takes any; an instance may."""
        codec = fitting[0].codec if fitting else None
        if not isinstance(codec, ModelRef):
            return
        for variant in self.variants:
            for key, values in variant.tags.items():
                given, known = value.get(key), [each for each in values if isinstance(each, str)]
                near = nearest(given.strip().lower(), known, cutoff=0.8) if isinstance(given, str) else []
                if near:
                    hatch = f"{codec.target.__name__}({given!r:.20}, …) if there is such a {key}"
                    raise_invalid_argument(f"{path}.{key}", given, f"{near[0]!r}, or {hatch}")

    def _expectation(self, value: Any) -> str:
        if is_mapping(value):
            shapes = [_shape(variant) for variant in self.variants if variant.kind == "object"]
            if shapes:
                return "an object with " + ", or ".join(shapes)
        return " or ".join(dict.fromkeys(_KINDS[variant.kind][0] for variant in self.variants))


def _shape(variant: Variant) -> str:
    tags = [f"{key}={'|'.join(map(repr, values))}" for key, values in variant.tags.items()]
    return (
        " and ".join(tags + [f"key {key!r}" for key in variant.required if key not in variant.tags])
        or "any keys"
    )
