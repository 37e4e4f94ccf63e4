"""A type as `response_format`: on the wire as documented, and back as an instance."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
from typing import Annotated, Any, Literal, TypedDict

import pydantic
import pytest
from indoxrouter import ChatResponse, InvalidParametersError, ResponseFormatError

from tests.methods.harness import Harness

HELLO = [{"role": "user", "content": "Tell me a joke"}]


class Mood(enum.Enum):
    DRY = "dry"
    SILLY = "silly"


@dataclasses.dataclass
class Line:
    text: str
    loud: bool = False


@dataclasses.dataclass
class Joke:
    setup: str
    lines: list[Line]
    mood: Mood
    rating: Annotated[float, "from 0 to 5"]
    by: str | None
    kind: Literal["pun", "story"] = "pun"


class JokeModel(pydantic.BaseModel):
    setup: str
    punchline: str
    rating: int | None = None


class JokeDict(TypedDict):
    setup: str
    punchline: str


@pytest.mark.parametrize("kind", [Joke, JokeModel, JokeDict])
def test_a_type_goes_out_as_a_schema_and_comes_back_as_an_instance(harness: Harness, kind: Any) -> None:
    response = harness.chat(HELLO, response_format=kind)
    wanted = harness.parameters_sent["response_format"]
    assert wanted["type"] == "json_schema"
    assert wanted["json_schema"]["name"] == kind.__name__
    assert wanted["json_schema"]["schema"]["type"] == "object"
    if kind is JokeDict:
        assert set(response.parsed) == {"setup", "punchline"}
    else:
        assert isinstance(response.parsed, kind)
        assert response.parsed.setup == json.loads(response.text)["setup"]


def test_completions_take_it_alike(harness: Harness) -> None:
    response = harness.completion("A joke", response_format=Joke)
    wanted = harness.parameters_sent["response_format"]
    assert wanted["json_schema"]["name"] == "Joke"
    with pytest.raises(
        ResponseFormatError
    ):  # a completion is prose in this mock, so this shows what it was read as
        _ = response.parsed


def test_the_schema_of_a_dataclass_says_everything(harness: Harness) -> None:
    harness.chat(HELLO, response_format=Joke)
    schema = harness.parameters_sent["response_format"]["json_schema"]["schema"]
    assert schema == {
        "type": "object",
        "properties": {
            "setup": {"type": "string"},
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"text": {"type": "string"}, "loud": {"type": "boolean"}},
                    "required": ["text"],
                    "additionalProperties": False,
                },
            },
            "mood": {"type": "string", "enum": ["dry", "silly"]},
            "rating": {"type": "number", "description": "from 0 to 5"},
            "by": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "kind": {"type": "string", "enum": ["pun", "story"]},
        },
        "required": ["setup", "lines", "mood", "rating", "by"],
        "additionalProperties": False,
    }


def test_a_json_schema_and_the_providers_own_object_are_taken_too(harness: Harness) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "title": "Count it!",
    }
    response = harness.chat(HELLO, response_format=schema)
    wanted = harness.parameters_sent["response_format"]
    assert wanted == {
        "type": "json_schema",
        "json_schema": {"name": "Count_it_", "schema": schema, "strict": False},
    }
    assert isinstance(response.parsed["n"], int)
    response = harness.chat(HELLO, response_format={"type": "json_object"})
    assert harness.parameters_sent["response_format"] == {"type": "json_object"}
    assert response.parsed == json.loads(response.text)


def test_strict_is_announced_only_for_schemas_that_strict_modes_take(harness: Harness) -> None:
    closed = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    harness.chat(HELLO, response_format=closed)
    assert harness.parameters_sent["response_format"]["json_schema"]["strict"] is True


def test_streams_are_parsed_at_their_end(harness: Harness) -> None:
    stream = harness.chat(HELLO, stream=True, response_format=Joke)
    assert isinstance(harness(stream.until_done).parsed, Joke)


def test_it_stands_beside_other_parameters_of_the_provider(harness: Harness) -> None:
    harness.chat(
        HELLO,
        response_format={"type": "json_object"},
        house_style=7,
        additional_params={"house_rules": ["x"]},
    )
    more = harness.last_request["body"]["additional_params"]
    assert (more["house_rules"], more["house_style"]) == (["x"], 7)
    assert harness.parameters_sent["response_format"] == {"type": "json_object"}


def answered(text: str, **more: Any) -> ChatResponse:
    return ChatResponse.from_dict({"data": text, **more})


@pytest.mark.parametrize(
    "text", ['```json\n{"setup": "a", "punchline": "b"}\n```', ' {"setup":"a","punchline":"b"}\n']
)
def test_a_code_fence_around_the_json_is_no_obstacle(text: str) -> None:
    assert answered(text).parse_as(JokeModel) == JokeModel(setup="a", punchline="b")


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("Here you are!", None, "not valid JSON"),
        ("", Joke, "not valid JSON"),
        ("[]", Joke, "expected an object"),
        ('{"setup": 1}', Joke, "lines is missing"),
        (
            '{"setup": "a", "lines": [{"text": 3}], "mood": "dry", "rating": 1, "by": null}',
            Joke,
            r"lines\[0\]\.text",
        ),
        ('{"setup": "a", "lines": [], "mood": "wet", "rating": 1, "by": null}', Joke, "mood"),
        ('{"setup": "a", "lines": [], "mood": ["dry"], "rating": 1, "by": null}', Joke, "mood"),
        ('{"setup": "a", "lines": [], "mood": "dry", "rating": true, "by": null}', Joke, "rating"),
        ('{"setup": "a"}', JokeModel, "punchline"),
    ],
)
def test_an_answer_that_does_not_fit_is_a_typed_error_that_holds_the_text(
    text: str, kind: Any, reason: str
) -> None:
    with pytest.raises(ResponseFormatError, match=reason) as caught:
        answered(text).parse_as(kind)
    assert caught.value.text == text


@dataclasses.dataclass
class Trip:
    day: datetime.date
    leaves: datetime.datetime
    stops: tuple[str, ...]
    size: tuple[int, float]
    tags: set[str]
    prices: dict[str, float]
    notes: JokeModel | list[str] | None
    extra: Any = None


TRIP: dict[str, Any] = {
    "day": "2026-01-31",
    "leaves": "2026-01-31T08:15:00Z",
    "stops": ["Oslo", "Bergen"],
    "size": [3.0, 2],
    "tags": ["a", "a"],
    "prices": {"adult": 3},
    "notes": {"setup": "a", "punchline": "b"},
    "extra": {"any": [1]},
}


def test_every_type_that_is_understood_comes_back_as_itself() -> None:
    assert answered(json.dumps(TRIP)).parse_as(Trip) == Trip(
        day=datetime.date(2026, 1, 31),
        leaves=datetime.datetime(2026, 1, 31, 8, 15, tzinfo=datetime.timezone.utc),
        stops=("Oslo", "Bergen"),
        size=(3, 2.0),
        tags={"a"},
        prices={"adult": 3.0},
        notes=JokeModel(setup="a", punchline="b"),
        extra={"any": [1]},
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("day", "tomorrow"),
        ("leaves", "at noon"),
        ("stops", "Oslo"),
        ("size", [1]),
        ("size", [1.5, 2]),
        ("tags", None),
        ("prices", {"adult": "free"}),
        ("notes", 3),
    ],
)
def test_a_field_that_does_not_fit_is_named(field: str, value: Any) -> None:
    with pytest.raises(ResponseFormatError, match=field):
        answered(json.dumps({**TRIP, field: value})).parse_as(Trip)


def test_the_schema_of_every_type_that_is_understood(harness: Harness) -> None:
    harness.chat(HELLO, response_format=Trip)
    wanted = harness.parameters_sent["response_format"]["json_schema"]
    properties = wanted["schema"]["properties"]
    assert properties["day"] == {"type": "string", "format": "date"}
    assert properties["stops"] == {"type": "array", "items": {"type": "string"}}
    assert properties["size"]["prefixItems"] == [{"type": "integer"}, {"type": "number"}]
    assert properties["tags"]["uniqueItems"] is True
    assert properties["prices"] == {"type": "object", "additionalProperties": {"type": "number"}}
    assert properties["extra"] == {}


def test_an_answer_that_was_cut_off_says_so() -> None:
    with pytest.raises(ResponseFormatError, match="token limit"):
        _ = answered('{"setup": "a', finish_reason="length").parsed


@pytest.mark.parametrize("wanted", [3, [Joke], lambda: None, int, Joke("a", [], Mood.DRY, 1.0, None)])
def test_nonsense_is_refused_before_any_request(harness: Harness, wanted: Any) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match="response_format"):
        harness.chat(HELLO, response_format=wanted)
    assert len(harness.mock.requests) == before


def test_a_type_that_json_cannot_say_is_named_with_its_place(harness: Harness) -> None:
    @dataclasses.dataclass
    class Odd:
        numbers: list[complex]

    with pytest.raises(InvalidParametersError, match=r"response_format\.numbers"):
        harness.chat(HELLO, response_format=Odd)


def test_pydantic_is_optional(run_python: Any) -> None:
    code = """
import sys
sys.modules["pydantic"] = None
import dataclasses
from indoxrouter import ChatResponse
@dataclasses.dataclass
class P:
    n: int
print(ChatResponse.from_dict({"data": '{"n": 3}'}).parse_as(P).n)
"""
    assert run_python(code).stdout.strip() == "3"
