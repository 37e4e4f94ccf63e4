"""Whatever the order in which the deltas of an answer arrive, and however the bytes are cut, the answer is whole."""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from indoxrouter._runtime.http.interface import Headers, Timeouts
from indoxrouter.about import load_operation

from indoxrouter_ext.calls.answer import HttpAnswer
from indoxrouter_ext.settings.values import Settings
from indoxrouter_ext.streaming.state import StreamState

SETTINGS = Settings("http://127.0.0.1:1/api/v1", Timeouts(1.0, 1.0, 1.0, 1.0))
REASONS = st.sampled_from(["stop", "length", "tool_calls"])
texts = st.text(max_size=30)
calls = st.lists(
    st.tuples(
        st.from_regex("[a-z_]{1,9}", fullmatch=True), st.dictionaries(st.text(max_size=5), texts, max_size=2)
    ),
    max_size=3,
)


def pieces(draw: Any, text: str) -> list[str]:
    edges = sorted({0, len(text), *draw(st.lists(st.integers(0, len(text)), max_size=4))})
    return [text[start:end] for start, end in itertools.pairwise(edges)]


@st.composite
def deltas_of_a_choice(draw: Any, index: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """One whole answer, and deltas that add up to it: text, reasoning and tool calls in any order."""
    text, reasoning, reason = draw(texts), draw(texts), draw(REASONS)
    whole: dict[str, Any] = {"role": "assistant", "content": text}
    queues: list[list[dict[str, Any]]] = [[{"content": piece} for piece in pieces(draw, text)]]
    queues.append([{"reasoning_content": piece} for piece in pieces(draw, reasoning)])
    if reasoning:
        whole["reasoning_content"] = reasoning
    for number, (name, arguments) in enumerate(draw(calls)):
        written = json.dumps(arguments)
        call = {
            "id": f"call_{index}_{number}",
            "type": "function",
            "function": {"name": name, "arguments": written},
        }
        whole.setdefault("tool_calls", []).append(call)
        start = {
            "index": number,
            "id": call["id"],
            "type": "function",
            "function": {"name": name, "arguments": ""},
        }
        rest = [{"index": number, "function": {"arguments": piece}} for piece in pieces(draw, written)]
        queues.append([{"tool_calls": [fragment]} for fragment in [start, *rest]])
    deltas = interleave(draw, queues)
    choices = [{"index": index, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": index, "delta": {}, "finish_reason": reason})
    return {"index": index, "message": whole, "finish_reason": reason}, choices


def interleave(draw: Any, queues: list[list[Any]]) -> list[Any]:
    """The items of all queues in any order that keeps the order of each."""
    order = draw(st.permutations([number for number, queue in enumerate(queues) for _ in queue]))
    readers = [iter(queue) for queue in queues]
    return [next(readers[number]) for number in order]


@st.composite
def streams(draw: Any) -> tuple[list[dict[str, Any]], bytes, int]:
    """The whole answers, the bytes of their stream, and the size of the pieces in which they arrive."""
    found = [draw(deltas_of_a_choice(index)) for index in range(draw(st.integers(1, 3)))]
    events = [{"choices": [choice]} for choice in interleave(draw, [choices for _, choices in found])]
    if draw(st.booleans()):  # several choices in one event
        events = [
            {"choices": [choice for event in group for choice in event["choices"]]}
            for group in (events[at : at + 2] for at in range(0, len(events), 2))
        ]
    body = (
        b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"
    )
    return [whole for whole, _ in found], body, draw(st.sampled_from([1, 2, 7, 100, 10_000]))


@given(streams())
@settings(deadline=None, max_examples=60)
def test_any_interleaving_of_deltas_assembles_to_the_whole_answers(
    case: tuple[list[dict[str, Any]], bytes, int],
) -> None:
    wholes, body, size = case
    fields = {"messages": [{"role": "user", "content": "x"}], "stream": True}
    call = load_operation("createChatCompletion").call(
        fields={**fields, "additional_params": {"n": len(wholes)}} if len(wholes) > 1 else fields
    )
    answer = HttpAnswer(200, Headers([("Content-Type", "text/event-stream")]), b"")
    state = StreamState(call, answer, SETTINGS, [], lambda: 0.0)
    for at in range(0, len(body), size):
        state.feed(body[at : at + size])
    state.end_of_stream()
    assert state.take_error() is None
    response = state.response()
    first = wholes[0]
    assert "".join(chunk.text for chunk in state.chunks) == response.text == first["message"]["content"]
    assert response.finish_reason == first["finish_reason"]
    assert (response.reasoning or "") == first["message"].get("reasoning_content", "")
    assert [call.id for call in response.tool_calls] == [
        made["id"] for made in first["message"].get("tool_calls", [])
    ]
    found = response["choices"]
    assert [choice["index"] for choice in found] == [choice["index"] for choice in wholes]
    for choice, whole in zip(found, wholes, strict=True):
        assert {key: choice["message"].get(key) for key in whole["message"]} == whole["message"]
        assert choice["finish_reason"] == whole["finish_reason"]
