"""Tools from typed Python functions: what goes on the wire, and the way back."""

from __future__ import annotations

import dataclasses
import datetime
import json
from typing import Any, Literal

import pydantic
import pytest
from indoxrouter import ChatResponse, InvalidParametersError, ResponseFormatError, ToolCall, run_tools, tool

from tests.methods.harness import Harness
from tests.spec.document import fields, operation_of

ASK = [{"role": "user", "content": "What will the weather be in Paris?"}]


@dataclasses.dataclass
class Place:
    name: str
    country: str | None = None


def weather(
    city: str, days: int = 3, unit: Literal["C", "F"] = "C", near: list[str] | None = None
) -> dict[str, Any]:
    """The weather of the next days.

    Looks at several services.

    Args:
        city: Its name, in English,
            without the country.
        days (int): How many, from today.
        unit: Of the temperatures.

    Returns:
        One entry for each day.
    """
    return {"city": city, "days": days, "unit": unit}


def locate(place: Place) -> str:
    """Where a place is.

    :param place: The place.
    """
    return f"{place.name} is somewhere"


DEFINITION = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of the next days. Looks at several services.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Its name, in English, without the country."},
                "days": {"type": "integer", "description": "How many, from today."},
                "unit": {"type": "string", "enum": ["C", "F"], "description": "Of the temperatures."},
                "near": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
            },
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


def test_a_function_is_described_by_its_annotations_and_docstring() -> None:
    assert tool(weather) == DEFINITION


def test_docstrings_of_the_other_style_are_read_too() -> None:
    described = tool(locate)["function"]
    assert described["description"] == "Where a place is."
    assert described["parameters"]["properties"]["place"]["description"] == "The place."


def test_functions_and_objects_travel_as_documented(harness: Harness) -> None:
    plain = {
        "type": "function",
        "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}},
    }
    harness.chat(ASK, tools=[weather, plain], tool_choice="auto")
    sent = harness.parameters_sent
    assert (sent["tools"], sent["tool_choice"]) == ([DEFINITION, plain], "auto")


@pytest.mark.parametrize("name", ["tools", "tool_choice", "response_format"])
def test_a_parameter_is_a_field_of_its_own_where_the_api_documents_it(harness: Harness, name: str) -> None:
    harness.chat(ASK, tools=[weather], tool_choice="auto", response_format={"type": "text"})
    body = harness.last_request["body"]
    documented = name in fields(operation_of("chat"))
    assert (name in body, name in body.get("additional_params", {})) == (documented, not documented)


@pytest.mark.parametrize("shape", ["envelope", "openai", "output"])
def test_a_conversation_with_a_tool(harness: Harness, shape: str) -> None:
    steered = harness.with_headers(X_Mock_Shape=shape)
    response = steered.chat(ASK, tools=[weather])
    (call,) = response.tool_calls
    assert isinstance(call, ToolCall)
    assert call.name == "weather"
    assert set(call.arguments) >= {"city"}
    results = run_tools(response.tool_calls, [weather])
    assert results[0]["role"] == "tool"
    assert results[0]["tool_call_id"] == call.id
    thread = [
        *ASK,
        {"role": "assistant", "content": response.text, "tool_calls": response.tool_calls},
        *results,
    ]
    answer = steered.chat(thread, tools=[weather])
    assert answer.tool_calls == []
    assert answer.text
    assert harness.last_request["body"]["messages"][1]["tool_calls"] == [dict(call)]


def test_calls_in_a_stream_are_put_together(harness: Harness) -> None:
    stream = harness.chat(ASK, tools=[weather], stream=True)
    (call,) = harness(stream.until_done).tool_calls
    assert call.name == "weather"
    assert call.arguments == harness.chat(ASK, tools=[weather]).tool_calls[0].arguments


def asked(name: str, arguments: Any) -> list[ToolCall]:
    raw = {"data": "", "tool_calls": [{"id": "c1", "function": {"name": name, "arguments": arguments}}]}
    return ChatResponse.from_dict(raw).tool_calls


def test_arguments_become_instances_of_their_types() -> None:
    (message,) = run_tools(asked("locate", '{"place": {"name": "Oslo"}}'), [locate])
    assert message == {"role": "tool", "tool_call_id": "c1", "name": "locate", "content": "Oslo is somewhere"}


def test_each_result_answers_the_call_that_asked_for_it() -> None:
    calls = [
        ToolCall(
            {
                "id": f"call-{place}",
                "function": {"name": "locate", "arguments": f'{{"place": {{"name": "{place}"}}}}'},
            }
        )
        for place in ("Paris", "Oslo", "Lima")
    ]
    messages = run_tools(calls, [locate])
    assert {message["tool_call_id"]: message["content"] for message in messages} == {
        f"call-{place}": locate(Place(name=place)) for place in ("Paris", "Oslo", "Lima")
    }


