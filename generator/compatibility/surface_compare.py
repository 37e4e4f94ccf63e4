"""What is different between two recorded surfaces, and what of it breaks the code of users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .entry import union_members
from .surface import Surface


@dataclass(frozen=True)
class Difference:
    """One difference: the name, what is different, and why that breaks code (empty where it does not)."""

    path: str
    what: str
    breaks: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.what}{f' ({self.breaks})' if self.breaks else ''}"


def compare_surfaces(old: Surface, new: Surface) -> list[Difference]:
    """Every difference, those that break something first."""
    found: list[Difference] = []
    old = _followed(old, new)
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if after is None:
            owner = path.rpartition(".")[0]
            if owner not in old or owner in new:  # a class that is gone takes its members along
                found.append(Difference(path, "removed", "what uses it fails"))
        elif before is None:
            found.append(Difference(path, "added"))
        elif before != after:
            found.extend(_changed(path, before, after))
    return sorted(found, key=lambda difference: not difference.breaks)


def _followed(old: Surface, new: Surface) -> Surface:
    """The old surface with classes and functions under the paths where they are defined today.

    A public name stays what it is when the module behind it changes: a schema moves to another one when operations of
    another tag begin to use it.
    """
    moves: dict[str, str] = {}
    for name, entry in old.items():
        before, after = entry.get("of"), new.get(name, {}).get("of")
        if before and after and before not in new and after not in moves.values():
            moves.setdefault(before, after)
    followed: Surface = {}
    for path, entry in old.items():
        owner, _, member = path.rpartition(".")
        followed[moves.get(path) or (f"{moves[owner]}.{member}" if owner in moves else path)] = entry
    return followed


def _changed(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    if old["kind"] != new["kind"]:
        yield Difference(path, f"{old['kind']} → {new['kind']}", "it is used in another way")
    elif old["kind"] == "name":
        yield Difference(path, f"{old.get('of')} → {new.get('of')}")  # its target is compared separately
    elif old["kind"] == "class":
        gone = [base for base in old["bases"] if base not in new["bases"]]
        reason = f"no longer a {' or '.join(gone)}" if gone else ""
        yield Difference(path, f"bases: {_listed(old['bases'])} → {_listed(new['bases'])}", reason)
    elif old["kind"] == "attribute":
        yield _type(path, "type", old["type"], new["type"], given=False)
    else:
        if old.get("async") != new.get("async"):
            yield Difference(path, "async" if new.get("async") else "no longer async", "`await` fails")
        yield from _signatures(path, old, new)


def _signatures(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    before, after = old.get("overloads"), new.get("overloads")
    if before and after and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _signature(f"{path} (overload {index + 1})", one, other)
    elif bool(before) != bool(after) or (before and after and len(before) != len(after)):
        yield Difference(path, f"overloads: {len(before or [])} → {len(after or [])}")
    yield from _signature(path, old, new)


def _signature(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    before = {row["name"]: row for row in old["parameters"]}
    after = {row["name"]: row for row in new["parameters"]}
    for name, row in before.items():
        if name not in after:
            yield Difference(path, f"parameter {name} removed", "calls that pass it fail")
        else:
            yield from _parameter(path, row, after[name])
    for name, row in after.items():
        if name not in before:
            must = "default" not in row and "variadic" not in row["kind"]
            yield Difference(path, f"parameter {name} added", "calls without it fail" if must else "")
    moved = _positions(old) != _positions(new)[: len(_positions(old))]
    if moved and set(_positions(old)) <= set(_positions(new)):
        what = f"by position: {_listed(_positions(old))} → {_listed(_positions(new))}"
        yield Difference(path, what, "positional arguments change their meaning")
    if old["returns"] != new["returns"]:
        yield _type(path, "returns", old["returns"], new["returns"], given=False)


def _positions(signature: dict[str, Any]) -> list[str]:
    return [row["name"] for row in signature["parameters"] if row["kind"].startswith("positional")]


def _parameter(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    name = old["name"]
    if old["kind"] != new["kind"]:
        freer = new["kind"] == "positional or keyword"
        reason = "" if freer else "calls that pass it the other way fail"
        yield Difference(path, f"{name}: {old['kind']} → {new['kind']}", reason)
    if old.get("type") != new.get("type"):
        yield _type(path, name, old.get("type"), new.get("type"), given=True)
    if old.get("default") != new.get("default"):
        if "default" not in new:
            yield Difference(path, f"{name} is required now", "calls without it fail")
        elif "default" not in old:
            yield Difference(path, f"{name} may be left out now")
        else:
            what = f"{name}: default {old['default']} → {new['default']}"
            yield Difference(path, what, "the same call does something else")


def _type(path: str, what: str, old: str | None, new: str | None, *, given: bool) -> Difference:
    """A type may widen for arguments and narrow for results."""
    text = f"{what}: {old} → {new}"
    before, after = set(union_members(old or "Any")), set(union_members(new or "Any"))
    wide, narrow = (after, before) if given else (before, after)
    if narrow <= wide or "Any" in after or (given and "float" in wide and narrow - {"int"} <= wide):
        return Difference(path, text)
    reason = (
        "values that were accepted are wrong now" if given else "it may be a type that callers do not expect"
    )
    return Difference(path, text, reason)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
