"""What it means that one aspect of a thing changed: a type, whether it is required, its limits, its default ..."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..source.json_types import is_array, is_object, is_tuple
from .snapshot import Entry


@dataclass(frozen=True)
class Verdict:
    """What changed about a thing, whom it breaks, and why."""

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


def judge(old: Entry, new: Entry, classes: Mapping[str, str]) -> Iterator[Verdict]:
    """A verdict for each aspect that differs. `classes`: new names of models, by old name."""
    for aspect in dict.fromkeys([*old.facts, *new.facts]):
        before, after = old.facts.get(aspect), new.facts.get(aspect)
        if aspect in ("type", "written", "result"):
            before = tuple(_renamed(piece, classes) for piece in before or ())
            after = tuple(after or ())
        if before != after:
            verdict = _RULES.get(aspect, _unremarkable)(aspect, before, after, old, new)
            if verdict is not None:
                yield verdict


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


def _unremarkable(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    return Verdict(aspect, _arrow(aspect, before, after))


def _covers(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    """Whether every member of `narrow` is welcome in `wide`."""
    return "Any" in wide or all(piece in wide or (piece == "int" and "float" in wide) for piece in narrow)


def _read(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict | None:
    """What an attribute gives: readers can do without members, not with new ones."""
    detail = _arrow("reads as", before, after)
    if not (old.received or new.received):
        return None if old.sent else Verdict(aspect, detail)
    if _covers(before, after) and "Any" not in before:
        return Verdict(aspect, detail, feature=True)
    return Verdict(
        aspect, detail, readers=True, why="code that reads it meets a type that it does not expect"
    )


def _written(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict | None:
    """What an argument takes: callers can do with new members, not without old ones."""
    if not before or not after:
        return None  # it became, or ceased to be, a part of requests: other aspects say so
    detail = _arrow("takes", before, after)
    if _covers(after, before):
        return Verdict(aspect, detail, feature=True)
    return Verdict(aspect, detail, callers=True, why="values that were fine are refused")


def _required(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict | None:
    detail = "optional → required" if after else "required → optional"
    if after:
        if new.sent:
            return Verdict(aspect, detail, callers=True, why="requests that do not give it are refused")
        return Verdict(aspect, detail)
    return Verdict(aspect, detail, feature=new.sent)  # readers: the type says `| None` from now on


def _nullable(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict | None:
    return None  # the types say it


def _bounds(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    detail = _arrow("limits", before or {}, after or {})
    if new.sent and _tighter(before or {}, after or {}):
        return Verdict(aspect, detail, callers=True, why="values that were fine are refused before sending")
    return Verdict(aspect, detail, feature=new.sent)


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


def _python(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    return Verdict(
        aspect,
        _arrow("Python name", before, after),
        callers=old.sent,
        readers=old.received and old.kind == "field",
        why="the old name is gone",
    )


def _security(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    detail = _arrow("credentials", before, after)
    if not after or (before and set(before) <= set(after)):
        return Verdict(aspect, detail, feature=True)
    why = "calls without credentials are refused" if not before else "the credentials in use are refused"
    return Verdict(aspect, detail, callers=True, why=why)


def _stream(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    if after:
        return Verdict(aspect, "can be streamed now", feature=True)
    return Verdict(aspect, "can not be streamed any more", callers=True, why="`stream=True` is refused")


def _media_types(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    detail = _arrow("request media types", before, after)
    if not set(before) <= set(after):
        return Verdict(aspect, detail, callers=True, why="`content_type=` no longer takes what is gone")
    return Verdict(aspect, detail, feature=True)


def _body_required(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    detail = "body: optional → required" if after else "body: required → optional"
    return Verdict(aspect, detail, callers=bool(after), feature=not after, why="a body has to be given")


def _deprecated(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    return Verdict(aspect, "deprecated now" if after else "no longer deprecated", feature=True)


def _scheme(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    detail = _arrow("scheme", before, after)
    return Verdict(aspect, detail, callers=True, why="credentials travel in another way")


def _closed(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    detail = "takes no unknown keys any more" if after else "takes unknown keys now"
    broken = bool(after) and old.sent
    return Verdict(aspect, detail, callers=broken, feature=not after, why="unknown keys are refused")


def _kind(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    why = "it can not be built or read as before"
    return Verdict(aspect, _arrow("is", before, after), old.sent, old.received, why=why)


def _open(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    if after:
        return Verdict(aspect, "others may be sent beside it", feature=True)
    why = "values beside the listed ones are refused before sending"
    return Verdict(aspect, "no others may be sent", callers=old.sent, why=why)


def _positional(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    detail = _arrow("arguments by position", before, after)
    if after[: len(before)] == before:
        return Verdict(aspect, detail, feature=True)
    return Verdict(aspect, detail, callers=True, why="arguments given by position mean something else")


def _renaming(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    return Verdict(aspect, _arrow("keywords", before, after), callers=True, why="a keyword has another name")


def _defaults(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    why = "the same call asks for something else"
    return Verdict(aspect, _arrow(aspect, before, after), callers=True, why=why)


def _exception(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict | None:
    if aspect == "ancestors":
        return None  # judged with `exception`
    detail = _arrow("raises", before, after)
    if before in new.facts["ancestors"]:
        return Verdict(aspect, detail, feature=True)
    return Verdict(aspect, detail, readers=True, why=f"`except {before}` does not catch it any more")


def _parent(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    why = f"`except {before}` may not catch it any more"
    return Verdict(aspect, _arrow("parent", before, after), readers=True, why=why)


def _attributes(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    detail = _arrow("attributes", before, after)
    gone = not set(before) <= set(after)
    return Verdict(aspect, detail, readers=gone, feature=not gone, why="an attribute is gone")


def _urls(aspect: str, before: Any, after: Any, old: Entry, new: Entry) -> Verdict:
    return Verdict(aspect, _arrow("URLs", before, after), feature=True)


_RULES: dict[str, Callable[[str, Any, Any, Entry, Entry], Verdict | None]] = {
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
}

__all__ = ["Verdict", "judge"]
