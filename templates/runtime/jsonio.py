"""The one place where JSON is read and written.

Reading uses msgspec (two to three times as fast as the standard library) and falls back to the standard library
for the few inputs that msgspec refuses and real servers send: a byte order mark, lone surrogates, and NaN.
Writing refuses NaN and Infinity, which no JSON parser has to accept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MalformedJson", "decode", "dumps", "loads"]

decode: Callable[[bytes | bytearray | memoryview | str], Any] = msgspec.json.Decoder().decode
"""The quick half of `loads`, for loops: raises `ValueError` or `RecursionError` where `loads` would look again."""
_encode = msgspec.json.Encoder().encode


class MalformedJson(ValueError):
    """The bytes are not JSON, or nest deeper than the interpreter allows. Holds no part of the input."""


def loads(data: bytes | bytearray | memoryview | str) -> Any:
    """Parse one JSON document.

    Raises:
        MalformedJson: for anything that is not JSON, whatever the reason: syntax, encoding or depth.
    """
    try:
        return decode(data)
    except RecursionError:
        deep = True
    except (ValueError, TypeError):
        deep = False
    if deep:
        raise MalformedJson("the document nests too deeply")
    return _loads_leniently(data)


def _loads_leniently(data: bytes | bytearray | memoryview | str) -> Any:
    import json

    # Raised after the handlers have ended: an exception raised inside one would keep the original as its
    # `__context__`, and the standard library's errors carry the whole document.
    try:
        text = data if isinstance(data, str) else bytes(data).decode("utf-8-sig")
        return json.loads(text)
    except RecursionError:
        reason = "the document nests too deeply"
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not UTF-8"
    except json.JSONDecodeError as error:
        reason = f"it stops being JSON at character {error.pos}"
    except ValueError:
        reason = "it holds a number that is out of range"
    raise MalformedJson(reason)


def dumps(value: Any) -> bytes:
    """Write a JSON document as UTF-8, without spaces.

    The value must have passed a codec's `encode`, which refuses NaN, Infinity and foreign objects by name and
    place; msgspec itself would write NaN as null.

    Raises:
        ValueError: for text that UTF-8 cannot carry (lone surrogates).
        TypeError: for objects that JSON cannot say.
    """
    return _encode(value)
