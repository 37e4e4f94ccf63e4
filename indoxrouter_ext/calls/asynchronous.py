"""The asynchronous driver: runs flows on the running event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.errors.base_error import BaseError
from indoxrouter._runtime.http.interface import TransportFailure

from ..http.fork_safety import register_for_fork
from .answer import EventWatch, HttpAnswer, WholeBody, is_event_stream, log_call
from .blocking import copy_error
from .request_flow import Authorize, Effect, Receive, Send, Sleep, call_flow, opens_stream, renew_token

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import AsyncEngine, AsyncHttpResponse
    from indoxrouter._runtime.operations.operation import Call

    from ..settings.values import Settings
    from .client_state import ClientState

ResultT = TypeVar("ResultT")

RefreshTask = asyncio.Task[None]


class AsyncDriver:
    """Runs flows on the running event loop. A client shares it with all copies that `with_options` makes.

    Connections belong to an event loop. A client that is used on a second one (a new `asyncio.run`, or a loop in
    another thread) has a second HTTP engine there. The connections of a closed loop can neither be used nor closed.

    Args:
        state: what the calls share.
        make_engine: creates the HTTP engine of a loop when its first request is sent.
    """

    def __init__(self, state: ClientState, make_engine: Callable[[], AsyncEngine]) -> None:
        self.state = state
        self._make_engine = make_engine
        self._engines: dict[asyncio.AbstractEventLoop, AsyncEngine] = {}
        self._parent: AsyncDriver | None = None
        register_for_fork(self)

    @property
    def used(self) -> bool:
        """Whether there are connections to close."""
        return bool(self._engines) or (self._parent is not None and self._parent.used)

    @property
    def engine(self) -> AsyncEngine:
        """The HTTP engine of the running event loop, created when first needed."""
        loop = _running_asyncio_loop()
        engine = self._engines.get(loop)
        if engine is None:
            self.state.check_open()  # a call that was waiting for its next attempt must not open connections again
            # A copy, because loops of other threads come and go.
            for ended in [other for other in list(self._engines) if other.is_closed()]:
                self._engines.pop(ended, None)
            engine = self._engines[loop] = self._make_engine()
        return engine

    def reset_after_fork(self) -> None:
        """Drop the connections in a forked child: they and their loops belong to the parent process."""
        self._engines = {}

    def with_state(self, state: ClientState) -> AsyncDriver:
        """A driver with another state that uses this driver's connections, and closes them when it is closed."""
        driver = AsyncDriver(state, lambda: self.engine)
        driver._parent = self
        return driver

    async def call(self, call: Call[Any], settings: Settings) -> HttpAnswer:
        """Make a call. The answer to a streaming call is returned open."""
        self.state.check_open()
        began = time.monotonic()
        try:
            answer = await self.run(call_flow(self.state, call, settings))
        except Exception as error:  # logged and raised again
            log_call(call, None, error, time.monotonic() - began)
            raise
        log_call(call, answer, None, answer.elapsed)
        return answer

    async def authenticate(self, settings: Settings) -> None:
        """Get a new token now, whatever the state of the current one."""
        self.state.check_open()
        if self.state.discard_token():
            await self._authorize(Authorize(settings, None), forced=True)

    async def run(self, flow: Generator[Effect, Any, ResultT]) -> ResultT:
        """Run a flow to its end and return its result."""
        failure: Exception | None = None
        result: Any = None
        try:
            effect = flow.send(None)
            while True:
                failure = result = None
                try:
                    if type(effect) is Send:
                        result = await self._send(effect)
                    elif type(effect) is Authorize:
                        result = await self._authorize(effect)
                    elif type(effect) is Sleep:
                        await asyncio.sleep(effect.seconds)
                    elif type(effect) is Receive:
                        await self._receive(effect)
                except Exception as error:  # noqa: BLE001  # thrown into the flow, which decides
                    failure = error
                effect = flow.send(result) if failure is None else flow.throw(failure)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # the value that the generator's type promises
        finally:
            flow.close()
            del failure, result  # an exception must not be part of a cycle through its own traceback

    async def _send(self, effect: Send) -> HttpAnswer:
        response = await self.engine.send(effect.request)
        keep_open = False
        try:
            status, headers = response.status, response.headers
            opened = effect.stream and opens_stream(status, headers)
            events = not opened and is_event_stream(headers)
            if opened or (events and effect.events and not effect.stream and status < 300):
                keep_open = True
                return HttpAnswer(status, headers, b"", response)
            watch = self.state.watch_events(effect.limit) if events else None
            return await read_body_async(response, effect, watch)
        finally:
            if not keep_open:
                await response.close()

    async def _receive(self, effect: Receive) -> None:
        response = await self.engine.send(effect.request)
        try:
            if effect.receiver.begin(response.status, response.headers):
                async for piece in response.iter_raw():
                    effect.receiver.feed(piece)
                effect.receiver.end()
        finally:
            await response.close()

    async def _authorize(self, effect: Authorize, *, forced: bool = False) -> str:
        state = self.state
        token = None if forced else state.ready_token()
        loop = _running_asyncio_loop()
        while token is None:
            # A refresh belongs to the loop that runs it. A refresh of another loop cannot be waited for.
            refresh, _ = state.tokens.begin_or_join(
                lambda: self._start_refresh(loop, effect),
                lambda task: not task.done() and task.get_loop() is loop,
            )
            try:
                if refresh is not None:
                    await self._wait_for(refresh, effect.deadline)
            except (BaseError, TransportFailure):
                token = None if forced else state.token_after_failed_refresh()
                if token is None:
                    raise
                return token
            token = state.usable_token()
        return token

    def _start_refresh(self, loop: asyncio.AbstractEventLoop, effect: Authorize) -> RefreshTask:
        """Start the refresh as a task of its own; the token store keeps a reference to it while it runs."""
        task = loop.create_task(self.run(renew_token(self.state, effect.settings, None)))
        # If every waiting task has been cancelled, the failure is retrieved here, so that asyncio does not report it.
        task.add_done_callback(lambda done: None if done.cancelled() else done.exception() and None)
        return task

    async def _wait_for(self, refresh: RefreshTask, deadline: float | None) -> None:
        """Wait for a refresh, which continues if this caller is cancelled, and raise a copy of its failure."""
        limit = None if deadline is None else max(0.0, deadline - self.state.clock())
        done, _ = await asyncio.wait({refresh}, timeout=limit)
        if not done:
            raise TransportFailure(
                "read_timeout", "the token exchange was not complete before the deadline of the call"
            )
        self.state.tokens.complete(refresh)
        if refresh.cancelled():
            raise copy_error(asyncio.CancelledError())
        error = refresh.exception()
        if error is not None:
            raise copy_error(error)

    async def close(self) -> None:
        """Close the connections. Later calls raise `ClientClosedError`."""
        self.state.closed = True
        self.state.abort_streams()
        if self._parent is not None:
            self._engines = {}
            await self._parent.close()
            return
        engine = self._engines.pop(asyncio.get_running_loop(), None)
        self.abandon()
        if engine is not None:
            await engine.close()

    def abandon(self) -> None:
        """Close the connections of every running loop, as far as that is possible without awaiting."""
        self.state.closed = True
        engines, self._engines = self._engines, {}
        if self._parent is not None:
            self._parent.abandon()
            return
        for loop, engine in engines.items():
            # Connections of a loop in another thread are closed in that thread.
            if not loop.is_running():
                continue
            if loop is _running_loop():
                engine.abandon()
            else:
                loop.call_soon_threadsafe(engine.abandon)


def _running_asyncio_loop() -> asyncio.AbstractEventLoop:
    loop = _running_loop()
    if loop is None:
        raise TransportFailure(
            "protocol", "AsyncClient needs a running asyncio event loop; trio is not supported"
        )
    return loop


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def read_body_async(response: AsyncHttpResponse, effect: Send, watch: EventWatch | None) -> HttpAnswer:
    """Read a body to its end, or to that of the events in it; `WholeBody.answer` says what happens if that fails."""
    body = WholeBody(response, effect.limit, effect.request.deadline, keep_part=effect.stream, watch=watch)
    failure: TransportFailure | None = None
    try:
        if body.failure is None:
            async for piece in response.iter_raw():
                body.feed(piece)
                if watch is not None and body.is_over:
                    break
    except TransportFailure as error:
        failure = error
    return body.answer(response.status, failure)
