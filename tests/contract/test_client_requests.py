"""The client's requests: for every operation, whatever valid input is passed, the bytes that go out fit the spec.

The input is generated from openapi.yaml; the bytes are taken where an engine would send them, and read by
`wire.py`, which shares no code with the client.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import indoxrouter
import pytest
from hypothesis import strategies as st
from indoxrouter import models
from indoxrouter.about import OPERATIONS as METHODS

from tests.contract import clients, shapes, wire
from tests.contract.complete import complete
from tests.contract.coverage import COVERAGE
from tests.contract.inputs import Inputs, inputs_of, sayable
from tests.fields import fields_of
from tests.spec.document import OPERATIONS, parameters

FORM = "multipart/form-data"
WAYS = ("body as a dict", "body as a model", "fields as keywords")


def load(operation_id: str) -> Any:
    """The operation's descriptor in the generated package."""
    from importlib import import_module

    tag, name = METHODS[operation_id]
    return import_module(f"indoxrouter.api.{tag}.{name}").OPERATION


def arguments_of(operation_id: str, inputs: Inputs, way: str) -> tuple[dict[str, Any], Any]:
    """How a user would pass these inputs, and the body that has to go out."""
    operation = load(operation_id)
    values = {**inputs.path, **inputs.query, **inputs.headers}
    arguments = {
        parameter.name: values[parameter.wire]
        for parameter in operation.parameters
        if parameter.wire in values
    }
    if inputs.media_type is None or inputs.body is None:
        return arguments, None
    if len(operation.bodies) > 1:
        arguments["content_type"] = inputs.media_type
    schema = shapes.body_schemas(operation_id)[inputs.media_type]
    model = getattr(models, shapes.named(schema)[1])
    body = {name: _as_given(schema, name, value) for name, value in inputs.body.items()}
    if way == "fields as keywords":
        names = fields_of(model)
        body = {name: value for name, value in body.items() if name in names}
        arguments.update({names[name]: value for name, value in body.items()})
    elif way == "body as a model":
        arguments["body"] = model.from_dict(body)
    else:
        arguments["body"] = body
    return arguments, body


def _as_given(schema: dict[str, Any], name: str, value: Any) -> Any:
    declared = shapes.named(shapes.named(schema)[0]["properties"].get(name, {}))[0]
    if declared.get("format") == "binary":
        return value.encode("utf-8", "replace") if isinstance(value, str) else bytes(value)
    return value


def cannot_be_sent(operation_id: str, inputs: Inputs, body: Any) -> bool:
    """Whether no request can carry the input although its schema allows it, so that the client has to refuse."""
    for name, value in inputs.path.items():
        slashes = parameters(OPERATIONS[operation_id])[name].get("x-allow-slash")
        if isinstance(value, str) and _no_path(value, slashes=bool(slashes)):
            return True
    if not all(" " <= character <= "~" for value in inputs.headers.values() for character in str(value)):
        return True
    if not sayable([inputs.path, inputs.query]):
        return True
    if isinstance(body, dict):
        if any(_asks_nothing(message) for message in body.get("messages", ())):
            return True
        return not all(
            value != b"" if isinstance(value, bytes) else sayable({name: value})
            for name, value in body.items()
        )
    return False


def _asks_nothing(message: dict[str, Any]) -> bool:
    """A message that its schema allows and no provider accepts: a question of None."""
    return message.get("role") in ("system", "user", "developer") and message.get("content") is None


def _no_path(text: str, *, slashes: bool) -> bool:
    """Text that a server could read as another path: dot segments, slashes and control characters, quoted or not."""
    for piece in text.split("/") if slashes else [text]:
        bare = piece
        while unquote(bare) != bare:
            bare = unquote(bare)
        control = any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in bare)
        if piece == "" or bare in ("", ".", "..") or "/" in bare or "\\" in bare or control:
            return True
    return False


def check_request(caller: clients.Caller, operation_id: str, inputs: Inputs, way: str) -> bool:
    """Hold what a call sends against the spec and against what was passed. False when the client had to refuse."""
    arguments, body = arguments_of(operation_id, inputs, way)
    streaming = isinstance(body, dict) and body.get("stream") is True and operation_id in shapes.STREAMS
    answer = clients.STREAM_OF_NOTHING if streaming else clients.usual_answer(operation_id)
    caller.engine.requests.clear()
    if cannot_be_sent(operation_id, inputs, body):
        with pytest.raises(indoxrouter.InvalidParametersError):
            caller(operation_id, answer, **arguments)
        assert caller.engine.requests == []
        return False
    caller(operation_id, answer, **arguments)
    [request] = caller.engine.requests
    received = wire.receive(request, operation_id, clients.BASE_URL)
    assert received.path == inputs.path
    assert received.query == inputs.query
    for name, value in inputs.headers.items():
        assert received.headers[name.lower()] == str(value)
    check_body(operation_id, received, body)
    note(operation_id, received)
    return True


def check_body(operation_id: str, received: wire.Received, body: Any) -> None:
    """The body that went out is the one that was passed."""
    if received.media_type == "application/json":
        assert received.body == body
    elif body is not None:
        declared = shapes.named(shapes.body_schemas(operation_id)[received.media_type or ""])[0]["properties"]
        for name in declared.keys() & body.keys():
            if isinstance(body[name], bytes):
                assert received.files[name] == body[name]
            else:
                assert received.body[name] == body[name]


