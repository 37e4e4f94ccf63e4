"""Shapes as codec expressions: the tables that the runtime reads and writes JSON with."""

from __future__ import annotations

import re
import warnings
from typing import Any, TypeGuard

from ..schema.components import Components
from ..schema.shapes import (
    AnyShape,
    ArrayShape,
    BooleanShape,
    Bounds,
    Component,
    ConstShape,
    EnumShape,
    MapShape,
    NullShape,
    NumberShape,
    ObjectShape,
    Patterns,
    RefShape,
    Shape,
    StringShape,
    TupleShape,
    UnionShape,
)
from .py_source import keywords, literal
from .type_hints import TypeHints


class CodecExpressions:
    """Writes codec expressions."""

    def __init__(self, components: Components, type_hints: TypeHints) -> None:
        self._components = components
        self._type_hints = type_hints

    def expression(self, shape: Shape) -> str:
        """The codec of a shape."""
        code = self._bare(shape)
        knows = code in ("ANY", "NULL") or (code.startswith("alias(") and not shape.nullable)
        return f"nullable({code})" if not knows and self._components.nullable(shape) else code

    def _bare(self, shape: Shape) -> str:
        match shape:
            case AnyShape():
                return "ANY"
            case NullShape():
                return "NULL"
            case BooleanShape():
                return "BOOLEAN"
            case StringShape(kind="date-time"):
                return "DATETIME"
            case StringShape(kind="date"):
                return "DATE"
            case StringShape(kind="binary", media=media) if media.startswith(("audio/", "image/", "video/")):
                return f"upload({literal(media)})"
            case StringShape(kind="binary"):
                return "BINARY"
            case StringShape(content=content) if content is not None:
                return f"json_text({self.expression(content)})"
            case StringShape(stands_for=value, bounds=bounds) if value:
                return _bounded(f"{value}_text", _checkable(bounds))
            case StringShape(bounds=bounds):
                return _bounded("string", _checkable(bounds))
            case NumberShape(integer=integer, bounds=bounds):
                return _bounded("integer" if integer else "number", bounds)
            case ConstShape(value=value):
                return f"const({literal(value)})"
            case EnumShape(values=values) as enum:
                closed = "" if enum.open else ", closed=True"
                return f"enum({literal(values)}{closed})"
            case ArrayShape(items=items, bounds=bounds):
                item = self.expression(items)
                return f"array({item}{_arguments(bounds, leading=True)})"
            case TupleShape(places=places, rest=rest, bounds=bounds):
                codes = "".join(f"{self.expression(place)}, " for place in places)
                further = f", {self.expression(rest)}" if rest is not None else ", None"
                return f"array_of(({codes}){further}{_arguments(bounds, leading=True)})"
            case MapShape(patterns=patterns) if self.patterned(patterns):
                return self.patterns(patterns)
            case MapShape(values=values):
                return f"mapping({self.expression(values)})"
            case RefShape(name=name):
                return self._reference(self._components[name])
            case UnionShape():
                return self._union(shape)
            case ObjectShape():
                raise shape.node.refuse("an object without a name")

    @staticmethod
    def patterned(patterns: Patterns | None) -> TypeGuard[Patterns]:
        """Whether keys can be told apart by patterns; one that Python cannot read leaves that to the server."""
        return patterns is not None and all(_compiles(pattern) for pattern, _ in patterns.shapes)

    def patterns(self, patterns: Patterns) -> str:
        """The codec of keys that match patterns, and of the others."""
        rows = ", ".join(
            f"({literal(pattern)}, {self.expression(shape)})" for pattern, shape in patterns.shapes
        )
        others = self.expression(patterns.others) if patterns.others is not None else "None"
        return f"patterns(({rows},), {others})"

    def _reference(self, component: Component) -> str:
        if component.kind == "model":
            return f"model({literal(component.module)}, {literal(component.name)})"
        # A scalar is written out: a reference would hide from the runtime that the value is plain JSON.
        if not self._type_hints.mentions_model(component.meaning) and not self._type_hints.recursive(
            component.name
        ):
            return self._bare(component.meaning)
        return f"alias({literal(component.module)}, {literal(component.codec_name)})"

    # ── unions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _union(self, union: UnionShape) -> str:
        mapped: dict[str, list[str]] = {}
        for value, name in union.mapping:
            mapped.setdefault(name, []).append(value)
        flat = self._flat(union)
        tagged = {id(variant): self._tags(variant, union, mapped) for variant in flat}
        # Members with tags first; then those with most required keys, because `{}`-like ones match anything.
        flat.sort(key=lambda variant: (not tagged[id(variant)], -len(self._required(variant))))
        variants: list[str] = []
        for variant in flat:
            kind = self._kind(variant)
            extra = keywords(kind=kind)
            if kind == "object":
                tags = tagged[id(variant)]
                required = [wire for wire in self._required(variant) if wire not in tags]
                alike = [v for v in flat if v is not variant and self._required(v) == self._required(variant)]
                extra += keywords(
                    tags={wire: tuple(values) for wire, values in tags.items()},
                    required=tuple(required),
                    kinds=self._kinds_of(variant, required) if alike and not tags else None,
                )
            variants.append(f"Variant({self._bare(variant)}{extra})")
        return f"union({', '.join(variants)})"

    def _flat(self, union: UnionShape, seen: frozenset[str] = frozenset()) -> list[Shape]:
        """The members, unions among them taken apart."""
        found: list[Shape] = []
        for variant in union.variants:
            target = self._components.resolve(variant)
            names = seen | ({variant.name} if isinstance(variant, RefShape) else set[str]())
            if isinstance(target, UnionShape) and not (
                isinstance(variant, RefShape) and variant.name in seen
            ):
                found.extend(self._flat(target, names))
            else:
                found.append(variant)
        return found

    def _kind(self, shape: Shape) -> str:
        match self._components.resolve(shape):
            case ObjectShape() | MapShape():
                return "object"
            case ArrayShape() | TupleShape():
                return "array"
            case NullShape():
                return "null"
            case BooleanShape():
                return "boolean"
            case NumberShape(integer=integer):
                return "integer" if integer else "number"
            case StringShape(kind="text", content=None):
                return "string"  # in place of others, callers pass dates, files and JSON
            case ConstShape(value=value):
                return _kind_of([value])
            case EnumShape(values=values):
                return _kind_of(list(values))
            case _:
                return "any"

    def _required(self, shape: Shape) -> list[str]:
        target = self._components.resolve(shape)
        return [f.wire for f in target.fields if f.required] if isinstance(target, ObjectShape) else []

    def _kinds_of(self, shape: Shape, wires: list[str]) -> dict[str, str]:
        """The JSON kinds of some properties, where each has one."""
        target = self._components.resolve(shape)
        fields = target.fields if isinstance(target, ObjectShape) else ()
        kinds = {
            field.wire: self._kind(field.shape)
            for field in fields
            if field.wire in wires and not field.shape.nullable
        }
        return {wire: kind for wire, kind in kinds.items() if kind != "any"}

    def _named(self, name: str, mapped: dict[str, list[str]]) -> bool:
        """Whether the schema's own name is a value too: the mapping must not use it for another schema."""
        return not any(self._components[name].wire in values for values in mapped.values())

    def _tags(self, shape: Shape, union: UnionShape, mapped: dict[str, list[str]]) -> dict[str, list[Any]]:
        """The tags of a member: its constants, or the values of the discriminator."""
        target = self._components.resolve(shape)
        discriminator = union.discriminator
        if isinstance(shape, RefShape) and shape.name == union.fallback:
            return {}
        tags: dict[str, list[Any]] = {}
        for field in target.fields if isinstance(target, ObjectShape) else ():
            if not field.required and field.wire != discriminator:
                continue
            meaning = self._components.resolve(field.shape)
            if isinstance(meaning, ConstShape) and isinstance(meaning.value, (str, int)):
                tags[field.wire] = [meaning.value]
            elif isinstance(meaning, EnumShape) and (len(meaning.values) == 1 or field.wire == discriminator):
                tags[field.wire] = list(meaning.values)
        if discriminator is None:
            return tags
        name = shape.name if isinstance(shape, RefShape) else None
        if name is not None and name in mapped:
            own = [self._components[name].wire] if self._named(name, mapped) else []
            tags[discriminator] = [*mapped[name], *own]
        elif discriminator not in tags and name is not None:
            tags[discriminator] = [self._components[name].wire]
        return tags


def _bounded(name: str, bounds: Bounds) -> str:
    """A codec within bounds; without any it is the constant of the same name."""
    return f"{name}({_arguments(bounds)})" if bounds else name.upper()


def _checkable(bounds: Bounds) -> Bounds:
    """The bounds without a pattern that Python's `re` does not support (`\\p{L}`); the server checks it."""
    return Bounds(tuple((name, value) for name, value in bounds if name != "pattern" or _compiles(value)))


def _compiles(pattern: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python only warns about may change its meaning
            re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError):
        return False
    return True


def _kind_of(values: list[Any]) -> str:
    kinds: set[type[Any]] = {type(value) for value in values}
    if kinds == {str}:
        return "string"
    if kinds == {int}:
        return "integer"
    if kinds == {bool}:
        return "boolean"
    return "number" if kinds <= {int, float} else "any"


def _arguments(bounds: Bounds, *, leading: bool = False) -> str:
    text = ", ".join(f"{name}={literal(value)}" for name, value in bounds)
    return f", {text}" if leading and text else text
