"""The ASGI application: it reads, routes, authenticates, checks and handles a request, then checks and sends the reply.

It is written on bare ASGI because every client test pays for each microsecond here. The pages and the admin endpoints,
where that doesn't matter, use Starlette (`site.py`), which is loaded on the first request for one.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from .. import operations  # pyright: ignore[reportUnusedImport]  # registers the handlers
from ..answers.billing import require_credit
from ..answers.example import example_reply
from ..base.asgi import Receive, Scope, Send, lifespan, raw_path, wants_page
from ..base.json import is_object
from ..base.options import MockOptions
from ..base.reply import Reply
from ..compatible.cors import cors_headers, options_headers
from ..compatible.endpoints import CompatibleApi, refuse_what_is_not_mocked
from ..request.authentication import authenticate
from ..request.body import RequestBody, read_body, read_fields
from ..request.call import HANDLERS, Call, Handler, check_steering
from ..request.matching import account_name, model_of, prompt_of
from ..spec.contract import Contract
from ..spec.document import Spec
from ..spec.errors import ApiError, UnknownPath
from ..spec.examples import CannotBuild
from ..spec.routing import Router
from ..state.fault_queue import Fault, Subject, by_name, parse_fault_header
from .context import AppContext
from .fault_injection import FaultInjector
from .handling import admit, check_request, discard, handle, raise_scripted_error
from .response_writer import ConnectionDropped, ResponseWriter, ServerStopped

SMALLEST_COST = 0.000001
"""USD that an operation without a handler of its own has to be able to cost, where it can answer 402."""
log = logging.getLogger("indoxrouter_mock")

OPENAI_PREFIX = "/v1"
SITE_PATHS = ("/__mock__", "/docs", "/static/", "/files/", "/openapi.", "/openai-paths.", "/favicon.ico")


class MockApp(AppContext):
    """The mock as an ASGI application: for uvicorn, for `httpx.ASGITransport`, for anything that speaks ASGI.

    `state` is all that it remembers and is replaced by `reset()`. Raises SpecError when the spec can't be read.
    """

    _compatible: CompatibleApi | None = None

    def __init__(self, options: MockOptions | None = None) -> None:
        super().__init__(options)
        self.tags = operations.__all__  # importing them has registered the handlers
        self.handlers = HANDLERS
        self.router = Router(self.spec)
        self.prefixes = _prefixes(self.spec)
        self.contracts = {
            name: Contract(self.spec, operation, self.validators)
            for name, operation in self.spec.operations.items()
        }
        self._site: Any = None

    @property
    def compatible(self) -> CompatibleApi:
        """The paths under `/v1`, read when they are first used: the start of a server does not wait for them."""
        if self._compatible is None:
            self._compatible = CompatibleApi(self.spec)
        return self._compatible

    def operation_names(self) -> list[str]:
        """The operationIds of the requests that it answers: those of the spec, and of the paths that only `/v1` has."""
        return [*super().operation_names(), *self.compatible.own_operations]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the start and stop of a server."""
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
        state = self.state
        state.counters["requests"] += 1
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        method: str = scope["method"]
        request_id = state.identifiers.uuid()
        prefix, local = self._split(path)
        writer = ResponseWriter(self, scope, receive, send, request_id)
        body, too_large = await read_body(receive, headers, self.largest_body)
        content = body.read()
        methods, params = self.router.find(local)
        # HEAD is GET without the body, which the server leaves out.
        asked = "GET" if method == "HEAD" and prefix == OPENAI_PREFIX else method
        operation = methods.get(asked)
        name = operation.id if operation is not None else None
        contract = self.contracts[operation.id] if operation is not None else None
        query = scope.get("query_string", b"").decode("latin-1")
        moment = state.clock.now()
        writer.record = state.request_log.open(
            moment, method, path, query, name, headers, content, request_id
        )
        openai = False
        handler: Handler | None = None
        try:
            if prefix == OPENAI_PREFIX:
                writer.headers += cors_headers(headers)
                # The native API may be used below /v1 as well, and then has its own errors.
                openai = not methods
                compatible = self.compatible.methods_of(local)
                if method == "OPTIONS":
                    extra = options_headers([*compatible, *methods], headers)
                    await writer.start(204, writer.header_list("", extra, None))
                    await writer.body(b"")
                    return
                endpoint = self.compatible.find(state, asked, local, headers, content)
                if endpoint is not None:
                    openai, operation, contract = True, endpoint.operation, endpoint.contract
                    handler, params = endpoint.handler, endpoint.params
                    writer.record.operation = operation.id
                elif openai and compatible:
                    raise _wrong_method(path, method, compatible)
                elif openai:
                    refuse_what_is_not_mocked(local)
                elif operation is None:
                    openai = bool(compatible)
            if operation is None or contract is None:
                if not methods:
                    raise UnknownPath(path)
                raise _wrong_method(path, method, sorted(methods))
            call = Call(
                state,
                self.spec,
                operation,
                contract,
                method,
                path,
                prefix,
                headers,
                request_id,
                moment,
                scope,
                params,
            )
            del content  # a large upload is read again when its turn comes
            await self._carry_out(call, body, too_large, writer, query, handler)
        except ApiError as problem:
            await writer.problem(problem, contract, openai=openai)
        except ServerStopped:
            await writer.drop_connection(reset=False)
        except ConnectionDropped:
            raise
        except Exception as error:
            # The boundary of the server: whatever failed in a handler, the client gets the documented body, and
            # the log the trace.
            state.counters["crashes"] += 1
            log.exception("%s %s failed in a handler", method, path)
            await writer.problem(
                ApiError(500, f"the mock failed: {type(error).__name__}"), contract, openai=openai
            )
        finally:
            body.close()
            writer.record.ended = monotonic()
            if log.isEnabledFor(logging.INFO):
                record = writer.record
                faults = f" [{', '.join(record.faults)}]" if record.faults else ""
                log.info("%s %s %d %.1f ms%s", method, path, record.status, record.milliseconds, faults)

    def _split(self, path: str) -> tuple[str, str]:
        """The server's prefix and the path below it: the spec's own prefix, the OpenAI-compatible `/v1`, or none."""
        for prefix in self.prefixes:
            if path.startswith(prefix):
                local = path[len(prefix) :]
                if not local or local[0] == "/":
                    return prefix, local or "/"
        return "", path or "/"

    async def _carry_out(
        self,
        call: Call,
        body: RequestBody,
        too_large: bool,
        writer: ResponseWriter,
        query: str,
        handler: Handler | None,
    ) -> None:
        if too_large:
            raise ApiError(
                413, f"the body is larger than the {self.largest_body} bytes that a request may have"
            )
        operation = call.operation
        writer.record.paid = operation.has_idempotency_key and operation.costs_credits
        if call.state.faults.planned:
            # A planned fault may wait for a stream, which only the body tells.
            fields, _ = read_fields(call, body.read())
            call.take_body(fields)
            subject = _subject(call)
            call.files.clear()
            writer.record.account = subject.account
            planned = call.state.faults.take(operation, subject)
            if await self._inject(call, writer, planned):
                return
        if self.options.latency:
            await writer.pause(self.options.latency)
        authenticate(call)
        writer.record.account = call.account.username if call.account else ""
        check_steering(call.headers)
        faults = call.headers.get("x-mock-fault")
        if faults and await self._inject(call, writer, parse_fault_header(faults)):
            return
        fields, problem = read_fields(call, body.read())
        if problem is not None:
            raise problem
        call.take_body(fields)
        writer.headers += admit(call)
        check_request(call, query)
        if call.state.answers.waiting:
            raise_scripted_error(call)
        reply = handle(call, handler or self.handlers.get(operation.id) or self._example, body)
        call.files.clear()
        if call.faults:
            await FaultInjector(call.faults).after_handling(writer)
        if writer.sent:
            discard(reply)
        else:
            await writer.reply(call, reply)

    async def _inject(self, call: Call, writer: ResponseWriter, faults: list[Fault]) -> bool:
        """Add faults to a request; returns whether one of them has answered it."""
        if not faults:
            return False
        added = by_name(faults)
        call.faults = {**call.faults, **added}
        writer.injector = FaultInjector(call.faults)
        writer.record.faults = (*writer.record.faults, *(str(fault) for fault in faults))
        call.state.counters["faults"] += len(faults)
        await FaultInjector(added).before_handling(call, writer)
        return writer.sent

    def _example(self, call: Call) -> Reply:
        if call.account is not None and "402" in call.operation.responses:
            require_credit(call, SMALLEST_COST)
        try:
            return example_reply(call)
        except (CannotBuild, ValueError) as error:
            raise ApiError(
                500, f"no valid answer to {call.operation.id} can be made from the spec: {error}"
            ) from error


def _wrong_method(path: str, method: str, methods: list[str]) -> ApiError:
    allowed = ", ".join(methods)
    return ApiError(405, f"{path} supports {allowed}, not {method}", headers=[("allow", allowed)])


def _subject(call: Call) -> Subject:
    return Subject(call.path, call.wants_stream, model_of(call), prompt_of(call), account_name(call))


def _prefixes(spec: Spec) -> list[str]:
    """The paths of the spec's servers, and the endpoints' prefix; the longest first."""
    servers: Any = spec.document.get("servers") or []
    found = {urlsplit(str(server.get("url", ""))).path.rstrip("/") for server in servers if is_object(server)}
    return sorted({prefix for prefix in found if prefix} | {OPENAI_PREFIX}, key=len, reverse=True)
