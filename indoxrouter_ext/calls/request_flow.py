"""The course of a call as a generator without I/O.

`call_flow` yields what has to be done (`Send`, `Sleep`, `Renew`, `Do`) and receives the result; network failures are
thrown into it. Two drivers run it, a blocking and an asynchronous one, and neither of them decides anything. Which
request is sent, when it is repeated, when a token is replaced and which exception is raised is decided here, once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Protocol

from indoxrouter._runtime.errors.mapping import error_from_body, error_from_payload, error_from_transport
from indoxrouter._runtime.http.interface import Deadline, Headers, HttpRequest, TransportFailure
from indoxrouter._runtime.values.masking import mask
from indoxrouter.errors import IndoxRouterError, InsufficientCreditsError, NotFoundError

from .answer import Attempt, EventWatch, HttpAnswer, WholeBody, is_event_stream, make_attempt
from .retry import FailedAttempt, RetryPolicy

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call

    from ..settings.values import Settings
    from .client_state import ClientState


# Plain classes: creating a named tuple class takes as long as importing a small module, and every program would pay
# for it.


class Send:
    """Send a request of a call. A successful event stream is returned open; any other body is read to its end."""

    __slots__ = ("call", "limit", "request")

    def __init__(self, request: HttpRequest, call: Call[Any], limit: int) -> None:
        self.request = request
        self.call = call
        self.limit = limit


class Sleep:
    """Wait for a number of seconds."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Renew:
    """Renew the token, or wait until another caller has; callers share one renewal, and its failure."""

    __slots__ = ("deadline", "settings")

    def __init__(self, settings: Settings, deadline: float | None) -> None:
        self.settings = settings
        self.deadline = deadline


class Do:
    """Call a function of the blocking or of the asynchronous client. The latter is awaited."""

    __slots__ = ("action",)

    def __init__(self, action: Callable[[], Any]) -> None:
        self.action = action


class Receiver(Protocol):
    """Takes an answer as it arrives."""

    def begin(self, status: int, headers: Headers) -> bool:
        """Take the head. Returns whether the body is to be read."""
        ...

    def feed(self, piece: bytes) -> None:
        """Take bytes of the body."""

    def end(self) -> None:
        """Take the end of the body."""


class Receive:
    """Send a request, and pass the answer to a receiver as it arrives: it may be too large for the memory."""

    __slots__ = ("receiver", "request")

    def __init__(self, request: HttpRequest, receiver: Receiver) -> None:
        self.request = request
        self.receiver = receiver


Effect = Send | Sleep | Renew | Receive | Do
Flow = Generator[Effect, Any, HttpAnswer]

_UNAUTHORIZED, _NOT_FOUND = 401, 404


def opens_stream(status: int, headers: Headers) -> bool:
    """Whether an answer to a streaming request is a stream, and not an error or a page in its place.

    An answer without a content type, or with a vague one, is taken for a stream.
    """
    if not 200 <= status < 300:
        return False
    kind = headers.get("content-type", "")
    return kind in _STREAM_TYPES or kind.partition(";")[0].strip().lower() in _STREAM_TYPES


_STREAM_TYPES = frozenset({
    "text/event-stream", "", "text/plain", "application/octet-stream", "application/x-ndjson",
    "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/stream+json",
})  # fmt: skip


def body_to_read(effect: Send, response: Any, watch_events: Callable[[int], EventWatch]) -> WholeBody | None:
    """The body of an answer, to be read to its end; None if the answer is returned open.

    `response` is of an engine of either kind; for `watch_events`, see `ClientState`.
    """
    status, headers, streaming = response.status, response.headers, effect.call.streaming
    if streaming and opens_stream(status, headers):
        return None
    watch: EventWatch | None = None
    if is_event_stream(headers):
        spec = effect.call.operation.stream
        if spec is not None and spec.assembled and not streaming and status < 300:
            return None  # events that add up to an answer were sent in its place
        watch = watch_events(effect.limit)
    return WholeBody(response, effect.limit, effect.request.deadline, keep_part=streaming, watch=watch)


