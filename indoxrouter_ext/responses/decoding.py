"""From the bytes of a success to the object that a caller reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.codecs.composites import AliasRef, Array, MappingCodec, ModelRef, Union
from indoxrouter._runtime.codecs.factory import BYTES, TEXT
from indoxrouter._runtime.errors.base_error import error_from_payload
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.values import json as jsonio
from indoxrouter._runtime.values.masking import mask
from indoxrouter._runtime.values.type_guards import is_object
from indoxrouter._runtime.values.unset import MISSING

from ..calls.history import CallInfo, make_info
from .base import friendly_class
from .raw_response import listening

if TYPE_CHECKING:
    from indoxrouter._runtime.codecs.base import Codec
    from indoxrouter._runtime.operations.operation import Call

    from ..calls.client_state import Core
    from ..calls.request_flow import Answer

__all__ = ["decode_answer", "info_of", "refuse_in_place_of_stream"]

T = TypeVar("T")


def info_of(answer: Answer) -> CallInfo:
    """What happened on the wire, for whoever asks."""
    headers = answer.headers
    return make_info((answer.status, headers, answer.elapsed, answer.request_id, answer.attempts))


def decode_answer(call: Call[T], answer: Answer, core: Core) -> T:
    """Read the body of a success as its operation documents it.

    A model that comes out knows what happened on the wire (`.http`); friendly classes take the place of plain ones.

    Raises:
        IndoxRouterError: for a body that reports a failure in spite of its status.
        APIError: for a body that is not what the content type says.
    """
    response = call.expected(answer.status, answer.headers.get("content-type", ""))
    if response is None and call.operation.responses:
        # A success that nobody documented means what the documented one does.
        response = call.operation.responses[0]
    codec = response.codec if response is not None else None
    result: Any
    if codec is BYTES:
        result = bytes(answer.body)
    elif codec is TEXT:
        result = answer.body.decode("utf-8", "replace")
    elif codec is None or not answer.body or answer.body.isspace():
        result = None
        if codec is not None and (answer.status != _NO_CONTENT or call.operation.retry == "billed"):
            raise _unreadable(answer, "its body is empty")
    else:
        friendly = friendly_class(call.operation)
        result = MISSING
        if friendly is None and len(answer.body) >= _LARGE:
            result = _decode_in_bulk()(codec, answer.body, _FAILURE_MARKS)
        if result is MISSING:
            payload = _parse(call, answer, core)
            if not is_object(payload):
                _check_kind(codec, payload, answer)
                result = codec.decode(payload)
            else:
                if reports_failure(call, payload):
                    raise _reported(call, answer, payload, core.secrets(call.secrets()))
                if friendly is not None:
                    result = friendly._from_wire_(payload)
                else:
                    if type(codec) is Array:
                        _check_kind(codec, payload, answer)
                    result = codec.decode(payload)
        if isinstance(result, Model):
            result.__dict__["_http_"] = info_of(answer)
    calls = listening.get()
    if calls is not None:
        calls.append(info_of(answer))
    return result  # type: ignore[no-any-return]  # T and the codec come from the same line of the spec


_NO_CONTENT = 204
_LARGE = 32 * 1024  # bytes; below, making the classes that are filled costs more than they save


_FAILURE_MARKS = ("success", "error", "detail")  # keys that `reports_failure` asks for


@cache
def _decode_in_bulk() -> Callable[[Codec, bytes | bytearray, tuple[str, ...]], Any]:
    """`bulk.decode`, imported with the first large answer: it needs msgspec."""
    from indoxrouter._runtime.models.bulk import decode

    return decode


def _check_kind(codec: Codec, payload: Any, answer: Answer) -> None:
    """Refuse JSON of a kind that the spec does not promise, as far as it promises any."""
    kinds = _promised(codec)
    if kinds and _kind_of(payload) not in kinds:
        raise _unreadable(
            answer, f"it is JSON, but {_kind_of(payload)} where {' or '.join(kinds)} is documented"
        )


def _promised(codec: Codec) -> frozenset[str]:
    """The kinds of JSON that an answer may be, as far as the spec says so; none if it does not."""
    if isinstance(codec, AliasRef):
        return _promised(codec.target)
    if isinstance(codec, (ModelRef, MappingCodec)):
        return frozenset({"object"})
    if isinstance(codec, Array):
        return frozenset({"array"})
    if isinstance(codec, Union):
        kinds = {variant.kind for variant in codec.variants}
        return frozenset() if "any" in kinds else frozenset(kinds)
    return frozenset()


def _kind_of(payload: object) -> str:
    if is_object(payload):
        return "object"
    return _KINDS.get(type(payload), "null")


_KINDS: dict[type, str] = {list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


def reports_failure(call: Call[Any], payload: dict[str, Any]) -> bool:
    """Whether a success says in its body that it is none.

    `success: false` alone can also be an answer (a stream that could not be stopped); beside a message, or where
    something was to be generated, it is a failure.
    """
    told = payload.get("error") or payload.get("detail")
    if payload.get("success") is False:
        return bool(told) or call.operation.retry == "billed"
    return bool(told) and payload.keys() <= _ERROR_KEYS


# An answer made of nothing but these is the error body itself, under the wrong status.
_ERROR_KEYS = frozenset({"error", "message", "status_code", "details", "detail", "request_id", "success"})


def refuse_in_place_of_stream(call: Call[Any], answer: Answer, secrets: Iterable[str]) -> Any:
    """Raise for a success that is no stream though one was asked for: what its JSON says, or that it is a page."""
    payload: Any = None
    with suppress(jsonio.MalformedJson):
        payload = jsonio.loads(answer.body)
    if is_object(payload) and (
        payload.get("error") or payload.get("detail") or payload.get("success") is False
    ):
        raise _reported(call, answer, payload, secrets)
    kind = _content_type(answer, secrets)
    raise _unreadable(answer, f"a stream of events was asked for, and {kind} came in its place")


def _reported(call: Call[Any], answer: Answer, payload: Any, secrets: Iterable[str]) -> Exception:
    """The exception for a failure that the body of a success reports."""
    error = error_from_payload(
        payload,
        status=answer.status,
        headers=answer.headers,
        secrets=secrets,
        statuses=call.operation.error_statuses,
    )
    error.attempts = answer.attempts
    return error


def _parse(call: Call[Any], answer: Answer, core: Core) -> Any:
    reason = ""
    try:
        return jsonio.loads(answer.body)
    except jsonio.MalformedJson as error:
        reason = str(error)
    kind = _content_type(answer, core.secrets(call.secrets()))
    raise _unreadable(answer, f"{reason} (it came as {kind})")


def _content_type(answer: Answer, secrets: Iterable[str]) -> str:
    said = str(mask(answer.headers.get("content-type", ""), secrets))
    return said.partition(";")[0].strip().lower()[:60] or "no content type"


def _unreadable(answer: Answer, reason: str) -> Exception:
    from indoxrouter.errors import APIError

    error = APIError(
        f"The server answered {answer.status}, but the answer cannot be read: {reason}",
        status_code=answer.status,
        request_id=answer.request_id,
    )
    error.attempts = answer.attempts
    return error
