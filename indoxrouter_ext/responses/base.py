"""Responses as callers read them: one class for each kind of answer, whatever shape it came in.

Each class here is the generated model of the same name with something that a spec cannot say: the other two
shapes of a text, plain lists of numbers, files that can be saved. The front door hands them out in place of
the generated ones, and its table is the only one: `friendly_class` asks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.codecs.composites import ModelRef, Union
from indoxrouter._runtime.models.model import Model, short
from indoxrouter._runtime.values.type_guards import is_object
from indoxrouter._runtime.values.unset import MISSING

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call, Operation

    from ..calls.history import CallInfo
    from ..calls.request_flow import Answer
    from ..streaming.chunk import Accumulator
    from .usage import Usage

__all__ = ["Response", "attach", "friendly_class", "response_of_stream"]

T = TypeVar("T")

_FRIENDLY: dict[str, Any] = {}


def _reference(codec: Any) -> ModelRef | None:
    """The model that a codec reads; the first of a union, which is the shape the spec prefers."""
    if isinstance(codec, Union):
        return next(
            (ref for variant in codec.variants if (ref := _reference(variant.codec)) is not None), None
        )
    return codec if isinstance(codec, ModelRef) else None


def friendly_class(operation: Operation[Any]) -> Any:
    """The class of this layer for the answers of an operation, or None where the generated one is all there is."""
    if operation.id not in _FRIENDLY:
        reference = next(
            (ref for answer in operation.responses if (ref := _reference(answer.codec)) is not None), None
        )
        found: Any = None
        if reference is not None:
            found = getattr(import_module("indoxrouter"), reference.model.__name__, None)
            if found is reference.model:
                found = None
        _FRIENDLY[operation.id] = found
    return _FRIENDLY[operation.id]


@cache
def _asynchronous_form(name: str) -> Any:
    return getattr(import_module("indoxrouter"), f"Async{name}", None)


def attach(result: T, client: Any, wanted: Any = None, *, asynchronous: bool) -> T:
    """The response, with the client that received it, for what its files and jobs have to ask of it later.

    Asynchronous clients get the form of the class whose methods are awaited, where there is one.

    Args:
        result: of a call; only responses are changed.
        client: that received it.
        wanted: the `response_format` of the call.
        asynchronous: whether the client is.
    """
    if not isinstance(result, Response):
        return result
    response: Any = result
    if asynchronous:
        twin = _asynchronous_form(type(result).__name__)
        if twin is not None:
            response = twin.__new__(twin)
            response.__dict__.update(result.__dict__)
    response.__dict__["_client_"] = client
    if wanted is not None:
        response.__dict__["_format_"] = wanted
    return response  # type: ignore[no-any-return]  # of the same class, or the asynchronous form of it


def response_of_stream(call: Call[Any], accumulator: Accumulator, answer: Answer) -> Any:
    """The response that the events of a stream add up to so far, in the documented envelope."""
    from .decoding import info_of
    from .formats import created_at_of

    envelope = accumulator.envelope()
    created = created_at_of(envelope)  # streams count seconds, the envelope has text
    if created is not MISSING:
        envelope["created_at"] = created
    response = friendly_class(call.operation)._from_wire_(envelope)
    response.__dict__["_http_"] = info_of(answer)
    return response


class Response(Model):
    """What all answers of generating operations share. A mixin: stands before the generated class."""

    if TYPE_CHECKING:
        usage: Usage | None
        request_id: str | None

    @property
    def http(self) -> CallInfo:
        """Status, headers, elapsed seconds, request id and attempts of the call.

        Raises:
            RequestError: for a response that was made by hand, not received.
        """
        info: CallInfo = self._received_()
        return info

    def _received_(self) -> Any:
        info = self.__dict__.get("_http_")
        if info is None:
            from indoxrouter.errors import RequestError

            raise RequestError(f"This {type(self).__name__} was not received from a server: it has no .http")
        return info

    @property
    def cost(self) -> float | None:
        """What the call cost, in USD; None when the server did not say."""
        return getattr(self.usage, "cost", None)

    def _wire_(self) -> dict[str, Any]:
        raw: dict[str, Any] = self.__dict__["_raw_"]
        return raw

    def _elsewhere_(self, wire: str) -> Any:
        """A field that did not come, told from what did; `MISSING` when nothing tells it."""
        if wire == "request_id":
            info = self.__dict__.get("_http_")
            if info is not None and info.request_id is not None:
                return info.request_id
        return MISSING

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            state = self.__dict__
            raw = state.get("_raw_")
            field = self._schema_.by_name.get(name)
            if raw is None or field is None:
                return super().__getattr__(name)
            value = raw.get(field.wire)
            came = value is not None
            if not came:
                value = self._elsewhere_(field.wire)
                if value is MISSING:
                    return super().__getattr__(name)
            friendly = self._friendly_(name, value)
            if friendly is MISSING:
                if came:
                    return super().__getattr__(name)
                friendly = field.codec.decode(value)
            if came:
                # What was told from elsewhere is not kept: `to_dict()` says what came and what was set.
                state[name] = friendly
            return friendly

    def _friendly_(self, name: str, value: Any) -> Any:
        """What a field reads as in this layer; `MISSING` where that is what the generated model makes of it."""
        if name == "usage" and is_object(value):
            from .usage import Usage

            return Usage._from_wire_(value)
        return MISSING

    def __getitem__(self, key: str) -> Any:
        try:
            return super().__getitem__(key)
        except KeyError:
            pass
        value = self._elsewhere_(key)
        if value is MISSING:
            raise KeyError(key)
        return value

    def items(self) -> list[tuple[str, Any]]:
        """Names and values of what `dict(response)` holds."""
        return [(key, self[key]) for key in self.keys()]

    def values(self) -> list[Any]:
        """Values of what `dict(response)` holds."""
        return [self[key] for key in self.keys()]

    def __getstate__(self) -> dict[str, Any]:
        # Copies and pickles carry the data. A client holds sockets and credentials, and stays behind.
        return {key: value for key, value in self.__dict__.items() if key != "_client_"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _repr_to_(self, depth: int) -> str:
        return f"{type(self).__name__}({', '.join(self._parts_(depth))})"

    def _parts_(self, depth: int) -> Iterator[str]:
        for name in ("provider", "model"):
            value = getattr(self, name, None)
            if value is not None:
                yield f"{name}={short(value)}"
        yield from self._own_parts_()
        if self.usage is not None and depth:
            yield f"usage={self.usage!r}"
        if self.request_id is not None:
            yield f"request_id={short(self.request_id)}"

    def _own_parts_(self) -> Iterator[str]:
        data: Any = self.get("data")
        yield f"data={short(data)}"