def call_flow(state: ClientState, call: Call[Any], settings: Settings, deadline: float | None = None) -> Flow:
    """Make one call, in as many attempts as it takes; observers are notified, and a budget is asked first.

    Args:
        state: credentials, budget and clock of the client.
        call: the request.
        settings: limits and options of this call.
        deadline: on the state's clock, if the caller has set one already.

    Raises:
        IndoxRouterError: the documented exception, with the attempts that were made.
    """
    if (settings.observers or settings.budget is not None) and not call.operation.token_exchange:
        return _observed_flow(state, call, settings, deadline)
    return _attempts(state, call, settings, deadline)


def _observed_flow(state: ClientState, call: Call[Any], settings: Settings, deadline: float | None) -> Flow:
    from .observation import Observation  # cost: few programs observe their calls or have a budget

    with Observation(call, settings) as observation:
        answer = yield from _attempts(state, call, settings, deadline, observation.attempt)
        answer.observation = observation
        return answer


def _attempts(
    state: ClientState,
    call: Call[Any],
    settings: Settings,
    deadline: float | None,
    on_attempt: Callable[[Attempt], None] | None = None,
) -> Flow:
    clock = state.clock
    began = clock()
    if settings.deadline is not None and deadline is None:
        deadline = began + settings.deadline
    attempts: list[Attempt] = []
    operation = call.operation
    exchanges = operation.token_exchange
    needs_token = bool(operation.security) and not exchanges
    idempotency_key = _idempotency_key(call, settings)
    retries = 0
    reauthorized = False
    waited = 0.0
    while True:
        token: str | None = None
        if needs_token:
            token = state.ready_token() or (yield from authorize(state, settings, deadline))
        elif not exchanges:
            # Some servers ask for it where the documents say that it is not needed.
            token = state.token_at_hand()
        started = clock()
        headers, shared = state.headers.of(call, settings, token, idempotency_key)
        request = HttpRequest(
            operation.method,
            call.url(settings.base_url),
            headers,
            call.content,
            settings.timeouts,
            shared,
            _header_deadline(settings, started, deadline, call.streaming),
        )
        failure: TransportFailure | None = None
        answer: HttpAnswer | None = None
        try:
            answer = yield Send(request, call, settings.max_response_bytes)
        except TransportFailure as raised:
            failure = raised
        ended = clock()
        status = answer.status if answer is not None else None
        request_id: str | None = None
        if answer is not None:
            request_id = answer.request_id = _request_id(answer.headers, state)
        kind = failure.kind if failure is not None else None
        attempts.append(make_attempt((len(attempts) + 1, status, kind, ended - started, waited, request_id)))
        if on_attempt is not None:
            on_attempt(attempts[-1])
        waited = 0.0
        if answer is not None and 200 <= answer.status < 300:
            if state.budget.spent:
                state.budget.refund()
            answer.attempts = tuple(attempts)
            answer.elapsed = ended - began
            answer.models = settings.models
            return answer
        if (
            status == _UNAUTHORIZED
            and not exchanges
            and not reauthorized
            and (token is None or state.replace_token(token))
        ):
            reauthorized = needs_token = True
            continue
        error = _error(state, call, settings, answer, failure, token)
        if status == _NOT_FOUND and token is not None and type(error) is NotFoundError:
            state.doubt_fallback(token)
        retries += 1
        wait = _wait_before_retry(state, call, settings, error, failure, status, retries, deadline)
        if wait is None:
            error.attempts = tuple(attempts)
            # A traceback keeps local variables, and these hold a body and a secret.
            failure = answer = token = None
            try:
                raise error
            finally:
                # No reference cycle through the traceback, and no token in it.
                del error, request, headers, shared
        waited = wait
        yield Sleep(wait)


def renew_token(
    state: ClientState, settings: Settings, deadline: float | None
) -> Generator[Effect, Any, None]:
    """Get a token, as a flow for a driver; see `auth.token_exchange.exchange_flow`."""
    from ..auth.token_exchange import exchange_flow  # cost: not needed with auth="api_key"

    # An idempotency key or a low limit that the caller passed for a call is not meant for the exchange before it.
    limit = max(settings.max_response_bytes, 65536)
    settings = settings._replace(idempotency_key=None, max_response_bytes=limit)

    def request(call: Call[Any]) -> Flow:
        return call_flow(state, call, settings, deadline)

    exists = yield from exchange_flow(request, state.tokens, state.current_key(), settings.host)
    state.end_exchange(exists=exists)


