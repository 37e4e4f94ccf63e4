"""The synchronous client."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

from indoxrouter._runtime.operations.named import names_arguments
from indoxrouter.facade import Facade

from .calls.blocking import BlockingDriver
from .calls.request_flow import authenticate_flow
from .client_base import WAIT_NAMES, ClientBase
from .responses.raw_response import RawResponse, recorded_calls
from .settings.keywords import mark_methods, only_options
from .settings.values import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from types import TracebackType

    import httpx
    from indoxrouter._runtime.http.interface import Engine
    from indoxrouter._runtime.values.introspection import UNCHECKED
    from indoxrouter.models import Provider, VideoJob
    from indoxrouter.resources import Api
    from typing_extensions import Self, Unpack

    from .health_check import ConnectionReport
    from .responses.model_catalog import ModelCatalog
    from .settings.options import CallOptions, ClientOptions, TimeoutInput
    from .videos.job_handle import JobCallback, VideoJobHandle

ResultT = TypeVar("ResultT")
P = ParamSpec("P")


class Client(ClientBase, Facade):
    """The client of the IndoxRouter API.

    It exchanges the API key for a token when it is created, renews the token automatically, retries where that
    is safe, and raises the documented exceptions. It may be used from many threads. Close it, or use it in a
    `with` statement.

    Args:
        api_key: your key, or a function that returns it and is called whenever a key is sent; by default the
            environment variable `INDOX_ROUTER_API_KEY` or `INDOXROUTER_API_KEY`.
        timeout: seconds to wait for the next byte of an answer, 30 by default; or `(connect, read, write,
            pool)`; or an `httpx.Timeout`; None waits indefinitely. Connecting may take at most 10 s.
        base_url: URL of the server; by default `INDOX_ROUTER_BASE_URL` or `INDOXROUTER_BASE_URL`, else the
            production server. A URL without a path gets `/api/v1`.
        auto_refresh: whether an expired token is renewed automatically. If not, `AuthenticationError` is raised.
        authenticate: False postpones the exchange until the first call that needs a token.
        auth: "token" exchanges the key for a token; "api_key" sends the key itself with each request.
        http_client: an `httpx.Client` of your own, for proxies, certificates or transports. You close it.
        engine: "direct", "httpx", or an engine of your own. By default direct; httpx where only it can serve.
        options: of each call, such as `deadline` and `max_retries`; `ClientOptions` lists them.

    Raises:
        ValueError: for a missing or malformed key or another wrong argument, which the message names.
        AuthenticationError: when the server refuses the key.
        NetworkError: when the server cannot be reached.
    """

    def __init__(
        self,
        api_key: str | Callable[[], str] | None = None,
        timeout: TimeoutInput = DEFAULT_TIMEOUT,
        base_url: str | None = None,
        auto_refresh: bool = True,
        *,
        authenticate: bool = True,
        auth: str = "token",
        http_client: Annotated[httpx.Client | None, UNCHECKED] = None,
        engine: str | Engine | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        try:
            self._setup(api_key, base_url, timeout, auto_refresh, auth, options, authenticate)
        finally:
            del api_key  # a traceback keeps local variables
        self._connect(engine, http_client, BlockingDriver)
        if authenticate and auth == "token":
            try:
                self._authenticate()
            except BaseException:
                self.close()
                raise

    def _authenticate(self) -> None:
        """Exchange the API key for a token now. The constructor does so; call it when auto_refresh is off."""
        self._driver.result_of(authenticate_flow(self._state, self._settings))

    @cached_property
    def api(self) -> Api:
        """All operations of the API, by tag: `client.api.chat.create_chat_completion(…)`.

        They take the parameters and fields of the API and the options of a call, such as `timeout=5`.
        """
        from indoxrouter.resources import Api  # cost: few programs use both ways to call

        return Api(self._send_operation)

    def models(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # a class of its own
        self, provider: str | None = None, **options: Unpack[CallOptions]
    ) -> ModelCatalog:
        """The catalog of models, by provider. Needs no credentials.

        Args:
            provider: id or name of the only provider to return.

        Returns:
            A dict of provider id to a list of `ModelInfo`, which also has `.providers`.

        Raises:
            NetworkError: when the server cannot be reached.
            APIError: when the server fails.
        """
        from .responses.model_catalog import ModelCatalog, check_provider  # cost: few programs list models

        check_provider(provider)
        return ModelCatalog.of(super().models(**options), provider)

    def providers(self, **options: Unpack[CallOptions]) -> list[Provider]:
        """The providers, each with its models. Needs no credentials. Raises as `models` does."""
        return self.models(**options).providers

    @names_arguments
    def video_job(self, job_id: str, status: str | None = None) -> VideoJobHandle:
        """The handle of a video job, which any process may have started. Sends nothing.

        Args:
            job_id: id of the job.
            status: the state to report until the handle is refreshed, or None.

        Raises:
            InvalidParametersError: for a malformed id.
        """
        from .videos.job_handle import VideoJobHandle, job_call  # cost: few programs make videos

        job_call(job_id)
        return VideoJobHandle(self, job_id, status)

    def wait_for_video_job(
        self,
        job_id: str,
        check_interval: float = 15,
        max_wait_time: float = 600,
        callback: JobCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> VideoJob:
        """Wait until a video job has ended, and return it with its result.

        Args:
            job_id: id of the job.
            check_interval: seconds between two requests.
            max_wait_time: seconds to wait at most.
            callback: called with the job after each request.
            options: options of each request, such as `timeout`; see `CallOptions`.

        Raises:
            JobFailedError: when the job failed or was cancelled; `error.job` is the job.
            RequestTimeoutError: when it has not ended in time. The job continues.
            InvalidParametersError: for an argument with a wrong value.
        """
        client = self.with_options(**only_options("wait_for_video_job", WAIT_NAMES, options))
        job: VideoJob = client._wait_for_job(
            job_id, interval=check_interval, deadline=max_wait_time, callback=callback, names=WAIT_NAMES
        )
        return job

    def test_connection(self, **options: Unpack[CallOptions]) -> ConnectionReport:
        """Call the server's health check. Reports failures of server and network instead of raising.

        Args:
            options: options of this call, such as `timeout`; see `CallOptions`.

        Returns:
            `{"status": "connected", "url", "status_code", "server_info", "headers"}`, or
            `{"status": "error", "url", "error", "error_type"}`.
        """
        report: ConnectionReport = self._test_connection(options)
        return report

    def with_raw_response(
        self, method: Callable[P, ResultT], *args: P.args, **kwargs: P.kwargs
    ) -> RawResponse[ResultT]:
        """Call a method of this client, and return the HTTP side of the call together with its result.

        `client.with_raw_response(client.trending_models, days=7)` has the list in `.parsed`, and `.status`,
        `.headers`, `.elapsed`, `.request_id` and `.attempts`. Responses that are models have the same in
        `.http`.

        Args:
            method: a method of this client.
            args, kwargs: the arguments of the method.

        Raises:
            TypeError: when the method makes no call.
            IndoxRouterError: as the method does.
        """
        with recorded_calls(method) as calls:
            result = method(*args, **kwargs)
        return RawResponse(result, calls[-1], tuple(calls))

    def close(self) -> None:
        """Close the connections. Later calls raise `ClientClosedError`; closing a second time does nothing."""
        if self._owner:
            self._driver.close()

    def __enter__(self) -> Self:
        self._state.check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    if not TYPE_CHECKING:  # type checkers report `async with` themselves

        @property
        def __aenter__(self) -> None:  # alone it makes no context manager for `isinstance`
            raise AttributeError(f"{type(self).__name__}: use `with`, or AsyncClient with `async with`")


mark_methods(Client)

IndoxRouter = Client
"""The name under which the published package also offers the client."""
