"""`ApiClient` and `AsyncApiClient`: they send operations, retry what may be repeated, and decode the answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from indoxrouter._runtime.http.interface import TransportFailure
from indoxrouter.resources import Api, AsyncApi

from ..http.choice import EngineChoice
from .answers import RawResponse, received_answers
from .exchange import Exchange, Settings
from .servers import Servers
from .streams import AsyncStream, Stream

if TYPE_CHECKING:
    from indoxrouter._runtime.credentials import Credentials
    from indoxrouter._runtime.http.interface import AsyncEngine, AsyncHttpResponse, Engine, HttpResponse
    from indoxrouter._runtime.operations.operation import Call

T = TypeVar("T")
P = ParamSpec("P")

DEFAULT_TIMEOUT = 30.0
DEFAULT_RETRIES = 2


class _Base:
    """The part of both clients that does not wait."""

    asynchronous = False

    def __init__(
        self,
        base_url: str | None = None,
        token: str | Credentials | None = None,
        *,
        timeout: float | None = DEFAULT_TIMEOUT,
        deadline: float | None = None,
        max_retries: int = DEFAULT_RETRIES,
        headers: Mapping[str, str] | None = None,
        servers: Mapping[str, str] | None = None,
        server_variables: Mapping[str, str] | None = None,
        engine: str | Engine | AsyncEngine | None = None,
        http_client: Any = None,
    ) -> None:
        chosen = Servers(base_url, servers, server_variables)
        self.base_url = chosen.base_url
        self._settings = Settings(chosen, token, timeout, deadline, max_retries, dict(headers or {}))
        self._choice = EngineChoice(engine, http_client, asynchronous=self.asynchronous)
        self._choice.check_url(self.base_url)
        self._made: Any = None

    @property
    def _engine(self) -> Any:
        if self._made is None:
            self._made = self._choice.make()
        return self._made

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"


class ApiClient(_Base):
    """Calls the operations of the description.

    Args:
        base_url: URL of the server, with its path; the first server of the description by default.
        token: sent with the operations that require one, as their security scheme defines; never shown. A mapping
            holds credentials by scheme; for HTTP basic a credential is `user:password`.
        timeout: seconds for connecting, and between two pieces of an answer; None waits indefinitely.
        deadline: seconds for a whole call, its retries and the reading of its stream among them; None for no limit.
        max_retries: further attempts. Reads are retried after temporary failures; other calls only
            where the description allows it (`x-retry`), if the server did not receive them or refused them.
        headers: headers added to each request.
        servers: other URLs for operations that do not use `base_url`, by their documented URL.
        server_variables: values for the variables in the URLs of the description, by name.
        engine: `direct` or `httpx`, or an engine of your own.
        http_client: a client of httpx to send with.

    Raises:
        ValueError: for an invalid argument.
    """

    @property
    def api(self) -> Api:
        """All operations, by tag."""
        return Api(self.send)

    def send(self, call: Call[T], options: Mapping[str, Any] | None = None) -> T:
        """Send one call and return its decoded answer.

        Raises:
            RootError: the documented exception for the answer, or `NetworkError`.
        """
        exchange = Exchange(call, self._settings, options)
        while True:
            try:
                response: HttpResponse = self._engine.send(exchange.request())
                reader = exchange.begin(response.status, response.headers)
                if reader is not None:
                    return Stream[Any](response, reader)  # type: ignore[return-value]  # as the method's type says
                try:
                    for piece in response.iter_raw():
                        exchange.feed(piece)
                finally:
                    response.close()
                exchange.end()
            except TransportFailure as failure:
                exchange.fail(failure)
            if exchange.pause is None:
                return exchange.result()  # type: ignore[no-any-return]  # T is that of the codec
            time.sleep(exchange.pause)

    def with_raw_response(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        """Call a method of `api`, and return its result with the HTTP side, which lists, text and None cannot carry.

        Raises:
            TypeError: when the method makes no call.
        """
        with received_answers() as received:
            result = method(*args, **kwargs)
        return RawResponse(result, received[-1])

    def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            self._made.close()

    def __enter__(self) -> ApiClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncApiClient(_Base):
    """The asynchronous form of `ApiClient`, with the same arguments."""

    asynchronous = True

    @property
    def api(self) -> AsyncApi:
        """All operations, by tag."""
        return AsyncApi(self.send)

    async def send(self, call: Call[T], options: Mapping[str, Any] | None = None) -> T:
        """Send one call and return its decoded answer; raises as `ApiClient.send` does."""
        exchange = Exchange(call, self._settings, options)
        while True:
            try:
                response: AsyncHttpResponse = await self._engine.send(exchange.request())
                reader = exchange.begin(response.status, response.headers)
                if reader is not None:
                    return AsyncStream[Any](response, reader)  # type: ignore[return-value]  # as above
                try:
                    async for piece in response.iter_raw():
                        exchange.feed(piece)
                finally:
                    await response.close()
                exchange.end()
            except TransportFailure as failure:
                exchange.fail(failure)
            if exchange.pause is None:
                return exchange.result()  # type: ignore[no-any-return]  # T is that of the codec
            await asyncio.sleep(exchange.pause)

    async def with_raw_response(
        self, method: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> RawResponse[T]:
        """Call a method of `api`, and return its result with the HTTP side, as `ApiClient.with_raw_response` does."""
        with received_answers() as received:
            result = await method(*args, **kwargs)
        return RawResponse(result, received[-1])

    async def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            await self._made.close()

    async def __aenter__(self) -> AsyncApiClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
