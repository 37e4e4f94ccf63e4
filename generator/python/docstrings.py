"""Docstrings from the text of the description: meaning, units, defaults and errors, in Google's style.

That text is untrusted until `render` has wrapped and escaped it: it cannot end the docstring, start an escape sequence
or add a line of code.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import safe_for_docstring

from ..schema.components import Components
from ..schema.shapes import (
    MISSING,
    Annotations,
    ArrayShape,
    BooleanShape,
    ConstShape,
    EnumShape,
    MapShape,
    NumberShape,
    RefShape,
    Shape,
    StringShape,
    TupleShape,
    UnionShape,
)
from ..source.problems import plural
from .py_source import literal

WIDTH = 106
_BOUND_WORDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusive_minimum": "above {}",
    "exclusive_maximum": "below {}",
    "multiple_of": "a multiple of {}",
    "min_length": "at least {}",
    "max_length": "at most {}",
    "min_items": "at least {}",
    "max_items": "at most {}",
    "pattern": "matching `{}`",
}
_COUNTED = {"min_length": "character", "max_length": "character", "min_items": "item", "max_items": "item"}
_JSON_WORDS = ("any JSON value", "JSON values")
# Of enumerations and constants: the type hint shows their values.
_VALUE_WORDS: dict[type, tuple[str, str]] = {
    str: ("text", "texts"),
    bool: ("True or False", "booleans"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
}


Entries: TypeAlias = list[tuple[UntrustedString, UntrustedString]]
"""The names and texts of a section."""


@dataclass
class Doc:
    """A docstring before it is rendered: a summary, paragraphs, and sections with entries."""

    summary: UntrustedString
    paragraphs: list[UntrustedString] = field(default_factory=list[UntrustedString])
    sections: list[tuple[str, Entries]] = field(default_factory=list[tuple[str, Entries]])

    def section(self, title: str, entries: Iterable[tuple[str, str]]) -> None:
        """Add a section, unless it would be empty. An entry without a name is a sentence of its own."""
        listed = [(UntrustedString(name), UntrustedString(text)) for name, text in entries]
        if listed:
            self.sections.append((title, listed))


def doc(summary: str | None, description: str | None, fallback: str) -> Doc:
    """A docstring from a summary and a description; the description's first paragraph where there is no summary."""
    summary, description = clean(summary or "").strip(), clean(description or "").strip()
    if not summary:
        summary, _, description = description.partition("\n\n")
    if not summary:
        summary = clean(fallback)
    if description == summary:
        description = ""
    paragraphs = [UntrustedString(part) for part in description.split("\n\n") if part.strip()]
    return Doc(UntrustedString(" ".join(summary.split())), paragraphs)


def clean(text: str) -> str:
    """The text without control characters, surrogates and unusual line ends."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text  # the usual case
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    kept = (
        c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cf", "Zl", "Zp")
    )
    return "".join(kept)


def render(document: Doc, indent: int = 4) -> str:
    """The docstring as source code, quotes included; the first line is not indented, the following ones are."""
    width = max(WIDTH - indent, 60)
    lines = _wrap(_full_stop(document.summary.get_untrusted_value()), width - 3, "")
    for paragraph in document.paragraphs:
        lines.append("")
        lines.extend(_paragraph(paragraph.get_untrusted_value(), width))
    for title, entries in document.sections:
        lines.extend(["", f"{title}:"])
        for name, text in entries:
            lines.extend(_entry(clean(name.get_untrusted_value()), clean(text.get_untrusted_value()), width))
    escaped = [_escaped(line).rstrip() for line in lines]
    padding = " " * indent
    if len(escaped) == 1 and not escaped[0].endswith(('"', "\\")):
        return f'"""{_opening(escaped[0])}"""'
    body = [padding + line if line else "" for line in escaped[1:]]
    return "\n".join([f'"""{_opening(escaped[0])}', *body, f'{padding}"""'])


def _escaped(line: str) -> str:
    """Escape a line; plain text is returned without the slow `safe_for_docstring`, which would not change it."""
    plain = line.isascii() and line.isprintable() and "\\" not in line and '"""' not in line
    return line if plain else safe_for_docstring(line)


