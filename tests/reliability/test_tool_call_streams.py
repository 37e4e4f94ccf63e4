"""Tool calls in streams, in the forms that providers send: the assembled calls equal those of the whole answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indoxrouter import ToolCall, run_tools
from indoxrouter.errors import ResponseFormatError

from indoxrouter_ext.streaming.tool_calls import ToolCalls

from .harness import MESSAGES, Mode, do, each
from .server import DONE, event, streamed

BOTH_ENGINES = "form|typed"


def part(
    arguments: Any = None, *, index: Any = 0, id: Any = None, name: Any = None, kind: Any = "function"
) -> dict[str, Any]:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    whole = {"index": index, "id": id, "type": kind, "function": function}
    return {key: value for key, value in whole.items() if value is not None}


GET = ("a", "get", {"x": 1})
PUT = ("b", "put", {"y": 2})
AGAIN = ("b", "get", {"x": 2})
NO_IDS = [(None, "get", {"x": 1}), (None, "put", {"y": 2})]

LONG = "9" * 5000  # digits, more than Python makes a number of

FORMS: dict[str, tuple[list[list[dict[str, Any]]], list[tuple[Any, ...]]]] = {
    "OpenAI's own": ([[part("", id="a", name="get")], [part('{"x":')], [part("1}")]], [GET]),
    "id and name repeated": (
        [[part('{"x":', id="a", name="get")], [part("1}", id="a", name="get")]],
        [GET],
    ),
    "name repeated, no id": (
        [[part('{"x":', name="get")], [part("1}", name="get")]],
        [(None, "get", {"x": 1})],
    ),
    "an index that is no number": (
        [[part("", index=LONG, id="a", name="get")], [part('{"x":1}', index=LONG, id="a")]],
        [GET],
    ),
    "two calls, one index": (
        [[part('{"x":1}', id="a", name="get")], [part('{"y":2}', id="b", name="put")]],
        [GET, PUT],
    ),
    "two calls, one index, in pieces": (
        [
            [part('{"x":', id="a", name="get")],
            [part("1}")],
            [part('{"y":', id="b", name="put")],
            [part("2}")],
        ],
        [GET, PUT],
    ),
    "two calls in one delta, one index": (
        [[part('{"x":1}', id="a", name="get"), part('{"x":2}', id="b", name="get")]],
        [GET, AGAIN],
    ),
    "two calls, one index, no ids": ([[part('{"x":1}', name="get")], [part('{"y":2}', name="put")]], NO_IDS),
    "two calls, neither index nor ids": (
        [[part('{"x":1}', index=None, name="get"), part('{"y":2}', index=None, name="put")]],
        NO_IDS,
    ),
    "arguments as an object": ([[part({"x": 1}, id="a", name="get")]], [GET]),
    "no index": ([[part('{"x":', index=None, id="a", name="get")], [part("1}", index=None)]], [GET]),
    "no index, the id repeated": (
        [[part('{"x":', index=None, id="a", name="get")], [part("1}", index=None, id="a")]],
        [GET],
    ),
    "empty id and name later": (
        [[part("", id="a", name="get")], [part('{"x":1}', id="", name="", kind="")]],
        [GET],
    ),
    "no type": ([[part('{"x":1}', id="a", name="get", kind=None)]], [GET]),
    "index as text": ([[part('{"x":', index="0", id="a", name="get")], [part("1}", index="0")]], [GET]),
    "the id comes late": ([[part('{"x":', name="get")], [part("1}", id="a")]], [GET]),
    "whole arguments repeated at the end": (
        [[part('{"x":', id="a", name="get")], [part("1}")], [part('{"x":1}', id="a", name="get")]],
        [GET],
    ),
}


def calls_of(response: Any) -> list[tuple[Any, ...]]:
    return [
        (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in response.to_dict()["tool_calls"]
    ]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("cut", [1, 7, 10_000])
async def test_each_form_of_tool_calls_is_assembled(mode: Mode, name: str, cut: int) -> None:
    deltas, expected = FORMS[name]
    events = b"".join(
        event({"choices": [{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": None}]})
        for calls in deltas
    )
    last = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    body = events + last + DONE
    pieces = [body[start : start + cut] for start in range(0, len(body), cut)]
    mode.server.on("/chat/completions", streamed(*pieces))
    response = await do((await do(mode.client().chat(MESSAGES, stream=True))).until_done())
    assert calls_of(response) == expected
    assert all(call["type"] == "function" for call in response.to_dict()["tool_calls"])
    assert response.finish_reason == "tool_calls"


async def test_a_call_in_the_older_form_keeps_the_fields_that_a_provider_adds(mode: Mode) -> None:
    functions = [{"name": "get", "arguments": '{"x":', "signature": "s"}, {"arguments": "1}"}]
    deltas = [{"choices": [{"index": 0, "delta": {"function_call": each}}]} for each in functions]
    mode.server.on("/chat/completions", streamed(*map(event, deltas), DONE))
    response = await do((await do(mode.client().chat(MESSAGES, stream=True))).until_done())
    function = {"name": "get", "arguments": '{"x":1}', "signature": "s"}
    assert response.to_dict()["tool_calls"] == [{"id": None, "type": "function", "function": function}]


ITEM = {"type": "function_call", "id": "fc", "call_id": "a", "name": "get", "arguments": '{"x":1}'}
ADDED = {"type": "response.output_item.added", "output_index": 0, "item": {**ITEM, "arguments": ""}}
CLOSING = {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": [ITEM]}}
PIECES = [
    {"type": "response.function_call_arguments.delta", "item_id": "fc", "output_index": 0, "delta": '{"x":'},
    {"type": "response.function_call_arguments.delta", "item_id": "fc", "output_index": 0, "delta": "1}"},
]
WHOLE = {"type": "response.function_call_arguments.done", "item_id": "fc", "arguments": '{"x":1}'}
ITEM_DONE = {"type": "response.output_item.done", "output_index": 0, "item": ITEM}
EMPTY_CLOSING = {"type": "response.completed", "response": {"id": "r", "status": "completed"}}

TYPED: dict[str, list[dict[str, Any]]] = {
    "all events": [ADDED, *PIECES, WHOLE, ITEM_DONE, CLOSING],
    "pieces only": [ADDED, *PIECES, EMPTY_CLOSING],
    "whole arguments only": [ADDED, WHOLE, EMPTY_CLOSING],
    "the item only": [ITEM_DONE, EMPTY_CLOSING],
    "the closing event only": [CLOSING],
}


@pytest.mark.parametrize("name", TYPED)
async def test_tool_calls_of_typed_events_are_assembled(mode: Mode, name: str) -> None:
    mode.server.on("/chat/completions", streamed(*map(event, TYPED[name])))
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert "".join([chunk.text async for chunk in each(stream)]) == ""
    assert calls_of(stream.response) == [GET]
    assert stream.response.finish_reason == "tool_calls"


def _fragments(draw: Any, index: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    arguments = json.dumps(
        draw(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=8), max_size=3))
    )
    cuts = sorted(draw(st.lists(st.integers(0, len(arguments)), max_size=4)))
    pieces = [arguments[start:end] for start, end in zip([0, *cuts], [*cuts, len(arguments)], strict=True)]
    by_id, by_index, repeat = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    by_index = by_index or not by_id
    name, id = f"tool_{index}", f"call_{index}"
    found: list[dict[str, Any]] = []
    for number, piece in enumerate(pieces):
        first = number == 0
        found.append(
            part(
                piece,
                index=index if by_index else None,
                id=id if first or by_id else None,
                name=name if first or repeat else None,
            )
        )
    whole = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return whole, found


@st.composite
def interleaved(draw: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Whole calls, and their fragments in any order that keeps the order of each call."""
    calls = [_fragments(draw, index) for index in range(draw(st.integers(1, 4)))]
    order = draw(st.permutations([number for number, (_, parts) in enumerate(calls) for _ in parts]))
    queues = [iter(parts) for _, parts in calls]
    return [whole for whole, _ in calls], [next(queues[number]) for number in order]


@given(interleaved())
@settings(deadline=None)
def test_any_interleaving_of_fragments_assembles_to_the_whole_calls(
    case: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    whole, fragments = case
    calls = ToolCalls()
    for fragment in fragments:
        calls.add_fragments([fragment])
    assert sorted(calls.as_json(), key=lambda call: call["id"]) == whole


UNUSABLE: dict[str, Any] = {"a lone surrogate": {"x": "\ud800"}, "a long number": 10**5000}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_result_that_json_cannot_carry_is_named(name: str) -> None:
    def look() -> Any:
        return UNUSABLE[name]

    call = ToolCall({"id": "a", "function": {"name": "look", "arguments": "{}"}})
    with pytest.raises(TypeError, match="look: expected text or JSON as its result"):
        run_tools([call], [look])
    wrong = ToolCall({"id": "a", "function": {"name": "x\ud800", "arguments": "{}"}})
    with pytest.raises(ResponseFormatError, match="not one of look") as caught:
        run_tools([wrong], [look])
    assert "ud800" in str(caught.value.text)
