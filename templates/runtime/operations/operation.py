"""Operations as data: what the spec says about an endpoint, and how arguments become a request.

`Operation.call` checks and encodes arguments and returns a `Call`: method, path, query, headers and body. No I/O
happens here, so a wrong argument is reported before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from ..codecs.base import Codec, endless, parts_of, raise_invalid_argument
from ..models.model import Model
from ..values import json
from ..values.json import as_object, is_mapping, is_object
from ..values.unset import UNSET
from .parameters import Encoding, Parameter, encode_form, encode_parameters, encode_parts, encode_query, encode_text

if TYPE_CHECKING:
    from ..codecs.multipart import MultipartBody

__all__ = ["Body", "Call", "Encoding", "Operation", "Parameter", "PollSpec", "ResponseSpec", "StreamSpec"]

T = TypeVar("T")
ResultT_co = TypeVar("ResultT_co", covariant=True)


class Body(NamedTuple):
    """One media type of a request body.

    Attributes:
        media_type: such as application/json.
        codec: checks the body.
        kind: json, form, multipart, binary, text, or document: text, bytes or a file.
        encoding: for fields of forms and parts of multipart bodies that are not encoded in the usual way.
    """

    media_type: str
    codec: Codec
    kind: str
    encoding: Mapping[str, Encoding] = {}


class ResponseSpec(NamedTuple):
    """One documented success.

    Attributes:
        status: "200", "2XX" or "default".
        media_type: of the body, or None.
        codec: of the body, or of one value of a stream.
        framing: how the values of a stream follow one another: events, envelopes or lines; empty for other bodies.
        headers: the documented headers.
    """

    status: str
    media_type: str | None
    codec: Codec | None
    framing: str = ""
    headers: Mapping[str, Codec] = {}


class StreamSpec(NamedTuple):
    """How an operation streams.

    Attributes:
        parameter: the body field that asks for a stream; None for an operation that answers with nothing else.
        codec: the codec of one event.
        done: the data of the event that ends the stream.
        terminal: types of events that end the stream as well.
        stop: the id of the operation that stops a running stream.
        assembled: whether the events add up to the answer without a stream. Other events are delivered as they are.
        named: codecs of events with a certain name, where the name decides.
        open_ended: whether the end of the body is an end of the stream, because no other is documented.
    """

    parameter: str | None
    codec: Codec
    done: str
    terminal: tuple[str, ...] = ()
    stop: str | None = None
    assembled: bool = False
    named: Mapping[str, Codec] = {}
    open_ended: bool = False


class PollSpec(NamedTuple):
    """How a long-running job is polled: the field with its state, the states that end it, and the interval.

    `interval` and `deadline` are in seconds.
    """

    status: str
    done: tuple[str, ...]
    failed: tuple[str, ...]
    pending: tuple[str, ...]
    interval: float
    deadline: float


class OperationSpec(NamedTuple):
    """What the spec says about an operation.

    Attributes:
        error_statuses: exceptions by status: a 404 may mean one certain thing that does not exist.
        error_bodies: codecs of documented errors by status.
        servers: of this operation, where it does not use those of the spec.
    """

    id: str
    tag: str
    method: str
    path: str
    summary: str = ""
    parameters: tuple[Parameter, ...] = ()
    bodies: tuple[Body, ...] = ()
    responses: tuple[ResponseSpec, ...] = ()
    stream: StreamSpec | None = None
    security: tuple[tuple[str, ...], ...] = ()
    retry: str = "never"
    idempotency_key: bool = False
    token_exchange: bool = False
    strict_success: bool = False
    body_required: bool = False
    poll: PollSpec | None = None
    provider_rules: Mapping[str, Any] | None = None
    secrets: tuple[str, ...] = ()
    error_statuses: Mapping[int, str] = {}
    error_bodies: Mapping[str, Codec] = {}
    servers: tuple[str, ...] = ()


class Operation(OperationSpec, Generic[ResultT_co]):
    """One operation of the spec, as `client.api.<tag>.<name>` calls it."""

    def __repr__(self) -> str:
        return f"<Operation {self.id}: {self.method} {self.path}>"

    def call(
        self,
        parameters: Mapping[str, Any] | None = None,
        body: Any = UNSET,
        fields: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> Call[ResultT_co]:
        """Make a request from arguments, without sending it.

        Args:
            parameters: path, query, header and cookie parameters by Python name; `UNSET` leaves one out.
            body: the whole body: a model, a dict, bytes or a file. `None` is null where that is allowed, else no body.
            fields: single fields of the body by wire name, added to `body`, which must not hold the same fields.
            content_type: one of the operation's request media types; the first one by default.

        Raises:
            InvalidParametersError: for the first argument that is missing, of the wrong type or out of bounds.
        """
        if self.parameters:
            call: Call[ResultT_co] = Call(self, *encode_parameters(self.path, self.parameters, parameters or {}))
        else:
            call = Call(self, self.path, [], {})
        payload = _merge(body, fields) if fields else body
        chosen = None
        if self.bodies:
            chosen = self.bodies[0] if content_type is None else self._choose(content_type)
        if payload is None and not (chosen is not None and chosen.kind == "json" and chosen.codec.accepts(None)):
            payload = UNSET
        if payload is UNSET and fields is not None and self.body_required:
            payload = dict[str, Any]()  # in which the codec names the missing field if there is one
        if payload is not UNSET and chosen is not None:
            self._encode_body(call, payload, chosen)
        elif payload is not UNSET:
            raise_invalid_argument("body", payload, f"no body: {self.id} takes none")
        elif self.body_required:
            raise_invalid_argument("body", None, f"the body that {self.id} requires")
        stream = self.stream
        if stream is not None:
            asked = stream.parameter is None or (is_object(call.payload) and call.payload.get(stream.parameter))
            call.streaming = asked is True
        return call

    def _choose(self, content_type: str) -> Body:
        known = {body.media_type: body for body in self.bodies}
        if content_type in known:
            return known[content_type]
        return raise_invalid_argument("content_type", content_type, "one of " + ", ".join(known))

    def _encode_body(self, call: Call[Any], payload: Any, body: Body) -> None:
        place = "body"
        try:
            if body.kind in ("json", "form", "multipart"):
                call.payload = body.codec.encode(payload, "")
            if body.kind == "json":
                call.content = json.dumps(call.payload)
                call.content_type = body.media_type if body.media_type != "*/*" else "application/json"
            elif body.kind == "form":
                call.content = encode_form(call.payload, body.encoding)
                call.content_type = body.media_type
            elif body.kind == "multipart":
                call.content = encode_parts(call.payload, body.encoding)
                call.content_type = call.content.content_type
            elif body.kind == "text" or (body.kind == "document" and isinstance(payload, str)):
                call.payload = body.codec.encode(payload, "body")
                call.content, call.content_type = encode_text(call.payload, body.media_type)
            else:
                from ..codecs.multipart import Upload  # cost: few operations have uploads

                call.payload = upload = Upload.of(payload, "body")
                call.content = upload.read()
                # A range, such as `image/*`, leaves the media type to the file.
                call.content_type = upload.media_type if "*" in body.media_type else body.media_type
            return
        except RecursionError:
            place, payload, expected = endless(payload, "")
        except (UnicodeEncodeError, LookupError):
            expected = "text that its charset can carry (no lone surrogates)"
            place, payload = _lone_surrogate(call.payload, "") or ("body", payload)
        except TypeError:
            expected = "integers of at most 64 bits, and other values that JSON can represent"
        raise_invalid_argument(place, payload, expected, secret=place in self.secrets)


def _lone_surrogate(value: Any, path: str) -> tuple[str, str] | None:
    """The place of a text that no charset can carry, and the text; None if there is none."""
    pending = [(path, value)]
    for place, each in pending:  # a loop: what was encoded may be nested too deeply for another recursion
        if isinstance(each, str) and any("\ud800" <= character <= "\udfff" for character in each):
            return place, each
        pending.extend((f"a key of {place or 'body'}", key) for key in as_object(each))
        pending.extend(parts_of(each, place))
    return None


def _merge(body: Any, fields: Mapping[str, Any]) -> Any:
    """A body with single fields added; `UNSET` if there is neither."""
    present = {name: value for name, value in fields.items() if value is not UNSET}
    if not present:
        return body
    if body is UNSET or body is None:
        return present
    if is_mapping(body):
        merged: dict[str, Any] = dict(body)
    else:
        if not isinstance(body, Model):
            return raise_invalid_argument("body", body, "a model or a mapping, when fields are given as well")
        merged = body._as_set_()  # pyright: ignore[reportPrivateUsage]  # its values, nested models as they are
    for name, value in present.items():
        if merged.get(name, UNSET) is not UNSET:
            raise_invalid_argument(name, value, "the field once; it is in body as well")
        merged[name] = value
    return merged


class Call(Generic[ResultT_co]):
    """A request that can be sent any number of times.

    Attributes:
        operation: the operation that it calls.
        path: relative to the server's URL, quoted.
        query: pairs of names and values, unquoted.
        headers: the operation's own header and cookie parameters.
        content: the body: bytes, a multipart body, or None.
        content_type: its media type.
        payload: the body before encoding, as plain JSON or as form fields.
        streaming: whether a stream of events is requested.
    """

    __slots__ = ("content", "content_type", "headers", "operation", "path", "payload", "query", "streaming")

    def __init__(
        self,
        operation: Operation[ResultT_co],
        path: str,
        query: list[tuple[str, str]],
        headers: dict[str, str],
    ) -> None:
        self.operation = operation
        self.path = path
        self.query = query
        self.headers = headers
        self.content: bytes | MultipartBody | None = None
        self.content_type: str | None = None
        self.payload: Any = None
        self.streaming = False

    def __repr__(self) -> str:
        return f"<Call {self.operation.id}: {self.operation.method} {self.path}>"

    def url(self, base_url: str) -> str:
        """The absolute URL."""
        url = base_url + self.path
        if not self.query:
            return url
        return f"{url}{'&' if '?' in self.path else '?'}{encode_query(self.query)}"

    def secrets(self) -> list[str]:
        """Secret values in the body (provider keys, passwords), to be masked in case a server repeats them."""
        payload = self.payload
        values = [payload.get(name) for name in self.operation.secrets] if is_object(payload) else []
        return [value for value in values if isinstance(value, str) and value]

    def expected(self, status: int, content_type: str) -> ResponseSpec | None:
        """The documented response for a status and a media type: by exact status, then by its class, then the
        default."""
        documented = self.operation.responses
        if status == 200 and len(documented) == 1 and documented[0].status == "200":
            return documented[0]
        media_type = _bare(content_type)
        candidates = [r for key in (str(status), f"{status // 100}XX", "default") for r in documented if r.status == key]
        for response in candidates:
            if response.media_type is not None and _bare(response.media_type) == media_type:
                return response
        for response in candidates:  # a range such as image/*
            kind = response.media_type
            if kind is not None and kind.endswith("/*") and media_type.startswith(kind[:-1]):
                return response
        if not candidates and 200 <= status < 300:  # undocumented: read as a documented success with a body
            candidates = [r for r in documented if r.status[0] == "2" and r.codec is not None]
            if media_type or len(candidates) != 1:
                return next((r for r in candidates if r.media_type == media_type), None)
        return candidates[0] if candidates else None


def _bare(media_type: str) -> str:
    """A media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()