def _opening(line: str) -> str:
    """A quote right after the opening quotes would make four of them."""
    return f" {line}" if line.startswith('"') else line


def _full_stop(text: str) -> str:
    return (
        text if text.endswith((".", "!", "?", ":", ";", "…", '"', "'", ")", "`")) or not text else f"{text}."
    )


def _wrap(text: str, width: int, hanging: str) -> list[str]:
    if not text.isprintable() or "  " in text.strip():
        return textwrap.wrap(
            text, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
        ) or [""]
    lines: list[str] = []  # as `textwrap` would fill them, in a tenth of its time
    text = text.rstrip()
    while len(text) > width:
        start = len(text) - len(text.lstrip())
        end = text.rfind(" ", start, width + 1)
        if end < 0:
            end = text.find(" ", width)
        if end < 0:
            break
        lines.append(text[:end])
        text = hanging + text[end + 1 :]
    return [*lines, text]


def _paragraph(text: str, width: int) -> list[str]:
    """Prose is wrapped; lists, tables and indented blocks keep their lines."""
    rows = text.strip("\n").split("\n")
    if any(
        row.startswith((" ", "-", "*", "|", "#", ">", "`")) or row[:2].rstrip(".)").isdigit() for row in rows
    ):
        return [row.rstrip() for row in rows]
    return _wrap(" ".join(row.strip() for row in rows), width, "")


def _entry(name: str, text: str, width: int) -> list[str]:
    joined = " ".join(text.split())
    return _wrap(f"    {name}: {joined}" if name else f"    {joined}", width, "        " if name else "    ")


# ── what a shape says about itself ───────────────────────────────────────────────────────────────────────────────────


class ShapeDescriber:
    """Describes shapes in sentences."""

    def __init__(self, components: Components) -> None:
        self._components = components

    def field(self, shape: Shape, *, description: str | None = None, defaults: bool = True) -> str:
        """The description of a field: meaning, values, default and flags."""
        annotations = shape.annotations
        text = (
            description or annotations.description or self._described(shape) or annotations.title or ""
        ).strip()
        parts = [_full_stop(" ".join(text.split()))] if text else []
        parts.extend(fact for fact in self._facts(shape) if not _repeats(fact, text))
        parts.extend(_flags(annotations))
        if defaults and annotations.default is not MISSING and annotations.default is not None:
            parts.append(f"The server assumes {literal(annotations.default)}.")
        if annotations.deprecated:
            parts.append("Deprecated.")
        return " ".join(parts) or f"{self.kind(shape)[0].upper()}{self.kind(shape)[1:]}."

    def kind(self, shape: Shape, *, many: bool = False, inside: frozenset[str] = frozenset()) -> str:
        """The kind of a value, in a few words: `a list of numbers`. `inside`: the aliases that are being described."""
        match shape:
            case StringShape(kind="date-time"):
                return "timestamps" if many else "a timestamp"
            case StringShape(kind="date"):
                return "dates" if many else "a date"
            case StringShape(kind="binary"):
                return "files" if many else "a file"
            case StringShape():
                return "texts" if many else "text"
            case NumberShape(integer=integer):
                word = "whole number" if integer else "number"
                return f"{word}s" if many else f"a {word}"
            case BooleanShape():
                return "booleans" if many else "True or False"
            case EnumShape() | ConstShape():
                values = shape.values if isinstance(shape, EnumShape) else (shape.value,)
                types: set[type[Any]] = {type(value) for value in values}
                return (_VALUE_WORDS.get(types.pop(), _JSON_WORDS) if len(types) == 1 else _JSON_WORDS)[many]
            case ArrayShape(items=items):
                return f"{'lists' if many else 'a list'} of {self.kind(items, many=True, inside=inside)}"
            case TupleShape():
                listed = ", ".join(self.kind(member, inside=inside) for member in shape.places)
                rest = (
                    f", then {self.kind(shape.rest, many=True, inside=inside)}"
                    if shape.rest is not None
                    else ""
                )
                return f"{'tuples' if many else 'a tuple'} of {listed}{rest}"
            case MapShape(values=values):
                return f"{'dicts' if many else 'a dict'} of {self.kind(values, many=True, inside=inside)} by name"
            case RefShape(name=name) if self._components[name].kind == "model":
                return f"`{name}` objects" if many else f"a `{name}`"
            case RefShape(name=name) if self._components[name].kind == "enum" or name in inside:
                return f"`{name}`"
            case RefShape(name=name):
                return self.kind(self._components[name].meaning, many=many, inside=inside | {name})
            case UnionShape(variants=variants):
                kinds = (self.kind(variant, many=many, inside=inside) for variant in variants)
                return " or ".join(dict.fromkeys(kinds))
            case _:
                return _JSON_WORDS[many]

    def _described(self, shape: Shape) -> str | None:
        """The first paragraph of the description of the component that a field refers to."""
        if not isinstance(shape, RefShape):
            return None
        text = self._components[shape.name].meaning.annotations.description
        return text.partition("\n\n")[0] if text else self._described(self._components[shape.name].meaning)

    def _facts(self, shape: Shape, inside: frozenset[str] = frozenset()) -> list[str]:
        """What the type hint does not show: bounds and formats. It shows constants, enum values and nullability."""
        if isinstance(shape, RefShape):
            if shape.name in inside:  # a list that holds itself
                return []
            inside |= {shape.name}
        target = self._components.resolve(shape)
        facts = list(_limits(target))
        match target:
            case ArrayShape(items=items):
                inner = [fact for fact in self._facts(items, inside) if fact]
                if inner:
                    facts.append("Each item: " + " ".join(_lower(fact) for fact in inner))
            case StringShape(stands_for="base64" | "base64url" as encoding):
                word = "Base64" if encoding == "base64" else "Base64 for URLs"
                facts.append(f"{word}; bytes are encoded when they are sent.")
            case StringShape(format=word) if word and word not in ("date-time", "date", "binary"):
                facts.append(f"Format: {word}.")
            case _:
                pass
        return facts

    def summary_of(self, shape: Shape | None) -> str:
        """The kind of an answer, in a few words."""
        match shape:
            case None:
                return "Nothing."
            case RefShape(name=name):
                return name
            case ArrayShape(items=items):
                return f"A list of {self.kind(items, many=True)}"
            case UnionShape(variants=variants):
                return " or ".join(
                    dict.fromkeys(self.summary_of(variant).rstrip(".") for variant in variants)
                )
            case _:
                kind = self.kind(shape)
                return f"{kind[0].upper()}{kind[1:]}"


