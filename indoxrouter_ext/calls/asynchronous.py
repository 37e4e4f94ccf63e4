"""The shell that awaits: does what the core decides, with tasks and an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.errors.base_error import Failure
from indoxrouter._runtime.http.interface import BodyReader, TransportFailure

from ..http.fork_safety import start_anew_in_children
from .blocking import share
from .client_state import exchange_flow
from .logging import log_call
from .request_flow import Answer, Authorize, Effect, Send, Sleep, call_flow, opens_stream
from .whole_body import WholeBody

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import AsyncEngine, AsyncHttpResponse
    from indoxrouter._runtime.operations.operation import Call

    from ..settings.values import Settings
    from .client_state import Core

__all__ = ["AsyncShell", "read_body_async"]

T = TypeVar("T")
R = TypeVar("R")

Exchange = asyncio.Task[None]


class AsyncShell:
    """Drives flows on the running event loop. Shared by a client and all that `with_options` makes of it.

    Connections belong to an event loop. A client that is used on a second one (a new `asyncio.run`, or a loop in
    another thread) has an engine of its own there; the connections of a loop that has ended cannot be used, nor
    closed, any more.

    Args:
        core: what the calls share.
        make_engine: makes the engine when the first request is sent on a loop.
    """

    def __init__(self, core: Core, make_engine: Callable[[], AsyncEngine]) -> None:
        self.core = core
        self._make_engine = make_engine
        self._engines: dict[asyncio.AbstractEventLoop, AsyncEngine] = {}
        self._lender: AsyncShell | None = None
        start_anew_in_children(self)

    @property
    def used(self) -> bool:
        """Whether there are connections that have to be closed."""
        return bool(self._engines) or (self._lender is not None and self._lender.used)

    @property
    def engine(self) -> AsyncEngine:
        """The engine of the running event loop, made when first needed."""
        loop = _running_asyncio_loop()
        engine = self._engines.get(loop)
        if engine is None:
            self.core.check_open()  # a call that was waiting for its next attempt must not open connections again
            for ended in [
                other for other in list(self._engines) if other.is_closed()
            ]:  # loops of other threads come and go
                self._engines.pop(ended, None)
            engine = self._engines[loop] = self._make_engine()
        return engine

    def start_anew(self) -> None:
        """In a forked child: the connections, and the loops, are the parent's."""
        self._engines = {}

    def over(self, core: Core) -> AsyncShell:
        """A shell over another core that borrows this one's connections, and closes it when it is closed itself."""
        shell = AsyncShell(core, lambda: self.engine)
        shell._lender = self
        return shell

    async def call(self, call: Call[T], settings: Settings) -> T:
        """Make a call and decode its answer."""
        answer = await self.answer(call, settings)
        return self.core.decode(call, answer)

    async def answer(self, call: Call[Any], settings: Settings) -> Answer:
        """Make a call; the answer to a streaming call comes open."""
        self.core.check_open()
        began = time.monotonic()
        try:
            answer = await self.run(call_flow(self.core, call, settings))
        except Exception as error:  # looked at for the log line and raised again
            log_call(call, None, error, time.monotonic() - began)
            raise
        log_call(call, answer, None, answer.elapsed)
        return answer

    async def authenticate(self, settings: Settings) -> None:
        """Get a new token now, whatever the state of the old one."""
        self.core.check_open()
        if self.core.direct_token is None:
            old = self.core.tokens.token
            if old is not None:
                self.core.tokens.discard(old)
            await self._authorize(Authorize(settings, None), forced=True)

    async def run(self, flow: Generator[Effect, Any, R]) -> R:
        """Drive a flow to its end."""
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
                except Exception as error:  # noqa: BLE001  # handed to the flow, which decides
                    failure = error
                effect = flow.send(result) if failure is None else flow.throw(failure)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # the value that the generator's type promises
        finally:
            flow.close()
            del failure, result  # an exception must not be part of a cycle through its own traceback

    async def _send(self, effect: Send) -> Answer:
        response = await self.engine.send(effect.request)
        kept = False
        try:
            if effect.stream and opens_stream(response.status, response.headers):
                if "content-encoding" in response.headers:
                    BodyReader(response.headers, None)  # refuses a compression that nobody asked for
                kept = True
                return Answer(response.status, response.headers, b"", response)
            body = await read_body_async(response, effect)
            return Answer(response.status, response.headers, body)
        finally:
            if not kept:
                await response.close()

    async def _authorize(self, effect: Authorize, *, forced: bool = False) -> str:
        core = self.core
        token = None if forced else core.ready_token()
        loop = _running_asyncio_loop()
        while token is None:
            # An exchange belongs to the loop that runs it; one that another loop left behind is not waited for.
            flight, _ = core.tokens.join(
                lambda: self._start_exchange(loop, effect),
                lambda exchange: not exchange.done() and exchange.get_loop() is loop,
            )
            try:
                if flight is not None:
                    await self._wait_for(flight, effect.deadline)
            except (Failure, TransportFailure):
                token = None if forced else core.token_after_failed_renewal()
                if token is None:
                    raise
                return token
            token = core.usable_token()
        return token

    def _start_exchange(self, loop: asyncio.AbstractEventLoop, effect: Authorize) -> Exchange:
        """The exchange as a task of its own; the store keeps a reference to it while it runs."""
        task = loop.create_task(self._exchange(effect))
        # Should every waiter have been cancelled, nobody else would look at its failure.
        task.add_done_callback(lambda done: None if done.cancelled() else done.exception() and None)
        return task

    async def _wait_for(self, flight: Exchange, deadline: float | None) -> None:
        """Wait for an exchange that goes on even if the caller is cancelled, and share its failure."""
        limit = None if deadline is None else max(0.0, deadline - self.core.clock())
        done, _ = await asyncio.wait({flight}, timeout=limit)
        if not done:
            raise TransportFailure(
                "read_timeout", "the token exchange was not done before the deadline of the call"
            )
        self.core.tokens.land(flight)
        if flight.cancelled():
            raise share(asyncio.CancelledError())
        error = flight.exception()
        if error is not None:
            raise share(error)

    async def _exchange(self, effect: Authorize) -> None:
        await self.run(exchange_flow(self.core, effect.settings, None))

    async def close(self) -> None:
        """Close the connections. Calls that come later raise `ClientClosedError`."""
        self.core.closed = True
        self.core.break_streams()
        if self._lender is not None:
            self._engines = {}
            await self._lender.close()
            return
        engine = self._engines.pop(asyncio.get_running_loop(), None)
        self.abandon()
        if engine is not None:
            await engine.close()

    def abandon(self) -> None:
        """Close, as far as that goes without awaiting, the connections of every loop that can still close any."""
        self.core.closed = True
        engines, self._engines = self._engines, {}
        if self._lender is not None:
            self._lender.abandon()
            return
        for loop, engine in engines.items():
            # What belongs to a loop that runs in another thread is closed there.
            if not loop.is_running():
                continue
            if loop is _running_loop():
                engine.abandon()
            else:
                loop.call_soon_threadsafe(engine.abandon)


def _running_asyncio_loop() -> asyncio.AbstractEventLoop:
    loop = _running_loop()
    if loop is None:
        raise TransportFailure("protocol", "AsyncClient needs a running event loop of asyncio; trio has none")
    return loop


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def read_body_async(response: AsyncHttpResponse, effect: Send) -> bytes:
    """Read a body to its end."""
    body = WholeBody(response.headers, effect.limit, effect.request.deadline)
    async for piece in response.iter_raw():
        body.feed(piece)
    return body.join()
