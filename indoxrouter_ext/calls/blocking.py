"""The blocking driver: runs flows on the calling thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.http.interface import TransportFailure
from indoxrouter.errors import IndoxRouterError

from ..auth.token_store import Refresh, copy_error
from ..http.fork_safety import register_for_fork
from .answer import HttpAnswer
from .request_flow import Do, Effect, Receive, Renew, Send, Sleep, body_to_read, renew_token

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import Engine

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

    def result_of(self, flow: Generator[Effect, Any, ResultT]) -> ResultT:
        """Run a flow; the traceback of its exceptions starts here, and so points at the caller's line."""
        failure: IndoxRouterError | None = None
        try:
            return self.run(flow)
        except IndoxRouterError as error:
            failure = error
        try:
            raise failure.with_traceback(None)
        finally:
            del failure  # an exception must not be part of a cycle through its own traceback

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
                    elif type(effect) is Renew:
                        self._renew(effect)
                    elif type(effect) is Sleep:
                        time.sleep(effect.seconds)
                    elif type(effect) is Do:
                        result = effect.action()
                    elif type(effect) is Receive:
                        self._receive(effect)
                except Exception as error:  # noqa: BLE001  # thrown into the flow, which decides
                    failure = error
                effect = flow.send(result) if failure is None else flow.throw(failure)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # the value that the generator's type promises
        finally:
            flow.close()
            del failure, result  # as in `result_of`

    def _send(self, effect: Send) -> HttpAnswer:
        response = self.engine.send(effect.request)
        is_open = False
        try:
            body = body_to_read(effect, response, self.state.watch_events)
            if body is None:
                is_open = True
                return HttpAnswer(response.status, response.headers, b"", response)
            failure = body.failure
            try:
                if failure is None:
                    for piece in response.iter_raw():
                        if body.feed(piece):
                            break
            except TransportFailure as error:
                failure = error
            return body.answer(response.status, failure)
        finally:
            if not is_open:
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

    def _renew(self, effect: Renew) -> None:
        joined = self.state.tokens.begin_or_join(Refresh, lambda refresh: True)
        if joined is None:
            return
        refresh, is_leader = joined
        if not is_leader:
            self._wait_for(refresh, effect.deadline)
            return
        error: BaseException | None = None
        try:
            self.run(renew_token(self.state, effect.settings, effect.deadline))
        except BaseException as failure:
            error = failure
            raise
        finally:
            self.state.tokens.complete(refresh)
            refresh.finish(error)

    def _wait_for(self, refresh: Refresh, deadline: float | None) -> None:
        """Wait for the refresh of another thread, and raise a copy of its failure."""
        limit = None if deadline is None else max(0.0, deadline - self.state.clock())
        if not refresh.wait(limit):
            raise TransportFailure("read_timeout", "the token refresh of another thread took too long")
        if refresh.error is not None:
            raise copy_error(refresh.error)

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

    abandon = close
