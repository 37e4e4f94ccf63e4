"""A description as text: values are inserted, replaced and removed by place; comments and order stay as they are."""

from __future__ import annotations

import copy
import re
from typing import Any

import yaml

Place = tuple[str, ...]
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class SpecText:
    """The text of a description, and its value.

    Attributes:
        text: the YAML, after every edit so far.
        document: its value; a change reads it and edits the text.
    """

    def __init__(self, text: str) -> None:
        self._set(text)

    def add(self, place: Place, key: str, value: Any) -> None:
        """Add a member to the end of a mapping."""
        node = self._node(place)
        if node.flow_style:
            at = node.end_mark.index - 1
            self._replace(at, at, f"{', ' if node.value else ''}{key}: {flow(value)}")
        else:
            end = self._end(node)
            self._replace(end, end, f"\n{_indent(node)}{key}: {flow(value)}")

    def add_block(self, place: Place, block: str) -> None:
        """Add YAML, written without indentation, to the end of a block mapping."""
        node = self._node(place)
        indent, end = _indent(node), self._end(node)
        lines = "\n".join(f"{indent}{line}".rstrip() for line in block.strip().splitlines())
        self._replace(end, end, f"\n\n{lines}")

    def append(self, place: Place, value: Any) -> None:
        """Add an element to the end of a list."""
        node = self._node(place)
        if node.flow_style:
            at = node.end_mark.index - 1
            self._replace(at, at, f"{', ' if node.value else ''}{flow(value)}")
        else:
            end = self._end(node)
            self._replace(end, end, f"\n{_indent(node)}- {flow(value)}")

    def set(self, place: Place, value: Any) -> None:
        """Put another value in the place of one."""
        node = self._node(place)
        key = None if self._node(place[:-1]).id == "sequence" else self._pair(place)[0]
        if key is not None and self.is_alias(place):
            start = self.text.index("*", key.end_mark.index)
            end = start + len(self.text[start:].split()[0].rstrip(",}"))
            self._replace(start, end, flow(value))
        elif key is None or node.id == "scalar" or node.flow_style:
            self._replace(node.start_mark.index, node.end_mark.index, flow(value))
        else:
            self._replace(key.end_mark.index, self._end(node), f": {flow(value)}")

    def rename(self, place: Place, new: str) -> None:
        """Give a member another key."""
        key, _ = self._pair(place)
        written = f"'{new}'" if key.style == "'" else new
        self._replace(key.start_mark.index, key.end_mark.index, written)

    def replace(self, pattern: re.Pattern[str], new: str) -> None:
        """Replace every match of a pattern in the text."""
        self._set(pattern.sub(new, self.text))

    def remove(self, place: Place) -> None:
        """Remove a member of a mapping, or an element of a list."""
        parent = self._node(place[:-1])
        if parent.flow_style:
            # What is left is written anew: a flow mapping holds no comments.
            value = copy.deepcopy(self.at(place[:-1]))
            del value[int(place[-1]) if isinstance(value, list) else place[-1]]
            self._replace(parent.start_mark.index, parent.end_mark.index, flow(value))
            return
        if parent.id == "sequence":
            node = parent.value[int(place[-1])]
            start = self._line_start(node.start_mark.index)
            self._replace(start, self._end(node) + 1, "")
            return
        key, node = self._pair(place)
        end = self.text.find("\n", key.end_mark.index) if self.is_alias(place) else self._end(node)
        self._replace(self._line_start(key.start_mark.index), end + 1, "")

    def at(self, place: Place) -> Any:
        """The value at a place."""
        value = self.document
        for piece in place:
            value = value[int(piece)] if isinstance(value, list) else value[piece]
        return value

    def is_alias(self, place: Place) -> bool:
        """Whether the value of a member is written as `*name`."""
        key, value = self._pair(place)
        return bool(value.start_mark.index < key.end_mark.index)

    def is_shared(self, place: Place) -> bool:
        """Whether a member, or something that it is part of, is written elsewhere: an edit would be an edit there."""
        return any(
            isinstance(self.at(place[:depth]), dict) and self.is_alias(place[: depth + 1])
            for depth in range(len(place))
        )

    def is_anchor(self, place: Place) -> bool:
        """Whether the value of a member is used elsewhere too, by its anchor."""
        key, _ = self._pair(place)
        return self.text[key.end_mark.index :].lstrip(": ").startswith("&")

    def has_anchors(self, place: Place) -> bool:
        """Whether a member, or something in it, has an anchor: without it, an alias elsewhere refers to nothing."""
        key, node = self._pair(place)
        within = yaml.scan(self.text[key.end_mark.index : self._end(node)].lstrip(": "))
        return any(isinstance(token, yaml.AnchorToken) for token in within)

    # ── the text ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _set(self, text: str) -> None:
        self.text = text
        self._root: Any = yaml.compose(text, _LOADER)
        self.document: Any = yaml.load(text, _LOADER)

    def _replace(self, start: int, end: int, new: str) -> None:
        self._set(self.text[:start] + new + self.text[end:])

    def _pair(self, place: Place) -> tuple[Any, Any]:
        for key, value in self._node(place[:-1]).value:
            if key.value == place[-1]:
                return key, value
        raise KeyError(place)

    def _node(self, place: Place) -> Any:
        node = self._root
        for depth, piece in enumerate(place):
            node = (
                node.value[int(piece)]
                if node.id == "sequence"
                else next((value for key, value in node.value if key.value == piece), None)
            )
            if node is None:
                raise KeyError(place[: depth + 1])
        return node

    def _line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _end(self, node: Any) -> int:
        """The end of the last line of a node, without the blank lines and comments behind it."""
        while node.id != "scalar" and not node.flow_style and node.value:
            last = node.value[-1]
            key, value = last if node.id == "mapping" else (None, last)
            if key is not None and value.start_mark.index < key.end_mark.index:
                return self.text.find("\n", key.end_mark.index)  # an alias stands on the line of its key
            node = value
        end = node.end_mark.index
        if node.id == "scalar" and node.style in ("|", ">"):
            return len(self.text[:end].rstrip())
        return self.text.find("\n", end)


def _indent(node: Any) -> str:
    """The indentation of the members of a block mapping, or of the dashes of a block list."""
    if node.id == "mapping":
        return " " * int(node.value[0][0].start_mark.column)
    return " " * (int(node.value[0].start_mark.column) - 2)


def flow(value: Any) -> str:
    """A value as YAML in one line."""
    written: str = yaml.safe_dump(
        value, default_flow_style=True, width=100_000, allow_unicode=True, sort_keys=False
    )
    return written.strip().removesuffix("...").strip()


__all__ = ["Place", "SpecText", "flow"]
