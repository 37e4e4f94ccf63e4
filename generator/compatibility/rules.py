"""The effect of a change of each aspect: a type, its limits, its default, credentials, streams ..."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .aspects import (
    Aspect,
    Change,
    Rule,
    breaks_callers,
    breaks_callers_if,
    breaks_readers,
    may_only_grow,
    reported_elsewhere,
    rows_may_be_added,
    switched,
)
from .entry import SnapshotEntry


def differing(old: SnapshotEntry, new: SnapshotEntry, classes: Mapping[str, str]) -> Iterator[Aspect]:
    """Each aspect that differs. `classes`: new names of models, by old name."""
    for name in dict.fromkeys([*old.facts, *new.facts]):
        before, after = old.facts.get(name), new.facts.get(name)
        if name in ("type", "written", "result"):
            before = tuple(_renamed(piece, classes) for piece in before or ())
            after = tuple(after or ())
        elif name in ("bodies of failures", "discriminator", "patterns"):
            table: dict[str, str] = before or {}
            before = {key: _renamed(kind, classes) for key, kind in table.items()}
            after = dict[str, str](after or {})
        if before != after:
            yield Aspect(name, before, after, old, new)


def _renamed(piece: str, classes: Mapping[str, str]) -> str:
    for old, new in classes.items():
        piece = re.sub(rf"\b{re.escape(old)}(?=\b|Param\b)", new, piece)
    return piece


def effect_of(aspect: Aspect) -> Change | None:
    """What the change of an aspect means for users; None where another aspect reports it."""
    rule = _RULES.get(aspect.name)
    return rule(aspect) if rule is not None else aspect.change(aspect.arrow())


# ── arguments, fields and classes ────────────────────────────────────────────────────────────────────────────────────


def _is_superset(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    """Whether `wide` accepts every member of `narrow`."""
    return "Any" in wide or all(piece in wide or (piece == "int" and "float" in wide) for piece in narrow)


def _read(aspect: Aspect) -> Change | None:
    """The type of an attribute: fewer members are fine for readers, new ones are not."""
    detail = aspect.arrow("reads as")
    if not (aspect.old.received or aspect.new.received):
        return None if aspect.old.sent else aspect.change(detail)
    if _is_superset(aspect.before, aspect.after) and "Any" not in aspect.before:
        return aspect.change(detail, feature=True)
    return aspect.change(detail, readers=True, why="code that reads it may receive an unexpected type")


def _written(aspect: Aspect) -> Change | None:
    """The type of an argument: new members are fine for callers, fewer are not."""
    if not aspect.before or not aspect.after:
        return None  # it joined or left requests: other aspects report that
    if _is_superset(aspect.after, aspect.before):
        return aspect.change(aspect.arrow("takes"), feature=True)
    return aspect.change(aspect.arrow("takes"), callers=True, why="values that were accepted are refused")


def _required(aspect: Aspect) -> Change | None:
    sent = aspect.new.sent
    if aspect.after:
        return aspect.change("optional → required", callers=sent, why="requests without it are refused")
    if not sent and aspect.old.facts.get("type") != aspect.new.facts.get("type"):
        return None  # readers: reported as a change of type, which has `| None` now
    return aspect.change("required → optional", feature=sent)


def _bounds(aspect: Aspect) -> Change:
    sent = aspect.new.sent
    tighter = sent and _tighter(aspect.before, aspect.after)
    why = "values that were accepted are refused before sending"
    return aspect.change(aspect.arrow("limits"), callers=tighter, feature=sent and not tighter, why=why)


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


def _python(aspect: Aspect) -> Change:
    readers = aspect.old.received and aspect.old.kind == "field"
    detail = aspect.arrow("Python name")
    return aspect.change(detail, callers=aspect.old.sent, readers=readers, why="the old name is removed")


def _kind(aspect: Aspect) -> Change:
    old, why = aspect.old, "it cannot be built or read as before"
    return aspect.change(aspect.arrow("is"), callers=old.sent, readers=old.received, why=why)


def _exception(aspect: Aspect) -> Change:
    caught = aspect.before in aspect.new.facts["ancestors"]
    why = f"`except {aspect.before}` no longer catches it"
    return aspect.change(aspect.arrow("raises"), readers=not caught, feature=caught, why=why)


def _parent(aspect: Aspect) -> Change:
    why = f"`except {aspect.before}` may no longer catch it"
    return aspect.change(aspect.arrow("parent"), readers=True, why=why)


def _lowers_sizes(aspect: Aspect) -> bool:
    return any(aspect.before.get(name, limit + 1) > limit for name, limit in aspect.after.items())


def _patterns(aspect: Aspect) -> Change:
    changed, old, new = aspect.loses_rows, aspect.old, aspect.new
    return aspect.change(
        aspect.arrow("patterns of keys"),
        callers=changed and old.sent and new.sent,
        readers=changed and old.received and new.received,
        feature=not changed,
        why="keys that matched have values of another type, or are refused",
    )


# ── operations ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _security(aspect: Aspect) -> Change:
    before, after = _alternatives(aspect.before), _alternatives(aspect.after)
    enough = all(any(needed <= held for needed in after) for held in before)
    why = "the credentials in use are refused" if aspect.before else "calls without credentials are refused"
    return aspect.change(aspect.arrow("credentials"), callers=not enough, feature=enough, why=why)


def _alternatives(security: list[str]) -> list[set[str]]:
    """The sets of credentials each of which opens an operation."""
    return [set(names.split(" + ")) - {"none"} for names in security] or [set()]


def _schemes(entry: SnapshotEntry) -> set[str]:
    return set[str]().union(*_alternatives(entry.facts["security"]))


def _scopes(aspect: Aspect) -> Change | None:
    """The scopes of schemes that stay; others are reported as credentials."""
    both = _schemes(aspect.old) & _schemes(aspect.new)
    kept = aspect.rows(lambda scheme: scheme in both)
    if kept.before == kept.after:
        return None
    asks_more = breaks_callers_if(
        lambda scopes: any(
            set(now.split(", ")) - set(scopes.before.get(name, "").split(", "))
            for name, now in scopes.after.items()
        ),
        "tokens without the scope are refused",
    )
    return asks_more(kept)


def _stream_argument(aspect: Aspect) -> Change | None:
    if not (aspect.old.facts["stream"] and aspect.new.facts["stream"]):
        return None  # reported as `stream`
    shown = replace(aspect, before=aspect.before or "always", after=aspect.after or "always")
    return breaks_callers("what asked for a stream asks for none", "asks for a stream")(shown)


def _stream_end(aspect: Aspect) -> Change | None:
    if not aspect.before or not aspect.after:
        return None  # reported as `stream`
    why = "clients that expect the old end report an interrupted stream"
    return aspect.change(aspect.arrow("stream ends with"), readers=True, why=why)


def _encodings(aspect: Aspect) -> Change | None:
    """The encodings of media types that stay; others are reported as `media types`."""
    both = {*aspect.old.facts["media types"]} & {*aspect.new.facts["media types"]}
    kept = aspect.rows(lambda name: any(name.startswith(f"{media} ") for media in both))
    if kept.before == kept.after:
        return None
    return breaks_callers("fields are sent in another form, which an older server does not read")(kept)


def _default_media_type(aspect: Aspect) -> Change | None:
    if None in (aspect.before, aspect.after) or aspect.before not in aspect.new.facts["media types"]:
        return None  # reported as `media types`
    return aspect.change(
        aspect.arrow(), callers=True, why="calls without `content_type=` send another media type"
    )


def _reorders(aspect: Aspect) -> bool:
    return bool(aspect.after[: len(aspect.before)] != aspect.before)


def _poll(aspect: Aspect) -> Change:
    before, after = aspect.before, aspect.after
    states = [key for key in before if key not in ("interval", "deadline")]
    lost = any(set(before[key].split(", ")) - set((after.get(key) or "").split(", ")) for key in states)
    grown = not lost and any(before[key] != after.get(key) for key in states)
    why = "code that waits for a state misses it"
    return aspect.change(aspect.arrow("states of the job"), readers=lost, feature=grown, why=why)


def _replaces_servers(aspect: Aspect) -> bool:
    return not aspect.before or not set(aspect.before) <= set(aspect.after)


def _loses_variables(aspect: Aspect) -> bool:
    """Whether a variable of URLs has fewer values; none listed means any."""
    after = aspect.after
    return any(
        name not in after or (after[name] and not (allowed and set(allowed) <= set(after[name])))
        for name, allowed in aspect.before.items()
    )


def _failures(aspect: Aspect) -> Change:
    return aspect.change(aspect.arrow("documented failures"), feature=set(aspect.before) < set(aspect.after))


def _types_by_status(aspect: Aspect) -> Change | None:
    """Types of headers and of the bodies of failures, for statuses that stay."""
    both = set(aspect.old.facts["statuses"]) & set(aspect.new.facts["statuses"])
    kept = aspect.rows(lambda name: name.partition(" ")[0] in both)
    if kept.before == kept.after:
        return None
    why = "code that reads them receives another type, or nothing"
    return kept.change(kept.arrow(), readers=kept.loses_rows, feature=not kept.loses_rows, why=why)


_RULES: dict[str, Rule] = {
    "ancestors": reported_elsewhere,  # with `exception`
    "attributes": may_only_grow("an attribute is removed", "attributes", readers=True),
    "bodies of failures": _types_by_status,
    "body required": switched(
        "body: optional → required", "body: required → optional", "a body has to be given", breaks=True
    ),
    "bounds": _bounds,
    "closed": switched(
        "no longer accepts unknown keys", "now accepts unknown keys", "unknown keys are refused", breaks=True
    ),
    "default media type": _default_media_type,
    "defaults": breaks_callers("the same call requests something else"),
    "deprecated": switched("deprecated now", "no longer deprecated"),
    "discriminator": rows_may_be_added("values are read as another class", "discriminator"),
    "encodings": _encodings,
    "error statuses": rows_may_be_added("another exception is raised in its place", "errors by status"),
    "exception": _exception,
    "extra": may_only_grow("an argument is removed", "arguments beside those of the request"),
    "failures": _failures,
    "headers of answers": _types_by_status,
    "kind": _kind,
    "media types": may_only_grow("`content_type=` no longer accepts what was removed", "request media types"),
    "nullable": reported_elsewhere,  # as a change of type
    "open": switched(
        "other values may be sent",
        "no other values may be sent",
        "values that are not listed are refused before sending",
        breaks=False,
    ),
    "parent": _parent,
    "patterns": _patterns,
    "poll": _poll,
    "positional": breaks_callers_if(
        _reorders, "positional arguments change their meaning", "arguments by position"
    ),
    "python": _python,
    "renamed": breaks_callers("a keyword has another name", "keywords"),
    "required": _required,
    "result": _read,
    "scheme": breaks_callers("credentials travel in another way"),
    "scopes": _scopes,
    "security": _security,
    "sent by default": breaks_callers("the same call requests something else"),
    "servers": breaks_callers_if(
        _replaces_servers, "requests are sent to another server; a URL that replaces the old one is not used"
    ),
    "sizes": breaks_callers_if(_lowers_sizes, "files that were accepted are refused"),
    "statuses": reported_elsewhere,  # as answers and as `failures`
    "stream": switched(
        "can now be streamed", "can no longer be streamed", "`stream=True` is refused", breaks=False
    ),
    "stream argument": _stream_argument,
    "stream end": _stream_end,
    "style": breaks_callers(
        "values are sent in another form, which an older server does not read", "sent as"
    ),
    "type": _read,
    "urls": lambda aspect: aspect.change(aspect.arrow("URLs"), feature=True),
    "variables": breaks_callers_if(_loses_variables, "a value of `server_variables` is refused"),
    "webhook": breaks_readers("code that reads its body receives another form", "sent as"),
    "written": _written,
}