class Street(pydantic.BaseModel):
    name: str


class Address(pydantic.BaseModel):
    street: Street
    city: str = "Oslo"


def deliver(to: Address, via: list[Address] | None = None) -> str:
    """Deliver a parcel."""
    return f"{to.street.name} in {to.city}"


def test_definitions_of_nested_models_stand_where_references_look_for_them(harness: Harness) -> None:
    parameters = tool(deliver)["function"]["parameters"]
    assert parameters["properties"]["to"]["properties"]["street"] == {"$ref": "#/$defs/Street"}
    assert set(parameters["$defs"]) == {"Street"}
    assert "$defs" not in parameters["properties"]["to"]
    assert harness.chat(ASK, tools=[deliver]).tool_calls[0].name == "deliver"
    (message,) = run_tools(asked("deliver", '{"to": {"street": {"name": "Main"}}}'), [deliver])
    assert message["content"] == "Main in Oslo"


def test_an_annotation_that_cannot_be_read_is_refused(harness: Harness) -> None:
    @dataclasses.dataclass
    class Hidden:
        name: str

    def seek(thing: Hidden) -> None:
        """Seek."""

    with pytest.raises(InvalidParametersError, match="Hidden"):
        harness.chat(ASK, tools=[seek])


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("elsewhere", "{}", "not one of weather, locate"),
        ("weather", "not json", "not a JSON object"),
        ("weather", "[1]", "not a JSON object"),
        ("weather", '{"city": 3}', "city"),
        ("weather", "{}", "city"),
        ("weather", '{"city": "Oslo", "planet": "Mars"}', "planet"),
    ],
)
def test_calls_that_do_not_fit_are_typed_errors(name: str, arguments: str, reason: str) -> None:
    with pytest.raises(ResponseFormatError, match=reason):
        run_tools(asked(name, arguments), [weather, locate])


def test_the_text_of_such_an_error_can_be_read_in_every_script() -> None:
    for name, arguments, text in (("weather", ["تهران"], "تهران"), ("سلام", [], "سلام")):
        with pytest.raises(ResponseFormatError) as caught:
            run_tools(asked(name, arguments), [weather])
        assert text in caught.value.details["text"]


def bare(city) -> None:  # type: ignore[no-untyped-def]  # what is tested
    pass


def starred(*cities: str) -> None:
    pass


def odd(number: complex) -> None:
    pass


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (bare, "annotation"),
        (starred, "by name"),
        (odd, "number"),
        (lambda city: city, "with a name"),
        (3, "a function"),
    ],
)
def test_functions_that_cannot_be_described_are_refused_before_any_request(
    harness: Harness, function: Any, reason: str
) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match=reason):
        harness.chat(ASK, tools=[function])
    assert len(harness.mock.requests) == before


def test_tools_have_to_be_a_list(harness: Harness) -> None:
    with pytest.raises(InvalidParametersError, match="tools"):
        harness.chat(ASK, tools=DEFINITION)


CALL = ToolCall({"id": "1", "function": {"name": "weather", "arguments": '{"city": "Rome", "days": 2}'}})


def test_a_call_runs_a_function_with_arguments_of_its_types() -> None:
    def visit(place: Place, on: datetime.date) -> str:
        return f"{type(place).__name__} {place.name} {on:%d.%m.}"

    text = '{"place": {"name": "Rome"}, "on": "2026-01-31"}'
    call = ToolCall({"function": {"name": "visit", "arguments": text}})
    assert call.run(visit) == "Place Rome 31.01."
    assert CALL.run(weather) == {"city": "Rome", "days": 2, "unit": "C"}
    with pytest.raises(ResponseFormatError, match="arguments that do not match") as caught:
        ToolCall({"function": {"name": "visit", "arguments": '{"place": 3}'}}).run(visit)
    assert isinstance(caught.value.text, str)


def test_the_arguments_of_a_call_are_read_as_a_class() -> None:
    call = ToolCall({"function": {"name": "f", "arguments": '{"name": "Rome", "country": "Italy"}'}})
    assert call.parse_as(Place) == Place("Rome", "Italy")
    with pytest.raises(ResponseFormatError, match="arguments that do not match") as caught:
        CALL.parse_as(Place)
    assert caught.value.text is not None
    assert '"city"' in json.loads(caught.value.text)["function"]["arguments"]
