"""Values that stand for the absence of a value, and the type of plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, final

__all__ = ["MISSING", "UNSET", "JsonValue", "Unset"]


@final
class Unset:
    """The type of `UNSET`: "the caller said nothing", as opposed to `None`, which says null.

    There is one instance for each process. It is falsy, and copying or pickling gives the same object back, so
    `value is UNSET` holds wherever a value has travelled.
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

    def __copy__(self) -> Unset:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Unset:
        return self

    def __reduce__(self) -> tuple[type[Unset], tuple[()]]:
        return (Unset, ())


UNSET: Final[Unset] = Unset()

MISSING: Final[Unset] = UNSET
"""Used in tables ("this field has no default"): the same object under the name that reads well there."""

# `Any` below the first level: a recursive alias makes every annotation that mentions it expensive for type
# checkers and gives users errors that they cannot read. What is inside is checked when it is encoded.
JsonValue = str | int | float | bool | None | Mapping[str, Any] | Sequence[Any]
"""Anything that JSON can say: text, numbers, booleans, null, and mappings and sequences of the same."""
