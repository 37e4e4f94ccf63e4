"""The names that a misspelt one may mean, for error messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["near_names", "nearest", "no_attribute"]


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
