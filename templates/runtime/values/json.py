"""Decoding and encoding of JSON, and type guards for its values.

Decoding uses msgspec (three to ten times as fast as the standard library), and the standard library for the few inputs
that msgspec refuses and real servers send: a byte order mark, UTF-16, lone surrogates, and NaN. Encoding refuses NaN and
Infinity, which JSON parsers need not accept.

Importing msgspec takes longer than the standard library needs for a few small documents, and short programs have no
more. So msgspec is imported for the first large document, or for the ninth.

After `isinstance(value, dict)` a strict type checker knows neither keys nor values; the guards state what JSON guarantees.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeGuard

_SMALL = 8 * 1024
_FEW = 8
_seen = 0
_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_long_number = re.compile(r"\d{19}").search  # msgspec refuses integers beyond 64 bits


def _use_msgspec() -> None:
    global decode, _encode  # noqa: PLW0603  # replaced by msgspec's functions
    import msgspec  # cost: see above

    decode = msgspec.json.Decoder().decode
    _encode = msgspec.json.Encoder(enc_hook=_as_plain).encode


def _as_plain(value: Any) -> Any:
    """Text or a number whose class is derived from Python's, as in NumPy; msgspec leaves these to the caller."""
    if isinstance(value, str):
        return str.__str__(value)
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"an object of type {type(value).__name__} is not a JSON value")


def _is_large(size: int) -> bool:
    global _seen  # noqa: PLW0603  # counted for the process, as imports are
    _seen += 1
    return _seen > _FEW or size > _SMALL


def _decode_at_first(data: bytes | bytearray | memoryview | str) -> Any:
    if _is_large(len(data)):
        _use_msgspec()
        return decode(data)
    return json.loads(data if isinstance(data, str) else str(data, "utf-8"))


def _encode_at_first(value: Any) -> bytes:
    text = _compact(value)
    if _is_large(len(text)) or _long_number(text):
        _use_msgspec()
        return _encode(value)
    return text.encode()


decode: Callable[[bytes | bytearray | memoryview | str], Any] = _decode_at_first
"""The fast part of `loads`, for loops: raises `ValueError` or `RecursionError` where `loads` would try again.

Call it as `json.decode(…)`, because it is replaced."""
_encode: Callable[[Any], bytes] = _encode_at_first


class MalformedJson(ValueError):
    """The bytes are not JSON, or nested too deeply. Holds no part of the input."""


def loads(data: bytes | bytearray | memoryview | str) -> Any:
    """Parse one JSON document.

    Raises:
        MalformedJson: for anything that is not JSON: syntax, encoding or depth.
    """
    try:
        return decode(data)
    except (ValueError, TypeError, RecursionError):
        pass  # not the context of what is raised below: it holds the document
    return _loads_leniently(data)


def _loads_leniently(data: bytes | bytearray | memoryview | str) -> Any:
    # Raised after the handlers: an exception raised inside one would keep the original as its `__context__`, and the
    # standard library's errors hold the whole document.
    try:
        if isinstance(data, str):
            return json.loads(data)
        return json.loads(str(data, json.detect_encoding(bytes(data[:4]))))  # UTF-8, UTF-16 or UTF-32
    except RecursionError:
        reason = "the document is nested too deeply"
    except UnicodeDecodeError as error:
        reason = f"not valid {error.encoding.upper()} (at byte {error.start})"
    except json.JSONDecodeError as error:
        reason = f"not valid JSON (at character {error.pos})"
    except ValueError:
        reason = "a number is out of range"
    raise MalformedJson(reason)


def dumps(value: Any) -> bytes:
    """Encode a JSON document as UTF-8, without spaces.

    A codec's `encode` must have checked the value, because msgspec would encode NaN as null.

    Raises:
        ValueError: for text that UTF-8 cannot represent (lone surrogates).
        TypeError: for objects that JSON cannot represent.
    """
    return _encode(value)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def json_type(value: object) -> str:
    """The name that JSON Schema has for the type of a JSON value."""
    return "object" if is_object(value) else _TYPES.get(type(value), "null")


_TYPES: dict[type, str] = {list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


def as_object(value: object) -> dict[str, Any]:
    """The value if it is a JSON object; else an empty one."""
    return value if is_object(value) else {}


def as_text(value: object) -> str | None:
    """The value if it is text."""
    return value if isinstance(value, str) else None


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a JSON array."""
    return isinstance(value, list)


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether it can be written as a JSON object, if its keys are text. Models are not counted: `to_dict` reads them."""
    if type(value) is dict:  # the check of the abstract class is slow
        return True
    kind: Any = value.__class__
    return isinstance(value, Mapping) and not hasattr(kind, "_schema_")


def is_items(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether it is a list or a tuple, which are both written as a JSON array."""
    return isinstance(value, (list, tuple))


def is_sequence(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether it is an iterable other than text, bytes and mappings."""
    if type(value) is list:  # the checks of abstract classes are slow
        return True
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping))
