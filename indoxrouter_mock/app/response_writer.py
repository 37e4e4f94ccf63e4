"""Sending replies: bodies and streams are held against the spec, then go out as fast as the socket takes them.

An `Injector`, such as the one of `fault_injection.py`, may send a response in another way. Without one, a response that
breaks the spec is counted and replaced by a 500.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from ..base.json import dumps
from ..base.reply import NamedEvent, Reply, Stream
from ..content import fake_text
from ..request.call import Call
from ..spec.contract import Contract
from ..spec.errors import ApiError
from ..spec.evolved import evolved

if TYPE_CHECKING:
    from ..base.asgi import Receive, Scope, Send
    from ..state.request_log import RecordedRequest
    from .context import AppContext

log = logging.getLogger("indoxrouter_mock")

EVENTS_ALONE = 16
"""Events at the start of a stream that are sent one by one, so that the first ones are never late."""
BATCH_BYTES = 32_768
"""After those, events are sent together up to this size: each send costs more than the event itself."""
ENDED_KEPT = 1000


class ConnectionDropped(ConnectionError):
    """The in-process equivalent of a dropped connection."""


class ServerStopped(Exception):
    """The server stops while a request waits in a pause: its connection is closed without an answer."""


class Injector(Protocol):
    """What changes a response on its way out."""

    def media_type(self, usual: str) -> str:
        """The content type of a stream, given the usual one."""
        ...

    def extra_members(self) -> dict[str, Any] | None:
        """Members added to each event of a stream."""
        ...

    async def send_body(self, writer: ResponseWriter, reply: Reply, content: bytes) -> None:
        """Send a body that is not a stream."""
        ...

    async def send_stream(
        self, writer: ResponseWriter, stream: Stream, frames: Iterator[bytes], left: asyncio.Future[None]
    ) -> None:
        """Send a stream of which the start line has been sent."""
        ...


class ResponseWriter:
    """One request's way back: remembers whether an answer has begun, and in what state it left the connection."""

    def __init__(self, app: AppContext, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self.app = app
        self.scope = scope
        self.receive = receive
        self.send = send
        self.request_id = request_id
        self.headers: list[tuple[str, str]] = []
        self.injector: Injector | None = None
        self.sent = False
        self.record: RecordedRequest

    async def pause(self, seconds: float) -> None:
        """Wait in real time, whatever the mock's clock does: a delay is something that a client's timeouts should
        see. Raises ServerStopped when the server stops meanwhile.
        """
        stopped = asyncio.get_running_loop().create_future()
        self.app.pauses.add(stopped)
        try:
            await asyncio.wait((stopped,), timeout=seconds)
        finally:
            self.app.pauses.discard(stopped)
        if stopped.done():
            raise ServerStopped

    async def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Send the status and the headers."""
        await self.send(self._start(status, headers))

    async def body(self, content: bytes, *, more: bool = False) -> None:
        """Send bytes of the body; `more` announces that further ones follow."""
        await self.send(self._body(content, more))

    async def whole(
        self, status: int, media_type: str, headers: list[tuple[str, str]], content: bytes
    ) -> None:
        """Send an answer at once."""
        await self.send(self._start(status, self.header_list(media_type, headers, len(content))))
        await self.send(self._body(content, False))

    def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
        self.sent = True
        self.record.status = status
        self.record.answered = time.monotonic()
        self.record.answer_headers = headers
        if status >= 400:
            self.record.refused_at = self.app.state.clock.now()
        self.app.state.counters[f"status_{status}"] += 1
        return {"type": "http.response.start", "status": status, "headers": headers}

    def _body(self, content: bytes, more: bool) -> dict[str, Any]:
        self.record.add_answer(content)
        self.record.complete = not more
        return {"type": "http.response.body", "body": content, "more_body": more}

    def header_list(
        self, media_type: str, extra: list[tuple[str, str]], length: int | None
    ) -> list[tuple[bytes, bytes]]:
        """The response headers as ASGI wants them; `length` is None when the body has no known length."""
        headers = [(b"x-request-id", self.request_id.encode())]
        if media_type:
            headers.append((b"content-type", media_type.encode()))
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        for name, value in (*self.headers, *extra):
            headers.append((name.encode("latin-1"), value.encode("latin-1", "replace")))
        return headers

    def reply(self, call: Call, reply: Reply) -> Awaitable[None]:
        """Send what a handler made. A reply that breaks the spec becomes a 500 and is counted as a violation."""
        if reply.stream is not None:
            return self._stream(call, reply)
        content = reply.content
        if content is None:
            content = dumps(self._checked(call, reply))
        if self.injector is not None:
            return self.injector.send_body(self, reply, content)
        return self.whole(reply.status, reply.media_type, reply.headers, content)

    def _checked(self, call: Call, reply: Reply) -> Any:
        """The body that a handler made, under the names and with the members that the spec has today."""
        contract, body = call.contract, reply.body
        spec = contract.spec
        pointer = contract.operation.responses.get(str(reply.status), {}).get(reply.media_type)
        if pointer is not None:
            if not spec.has_renames and contract.validators.at(pointer).is_valid(body):
                return body
            rng = fake_text.seeded_random("evolved", contract.operation.id, call.state.seed)
            body = evolved(body, spec.at(pointer), lambda part: spec.resolve(part)[0], rng)
        self.check(contract, reply.status, reply.media_type, body)
        return body

    async def problem(self, problem: ApiError, contract: Contract | None, *, openai: bool = False) -> None:
        """Send an error body, unless an answer has already begun."""
        if self.sent:
            return
        body = problem.openai_body() if openai else problem.body()
        documented = contract.operation.responses if contract is not None else {}
        if contract is not None and (str(problem.status) in documented or "default" in documented):
            try:
                self.check(contract, problem.status, "application/json", body)
            except ApiError as violation:
                problem, body = violation, violation.openai_body() if openai else violation.body()
        await self.whole(problem.status, "application/json", problem.headers, dumps(body))

    def check(self, contract: Contract, status: int, media_type: str, body: Any) -> None:
        """Hold a body against the spec. Raises ApiError 500 and counts a violation when it doesn't fit."""
        operation = contract.operation
        documented = (
            operation.responses.get(str(status))
            or operation.responses.get(f"{status // 100}XX")
            or operation.responses.get("default")
        )
        if documented is None:
            raise self.violated(f"{operation.id}: the status {status} is not documented")
        if media_type not in documented:
            raise self.violated(f"{operation.id}: {media_type} is not documented for {status}")
        pointer = documented[media_type]
        if pointer is None:
            return
        validator = contract.validators.at(pointer)
        if not validator.is_valid(body):
            finding = contract.validators.findings(pointer, body, "response")[0]
            raise self.violated(f"{operation.id} {status}: {finding.path}: {finding.message}")

    def violated(self, message: str) -> ApiError:
        """Count and log an answer that breaks the spec, and return the error to send in its place."""
        state = self.app.state
        state.counters["violations"] += 1
        if len(state.violations) < 100:
            state.violations.append(message)
        log.error("the mock's own answer breaks the spec: %s", message)
        return ApiError(
            500, f"the mock's own answer breaks the spec: {message}", details={"violation": message}
        )

    # ---- streams ----

    async def _stream(self, call: Call, reply: Reply) -> None:
        stream = reply.stream
        if stream is None:
            raise RuntimeError("a reply without a stream was sent as one")
        state = call.state
        state.streams[stream.id] = (call.account.id if call.account else 0, stream)
        media_type = "text/event-stream; charset=utf-8"
        if self.injector is not None:
            media_type = self.injector.media_type(media_type)
        headers = [("cache-control", "no-store"), ("x-stream-id", stream.id), *reply.headers]
        try:
            await self.start(reply.status, self.header_list(media_type, headers, None))
            left = asyncio.ensure_future(self.until_left())
            self.app.open_streams.add(left)
            try:
                frames = self.frames(call, stream)
                if self.injector is not None:
                    await self.injector.send_stream(self, stream, frames, left)
                else:
                    await self._send_events(stream, frames, left)
            finally:
                left.cancel()
                self.app.open_streams.discard(left)
        finally:
            owner = state.streams.pop(stream.id, (0, stream))[0]
            while len(state.ended_streams) >= ENDED_KEPT:
                del state.ended_streams[next(iter(state.ended_streams))]
            state.ended_streams[stream.id] = owner
            stream.close()

    async def until_left(self) -> None:
        """Return when the client has left."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    def frames(self, call: Call, stream: Stream) -> Iterator[bytes]:
        """The events as bytes. One that breaks the spec is counted, and an error event ends the stream in its place."""
        contract = call.contract
        pointer = (contract.operation.responses.get("200") or {}).get("text/event-stream")
        extra = self.injector.extra_members() if self.injector is not None else None
        count = 0
        for event in stream.events():
            name, event = (event.name, event.data) if isinstance(event, NamedEvent) else ("", event)
            if pointer and not contract.validators.fits_event(pointer, event):
                problem = self.violated(
                    f"{contract.operation.id}: event {count + 1} of a stream breaks its schema: {str(event)[:200]}"
                )
                yield (
                    b"data: "
                    + dumps(
                        {"error": {"message": problem.message, "type": problem.code, "code": problem.code}}
                    )
                    + b"\n\n"
                )
                break
            count += 1
            line = f"event: {name}\n".encode() if name else b""
            yield line + b"data: " + dumps({**event, **extra} if extra else event) + b"\n\n"
        self.record.events = count
        self.app.state.counters["events"] += count

    async def _send_events(self, stream: Stream, frames: Iterator[bytes], left: asyncio.Future[None]) -> None:
        batch: list[bytes] = []
        size = count = 0
        for frame in frames:
            if stream.delay:
                await self.body(frame, more=True)
                await asyncio.wait((left,), timeout=stream.delay)
                if left.done():
                    return
                continue
            batch.append(frame)
            size += len(frame)
            count += 1
            if count <= EVENTS_ALONE or size >= BATCH_BYTES:
                await self.body(b"".join(batch), more=True)
                batch.clear()
                size = 0
                # Lets a request to stop this stream, or the client's leaving, be noticed between two batches.
                await asyncio.sleep(0)
                if left.done():
                    return
        batch.append(f"data: {stream.done}\n\n".encode())
        await self.body(b"".join(batch))

    # ---- breaking the connection ----

    @property
    def transport(self) -> Any:
        """uvicorn's transport of this connection, or None in-process: ASGI itself has no way to break a connection."""
        return getattr(getattr(self.send, "__self__", None), "transport", None)

    async def drop_connection(self, *, reset: bool) -> None:
        """Close the connection as it stands: with a TCP reset, or in good order but before the message is complete."""
        self.sent = True
        self.record.complete = False
        self.record.answered = time.monotonic()
        transport = self.transport
        if transport is None:
            raise ConnectionDropped("the mock broke the connection, as a fault asked for")
        if reset:
            await asyncio.sleep(0.02)  # what was written before must have left, or the reset would swallow it
            connection = transport.get_extra_info("socket")
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
        else:
            transport.close()
        await self.until_left()
