"""The edit of the description that findings ask for: text is inserted, so that comments and order stay as they are."""

from __future__ import annotations

import difflib
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ..source.json_types import is_array, is_object
from .findings import Finding
from .sketch import json_schema, operation_text

_SOURCE = "observed"


class Proposal:
    """Edits of one file.

    Attributes:
        left: findings that a person has to decide on: a limit that was passed, an absent member, or a place in a form
            that no text can be inserted into.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = path.read_text(encoding="utf-8")
        yaml: Any = YAML(typ="safe", pure=True)  # ruamel has no types
        self._root: Any = yaml.compose(io.StringIO(self._text))
        self._edits: list[tuple[int, int, str]] = []
        self.left: list[Finding] = []

    def add(self, findings: Iterable[Finding]) -> None:
        """Make an edit for each finding that names its own remedy."""
        for finding in findings:
            make = getattr(self, f"_{finding.kind.replace(' ', '_')}", None)
            if finding.place.file.path != self._path or make is None or not make(finding):
                self.left.append(finding)

    def edited(self) -> str:
        """The description with the edits."""
        text = self._text
        for start, end, new in sorted(self._edits, key=_order, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def patch(self, name: str) -> str:
        """The edits as a unified diff, for `git apply`."""
        lines = difflib.unified_diff(
            self._text.splitlines(keepends=True),
            self.edited().splitlines(keepends=True),
            f"a/{name}",
            f"b/{name}",
        )
        return "".join(lines)

    # ── kinds ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _field(self, finding: Finding) -> bool:
        key, value = finding.value
        return self._member(finding.place.pointer, key, _flow({**json_schema(value), **_described()}))

    def _renamed(self, finding: Finding) -> bool:
        old, new = finding.value
        pair = self._pair(finding.place.pointer)
        if pair is None:
            return False
        key, value = pair
        if value.id != "mapping" or self._is_alias(key, value):
            return False
        if "$ref" in _members(value):
            if not value.flow_style:
                return False
            inner = self._text_of(value).strip()
            self._replace(value, f"{{allOf: [{inner}], x-renamed-from: {old}}}")
        elif not self._member(finding.place.pointer, "x-renamed-from", old):
            return False
        self._replace(key, new)
        return True

    def _enum_value(self, finding: Finding) -> bool:
        value, status = finding.value
        node = self._node(*finding.place.pointer)
        if node is None or node.id != "sequence" or not node.value:
            return False
        known = {each.value for each in node.value}
        for name, codes in self._error_tables("x-error-codes"):
            if known <= codes.keys():
                # An error code needs an exception: that of the status with which it was seen.
                statuses = (table for _, table in self._error_tables("x-error-statuses") if status in table)
                exception = next((table[status].value for table in statuses), None)
                place = ("components", "schemas", name, "x-error-codes")
                if exception is None or not self._member(place, _word(value), exception):
                    return False
                break
        for states in self._poll_lists(known):
            self._element(states, value)
        self._element(node, value)
        return True

    def _error_tables(self, word: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The tables of error codes, or of statuses, in the schemas, with the name of the schema."""
        for name, schema in _members(self._node("components", "schemas")).items():
            if word in _members(schema):
                yield name, _members(_members(schema)[word])

    def _poll_lists(self, states: set[str]) -> Iterator[Any]:
        """The `pending` states of each `x-poll` over these states: an unknown state does not end a job."""
        for poll in self._of_operations("x-poll"):
            lists = {word: each for word, each in _members(poll).items() if each.id == "sequence"}
            listed = {each.value for one in lists.values() for each in one.value}
            if listed == states and "pending" in lists and lists["pending"].value:
                yield lists["pending"]

    def _of_operations(self, word: str) -> Iterator[Any]:
        """The value under a key of each operation that has it."""
        for item in _members(self._node("paths")).values():
            for operation in _members(item).values():
                if word in _members(operation):
                    yield _members(operation)[word]

    def _element(self, node: Any, value: str) -> None:
        """Add a value to a list that is not empty."""
        if node.flow_style:
            self._insert(node.value[-1].end_mark.index, f", {_flow(value)}")
        else:
            self._add_lines(node, f"- {_flow(value)}")

    def _null(self, finding: Finding) -> bool:
        return self._alternative(finding, {"type": "null"})

    def _type(self, finding: Finding) -> bool:
        return self._alternative(finding, json_schema(finding.value))

    def _alternative(self, finding: Finding, other: dict[str, Any]) -> bool:
        """`schema` becomes `{anyOf: [schema, other]}`: only where the schema is written on the property itself."""
        node = self._node(*finding.place.pointer)
        if node is None or node.id != "mapping" or not node.flow_style:
            return False
        self._replace(node, f"{{oneOf: [{self._text_of(node)}, {_flow(other)}], x-source: {_SOURCE}}}")
        return True

    def _status(self, finding: Finding) -> bool:
        status, exchange, like = finding.value
        answer = exchange.answer
        shared = self._shared_response(status)
        if shared is not None:
            reference = f"#/components/responses/{shared}"
            return self._member(finding.place.pointer, f"'{status}'", _flow({"$ref": reference}))
        if status[0] not in "23":
            return False
        headers = {
            name: {"$ref": f"#/components/headers/{name}"}
            for name in self._shared_headers(exchange.answer_headers)
        }
        parts = ["description: 'Observed; not documented.'"]
        if headers:
            parts.append(f"headers: {_flow(headers)}")
        if is_object(answer) or is_array(answer):
            schema = self._schema_text(finding.place.pointer, like) or _flow(json_schema(answer))
            examples = _flow({"observed": {"value": answer}})
            parts.append(f"content: {{application/json: {{schema: {schema}, examples: {examples}}}}}")
        return self._member(finding.place.pointer, f"'{status}'", "{" + ", ".join(parts) + "}")

    def _schema_text(self, responses: tuple[str, ...], like: str | None) -> str:
        """The schema of another response, as it is written; empty if that takes more than a line."""
        node = (
            self._node(*responses, like, "content", "application/json", "schema")
            if like is not None
            else None
        )
        if node is None or node.id != "mapping" or not node.flow_style:
            return ""
        text = self._text_of(node).strip()
        return "" if "\n" in text else text

    def _shared_headers(self, headers: Iterable[str]) -> list[str]:
        """The names of the header components that an answer has."""
        seen = set(headers)
        return [name for name in _members(self._node("components", "headers")) if name.lower() in seen]

    def _shared_response(self, status: str) -> str | None:
        """The component that other operations refer to for this status."""
        for responses in self._of_operations("responses"):
            reference = _members(_members(responses).get(status)).get("$ref")
            if reference is not None:
                return str(reference.value).rsplit("/", 1)[-1]
        return None

    def _parameter(self, finding: Finding) -> bool:
        where, name, value = finding.value
        entry = _flow(
            {"name": name, "in": where, "description": "Observed; not documented.", "example": value,
             "schema": {"type": "string"}, "x-source": _SOURCE}
        )  # fmt: skip
        node = self._node(*finding.place.pointer, "parameters")
        if node is None:
            self._refusals((*finding.place.pointer, "responses"))
            return self._member(finding.place.pointer, "parameters", f"[{entry}]")
        if node.id != "sequence" or node.flow_style or not node.value:
            return False
        self._add_lines(node, f"- {entry}")
        return True

    def _refusals(self, responses: tuple[str, ...]) -> None:
        """List the answers to invalid parameters, which an operation without any did not need."""
        for status in ("422", "400"):
            shared = self._shared_response(status)
            if shared is not None and status not in _members(self._node(*responses)):
                reference = f"#/components/responses/{shared}"
                self._member(responses, f"'{status}'", _flow({"$ref": reference}))

    def _operation(self, finding: Finding) -> bool:
        path, exchange = finding.value
        paths, components, tags = self._node("paths"), self._node("components", "schemas"), self._node("tags")
        if paths is None or components is None or tags is None or paths.flow_style or components.flow_style:
            return False
        declared = [_members(tag)["name"].value for tag in tags.value if "name" in _members(tag)]
        responses = {
            status: name
            for status in ("400", "401", "403", "404", "422", "429", "500", "503", "504")
            if (name := self._shared_response(status)) is not None
        }
        headers = self._shared_headers(exchange.answer_headers)
        text, schemas, tag = operation_text(path, exchange, declared, responses, headers)
        self._add_lines(paths, "", *text.splitlines())
        if schemas:
            self._add_lines(components, "", *schemas.splitlines())
        if tag not in declared and not tags.flow_style:
            self._add_lines(tags, f"- name: {tag}", "  description: Observed; not documented.")
        return True

    # ── places in the text ───────────────────────────────────────────────────────────────────────────────────────────

    def _insert(self, at: int, text: str) -> None:
        self._edits.append((at, at, text))

    def _replace(self, node: Any, text: str) -> None:
        self._edits.append((node.start_mark.index, node.end_mark.index, text))

    def _text_of(self, node: Any) -> str:
        return self._text[node.start_mark.index : node.end_mark.index]

    def _add_lines(self, node: Any, *lines: str) -> None:
        """Add lines, written without indentation, to the end of a mapping or a list in block style."""
        indent = " " * node.start_mark.column
        text = "".join(f"\n{indent}{line}" if line else "\n" for line in lines)
        self._insert(self._line_end(self._last(node)), text)

    def _member(self, pointer: tuple[str, ...], key: str, value: str) -> bool:
        """Add `key: value` to the mapping at a place."""
        node = self._node(*pointer)
        if node is None or node.id != "mapping":
            return False
        if node.flow_style:
            self._insert(node.end_mark.index - 1, f"{', ' if node.value else ''}{key}: {value}")
        else:
            self._add_lines(node, f"{key}: {value}")
        return True

    def _pair(self, pointer: tuple[str, ...]) -> tuple[Any, Any] | None:
        parent = self._node(*pointer[:-1])
        if parent is None or parent.id != "mapping":
            return None
        return next(((key, value) for key, value in parent.value if key.value == pointer[-1]), None)

    def _node(self, *pointer: str) -> Any:
        node = self._root
        for piece in pointer:
            if node is not None and node.id == "sequence":
                node = node.value[int(piece)] if piece.isdecimal() and int(piece) < len(node.value) else None
            else:
                node = _members(node).get(piece)
        return node

    @staticmethod
    def _is_alias(key: Any, value: Any) -> bool:
        """Whether a value was written as `*name`: its marks are those of the anchor."""
        return bool(value.start_mark.index < key.end_mark.index)

    def _last(self, node: Any) -> int:
        """Where the text of a node ends, without the blank lines and comments behind it."""
        if node.id == "scalar" or node.flow_style or not node.value:
            end = node.end_mark.index
            return len(self._text[:end].rstrip()) if node.id == "scalar" and node.style in ("|", ">") else end
        if node.id == "mapping":
            key, value = node.value[-1]
            # An alias, or a value whose anchor is elsewhere, ends on the line of its key.
            if self._is_alias(key, value) or value.start_mark.index > node.end_mark.index:
                return self._line_end(key.end_mark.index)
            return self._last(value)
        return self._last(node.value[-1])

    def _line_end(self, index: int) -> int:
        end = self._text.find("\n", index)
        return len(self._text) if end < 0 else end


def _members(node: Any) -> dict[str, Any]:
    """The nodes of a mapping by their keys; none for anything else."""
    return (
        {key.value: value for key, value in node.value} if node is not None and node.id == "mapping" else {}
    )


def _order(edit: tuple[int, int, str]) -> tuple[int, int, int]:
    """By place; of two texts for one place, that of the inner mapping, which is indented more, stands first."""
    start, end, new = edit
    return start, end, len(new.lstrip()) - len(new)


def _described() -> dict[str, str]:
    return {"description": "Observed; not documented.", "x-source": _SOURCE}


def _flow(value: Any) -> str:
    """A value on one line, as YAML reads it: JSON is YAML, with bare words where that is safe."""
    if is_object(value):
        return "{" + ", ".join(f"{_word(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if is_array(value):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _word(value) if isinstance(value, str) else json.dumps(value)


def _word(text: str) -> str:
    plain = text.replace("-", "").replace("_", "").replace(".", "").replace(" ", "")
    words = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
    if plain.isalpha() and text[0].isalpha() and text.lower() not in words and text == text.strip():
        return text
    return "'" + text.replace("'", "''") + "'" if "\n" not in text else json.dumps(text)
