"""What every codec shares: the interface, free-form JSON, and how a wrong value is reported."""

from __future__ import annotations

import math
from typing import Any, NoReturn

from ..values.type_guards import is_items, is_mapping
from ..values.unset import UNSET

__all__ = ["Codec", "describe", "refuse"]


def describe(value: object) -> str:
    """Say what came, for an error message: type and, for short plain values, the value."""
    if value is None:
        return "None"
    kind = type(value).__name__
    if isinstance(value, (bool, int, float)):
        return f"{kind} {value!r}"
    if isinstance(value, str):
        return f"{kind} {value!r}" if len(value) <= 60 else f"{kind} of {len(value)} characters"
    if isinstance(value, (bytes, bytearray)):
        return f"{kind} of {len(value)} bytes"
    if is_mapping(value) or is_items(value):
        return f"{kind} of length {len(value)}"
    return f"an object of type {kind}"


def refuse(path: str, value: object, expected: str, *, secret: bool = False) -> NoReturn:
    """Raise `InvalidParametersError` naming the argument, what was expected and what came."""
    from ...errors import InvalidParametersError

    came = f"a {type(value).__name__}" if secret else describe(value)
    raise InvalidParametersError(f"{path or 'body'}: expected {expected}, got {came}", argument=path or "body")


class Codec:
    """Reads and writes one kind of value. The base class is also `ANY`: free-form JSON, handed through."""

    __slots__ = ("plain",)

    expected = "a JSON value"
    exact: type[Any] | None = None
    """The type whose values `encode` returns as they are, if there is one: callers may then leave out the call."""

    def __init__(self) -> None:
        self.plain = True

    def decode(self, raw: Any) -> Any:
        """Turn a wire value into what the user reads. Never raises: what does not fit comes out as it came."""
        return raw

    def encode(self, value: Any, path: str) -> Any:
        """Check a value that a user passed and return plain JSON for the wire."""
        return _encode_any(value, path)

    def accepts(self, value: Any) -> bool:
        """Whether `encode` would take this value; used to choose among the members of a union."""
        from ...errors import InvalidParametersError

        try:
            self.encode(value, "")
        except InvalidParametersError:
            return False
        return True


def _encode_any(value: Any, path: str) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            refuse(path, value, "a finite number")
        return float(value)
    if is_mapping(value):
        encoded: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                refuse(path, key, "text as the key of an object")
            if item is not UNSET:
                encoded[key] = _encode_any(item, f"{path}.{key}")
        return encoded
    if is_items(value):
        return [_encode_any(item, f"{path}[{index}]") for index, item in enumerate(value)]
    to_dict = getattr(value, "to_dict", None)
    if callable(to_dict):
        return _encode_any(to_dict(), path)
    isoformat = getattr(value, "isoformat", None)
    if callable(isoformat):
        return isoformat()
    to_list = getattr(value, "tolist", None)  # NumPy arrays and scalars, without importing NumPy
    if callable(to_list):
        return _encode_any(to_list(), path)
    return refuse(path, value, Codec.expected)
