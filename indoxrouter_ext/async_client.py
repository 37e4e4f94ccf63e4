"""The asynchronous client."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from indoxrouter.async_facade import AsyncFacade
from indoxrouter.errors import IndoxRouterError

from .calls.asynchronous import AsyncShell
from .client_base import WAIT_NAMES, ClientBase, check_size, load_operation, warn_unclosed
from .http.choice import EngineChoice
from .settings.values import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from types import TracebackType

    import httpx
    from indoxrouter._runtime.http.interface import AsyncEngine
    from indoxrouter._runtime.operations.facade_entry import FacadeEntry
    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter.models import Provider, VideoJob
    from indoxrouter.resources import AsyncApi
    from typing_extensions import Never, Unpack

    from .batch.results import MapRequest
    from .batch.run import MapRun
    from .calls.history import CallInfo
    from .files.destinations import Sink
    from .files.downloads import Progress
    from .health_check import ConnectionReport
    from .responses.model_catalog import ModelCatalog
    from .responses.raw_response import RawResponse
    from .settings.options import ClientOptions, TimeoutInput
    from .videos.job_handle import AsyncVideoJobHandle, JobCallback

__all__ = ["AsyncClient"]

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


class AsyncClient(ClientBase, AsyncFacade):
    """The asynchronous client of the IndoxRouter API.

    The same as `Client`, with methods to await. It exchanges the API key for a token on first use, because a
    constructor cannot wait. It may be used by many tasks; on a second event loop it opens connections of its
    own. Close it with `await client.close()`, or use it in an `async with` statement.

    Args:
        api_key, timeout, base_url, auto_refresh, auth, engine: as for `Client`.
        http_client: an `httpx.AsyncClient` of your own. You close it.
        options: `deadline`, `first_token_timeout`, `token_timeout`, `max_retries`, `max_retry_wait`,
            `headers`, `max_response_bytes`: as for `Client`.

    Raises:
        ValueError: for a missing or malformed key and for any argument that is wrong; the message names it.
    """

    _asynchronous = True

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
        **options: Unpack[ClientOptions],
    ) -> None:
        try:
            self._setup(api_key, base_url, timeout, auto_refresh, auth, options)
        finally:
            del api_key  # a traceback keeps locals
        self._engine = EngineChoice(engine, http_client, asynchronous=True)
        self._engine.check_url(self._settings.base_url)
        self._shell = AsyncShell(self._core, self._engine.make)
        self._owner = True

    async def _authenticate(self) -> None:
        """Exchange the API key for a token now. Call it after a token has expired for good."""
        await self._guard(self._shell.authenticate, self._settings)

    @cached_property
    def api(self) -> AsyncApi:
        """Every operation of the API, by tag: `await client.api.chat.create_chat_completion(…)`."""
        from indoxrouter.resources import AsyncApi

        return AsyncApi(self._send)

    async def _send(self, call: Call[T], wanted: Any = None) -> T:
        """Make a call, and hand back its decoded answer or its stream. `wanted`: the format of the answer."""
        check_size(call)
        if call.streaming:
            stream: Any = await self._open_stream(call, wanted)
            return stream  # type: ignore[no-any-return]  # overloads of the generated method promise the stream
        result: T = await self._guard(self._shell.call, call, self._settings)
        return self._attach(result, wanted)

    async def _open_stream(self, call: Call[Any], wanted: Any) -> Any:
        answer = await self._guard(self._shell.answer, call, self._settings)
        if answer.stream is None:
            return self._guard_now(self._core.not_a_stream, call, answer)
        return self._stream_of(call, answer, wanted)

    async def _stop(self, call: Call[Any], stream_id: str) -> Any:
        asked = self._stop_call(call, stream_id)
        return None if asked is None else await self._send(asked)

    async def _guard(self, action: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do it; errors come out with a traceback that starts here, and so is about the caller's line."""
        failure: IndoxRouterError | None = None
        try:
            return await action(*args, **kwargs)
        except IndoxRouterError as error:
            failure = error
        del args, kwargs  # a traceback keeps locals
        try:
            raise failure.with_traceback(None)
        finally:
            del failure

    async def _call_facade(
        self, entry: FacadeEntry, values: dict[str, Any], extra: Mapping[str, Any], **own: Any
    ) -> Any:
        try:
            call = self._guard_now(self._plan, entry, values, extra, own)
        finally:
            values = {}  # a traceback keeps locals
        return await self._send(call, own.get("response_format"))

    async def _fetch(self, url: str, sink: Sink, on_progress: Progress | None) -> None:
        """Fetch a file that an answer named."""
        from .files.downloads import download_async

        self._core.check_open()
        await self._guard(download_async, self._shell, self._settings, url, sink, on_progress)

    async def _watch(
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
        return await self._guard(
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

    async def models(self, provider: str | None = None, **unknown: Never) -> ModelCatalog:
        """The catalogue: provider names, and for each of them its models; see `Client.models`."""
        from .responses.model_catalog import ModelCatalog

        return ModelCatalog.of(await super().models(**unknown), provider)

    async def providers(self) -> list[Provider]:
        """The providers, each with its models. Needs no credentials."""
        return (await self.models()).providers

    def video_job(self, job_id: str, status: str | None = None) -> AsyncVideoJobHandle:
        """The handle of a video job by its id, in whichever process it was started. Sends nothing.

        Raises:
            InvalidParametersError: for an id that cannot be one.
        """
        from .videos.job_handle import AsyncVideoJobHandle

        self._job_call(job_id)
        return AsyncVideoJobHandle(self, job_id, status)

    async def wait_for_video_job(
        self,
        job_id: str,
        check_interval: float = 15,
        max_wait_time: float = 600,
        callback: JobCallback | None = None,
    ) -> VideoJob:
        """Wait until a video job has ended, and return it with its result; see `Client.wait_for_video_job`."""
        return await self._watch(job_id, check_interval, max_wait_time, callback, names=WAIT_NAMES)

    async def test_connection(self) -> ConnectionReport:
        """Ask the server's health check. Never raises for what server or network do; see `Client.test_connection`."""
        from .health_check import connection_flow

        return await self._shell.run(connection_flow(self._core, self._settings, load_operation("getHealth")))

    def set_base_url(self, base_url: str) -> None:
        """Use another server from now on. Tokens of the old one are forgotten here; the next call gets a new
        one.

        Raises:
            ValueError: when it is no http or https URL. A URL without a path gets `/api/v1`.
        """
        self._shell = self._shell.over(self._move(base_url))

    async def with_raw_response(
        self, method: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> RawResponse[R]:
        """Call a method of this client, and get what happened on the wire beside its result; see `Client`."""
        from .responses.raw_response import listening, wrap

        calls: list[CallInfo] = []
        token = listening.set(calls)
        try:
            result = await method(*args, **kwargs)
        finally:
            listening.reset(token)
        return wrap(result, calls)

    def map(
        self,
        requests: Iterable[MapRequest] | AsyncIterable[MapRequest],
        method: str = "chat",
        *,
        concurrency: int = 16,
        ordered: bool = False,
        max_cost: float | None = None,
        expected_cost: Callable[[Any], float] | None = None,
        per_minute: float | None = None,
        retries: int = 5,
        idempotency: str | None = None,
        **defaults: Any,
    ) -> MapRun:
        """Make many calls at once, no faster than the server allows, and get the results as they come.

        `async for result in client.map(["one", "two"], model="openai/gpt-4o-mini"): print(result.id,
        result.value.text)`

        Args:
            requests: of each call the first argument (for `chat` a question as text will do), or a mapping of
                keyword arguments; or a pair of an id of yours, which no other request has, and one of these.
                Taken one by one, as calls become free.
            method: a documented method: `chat`, `embeddings`, `completion`, `images`, …
            concurrency: calls under way at most.
            ordered: hand results out in the order of the requests, rather than as they come.
            max_cost: USD; the run stops before a call could exceed it.
            expected_cost: what a request may cost, in USD, for `max_cost`; by default the average so far.
            per_minute: calls a minute at most; the limits that the server states hold as well.
            retries: how often a request is repeated that was refused for its rate. Everything else is
                repeated as the client's `max_retries` says.
            idempotency: makes the calls' idempotency keys. A run with the same one and the same requests is
                billed once by a server that honours them. By default random.
            defaults: keyword arguments of every call.

        Returns:
            The run: iterate over it. A request that fails does not stop it; its result has the `error`.

        Raises:
            InvalidParametersError: for an argument that is wrong.
        """
        from .batch.results import map_requests

        return map_requests(
            self,
            requests,
            method,
            concurrency=concurrency,
            ordered=ordered,
            max_cost=max_cost,
            expected_cost=expected_cost,
            per_minute=per_minute,
            retries=retries,
            idempotency=idempotency,
            defaults=defaults,
        )

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
