"""The asynchronous driver: runs flows on the running event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.http.interface import TransportFailure
from indoxrouter.errors import IndoxRouterError

from ..auth.token_store import copy_error
from ..http.fork_safety import register_for_fork
from .answer import HttpAnswer
from .request_flow import Do, Effect, Receive, Renew, Send, Sleep, body_to_read, renew_token

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import AsyncEngine

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

    async def result_of(self, flow: Generator[Effect, Any, ResultT]) -> ResultT:
        """Run a flow; the traceback of its exceptions starts here, and so points at the caller's line."""
        failure: IndoxRouterError | None = None
        try:
            return await self.run(flow)
        except IndoxRouterError as error:
            failure = error
        try:
            raise failure.with_traceback(None)
        finally:
            del failure  # an exception must not be part of a cycle through its own traceback

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
                    elif type(effect) is Renew:
                        await self._renew(effect)
                    elif type(effect) is Sleep:
                        await asyncio.sleep(effect.seconds)
                    elif type(effect) is Do:
                        result = await effect.action()
                    elif type(effect) is Receive:
                        await self._receive(effect)
                except Exception as error:  # noqa: BLE001  # thrown into the flow, which decides
                    failure = error
                effect = flow.send(result) if failure is None else flow.throw(failure)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # the value that the generator's type promises
        finally:
            flow.close()
            del failure, result  # as in `result_of`

    async def _send(self, effect: Send) -> HttpAnswer:
        response = await self.engine.send(effect.request)
        is_open = False
        try:
            body = body_to_read(effect, response, self.state.watch_events)
            if body is None:
                is_open = True
                return HttpAnswer(response.status, response.headers, b"", response)
            failure = body.failure
            try:
                if failure is None:
                    async for piece in response.iter_raw():
                        if body.feed(piece):
                            break
            except TransportFailure as error:
                failure = error
            return body.answer(response.status, failure)
        finally:
            if not is_open:
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

    async def _renew(self, effect: Renew) -> None:
        loop = _running_asyncio_loop()

        def usable(task: RefreshTask) -> bool:
            # A refresh belongs to the loop that runs it. A refresh of another loop cannot be waited for.
            return not task.done() and task.get_loop() is loop

        start = partial(self._start_refresh, loop, effect.settings)
        joined = self.state.tokens.begin_or_join(start, usable)
        if joined is not None:
            await self._wait_for(joined[0], effect.deadline)

    def _start_refresh(self, loop: asyncio.AbstractEventLoop, settings: Settings) -> RefreshTask:
        """Start the refresh as a task of its own; the token store keeps a reference to it while it runs."""
        task = loop.create_task(self.run(renew_token(self.state, settings, None)))
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
