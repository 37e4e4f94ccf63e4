"""Shapes as Python annotations: one for what is read, one for what may be passed."""

from __future__ import annotations

import re

from ..schema.components import Components
from ..schema.shapes import (
    AnyShape,
    ArrayShape,
    BooleanShape,
    ConstShape,
    EnumShape,
    MapShape,
    NullShape,
    NumberShape,
    ObjectShape,
    RefShape,
    Shape,
    StringShape,
    TupleShape,
    UnionShape,
    parts_of,
)
from .py_source import literal

# What divides an annotation; texts are found as a whole, because they may hold any of the others.
_SIGNS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[\[\](|)]")


class TypeHints:
    """Writes annotations."""

    def __init__(self, components: Components, params: dict[str, str]) -> None:
        """`params`: Python name of a model -> name of its TypedDict."""
        self._components = components
        self._params = params

    def read(self, shape: Shape) -> str:
        """The type of an attribute: an open enum has its base type beside the known values."""
        return self._with_null(self._read(shape), shape)

    def write(self, shape: Shape) -> str:
        """The type of an argument: models or dicts, any sequence, timestamps as objects or text."""
        return self._with_null(self._write(shape), shape)

    def key(self, shape: Shape) -> str:
        """The type of a key of a TypedDict: as `write`, but an open enum has its known values only.

        So that checkers find a misspelt one. The models and the arguments of methods take any value.
        """
        meaning = self._components.resolve(shape)
        if isinstance(meaning, EnumShape):
            code = self._with_null(self._enum(meaning, open_too=False), meaning)
            return self._with_null(code, shape)
        return self.write(shape)

    def _with_null(self, code: str, shape: Shape) -> str:
        model = isinstance(shape, RefShape) and self._components[shape.name].kind == "model"
        return or_none(code) if shape.nullable or (model and self._components.nullable(shape)) else code

    def _read(self, shape: Shape) -> str:
        match shape:
            case AnyShape():
                return "Any"
            case StringShape(kind="date-time" | "date" as kind):
                return self._date(kind)
            case StringShape(kind="binary"):
                return "bytes"
            case ArrayShape(items=items):
                return f"list[{self.read(items)}]"
            case TupleShape():
                return self._tuple([self.read(member) for member in shape.members], shape)
            case MapShape(values=values):
                return f"dict[str, {self.read(values)}]"
            case RefShape(name=name):
                return self._reference(name)
            case UnionShape(variants=variants):
                return _joined([self.read(variant) for variant in variants])
            case EnumShape() as enum:
                return self._enum(enum, open_too=True)
            case NullShape():
                return "None"
            case BooleanShape():
                return "bool"
            case StringShape():
                return "str"
            case NumberShape(integer=integer):
                return "int" if integer else "float"
            case ConstShape(value=value):
                return self._literals((value,))
            case ObjectShape():
                raise shape.node.refuse("an object without a name")  # the interpreter lifts every one of them

    def _write(self, shape: Shape) -> str:
        match shape:
            case StringShape(kind="date-time" | "date" as kind):
                return f"{self._date(kind)} | str"
            case StringShape(kind="binary"):
                return "FileInput"
            case StringShape(content=content) if content is not None:
                return _joined([self.write(content), "str"])
            case StringShape(stands_for="uuid"):
                return "uuid.UUID | str"
            case StringShape(stands_for="base64" | "base64url"):
                return "bytes | str"
            case ArrayShape(items=items):
                return f"Sequence[{self._item(items)}]"
            case TupleShape():
                codes = [self.write(member) for member in shape.members]
                listed = _joined([self._item(member) for member in shape.members])
                return f"{self._tuple(codes, shape)} | list[{listed}]"
            case MapShape(values=values):
                return f"Mapping[str, {self.write(values)}]"
            case RefShape(name=name):
                component = self._components[name]
                if component.kind == "model":
                    return f"{self._reference(name)} | {self._params[name]}"
                if component.kind == "enum":
                    return self.write(component.meaning)
                if not self.recursive(name):
                    return self.write(component.meaning)
                return self._reference(name)
            case UnionShape(variants=variants):
                return _joined([self.write(variant) for variant in variants])
            case EnumShape() as enum:
                return self._enum(enum, open_too=enum.open)
            case _:  # a value that is written as it reads
                return self._read(shape)

    @staticmethod
    def _tuple(codes: list[str], shape: TupleShape) -> str:
        """A tuple; further items of one type are unpacked into it."""
        if shape.rest is not None:
            codes = [*codes[:-1], f"Unpack[tuple[{codes[-1]}, ...]]"]
        return f"tuple[{', '.join(codes)}]"

    def _item(self, items: Shape) -> str:
        code = self.write(items)
        if not self.mentions_model(items):
            return code
        # The plain mapping too: a variable of the type `list[dict[str, str]]` is no list of TypedDicts.
        return _joined([code, "Mapping[str, Any]"])

    def _date(self, kind: str) -> str:
        return "datetime.datetime" if kind == "date-time" else "datetime.date"

    def _reference(self, name: str) -> str:
        component = self._components[name]
        if component.kind == "enum":
            return self.read(component.meaning)
        return name

    def _enum(self, enum: EnumShape, *, open_too: bool) -> str:
        code = self._literals(enum.values)
        if not open_too:
            return code
        bases = dict.fromkeys(type(v).__name__ for v in enum.values if isinstance(v, (str, int, float)))
        return _joined([code, *bases])

    def _literals(self, values: tuple[object, ...]) -> str:
        if all(isinstance(value, (str, int)) for value in values):
            return f"Literal[{', '.join(literal(value) for value in values)}]"
        if all(isinstance(value, (int, float)) for value in values):
            return "float"
        return "Any"

    def mentions_model(self, shape: Shape, seen: frozenset[str] = frozenset()) -> bool:
        """Whether the shape contains a model, so that a dict is accepted there too."""
        match shape:
            case RefShape(name=name):
                component = self._components[name]
                return component.kind == "model" or (
                    name not in seen and self.mentions_model(component.meaning, seen | {name})
                )
            case StringShape(kind=kind, content=content):
                return kind != "text" or content is not None
            case TupleShape():
                return True  # lists become tuples
            case _:
                return any(self.mentions_model(part, seen) for part in parts_of(shape))

    def recursive(self, name: str) -> bool:
        """Whether an alias references back to itself without passing through a class."""
        pending, seen = [self._components[name].meaning], set[str]()
        while pending:
            shape = pending.pop()
            pending.extend(parts_of(shape))
            if isinstance(shape, RefShape):
                if shape.name == name:
                    return True
                if shape.name not in seen and self._components[shape.name].kind == "alias":
                    seen.add(shape.name)
                    pending.append(self._components[shape.name].meaning)
        return False


def unset_too(code: str) -> str:
    """The annotation of an optional argument, with null last."""
    if code.endswith(" | None"):
        return f"{code.removesuffix(' | None')} | Unset | None"
    return f"{code} | Unset"


def or_none(code: str) -> str:
    """The annotation with null."""
    return code if code in ("Any", "None") or code.endswith("| None") else f"{code} | None"


def _joined(codes: list[str]) -> str:
    """A union without repetitions, null last."""
    pieces = dict.fromkeys(piece for code in codes for piece in members(code))
    if "Any" in pieces:
        return "Any"
    null = pieces.pop("None", "absent") != "absent"
    return " | ".join([*pieces, *(["None"] if null else [])])


def members(code: str) -> list[str]:
    """The members of a union at its top level (quotes and brackets may hold `|` as well)."""
    pieces, depth, start = list[str](), 0, 0
    for found in _SIGNS.finditer(code):
        sign = found[0]
        if sign in "[(":
            depth += 1
        elif sign in "])":
            depth -= 1
        elif sign == "|" and depth == 0:
            pieces.append(code[start : found.start()].strip())
            start = found.end()
    return [*pieces, code[start:].strip()]
