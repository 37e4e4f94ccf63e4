"""The asynchronous client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property
from inspect import isawaitable
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

from indoxrouter._runtime.operations.named import names_arguments
from indoxrouter.async_facade import AsyncFacade

from .calls.asynchronous import AsyncDriver
from .calls.request_flow import authenticate_flow
from .client_base import WAIT_NAMES, ClientBase
from .map_method import MapMethod
from .responses.raw_response import RawResponse, recorded_calls
from .settings.keywords import mark_methods, only_options
from .settings.values import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from types import TracebackType

    import httpx
    from indoxrouter._runtime.http.interface import AsyncEngine
    from indoxrouter._runtime.values.introspection import UNCHECKED
    from indoxrouter.models import Provider, VideoJob
    from indoxrouter.resources import AsyncApi
    from typing_extensions import Self, Unpack

    from .health_check import ConnectionReport
    from .responses.model_catalog import ModelCatalog
    from .settings.options import CallOptions, ClientOptions, TimeoutInput
    from .videos.job_handle import AsyncVideoJobHandle, JobCallback

ResultT = TypeVar("ResultT")
P = ParamSpec("P")


class AsyncClient(MapMethod, ClientBase, AsyncFacade):
    """The asynchronous client of the IndoxRouter API.

    The methods of `Client` as coroutines. It exchanges the API key for a token on first use, because a
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
        self._connect(engine, http_client, AsyncDriver)

    async def _authenticate(self) -> None:
        """Exchange the API key for a token now; call it when auto_refresh is off."""
        await self._driver.result_of(authenticate_flow(self._state, self._settings))

    @cached_property
    def api(self) -> AsyncApi:
        """All operations of the API, by tag, as coroutines; see `Client.api`."""
        from indoxrouter.resources import AsyncApi  # cost: few programs use both ways to call

        return AsyncApi(self._send_operation)

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
        from .videos.job_handle import AsyncVideoJobHandle, job_call  # cost: few programs make videos

        job_call(job_id)
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
        job: VideoJob = await client._wait_for_job(
            job_id, interval=check_interval, deadline=max_wait_time, callback=callback, names=WAIT_NAMES
        )
        return job

    async def test_connection(self, **options: Unpack[CallOptions]) -> ConnectionReport:
        """Call the server's health check; see `Client.test_connection`."""
        report: ConnectionReport = await self._test_connection(options)
        return report

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


mark_methods(AsyncClient)
AsyncIndoxRouter = AsyncClient
