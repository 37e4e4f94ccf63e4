"""The application with a tape: it stands before a server and records, or answers from what was recorded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

from ..base.asgi import Receive, Scope, Send, lifespan, raw_path, wants_page
from ..base.json import is_list, is_object
from ..base.options import MockOptions, TapeOptions
from ..request.body import read_body
from ..spec.errors import ApiError
from ..state.state import State
from ..tapes.bodies import body_of, bytes_of
from ..tapes.deck import Deck
from ..tapes.events import EventSplitter, event_of, frame_of
from ..tapes.exchange import (
    EMPTY_STATUSES,
    Exchange,
    TapeRequest,
    TapeResponse,
    TapeWriter,
    folder_of,
    read_tape,
)
from ..tapes.masking import Masker
from ..tapes.upstream import NOT_RECORDED, Answer, Unreachable, Upstream, grouped
from .application import SITE_PATHS, MockApp
from .response_writer import ResponseWriter

log = logging.getLogger("indoxrouter_mock")

OWN_PATHS = tuple(path for path in SITE_PATHS if path not in ("/files/", "/openapi."))
"""Paths that this server answers itself; all others belong to the server that it stands for."""


class TapeApp(MockApp):
    """The mock with a tape before it. Raises TapeError for a tape that can't be read, ValueError for a wrong URL."""

    def __init__(self, tape: TapeOptions, options: MockOptions | None = None) -> None:
        super().__init__(options)
        self.tape = tape
        self.masker = Masker(self.spec.secret_names)
        self.upstream = Upstream(tape.upstream) if tape.upstream is not None else None
        records = not tape.replay or tape.unknown == "record"
        self.tape_writer = TapeWriter(folder_of(tape.tapes)) if records else None
        empty = records and not Path(tape.tapes).is_file() and not any(Path(tape.tapes).rglob("*.yaml"))
        self.deck = Deck(read_tape(tape.tapes) if tape.replay and not empty else [], tape.ignore)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request: the pages and admin endpoints here, everything else by the tape."""
        if scope["type"] != "http":
            await (
                lifespan(receive, send)
                if scope["type"] == "lifespan"
                else super().__call__(scope, receive, send)
            )
            return
        path = raw_path(scope)
        if path.startswith(OWN_PATHS) or (path in ("/", "") and wants_page(scope)):
            await super().__call__(scope, receive, send)
        else:
            await self._answer_by_tape(scope, path, receive, send)

    def reset(self, options: MockOptions | None = None) -> State:
        """Replace the state by a fresh one, and rewind the tape."""
        self.deck.rewind()
        return super().reset(options)

    async def aclose(self) -> None:
        """Close the connections to the upstream."""
        if self.upstream is not None:
            await self.upstream.close()

    async def _answer_by_tape(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        pairs = [
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        headers, method = dict(pairs), str(scope["method"])
        query = scope.get("query_string", b"").decode("latin-1")
        body, too_large = await read_body(receive, headers, self.largest_body)
        content = body.read()
        body.close()
        origin = f"{scope.get('scheme', 'http')}://{headers.get('host', '')}"
        kept = grouped(
            [pair for pair in pairs if pair[0] not in NOT_RECORDED and not pair[0].startswith("x-stainless")]
        )
        request = TapeRequest(
            method,
            path if self.upstream is None else self.upstream.path(path),
            self.masker.query(query) if query else "",
            self.masker.headers(kept),
            body_of(content, headers.get("content-type", ""), self.masker),
        )
        exchange = self.deck.find(request, origin) if self.tape.replay else None
        known = exchange is not None
        if exchange is not None and exchange.gives_secrets and self.tape.unknown != "error":
            exchange = None  # a login: who answers the other requests has to know its token
        if exchange is None and self.tape.replay and self.tape.unknown == "mock":
            await MockApp.__call__(self, scope, _again(content, receive), send)
            return
        self.state.counters["requests"] += 1
        writer = ResponseWriter(self, scope, receive, send, self.state.identifiers.uuid())
        operation = self.router.find(self._split(path)[1])[0].get(method)
        writer.record = self.state.request_log.open(
            self.state.clock.now(),
            method,
            path,
            query,
            operation.id if operation else None,
            headers,
            content,
            writer.request_id,
        )
        try:
            if too_large:
                raise ApiError(413, f"the body is larger than {self.largest_body} bytes")
            if exchange is not None:
                writer.record.faults = (f"tape {exchange.name}",)
                await self._play(exchange, writer, origin)
            elif self.tape.replay and self.tape.unknown == "error":
                raise self._not_recorded(request, origin)
            else:
                await self._pass_on(
                    request, (method, path, query, pairs, content), writer, origin, known=known
                )
        except ApiError as problem:
            self.state.counters["not_recorded"] += problem.code == "not_recorded"
            await writer.problem(problem, None, openai=path.startswith("/v1/"))
        finally:
            writer.record.ended = monotonic()
            log.info("%s %s %d %.1f ms", method, path, writer.record.status, writer.record.milliseconds)

    def _not_recorded(self, request: TapeRequest, origin: str) -> ApiError:
        nearest = self.deck.nearest(request, origin)
        return ApiError(
            501,
            f"{request.method} {request.path} is not on the tape {self.tape.tapes}: {nearest}",
            code="not_recorded",
            headers=[("x-should-retry", "false")],
        )

    # ---- replay ----

    async def _play(self, exchange: Exchange, writer: ResponseWriter, origin: str) -> None:
        response = exchange.response
        old, new = exchange.upstream.encode(), origin.encode()

        def local(content: bytes) -> bytes:
            return content.replace(old, new) if old else content

        async with self._watched(writer) as left:
            if await self._left_within(response.wait, left):
                return
            headers = [
                (name.encode("latin-1", "replace"), local(value.encode("latin-1", "replace")))
                for name, value in response.header_pairs()
                if name not in ("content-length", "transfer-encoding")
            ]
            if response.events is None:
                content = local(bytes_of(response.body))
                if response.status not in EMPTY_STATUSES:
                    headers.append((b"content-length", str(len(content)).encode()))
                await writer.start(response.status, headers)
                if response.ends == "complete":
                    await writer.body(content)
                else:
                    await writer.body(content[: len(content) // 2], more=True)
            else:
                await writer.start(response.status, headers)
                for event in response.events:
                    if await self._left_within(event.get("wait", 0.0), left):
                        return
                    writer.record.events = (writer.record.events or 0) + 1
                    await writer.body(local(frame_of(event)), more=True)
                if response.ends == "complete":
                    await writer.body(b"")
        if response.ends != "complete":
            await writer.drop_connection(reset=False)

    async def _left_within(self, seconds: float, left: asyncio.Future[None]) -> bool:
        """Wait as the tape did; returns whether the client left meanwhile."""
        await asyncio.wait((left,), timeout=seconds * self.tape.pace)
        return left.done()

    @asynccontextmanager
    async def _watched(self, writer: ResponseWriter) -> AsyncGenerator[asyncio.Future[None], None]:
        left = asyncio.ensure_future(writer.until_left())
        self.open_streams.add(left)
        try:
            yield left
        finally:
            left.cancel()
            self.open_streams.discard(left)

    # ---- record ----

    async def _pass_on(
        self, request: TapeRequest, sent: Any, writer: ResponseWriter, origin: str, *, known: bool
    ) -> None:
        if self.upstream is None:
            raise RuntimeError("a request is to be passed on, and there is no upstream")
        method, path, query, pairs, content = sent
        # Numbered as it arrives, although it is written when it ends.
        name = self.tape_writer.name(method, path) if self.tape_writer and not known else ""
        moment = self.state.clock.iso()
        there = self.upstream.origin.encode()
        if "json" in dict(pairs).get("content-type", ""):
            content = content.replace(origin.encode(), there)
        started = perf_counter()
        try:
            answer = await self.upstream.send(method, path, query, pairs, content)
        except Unreachable as error:
            raise ApiError(
                502,
                f"the upstream {self.upstream.origin} gives no answer: {error}",
                code="upstream_unreachable",
            ) from error
        response = TapeResponse(answer.status, round(perf_counter() - started, 3))
        response.headers = self.masker.headers(grouped(answer.headers))
        if is_object(request.body):
            request.body = _replaced(request.body, origin, self.upstream.origin)
        exchange = Exchange(name, moment, self.upstream.origin, request, response)
        passing = self._pass_stream if answer.media_type == "text/event-stream" else self._pass_body
        try:
            await passing(answer, exchange, writer, origin)
        finally:
            await answer.close()
            await self._keep(exchange)
        if response.ends == "cut":
            await writer.drop_connection(reset=False)

    async def _keep(self, exchange: Exchange) -> None:
        """Write an exchange, once. It is written before the client sees the end of the answer, and may look for it."""
        if self.tape_writer is not None and exchange.name and not exchange.played:
            exchange.played = 1
            self.deck.add(exchange)
            await asyncio.to_thread(self.tape_writer.write, exchange)

    def _head(self, answer: Answer, origin: str) -> list[tuple[bytes, bytes]]:
        there = self.upstream.origin if self.upstream else ""
        return [
            (name.encode("latin-1"), value.replace(there, origin).encode("latin-1"))
            for name, value in answer.headers
        ]

    async def _pass_body(
        self, answer: Answer, exchange: Exchange, writer: ResponseWriter, origin: str
    ) -> None:
        parts: list[bytes] = []
        response = exchange.response
        try:
            async for chunk in answer.chunks():
                parts.append(chunk)
        except Unreachable:
            response.ends = "cut"
        content = b"".join(parts)
        response.body = body_of(content, str(dict(answer.headers).get("content-type", "")), self.masker)
        if response.body is not None and "base64" not in response.body and self.upstream is not None:
            content = content.replace(self.upstream.origin.encode(), origin.encode())
        headers = self._head(answer, origin)
        if answer.status not in EMPTY_STATUSES and writer.scope["method"] != "HEAD":
            headers.append((b"content-length", str(len(content) + (response.ends == "cut")).encode()))
        await self._keep(exchange)
        await writer.start(answer.status, headers)
        await writer.body(content, more=response.ends == "cut")

    async def _pass_stream(
        self, answer: Answer, exchange: Exchange, writer: ResponseWriter, origin: str
    ) -> None:
        there, here = (self.upstream.origin if self.upstream else "").encode(), origin.encode()
        events: list[dict[str, Any]] = []
        response = exchange.response
        response.events = events
        splitter = EventSplitter()
        last = perf_counter()
        await writer.start(answer.status, self._head(answer, origin))
        async with self._watched(writer) as left:
            try:
                async for chunk in answer.chunks():
                    for frame in splitter.feed(chunk):
                        now = perf_counter()
                        events.append(self._masked_event(frame, round(now - last, 3)))
                        last = now
                        await writer.body(frame.replace(there, here), more=True)
                    if left.done():
                        response.ends = "left"
                        return
            except Unreachable:
                response.ends = "cut"
            if splitter.rest():
                events.append(self._masked_event(splitter.rest(), 0.0))
                await writer.body(splitter.rest(), more=True)
        writer.record.events = len(events)
        await self._keep(exchange)
        if response.ends == "complete":
            await writer.body(b"")

    def _masked_event(self, frame: bytes, wait: float) -> dict[str, Any]:
        event = event_of(frame, wait)
        return {name: value if name == "wait" else self.masker.value(value) for name, value in event.items()}


def _replaced(value: Any, old: str, new: str) -> Any:
    if is_object(value):
        return {name: _replaced(each, old, new) for name, each in value.items()}
    if is_list(value):
        return [_replaced(each, old, new) for each in value]
    return value.replace(old, new) if isinstance(value, str) else value


def _again(content: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body which was read already, and then what comes after it."""
    given = False

    async def body_first() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": content, "more_body": False}

    return body_first
