"""Tool calls, assembled from the fragments in which a stream delivers them.

Providers disagree on how a fragment names its call: by an index, by an id, by both, or by following the one before.
Some repeat the id and the name in each fragment, some use index 0 for every call, some send the arguments as an object.
"""

from __future__ import annotations

from typing import Any

from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import as_object, as_text
from indoxrouter._runtime.values.text import number_of

from ..responses.formats import objects_in
from .framing import is_json

_ITEM_EVENTS = ("response.output_item.added", "response.output_item.done")
_ARGUMENT_EVENTS = ("response.function_call_arguments.delta", "response.function_call_arguments.done")
_CALL_ITEMS = ("function_call", "tool_call")


class _ToolCall:
    """One call: its place among the others, and what its fragments add up to."""

    __slots__ = ("_arguments", "function", "id", "name", "other", "place", "type")

    def __init__(self, place: int) -> None:
        self.place = place
        self.id: str | None = None
        self.type = "function"
        self.name = ""
        self._arguments: list[str] = []
        # The fields that a provider adds, such as a signature that has to be returned.
        self.function: dict[str, Any] = {}
        self.other: dict[str, Any] = {}

    @property
    def arguments(self) -> str:
        return "".join(self._arguments)

    def is_complete(self) -> bool:
        """Whether the arguments so far are a whole JSON object, to which nothing can be added."""
        return bool(self._arguments) and self._arguments[-1].rstrip()[-1:] == "}" and is_json(self.arguments)

    def add_name(self, name: str) -> None:
        """Add a name, or a part of it. Names are repeated, and sent again at a greater length."""
        if name.startswith(self.name):
            self.name = name
        elif not self._arguments:
            self.name += name

    def add_arguments(self, text: str) -> None:
        """Add text, unless it repeats complete arguments. An empty object is a placeholder for those that follow."""
        if text.lstrip()[:1] == "{" and self.arguments.strip() == "{}":
            self._arguments = [text]
        elif text and not (text.lstrip()[:1] == "{" and self.is_complete()):
            self._arguments.append(text)

    def finish(self, name: Any, arguments: Any) -> None:
        """Take the name and the whole arguments, which replace the fragments."""
        self.add_name(as_text(name) or "")
        whole = _arguments_of(arguments)
        if whole:
            self._arguments = [whole]

    def as_json(self) -> dict[str, Any]:
        function: dict[str, Any] = {"name": self.name} if self.name else {}
        if self._arguments:
            function["arguments"] = self.arguments
        return {"id": self.id, "type": self.type, "function": {**function, **self.function}, **self.other}


class ToolCalls:
    """Collects the tool calls of one answer."""

    __slots__ = ("_by_id", "_by_index", "_calls")

    def __init__(self) -> None:
        self._calls: list[_ToolCall] = []
        self._by_id: dict[str, _ToolCall] = {}
        self._by_index: dict[
            int | None, _ToolCall
        ] = {}  # the newest call with an index; None: the newest of all

    def as_json(self) -> list[dict[str, Any]]:
        """The calls in OpenAI's form, in the order of their indexes."""
        return [call.as_json() for call in sorted(self._calls, key=lambda call: call.place)]

    def add_fragments(self, fragments: Any) -> None:
        """Add the `tool_calls` of a delta."""
        for fragment in objects_in(fragments):
            self.add(fragment)

    def add_whole(self, calls: Any) -> None:
        """Take the `tool_calls` of a whole message, which replace all fragments."""
        whole = objects_in(calls)
        if whole:
            self._calls, self._by_id, self._by_index = [], {}, {}
            for position, call in enumerate(whole):
                self.add({**call, "index": position})

    def add(self, fragment: dict[str, Any]) -> None:
        """Add a fragment of a call, or a whole call."""
        function = as_object(fragment.get("function"))
        name = as_text(function.get("name")) or ""
        arguments = _arguments_of(function.get("arguments"))
        call = self._call_of(as_text(fragment.get("id")), _index(fragment.get("index")), name, arguments)
        call.type = as_text(fragment.get("type")) or call.type
        call.add_name(name)
        call.add_arguments(arguments)
        call.other.update(_others(fragment, ("index", "id", "type", "function")))
        call.function.update(_others(function, ("name", "arguments")))

    def _call_of(self, id: str | None, index: int | None, name: str, arguments: str) -> _ToolCall:
        """The call to which a fragment belongs: the one with its id, else with its index, else the last one."""
        if id and id in self._by_id:
            return self._by_id[id]
        call = self._by_index.get(index)
        if call is not None and id and call.id is not None:
            call = None  # another id: a parallel call with the same index, or with none
        elif call is not None and name and not id:
            # Without an id, a name begins another call if the call before it can have no more arguments.
            another = name != call.name and bool(call.arguments)
            if another or (arguments.lstrip()[:1] == "{" and call.is_complete()):
                call = None
        if call is None:
            call = self._new(index)
        if id:
            call.id = id
            self._by_id[id] = call
        return call

    def _new(self, index: int | None) -> _ToolCall:
        call = _ToolCall(len(self._calls) if index is None else index)
        self._calls.append(call)
        self._by_index[index] = self._by_index[None] = call
        return call

    def add_event(self, event: dict[str, Any]) -> None:
        """Add a typed event: an output item, or a part of a call's arguments."""
        kind, index = event.get("type"), _index(event.get("output_index"))
        if kind in _ITEM_EVENTS:
            self._add_item(as_object(event.get("item")), index)
        elif kind in _ARGUMENT_EVENTS:
            id = as_text(event.get("item_id"))
            call = self._by_id.get(id) if id else None
            if call is None and not (id and index is None):
                call = self._by_index.get(index)
            if call is None:
                call = self._new(index)
                if id:
                    self._by_id[id] = call
            if kind == _ARGUMENT_EVENTS[0]:
                call.add_arguments(_arguments_of(event.get("delta")))
            else:
                call.finish(event.get("name"), event.get("arguments"))

    def add_output(self, output: list[Any]) -> None:
        """Add the calls among the `output` of a closing event."""
        for position, item in enumerate(output):
            self._add_item(as_object(item), position)

    def _add_item(self, item: dict[str, Any], index: int | None) -> None:
        if item.get("type") not in _CALL_ITEMS:
            return
        ids = [id for key in ("call_id", "id") if (id := as_text(item.get(key)))]
        call = next((self._by_id[id] for id in reversed(ids) if id in self._by_id), None)
        same = self._by_index.get(index) if index is not None else None
        if call is None and same is not None and (same.id is None or not ids):
            call = same
        if call is None:
            call = self._new(index)
        if ids:
            call.id = ids[0]
            self._by_id.update(dict.fromkeys(ids, call))
        call.finish(item.get("name"), item.get("arguments"))


def _others(fields: dict[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in known and value is not None}


def _index(value: Any) -> int | None:
    number = number_of(value)
    return number if isinstance(number, int) else None


def _arguments_of(value: Any) -> str:
    """Arguments as JSON text; some providers send the object itself."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value).decode()
