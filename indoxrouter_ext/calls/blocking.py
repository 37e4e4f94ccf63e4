"""The shell that blocks: does what the core decides, with threads and sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.errors.base_error import Failure
from indoxrouter._runtime.http.interface import BodyReader, TransportFailure

from ..auth.token_store import Flight
from ..http.fork_safety import start_anew_in_children
from .client_state import exchange_flow
from .logging import log_call
from .request_flow import Answer, Authorize, Effect, Send, Sleep, call_flow, opens_stream
from .whole_body import WholeBody

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import Engine, HttpResponse
    from indoxrouter._runtime.operations.operation import Call

    from ..settings.values import Settings
    from .client_state import Core

__all__ = ["SyncShell", "read_body"]

T = TypeVar("T")
R = TypeVar("R")


class SyncShell:
    """Drives flows on the calling thread. Shared by a client and all that `with_options` makes of it.

    Args:
        core: what the calls share.
        make_engine: makes the engine when the first request is sent, because that is when its cost is due.
    """

    def __init__(self, core: Core, make_engine: Callable[[], Engine]) -> None:
        self.core = core
        self._make_engine = make_engine
        self._engine: Engine | None = None
        self._lock = threading.Lock()
        self._lender: SyncShell | None = None
        start_anew_in_children(self)

    @property
    def used(self) -> bool:
        """Whether there are connections that have to be closed."""
        return self._engine is not None or (self._lender is not None and self._lender.used)

    @property
    def engine(self) -> Engine:
        """The engine, made when first needed."""
        engine = self._engine
        if engine is None:
            with self._lock:
                self.core.check_open()  # a call that was waiting for its next attempt must not open connections again
                engine = self._engine
                if engine is None:
                    engine = self._engine = self._make_engine()
        return engine

    def start_anew(self) -> None:
        """In a forked child: the connections are the parent's, and so may be whoever held the lock."""
        self._engine = None
        self._lock = threading.Lock()

    def over(self, core: Core) -> SyncShell:
        """A shell over another core that borrows this one's connections, and closes it when it is closed itself."""
        shell = SyncShell(core, lambda: self.engine)
        shell._lender = self
        return shell

    def call(self, call: Call[T], settings: Settings) -> T:
        """Make a call and decode its answer."""
        answer = self.answer(call, settings)
        return self.core.decode(call, answer)

    def answer(self, call: Call[Any], settings: Settings) -> Answer:
        """Make a call; the answer to a streaming call comes open."""
        self.core.check_open()
        began = time.monotonic()
        try:
            answer = self.run(call_flow(self.core, call, settings))
        except Exception as error:  # looked at for the log line and raised again
            log_call(call, None, error, time.monotonic() - began)
            raise
        log_call(call, answer, None, answer.elapsed)
        return answer

    def authenticate(self, settings: Settings) -> None:
        """Get a new token now, whatever the state of the old one."""
        self.core.check_open()
        if self.core.direct_token is None:
            old = self.core.tokens.token
            if old is not None:
                self.core.tokens.discard(old)
            self._authorize(Authorize(settings, None), forced=True)

    def run(self, flow: Generator[Effect, Any, R]) -> R:
        """Drive a flow to its end."""
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
                except Exception as error:  # noqa: BLE001  # handed to the flow, which decides
                    failure = error
                effect = flow.send(result) if failure is None else flow.throw(failure)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # the value that the generator's type promises
        finally:
            flow.close()
            del failure, result  # an exception must not be part of a cycle through its own traceback

    def _send(self, effect: Send) -> Answer:
        response = self.engine.send(effect.request)
        kept = False
        try:
            if effect.stream and opens_stream(response.status, response.headers):
                if "content-encoding" in response.headers:
                    BodyReader(response.headers, None)  # refuses a compression that nobody asked for
                kept = True
                return Answer(response.status, response.headers, b"", response)
            body = read_body(response, effect)
            return Answer(response.status, response.headers, body)
        finally:
            if not kept:
                response.close()

    def _authorize(self, effect: Authorize, *, forced: bool = False) -> str:
        core = self.core
        token = None if forced else core.ready_token()
        while token is None:
            flight, leads = core.tokens.join(Flight, lambda flight: True)
            try:
                if leads and flight is not None:
                    self._exchange(flight, effect)
                elif flight is not None:
                    self._wait_for(flight, effect)
            except (Failure, TransportFailure):
                token = None if forced else core.token_after_failed_renewal()
                if token is None:
                    raise
                return token
            token = core.usable_token()
        return token

    def _wait_for(self, flight: Flight, effect: Authorize) -> None:
        limit = None if effect.deadline is None else max(0.0, effect.deadline - self.core.clock())
        if not flight.wait(limit):
            raise TransportFailure("read_timeout", "another thread's token exchange took too long")
        if flight.error is not None:
            raise share(flight.error)

    def _exchange(self, flight: Flight, effect: Authorize) -> None:
        core = self.core
        error: BaseException | None = None
        try:
            self.run(exchange_flow(core, effect.settings, effect.deadline))
        except BaseException as failure:
            error = failure
            raise
        finally:
            core.tokens.land(flight)
            flight.finish(error)

    def close(self) -> None:
        """Close the connections. Calls that come later raise `ClientClosedError`."""
        with self._lock:
            self.core.closed = True
            engine, self._engine = self._engine, None
        self.core.break_streams()
        if self._lender is not None:
            self._lender.close()
        elif engine is not None:
            engine.close()


def share(error: BaseException) -> BaseException:
    """A failure for one more caller: the same class and facts, without the leader's traceback."""
    from indoxrouter.errors import IndoxRouterError, NetworkError

    if isinstance(error, IndoxRouterError):
        twin = type(error)(error.message)
        twin.__dict__.update(error.__dict__)
        return twin
    if isinstance(error, TransportFailure):
        return TransportFailure(error.kind, error.reason)
    # The leader was interrupted (Ctrl-C, a cancelled task): that is its own affair, but there is no token.
    return NetworkError(
        f"The token exchange that this call waited for was interrupted ({type(error).__name__})"
    )


def read_body(response: HttpResponse, effect: Send) -> bytes:
    """Read a body to its end."""
    body = WholeBody(response.headers, effect.limit, effect.request.deadline)
    for piece in response.iter_raw():
        body.feed(piece)
    return body.join()
