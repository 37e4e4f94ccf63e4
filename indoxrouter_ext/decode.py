"""From the bytes of a success to the object that a caller reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime import jsonio
from indoxrouter._runtime.codec import BYTES, TEXT
from indoxrouter._runtime.composites import AliasRef, Array, MappingCodec, ModelRef, Union
from indoxrouter._runtime.failure import error_from_payload, mask
from indoxrouter._runtime.kinds import is_object
from indoxrouter._runtime.model import Model
from indoxrouter._runtime.unset import MISSING

from .attempts import CallInfo
from .raw import listening

if TYPE_CHECKING:
    from indoxrouter._runtime.codec_base import Codec
    from indoxrouter._runtime.operation import Call, Operation

    from .flow import Answer

__all__ = ["decode_answer", "info_of", "refuse_in_place_of_stream"]

T = TypeVar("T")


@lru_cache(maxsize=64)
def media_type_of(content_type: str) -> str:
    """The media type in a Content-Type header, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def info_of(answer: Answer) -> CallInfo:
    """What happened on the wire, for whoever asks."""
    headers = answer.headers
    return CallInfo(answer.status, headers, answer.elapsed, answer.request_id, answer.attempts)


def decode_answer(call: Call[T], answer: Answer, secrets: Callable[[], Iterable[str]]) -> T:
    """Read the body of a success as its operation documents it.

    A model that comes out knows what happened on the wire (`.http`); friendly classes take the place of plain ones.

    Raises:
        IndoxRouterError: for a body that reports a failure in spite of its status.
        APIError: for a body that is not what the content type says.
    """
    response = call.expected(answer.status, media_type_of(answer.headers.get("content-type", "")))
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
        result = _decode_large(call, codec, answer.body) if len(answer.body) >= _LARGE else MISSING
        if result is MISSING:
            payload = _parse(answer, secrets)
            if is_object(payload) and reports_failure(call, payload):
                raise _reported(call, answer, payload, secrets())
            if not is_object(payload) or type(codec) is Array:
                kinds = _promised(codec)
                if kinds and _kind_of(payload) not in kinds:
                    raise _unreadable(
                        answer,
                        f"it is JSON, but {_kind_of(payload)} where {' or '.join(kinds)} is documented",
                    )
            friendly = _friendly_class_of()(call.operation) if is_object(payload) else None
            result = codec.decode(payload) if friendly is None else friendly._from_wire_(payload)
        if isinstance(result, Model):
            result.__dict__["_http_"] = info_of(answer)
    calls = listening.get()
    if calls is not None:
        calls.append(info_of(answer))
    return result  # type: ignore[no-any-return]  # T and the codec come from the same line of the spec


_NO_CONTENT = 204
_LARGE = 32 * 1024  # bytes; below, making the classes that are filled costs more than they save


def _decode_large(call: Call[Any], codec: Codec, body: bytes | bytearray) -> Any:
    """A large answer made of models, from bytes to objects in one pass; `MISSING` if it needs another look."""
    if _friendly_class_of()(call.operation) is not None:
        return MISSING
    return _decode_in_bulk()(codec, body, _FAILURE_MARKS)


_FAILURE_MARKS = ("success", "error", "detail")  # keys that `reports_failure` asks for


@cache
def _decode_in_bulk() -> Callable[[Codec, bytes | bytearray, tuple[str, ...]], Any]:
    """`bulk.decode`, imported with the first large answer: it needs msgspec."""
    from indoxrouter._runtime.bulk import decode

    return decode


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


@cache
def _friendly_class_of() -> Callable[[Operation[Any]], Any]:
    """`responses.friendly_class`, imported when the first answer is there."""
    from .responses import friendly_class

    return friendly_class


def reports_failure(call: Call[Any], payload: dict[str, Any]) -> bool:
    """Whether a success says in its body that it is none.

    `success: false` alone can also be an answer (a stream that could not be stopped); beside a message, or where
    something was to be generated, it is a failure.
    """
    told = bool(payload.get("error") or payload.get("detail"))
    if payload.get("success") is False:
        return told or call.operation.retry == "billed"
    return told and payload.keys() <= _ERROR_KEYS


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


def _parse(answer: Answer, secrets: Callable[[], Iterable[str]]) -> Any:
    reason = ""
    try:
        return jsonio.loads(answer.body)
    except jsonio.MalformedJson as error:
        reason = str(error)
    raise _unreadable(answer, f"{reason} (it came as {_content_type(answer, secrets())})")


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
