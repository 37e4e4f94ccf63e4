"""The interface of codecs, free-form JSON, and how a wrong value is reported."""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from ..values.json import is_items, is_mapping
from ..values.text import plural
from ..values.unset import UNSET


def is_writable(number: int) -> bool:
    """Whether a whole number is small enough to be written as text: Python refuses more than 4,300 digits."""
    return number.bit_length() <= 14_000


def describe(value: object) -> str:
    """A value for an error message: its type and, for short plain values, the value."""
    if value is None:
        return "None"
    kind = type(value).__name__
    if hasattr(builtins, kind) and type(value).__module__ != "builtins":  # NumPy has types of these names
        kind = f"{type(value).__module__}.{kind}"
    if isinstance(value, int) and not is_writable(value):
        return f"{kind} of {value.bit_length():,} bits"
    if isinstance(value, (bool, int, float)):
        return f"{kind} {value!r}"
    if isinstance(value, str):
        return f"{kind} {value!r}" if len(value) <= 60 else f"{kind} of {len(value)} characters"
    if isinstance(value, (bytes, bytearray)):
        return f"{kind} of {plural(len(value), 'byte')}"
    if is_mapping(value) or is_items(value):
        return f"{kind} of length {len(value)}"
    if hasattr(value, "__args__"):  # `list[str]`, `str | None`
        return f"{value!r:.60}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"an object of type {kind}"


def raise_invalid_argument(path: str, value: object, expected: str, *, secret: bool = False) -> NoReturn:
    """Raise `InvalidParametersError` with the argument, the expected and the actual value."""
    from ...errors import InvalidParametersError  # cost: for errors only

    actual = type(value).__name__ if secret else describe(value)
    raise InvalidParametersError(
        f"{path or 'body'}: expected {expected}, got {actual}", argument=path or "body"
    )


def parts_of(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The values directly inside a value, with their places. A model has its nested models as they are."""
    inner = getattr(value, "_as_set_", None) or getattr(value, "to_dict", None)
    plain: Any = inner() if callable(inner) else value
    if is_mapping(plain):
        yield from ((f"{path}.{key}".lstrip("."), item) for key, item in plain.items())
    elif is_items(plain):
        yield from ((f"{path}[{index}]", item) for index, item in enumerate(plain))


def endless(value: Any, path: str) -> tuple[str, Any, str]:
    """What makes the encoding of a value fail with a RecursionError: its place, itself, and what is expected there."""
    chains: list[tuple[tuple[str, Any], ...]] = [((path, value),)]  # of values, each inside the one before it
    while chains:  # in the order of encoding, because values that occur often make too many chains for another one
        place, last = (chain := chains.pop())[-1]
        if any(last is outer for _, outer in chain[:-1]):
            return place, last, "a value that does not contain itself"
        if len(chain) > 300:  # levels, of which encoding takes one or two frames each
            return *chain[2], "a value that does not nest so deeply"
        chains.extend((*chain, part) for part in reversed([*parts_of(last, place)]))
    return path, value, "a value that does not nest so deeply"


def nearest(name: str, known: Iterable[str], count: int = 1, cutoff: float = 0.6) -> list[str]:
    """The public names that a misspelt one may mean, the nearest first."""
    import difflib  # cost: for error messages only

    public = [each for each in known if not each.startswith("_")]
    return difflib.get_close_matches(name, public, n=count, cutoff=cutoff)


def near_names(name: str, known: Iterable[str], otherwise: str, count: int = 1) -> str:
    """A question for the names that a misspelt one may mean; `otherwise` if there is none."""
    near = nearest(name, known, count)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else otherwise


def no_attribute(value: object, name: str, others: Mapping[str, str] | None = None) -> AttributeError:
    """The error for an attribute that an object does not have.

    Args:
        value: the object.
        name: what was read.
        others: names that other packages use, and what to read here.
    """
    if name.startswith("_"):
        return AttributeError(name)
    builtin = dir(Exception) if isinstance(value, Exception) else ()
    public = [each for each in dir(value) if not each.startswith("_") and each not in builtin]
    other = (others or {}).get(name)
    hint = f"use .{other}" if other else near_names(name, public, f"it has {', '.join(public)}")
    return AttributeError(f"{type(value).__name__} has no {name!r}; {hint}")


class Codec:
    """Decodes and encodes one kind of value. The base class is also `ANY`: free-form JSON, unchanged."""

    __slots__ = ()

    is_identity = True
    """Whether `decode` returns its argument, so that callers may omit the call."""
    passthrough_type: type[Any] | None = None
    """A type whose values `encode` returns unchanged, or None: callers may omit the call for them."""

    def decode(self, raw: Any) -> Any:
        """The Python value of a JSON value. Never raises: a value that does not match is returned unchanged."""
        return raw

    def encode(self, value: Any, path: str) -> Any:
        """Check a value and return plain JSON."""
        return _encode_any(value, path)

    def accepts(self, value: Any) -> bool:
        """Whether `encode` accepts a value; used to choose among the members of a union."""
        from ...errors import InvalidParametersError  # cost: see `raise_invalid_argument`

        try:
            self.encode(value, "")
        except InvalidParametersError:
            return False
        return True


UNDESCRIBED = Codec()
"""The codec of keys beside those that a schema names, where it says nothing about them."""


def _encode_any(value: Any, path: str) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        if not is_writable(value):
            raise_invalid_argument(path, value, "a number of at most 4,000 digits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise_invalid_argument(path, value, "a finite number")
        return float(value)
    if is_mapping(value):
        encoded: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise_invalid_argument(path, key, "text as the key of an object")
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
    return raise_invalid_argument(path, value, "a JSON value")
