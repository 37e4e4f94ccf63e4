"""The documented methods (`client.chat` and so on): whatever valid input they get, what they send fits the spec."""

from __future__ import annotations

from typing import Any

import indoxrouter
import pytest

from tests.contract import clients, wire
from tests.contract.inputs import Inputs, inputs_of
from tests.contract.test_client_requests import arguments_of, cannot_be_sent
from tests.spec.document import OPERATIONS

METHODS = [
    pytest.param(identifier, entry, id=f"{entry['name']}-{identifier}")
    for identifier, operation in OPERATIONS.items()
    for entry in operation.get("x-facade", ())
]


def arguments_for(operation_id: str, entry: dict[str, Any], inputs: Inputs) -> tuple[dict[str, Any], Any]:
    """The inputs as keywords of a documented method, where None says nothing, and the body that they make."""
    arguments, body = arguments_of(operation_id, inputs, "fields as keywords")
    arguments.pop("content_type", None)
    rename = entry.get("rename", {})
    renamed = {rename.get(name, name): value for name, value in arguments.items() if value is not None}
    return {**renamed, **entry.get("fixed", {})}, body


def check_method(client: Any, engine: Any, operation_id: str, entry: dict[str, Any], inputs: Inputs) -> bool:
    """Call, and hold what was sent against the spec and against what was passed."""
    arguments, body = arguments_for(operation_id, entry, inputs)
    engine.requests.clear()
    streaming = arguments.get("stream") is True
    engine.answer = clients.STREAM_OF_NOTHING if streaming else clients.usual_answer(operation_id)
    try:
        result = getattr(client, entry["name"])(**arguments)
    except indoxrouter.InvalidParametersError:
        # These methods check more than schemas do: the bytes of images, the roles of messages.
        assert engine.requests == []
        return False
    assert not cannot_be_sent(operation_id, inputs, body)
    if isinstance(result, indoxrouter.Stream):
        result.close()
    received = wire.receive(engine.requests[0], operation_id, clients.BASE_URL)
    assert received.path == inputs.path
    assert (
        received.query.items()
        >= {name: value for name, value in inputs.query.items() if value is not None}.items()
    )
    if received.media_type == "application/json" and "x-provider-rules" not in OPERATIONS[operation_id]:
        said = {name: value for name, value in body.items() if value is not None and name != "messages"}
        assert {name: received.body[name] for name in said} == said
    return True


@pytest.mark.parametrize(("operation_id", "entry"), METHODS)
def test_what_a_documented_method_sends_fits_the_spec(operation_id: str, entry: dict[str, Any]) -> None:
    sent: list[bool] = []
    with clients.caller_of("sync") as caller:
        clients.explore(
            inputs_of(operation_id),
            lambda inputs: sent.append(
                check_method(caller.client, caller.engine, operation_id, entry, inputs)
            ),
            examples=10,
        )
    assert any(sent), "the method refused every valid input"
