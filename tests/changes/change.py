"""A change of a description: a name, and the edit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .text import SpecText

T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        name: in a few words.
        edit: changes the text at the place of a number, and says in a sentence what it did.
        breaks: whether code that uses the client has to be changed.
        states: tests that state the very behaviour that it changes, as beginnings of their ids. Every other test has to
            hold after a change that breaks nothing.
    """

    name: str
    edit: Callable[[SpecText, int], str]
    breaks: bool = False
    states: tuple[str, ...] = ()


class NoPlace(Exception):
    """The description has nothing that this change could be made to."""


def pick(candidates: Sequence[T], number: int) -> T:
    """One of the places that a change could be made to; numbers beyond the last begin again at the first."""
    if not candidates:
        raise NoPlace
    return candidates[number % len(candidates)]


def free(name: str, taken: object) -> str:
    """A name that is not taken yet, so that a change can be made although it happened already."""
    number, found = 1, name
    while found in taken:  # type: ignore[operator]  # whatever holds names
        number += 1
        found = f"{name}_{number}"
    return found


__all__ = ["Change", "NoPlace", "free", "pick"]
