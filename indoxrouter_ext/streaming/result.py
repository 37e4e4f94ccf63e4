"""The response that the events of a stream add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.values.unset import UNSET

from ..responses.decoding import model_for, response_class_for
from ..responses.formats import created_at_of

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call

    from ..calls.answer import HttpAnswer
    from .accumulator import Accumulator

__all__ = ["stream_result"]


def stream_result(call: Call[Any], accumulator: Accumulator, answer: HttpAnswer) -> Any:
    """The response so far, in the documented envelope."""
    envelope = accumulator.envelope()
    created = created_at_of(envelope)  # events hold Unix time, the envelope holds ISO 8601
    if created is not UNSET:
        envelope["created_at"] = created
    kind = response_class_for(call.operation) or model_for(call.operation)
    if kind is None:
        return envelope  # the spec describes the events only
    response = kind._from_wire_(envelope)
    response.__dict__["_http_"] = answer.info()
    return response
