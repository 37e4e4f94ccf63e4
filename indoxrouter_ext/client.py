"""The synchronous client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from indoxrouter.facade import Facade

from .calls.blocking import SyncShell
from .client_base import WAIT_NAMES, ClientBase, check_size, load_operation, warn_unclosed
from .http.choice import EngineChoice
from .settings.values import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from types import TracebackType

    import httpx
    from indoxrouter._runtime.http.interface import Engine
    from indoxrouter._runtime.operations.facade_entry import FacadeEntry
    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter.models import Provider, VideoJob
    from indoxrouter.resources import Api
    from typing_extensions import Never, Unpack

    from .calls.history import CallInfo
    from .files.destinations import Sink
    from .files.downloads import Progress
    from .health_check import ConnectionReport
    from .responses.model_catalog import ModelCatalog
    from .responses.raw_response import RawResponse
    from .settings.options import ClientOptions, TimeoutInput
    from .videos.job_handle import JobCallback, VideoJobHandle

__all__ = ["Client", "IndoxRouter"]

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


class Client(ClientBase, Facade):
    """The client of the IndoxRouter API.

    It exchanges the API key for a token when it is made, renews the token by itself, repeats what may be
    repeated, and raises the documented exceptions. It may be used from many threads. Close it, or use it in a
    `with` statement.

    Args:
        api_key: your key; by default the environment variable `INDOX_ROUTER_API_KEY`.
        timeout: seconds to wait for the next byte of an answer; or `(connect, read, write, pool)`; or an
            `httpx.Timeout`; None waits for ever. Connecting takes at most 10 s of it.
        base_url: of the server; by default `INDOX_ROUTER_BASE_URL`, else the production server. A URL without
            a path gets `/api/v1`.
        auto_refresh: whether an expired token is renewed by itself. If not, it raises `AuthenticationError`.
        authenticate: False puts the exchange off until the first call that needs a token.
        auth: "token" exchanges the key for a token; "api_key" sends the key itself with each request.
        http_client: an `httpx.Client` of your own, for proxies, certificates or transports. You close it.
        engine: "direct", "httpx", or an engine of your own. By default direct; httpx where only it can serve.
        deadline: seconds for a whole call, retries included; by default none.
        first_token_timeout, token_timeout: seconds until the first event of a stream, and between two events.
        max_retries: attempts after the first one, where repeating is safe; 2 by default.
        max_retry_wait: the longest `Retry-After` that is waited for, 60 s by default.
        headers: added to each request.
        max_response_bytes: of one body or one event of a stream, after decompression; 256 MiB by default.

    Raises:
        ValueError: for a missing or malformed key and for any argument that is wrong; the message names it.
        AuthenticationError: when the server refuses the key.
        NetworkError: when the server cannot be reached.
    """

    def __init__(
        self,
        api_key: str | None = None,
        timeout: TimeoutInput = DEFAULT_TIMEOUT,
        base_url: str | None = None,
        auto_refresh: bool = True,
        *,
        authenticate: bool = True,
        auth: str = "token",
        http_client: httpx.Client | None = None,
        engine: str | Engine | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        try:
            self._setup(api_key, base_url, timeout, auto_refresh, auth, options)
        finally:
            del api_key  # a traceback keeps locals
        self._engine = EngineChoice(engine, http_client, asynchronous=False)
        self._engine.check_url(self._settings.base_url)
        self._shell = SyncShell(self._core, self._engine.make)
        self._owner = True
        if authenticate and auth == "token":
            try:
                self._authenticate()
            except BaseException:
                self.close()
                raise

    def _authenticate(self) -> None:
        """Exchange the API key for a token now. The constructor does; do it when a token has expired for good."""
        self._guard_now(self._shell.authenticate, self._settings)

    @cached_property
    def api(self) -> Api:
        """Every operation of the API, by tag: `client.api.chat.create_chat_completion(…)`."""
        from indoxrouter.resources import Api

        return Api(self._send)

    def _send(self, call: Call[T], wanted: Any = None) -> T:
        """Make a call, and hand back its decoded answer or its stream. `wanted`: the format of the answer."""
        check_size(call)
        if call.streaming:
            stream: Any = self._open_stream(call, wanted)
            return stream  # type: ignore[no-any-return]  # overloads of the generated method promise the stream
        result: T = self._guard_now(self._shell.call, call, self._settings)
        return self._attach(result, wanted)

    def _open_stream(self, call: Call[Any], wanted: Any) -> Any:
        answer = self._guard_now(self._shell.answer, call, self._settings)
        if answer.stream is None:
            return self._guard_now(self._core.not_a_stream, call, answer)
        return self._stream_of(call, answer, wanted)

    def _stop(self, call: Call[Any], stream_id: str) -> Any:
        asked = self._stop_call(call, stream_id)
        return None if asked is None else self._send(asked)

    def _call_facade(
        self, entry: FacadeEntry, values: dict[str, Any], extra: Mapping[str, Any], **own: Any
    ) -> Any:
        try:
            call = self._guard_now(self._plan, entry, values, extra, own)
        finally:
            values = {}  # a traceback keeps locals
        return self._send(call, own.get("response_format"))

    def _fetch(self, url: str, sink: Sink, on_progress: Progress | None) -> None:
        """Fetch a file that an answer named."""
        from .files.downloads import download

        self._core.check_open()
        self._guard_now(download, self._shell, self._settings, url, sink, on_progress)

    def _watch(
        self,
        job_id: str,
        interval: float | None,
        deadline: float | None,
        callback: JobCallback | None,
        **names: Any,
    ) -> VideoJob:
        """Look at a video job until it ends."""
        from .videos.job_handle import watch

        self._core.check_open()
        return self._guard_now(
            lambda: self._shell.run(
                watch(
                    self._core,
                    self._settings,
                    self._job_call(job_id),
                    interval=interval,
                    deadline=deadline,
                    callback=callback,
                    **names,
                )
            )
        )

    def models(self, provider: str | None = None, **unknown: Never) -> ModelCatalog:
        """The catalogue: provider names, and for each of them its models.

        Args:
            provider: keep this provider only, by id or name.

        Returns:
            A dict of provider id to a list of `ModelInfo`, which also has `.providers`. Needs no credentials.
        """
        from .responses.model_catalog import ModelCatalog

        return ModelCatalog.of(super().models(**unknown), provider)

    def providers(self) -> list[Provider]:
        """The providers, each with its models. Needs no credentials."""
        return self.models().providers

    def video_job(self, job_id: str, status: str | None = None) -> VideoJobHandle:
        """The handle of a video job by its id, in whichever process it was started. Sends nothing.

        Raises:
            InvalidParametersError: for an id that cannot be one.
        """
        from .videos.job_handle import VideoJobHandle

        self._guard_now(self._job_call, job_id)
        return VideoJobHandle(self, job_id, status)

    def wait_for_video_job(
        self,
        job_id: str,
        check_interval: float = 15,
        max_wait_time: float = 600,
        callback: JobCallback | None = None,
    ) -> VideoJob:
        """Wait until a video job has ended, and return it with its result.

        Args:
            job_id: of the job.
            check_interval: seconds between two looks.
            max_wait_time: seconds to wait at most.
            callback: called with the job after each look.

        Raises:
            JobFailedError: when it failed, was cancelled, or reached an undocumented state; `error.job` is
                the job.
            RequestTimeoutError: when it has not ended in time. The job goes on.
            InvalidParametersError: for seconds that are none.
        """
        return self._watch(job_id, check_interval, max_wait_time, callback, names=WAIT_NAMES)

    def test_connection(self) -> ConnectionReport:
        """Ask the server's health check. Never raises for what server or network do.

        Returns:
            `{"status": "connected", "url", "status_code", "server_info", "headers"}`, or
            `{"status": "error", "url", "error", "error_type"}`.
        """
        from .health_check import connection_flow

        return self._shell.run(connection_flow(self._core, self._settings, load_operation("getHealth")))

    def set_base_url(self, base_url: str) -> None:
        """Use another server from now on. Tokens of the old one are forgotten here; the next call gets a new
        one.

        Raises:
            ValueError: when it is no http or https URL. A URL without a path gets `/api/v1`.
        """
        self._shell = self._shell.over(self._move(base_url))

    def with_raw_response(self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> RawResponse[R]:
        """Call a method of this client, and get what happened on the wire beside its result.

        `client.with_raw_response(client.trending_models, days=7)` has the list in `.parsed`, and `.status`,
        `.headers`, `.elapsed`, `.request_id` and `.attempts`. Responses that are models have all of it in
        `.http` without this.
        """
        from .responses.raw_response import listening, wrap

        calls: list[CallInfo] = []
        token = listening.set(calls)
        try:
            result = method(*args, **kwargs)
        finally:
            listening.reset(token)
        return wrap(result, calls)

    def close(self) -> None:
        """Close the connections. Later calls raise `ClientClosedError`; closing again does nothing."""
        if self._owner:
            self._shell.close()

    def __enter__(self) -> Client:
        self._core.check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        shell = self.__dict__.get("_shell")
        if shell is not None and self.__dict__.get("_owner") and not self._core.closed and shell.used:
            warn_unclosed(self)
            self.close()


IndoxRouter = Client
"""The name under which the published package also offers the client."""
