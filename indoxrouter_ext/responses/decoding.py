"""From the body of a successful HTTP answer to the object that a caller reads, of the class that its operation has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.codecs.composites import AliasRef, Array, MappingCodec, ModelRef, Union
from indoxrouter._runtime.codecs.factory import BYTES, TEXT
from indoxrouter._runtime.errors.mapping import error_from_payload, error_from_transport
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import as_object, is_list, is_object, json_type
from indoxrouter._runtime.values.masking import mask
from indoxrouter.errors import APIError

from .base import ReceivedResponse
from .formats import response_text
from .raw_response import call_log

if TYPE_CHECKING:
    from indoxrouter._runtime.codecs.base import Codec
    from indoxrouter._runtime.http.interface import TransportFailure
    from indoxrouter._runtime.operations.operation import Call, Operation

    from ..calls.answer import HttpAnswer

ResponseT = TypeVar("ResponseT")
ResultT = TypeVar("ResultT")
SecretsOf = Callable[[Iterable[str]], list[str]]
"""Returns the client's secrets together with those of a call; called for error messages only."""

_NO_CONTENT = 204


def decode_answer(
    call: Call[ResultT],
    answer: HttpAnswer,
    secrets_of: SecretsOf,
    read_events: Callable[[], Any] | None = None,
) -> ResultT:
    """Decode the body of a successful answer as its operation documents it.

    A model that is returned carries the HTTP side of the call (`.http`). Response classes of this layer replace the
    generated ones.

    `read_events` reads the events of a body that is not one JSON document; it returns None if there are none.

    Raises:
        IndoxRouterError: for a body that reports a failure in spite of its status.
        APIError: for a body that does not match its content type or the documented kind of JSON.
    """
    operation = call.operation
    response = call.expected(answer.status, answer.headers.get("content-type", ""))
    if response is None and operation.responses:
        response = operation.responses[0]  # an undocumented success status is read like the documented one
    codec = response.codec if response is not None else None
    result: Any = None
    if codec is BYTES:
        result = bytes(answer.body)
    elif codec is TEXT:
        result = answer.body.decode("utf-8", "replace")
    elif codec is None or not answer.body or answer.body.isspace():
        if codec is not None and (answer.status != _NO_CONTENT or operation.strict_success):
            raise _unreadable(answer, "its body is empty")
    else:
        payload = _parse(call, answer, secrets_of, read_events)
        response_class = response_class_for(operation)
        if isinstance(payload, Model):
            result = payload
        elif not is_object(payload):
            _check_kind(codec, payload, answer)
            result = codec.decode(payload)
        elif _reports_failure(payload, operation.strict_success):
            raise _reported(call, answer, payload, secrets_of(call.secrets()))
        elif response_class is not None:
            result = response_class._from_wire_(payload)
        else:
            if type(codec) is Array:
                _check_kind(codec, payload, answer)
            result = codec.decode(payload)
        if isinstance(result, Model):
            result.__dict__["_http_"] = answer.info()
    log = call_log.get()
    if log is not None:
        log.append(answer.info())
    return result  # type: ignore[no-any-return]  # ResultT and the codec come from the same line of the spec


def not_a_stream(call: Call[Any], answer: HttpAnswer, host: str, secrets: Iterable[str]) -> Exception:
    """The exception for a success that should have been a stream: the error in its body, or what it is instead."""
    payload: Any = None
    with suppress(json.MalformedJson):
        payload = json.loads(answer.body)
    fields = as_object(payload)
    if fields.get("error") or fields.get("detail") or fields.get("success") is False:
        return _reported(call, answer, fields, secrets)
    if answer.failure is not None:
        return cut_off(answer, answer.failure, host, secrets)
    return _unreadable(answer, f"expected a stream of events, got {_content_type(answer, secrets)}")


def cut_off(answer: HttpAnswer, failure: TransportFailure, host: str, secrets: Iterable[str]) -> Exception:
    """The exception for a body that could not be read to its end."""
    error = error_from_transport(failure, host, secrets)
    error.attempts = answer.attempts
    return error


def _check_kind(codec: Codec, payload: Any, answer: HttpAnswer) -> None:
    """Raise for JSON of an undocumented kind, such as a list in place of an object."""
    kinds = _documented_kinds(codec)
    kind = json_type(payload)
    if kinds and kind not in kinds:
        raise _unreadable(answer, f"expected {' or '.join(kinds)} as documented, got JSON {kind}")


def _documented_kinds(codec: Codec) -> frozenset[str]:
    """The kinds of JSON that a codec documents; empty if it allows any."""
    if isinstance(codec, AliasRef):
        return _documented_kinds(codec.target)
    if isinstance(codec, (ModelRef, MappingCodec)):
        return frozenset({"object"})
    if isinstance(codec, Array):
        return frozenset({"array"})
    if isinstance(codec, Union):
        kinds = {variant.kind for variant in codec.variants}
        return frozenset() if "any" in kinds else frozenset(kinds)
    return frozenset()