def _request_id(headers: Headers, state: ClientState) -> str | None:
    """The server's id of a request. Secrets are masked, because the id is logged."""
    found = headers.get("x-request-id") or headers.get("request-id")
    if found is None or not state.contains_secret(found):
        return found
    return str(mask(found, state.secrets()))


def authorize(state: ClientState, settings: Settings, deadline: float | None) -> Generator[Effect, Any, str]:
    """Get a new token, or the present one if that is still valid and cannot be renewed."""
    while True:
        failure: IndoxRouterError | None = None
        try:
            yield Renew(settings, deadline)
        except TransportFailure as error:
            failure = error_from_transport(error, settings.host)
        except IndoxRouterError as error:
            failure = error
        token = state.usable_token() if failure is None else state.token_after_failed_refresh()
        if token is not None:
            return token
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # no reference cycle through the traceback


def authenticate_flow(state: ClientState, settings: Settings) -> Generator[Effect, Any, None]:
    """Get a new token now, whatever the state of the current one."""
    state.check_open()
    if state.discard_token():
        yield from authorize(state, settings, None)


def _header_deadline(
    settings: Settings, started: float, deadline: float | None, streaming: bool
) -> Deadline | None:
    """When the headers have to be received: before the call's deadline, and before a stream's first token is due."""
    first = settings.first_token_timeout if streaming else None
    if first is not None and (deadline is None or started + first < deadline):
        return Deadline(time.monotonic() + first, "first_token_timeout", first)
    if deadline is None:
        return None
    left = deadline - started  # on the state's clock, which tests replace
    return Deadline(time.monotonic() + left, "deadline", settings.deadline or left)


def _idempotency_key(call: Call[Any], settings: Settings) -> str | None:
    if settings.idempotency_key is not None and call.operation.method not in ("GET", "HEAD"):
        return settings.idempotency_key
    return os.urandom(16).hex() if call.operation.idempotency_key else None


def _error(
    state: ClientState,
    call: Call[Any],
    settings: Settings,
    answer: HttpAnswer | None,
    failure: TransportFailure | None,
    token: str | None,
) -> IndoxRouterError:
    secrets = state.secrets([*call.secrets(), *([token] if token else [])])
    operation = call.operation
    if answer is not None:
        failure = answer.failure
    if failure is not None and (answer is None or failure.option == "deadline"):
        return error_from_transport(failure, settings.host, secrets)
    assert answer is not None
    if failure is not None:
        error = error_from_payload(
            f"The server answered {answer.status}, but its body cannot be read: {failure.reason}",
            status=answer.status,
            headers=answer.headers,
            secrets=secrets,
        )
        error.body = mask(bytes(answer.body).decode("utf-8", "replace"), secrets) or None
        return error
    return error_from_body(
        answer.status,
        answer.headers,
        bytes(answer.body),
        secrets,
        operation.error_statuses,
        operation.error_bodies,
        settings.base_url,
    )


def retry_policy(state: ClientState, settings: Settings) -> RetryPolicy:
    """The policy of a call or a download with these options."""
    return RetryPolicy(settings.max_retries, settings.max_retry_wait, state.budget)


def _wait_before_retry(
    state: ClientState,
    call: Call[Any],
    settings: Settings,
    error: IndoxRouterError,
    failure: TransportFailure | None,
    status: int | None,
    number: int,
    deadline: float | None,
) -> float | None:
    if isinstance(error, InsufficientCreditsError):
        return None  # waiting does not restore credits
    operation = call.operation
    failed = FailedAttempt(
        # A token exchange is free and has no other effect, so it is repeated like a read.
        "safe" if operation.token_exchange else operation.retry,
        status,
        failure,
        retry_after=error.retry_after,
        has_idempotency_key=settings.idempotency_key is not None,
    )
    time_left = None if deadline is None else deadline - state.clock()
    return retry_policy(state, settings).decide(failed, number, time_left)
