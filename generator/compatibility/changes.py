"""The changes between two snapshots, and whose code they break.

*Callers* write requests: methods, arguments, models that they build. *Readers* read answers: attributes, events,
errors. One change can break one group and help the other: a field that becomes nullable is easier to send and
harder to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..source.json_types import is_tuple
from .aspects import Action, Aspect, Change, Level, own_names
from .entry import Snapshot, SnapshotEntry
from .rules import differing, effect_of


def compare_snapshots(old: Snapshot, new: Snapshot) -> list[Change]:
    """Every change, what breaks first, then in the order of the description."""
    found = _with_answers([*_Comparison(old, new).changes()])
    order: dict[Level, int] = {"breaking": 0, "feature": 1, "fix": 2}
    return sorted(found, key=lambda change: order[change.level])


def _with_answers(changes: list[Change]) -> list[Change]:
    """The changes, none twice: an answer that is added or removed changes what the method of its operation returns."""
    retyped = {change.name for change in changes if change.kind == "operation" and change.action == "retyped"}
    answers: dict[tuple[str, Action], list[Change]] = {}
    for change in changes:
        if change.kind == "answer":
            answers.setdefault((_operation_of(change), change.action), []).append(change)
    found: list[Change] = []
    for change in changes:
        if change.kind == "answer" and change.action == "added" and _operation_of(change) in retyped:
            continue
        if change.kind == "operation" and change.action == "retyped":
            added = answers.get((change.name, "added"), [])
            if added:
                named = ", ".join(answer.name.partition(": ")[2] for answer in added)
                others = (answer.new.pointer for answer in added if answer.new is not None)
                detail = f"{change.detail}, with the answer {named}"
                change = replace(change, detail=detail, others=(*change.others, *others))
            elif (change.name, "removed") in answers and not change.breaking:
                continue
        found.append(change)
    return found


def _operation_of(answer: Change) -> str:
    return answer.name.partition(": ")[0]


class _Comparison:
    def __init__(self, old: Snapshot, new: Snapshot) -> None:
        self._old, self._new = old, new
        self._renames: dict[str, str] = {}  # old key -> new key
        self._aliased: set[str] = set()  # those whose old name keeps working
        self._opened: set[str] = set()
        self._find_renames()
        self._classes = {
            before.removeprefix("schema "): now.removeprefix("schema ")
            for before, now in self._renames.items()
            if self._old[before].kind == "schema"
        }

    # ── who became whom ──────────────────────────────────────────────────────────────────────────────────────────

    def _find_renames(self) -> None:
        routes = {e.facts["route"]: key for key, e in self._new.items() if e.kind == "operation"}
        for key, entry in self._old.items():
            if entry.kind == "operation" and key not in self._new and entry.facts["route"] in routes:
                other = routes[entry.facts["route"]]
                if other not in self._old:
                    self._renames[key] = other
        for key, entry in self._new.items():
            for former in entry.former if entry.kind == "schema" else ():
                if key not in self._old and f"schema {former}" in self._old:
                    self._renames[f"schema {former}"] = key
                    self._aliased.add(f"schema {former}")
        for key, entry in self._new.items():
            for former in entry.former if entry.kind in ("field", "argument") else ():
                where = f" in {key.rpartition(' in ')[2]}" if entry.kind == "argument" else ""
                owner = next((a for a, b in self._renames.items() if b == entry.owner), entry.owner)
                before = f"{owner} {entry.kind} {former}{where}"
                if before in self._old and before not in self._new and key not in self._old:
                    self._renames[before] = key
                    self._aliased.add(before)

    def _now(self, key: str) -> str:
        """The key under which an old entry would be found today: its owner may have another name."""
        if key in self._renames:
            return self._renames[key]
        owner = self._old[key].owner
        if owner:
            moved = self._now(owner)
            if moved != owner and key.startswith(owner):
                return moved + key[len(owner) :]
        return key

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────

    def changes(self) -> Iterator[Change]:
        """Removed, renamed and changed entries in the old order, then the added ones in the new order."""
        met: set[str] = set()
        for key, entry in self._old.items():
            now = self._now(key)
            if now in self._new:
                met.add(now)
                yield from self._kept(key, entry, self._new[now])
            elif not entry.owner or self._now(entry.owner) in self._new:
                yield self._removed(entry)
        for key, entry in self._new.items():
            if key not in met and (not entry.owner or entry.owner in met):
                yield self._added(entry)

    def _kept(self, key: str, old: SnapshotEntry, new: SnapshotEntry) -> Iterator[Change]:
        if key in self._renames:
            yield self._renamed(key, old, new)
        if old.kind == "method":
            old = self._with_present_keywords(old)
        for aspect in differing(old, new, self._classes):
            change = effect_of(aspect)
            if change is None or self._is_reported(key, aspect):
                continue
            if aspect.name == "open":
                change = replace(change, name=new.name.rpartition(": ")[0])
            yield change

    def _is_reported(self, key: str, aspect: Aspect) -> bool:
        """Whether another row has said what changes with this aspect."""
        if aspect.name == "open":  # reported once for an enum, not for each of its values
            owner = aspect.old.owner
            reported = owner in self._opened
            self._opened.add(owner)
            return reported
        if aspect.name == "python":
            return key in self._renames
        return aspect.name == "written" and self._is_opening(key, aspect.old, aspect.new)

    def _is_opening(self, key: str, old: SnapshotEntry, new: SnapshotEntry) -> bool:
        """Whether a type changes only because an enum takes other values now, or no longer does."""
        differing = {*old.facts["written"]} ^ {*new.facts["written"]}
        return differing <= {"str", "int", "float", "Literal[...]"} and any(
            entry.owner == key
            and value in self._new
            and entry.facts["open"] != self._new[value].facts["open"]
            for value, entry in self._old.items()
            if entry.kind == "value"
        )

    def _with_present_keywords(self, method: SnapshotEntry) -> SnapshotEntry:
        """A method of before whose own arguments have today's names, where the old ones keep working."""
        present = {
            self._old[key].facts["python"]: self._new[self._renames[key]].facts["python"]
            for key in self._aliased
            if "python" in self._old[key].facts
            and any(name.partition("(")[0] in method.python for name in self._old[key].python)
        }
        positional = [present.get(name, name) for name in method.facts["positional"]]
        return replace(method, facts={**method.facts, "positional": positional})

    def _renamed(self, key: str, old: SnapshotEntry, new: SnapshotEntry) -> Change:
        names = own_names(old, new)
        if names == own_names(old, old):
            names = old.python[:1]
        detail = f"{old.name} → {new.name}"
        change = Change(old.kind, "renamed", old.name, detail, names, old=old.node, new=new.node)
        if key not in self._aliased:
            why = f"{old.python[-1]} is removed; documented methods of the client keep their names"
            return replace(change, callers=True, why=why)
        why = "the old name keeps working, with a DeprecationWarning, until the next major version"
        methods = [name for name in old.python if name.startswith("client.")]
        if methods and old.facts.get("required"):
            why += f"; type checkers report the old keyword of {methods[0].partition('(')[0]}"
        return replace(change, feature=True, why=why)

    def _removed(self, entry: SnapshotEntry) -> Change:
        callers, readers, why = _who_misses(entry)
        return Change(
            entry.kind,
            "removed",
            entry.name,
            self._looks_renamed(entry) if entry.kind in ("schema", "field") else "",
            entry.python,
            callers,
            readers,
            why=why,
            old=entry.node,
            others=entry.others,
        )

    def _added(self, entry: SnapshotEntry) -> Change:
        callers = entry.kind in ("argument", "field") and entry.sent and bool(entry.facts["required"])
        if entry.kind == "field" and entry.owner not in self._old and entry.owner not in self._renamed_to():
            callers = False
        found = entry.facts.get("written") or entry.facts.get("type")
        kind = " | ".join(found) if is_tuple(found) else ""
        return Change(
            entry.kind,
            "added",
            entry.name,
            f"required, {kind}" if callers else kind,
            entry.python,
            callers,
            feature=True,
            why="requests without it are refused" if callers else "",
            new=entry.node,
            others=entry.others,
        )

    def _renamed_to(self) -> set[str]:
        return set(self._renames.values())

    def _looks_renamed(self, entry: SnapshotEntry) -> str:
        """An added entry of the same form, which suggests a rename."""
        for key, other in self._new.items():
            if other.kind != entry.kind or key in self._old or key in self._renamed_to():
                continue
            if entry.kind == "field" and other.owner != self._now(entry.owner):
                continue
            same = (
                other.facts.get("type") == entry.facts.get("type")
                and other.facts.get("required") == entry.facts.get("required")
                if entry.kind == "field"
                else self._parts(self._old, entry.key) == self._parts(self._new, key) != []
            )
            if same:
                place = entry.name.rpartition(".")[2]
                return f"if {other.name} is its new name, declare it there: `x-renamed-from: {place}`"
        return ""

    @staticmethod
    def _parts(entries: Snapshot, owner: str) -> list[str]:
        return [entry.key.removeprefix(owner) for entry in entries.values() if entry.owner == owner]


def _who_misses(entry: SnapshotEntry) -> tuple[bool, bool, str]:
    """Whose code breaks when an entry is removed."""
    match entry.kind:
        case "operation" | "method" | "argument" | "auth":
            return True, False, "calls of it fail"
        case "event":
            return False, True, "code that waits for it waits forever"
        case "answer":
            return False, True, "code that expects it receives something else"
        case "error" | "webhook":
            return False, True, "the name can no longer be imported"
        case "error code":
            return False, True, "another exception is raised in its place"
        case "value" if entry.facts["named"]:
            return entry.sent, entry.received, "the constant is removed"
        case "value" if not entry.facts["open"]:
            return entry.sent, False, "it is refused before sending"
        case "value":
            return entry.sent, False, "the server no longer accepts it" if entry.sent else ""
        case "field":
            why = "the attribute and the argument are removed" if entry.sent else "the attribute is removed"
            return entry.sent, entry.received, why
        case "schema":
            return entry.sent or not entry.received, entry.received, "the class is removed"
        case _:
            return False, False, ""
