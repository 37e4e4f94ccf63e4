"""The asynchronous client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter.errors import IndoxRouterError
from indoxrouter.facade import AsyncFacade

from .async_shell import AsyncShell
from .client_base import ClientBase, warn_unclosed
from .settings import DEFAULT_TIMEOUT, TimeoutInput

if TYPE_CHECKING:
    from types import TracebackType

    import httpx
    from indoxrouter._runtime.facade_entry import FacadeEntry
    from indoxrouter._runtime.operation import Call
    from indoxrouter._runtime.transport import AsyncEngine
    from indoxrouter.resources import AsyncApi

__all__ = ["AsyncClient"]

T = TypeVar("T")
R = TypeVar("R")


class AsyncClient(ClientBase, AsyncFacade):
    """The asynchronous client of the IndoxRouter API.

    The same as `Client`, with methods to await. It exchanges the API key for a token on first use, because a
    constructor cannot wait. It may be used by many tasks; on a second event loop it opens connections of its own.
    Close it with `await client.close()`, or use it in an `async with` statement.

    Args:
        api_key, timeout, base_url, auto_refresh, auth, engine: as for `Client`.
        http_client: an `httpx.AsyncClient` of your own. You close it.
        options: `deadline`, `first_token_timeout`, `token_timeout`, `max_retries`, `max_retry_wait`, `headers`,
            `max_response_bytes`: as for `Client`.

    Raises:
        ValueError: for a missing or malformed key and for any argument that is wrong; the message names it.
    """

    def __init__(
        self,
        api_key: str | None = None,
        timeout: TimeoutInput = DEFAULT_TIMEOUT,
        base_url: str | None = None,
        auto_refresh: bool = True,
        *,
        auth: str = "token",
        http_client: httpx.AsyncClient | None = None,
        engine: str | AsyncEngine | None = None,
        **options: Any,
    ) -> None:
        self._setup(api_key, base_url, timeout, auto_refresh, auth, options)
        from .engines import async_engine_maker

        self._shell = AsyncShell(self._core, async_engine_maker(engine, http_client))
        self._owner = True

    async def _authenticate(self) -> None:
        """Exchange the API key for a token now. Call it after a token has expired for good."""
        await self._guard(lambda: self._shell.authenticate(self._settings))

    @cached_property
    def api(self) -> AsyncApi:
        """Every operation of the API, by tag: `await client.api.chat.create_chat_completion(…)`."""
        from indoxrouter.resources import AsyncApi

        return AsyncApi(self._send)

    async def _send(self, call: Call[T]) -> T:
        """Make a call, and hand back its decoded answer or its stream."""
        if call.streaming:
            stream: Any = await self._open_stream(call)
            return stream  # type: ignore[no-any-return]  # overloads of the generated method promise the stream
        result: T = await self._guard(lambda: self._shell.call(call, self._settings))
        return result

    async def _open_stream(self, call: Call[Any]) -> Any:
        from .streams import AsyncStream

        answer = await self._guard(lambda: self._shell.answer(call, self._settings))
        if answer.stream is None:
            return await self._guard(lambda: _at_once(lambda: self._core.not_a_stream(call, answer)))
        state, make_response = self._stream_state(call, answer)
        return AsyncStream(state, answer.stream, make_response, self._stopper(call))

    def _stopper(self, call: Call[Any]) -> Callable[[str], Awaitable[Any]] | None:
        stop_call = self._stop_call(call)
        if stop_call is None:
            return None

        async def stop(stream_id: str) -> Any:
            return await self._send(stop_call(stream_id))

        return stop

    async def _guard(self, action: Callable[[], Awaitable[R]]) -> R:
        """Do it; errors come out with a traceback that starts here, and so is about the caller's line."""
        failure: IndoxRouterError | None = None
        try:
            return await action()
        except IndoxRouterError as error:
            failure = error
        try:
            raise failure.with_traceback(None)
        finally:
            del failure

    async def _call_facade(
        self, entry: FacadeEntry, values: dict[str, Any], extra: Mapping[str, Any], **own: Any
    ) -> Any:
        call = await self._guard(lambda: _at_once(lambda: self._plan(entry, values, extra)))
        return await self._send(call)

    def with_options(self, **options: Any) -> AsyncClient:
        """A client with other options that shares this one's connections, token and retry budget; see `Client`."""
        twin = object.__new__(type(self))
        twin.__dict__.update({key: value for key, value in self.__dict__.items() if key != "api"})
        twin._settings = self._settings.changed(**options)
        twin._owner = False
        return twin

    async def close(self) -> None:
        """Close the connections. Later calls raise `ClientClosedError`; closing again does nothing."""
        if self._owner:
            await self._shell.close()

    aclose = close

    async def __aenter__(self) -> AsyncClient:
        self._core.check_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        shell = self.__dict__.get("_shell")
        if shell is not None and self.__dict__.get("_owner") and not self._core.closed and shell.used:
            warn_unclosed(self)
            shell.abandon()


async def _at_once(action: Callable[[], Any]) -> Any:
    """Something that needs no waiting, in the form of something that does."""
    return action()
