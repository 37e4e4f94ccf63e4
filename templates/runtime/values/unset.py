"""The marker for an absent value, and the type of plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, final


@final
class Unset:
    """The type of `UNSET`, which means absent, as opposed to `None`, which means null.

    There is one instance in each process. It is falsy; copying and unpickling return the same object, so that
    `value is UNSET` is reliable.
    """

    __slots__ = ()
    _instance: Unset | None = None

    def __new__(cls) -> Unset:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Final[Unset] = Unset()

# `Any` below the first level: a recursive alias slows type checkers down and gives unreadable errors. Inner values are
# checked when they are encoded.
JsonValue = str | int | float | bool | None | Mapping[str, Any] | Sequence[Any]
"""Anything that JSON can represent: text, numbers, booleans, null, and mappings and sequences of the same."""
