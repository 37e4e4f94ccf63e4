"""Strings and numbers: formats, and bounds as the strictest of all that hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from ..source.node import Node, describe_value
from .shapes import Annotations, Bounds, NumberShape, StandsFor, StringKind, StringShape

_BINARY_MEDIA = (
    "application/octet-stream",
    "audio/",
    "image/",
    "video/",
    "application/pdf",
    "application/zip",
)
# What a format or a `contentEncoding` says of the text.
_STANDS_FOR: dict[str, StandsFor] = {
    "uuid": "uuid",
    "byte": "base64",
    "base64": "base64",
    "base64url": "base64url",
}


def string_shape(
    conjuncts: list[Node], node: Node, annotations: Annotations, nullable: bool = False
) -> StringShape:
    """The shape of a string: its kind, by its format, and its bounds."""
    word = _first_text(conjuncts, "format", "x-format")
    media = _first_text(conjuncts, "contentMediaType")
    encoding = _first_text(conjuncts, "contentEncoding")
    kind: StringKind = "text"
    if word in ("date-time", "date", "binary"):
        kind = cast("StringKind", word)
    elif media is not None and encoding is None and media.startswith(_BINARY_MEDIA):
        kind = "binary"
    limits: list[tuple[str, Any]] = [
        *_strictest(conjuncts, "minLength", "min_length", max, skip=0),
        *_strictest(conjuncts, "maxLength", "max_length", min),
    ]
    pattern = next((conjunct.child("pattern") for conjunct in conjuncts if "pattern" in conjunct.value), None)
    if pattern is not None:
        if not isinstance(pattern.value, str):
            raise pattern.refuse(
                f"`pattern` has to be a string, found {describe_value(pattern.value)}; quote it"
            )
        limits.append(("pattern", pattern.value))
    return StringShape(
        node,
        annotations,
        nullable,
        kind=kind,
        format=word,
        bounds=Bounds(tuple(limits) if kind == "text" else ()),
        media=media or "" if kind == "binary" else "",
        stands_for=_STANDS_FOR.get(str(encoding or word).lower(), "") if kind == "text" else "",
    )


def _first_text(conjuncts: list[Node], *words: str) -> str | None:
    """The first text that a conjunct has under one of some keywords."""
    found = (conjunct.value.get(word) for word in words for conjunct in conjuncts)
    return next((text for text in found if isinstance(text, str)), None)


def number_shape(
    conjuncts: list[Node], node: Node, annotations: Annotations, nullable: bool, *, integer: bool
) -> NumberShape:
    """A number and its bounds. `exclusiveMinimum: true` (OpenAPI 3.0) makes `minimum` itself the exclusive bound."""
    bounds: dict[str, Any] = {}
    for edge, tighter in (("minimum", max), ("maximum", min)):
        exclusive_word = "exclusive" + edge.capitalize()
        inclusive: list[Any] = []
        exclusive: list[Any] = []
        for conjunct in conjuncts:
            limit = conjunct.value.get(edge)
            mark = conjunct.value.get(exclusive_word)
            if isinstance(mark, bool):
                if limit is not None:
                    (exclusive if mark else inclusive).append(_number(conjunct, edge))
                continue
            if limit is not None:
                inclusive.append(_number(conjunct, edge))
            if mark is not None:
                exclusive.append(_number(conjunct, exclusive_word))
        if inclusive:
            bounds[edge] = tighter(inclusive)
        if exclusive:
            bounds[f"exclusive_{edge}"] = tighter(exclusive)
    steps = [_number(conjunct, "multipleOf") for conjunct in conjuncts if "multipleOf" in conjunct.value]
    if steps and steps[-1] != 1:
        bounds["multiple_of"] = steps[-1]
    return NumberShape(node, annotations, nullable, integer=integer, bounds=Bounds(tuple(bounds.items())))


def _number(conjunct: Node, word: str) -> Any:
    value = conjunct.value[word]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise conjunct.child(word).refuse(
            f"`{word}` has to be a number, found {describe_value(value)}; write it as one"
        )
    return value


def _strictest(
    conjuncts: list[Node],
    word: str,
    name: str,
    choose: Callable[[list[int]], int],
    skip: int | None = None,
) -> list[tuple[str, int]]:
    given: list[int] = []
    for conjunct in conjuncts:
        if word in conjunct.value:
            value = conjunct.value[word]
            if isinstance(value, bool) or not isinstance(value, int):
                raise conjunct.child(word).refuse(
                    f"`{word}` has to be a whole number, found {describe_value(value)}; write it as one"
                )
            given.append(value)
    return [(name, choose(given))] if given and choose(given) != skip else []
