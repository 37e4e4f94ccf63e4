"""Codecs of arrays whose places differ, and of objects whose keys decide by patterns."""

from __future__ import annotations

from ..values.text import plural

import re
from typing import Any

from ..values.json import is_list, is_object, is_sequence
from .base import UNDESCRIBED, Codec, raise_invalid_argument
from .composites import MappingCodec, has_kind


class ArrayOf(Codec):
    """An array whose places have codecs of their own; reads as a tuple. `rest` is the codec of further items."""

    __slots__ = ("_maximum", "_minimum", "_places", "_rest")

    is_identity = False

    def __init__(
        self,
        places: tuple[Codec, ...],
        rest: Codec | None,
        min_items: int | None = None,
        max_items: int | None = None,
    ) -> None:
        self._places = places
        self._rest = rest
        self._minimum = min_items or 0
        self._maximum = len(places) if rest is None and max_items is None else max_items

    def codec_at(self, index: int) -> Codec:
        """The codec of one place."""
        return self._places[index] if index < len(self._places) else self._rest or UNDESCRIBED

    def fits(self, value: object) -> bool:
        """Whether a list has an allowed length, and in each place the kind of value that belongs there."""
        items: list[Any] = list(value) if is_sequence(value) else []
        few = not is_sequence(value) or len(items) < self._minimum
        if few or (self._maximum is not None and len(items) > self._maximum):
            return False
        codecs = ((self.codec_at(index), item) for index, item in enumerate(items))
        return all(has_kind(codec, item) or codec.accepts(item) for codec, item in codecs)

    def decode(self, raw: Any) -> Any:
        if not is_list(raw):
            return raw
        return tuple(self.codec_at(index).decode(item) for index, item in enumerate(raw))

    def encode(self, value: Any, path: str) -> Any:
        if not is_sequence(value):
            return raise_invalid_argument(path, value, "a tuple or a list")
        items: list[Any] = list(value)
        if len(items) < self._minimum:
            raise_invalid_argument(path, value, f"at least {plural(self._minimum, 'item')}")
        if self._maximum is not None and len(items) > self._maximum:
            raise_invalid_argument(path, value, f"at most {plural(self._maximum, 'item')}")
        return [self.codec_at(index).encode(item, f"{path}[{index}]") for index, item in enumerate(items)]


class PatternedMapping(MappingCodec):
    """An object whose values have the codec of the first pattern that their key matches.

    Args:
        patterns: regular expressions and codecs.
        others: the codec of keys that match none; None where requests may have none.
    """

    __slots__ = ("_others", "_patterns")

    def __init__(self, patterns: tuple[tuple[str, Codec], ...], others: Codec | None) -> None:
        super().__init__(others or UNDESCRIBED)
        self._patterns = tuple((re.compile(pattern), codec) for pattern, codec in patterns)
        self._others = others
        self.is_identity = self.item.is_identity and all(codec.is_identity for _, codec in patterns)

    def codec_of(self, key: str) -> Codec:
        return next((codec for pattern, codec in self._patterns if pattern.search(key)), self.item)

    def decode(self, raw: Any) -> Any:
        if self.is_identity or not is_object(raw):
            return raw
        return {key: self.codec_of(key).decode(item) for key, item in raw.items()}

    def encode_item(self, key: str, value: Any, path: str) -> Any:
        if self._others is None and not any(pattern.search(key) for pattern, _ in self._patterns):
            known = " or ".join(f"`{pattern.pattern}`" for pattern, _ in self._patterns)
            raise_invalid_argument(path, value, f"no such key: keys match {known}")
        return self.codec_of(key).encode(value, path)


array_of, patterns = ArrayOf, PatternedMapping
