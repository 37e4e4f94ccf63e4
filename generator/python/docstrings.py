"""Docstrings from spec text: shapes, units, bounds, defaults and errors, in Google's form.

Spec text is untrusted until `render` has wrapped and escaped it: nothing in it can end the docstring, start an escape
sequence or put a line of its own into the code.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import safe_for_docstring

from ..schema.components import Components
from ..schema.shapes import (
    MISSING,
    ArrayShape,
    BooleanShape,
    ConstShape,
    EnumShape,
    MapShape,
    Notes,
    NumberShape,
    RefShape,
    Shape,
    StringShape,
    UnionShape,
)
from .py_source import literal

WIDTH = 106
_BOUND_WORDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusive_minimum": "above {}",
    "exclusive_maximum": "below {}",
    "multiple_of": "a multiple of {}",
    "min_length": "at least {} characters",
    "max_length": "at most {} characters",
    "min_items": "at least {} items",
    "max_items": "at most {} items",
    "pattern": "matching `{}`",
}


@dataclass
class Entry:
    """One line of a section: a name and what is said about it."""

    name: UntrustedString
    text: UntrustedString


@dataclass
class Doc:
    """A docstring before it is written: a summary, paragraphs, and sections with entries."""

    summary: UntrustedString
    paragraphs: list[UntrustedString] = field(default_factory=list[UntrustedString])
    sections: list[tuple[str, list[Entry]]] = field(default_factory=list[tuple[str, list[Entry]]])

    def section(self, title: str, entries: Iterable[tuple[str, str]]) -> None:
        """Add a section, unless it would be empty. An entry without a name is a sentence of its own."""
        listed = [Entry(UntrustedString(name), UntrustedString(text)) for name, text in entries]
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
    """Text without what does not belong into source code: control characters, surrogates, other line ends."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text  # nearly every text there is
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
        for entry in entries:
            name, text = entry.name.get_untrusted_value(), entry.text.get_untrusted_value()
            lines.extend(_entry(clean(name), clean(text), width))
    escaped = [_escaped(line).rstrip() for line in lines]
    padding = " " * indent
    if len(escaped) == 1 and not escaped[0].endswith(('"', "\\")):
        return f'"""{_opening(escaped[0])}"""'
    body = "\n".join(padding + line if line else "" for line in escaped[1:])
    return (
        f'"""{_opening(escaped[0])}\n{body}\n{padding}"""'
        if body
        else f'"""{_opening(escaped[0])}\n{padding}"""'
    )


def _escaped(line: str) -> str:
    """Plain text is what `safe_for_docstring` leaves as it is, after a long look at each letter."""
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
    return textwrap.wrap(
        text, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    ) or [""]


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


class Words:
    """Sentences about shapes."""

    def __init__(self, components: Components) -> None:
        self._components = components

    def field(self, shape: Shape, *, description: str | None = None, defaults: bool = True) -> str:
        """Everything a reader wants to know of a field: meaning, bounds, values, default, flags."""
        notes = shape.notes
        text = (description or notes.description or self._described(shape) or notes.title or "").strip()
        parts = [_full_stop(" ".join(text.split()))] if text else []
        parts.extend(self._facts(shape))
        parts.extend(_flags(notes))
        if defaults and notes.default is not MISSING and notes.default is not None:
            parts.append(f"The server assumes {literal(notes.default)}.")
        if notes.deprecated:
            parts.append("Deprecated.")
        return " ".join(parts) or f"{self.kind(shape)[0].upper()}{self.kind(shape)[1:]}."

    def kind(self, shape: Shape, *, many: bool = False) -> str:
        """What a value is, in a few words: `a list of numbers`."""
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
            case ArrayShape(items=items):
                return f"{'lists' if many else 'a list'} of {self.kind(items, many=True)}"
            case MapShape(values=values):
                return f"{'dicts' if many else 'a dict'} of {self.kind(values, many=True)} by name"
            case RefShape(name=name) if self._components[name].kind == "model":
                return f"`{name}` objects" if many else f"a `{name}`"
            case RefShape(name=name):
                return (
                    f"`{name}`"
                    if self._components[name].kind == "enum"
                    else self.kind(self._resolve(shape), many=many)
                )
            case UnionShape(variants=variants):
                return " or ".join(dict.fromkeys(self.kind(variant, many=many) for variant in variants))
            case _:
                return "JSON values" if many else "any JSON value"

    def _described(self, shape: Shape) -> str | None:
        """The first paragraph of what the component that a field refers to says of itself."""
        if not isinstance(shape, RefShape):
            return None
        text = self._components[shape.name].meaning.notes.description
        return text.partition("\n\n")[0] if text else self._described(self._components[shape.name].meaning)

    def _facts(self, shape: Shape) -> list[str]:
        target = self._resolve(shape)
        facts = list(_limits(target))
        match target:
            case ConstShape(value=value):
                facts.append(f"Always {literal(value)}.")
            case EnumShape(values=values) as enum:
                shown = ", ".join(literal(value) for value in values[:12])
                more = f" and {len(values) - 12} more" if len(values) > 12 else ""
                facts.append(f"{'Known values' if enum.open else 'One of'}: {shown}{more}.")
            case ArrayShape(items=items):
                inner = [fact for fact in self._facts(items) if fact]
                if inner:
                    facts.append("Each item: " + " ".join(_lower(fact) for fact in inner))
            case StringShape(format=word) if word and word not in ("date-time", "date", "binary"):
                facts.append(f"Format: {word}.")
            case _:
                pass
        if shape.nullable or target.nullable:
            facts.append("May be None.")
        return facts

    def _resolve(self, shape: Shape) -> Shape:
        return self._components.resolve(shape) if isinstance(shape, RefShape) else shape

    def summary_of(self, shape: Shape | None) -> str:
        """A few words on what an answer is."""
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
    if isinstance(shape, (NumberShape, StringShape, ArrayShape)):
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
    words.extend(_BOUND_WORDS[name].format(value) for name, value in bounds.items())
    if words:
        sentence = ", ".join(words)
        yield f"{sentence[0].upper()}{sentence[1:]}."


def _flags(notes: Notes) -> Iterable[str]:
    if notes.secret:
        yield "A secret: never shown in logs or errors."
    if notes.read_only:
        yield "Set by the server."
    if notes.write_only:
        yield "Never sent back by the server."
    for name, limit in notes.media_limit:
        yield f"Limit: {limit} ({name.replace('_', ' ')})."


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:] if sentence[:2].istitle() else sentence


__all__ = ["Doc", "Words", "clean", "doc", "render"]
