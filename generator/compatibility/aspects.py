"""One change in users' terms, the aspect of an entry that it comes from, and the rules that many aspects share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from ..source.json_types import is_array, is_object, is_tuple
from ..source.node import Node
from .entry import Kind, SnapshotEntry

Action: TypeAlias = Literal["added", "removed", "renamed", "retyped", "changed"]
Level: TypeAlias = Literal["breaking", "feature", "fix"]
_RETYPED = frozenset({"type", "written", "result", "kind"})


@dataclass(frozen=True, eq=False)
class Change:
    """One change, in users' terms.

    Attributes:
        kind: what changed.
        action: how.
        name: its name in the description.
        detail: the old and the new value; empty where the name is enough.
        python: the Python names that it touches.
        callers: code that makes requests may break.
        readers: code that reads answers may break.
        feature: it breaks nothing, and offers users something new.
        why: the reason, where it breaks something.
        old: where it stood.
        new: where it stands.
        others: further places that decide about it, as pointers.
        rated: redocly's rules for the same place.
    """

    kind: Kind | Literal["description"]
    action: Action
    name: str
    detail: str = ""
    python: tuple[str, ...] = ()
    callers: bool = False
    readers: bool = False
    feature: bool = False
    why: str = ""
    old: Node | None = None
    new: Node | None = None
    others: tuple[tuple[str, ...], ...] = ()
    rated: tuple[str, ...] = ()

    @property
    def breaking(self) -> bool:
        """Somebody's code may break."""
        return self.callers or self.readers

    @property
    def level(self) -> Level:
        """The version bump that it requires."""
        if self.breaking:
            return "breaking"
        return "feature" if self.feature else "fix"


@dataclass(frozen=True)
class Aspect:
    """One aspect of an entry that differs: its old and its new value, and the two entries."""

    name: str
    before: Any
    after: Any
    old: SnapshotEntry
    new: SnapshotEntry

    def change(
        self,
        detail: str,
        *,
        callers: bool = False,
        readers: bool = False,
        feature: bool = False,
        why: str = "",
    ) -> Change:
        """The change of this aspect."""
        old, new = self.old, self.new
        return Change(
            old.kind,
            "retyped" if self.name in _RETYPED else "changed",
            new.name,
            detail,
            own_names(old, new) if self.name == "python" else new.python,
            callers,
            readers,
            feature,
            why if callers or readers else "",
            old=old.node,
            new=new.node,
            others=(*old.others, *new.others),
        )

    def arrow(self, word: str = "") -> str:
        """The old and the new value in words; of tables the rows that changed."""
        before, after = self.before, self.after
        if is_object(before) and is_object(after):
            before, after = (
                {key: item for key, item in table.items() if other.get(key) != item}
                for table, other in ((before, after), (after, before))
            )
        return f"{word or self.name}: {_text(before)} → {_text(after)}"

    def rows(self, kept: Callable[[str], bool]) -> Aspect:
        """Of an aspect that is a table: the rows that belong to something that both descriptions have."""
        before, after = (
            {name: row for name, row in table.items() if kept(name)} for table in (self.before, self.after)
        )
        return replace(self, before=before, after=after)

    @property
    def loses_rows(self) -> bool:
        """Of an aspect that is a table: whether a row is gone, or has another value."""
        return any(self.after.get(name) != value for name, value in self.before.items())


Rule: TypeAlias = Callable[[Aspect], Change | None]
"""From an aspect that differs to the change; None where another aspect reports it."""


def own_names(old: SnapshotEntry, new: SnapshotEntry) -> tuple[str, ...]:
    """The Python names of both that contain the entry's own name: for an operation its method under `client.api`."""
    names = (
        name
        for entry in (old, new)
        for name in (entry.python[-1:] if entry.kind == "operation" else entry.python)
    )
    return tuple(dict.fromkeys(names))


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


def reported_elsewhere(aspect: Aspect) -> None:
    """The rule for an aspect that changes with another one, which is reported."""


def breaks_callers(why: str, word: str = "") -> Rule:
    """The rule for an aspect of requests whose every change breaks the code that makes them."""
    return lambda aspect: aspect.change(aspect.arrow(word), callers=True, why=why)


def breaks_readers(why: str, word: str = "") -> Rule:
    """The rule for an aspect of answers whose every change breaks the code that reads them."""
    return lambda aspect: aspect.change(aspect.arrow(word), readers=True, why=why)


def breaks_callers_if(broken: Callable[[Aspect], bool], why: str, word: str = "") -> Rule:
    """The rule for an aspect of requests whose change either breaks the code that makes them or is an offer to it."""

    def rule(aspect: Aspect) -> Change:
        callers = broken(aspect)
        return aspect.change(aspect.arrow(word), callers=callers, feature=not callers, why=why)

    return rule


def switched(on: str, off: str, why: str = "", *, breaks: bool | None = None) -> Rule:
    """The rule for a flag, with the words for each direction; `breaks` is the value that breaks the code of callers."""

    def rule(aspect: Aspect) -> Change:
        broken = breaks is not None and bool(aspect.after) == breaks
        callers = broken and aspect.old.sent
        return aspect.change(on if aspect.after else off, callers=callers, feature=not broken, why=why)

    return rule


def may_only_grow(why: str, word: str, *, readers: bool = False) -> Rule:
    """The rule for a set of names: what is removed breaks the code of callers, or that of readers."""

    def rule(aspect: Aspect) -> Change | None:
        before, after = set(aspect.before), set(aspect.after)
        if before == after:
            return None  # another order, which another aspect reports
        gone = not before <= after
        return aspect.change(
            aspect.arrow(word),
            callers=gone and not readers,
            readers=gone and readers,
            feature=not gone,
            why=why,
        )

    return rule


def rows_may_be_added(why: str, word: str) -> Rule:
    """The rule for a table that answers are read by: rows that are gone or have another value break readers."""

    def rule(aspect: Aspect) -> Change:
        changed = aspect.loses_rows
        readers = changed and (aspect.old.received or aspect.new.received)
        return aspect.change(aspect.arrow(word), readers=readers, feature=not changed, why=why)

    return rule
