"""The synchronous client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

from indoxrouter._runtime.operations.named import names_arguments
from indoxrouter.errors import IndoxRouterError
from indoxrouter.facade import Facade

from .calls.blocking import BlockingDriver
from .client_base import WAIT_NAMES, ClientBase, warn_unclosed
from .http.choice import EngineChoice
from .responses.raw_response import RawResponse, recorded_calls
from .settings.keywords import mark_methods, only_options, settings_for_call
from .settings.values import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from types import TracebackType

    import httpx
    from indoxrouter._runtime.http.interface import Engine
    from indoxrouter._runtime.operations.facade_entry import FacadeEntry
    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter._runtime.values.introspection import UNCHECKED
    from indoxrouter.models import Provider, VideoJob
    from indoxrouter.resources import Api
    from typing_extensions import Self, Unpack

    from .calls.answer import HttpAnswer
    from .calls.fallbacks import ModelFallbacks
    from .files.destinations import Destination
    from .files.downloads import Progress
    from .health_check import ConnectionReport
    from .responses.model_catalog import ModelCatalog
    from .settings.options import CallOptions, ClientOptions, TimeoutInput
    from .settings.values import Settings
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
        options: `deadline`, `first_token_timeout`, `token_timeout`, `max_retries`, `max_retry_wait`, `headers`,
            `max_response_bytes`, `idempotency_key`, `observers`, `budget`, `fallback_models`; see `ClientOptions`.

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
        self._engine = EngineChoice(engine, http_client, asynchronous=False)
        self._engine.check_url(self._settings.base_url)
        self._driver = BlockingDriver(self._state, self._engine.make)
        self._owner = True
        if authenticate and auth == "token":
            try:
                self._authenticate()
            except BaseException:
                self.close()
                raise

    def _authenticate(self) -> None:
        """Exchange the API key for a token now. The constructor does so; call it when auto_refresh is off."""
        self._without_internal_frames(self._driver.authenticate, self._settings)

    @cached_property
    def api(self) -> Api:
        """All operations of the API, by tag: `client.api.chat.create_chat_completion(…)`.

        They take the parameters and fields of the API and the options of a call, such as `timeout=5`.
        """
        from indoxrouter.resources import Api  # cost: few programs use both ways to call

        return Api(self._send_operation)

    def _send(
        self, call: Call[ResultT], response_format: Any = None, settings: Settings | None = None
    ) -> ResultT:
        """Make a call and return its decoded answer or its stream."""
        self._check_size(call)
        settings = self._settings if settings is None else settings
        if call.streaming:
            answer = self._without_internal_frames(self._driver.call, call, settings)
            stream: Any = self._stream_of(call, answer, settings, response_format)
            return stream  # type: ignore[no-any-return]  # overloads of the generated method promise the stream
        result: ResultT = self._without_internal_frames(self._call, call, settings)
        return self._bind(result, response_format)

    def _call(self, call: Call[ResultT], settings: Settings) -> ResultT:
        answer = self._driver.call(call, settings)
        if answer.stream is not None:  # events in place of JSON
            return self._stream_of(call, answer, settings, None).until_done()  # type: ignore[no-any-return]
        return self._decode(call, answer)

    def _stream_of(
        self, call: Call[Any], answer: HttpAnswer, settings: Settings, response_format: Any
    ) -> Any:
        from .streaming.stream import EventStream, Stream  # cost: not needed without streams

        return self._make_stream(Stream, EventStream, call, answer, settings, response_format)

    def _stop(self, call: Call[Any], stream_id: str) -> Any:
        stop = self._stop_call(call, stream_id)
        return None if stop is None else self._send(stop)

    def _call_facade(
        self, entry: FacadeEntry, arguments: dict[str, Any], additional: Mapping[str, Any], **typed: Any
    ) -> Any:
        response_format = typed.get("response_format")
        fallbacks: ModelFallbacks | None = None
        try:
            if self._settings.fallback_models or "fallback_models" in additional:
                fallbacks = self._without_internal_frames(
                    self._fallbacks, entry, arguments, additional, typed
                )
                return self._send_to_one_of(fallbacks, response_format)
            call, settings = self._without_internal_frames(
                self._make_call, entry, arguments, additional, typed
            )
        finally:
            del arguments, fallbacks  # a traceback keeps local variables
        return self._send(call, response_format, settings)

    def _send_to_one_of(self, fallbacks: ModelFallbacks, response_format: Any) -> Any:
        """Ask one model after another until one answers; of a stream, until it has its first event."""
        try:
            while True:
                call, settings = fallbacks.current
                try:
                    result = self._send(call, response_format, settings)
                    if call.streaming:
                        result._advance()
                    return result
                except IndoxRouterError as error:
                    if not fallbacks.go_on_after(error):
                        raise
        finally:
            del fallbacks

    def _fetch(self, url: str, destination: Destination, on_progress: Progress | None) -> None:
        """Fetch a file that an answer refers to."""
        from .files.downloads import download_flow  # cost: few programs download files

        self._state.check_open()
        flow = download_flow(self._state, self._settings, url, destination, on_progress)
        self._without_internal_frames(self._driver.run, flow)

    def _wait_for_job(self, job_id: str, **options: Any) -> VideoJob:
        """Poll a video job until it ends; see `wait_flow` for the options."""
        from .videos.job_handle import wait_flow  # cost: few programs make videos

        self._state.check_open()
        call = self._without_internal_frames(self._job_call, job_id)
        flow = wait_flow(self._state, self._settings, call, **options)
        return self._without_internal_frames(self._driver.run, flow)

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
        from .videos.job_handle import VideoJobHandle  # cost: few programs make videos

        self._without_internal_frames(self._job_call, job_id)
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
        return client._wait_for_job(
            job_id, interval=check_interval, deadline=max_wait_time, callback=callback, names=WAIT_NAMES
        )

    def test_connection(self, **options: Unpack[CallOptions]) -> ConnectionReport:
        """Call the server's health check. Reports failures of server and network instead of raising.

        Args:
            options: options of this call, such as `timeout`; see `CallOptions`.

        Returns:
            `{"status": "connected", "url", "status_code", "server_info", "headers"}`, or
            `{"status": "error", "url", "error", "error_type"}`.
        """
        from .health_check import connection_flow  # cost: rarely used

        settings = settings_for_call(self._settings, only_options("test_connection", (), options))
        return self._driver.run(connection_flow(self._state, settings))

    @names_arguments
    def set_base_url(self, base_url: str) -> None:
        """Use another server from now on. The tokens of the old server are discarded.

        Args:
            base_url: an http or https URL. A URL without a path gets `/api/v1`.

        Raises:
            ValueError: for anything else.
        """
        self._driver = self._driver.with_state(self._change_server(base_url))

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

    def __del__(self) -> None:
        driver = self.__dict__.get("_driver")
        if driver is not None and self.__dict__.get("_owner") and not self._state.closed and driver.used:
            warn_unclosed(self)
            self.close()


mark_methods(Client)

IndoxRouter = Client
"""The name under which the published package also offers the client."""
