"""Structured output while it arrives."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel

from indoxrouter_ext.tools import partial_json
from indoxrouter_ext.tools.partial_json import parse_partial

from .harness import MESSAGES, Mode, do, following
from .server import DONE, Step, streamed, text_event


class Place(BaseModel):
    name: str
    country: str


class Trip(BaseModel):
    title: str
    places: list[Place]
    days: int = 3


@dataclass
class Task:
    what: str
    hours: float


@dataclass
class Plan:
    goal: str
    steps: list[Task]
    done: bool = False
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.goal:
            raise TypeError("a plan has a goal")


class Row(TypedDict):
    a: str
    b: Place | None


TRIP = {
    "title": "North",
    "places": [{"name": "Oslo", "country": "NO"}, {"name": "Åbo", "country": "FI"}],
    "days": 5,
}


def pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


@pytest.mark.parametrize(
    "before", ["", "Here it is:\n```json\n", '<think>{"title": 1}</think>', "\ufeff", "I use [1]: "]
)
async def test_a_stream_shows_its_structured_output_as_it_arrives(mode: Mode, before: str) -> None:
    text = before + json.dumps(TRIP, ensure_ascii=False) + ("\n```" if "```" in before else "")
    gates = [threading.Event() for _ in pieces(text, 7)]
    steps: list[Step] = []
    for piece, gate in zip(pieces(text, 7), gates, strict=True):
        steps += [text_event(piece), gate]
    mode.server.on("/chat/completions", streamed(*steps, text_event("", "stop"), DONE))
    stream = await do(mode.client().chat(MESSAGES, stream=True, response_format=Trip))
    titles: list[str | None] = []
    names: list[list[str | None]] = []
    for gate in gates:
        await following(stream)
        trip = stream.parsed_so_far
        if trip is not None:
            assert isinstance(trip, Trip)
            titles.append(trip.title)
            names.append([place.name for place in trip.places or []])
        gate.set()
    await do(stream.until_done())
    assert stream.parsed_so_far == stream.response.parsed == Trip.model_validate(TRIP)
    assert titles[-1] == "North"
    assert all("North".startswith(title) for title in titles if title)
    assert ["Oslo"] in names
    assert names[-1] == ["Oslo", "Åbo"]


async def test_without_a_format_the_value_is_json(mode: Mode) -> None:
    gate = threading.Event()
    mode.server.on(
        "/chat/completions",
        streamed(text_event('{"a": [1, {"b": "x'), gate, text_event('y"}]}', "stop"), DONE),
    )
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert stream.parsed_so_far is None
    await following(stream)
    assert stream.parsed_so_far == {"a": [1, {"b": "x"}]}
    gate.set()
    await following(stream)
    assert stream.parsed_so_far == {"a": [1, {"b": "xy"}]}


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("", None, None),
        ("no JSON yet", None, None),
        ('<think>{"a": 1', None, None),
        ("{", None, {}),
        ('{"a": "x", "b"', None, {"a": "x"}),
        ('[{"a": 1}, {"a', None, [{"a": 1}, {}]),
        ('{"a": 1} and then', None, {"a": 1}),
        (
            '{"a": "text", "b": {"name": "O',
            Row,
            {"a": "text", "b": Place.model_construct(name="O", country=None)},
        ),
        ("[1, 2", Row, None),
    ],
)
def test_the_beginning_of_a_text_is_read_as_far_as_it_goes(text: str, wanted: Any, found: Any) -> None:
    assert parse_partial(text, wanted) == found


def test_a_dataclass_is_made_without_what_its_constructor_asks_for() -> None:
    plan = parse_partial('{"steps": [{"what": "walk", "hours": 1.5}, {"what": "re', Plan)
    assert isinstance(plan, Plan)
    assert (plan.goal, plan.done, plan.notes) == (None, False, [])
    assert plan.steps[0] == Task("walk", 1.5)
    assert (plan.steps[1].what, plan.steps[1].hours) == ("re", None)


async def test_the_optional_package_is_named_when_it_is_missing(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial_json, "from_json", None)
    mode.server.on("/chat/completions", streamed(text_event("{}", "stop"), DONE))
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    with pytest.raises(ImportError, match=r"pip install 'indoxrouter\[partial\]'"):
        _ = stream.parsed_so_far
    await do(stream.close())
