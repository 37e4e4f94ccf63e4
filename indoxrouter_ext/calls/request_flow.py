"""The course of a call, as a decision without I/O.

`call_flow` is a generator. It yields what has to be done (`Send`, `Sleep`, `Authorize`) and is sent what came of it;
failures of the network are thrown into it. Two shells drive it, one that blocks and one that awaits; neither decides
anything. What to send, when to try again, when a token is replaced and what is raised are decided here, once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.errors.base_error import error_from_body, error_from_transport
from indoxrouter._runtime.http.interface import Deadline, Headers, HttpRequest, TransportFailure
from indoxrouter._runtime.standalone_client import request_url
from indoxrouter._runtime.values.masking import mask

from .history import Attempt, make_attempt
from .retry import Decision, decide

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter.errors import IndoxRouterError

    from ..settings.values import Settings
    from .client_state import Core

__all__ = ["Answer", "Authorize", "Effect", "Flow", "Send", "Sleep", "call_flow"]


# Plain classes: making one named tuple takes as long as importing a small module, and every program pays for it.


class Send:
    """Send a request. A success that is a stream of events is handed back open; any other body is read."""

    __slots__ = ("deadline", "limit", "request", "stream")

    def __init__(self, request: HttpRequest, stream: bool, limit: int, deadline: float | None) -> None:
        self.request = request
        self.stream = stream
        self.limit = limit
        self.deadline = deadline


class Sleep:
    """Wait."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Authorize:
    """Get a token that can be used now. The answer is the token."""

    __slots__ = ("deadline", "settings")

    def __init__(self, settings: Settings, deadline: float | None) -> None:
        self.settings = settings
        self.deadline = deadline


class Answer:
    """An HTTP answer: its body, or for a stream the open response.

    Attributes:
        status, headers: as they came.
        request_id: the server's id of the request, or None; secrets that it may quote are masked.
        body: the decompressed body; empty for a stream.
        stream: the open response of the engine, or None.
        attempts: every attempt of the call, this answer's last.
        elapsed: seconds from the first attempt to this answer.
    """

    __slots__ = ("attempts", "body", "elapsed", "headers", "request_id", "status", "stream")

    def __init__(self, status: int, headers: Headers, body: bytes | bytearray, stream: Any = None) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.stream = stream
        self.request_id: str | None = None
        self.attempts: tuple[Attempt, ...] = ()
        self.elapsed = 0.0


Effect = Send | Sleep | Authorize
Flow = Generator[Effect, Any, Answer]

_TOKEN_REFUSED = 401


def opens_stream(status: int, headers: Headers) -> bool:
    """Whether an answer to a streaming request is a stream, and not an error or a page in place of one.

    Servers that forget the content type, or send a vague one, are given the benefit of the doubt.
    """
    if not 200 <= status < 300:
        return False
    kind = headers.get("content-type", "")
    return kind in _STREAM_TYPES or kind.partition(";")[0].strip().lower() in _STREAM_TYPES


_STREAM_TYPES = frozenset({"text/event-stream", "", "text/plain", "application/octet-stream"})


def call_flow(core: Core, call: Call[Any], settings: Settings, deadline: float | None = None) -> Flow:
    """Make one logical call, in as many attempts as it takes.

    Args:
        core: what the calls of a client share: credentials, budget, clock.
        call: the request.
        settings: limits and options that hold for this call.
        deadline: on the core's clock, when the caller set one already.

    Raises:
        IndoxRouterError: the documented exception, with the attempts that were made.
    """
    clock = core.clock
    began = clock()
    if settings.deadline is not None and deadline is None:
        deadline = began + settings.deadline
    ledger: list[Attempt] = []
    operation = call.operation
    wants_token = bool(operation.security) and not operation.token_exchange
    idempotency_key = _idempotency_key(call, settings)
    retries = 0
    reauthorized = False
    waited = 0.0
    while True:
        token: str | None = None
        if wants_token:
            token = core.ready_token() or (yield from _authorize(settings, deadline))
        started = clock()
        headers, shared = core.headers.of(call, settings, token, idempotency_key)
        request = HttpRequest(
            operation.method,
            request_url(settings.base_url, call),
            headers,
            call.content,
            settings.timeouts,
            shared,
            _head_deadline(settings, started, deadline, call.streaming),
        )
        failure: TransportFailure | None = None
        answer: Answer | None = None
        try:
            answer = yield Send(request, call.streaming, settings.max_response_bytes, deadline)
        except TransportFailure as broken:
            failure = broken
        ended = clock()
        status = answer.status if answer is not None else None
        request_id: str | None = None
        if answer is not None:
            request_id = answer.request_id = request_id_of(answer.headers, core)
        kind = failure.kind if failure is not None else None
        ledger.append(make_attempt((len(ledger) + 1, status, kind, ended - started, waited, request_id)))
        waited = 0.0
        if answer is not None and 200 <= answer.status < 300:
            core.budget.refund()
            answer.attempts = tuple(ledger)
            answer.elapsed = ended - began
            return answer
        if status == _TOKEN_REFUSED and token is not None and not reauthorized and core.may_replace(token):
            core.tokens.discard(token)
            reauthorized = True
            continue
        error = _error(core, call, settings, answer, failure, token)
        decision = _decide(core, call, settings, error, answer, failure, retries, deadline)
        if decision.wait is None:
            error.attempts = tuple(ledger)
            failure = answer = token = None  # a traceback keeps locals, and these hold a body and a secret
            try:
                raise error
            finally:
                del error, request, headers, shared  # no cycle through the traceback, and no token in it
        retries += 1
        waited = decision.wait
        yield Sleep(decision.wait)


