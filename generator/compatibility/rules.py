"""The effect of a change of one aspect: a type, whether it is required, its limits, its default ..."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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


def classify(old: SnapshotEntry, new: SnapshotEntry, classes: Mapping[str, str]) -> Iterator[AspectChange]:
    """The change of each aspect that differs. `classes`: new names of models, by old name."""
    for aspect in dict.fromkeys([*old.facts, *new.facts]):
        before, after = old.facts.get(aspect), new.facts.get(aspect)
        if aspect in ("type", "written", "result"):
            before = tuple(_renamed(piece, classes) for piece in before or ())
            after = tuple(after or ())
        if before != after:
            change = _RULES.get(aspect, _no_rule)(aspect, before, after, old, new)
            if change is not None:
                yield change


def _renamed(piece: str, classes: Mapping[str, str]) -> str:
    for old, new in classes.items():
        piece = re.sub(rf"\b{re.escape(old)}(?=\b|Param\b)", new, piece)
    return piece


def _arrow(aspect: str, before: Any, after: Any) -> str:
    return f"{aspect}: {_text(before)} → {_text(after)}"


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


def _no_rule(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    return AspectChange(aspect, _arrow(aspect, before, after))


def _is_superset(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    """Whether `wide` accepts every member of `narrow`."""
    return "Any" in wide or all(piece in wide or (piece == "int" and "float" in wide) for piece in narrow)


def _read(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    """The type of an attribute: fewer members are fine for readers, new ones are not."""
    detail = _arrow("reads as", before, after)
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
    detail = _arrow("takes", before, after)
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
    return AspectChange(aspect, detail, feature=new.sent)  # readers: the type now has `| None`


def _nullable(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    return None  # reported as a change of type


def _bounds(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = _arrow("limits", before or {}, after or {})
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
        _arrow("Python name", before, after),
        callers=old.sent,
        readers=old.received and old.kind == "field",
        why="the old name is removed",
    )


def _security(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = _arrow("credentials", before, after)
    if not after or (before and set(before) <= set(after)):
        return AspectChange(aspect, detail, feature=True)
    why = "calls without credentials are refused" if not before else "the credentials in use are refused"
    return AspectChange(aspect, detail, callers=True, why=why)


def _stream(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    if after:
        return AspectChange(aspect, "can now be streamed", feature=True)
    return AspectChange(aspect, "can no longer be streamed", callers=True, why="`stream=True` is refused")


def _media_types(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange:
    detail = _arrow("request media types", before, after)
    if not set(before) <= set(after):
        return AspectChange(
            aspect, detail, callers=True, why="`content_type=` no longer accepts what was removed"
        )
    return AspectChange(aspect, detail, feature=True)


def _body_required(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange:
    detail = "body: optional → required" if after else "body: required → optional"
    return AspectChange(aspect, detail, callers=bool(after), feature=not after, why="a body has to be given")


def _deprecated(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    return AspectChange(aspect, "deprecated now" if after else "no longer deprecated", feature=True)


def _scheme(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = _arrow("scheme", before, after)
    return AspectChange(aspect, detail, callers=True, why="credentials travel in another way")


def _closed(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = "no longer accepts unknown keys" if after else "now accepts unknown keys"
    broken = bool(after) and old.sent
    return AspectChange(aspect, detail, callers=broken, feature=not after, why="unknown keys are refused")


def _kind(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    why = "it cannot be built or read as before"
    return AspectChange(aspect, _arrow("is", before, after), old.sent, old.received, why=why)


def _open(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    if after:
        return AspectChange(aspect, "other values may be sent", feature=True)
    why = "values that are not listed are refused before sending"
    return AspectChange(aspect, "no other values may be sent", callers=old.sent, why=why)


def _positional(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = _arrow("arguments by position", before, after)
    if after[: len(before)] == before:
        return AspectChange(aspect, detail, feature=True)
    return AspectChange(aspect, detail, callers=True, why="positional arguments change their meaning")


def _renaming(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    return AspectChange(
        aspect, _arrow("keywords", before, after), callers=True, why="a keyword has another name"
    )


def _defaults(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    why = "the same call requests something else"
    return AspectChange(aspect, _arrow(aspect, before, after), callers=True, why=why)


def _exception(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    if aspect == "ancestors":
        return None  # reported with `exception`
    detail = _arrow("raises", before, after)
    if before in new.facts["ancestors"]:
        return AspectChange(aspect, detail, feature=True)
    return AspectChange(aspect, detail, readers=True, why=f"`except {before}` no longer catches it")


def _parent(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    why = f"`except {before}` may no longer catch it"
    return AspectChange(aspect, _arrow("parent", before, after), readers=True, why=why)


def _attributes(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = _arrow("attributes", before, after)
    gone = not set(before) <= set(after)
    return AspectChange(aspect, detail, readers=gone, feature=not gone, why="an attribute is removed")


def _urls(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    return AspectChange(aspect, _arrow("URLs", before, after), feature=True)


def _error_statuses(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange:
    detail = _arrow("errors by status", before or {}, after or {})
    now: dict[Any, Any] = after or {}
    errors: dict[Any, Any] = before or {}
    changed = [status for status, name in errors.items() if now.get(status) != name]
    why = "another exception is raised in its place"
    return AspectChange(aspect, detail, readers=bool(changed), feature=not changed, why=why)


def _poll(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = _arrow("states of the job", before, after)
    lost = any(set(before[key].split(", ")) - set((after.get(key) or "").split(", ")) for key in before)
    return AspectChange(
        aspect, detail, readers=lost, feature=not lost, why="code that waits for a state misses it"
    )


def _stream_end(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    if not before or not after:
        return None  # reported as `stream`
    why = "clients that expect the old end report an interrupted stream"
    return AspectChange(aspect, _arrow("stream ends with", before, after), readers=True, why=why)


def _servers(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    why = "requests are sent to another server; a URL that replaces the old one is not used"
    detail = _arrow("servers", before or [], after or [])
    kept = set(before or []) <= set(after or []) and bool(before)
    return AspectChange(aspect, detail, callers=not kept, feature=kept, why=why)


def _encodings(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    why = "fields are sent in another form, which an older server does not read"
    return AspectChange(aspect, _arrow("encodings", before or {}, after or {}), callers=True, why=why)


def _default_media_type(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    if before is None or after is None or before not in new.facts["media types"]:
        return None  # reported as `media types`
    why = "calls without `content_type=` send another media type"
    return AspectChange(aspect, _arrow(aspect, before, after), callers=True, why=why)


def _failures(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = _arrow("documented failures", before, after)
    return AspectChange(aspect, detail, feature=set(before) < set(after))


def _discriminator(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange:
    detail = _arrow("discriminator", before or {}, after or {})
    now: dict[str, Any] = after or {}
    classes: dict[str, Any] = before or {}
    changed = [value for value, name in classes.items() if now.get(value) != name]
    why = "values are read as another class"
    readers = bool(changed) and (old.received or new.received)
    return AspectChange(aspect, detail, readers=readers, feature=not changed, why=why)


_RULES: dict[str, Callable[[str, Any, Any, SnapshotEntry, SnapshotEntry], AspectChange | None]] = {
    "type": _read,
    "result": _read,
    "written": _written,
    "required": _required,
    "nullable": _nullable,
    "bounds": _bounds,
    "python": _python,
    "security": _security,
    "stream": _stream,
    "media types": _media_types,
    "body required": _body_required,
    "deprecated": _deprecated,
    "scheme": _scheme,
    "closed": _closed,
    "kind": _kind,
    "open": _open,
    "positional": _positional,
    "renamed": _renaming,
    "defaults": _defaults,
    "sent by default": _defaults,
    "exception": _exception,
    "ancestors": _exception,
    "parent": _parent,
    "attributes": _attributes,
    "urls": _urls,
    "servers": _servers,
    "error statuses": _error_statuses,
    "poll": _poll,
    "stream end": _stream_end,
    "encodings": _encodings,
    "default media type": _default_media_type,
    "failures": _failures,
    "discriminator": _discriminator,
}

__all__ = ["AspectChange", "classify"]
