"""A completion as the reply that the request asks for, whole or streamed, and stopping a stream."""

from __future__ import annotations

from typing import Any

from ..base.options import EVENT_FAMILIES, SHAPES
from ..base.reply import Reply, Stream
from ..base.text import decimal
from ..request.call import Call
from ..spec.errors import ApiError, invalid_value
from .bodies import completion_body
from .events import USAGE_IN_LAST, stream
from .plan import CompletionPlan, bill


def completion_reply(
    call: Call, answer: CompletionPlan, *, chat: bool, shape: str = "", usage: str = USAGE_IN_LAST
) -> Reply:
    """An answer as the reply that the request asks for: whole and billed now, or a stream that is billed when it
    ends.
    """
    options = call.state.options
    if not call.body.get("stream"):
        bill(call, answer)
        return Reply(
            completion_body(
                call, answer, call.header_choice("x-mock-shape", shape or options.shape, SHAPES), chat=chat
            )
        )
    family = call.header_choice("x-mock-events", "chunks" if shape else options.events, EVENT_FAMILIES)
    if family == "typed":
        answer.id = f"resp_{call.request_id}"
    return Reply(
        stream=Stream(
            id=answer.id,
            events=lambda: stream(answer, family, chat=chat, usage=usage),
            close=lambda: bill(call, answer, success=not answer.stopped),
            stop=answer.stop,
            delay=delay_of(call),
            done=(call.operation.stream or {}).get("done", "[DONE]"),
            held=answer.held,
        )
    )


def delay_of(call: Call) -> float:
    """Seconds between events: the header `X-Mock-Chunk-Delay`, else the server's setting."""
    header = call.headers.get("x-mock-chunk-delay")
    if header is None:
        return call.state.options.chunk_delay
    try:
        delay = decimal(header)
    except ValueError:
        delay = -1.0
    if not 0 <= delay <= 3600:
        raise invalid_value(
            "header/x-mock-chunk-delay", f"{header[:20]!r} is not a number of seconds from 0 to 3600"
        )
    return delay


def stop_stream(call: Call) -> dict[str, Any]:
    """True for a stream that was running, false for one that has ended, 404 for one that this account never had."""
    identifier, state = call.params["stream_id"], call.state
    running = state.streams.get(identifier)
    if running is not None and running[0] == call.owner.id:
        running[1].stop()
        return {"success": True}
    if state.ended_streams.get(identifier) == call.owner.id:
        return {"success": False}
    raise ApiError(404, f"there is no stream {identifier!r}")
