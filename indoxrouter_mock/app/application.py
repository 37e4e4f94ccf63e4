"""The ASGI application: a request is read, routed, let in, checked, carried out, checked again and sent.

It is written on bare ASGI because every client test pays for each microsecond here; the pages and the admin endpoints,
where that doesn't matter, are Starlette's (`site.py`) and are loaded when somebody first asks for one.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..answers.billing import uses_own_key
from ..answers.example import example_reply
from ..base.asgi import Receive, Scope, Send, lifespan, raw_path, wants_page
from ..base.json import is_object
from ..base.options import MockOptions
from ..request.authentication import authenticate
from ..request.body import read_body, read_fields
from ..request.call import HANDLERS, Call, Reply
from ..spec.document import Operation, Spec, load_spec
from ..spec.errors import Problem, invalid
from ..spec.examples import CannotBuild
from ..spec.routing import Router
from ..spec.validation import Finding, Validators, read_parameters
from ..state.fault_queue import by_name, parse_header
from ..state.state import State
from .fault_injection import before_handling, instead_of_answer
from .response_writer import BrokenOff, Delivery

log = logging.getLogger("indoxrouter_mock")

TWIN_PREFIX = "/v1"
SITE_PATHS = ("/__mock__", "/docs", "/static/", "/files/", "/openapi.", "/favicon.ico")
DEFAULT_LARGEST_BODY = 104_857_600


class MockApp:
    """The mock as an ASGI application: for uvicorn, for `httpx.ASGITransport`, for anything that speaks ASGI.

    `state` is all that it remembers and is replaced by `reset()`. Raises SpecError when the spec can't be read.
    """

    def __init__(self, options: MockOptions | None = None) -> None:
        from .. import operations  # registers the handlers

        self.handlers = HANDLERS
        self.operations_loaded = operations.__all__
        self.options = options or MockOptions()
        self.spec: Spec = load_spec(self.options.spec)
        self.router = Router(self.spec)
        self.validators = Validators(self.spec)
        self.state = State(self.options, self.spec.secret_names)
        self.largest_body = _documented_limit(self.spec) or DEFAULT_LARGEST_BODY
        self.prefixes = _prefixes(self.spec)
        self.open_streams: set[asyncio.Future[None]] = set()
        self._site: Any = None

    def reset(self, options: MockOptions | None = None) -> State:
        """Forget everything; with `options`, go on under other settings. The spec stays the one that was read."""
        if options is not None:
            self.options = options
        self.state = State(self.options, self.spec.secret_names)
        return self.state

    def close_streams(self) -> None:
        """End all streams that are under way, as when their clients had left. To be called in the server's event
        loop.
        """
        for left in self.open_streams:
            left.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = raw_path(scope)
            if path.startswith(SITE_PATHS) or (path in ("/", "") and wants_page(scope)):
                await self._answer_site(scope, receive, send)
            else:
                await self._answer(scope, path, receive, send)
        elif scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _answer_site(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._site is None:
            from .site import build_site

            self._site = build_site(self)
        await self._site(scope, receive, send)

    async def _answer(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        started = perf_counter()
        state = self.state
        state.counters["requests"] += 1
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        method: str = scope["method"]
        request_id = state.identifiers.uuid()
        prefix, local = self._split(path)
        delivery = Delivery(self, scope, receive, send, request_id)
        content, too_large = await read_body(receive, headers, self.largest_body)
        found = self.router.find(local)
        operation = found[0].get(method) if found else None
        query = scope.get("query_string", b"").decode("latin-1")
        name = operation.id if operation else None
        delivery.record = state.journal.open(
            state.clock.now(), method, path, query, name, headers, content, request_id
        )
        openai = False
        try:
            if prefix == TWIN_PREFIX:
                from .openai_compatible import twin_for

                twin = twin_for(self, method, local, content)
                if twin is not None:
                    openai, operation = True, twin.operation
                    delivery.record.operation = operation.id
                    call = self._call(scope, method, path, prefix, headers, request_id, operation)
                    await self._carry_out(call, content, too_large, delivery, query, twin.handler)
                    return
            if found is None:
                raise Problem(404, f"there is nothing at {path}")
            if operation is None:
                allowed = ", ".join(sorted(found[0]))
                raise Problem(405, f"{path} knows {allowed}, not {method}", headers=[("allow", allowed)])
            call = self._call(scope, method, path, prefix, headers, request_id, operation)
            call.params = dict(found[1])
            await self._carry_out(call, content, too_large, delivery, query, None)
        except Problem as problem:
            await delivery.problem(problem, operation, openai=openai)
        except BrokenOff:
            raise
        except Exception as error:
            # The boundary of the server: whatever went wrong in a handler, the client gets the documented body, and
            # the log the trace.
            state.counters["crashes"] += 1
            log.exception("%s %s made the mock crash", method, path)
            await delivery.problem(
                Problem(500, f"the mock crashed: {type(error).__name__}"), operation, openai=openai
            )
        finally:
            milliseconds = (perf_counter() - started) * 1000
            delivery.record.milliseconds = milliseconds
            if log.isEnabledFor(logging.INFO):
                faults = f" [{', '.join(delivery.record.faults)}]" if delivery.record.faults else ""
                log.info("%s %s %d %.1f ms%s", method, path, delivery.record.status, milliseconds, faults)

    def _split(self, path: str) -> tuple[str, str]:
        """The server's prefix and the path below it: the spec's own prefix, the twins' `/v1`, or none."""
        for prefix in self.prefixes:
            if path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] == "/"):
                return prefix, path[len(prefix) :] or "/"
        return "", path or "/"

    def _call(
        self,
        scope: Scope,
        method: str,
        path: str,
        prefix: str,
        headers: dict[str, str],
        request_id: str,
        operation: Operation,
    ) -> Call:
        client = scope.get("client")
        host = headers.get("host") or "{}:{}".format(*(scope.get("server") or ("127.0.0.1", 80)))
        return Call(
            state=self.state,
            spec=self.spec,
            operation=operation,
            method=method,
            path=path,
            prefix=prefix,
            headers=headers,
            request_id=request_id,
            client_ip=client[0] if client else "127.0.0.1",
            started=self.state.clock.now(),
            origin=f"{scope.get('scheme', 'http')}://{host}",
        )

    async def _carry_out(
        self, call: Call, content: bytes, too_large: bool, delivery: Delivery, query: str, twin: Any
    ) -> None:
        if too_large:
            raise Problem(
                413, f"the body is larger than the {self.largest_body} bytes that a request may have"
            )
        operation = call.operation
        fields, problem = read_fields(call, content)
        streaming = is_object(fields) and fields.get((operation.stream or {}).get("parameter", "")) is True
        asked = parse_header(call.headers["x-mock-fault"]) if "x-mock-fault" in call.headers else []
        if call.state.faults:
            asked = [*call.state.faults.take(operation, call.path, streaming), *asked]
        if asked:
            call.faults = delivery.faults = by_name(asked)
            delivery.record.faults = tuple(str(fault) for fault in asked)
            call.state.counters["faults"] += len(asked)
            await before_handling(call, delivery)
            if delivery.sent:
                return
        if self.options.latency:
            await delivery.pause(self.options.latency)
        authenticate(call)
        if problem is not None:
            raise problem
        call.body = fields
        limits = self._admit(call)
        delivery.headers += limits
        if twin is None:
            self._check_request(call, query, fields is not None)
            handler = self.handlers.get(operation.id) or self._example
        else:
            handler = twin
        reply = self._handled(call, handler, content)
        if asked:
            await instead_of_answer(call, delivery)
        if delivery.sent:
            _lose(reply)
        else:
            await delivery.reply(call, reply, validate=twin is None)

    def _admit(self, call: Call) -> list[tuple[str, str]]:
        if call.account is None or "402" not in call.operation.responses or uses_own_key(call):
            return []  # limits count what costs credits, which is what can answer 402
        return call.state.limits.admit(call.account, call.key)

    def _check_request(self, call: Call, query: str, has_body: bool) -> None:
        operation = call.operation
        findings: list[Finding] = []
        if operation.parameters:
            path = {name: [value] for name, value in call.params.items()}
            call.params, found = read_parameters(operation, self.validators, "path", path)
            findings += found
            given = parse_qs(query, keep_blank_values=True) if query else {}
            call.query, found = read_parameters(operation, self.validators, "query", given)
            findings += found
            _, found = read_parameters(
                operation, self.validators, "header", {name: [value] for name, value in call.headers.items()}
            )
            findings += found
        if operation.bodies:
            kind = call.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
            if has_body:
                pointer = operation.bodies.get(kind) or next(iter(operation.bodies.values()))
                findings += self.validators.findings(pointer, call.body, "body", sent=True)
            elif operation.body_required:
                findings.append(Finding("body", "is required", "required"))
        if findings:
            raise invalid(findings, operation.status_or(422, 400))

    def _handled(self, call: Call, handler: Any, content: bytes) -> Reply:
        """What the handler makes of the call; a call with an idempotency key that was seen before gets the same
        reply again.
        """
        idempotency = call.headers.get("idempotency-key")
        if not idempotency or call.account is None or not call.operation.raw.get("x-idempotency-key"):
            reply = _as_reply(handler(call))
            if "duplicate_delivery" in call.faults:
                _lose(reply)
                reply = _as_reply(handler(call))
            return reply
        key = (call.account.id, call.operation.id, idempotency)
        fingerprint = hashlib.sha256(content).hexdigest()
        seen = call.state.idempotent.get(key)
        if seen is None:
            reply = _as_reply(handler(call))
            call.state.remember_answer(key, fingerprint, reply)
            return reply
        if seen[0] != fingerprint:
            raise Problem(
                call.operation.status_or(409, 400),
                "this Idempotency-Key was used for another request",
                code="invalid_request",
            )
        call.state.counters["idempotent_replays"] += 1
        again: Reply = seen[1]
        return Reply(
            again.body,
            again.status,
            again.content,
            again.media_type,
            [*again.headers, ("idempotent-replayed", "true")],
            again.stream,
        )

    def _example(self, call: Call) -> Reply:
        try:
            return example_reply(call)
        except (CannotBuild, ValueError) as error:
            raise Problem(
                500, f"no valid answer to {call.operation.id} can be made from the spec: {error}"
            ) from error


def _as_reply(value: Any) -> Reply:
    return value if isinstance(value, Reply) else Reply(value)


def _lose(reply: Reply) -> None:
    """A reply that nobody gets: a stream counts, and is billed, as if it had been delivered."""
    if reply.stream is not None:
        reply.stream.close()


def _prefixes(spec: Spec) -> list[str]:
    """The paths of the spec's servers, and the twins' prefix; the longest first."""
    servers: Any = spec.document.get("servers") or []
    found = {urlsplit(str(server.get("url", ""))).path.rstrip("/") for server in servers if is_object(server)}
    return sorted({prefix for prefix in found if prefix} | {TWIN_PREFIX}, key=len, reverse=True)


def _documented_limit(spec: Spec) -> int | None:
    """The largest `request_bytes` that an `x-media-limit` of the spec gives."""
    found = [
        schema["x-media-limit"]["request_bytes"]
        for schema in spec.document.get("components", {}).get("schemas", {}).values()
        if is_object(schema) and "request_bytes" in schema.get("x-media-limit", {})
    ]
    return max(found, default=None)


__all__ = ["MockApp"]
