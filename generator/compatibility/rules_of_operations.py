"""The effect of a change of one aspect of an operation: credentials, servers, streams, encodings ..."""

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


def arrow(aspect: str, before: Any, after: Any) -> str:
    """The old and the new value in words; of tables the rows that changed."""
    if is_object(before) and is_object(after):
        before, after = (
            {key: item for key, item in table.items() if other.get(key) != item}
            for table, other in ((before, after), (after, before))
        )
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


def breaks_callers(
    why: str, word: str = ""
) -> Callable[[str, Any, Any, SnapshotEntry, SnapshotEntry], AspectChange]:
    """The rule for an aspect of requests whose every change breaks the code that makes them."""

    def rule(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
        return AspectChange(aspect, arrow(word or aspect, before, after), callers=True, why=why)

    return rule


def _security(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = arrow("credentials", before, after)
    if all(any(needed <= held for needed in _alternatives(after)) for held in _alternatives(before)):
        return AspectChange(aspect, detail, feature=True)
    why = "calls without credentials are refused" if not before else "the credentials in use are refused"
    return AspectChange(aspect, detail, callers=True, why=why)


def _scopes(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    """The scopes of schemes that stay; others are reported as credentials."""
    kept = {*_alternative_names(old)} & {*_alternative_names(new)}
    scopes, now = ({name: of for name, of in table.items() if name in kept} for table in (before, after))
    if scopes == now:
        return None
    more = any(set(of.split(", ")) - set(scopes.get(name, "").split(", ")) for name, of in now.items())
    why = "tokens without the scope are refused"
    return AspectChange(aspect, arrow(aspect, scopes, now), callers=more, feature=not more, why=why)


def _alternative_names(entry: SnapshotEntry) -> set[str]:
    return {name for names in _alternatives(entry.facts["security"]) for name in names}


def _alternatives(security: list[str]) -> list[set[str]]:
    """The sets of credentials each of which opens an operation."""
    return [set(names.split(" + ")) - {"none"} for names in security] or [set()]


def _stream(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    if after:
        return AspectChange(aspect, "can now be streamed", feature=True)
    return AspectChange(aspect, "can no longer be streamed", callers=True, why="`stream=True` is refused")


def _stream_argument(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    if not (old.facts["stream"] and new.facts["stream"]):
        return None  # reported as `stream`
    why = "what asked for a stream asks for none"
    return AspectChange(
        aspect, arrow("asks for a stream", before or "always", after or "always"), callers=True, why=why
    )


def _encodings(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    """The encodings of media types that stay; others are reported as `media types`."""
    kept = {*old.facts["media types"]} & {*new.facts["media types"]}
    rows, now = (
        {name: form for name, form in table.items() if any(name.startswith(f"{media} ") for media in kept)}
        for table in (before, after)
    )
    if rows == now:
        return None
    why = "fields are sent in another form, which an older server does not read"
    return AspectChange(aspect, arrow(aspect, rows, now), callers=True, why=why)


def _webhook(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    why = "code that reads its body receives another form"
    return AspectChange(aspect, arrow("sent as", before, after), readers=True, why=why)


def _media_types(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    if set(before) == set(after):
        return None  # another order: reported as `default media type`
    detail = arrow("request media types", before, after)
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


def _positional(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = arrow("arguments by position", before, after)
    if after[: len(before)] == before:
        return AspectChange(aspect, detail, feature=True)
    return AspectChange(aspect, detail, callers=True, why="positional arguments change their meaning")


def _extra(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    gone = not set(before) <= set(after)
    detail = arrow("arguments beside those of the request", before, after)
    return AspectChange(aspect, detail, callers=gone, feature=not gone, why="an argument is removed")


def _urls(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    return AspectChange(aspect, arrow("URLs", before, after), feature=True)


def _error_statuses(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange:
    detail = arrow("errors by status", before or {}, after or {})
    now: dict[Any, Any] = after or {}
    errors: dict[Any, Any] = before or {}
    changed = [status for status, name in errors.items() if now.get(status) != name]
    why = "another exception is raised in its place"
    return AspectChange(aspect, detail, readers=bool(changed), feature=not changed, why=why)


def _poll(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = arrow("states of the job", before, after)
    states = [key for key in before if key not in ("interval", "deadline")]
    lost = any(set(before[key].split(", ")) - set((after.get(key) or "").split(", ")) for key in states)
    grown = not lost and any(before[key] != after.get(key) for key in states)
    return AspectChange(
        aspect, detail, readers=lost, feature=grown, why="code that waits for a state misses it"
    )


def _stream_end(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    if not before or not after:
        return None  # reported as `stream`
    why = "clients that expect the old end report an interrupted stream"
    return AspectChange(aspect, arrow("stream ends with", before, after), readers=True, why=why)


def _servers(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    why = "requests are sent to another server; a URL that replaces the old one is not used"
    detail = arrow("servers", before or [], after or [])
    kept = set(before or []) <= set(after or []) and bool(before)
    return AspectChange(aspect, detail, callers=not kept, feature=kept, why=why)


def _default_media_type(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    if before is None or after is None or before not in new.facts["media types"]:
        return None  # reported as `media types`
    why = "calls without `content_type=` send another media type"
    return AspectChange(aspect, arrow(aspect, before, after), callers=True, why=why)


def _failures(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    detail = arrow("documented failures", before, after)
    return AspectChange(aspect, detail, feature=set(before) < set(after))


def _statuses(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> None:
    return None  # reported as answers and as `failures`


def _types_by_status(
    aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry
) -> AspectChange | None:
    """Types of headers and of the bodies of failures, for statuses that stay."""
    kept = set(old.facts["statuses"]) & set(new.facts["statuses"])
    types, now = (
        {name: kind for name, kind in table.items() if name.partition(" ")[0] in kept}
        for table in (before, after)
    )
    if types == now:
        return None
    changed = [name for name, kind in types.items() if now.get(name) != kind]
    why = "code that reads them receives another type, or nothing"
    return AspectChange(
        aspect, arrow(aspect, types, now), readers=bool(changed), feature=not changed, why=why
    )


def _variables(aspect: str, before: Any, after: Any, old: SnapshotEntry, new: SnapshotEntry) -> AspectChange:
    """The values that the variables of URLs may have; none listed means any."""
    lost = any(
        name not in after or (after[name] and not (allowed and set(allowed) <= set(after[name])))
        for name, allowed in before.items()
    )
    why = "a value of `server_variables` is refused"
    return AspectChange(aspect, arrow(aspect, before, after), callers=lost, feature=not lost, why=why)


Rule: TypeAlias = Callable[[str, Any, Any, SnapshotEntry, SnapshotEntry], AspectChange | None]
"""From an aspect, its old and its new value, and the two entries, to the change."""

OPERATION_RULES: dict[str, Rule] = {
    "security": _security,
    "scopes": _scopes,
    "stream": _stream,
    "stream argument": _stream_argument,
    "webhook": _webhook,
    "media types": _media_types,
    "body required": _body_required,
    "scheme": breaks_callers("credentials travel in another way"),
    "positional": _positional,
    "renamed": breaks_callers("a keyword has another name", "keywords"),
    "defaults": breaks_callers("the same call requests something else"),
    "urls": _urls,
    "variables": _variables,
    "servers": _servers,
    "error statuses": _error_statuses,
    "poll": _poll,
    "stream end": _stream_end,
    "encodings": _encodings,
    "default media type": _default_media_type,
    "failures": _failures,
    "bodies of failures": _types_by_status,
    "headers of answers": _types_by_status,
    "statuses": _statuses,
    "style": breaks_callers(
        "values are sent in another form, which an older server does not read", "sent as"
    ),
    "extra": _extra,
}

__all__ = ["OPERATION_RULES", "AspectChange", "Rule", "arrow", "breaks_callers"]
