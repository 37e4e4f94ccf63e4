"""Answers: what was received beside the body, redirects that are documented, and bodies decoded as described."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from indoxrouter._runtime.codecs.composites import Array
from indoxrouter._runtime.codecs.factory import BYTES, TEXT
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.operations.parameters import charset_of
from indoxrouter._runtime.values import json

if TYPE_CHECKING:
    from indoxrouter._runtime.codecs.base import Codec
    from indoxrouter._runtime.http.interface import Headers
    from indoxrouter._runtime.operations.operation import Call


ResultT = TypeVar("ResultT")

_received: ContextVar[list[HttpInfo] | None] = ContextVar("received", default=None)


@dataclass(frozen=True, repr=False)
class HttpInfo:
    """The HTTP side of an answer: `answer.http` of a model, `stream.http` of a stream.

    Attributes:
        status: the status of the answer.
        headers: its headers, as text; names ignore case.
        values: the documented headers that it has, as the description types them.
        attempts: how many requests were sent.
    """

    status: int
    headers: Headers
    values: Mapping[str, Any]
    attempts: int

    def __repr__(self) -> str:
        return f"HttpInfo({self.status}, {dict(self.headers.masked())!r}, attempts={self.attempts})"


@dataclass(frozen=True)
class RawResponse(Generic[ResultT]):
    """What a method returned, and the HTTP side of its call; see `ApiClient.with_raw_response`."""

    parsed: ResultT
    http: HttpInfo


@contextmanager
def received_answers() -> Generator[list[HttpInfo]]:
    """A list that receives the HTTP side of each answer of this thread or task within the block."""
    received: list[HttpInfo] = []
    token = _received.set(received)
    try:
        yield received
        if not received:
            raise TypeError("with_raw_response: expected a method of `client.api` that makes a call")
    finally:
        _received.reset(token)


class Redirect:
    """A documented answer with a status of 300 to 399. It is not followed.

    Attributes:
        status: the status of the answer.
        location: the URL in its `Location` header, as received; None where it has none, as in a 304.
        http: the HTTP side of the answer.
    """

    def __init__(self, http: HttpInfo) -> None:
        self.http, self.status = http, http.status
        self.location: str | None = http.headers.get("location")

    def __repr__(self) -> str:
        return f"Redirect({self.status}, location={self.location!r})"


def info_of(call: Call[Any], status: int, headers: Headers, attempts: int) -> HttpInfo:
    """The HTTP side of an answer, with the documented headers decoded."""
    response = call.expected(status, headers.get("content-type", ""))
    documented: Mapping[str, Codec] = response.headers if response is not None else {}
    values = {
        name: _header_value(codec, headers[name]) for name, codec in documented.items() if name in headers
    }
    info = HttpInfo(status, headers, values, attempts)
    if (received := _received.get()) is not None:
        received.append(info)
    return info


def _header_value(codec: Codec, text: str) -> Any:
    """A header as its schema types it; text that does not fit the schema stays text."""
    if codec.accepts(text):
        return codec.decode(text)
    codec_at: Any = getattr(codec, "codec_at", None)  # of an array whose places differ
    value: Any = text
    try:
        value = json.loads(text.encode())
    except json.MalformedJson:
        if isinstance(codec, Array) or codec_at is not None:
            value = [
                _header_value(codec.item if isinstance(codec, Array) else codec_at(index), part.strip())
                for index, part in enumerate(text.split(","))
            ]
    return codec.decode(value) if codec.accepts(value) else text


def decode(call: Call[Any], http: HttpInfo, body: bytes) -> Any:
    """The body of a success as the operation documents it; a model carries the HTTP side as `.http`.

    Raises:
        json.MalformedJson: when the documented JSON is malformed.
    """
    if 300 <= http.status < 400:
        return Redirect(http)
    headers = http.headers
    response = call.expected(http.status, headers.get("content-type", ""))
    codec = response.codec if response is not None else None
    if call.operation.method == "HEAD":
        return None
    if codec is BYTES:
        return body
    if codec is TEXT:
        return (
            _json_text(headers, body) if response and response.media_type == "*/*" else text_of(headers, body)
        )
    if response is None and body.strip():
        return _undocumented(headers, body)
    if codec is None or not body.strip():
        return None
    result = codec.decode(json.loads(in_utf8(headers, body)))
    if isinstance(result, Model):
        result.__dict__["_http_"] = http
    return result


def media_type_of(headers: Headers) -> str:
    """The media type of an answer, without parameters, in lower case."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def text_of(headers: Headers, body: bytes) -> str:
    """The body as text, in the charset that the answer names."""
    try:
        return body.decode(_charset(headers), "replace")
    except LookupError:  # no charset of this name
        return body.decode("utf-8", "replace")


def in_utf8(headers: Headers, body: bytes) -> bytes:
    """JSON as it is read: in UTF-8 in place of a charset of another kind, which servers name beside it."""
    return body if _charset(headers).startswith("utf") else text_of(headers, body).encode()


def _charset(headers: Headers) -> str:
    return charset_of(headers.get("content-type", "")) or "utf-8"


def _json_text(headers: Headers, body: bytes) -> str:
    """Text of any media type: that of a JSON string, or the body."""
    text = text_of(headers, body)
    if media_type_of(headers).endswith(("/json", "+json")):
        with suppress(json.MalformedJson):
            value = json.loads(text.encode())
            return value if isinstance(value, str) else text
    return text


def _undocumented(headers: Headers, body: bytes) -> Any:
    """The body of an undocumented success: JSON, text or bytes, by its media type."""
    media_type = media_type_of(headers)
    if media_type.endswith(("/json", "+json")):
        return json.loads(in_utf8(headers, body))
    if media_type.startswith("text/") or media_type.endswith(("/xml", "+xml")):
        return text_of(headers, body)
    return body