def _limits(shape: Shape) -> Iterable[str]:
    bounds: dict[str, Any] = {}
    if isinstance(shape, (NumberShape, StringShape, ArrayShape, TupleShape)):
        bounds = dict(shape.bounds)
    low, high = bounds.pop("minimum", None), bounds.pop("maximum", None)
    words: list[str] = []
    if low is not None and high is not None:
        words.append(f"{low} to {high}")
    else:
        words.extend(
            _BOUND_WORDS[name].format(value)
            for name, value in (("minimum", low), ("maximum", high))
            if value is not None
        )
    if bounds.get("min_length") == 1 or bounds.get("min_items") == 1:
        bounds.pop("min_length", None)
        bounds.pop("min_items", None)
        words.append("not empty")
    for name, value in bounds.items():
        words.append(_BOUND_WORDS[name].format(plural(value, _COUNTED[name]) if name in _COUNTED else value))
    if words:
        sentence = ", ".join(words)
        yield f"{sentence[0].upper()}{sentence[1:]}."


def _flags(annotations: Annotations) -> Iterable[str]:
    if annotations.secret:
        yield "A secret: never shown in logs or errors."
    if annotations.read_only:
        yield "Set by the server."
    if annotations.write_only:
        yield "Never sent back by the server."
    for name, limit in annotations.media_limit:
        yield f"Limit: {limit} ({name.replace('_', ' ')})."


def _repeats(fact: str, text: str) -> bool:
    """Whether a text already has every number and name of a fact: `0 to 2` beside `Between 0 and 2`."""
    stated = set(re.findall(r"[\w.-]*\w", text.lower()))
    telling = re.findall(r"`[^`]*`|[\w.-]*\d[\w.-]*\w|\d", fact)
    return bool(telling) and all(word.strip("`").lower() in stated for word in telling)


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:] if sentence[:2].istitle() else sentence
