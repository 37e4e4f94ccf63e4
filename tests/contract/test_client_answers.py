"""The client's reading: whatever documented answer an operation gets, nothing is lost and everything can be read.

Answers are generated from openapi.yaml, half of them with unknown fields, unknown enum values and nulls mixed
in, and come in pieces of any size, compressed or not.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st
from indoxrouter import errors, models
from indoxrouter._runtime.models.model import Model

from indoxrouter_ext.standalone.client import ApiClient
from tests.contract import clients, shapes
from tests.contract.complete import complete
from tests.contract.coverage import COVERAGE
from tests.contract.engines import ScriptedEngine, json_answer
from tests.contract.inputs import Inputs, values_of
from tests.contract.noise import noisy
from tests.contract.reading import disagreements, plain, read_everything, same
from tests.contract.test_client_requests import arguments_of
from tests.spec.document import OPERATIONS, SCHEMAS, parameters, resolve

JSON = "application/json"
SIZES = st.sampled_from([0, 0, 1, 7, 100])
"""The size of the pieces in which a body arrives; 0 for all in one."""
WIRE = st.tuples(SIZES, st.booleans())
"""The size of the pieces, and whether the body is compressed."""
MODELS = sorted(name for name, schema in SCHEMAS.items() if "properties" in schema and hasattr(models, name))
ANSWERED = {name for name, _ in shapes.answer_fields()}


def example_arguments(operation_id: str) -> dict[str, Any]:
    """How a user would call the operation with the spec's own examples."""
    operation = OPERATIONS[operation_id]
    given = {name: item["example"] for name, item in parameters(operation).items() if item.get("required")}
    inputs = Inputs(path=given, headers=given)
    for media_type, content in resolve(operation.get("requestBody", {})).get("content", {}).items():
        inputs.media_type = media_type
        inputs.body = dict(next(iter(content["examples"].values()))["value"])
        inputs.body.pop(operation.get("x-stream", {}).get("parameter"), None)  # one answer is asked for
        break
    return arguments_of(operation_id, inputs, "body as a dict")[0]


WITH_BODY = sorted(
    name for name in OPERATIONS if JSON in shapes.answer_schemas(name, shapes.success_status(name))
)


def tells_failure(operation_id: str, payload: Any) -> bool:
    """A paid call whose answer says `success: false` has failed, whatever its status."""
    return (
        isinstance(payload, dict)
        and payload.get("success") is False
        and OPERATIONS[operation_id]["x-retry"] == "billed"
    )


def check_answer(caller: clients.Caller, operation_id: str, payload: Any, wire: tuple[int, bool]) -> None:
    """Let the server answer this, and hold what the caller gets against it."""
    schema = shapes.answer_schemas(operation_id, shapes.success_status(operation_id))[JSON]
    answer = json_answer(payload, size=wire[0], compressed=wire[1])
    arguments = example_arguments(operation_id)
    if tells_failure(operation_id, payload):
        with pytest.raises(errors.IndoxRouterError):
            caller(operation_id, answer, **arguments)
        return
    result = caller(operation_id, answer, **arguments)
    assert same(result, payload), f"{json.dumps(payload)} came out as {json.dumps(plain(result))}"
    read_everything(result)
    assert same(result, payload), "reading changed it"
    if shapes.accepts(schema, payload):
        COVERAGE.note_value("client.answer_fields", schema, payload)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("operation_id", WITH_BODY)
def test_no_answer_loses_anything_on_its_way_to_the_caller(operation_id: str, kind: str) -> None:
    schema = shapes.answer_schemas(operation_id, shapes.success_status(operation_id))[JSON]
    with clients.caller_of(kind) as caller:

        def check(drawn: tuple[Any, int]) -> None:
            payload, size = drawn
            for compressed in (False, True):
                check_answer(caller, operation_id, payload, (size, compressed))

        clients.explore(st.tuples(noisy(schema), SIZES), check, examples=8)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("operation_id", WITH_BODY)
def test_every_field_of_an_answer_comes_through(operation_id: str, kind: str) -> None:
    schema = shapes.answer_schemas(operation_id, shapes.success_status(operation_id))[JSON]
    values = complete(schema)
    assert {field for value in values for field in shapes.fields_in(schema, value)} == shapes.fields_of(
        schema
    )
    with clients.caller_of(kind) as caller:
        for value in values:
            check_answer(caller, operation_id, value, (0, False))


