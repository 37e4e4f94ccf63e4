"""Strings and numbers: formats, and bounds as the strictest of all that hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..source.node import Node, describe
from .shapes import Bounds, Notes, NumberShape, StringKind, StringShape

_BINARY_MEDIA = (
    "application/octet-stream",
    "audio/",
    "image/",
    "video/",
    "application/pdf",
    "application/zip",
)


def string_shape(facets: list[Node], node: Node, notes: Notes) -> StringShape:
    """A string: what its format stands for, and its bounds."""
    word = next(
        (facet.value["format"] for facet in facets if isinstance(facet.value.get("format"), str)), None
    )
    media = next(
        (facet.value["contentMediaType"] for facet in facets if "contentMediaType" in facet.value), None
    )
    encoded = any("contentEncoding" in facet.value for facet in facets)
    kind: StringKind = "text"
    if word in ("date-time", "date", "binary"):
        kind = word
    elif isinstance(media, str) and not encoded and media.startswith(_BINARY_MEDIA):
        kind = "binary"
    limits = [
        *_strictest(facets, "minLength", "min_length", max, int, skip=0),
        *_strictest(facets, "maxLength", "max_length", min, int),
    ]
    pattern = next((facet.child("pattern") for facet in facets if "pattern" in facet.value), None)
    if pattern is not None:
        if not isinstance(pattern.value, str):
            raise pattern.refuse(f"`pattern` has to be a string, found {describe(pattern.value)}")
        limits.append(("pattern", pattern.value))
    return StringShape(
        node, notes, kind=kind, format=word, bounds=Bounds(tuple(limits) if kind == "text" else ())
    )


def number_shape(facets: list[Node], node: Node, notes: Notes, *, integer: bool) -> NumberShape:
    """A number and its bounds. `exclusiveMinimum: true` (OpenAPI 3.0) makes `minimum` itself the exclusive bound."""
    bounds: dict[str, Any] = {}
    for edge, tighter in (("minimum", max), ("maximum", min)):
        exclusive_word = "exclusive" + edge.capitalize()
        inclusive: list[Any] = []
        exclusive: list[Any] = []
        for facet in facets:
            limit = facet.value.get(edge)
            mark = facet.value.get(exclusive_word)
            if isinstance(mark, bool):
                if limit is not None:
                    (exclusive if mark else inclusive).append(_number(facet, edge))
                continue
            if limit is not None:
                inclusive.append(_number(facet, edge))
            if mark is not None:
                exclusive.append(_number(facet, exclusive_word))
        if inclusive:
            bounds[edge] = tighter(inclusive)
        if exclusive:
            bounds[f"exclusive_{edge}"] = tighter(exclusive)
    steps = [_number(facet, "multipleOf") for facet in facets if "multipleOf" in facet.value]
    if steps and steps[-1] != 1:
        bounds["multiple_of"] = steps[-1]
    return NumberShape(node, notes, integer=integer, bounds=Bounds(tuple(bounds.items())))


def _number(facet: Node, word: str) -> Any:
    value = facet.value[word]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise facet.child(word).refuse(f"`{word}` has to be a number, found {describe(value)}")
    return value


def _strictest(
    facets: list[Node], word: str, name: str, choose: Callable[[list[Any]], Any], kind: type, skip: Any = None
) -> list[tuple[str, Any]]:
    given: list[Any] = []
    for facet in facets:
        if word in facet.value:
            value = facet.value[word]
            if isinstance(value, bool) or not isinstance(value, kind):
                raise facet.child(word).refuse(f"`{word}` has to be a whole number, found {describe(value)}")
            given.append(value)
    return [(name, choose(given))] if given and choose(given) != skip else []


__all__ = ["number_shape", "string_shape"]
