"""One aspect of an entry that differs, and the rules that many aspects share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..source.json_types import is_array, is_object, is_tuple
from .entry import SnapshotEntry


@dataclass(frozen=True)
class AspectChange:
    """A change of one aspect: whose code it breaks, and why."""

    aspect: str
    detail: str
    callers: bool = False
    readers: bool = False
    feature: bool = False
    why: str = ""

    @property
    def breaking(self) -> bool:
        """Somebody's code may break."""
        return self.callers or self.readers


@dataclass(frozen=True)
class Aspect:
    """One aspect of an entry: its old and its new value, and the two entries."""

    name: str
    before: Any
    after: Any
    old: SnapshotEntry
    new: SnapshotEntry

    def change(self, detail: str, **effect: Any) -> AspectChange:
        """The change of this aspect; `effect` has the other fields of `AspectChange`."""
        return AspectChange(self.name, detail, **effect)

    @property
    def tables(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The two values of an aspect that is a table, which may be missing on one side."""
        return self.before or {}, self.after or {}

    def arrow(self, word: str = "") -> str:
        """The old and the new value in words; of tables the rows that changed."""
        return arrow(word or self.name, self.before, self.after)


Rule: TypeAlias = Callable[[Aspect], AspectChange | None]
"""From an aspect that differs to the change; None where another aspect reports it."""


def arrow(word: str, before: Any, after: Any) -> str:
    """The old and the new value in words; of tables the rows that changed."""
    if is_object(before) and is_object(after):
        before, after = (
            {key: item for key, item in table.items() if other.get(key) != item}
            for table, other in ((before, after), (after, before))
        )
    return f"{word}: {_text(before)} → {_text(after)}"


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_object(value):
        return ", ".join(f"{key} {item}" for key, item in value.items()) or "none"
    if is_tuple(value):
        return " | ".join(map(str, value)) or "nothing"
    if is_array(value):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def changed_rows(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a row of the old table is gone, or has another value."""
    return any(after.get(name) != value for name, value in before.items())


def reported_elsewhere(aspect: Aspect) -> None:
    """The rule for an aspect that changes with another one, which is reported."""


def breaks_callers(why: str, word: str = "") -> Rule:
    """The rule for an aspect of requests whose every change breaks the code that makes them."""
    return lambda aspect: aspect.change(aspect.arrow(word), callers=True, why=why)


def breaks_readers(why: str, word: str = "") -> Rule:
    """The rule for an aspect of answers whose every change breaks the code that reads them."""
    return lambda aspect: aspect.change(aspect.arrow(word), readers=True, why=why)


def switched(on: str, off: str, why: str = "", *, breaks: bool | None = None) -> Rule:
    """The rule for a flag, with the words for each direction; `breaks` is the value that breaks the code of callers."""

    def rule(aspect: Aspect) -> AspectChange:
        broken = breaks is not None and bool(aspect.after) == breaks
        callers = broken and aspect.old.sent
        return aspect.change(on if aspect.after else off, callers=callers, feature=not broken, why=why)

    return rule


def may_only_grow(why: str, word: str, *, readers: bool = False) -> Rule:
    """The rule for a set of names: what is removed breaks the code of callers, or that of readers."""

    def rule(aspect: Aspect) -> AspectChange | None:
        before, after = set(aspect.before), set(aspect.after)
        if before == after:
            return None  # another order, which another aspect reports
        gone = not before <= after
        broken = {"readers" if readers else "callers": gone}
        return aspect.change(aspect.arrow(word), **broken, feature=not gone, why=why)

    return rule


def rows_may_be_added(why: str, word: str) -> Rule:
    """The rule for a table that answers are read by: rows that are gone or have another value break readers."""

    def rule(aspect: Aspect) -> AspectChange:
        before, after = aspect.tables
        changed = changed_rows(before, after)
        readers = changed and (aspect.old.received or aspect.new.received)
        return aspect.change(arrow(word, before, after), readers=readers, feature=not changed, why=why)

    return rule