def _reports_failure(payload: dict[str, Any], strict: bool) -> bool:
    """Whether the body of a success describes a failure.

    `success: false` without a message is an ordinary answer of some operations (a stream that could not be stopped). It
    is a failure together with a message, and for operations with `x-strict-success`.
    """
    success = payload.get("success")
    if success is False:
        return bool(payload.get("error") or payload.get("detail")) or strict
    return success is not True and (is_error_body(payload) or _reported_in_choice(payload) is not None)


def _reported_in_choice(payload: dict[str, Any]) -> Any:
    """The error that the only choice of an answer has in place of a text, or None."""
    choices = payload.get("choices")
    if not (is_list(choices) and len(choices) == 1 and is_object(choices[0]) and choices[0].get("error")):
        return None
    return None if response_text(payload) else choices[0]["error"]


_ERROR_KEYS = frozenset({
    "error", "message", "msg", "status_code", "details", "detail", "request_id", "success", "code", "type",
    "param",
})  # fmt: skip
_FINE = (None, 0, 200, "0", "200", "")


def is_error_body(payload: dict[str, Any]) -> bool:
    """Whether a body or an event is an error body, which has no other keys and reports a failure."""
    refusal = payload.get("base_resp")  # MiniMax, beside the fields of an answer
    if is_object(refusal) and refusal.get("status_code") not in _FINE:
        return True
    if payload.get("success") is True or not payload.keys() <= _ERROR_KEYS:
        return False
    if payload.get("error") or payload.get("detail"):
        return True
    return payload.get("code") not in _FINE and bool(payload.get("message") or payload.get("msg"))


def _reported(
    call: Call[Any], answer: HttpAnswer, payload: dict[str, Any], secrets: Iterable[str]
) -> Exception:
    """The exception for a failure that the body of a success reports."""
    inner = _reported_in_choice(payload)
    error = error_from_payload(
        payload if inner is None else {**payload, "error": inner},
        status=answer.status,
        headers=answer.headers,
        secrets=secrets,
        statuses=call.operation.error_statuses,
    )
    error.attempts = answer.attempts
    return error


def _parse(
    call: Call[Any], answer: HttpAnswer, secrets_of: SecretsOf, read_events: Callable[[], Any] | None
) -> Any:
    reason = ""
    try:
        return json.loads(answer.body)
    except json.MalformedJson as error:
        reason = str(error)
    with suppress(json.MalformedJson):  # text that is broken in one place is delivered
        return json.loads(bytes(answer.body).decode("utf-8", "replace"))
    found = read_events() if read_events is not None else None
    if found is not None:
        return found
    kind = _content_type(answer, secrets_of(call.secrets()))
    raise _unreadable(answer, f"{reason} (content type: {kind})")


def _content_type(answer: HttpAnswer, secrets: Iterable[str]) -> str:
    header = str(mask(answer.headers.get("content-type", ""), secrets))
    return header.partition(";")[0].strip().lower()[:60] or "no content type"


def _unreadable(answer: HttpAnswer, reason: str) -> Exception:
    return APIError(
        f"The server answered {answer.status}, but the answer cannot be read: {reason}",
        status_code=answer.status,
        request_id=answer.request_id,
        attempts=answer.attempts,
    )


_response_classes: dict[str, Any] = {}


def _reference(codec: Any) -> ModelRef | None:
    """The model that a codec reads; of a union, its first model, which is the shape that the spec prefers."""
    if isinstance(codec, Union):
        return next(
            (ref for variant in codec.variants if (ref := _reference(variant.codec)) is not None), None
        )
    return codec if isinstance(codec, ModelRef) else None


def model_for(operation: Operation[Any]) -> Any:
    """The generated model for the answers of an operation, or None if it documents none."""
    references = (_reference(answer.codec) for answer in operation.responses)
    return next((reference.target for reference in references if reference is not None), None)


def response_class_for(operation: Operation[Any]) -> Any:
    """The response class for the answers of an operation, or None if there is only the generated model."""
    if operation.id not in _response_classes:
        model = model_for(operation)
        found: Any = None
        if model is not None:
            found = getattr(import_module("indoxrouter"), model.__name__, None)
            if found is model:
                found = None
        _response_classes[operation.id] = found
    return _response_classes[operation.id]


@cache
def _async_class(name: str) -> Any:
    return getattr(import_module("indoxrouter"), f"Async{name}", None)


def bind_client(
    result: ResponseT, client: Any, response_format: Any = None, *, asynchronous: bool
) -> ResponseT:
    """Give a response the client that received it, which its files and jobs use later.

    For an asynchronous client the result is of the class whose methods are awaited, if there is one. `response_format`
    is for `response.parsed`. Anything but a response is returned unchanged.
    """
    if not isinstance(result, ReceivedResponse):
        return result
    response: Any = result
    if asynchronous:
        async_class = _async_class(type(result).__name__)
        if async_class is not None:
            response = async_class.__new__(async_class)
            response.__dict__.update(result.__dict__)
    response.__dict__["_client_"] = client
    if response_format is not None:
        response.__dict__["_format_"] = response_format
    return response  # type: ignore[no-any-return]  # of the same class, or its asynchronous form
