"""The effect of a change of one aspect: a type, whether it is required, its limits, its default ..."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .entry import SnapshotEntry
from .rules_of_operations import OPERATION_RULES, AspectChange, Rule, arrow, breaks_callers


def classify(old: SnapshotEntry, new: SnapshotEntry, classes: Mapping[str, str]) -> Iterator[AspectChange]:
    """The change of each aspect that differs. `classes`: new names of models, by old name."""
    for aspect in dict.fromkeys([*old.facts, *new.facts]):
        before, after = old.facts.get(aspect), new.facts.get(aspect)
        if aspect in ("type", "written", "result"):
            before = tuple(_renamed(piece, classes) for piece in before or ())
            after = tuple(after or ())
        elif aspect in ("bodies of failures", "discriminator", "patterns"):
            table: dict[str, str] = before or {}
            before = {key: _renamed(name, classes) for key, name in table.items()}
            after = dict[str, str](after or {})
        if before != after:
            change = _RULES.get(aspect, _no_rule)(aspect, before, after, old, new)
            if change is not None:
                yield change


def _renamed(piece: str, classes: Mapping[str, str]) -> str:
    for old, new in classes.items():
        piece = re.sub(rf"\b{re.escape(old)}(?=\b|Param\b)", new, piece)
    return piece


def _no_rule(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    return AspectChange(aspect, arrow(aspect, before, after))


def _is_superset(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    """Whether `wide` accepts every member of `narrow`."""
    return "Any" in wide or all(piece in wide or (piece == "int" and "float" in wide) for piece in narrow)


def _read(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    """The type of an attribute: fewer members are fine for readers, new ones are not."""
    detail = arrow("reads as", before, after)
    if not (old.received or new.received):
        return None if old.sent else AspectChange(aspect, detail)
    if _is_superset(before, after) and "Any" not in before:
        return AspectChange(aspect, detail, feature=True)
    return AspectChange(aspect, detail, readers=True, why="code that reads it may receive an unexpected type")


def _written(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    """The type of an argument: new members are fine for callers, fewer are not."""
    if not before or not after:
        return None  # it joined or left requests: other aspects report that
    detail = arrow("takes", before, after)
    if _is_superset(after, before):
        return AspectChange(aspect, detail, feature=True)
    return AspectChange(aspect, detail, callers=True, why="values that were accepted are refused")


def _required(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    detail = "optional → required" if after else "required → optional"
    if after:
        if new.sent:
            return AspectChange(aspect, detail, callers=True, why="requests without it are refused")
        return AspectChange(aspect, detail)
    if not new.sent and old.facts.get("type") != new.facts.get("type"):
        return None  # readers: reported as a change of type, which has `| None` now
    return AspectChange(aspect, detail, feature=new.sent)


def _nullable(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    return None  # reported as a change of type


def _bounds(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = arrow("limits", before or {}, after or {})
    if new.sent and _tighter(before or {}, after or {}):
        return AspectChange(
            aspect, detail, callers=True, why="values that were accepted are refused before sending"
        )
    return AspectChange(aspect, detail, feature=new.sent)


def _tighter(before: dict[str, Any], after: dict[str, Any]) -> bool:
    for name, limit in after.items():
        if name not in before:
            return True
        old = before[name]
        if old == limit:
            continue
        if not isinstance(limit, (int, float)) or not isinstance(old, (int, float)):
            return True
        grew = limit > old
        upper = name.startswith(("max", "exclusive_max"))
        if name == "multiple_of" or grew != upper:
            return True
    return False


def _python(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    return AspectChange(
        aspect,
        arrow("Python name", before, after),
        callers=old.sent,
        readers=old.received and old.kind == "field",
        why="the old name is removed",
    )


def _deprecated(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    return AspectChange(aspect, "deprecated now" if after else "no longer deprecated", feature=True)


def _closed(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = "no longer accepts unknown keys" if after else "now accepts unknown keys"
    broken = bool(after) and old.sent
    return AspectChange(aspect, detail, callers=broken, feature=not after, why="unknown keys are refused")


def _kind(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    why = "it cannot be built or read as before"
    return AspectChange(aspect, arrow("is", before, after), old.sent, old.received, why=why)


def _open(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    if after:
        return AspectChange(aspect, "other values may be sent", feature=True)
    why = "values that are not listed are refused before sending"
    return AspectChange(aspect, "no other values may be sent", callers=old.sent, why=why)


def _exception(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    if aspect == "ancestors":
        return None  # reported with `exception`
    detail = arrow("raises", before, after)
    if before in new.facts["ancestors"]:
        return AspectChange(aspect, detail, feature=True)
    return AspectChange(aspect, detail, readers=True, why=f"`except {before}` no longer catches it")


def _attributes(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = arrow("attributes", before, after)
    gone = not set(before) <= set(after)
    return AspectChange(aspect, detail, readers=gone, feature=not gone, why="an attribute is removed")


def _parent(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    why = f"`except {before}` may no longer catch it"
    return AspectChange(aspect, arrow("parent", before, after), readers=True, why=why)


def _limit(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = arrow(aspect, before or {}, after or {})
    old_sizes: dict[str, int] = before or {}
    sizes: dict[str, int] = after or {}
    lower = any(old_sizes.get(name, limit + 1) > limit for name, limit in sizes.items())
    why = "files that were accepted are refused"
    return AspectChange(aspect, detail, callers=lower, feature=not lower, why=why)


def _discriminator(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange:
    detail = arrow("discriminator", before or {}, after or {})
    now: dict[str, Any] = after or {}
    classes: dict[str, Any] = before or {}
    changed = [value for value, name in classes.items() if now.get(value) != name]
    why = "values are read as another class"
    readers = bool(changed) and (old.received or new.received)
    return AspectChange(aspect, detail, readers=readers, feature=not changed, why=why)


def _patterns(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    types: dict[str, str] = before or {}
    now: dict[str, str] = after or {}
    changed = any(now.get(pattern) != kind for pattern, kind in types.items())
    why = "keys that matched have values of another type, or are refused"
    detail = arrow("patterns of keys", types, now)
    sent, received = old.sent and new.sent, old.received and new.received
    return AspectChange(aspect, detail, changed and sent, changed and received, not changed, why)


_RULES: dict[str, Rule] = {
    "type": _read,
    "result": _read,
    "written": _written,
    "required": _required,
    "nullable": _nullable,
    "bounds": _bounds,
    "python": _python,
    "deprecated": _deprecated,
    "closed": _closed,
    "kind": _kind,
    "open": _open,
    "sent by default": breaks_callers("the same call requests something else"),
    "exception": _exception,
    "ancestors": _exception,
    "parent": _parent,
    "attributes": _attributes,
    "discriminator": _discriminator,
    "sizes": _limit,
    "patterns": _patterns,
    **OPERATION_RULES,
}

__all__ = ["AspectChange", "classify"]
