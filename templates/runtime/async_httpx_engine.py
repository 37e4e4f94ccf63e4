"""The default engine, for asyncio: httpx, or httpcore below it; `httpx_engine` says when and why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

import httpcore

from .breaking import CLOSED, errors, failure_of
from .core_messages import MOST_LEFT, OpenAnswer, address_of, core_request, timeouts_of
from .discretion import sending
from .lines import AsyncLine, AsyncLines
from .probation import Probation
from .proxies import proxies_are_set
from .shares import LONGEST_IDLE, Share, Shares
from .tls import tls_context
from .transport import GRACE, HttpRequest, TransportFailure
from .watch import ASYNC_HTTPX

if TYPE_CHECKING:
    import ssl

    import httpx

    from .httpx_road import AsyncRoad

__all__ = ["AsyncHttpxEngine"]

_MOST_STEPS = 256


def _run_at_once(closing: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that has nothing to wait for, step by step, to its end, without an event loop's help."""
    try:
        for _ in range(_MOST_STEPS):
            closing.send(None)
    except StopIteration:
        return
    except errors():
        pass
    except (RuntimeError, TypeError, AttributeError):
        pass  # outside of a task, anyio's cancel scopes refuse; the pool drops a shut socket when it sees it
    finally:
        closing.close()


def _new_pool(context: ssl.SSLContext | None) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=1,
        max_keepalive_connections=1,
        keepalive_expiry=LONGEST_IDLE,
        network_backend=AsyncLines(),
    )


class AsyncHttpxEngine:
    """Sends requests through an `httpx.AsyncClient`, or through httpcore. Arguments as for `HttpxEngine`."""

    name = "httpx"

    def __init__(self, client: httpx.AsyncClient | None = None, **options: Any) -> None:
        self._client = client
        self._options = options
        self._direct = client is None and not options and not proxies_are_set()
        self._shares: dict[bool, Shares[httpcore.AsyncConnectionPool]] = {}
        self._road: AsyncRoad | None = None
        self._probation = Probation()
        self._closed = False

    async def send(self, request: HttpRequest) -> _Answer:
        """Send, and return when the headers of the answer are there."""
        failure: TransportFailure | None = None
        answer: _Answer | None = None
        share: Share[Any] | None = None
        discretion = sending.set(True)
        try:
            if pause := self._probation.pause(request):
                await asyncio.sleep(pause)
            if self._closed:
                raise TransportFailure("protocol", CLOSED)
            timeouts = timeouts_of(request)
            if self._direct and ASYNC_HTTPX.is_untouched():
                address = address_of(request.url)
                share = await self._shares_of(address.secure).take()
                built = core_request(request, address, timeouts)
                answer = _Answer(await share.carrier.handle_async_request(built), share)
            else:
                road = self._road or self._new_road()
                share = await road.share(request)
                answer = _Answer(await road.send(request, timeouts, share), share)
            # From the headers on, another limit holds; httpcore looks it up when the body is first read.
            timeouts["read"] = request.idle
            self._probation.note(answer.connection)
        except errors() as error:
            failure = failure_of(error)
        finally:
            sending.reset(discretion)
            if answer is None and share is not None:
                share.leave()
        if answer is None:
            raise failure or TransportFailure("protocol", "no response")
        return answer

    def _shares_of(self, secure: bool) -> Shares[httpcore.AsyncConnectionPool]:
        shares = self._shares.get(secure)
        if shares is None:
            context = tls_context() if secure else None  # read from disk once, for all of them
            shares = self._shares[secure] = Shares(partial(_new_pool, context))
        return shares

    def _new_road(self) -> AsyncRoad:
        from .httpx_road import AsyncRoad

        self._road = AsyncRoad(self._client, self._options, spread=self._direct)
        return self._road

    async def close(self) -> None:
        """Close the connections, if this engine opened them."""
        self._closed = True
        for carrier in self._carriers():
            await carrier.aclose()

    def abandon(self) -> None:
        """Close the connections as far as that goes without awaiting, for a client that was dropped unclosed."""
        self._closed = True
        for carrier in self._carriers():
            _run_at_once(carrier.aclose())

    def _carriers(self) -> list[httpcore.AsyncConnectionPool | httpx.AsyncClient]:
        """All that this engine opened."""
        pools = [share.carrier for shares in self._shares.values() for share in shares.all]
        return [*pools, *(self._road.clients() if self._road is not None else ())]


class _Answer(OpenAnswer):
    __slots__ = ("_share",)

    def __init__(self, response: httpcore.Response | httpx.Response, share: Share[Any] | None) -> None:
        super().__init__(response)
        self._share = share

    async def iter_raw(self) -> AsyncIterator[bytes]:
        """The body as it arrives, still compressed."""
        failure: TransportFailure | None = None
        self._pieces = aiter(self._stream)
        try:
            async for piece in self._pieces:
                yield piece
        except errors() as error:
            failure = failure_of(error)
        if failure is not None:
            raise failure

    async def close(self) -> None:
        """Free the connection."""
        try:
            await self._response.aclose()
        except errors():
            pass  # the connection is gone, which is what was asked for
        finally:
            self._leave_share()

    async def finish(self) -> None:
        """Free the connection, and keep it for the next request if the body turns out to end here."""
        line, pieces = self.connection, self._pieces
        try:
            if isinstance(line, AsyncLine) and pieces is not None:
                line.hurry = GRACE
                for _ in range(MOST_LEFT):
                    if await anext(pieces, None) is None:
                        break
        except errors():
            pass  # nothing came, or the connection broke: it is closed
        finally:
            if isinstance(line, AsyncLine):
                line.hurry = None
            await self.close()

    def _leave_share(self) -> None:
        share, self._share = self._share, None
        if share is not None:
            share.leave()

    def release(self) -> None:
        """Free the connection without awaiting.

        httpcore frees it in a coroutine. After the socket is shut down nothing in it waits for the network, so it is
        run here, step by step, to its end. A task would have to outlive whoever dropped the stream, and asyncio
        promises nothing for tasks that nobody holds.
        """
        self.abort()
        _run_at_once(self._response.aclose())
        self._leave_share()