def note(operation_id: str, received: wire.Received) -> None:
    """Write down what went out."""
    COVERAGE.note("client.operations", [(operation_id, "")])
    known = parameters(OPERATIONS[operation_id])
    given = {*received.path, *received.query, *(name for name in known if name.lower() in received.headers)}
    COVERAGE.note("client.parameters", ((operation_id, name) for name in given & known.keys()))
    if received.media_type is not None:
        COVERAGE.note_value(
            "client.request_fields", shapes.body_schemas(operation_id)[received.media_type], received.body
        )


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_what_the_client_sends_fits_the_spec(operation_id: str, kind: str) -> None:
    sent: list[bool] = []
    ways = st.sampled_from(WAYS if shapes.body_schemas(operation_id) else WAYS[:1])
    with clients.caller_of(kind) as caller:
        clients.explore(
            st.tuples(inputs_of(operation_id), ways),
            lambda drawn: sent.append(check_request(caller, operation_id, *drawn)),
            examples=12,
        )
    assert sent.count(True) >= len(sent) / 3, "the client refused most of the valid inputs"


IDENTIFIED = sorted(
    name
    for name, operation in OPERATIONS.items()
    if any(
        item["in"] == "path" and item["schema"].get("type") == "string"
        for item in parameters(operation).values()
    )
)


@pytest.mark.parametrize("operation_id", IDENTIFIED)
def test_an_id_arrives_as_it_was_passed_whatever_it_holds(operation_id: str) -> None:
    inside = {
        name: item for name, item in parameters(OPERATIONS[operation_id]).items() if item["in"] == "path"
    }
    usual = {name: item["example"] for name, item in inside.items()}
    with clients.caller_of("sync") as caller:
        for name in inside:
            sent = [
                check_request(caller, operation_id, Inputs(path={**usual, name: text}), WAYS[0])
                for text in ODD_IDS
            ]
            assert sent.count(True) >= 5


ODD_IDS = (
    "gpt-4o-mini",
    "nova:0",
    "a/b/c",
    "ü b+c",
    "100%",
    "a?b#c;d=e&f",
    "..",
    "a/../b",
    "a//b",
    "%2e%2e",
    "\n",
)


@pytest.mark.parametrize(
    "operation_id", sorted(name for name in OPERATIONS if FORM in shapes.body_schemas(name))
)
def test_a_form_field_of_any_name_is_that_field(operation_id: str) -> None:
    names = ('quo"ted', "two\r\nlines", "ünïcode", "semi;colon", "nul\0", " ")
    body = {"file": "RIFF", **{name: f"value of {name}" for name in names}}
    with clients.caller_of("sync") as caller:
        check_request(caller, operation_id, Inputs(media_type=FORM, body=body), "body as a dict")
        received = wire.receive(caller.engine.requests[0], operation_id, clients.BASE_URL)
    assert {name: received.body[name] for name in names} == {name: body[name] for name in names}


def open_enums(operation_id: str) -> list[tuple[str, str]]:
    """The body fields, with their media type, that have known values and may have others."""
    return [
        (media_type, name)
        for media_type, schema in shapes.body_schemas(operation_id).items()
        for name, field in shapes.merged(schema)["properties"].items()
        if any("enum" in member for member in shapes.merged(field).get("anyOf", ()))
    ]


@pytest.mark.parametrize("operation_id", sorted(name for name in OPERATIONS if open_enums(name)))
def test_a_value_of_tomorrow_can_be_sent_today(operation_id: str) -> None:
    for media_type, name in open_enums(operation_id):
        schema = shapes.body_schemas(operation_id)[media_type]
        body = {**complete(schema)[0], name: "a-value-of-tomorrow"}
        with clients.caller_of("sync") as caller:
            inputs = Inputs(media_type=media_type, body=body)
            assert check_request(caller, operation_id, inputs, "fields as keywords")


@pytest.mark.parametrize("name", sorted({name for field in shapes.request_fields() for name in [field[0]]}))
def test_every_field_of_a_request_can_be_sent(name: str) -> None:
    """One value of each request schema that has every field at once, which chance alone would seldom draw."""
    fields = shapes.named({"$ref": f"#/components/schemas/{name}"})[0]["properties"]
    owners = [
        (identifier, media_type)
        for identifier in OPERATIONS
        for media_type, schema in shapes.body_schemas(identifier).items()
        if shapes.named(schema)[1] == name
    ]
    for identifier, media_type in owners:
        inputs = Inputs(
            media_type=media_type, body={field: _some(schema) for field, schema in fields.items()}
        )
        with clients.caller_of("sync") as caller:
            assert check_request(caller, identifier, inputs, "fields as keywords")
            assert check_request(caller, identifier, inputs, "body as a dict")


def _some(schema: dict[str, Any]) -> Any:
    """A value of a schema, found without chance."""
    from hypothesis import HealthCheck, Phase, find, settings

    from tests.contract.inputs import values_of

    if shapes.named(schema)[0].get("format") == "binary":
        return "RIFF"
    quick = settings(
        max_examples=200,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    return find(values_of(schema), lambda value: value is not None, settings=quick)
