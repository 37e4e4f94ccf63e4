"""Fault injection: before a request is handled, in its body, and in its stream."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

from ..base.clock import iso
from ..base.json import dumps, is_object
from ..base.reply import Reply, Stream
from ..request.authentication import CHALLENGE, bearer_of
from ..request.call import Call
from ..spec.errors import CODES, ApiError
from ..state.fault_queue import Fault
from ..state.fault_types import HEARTBEATS
from .response_writer import ResponseWriter

Faults = dict[str, Fault]

HTML = (
    "<!DOCTYPE html>\n<html><head><title>{status} {reason}</title></head>\n"
    "<body><center><h1>{status} {reason}</h1></center><hr></body></html>\n"
)
REASONS = {
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
}


class FaultInjector:
    """Applies the faults of one request: before it is handled, after it, to its body, or to its stream."""

    def __init__(self, faults: dict[str, Fault]) -> None:
        self.faults = faults

    async def before_handling(self, call: Call, writer: ResponseWriter) -> None:
        """Raise the error, or send the answer, of a fault that keeps the request from being handled."""
        await _before_handling(self.faults, call, writer)

    async def after_handling(self, writer: ResponseWriter) -> None:
        """Lose the answer of a request that has been handled, when a fault asks for it."""
        await _lose_answer(self.faults, writer, processed=True)

    def media_type(self, usual: str) -> str:
        """The content type of a stream, given the usual one."""
        wrong = self.faults.get("wrong_content_type")
        if wrong:
            return str(wrong["type"])
        return "application/x-ndjson" if _sends_lines(self.faults) else usual

    def extra_members(self) -> dict[str, Any] | None:
        """Members added to each event of a stream."""
        return {"x_unknown_field": {"nested": [1, None]}} if "unknown_fields" in self.faults else None

    async def send_body(self, writer: ResponseWriter, reply: Reply, content: bytes) -> None:
        """Send a body with the faults applied to it."""
        await _send_body(self.faults, writer, reply, content)

    async def send_stream(
        self, writer: ResponseWriter, stream: Stream, frames: Iterator[bytes], left: asyncio.Future[None]
    ) -> None:
        """Send a stream with the faults applied to it."""
        await _send_stream(self.faults, writer, stream, frames, left)


async def _before_handling(faults: Faults, call: Call, writer: ResponseWriter) -> None:
    if "latency" in faults:
        await writer.pause(faults["latency"]["seconds"])
    if "rate_limit" in faults:
        raise _rate_limit(call, writer)
    if "insufficient_credits" in faults:
        raise ApiError(402, "insufficient credits")
    for name, message in (
        ("expired_token", "the token has expired"),
        ("revoked_token", "the token has been revoked"),
        ("garbage_token", "the credentials are neither an API key that works nor a token"),
    ):
        if name in faults and not call.operation.raw.get("x-token-exchange"):
            if name == "revoked_token":
                _revoke(call)
            raise ApiError(401, message, headers=CHALLENGE)
    if "redirect" in faults:
        fault = faults["redirect"]
        await _send(writer, fault["status"], b"", "", [("location", fault["location"])])
    await _lose_answer(faults, writer, processed=False)


async def _lose_answer(faults: Faults, writer: ResponseWriter, *, processed: bool) -> None:
    for name in ("error", "html_error", "no_answer", "reset"):
        fault = faults.get(name)
        if fault is None or fault["processed"] is not processed or writer.sent:
            continue
        if name == "error":
            content, media_type = error_body(fault.values)
            await _send(writer, fault["status"], content, media_type)
        elif name == "html_error":
            status = fault["status"]
            await _send(
                writer,
                status,
                HTML.format(status=status, reason=REASONS.get(status, "Error")).encode(),
                "text/html",
            )
        elif name == "no_answer" or not fault["after"]:
            writer.record.status = 0
            await writer.drop_connection(reset=name == "reset")


def _rate_limit(call: Call, writer: ResponseWriter) -> ApiError:
    fault = call.faults["rate_limit"]
    wait, form = fault["retry_after"], fault["form"]
    wait = int(wait) if wait == int(wait) else wait
    now = call.state.clock.now()
    details: dict[str, Any] = {"limit_type": "requests_per_minute", "limit": 10}
    headers: list[tuple[str, str]] = []
    if form == "seconds":
        headers.append(("retry-after", str(wait)))
    elif form == "date":
        headers.append(("retry-after", formatdate(now + wait, usegmt=True)))
    if form in ("seconds", "body"):
        details.update(reset_time=iso(now + wait), retry_after=wait)
    return ApiError(429, "rate limit exceeded", details=details, headers=headers)


def _revoke(call: Call) -> None:
    try:
        call.state.sessions.revoke(bearer_of(call.headers))
    except ApiError:
        return  # an API key or an invalid token: there is no login to end


def error_body(values: dict[str, Any]) -> tuple[bytes, str]:
    """An error body in one of the forms that servers and gateways have been seen to send: its bytes and their type."""
    status, message, form = values["status"], values["message"], values["form"]
    code = values["code"] or CODES.get(status, "invalid_request")
    if form == "html":
        return HTML.format(status=status, reason=REASONS.get(status, "Error")).encode(), "text/html"
    if form == "text":
        return str(message).encode(), "text/plain"
    if form == "empty":
        return b"", "application/json"
    bodies: dict[str, Any] = {
        "documented": {"error": code, "message": message, "status_code": status, "details": {}},
        "detail": {"detail": message},
        "detail_list": {
            "detail": [{"loc": ["body", "messages", 0, "role"], "msg": message, "type": "missing"}]
        },
        "openai": {"error": {"message": message, "type": code, "code": code}},
        "success_false": {
            "success": False,
            "error": "".join(part.capitalize() for part in code.split("_"))
            + ("" if code.endswith("error") else "Error"),
            "message": message,
            "status_code": status,
            "request_id": "00000000-0000-4000-8000-000000000000",
            "details": {},
        },
    }
    return dumps(bodies[form]), "application/json"


async def _send(
    writer: ResponseWriter,
    status: int,
    content: bytes,
    media_type: str,
    headers: list[tuple[str, str]] | None = None,
) -> None:
    await writer.whole(status, media_type, headers or [], content)


async def _send_body(faults: Faults, writer: ResponseWriter, reply: Reply, content: bytes) -> None:
    media_type, status = reply.media_type, reply.status
    if is_object(reply.body) and "unknown_fields" in faults:
        content = dumps({**reply.body, "x_unknown_field": {"nested": [1, None]}, "x_another": "new"})
    if "success_false" in faults:
        content, media_type = error_body(
            {
                "status": 200,
                "code": "provider_error",
                "message": "the provider failed",
                "form": "success_false",
            }
        )
    if "invalid_json" in faults:
        content = b'{"success": true, "data": "cut'
    if "empty_body" in faults:
        content = b""
    if "wrong_framing" in faults and media_type.endswith("json"):
        events = faults["wrong_framing"]["form"] == "events"
        content = b"data: " + content + b"\n\ndata: [DONE]\n\n" if events else content + b"\n"
        media_type = "text/event-stream" if events else "application/x-ndjson"
    if "wrong_content_type" in faults:
        media_type = faults["wrong_content_type"]["type"]
    half = len(content) // 2
    cut = faults.get("truncate")
    length = None if "fragment" in faults else half if cut and cut["clean"] else len(content)
    await writer.start(status, writer.header_list(media_type, reply.headers, length))
    if cut:
        await writer.body(content[:half], more=not cut["clean"])
        writer.record.complete = False
        if not cut["clean"]:
            await writer.drop_connection(reset=False)
        return
    if "reset" in faults or "stall" in faults:
        await writer.body(content[:half], more=True)
        if "reset" in faults:
            await writer.drop_connection(reset=True)
            return
        await writer.pause(faults["stall"]["seconds"])
        content = content[half:]
    if "fragment" in faults:
        await _in_pieces(writer, content, faults["fragment"]["size"])
        content = b""
    await writer.body(content)


async def _in_pieces(writer: ResponseWriter, content: bytes, size: int) -> None:
    for start in range(0, len(content), max(1, size)):
        await writer.body(content[start : start + max(1, size)], more=True)
        await asyncio.sleep(0)


async def _send_stream(
    faults: Faults,
    writer: ResponseWriter,
    stream: Stream,
    frames: Iterator[bytes],
    left: asyncio.Future[None],
) -> None:
    index = 0
    while not left.done():
        if await _ends_here(faults, writer, index, left):
            return
        # Produced only now: a stream is billed for the events that it has produced.
        frame = next(frames, None)
        if frame is None:
            break
        index += 1
        if "malformed_event" in faults and index == faults["malformed_event"]["at"]:
            frame = b'data: {"id": "broken", "choices": [{"index": 0, "delta": {"content": \n\n'
        if "keep_alive" in faults:
            frame = HEARTBEATS[faults["keep_alive"]["form"]] + b"id: %d\nretry: 3000\n\n" % index + frame
        if _sends_lines(faults):
            frame = frame.removeprefix(b"data: ").rstrip(b"\n") + b"\n"
        await _send_frame(faults, writer, frame * (2 if "duplicate_events" in faults else 1))
        if stream.delay:
            await asyncio.wait((left,), timeout=stream.delay)
    if left.done():
        return
    if "missing_done" not in faults and not _sends_lines(faults):
        await _send_frame(faults, writer, f"data: {stream.done}\n\n".encode())
    await writer.body(b"")


def _sends_lines(faults: Faults) -> bool:
    return "wrong_framing" in faults and faults["wrong_framing"]["form"] == "lines"


async def _ends_here(faults: Faults, writer: ResponseWriter, index: int, left: asyncio.Future[None]) -> bool:
    """Whether the stream ends here, before event `index` (from 0), because a fault says so."""
    if "stall" in faults and index == faults["stall"]["after"]:
        await asyncio.wait((left,), timeout=faults["stall"]["seconds"])
        if left.done():
            return True  # what is not sent any more is not billed either
    if "reset" in faults and index == faults["reset"]["after"]:
        left.cancel()
        await writer.drop_connection(reset=True)
        return True
    if "truncate" in faults and index == faults["truncate"]["after"]:
        if faults["truncate"]["clean"]:
            await writer.body(b"")
            writer.record.complete = False
        else:
            left.cancel()
            await writer.drop_connection(reset=False)
        return True
    if "error_mid_stream" in faults and index == faults["error_mid_stream"]["after"]:
        await _send_frame(faults, writer, _error_event(faults["error_mid_stream"].values))
        await writer.body(b"")
        writer.record.complete = False
        return True
    return False


def _error_event(values: dict[str, Any]) -> bytes:
    code, message, form = values["code"], values["message"], values["form"]
    if form == "string":
        return b"data: " + dumps({"error": message}) + b"\n\n"
    if form == "envelope":
        return (
            b"data: "
            + dumps({"error": code, "message": message, "status_code": 502, "details": {}})
            + b"\n\n"
        )
    if form == "event":
        return b"event: error\ndata: " + dumps({"message": message, "code": code}) + b"\n\n"
    return b"data: " + dumps({"error": {"message": message, "type": code, "code": code}}) + b"\n\n"


async def _send_frame(faults: Faults, writer: ResponseWriter, frame: bytes) -> None:
    ending = faults.get("line_endings")
    if ending is not None:
        frame = frame.replace(b"\n", {"crlf": b"\r\n", "cr": b"\r", "lf": b"\n"}[ending["with"]])
    if "fragment" in faults:
        await _in_pieces(writer, frame, faults["fragment"]["size"])
    else:
        await writer.body(frame, more=True)
        await asyncio.sleep(0)
