"""The blocking driver: runs flows on the calling thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.errors.base_error import BaseError
from indoxrouter._runtime.http.interface import TransportFailure
from indoxrouter.errors import IndoxRouterError, NetworkError

from ..auth.token_store import Refresh
from ..http.fork_safety import register_for_fork
from .answer import EventWatch, HttpAnswer, WholeBody, is_event_stream, log_call
from .request_flow import Authorize, Effect, Receive, Send, Sleep, call_flow, opens_stream, renew_token

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import Engine, HttpResponse
    from indoxrouter._runtime.operations.operation import Call

    from ..settings.values import Settings
    from .client_state import ClientState

ResultT = TypeVar("ResultT")


class BlockingDriver:
    """Runs flows on the calling thread. A client shares it with all copies that `with_options` makes.

    Args:
        state: what the calls share.
        make_engine: creates the HTTP engine when the first request is sent.
    """

    def __init__(self, state: ClientState, make_engine: Callable[[], Engine]) -> None:
        self.state = state
        self._make_engine = make_engine
        self._engine: Engine | None = None
        self._lock = threading.Lock()
        self._parent: BlockingDriver | None = None
        register_for_fork(self)

    @property
    def used(self) -> bool:
        """Whether there are connections to close."""
        return self._engine is not None or (self._parent is not None and self._parent.used)

    @property
    def engine(self) -> Engine:
        """The HTTP engine, created when first needed."""
        engine = self._engine
        if engine is None:
            with self._lock:
                self.state.check_open()  # a call that was waiting for its next attempt must not open connections again
                engine = self._engine
                if engine is None:
                    engine = self._engine = self._make_engine()
        return engine

    def reset_after_fork(self) -> None:
        """Drop the connections in a forked child, and replace the lock: both belong to the parent process."""
        self._engine = None
        self._lock = threading.Lock()

    def with_state(self, state: ClientState) -> BlockingDriver:
        """A driver with another state that uses this driver's connections, and closes them when it is closed."""
        driver = BlockingDriver(state, lambda: self.engine)
        driver._parent = self
        return driver

    def call(self, call: Call[Any], settings: Settings) -> HttpAnswer:
        """Make a call. The answer to a streaming call is returned open."""
        self.state.check_open()
        began = time.monotonic()
        try:
            answer = self.run(call_flow(self.state, call, settings))
        except Exception as error:  # logged and raised again
            log_call(call, None, error, time.monotonic() - began)
            raise
        log_call(call, answer, None, answer.elapsed)
        return answer

    def authenticate(self, settings: Settings) -> None:
        """Get a new token now, whatever the state of the current one."""
        self.state.check_open()
        if self.state.discard_token():
            self._authorize(Authorize(settings, None), forced=True)

    def run(self, flow: Generator[Effect, Any, ResultT]) -> ResultT:
        """Run a flow to its end and return its result."""
        failure: Exception | None = None
        result: Any = None
        try:
            effect = flow.send(None)
            while True:
                failure = result = None
                try:
                    if type(effect) is Send:
                        result = self._send(effect)
                    elif type(effect) is Authorize:
                        result = self._authorize(effect)
                    elif type(effect) is Sleep:
                        time.sleep(effect.seconds)
                    elif type(effect) is Receive:
                        self._receive(effect)
                except Exception as error:  # noqa: BLE001  # thrown into the flow, which decides
                    failure = error
                effect = flow.send(result) if failure is None else flow.throw(failure)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # the value that the generator's type promises
        finally:
            flow.close()
            del failure, result  # an exception must not be part of a cycle through its own traceback

    def _send(self, effect: Send) -> HttpAnswer:
        response = self.engine.send(effect.request)
        keep_open = False
        try:
            status, headers = response.status, response.headers
            opened = effect.stream and opens_stream(status, headers)
            events = not opened and is_event_stream(headers)
            if opened or (events and effect.events and not effect.stream and status < 300):
                keep_open = True
                return HttpAnswer(status, headers, b"", response)
            watch = self.state.watch_events(effect.limit) if events else None
            return read_body(response, effect, watch)
        finally:
            if not keep_open:
                response.close()

    def _receive(self, effect: Receive) -> None:
        response = self.engine.send(effect.request)
        try:
            if effect.receiver.begin(response.status, response.headers):
                for piece in response.iter_raw():
                    effect.receiver.feed(piece)
                effect.receiver.end()
        finally:
            response.close()

    def _authorize(self, effect: Authorize, *, forced: bool = False) -> str:
        state = self.state
        token = None if forced else state.ready_token()
        while token is None:
            refresh, is_leader = state.tokens.begin_or_join(Refresh, lambda refresh: True)
            try:
                if refresh is not None and is_leader:
                    self._refresh_token(refresh, effect)
                elif refresh is not None:
                    self._wait_for(refresh, effect)
            except (BaseError, TransportFailure):
                token = None if forced else state.token_after_failed_refresh()
                if token is None:
                    raise
                return token
            token = state.usable_token()
        return token

    def _wait_for(self, refresh: Refresh, effect: Authorize) -> None:
        """Wait for the refresh of another thread, and raise a copy of its failure."""
        limit = None if effect.deadline is None else max(0.0, effect.deadline - self.state.clock())
        if not refresh.wait(limit):
            raise TransportFailure("read_timeout", "the token refresh of another thread took too long")
        if refresh.error is not None:
            raise copy_error(refresh.error)

    def _refresh_token(self, refresh: Refresh, effect: Authorize) -> None:
        error: BaseException | None = None
        try:
            self.run(renew_token(self.state, effect.settings, effect.deadline))
        except BaseException as failure:
            error = failure
            raise
        finally:
            self.state.tokens.complete(refresh)
            refresh.finish(error)

    def close(self) -> None:
        """Close the connections. Later calls raise `ClientClosedError`."""
        with self._lock:
            self.state.closed = True
            engine, self._engine = self._engine, None
        self.state.abort_streams()
        if self._parent is not None:
            self._parent.close()
        elif engine is not None:
            engine.close()


def copy_error(error: BaseException) -> BaseException:
    """The failure of a shared token refresh for one more caller, without the traceback of the caller that ran it."""
    if isinstance(error, IndoxRouterError):
        copy = type(error)(error.message)
        copy.__dict__.update(error.__dict__)
        return copy
    if isinstance(error, TransportFailure):
        return TransportFailure(error.kind, error.reason)
    if isinstance(error, Exception):
        return error.with_traceback(None)  # of the function that gives the key
    # The caller that ran the refresh was interrupted (Ctrl-C, a cancelled task). The others only lack a token.
    return NetworkError(
        f"The token exchange that this call waited for was interrupted ({type(error).__name__})"
    )


def read_body(response: HttpResponse, effect: Send, watch: EventWatch | None) -> HttpAnswer:
    """Read a body to its end, or to that of the events in it; `WholeBody.answer` says what happens if that fails."""
    body = WholeBody(response, effect.limit, effect.request.deadline, keep_part=effect.stream, watch=watch)
    failure: TransportFailure | None = None
    try:
        if body.failure is None:
            for piece in response.iter_raw():
                body.feed(piece)
                if watch is not None and body.is_over:
                    break
    except TransportFailure as error:
        failure = error
    return body.answer(response.status, failure)
