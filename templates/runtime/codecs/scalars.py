"""Codecs of single values: text, numbers, booleans, enums, constants, uploads."""

from __future__ import annotations

import math
import operator
import re
import sys
from collections.abc import Callable
from typing import Any

from ..values.json import dumps
from ..values.text import plural
from .base import Codec, is_writable, raise_invalid_argument


class String(Codec):
    """Text within bounds (characters)."""

    __slots__ = ("_maximum", "_minimum", "_pattern", "passthrough_type")

    def __init__(
        self, min_length: int | None = None, max_length: int | None = None, pattern: str | None = None
    ) -> None:
        self._minimum = min_length
        self._maximum = max_length
        self._pattern = re.compile(pattern) if pattern is not None else None
        self.passthrough_type = str if min_length is None and max_length is None and pattern is None else None

    def encode(self, value: Any, path: str) -> Any:
        if type(value) is str:
            text = value
        elif isinstance(value, str):
            text = str.__str__(value)
        else:
            raise_invalid_argument(path, value, "text")
        if self._minimum is not None and len(text) < self._minimum:
            least = "text that is not empty" if self._minimum == 1 else f"at least {self._minimum} characters"
            raise_invalid_argument(path, value, least)
        if self._maximum is not None and len(text) > self._maximum:
            raise_invalid_argument(path, value, f"at most {plural(self._maximum, 'character')}")
        if self._pattern is not None and not self._pattern.search(text):
            raise_invalid_argument(path, value, f"text that matches {self._pattern.pattern}")
        return text


class Number(Codec):
    """A whole number, or any finite one, within bounds."""

    __slots__ = ("_fast_type", "_highest", "_integral", "_lowest", "_rules")

    def __init__(
        self,
        integral: bool,
        minimum: float | None = None,
        maximum: float | None = None,
        exclusive_minimum: float | None = None,
        exclusive_maximum: float | None = None,
        multiple_of: float | None = None,
    ) -> None:
        self._integral = integral
        rules: tuple[tuple[str, float | None, Callable[[float, float], bool]], ...] = (
            (">=", minimum, operator.ge),
            (">", exclusive_minimum, operator.gt),
            ("<=", maximum, operator.le),
            ("<", exclusive_maximum, operator.lt),
            ("a multiple of", multiple_of, _is_multiple),
        )
        self._rules = [(text, bound, holds) for text, bound, holds in rules if bound is not None]
        # Most numbers have at most two inclusive bounds, which one comparison checks. (NaN fails it.)
        ordinary = exclusive_minimum is None and exclusive_maximum is None and multiple_of is None
        self._fast_type = (int if integral else float) if ordinary else None
        self._lowest = minimum if minimum is not None else -sys.float_info.max
        self._highest = maximum if maximum is not None else sys.float_info.max

    def encode(self, value: Any, path: str) -> Any:
        if type(value) is self._fast_type and self._lowest <= value <= self._highest:
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            number = _scalar_of_array_library(value)
            if number is None:
                return raise_invalid_argument(path, value, self._expectation())
            value = number
        if self._integral and not isinstance(value, int):
            if not value.is_integer():
                raise_invalid_argument(path, value, self._expectation())
            value = int(value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise_invalid_argument(path, value, f"{self._expectation()}, finite")
        if not all(holds(value, bound) for _, bound, holds in self._rules):
            raise_invalid_argument(path, value, self._expectation())
        if isinstance(value, int) and not is_writable(value):
            raise_invalid_argument(path, value, f"{self._expectation()}, of at most 4,000 digits")
        return value

    def _expectation(self) -> str:
        kind = "a whole number" if self._integral else "a number"
        bounds = " and ".join(f"{text} {bound}" for text, bound, _ in self._rules)
        return f"{kind} {bounds}" if bounds else kind


def _is_multiple(number: float, step: float) -> bool:
    quotient = number / step
    return math.isclose(quotient, round(quotient), rel_tol=0, abs_tol=1e-9)


def _scalar_of_array_library(value: Any) -> int | float | None:
    """The Python number of a NumPy-like scalar, or None; NumPy is not imported."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", None) == 0:
        number = item()
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            return number
    return None


class Boolean(Codec):
    """True or False."""

    __slots__ = ()

    passthrough_type = bool

    def encode(self, value: Any, path: str) -> Any:
        if not isinstance(value, bool):
            raise_invalid_argument(path, value, "True or False")
        return value


class Enumeration(Codec):
    """One of several values; an open enumeration also accepts other values of their type."""

    __slots__ = ("_closed", "passthrough_type", "values")

    def __init__(self, values: tuple[Any, ...], closed: bool = False) -> None:
        self.passthrough_type = (
            str if not closed and all(isinstance(value, str) for value in values) else None
        )
        self.values = values
        self._closed = closed

    def encode(self, value: Any, path: str) -> Any:
        plain = getattr(value, "value", value)  # of a member of an `enum.Enum`
        if self._closed:
            if plain not in self.values or isinstance(plain, bool) != isinstance(self.values[0], bool):
                raise_invalid_argument(path, value, "one of " + ", ".join(map(repr, self.values)))
        elif not any(isinstance(plain, type(item)) for item in self.values):
            raise_invalid_argument(path, value, "text such as " + ", ".join(map(repr, self.values[:4])))
        return plain


class Const(Codec):
    """One value."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def encode(self, value: Any, path: str) -> Any:
        if value != self.value:
            raise_invalid_argument(path, value, repr(self.value))
        return value


class JsonText(Codec):
    """JSON encoded as the text of a form field; a caller may pass the text or the value."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Codec) -> None:
        self._inner = inner

    def encode(self, value: Any, path: str) -> Any:
        if isinstance(value, str):
            return value
        return dumps(self._inner.encode(value, path)).decode()


class UploadCodec(Codec):
    """A file to upload, of a documented media type such as `audio/*`; a name of another kind of media is refused."""

    __slots__ = ("_media",)

    def __init__(self, media: str) -> None:
        self._media = media

    def encode(self, value: Any, path: str) -> Any:
        from .multipart import Upload  # cost: few operations have uploads

        upload = Upload.of(value, path)
        kind, _, form = upload.media_type.partition("/")
        wanted = self._media.partition("/")[0]
        # Recordings are often in containers that are named after films.
        others = {"text", "image", "audio", "application"} - {wanted}
        if wanted and kind in others and form not in ("octet-stream", "ogg", "mp4"):
            named = f"{upload.filename!r}, which is {upload.media_type}"
            raise_invalid_argument(path, value, f"a file of the type {self._media}, not {named}")
        return upload