@pytest.mark.parametrize("operation_id", WITH_BODY)
def test_answers_come_out_of_the_plain_client_as_the_types_of_the_spec(operation_id: str) -> None:
    """The client of standalone packages has no response classes, which read some fields in ways of their own."""
    schema = shapes.answer_schemas(operation_id, shapes.success_status(operation_id))[JSON]
    arguments = example_arguments(operation_id)
    engine = ScriptedEngine(clients.usual_answer(operation_id))
    with ApiClient(clients.BASE_URL, clients.API_KEY, engine=engine) as client:
        method = clients.method_of(client.api, operation_id)

        def check(payload: Any) -> None:
            engine.answer = json_answer(payload)
            result = method(**arguments)
            assert disagreements(schema, payload, result) == []
            assert same(result, payload)

        clients.explore(values_of(schema), check, examples=7)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_back_what_it_was_made_of(name: str) -> None:
    """Every schema on its own, also those that chance seldom draws deep inside an answer."""
    exported: type[Model] = getattr(models, name)
    # The generated class: the response class above it reads some fields in a way of its own.
    model: Any = next(kind for kind in exported.__mro__ if kind.__module__.startswith("indoxrouter.models."))
    schema = {"$ref": f"#/components/schemas/{name}"}
    _schemas.setdefault(name, schema)

    def check(payload: dict[str, Any]) -> None:
        for value in (model.from_dict(json.loads(json.dumps(payload))), model.from_json(json.dumps(payload))):
            assert same(value, payload)
            read_everything(value)
            assert same(value, payload), "reading changed it"
            assert json.loads(value.to_json()) == payload
        if shapes.accepts(_schemas[name], payload):
            assert disagreements(_schemas[name], payload, value) == []

    if name in ANSWERED:  # each member of each union, which few examples may leave out
        for value in complete(_schemas[name]):
            check(value)
    clients.explore(noisy(_schemas[name]), check, examples=7)


_schemas: dict[str, dict[str, Any]] = {}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("operation_id", WITH_BODY)
def test_a_documented_error_is_raised_as_the_documented_exception(operation_id: str, kind: str) -> None:
    statuses = sorted(status for status in OPERATIONS[operation_id]["responses"] if status[0] != "2")
    schema = SCHEMAS["ErrorBody"]

    def check(drawn: tuple[str, Any, tuple[int, bool]]) -> None:
        status, payload, (size, compressed) = drawn
        answer = json_answer(payload, int(status), size=size, compressed=compressed)
        with pytest.raises(errors.IndoxRouterError) as caught:
            caller(operation_id, answer, **example_arguments(operation_id))
        assert caught.value.status_code == int(status)
        assert isinstance(caught.value, documented_exceptions(operation_id, status, payload))
        repr(caught.value)
        if shapes.accepts(schema, payload):
            COVERAGE.note_value("client.error_fields", schema, payload)

    with clients.caller_of(kind) as caller:
        clients.explore(st.tuples(st.sampled_from(statuses), noisy(schema), WIRE), check, examples=8)


@pytest.mark.parametrize("value", complete(SCHEMAS["ErrorBody"]), ids="-".join)
def test_every_field_of_an_error_can_come(value: Any) -> None:
    with clients.caller_of("sync") as caller, pytest.raises(errors.IndoxRouterError) as caught:
        caller("createEmbedding", json_answer(value, 429), **example_arguments("createEmbedding"))
    assert isinstance(caught.value, documented_exceptions("createEmbedding", "429", value))
    assert "some text" in str(caught.value), "the server's words are told"
    COVERAGE.note_value("client.error_fields", SCHEMAS["ErrorBody"], value)


def documented_exceptions(operation_id: str, status: str, payload: Any) -> tuple[type[Exception], ...]:
    """What the spec lets an error be raised as: by its status, here or anywhere, or by the code in its body."""
    error = SCHEMAS["ErrorResponse"]
    names = {
        error["x-error-statuses"].get(status),
        OPERATIONS[operation_id].get("x-error-statuses", {}).get(status),
    }
    code = payload.get("error") if isinstance(payload, dict) else None
    for candidate in [code, *(code.get(key) for key in ("type", "code") if isinstance(code, dict))]:
        if isinstance(candidate, str):
            names |= {error["x-error-codes"].get(candidate), candidate}
    known = [getattr(errors, name, None) for name in names if name]
    return tuple(found for found in known if isinstance(found, type) and issubclass(found, Exception))
