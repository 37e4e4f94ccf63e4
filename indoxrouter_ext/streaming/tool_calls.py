"""Tool calls, assembled from the fragments in which a stream delivers them.

Providers disagree on how a fragment names its call: by an index, by an id, by both, or by following the one before.
Some repeat the id and the name in each fragment, some use index 0 for every call, some send the arguments as an object.
"""

from __future__ import annotations

from typing import Any

from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import as_object, is_list, is_object

from .framing import is_json

_CALL_ITEMS = ("function_call", "tool_call")
_OWN_KEYS = ("index", "id", "type", "function")


class _ToolCall:
    """One call: its place among the others, and what its fragments add up to."""

    __slots__ = ("_arguments", "_function", "_other", "id", "name", "place", "type")

    def __init__(self, place: int, id: str | None) -> None:
        self.place = place
        self.id = id
        self.type = "function"
        self.name = ""
        self._arguments: list[str] = []
        self._function: dict[str, Any] = {}
        self._other: dict[str, Any] = {}

    @property
    def arguments(self) -> str:
        return "".join(self._arguments)

    def is_complete(self) -> bool:
        """Whether the arguments so far are a whole JSON object, to which nothing can be added."""
        return bool(self._arguments) and self._arguments[-1].rstrip()[-1:] == "}" and is_json(self.arguments)

    def add_name(self, name: str) -> None:
        """Add a name, or a part of it. Names are repeated, and sent again at a greater length."""
        if not self.name or name.startswith(self.name):
            self.name = name
        elif not self._arguments:
            self.name += name

    def add_arguments(self, text: str) -> None:
        """Add text, unless it repeats complete arguments. An empty object is a placeholder for those that follow."""
        if text.lstrip()[:1] == "{" and self.arguments.strip() == "{}":
            self._arguments = [text]
        elif text and not (text.lstrip()[:1] == "{" and self.is_complete()):
            self._arguments.append(text)

    def replace_arguments(self, text: str) -> None:
        self._arguments = [text]

    def add_fields(self, fragment: dict[str, Any], function: dict[str, Any]) -> None:
        """Keep the fields that a provider adds, such as a signature that has to be returned."""
        self._other.update(
            (key, value) for key, value in fragment.items() if key not in _OWN_KEYS and value is not None
        )
        self._function.update(
            (key, value)
            for key, value in function.items()
            if key not in ("name", "arguments") and value is not None
        )

    def as_json(self) -> dict[str, Any]:
        function: dict[str, Any] = {"name": self.name} if self.name else {}
        if self._arguments:
            function["arguments"] = self.arguments
        return {"id": self.id, "type": self.type, "function": {**function, **self._function}, **self._other}


class ToolCalls:
    """Collects the tool calls of one answer."""

    __slots__ = ("_by_id", "_by_index", "_calls")

    def __init__(self) -> None:
        self._calls: list[_ToolCall] = []
        self._by_id: dict[str, _ToolCall] = {}
        self._by_index: dict[int, _ToolCall] = {}  # the newest call with an index

    def as_json(self) -> list[dict[str, Any]]:
        """The calls in OpenAI's form, in the order of their indexes."""
        return [call.as_json() for call in sorted(self._calls, key=lambda call: call.place)]

    def add_fragments(self, fragments: Any) -> None:
        """Add the `tool_calls` of a delta."""
        for fragment in fragments if is_list(fragments) else [fragments]:
            if is_object(fragment):
                self.add(fragment)

    def add_whole(self, calls: Any) -> None:
        """Take the `tool_calls` of a whole message, which replace all fragments."""
        whole = [call for call in calls if is_object(call)] if is_list(calls) else []
        if whole:
            self._calls, self._by_id, self._by_index = [], {}, {}
            for position, call in enumerate(whole):
                self.add({**call, "index": position})

    def add(self, fragment: dict[str, Any]) -> None:
        """Add a fragment of a call, or a whole call."""
        function = as_object(fragment.get("function"))
        name = _text(function.get("name"))
        arguments = _arguments_of(function.get("arguments"))
        call = self._call_of(_text(fragment.get("id")), _index(fragment.get("index")), name, arguments)
        kind = _text(fragment.get("type"))
        if kind:
            call.type = kind
        if name:
            call.add_name(name)
        call.add_arguments(arguments)
        if len(fragment) > 1:
            call.add_fields(fragment, function)

    def _call_of(self, id: str, index: int | None, name: str, arguments: str) -> _ToolCall:
        """The call to which a fragment belongs: the one with its id, else with its index, else the last one."""
        if id in self._by_id:
            return self._by_id[id]
        last = self._calls[-1] if self._calls else None
        call = self._by_index.get(index) if index is not None else last
        if call is not None and id and call.id is not None:
            call = None  # another id: a parallel call with the same index, or with none
        elif call is not None and name and not id:
            # Without an id, a name begins another call if the call before it can have no more arguments.
            another = name != call.name and bool(call.arguments)
            if another or (arguments.lstrip()[:1] == "{" and call.is_complete()):
                call = None
        if call is None:
            call = self._new(id or None, index)
        elif id:
            call.id = id
            self._by_id[id] = call
        return call

    def _new(self, id: str | None, index: int | None) -> _ToolCall:
        call = _ToolCall(len(self._calls) if index is None else index, id)
        self._calls.append(call)
        if id is not None:
            self._by_id[id] = call
        if index is not None:
            self._by_index[index] = call
        return call

    def add_event(self, event: dict[str, Any]) -> None:
        """Add a typed event: an output item, or a part of a call's arguments."""
        kind = event.get("type")
        index = _index(event.get("output_index"))
        item = event.get("item")
        if kind in ("response.output_item.added", "response.output_item.done"):
            if is_object(item):
                self._add_item(item, index)
            return
        if kind not in ("response.function_call_arguments.delta", "response.function_call_arguments.done"):
            return
        id = _text(event.get("item_id"))
        call = self._by_id.get(id) or (self._by_index.get(index) if index is not None else None)
        if call is None:
            call = self._calls[-1] if self._calls and not id and index is None else self._new(None, index)
            if id:
                self._by_id[id] = call
        if kind.endswith("delta"):
            call.add_arguments(_arguments_of(event.get("delta")))
        else:
            call.add_name(_text(event.get("name")) or call.name)
            whole = _arguments_of(event.get("arguments"))
            if whole:
                call.replace_arguments(whole)

    def add_output(self, output: Any) -> None:
        """Add the calls among the `output` of a closing event."""
        for position, item in enumerate(output if is_list(output) else []):
            if is_object(item):
                self._add_item(item, position)

    def _add_item(self, item: dict[str, Any], index: int | None) -> None:
        if item.get("type") not in _CALL_ITEMS:
            return
        id, call_id = _text(item.get("id")), _text(item.get("call_id"))
        call = self._by_id.get(id) or self._by_id.get(call_id)
        if call is None and index is not None:
            same = self._by_index.get(index)
            if same is not None and (same.id is None or not (id or call_id)):
                call = same
        if call is None:
            call = self._new(None, index)
        call.id = call_id or id or call.id
        for key in (id, call_id):
            if key:
                self._by_id[key] = call
        call.add_name(_text(item.get("name")) or call.name)
        whole = _arguments_of(item.get("arguments"))
        if whole:
            call.replace_arguments(whole)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _index(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _arguments_of(value: Any) -> str:
    """Arguments as JSON text; some providers send the object itself."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value).decode()
