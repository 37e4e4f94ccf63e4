"""The asynchronous client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from inspect import isawaitable
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

from indoxrouter._runtime.operations.named import names_arguments
from indoxrouter.async_facade import AsyncFacade
from indoxrouter.errors import IndoxRouterError

from .calls.asynchronous import AsyncDriver
from .client_base import WAIT_NAMES, ClientBase, warn_unclosed
from .http.choice import EngineChoice
from .map_method import MapMethod
from .responses.raw_response import RawResponse, recorded_calls
from .settings.keywords import mark_methods, only_options, settings_for_call
from .settings.values import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from types import TracebackType

    import httpx
    from indoxrouter._runtime.http.interface import AsyncEngine
    from indoxrouter._runtime.operations.facade_entry import FacadeEntry
    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter._runtime.values.introspection import UNCHECKED
    from indoxrouter.models import Provider, VideoJob
    from indoxrouter.resources import AsyncApi
    from typing_extensions import Self, Unpack

    from .calls.answer import HttpAnswer
    from .calls.fallbacks import ModelFallbacks
    from .files.destinations import Destination
    from .files.downloads import Progress
    from .health_check import ConnectionReport
    from .responses.model_catalog import ModelCatalog
    from .settings.options import CallOptions, ClientOptions, TimeoutInput
    from .settings.values import Settings
    from .videos.job_handle import AsyncVideoJobHandle, JobCallback

ResultT = TypeVar("ResultT")
P = ParamSpec("P")


class AsyncClient(MapMethod, ClientBase, AsyncFacade):
    """The asynchronous client of the IndoxRouter API.

    The methods of `Client`, to be awaited. It exchanges the API key for a token on first use, because a
    constructor cannot wait. It may be used by many tasks; on a second event loop it opens separate
    connections. Close it with `await client.close()`, or use it in an `async with` statement.

    Args:
        api_key, timeout, base_url, auto_refresh, auth, engine: as for `Client`.
        http_client: an `httpx.AsyncClient` of your own. You close it.
        options: as for `Client`; see `ClientOptions`.

    Raises:
        ValueError: for a missing or malformed key or another wrong argument, which the message names.
    """

    _asynchronous = True

    def __init__(
        self,
        api_key: str | Callable[[], str] | None = None,
        timeout: TimeoutInput = DEFAULT_TIMEOUT,
        base_url: str | None = None,
        auto_refresh: bool = True,
        *,
        auth: str = "token",
        http_client: Annotated[httpx.AsyncClient | None, UNCHECKED] = None,
        engine: str | AsyncEngine | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        try:
            self._setup(api_key, base_url, timeout, auto_refresh, auth, options)
        finally:
            del api_key  # a traceback keeps local variables
        self._engine = EngineChoice(engine, http_client, asynchronous=True)
        self._engine.check_url(self._settings.base_url)
        self._driver = AsyncDriver(self._state, self._engine.make)
        self._owner = True

    async def _authenticate(self) -> None:
        """Exchange the API key for a token now; call it when auto_refresh is off."""
        await self._without_internal_frames_async(self._driver.authenticate, self._settings)

    @cached_property
    def api(self) -> AsyncApi:
        """All operations of the API, by tag, to be awaited; see `Client.api`."""
        from indoxrouter.resources import AsyncApi  # cost: few programs use both ways to call

        return AsyncApi(self._send_operation)

    async def _send(
        self, call: Call[ResultT], response_format: Any = None, settings: Settings | None = None
    ) -> ResultT:
        """Make a call and return its decoded answer or its stream."""
        self._check_size(call)
        settings = self._settings if settings is None else settings
        if call.streaming:
            answer = await self._without_internal_frames_async(self._driver.call, call, settings)
            stream: Any = self._stream_of(call, answer, settings, response_format)
            return stream  # type: ignore[no-any-return]  # overloads of the generated method promise the stream
        result: ResultT = await self._without_internal_frames_async(self._call, call, settings)
        return self._bind(result, response_format)

    async def _call(self, call: Call[ResultT], settings: Settings) -> ResultT:
        answer = await self._driver.call(call, settings)
        if answer.stream is not None:  # events in place of JSON
            return await self._stream_of(call, answer, settings, None).until_done()  # type: ignore[no-any-return]
        return self._decode(call, answer)

    def _stream_of(
        self, call: Call[Any], answer: HttpAnswer, settings: Settings, response_format: Any
    ) -> Any:
        from .streaming.async_stream import AsyncEventStream, AsyncStream  # cost: not needed without streams

        return self._make_stream(AsyncStream, AsyncEventStream, call, answer, settings, response_format)

    async def _stop(self, call: Call[Any], stream_id: str) -> Any:
        stop = self._stop_call(call, stream_id)
        return None if stop is None else await self._send(stop)

    async def _without_internal_frames_async(
        self, action: Callable[P, Awaitable[ResultT]], *args: P.args, **kwargs: P.kwargs
    ) -> ResultT:
        """Await `action`; the traceback of its exceptions starts here, and so points at the caller's line."""
        failure: IndoxRouterError | None = None
        try:
            return await action(*args, **kwargs)
        except IndoxRouterError as error:
            failure = error
        del args, kwargs  # a traceback keeps local variables
        try:
            raise failure.with_traceback(None)
        finally:
            del failure

    async def _call_facade(
        self, entry: FacadeEntry, arguments: dict[str, Any], additional: Mapping[str, Any], **typed: Any
    ) -> Any:
        response_format = typed.get("response_format")
        fallbacks: ModelFallbacks | None = None
        try:
            if self._settings.fallback_models or "fallback_models" in additional:
                fallbacks = self._without_internal_frames(
                    self._fallbacks, entry, arguments, additional, typed
                )
                return await self._send_to_one_of(fallbacks, response_format)
            call, settings = self._without_internal_frames(
                self._make_call, entry, arguments, additional, typed
            )
        finally:
            del arguments, fallbacks  # a traceback keeps local variables
        return await self._send(call, response_format, settings)

    async def _send_to_one_of(self, fallbacks: ModelFallbacks, response_format: Any) -> Any:
        """Ask one model after another until one answers; of a stream, until it has its first event."""
        try:
            while True:
                call, settings = fallbacks.current
                try:
                    result = await self._send(call, response_format, settings)
                    if call.streaming:
                        await result._advance()
                    return result
                except IndoxRouterError as error:
                    if not fallbacks.go_on_after(error):
                        raise
        finally:
            del fallbacks

    async def _fetch(self, url: str, destination: Destination, on_progress: Progress | None) -> None:
        """Fetch a file that an answer refers to."""
        from .files.downloads import download_flow  # cost: few programs download files

        self._state.check_open()
        flow = download_flow(self._state, self._settings, url, destination, on_progress)
        await self._without_internal_frames_async(self._driver.run, flow)

    async def _wait_for_job(self, job_id: str, **options: Any) -> VideoJob:
        """Poll a video job until it ends; see `wait_flow` for the options."""
        from .videos.job_handle import wait_flow  # cost: few programs make videos

        self._state.check_open()
        call = self._without_internal_frames(self._job_call, job_id)
        flow = wait_flow(self._state, self._settings, call, **options)
        return await self._without_internal_frames_async(self._driver.run, flow)

    async def models(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # a class of its own
        self, provider: str | None = None, **options: Unpack[CallOptions]
    ) -> ModelCatalog:
        """The catalog of models, by provider; see `Client.models`."""
        from .responses.model_catalog import ModelCatalog, check_provider  # cost: few programs list models

        check_provider(provider)
        return ModelCatalog.of(await super().models(**options), provider)

    async def providers(self, **options: Unpack[CallOptions]) -> list[Provider]:
        """The providers, each with its models. Needs no credentials. Raises as `models` does."""
        return (await self.models(**options)).providers

    @names_arguments
    def video_job(self, job_id: str, status: str | None = None) -> AsyncVideoJobHandle:
        """The handle of a video job, which any process may have started. Sends nothing.

        Arguments and errors are those of `Client.video_job`.
        """
        from .videos.job_handle import AsyncVideoJobHandle  # cost: few programs make videos

        self._job_call(job_id)
        return AsyncVideoJobHandle(self, job_id, status)

    async def wait_for_video_job(
        self,
        job_id: str,
        check_interval: float = 15,
        max_wait_time: float = 600,
        callback: JobCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> VideoJob:
        """Wait until a video job has ended; see `Client.wait_for_video_job`."""
        client = self.with_options(**only_options("wait_for_video_job", WAIT_NAMES, options))
        return await client._wait_for_job(
            job_id, interval=check_interval, deadline=max_wait_time, callback=callback, names=WAIT_NAMES
        )

    async def test_connection(self, **options: Unpack[CallOptions]) -> ConnectionReport:
        """Call the server's health check; see `Client.test_connection`."""
        from .health_check import connection_flow  # cost: rarely used

        settings = settings_for_call(self._settings, only_options("test_connection", (), options))
        return await self._driver.run(connection_flow(self._state, settings))

    @names_arguments
    def set_base_url(self, base_url: str) -> None:
        """Use another server from now on; see `Client.set_base_url`."""
        self._driver = self._driver.with_state(self._change_server(base_url))

    async def with_raw_response(
        self, method: Callable[P, Awaitable[ResultT]], *args: P.args, **kwargs: P.kwargs
    ) -> RawResponse[ResultT]:
        """Call a method of this client, and return the HTTP side of the call together with its result; see `Client`."""
        with recorded_calls(method) as calls:
            coroutine: Any = method(*args, **kwargs)
            result: Any = await coroutine if isawaitable(coroutine) else None
        return RawResponse(result, calls[-1], tuple(calls))

    async def close(self) -> None:
        """Close the connections. Later calls raise `ClientClosedError`; closing a second time does nothing."""
        if self._owner:
            await self._driver.close()

    aclose = close

    async def __aenter__(self) -> Self:
        self._state.check_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    if not TYPE_CHECKING:  # type checkers report `with` themselves

        @property
        def __enter__(self) -> None:  # alone it makes no context manager for `isinstance`
            raise AttributeError(f"{type(self).__name__}: use `async with`, or Client with `with`")

    def __del__(self) -> None:
        driver = self.__dict__.get("_driver")
        if driver is not None and self.__dict__.get("_owner") and not self._state.closed and driver.used:
            warn_unclosed(self)
            driver.abandon()


mark_methods(AsyncClient)
AsyncIndoxRouter = AsyncClient