def request_id_of(headers: Headers, core: Core) -> str | None:
    """The id under which the server knows a request, with secrets masked, because it ends in logs."""
    found = headers.get("x-request-id") or headers.get("request-id")
    if found is None or not core.is_told_by(found):
        return found
    return str(mask(found, core.secrets()))


def _authorize(settings: Settings, deadline: float | None) -> Generator[Effect, Any, str]:
    try:
        token: str = yield Authorize(settings, deadline)
        return token
    except TransportFailure as error:
        failure = error
    raise error_from_transport(failure, host_of(settings.base_url))


def _head_deadline(
    settings: Settings, started: float, deadline: float | None, streaming: bool
) -> Deadline | None:
    """When the head of an answer has to be there: before the call's deadline, and before a stream's first token."""
    first = settings.first_token_timeout if streaming else None
    if first is not None and (deadline is None or started + first < deadline):
        return Deadline(time.monotonic() + first, "first_token_timeout", first)
    if deadline is None:
        return None
    left = deadline - started  # on the core's clock, which tests replace
    return Deadline(
        time.monotonic() + left, "deadline", settings.deadline if settings.deadline is not None else left
    )


def _idempotency_key(call: Call[Any], settings: Settings) -> str | None:
    if settings.idempotency_key is not None and call.operation.method not in ("GET", "HEAD"):
        return settings.idempotency_key
    return os.urandom(16).hex() if call.operation.idempotency_key else None


def _error(
    core: Core,
    call: Call[Any],
    settings: Settings,
    answer: Answer | None,
    failure: TransportFailure | None,
    token: str | None,
) -> IndoxRouterError:
    known = core.secrets([*call.secrets(), *([token] if token else [])])
    if answer is None:
        assert failure is not None
        return error_from_transport(failure, host_of(settings.base_url), known)
    return error_from_body(
        answer.status, answer.headers, bytes(answer.body), known, call.operation.error_statuses
    )


def host_of(base_url: str) -> str:
    """Host and port of a URL, for messages."""
    return base_url.partition("://")[2].partition("/")[0]


_REPEATABLE = frozenset(
    {
        "connect",
        "connect_timeout",
        "pool_timeout",
        "write",
        "write_timeout",
        "disconnected",
        "read",
        "read_timeout",
    }
)


def _decide(
    core: Core,
    call: Call[Any],
    settings: Settings,
    error: IndoxRouterError,
    answer: Answer | None,
    failure: TransportFailure | None,
    retries: int,
    deadline: float | None,
) -> Decision:
    operation = call.operation
    status = answer.status if answer is not None else None
    if status == 429 and core.is_spent(error):
        return Decision(None, "credits do not come back by waiting")
    return decide(
        # Getting a token costs nothing and changes nothing that matters: it is repeated like a read.
        risk="safe" if operation.token_exchange else operation.retry,
        keyed=settings.idempotency_key is not None,
        retries_left=settings.max_retries - retries,
        number=retries + 1,
        status=status,
        never_sent=failure is not None and not failure.sent,
        repeatable=failure is not None and failure.kind in _REPEATABLE,
        retry_after=error.retry_after,
        longest_retry_after=settings.max_retry_wait,
        time_left=None if deadline is None else deadline - core.clock(),
        budget=core.budget,
    )
