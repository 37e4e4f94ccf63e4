"""What both clients are before any waiting: constructor arguments, checks, options, engines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from indoxrouter._runtime.models.model import Model
from indoxrouter.errors import IndoxRouterError

from .calls.client_state import Core
from .calls.logging import configure_from_environment
from .settings.values import (
    Settings,
    check_api_key,
    check_base_url,
    check_timeout,
)

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.facade_entry import FacadeEntry
    from indoxrouter._runtime.operations.operation import Call, Operation
    from typing_extensions import Never, Self, Unpack

    from .calls.request_flow import Answer
    from .diagnose import Diagnosis
    from .http.choice import EngineChoice
    from .settings.options import CallOptions, TimeoutInput

__all__ = ["ClientBase", "default_base_url", "load_operation"]


R = TypeVar("R")
P = ParamSpec("P")

WAIT_NAMES = ("check_interval", "max_wait_time", "callback")
"""What `wait_for_video_job` calls the interval, the deadline and the callback, for errors that name them."""


_WORTH_A_LOOK = 1024 * 1024


def check_size(call: Call[Any]) -> None:
    """Refuse a body over the documented limit; raises `InvalidParametersError`. Small ones cost a comparison."""
    if call.content is not None and len(call.content) > _WORTH_A_LOOK:
        from .files.image_input import check_request_size

        check_request_size(call)


def default_base_url() -> str:
    """The first server of the spec."""
    from indoxrouter.about import SERVERS

    return SERVERS[0]


def load_operation(operation_id: str) -> Operation[Any]:
    """An operation by its id in the spec."""
    from importlib import import_module

    from indoxrouter.about import OPERATIONS

    tag, name = OPERATIONS[operation_id]
    operation: Operation[Any] = import_module(f"indoxrouter.api.{tag}.{name}").OPERATION
    return operation


def make_settings(
    base_url: str | None,
    timeout: TimeoutInput,
    options: Mapping[str, Any],
) -> Settings:
    """Check constructor arguments and put them together; raises `ValueError` naming the one that is wrong."""
    settings = Settings(
        base_url=check_base_url(base_url, default_base_url()), timeouts=check_timeout(timeout)
    )
    return settings.changed(**options)


@cache
def _preparation() -> tuple[Callable[..., Any], tuple[str, ...]]:
    """What turns arguments into a request, imported with the first call."""
    from .arguments import TO_PROVIDER, prepare

    return prepare, TO_PROVIDER


@cache
def _attachment() -> Callable[..., Any]:
    """`responses.attach`, imported with the first answer."""
    from .responses.base import attach

    return attach


@cache
def _stream_parts(asynchronous: bool) -> tuple[Any, Any, Any, Any, Any]:
    """What a stream is put together from, imported with the first one."""
    stream_class: Any
    if asynchronous:
        from .streaming.async_stream import AsyncStream

        stream_class = AsyncStream
    else:
        from .streaming.stream import Stream

        stream_class = Stream
    from .responses.base import response_of_stream
    from .responses.decoding import info_of
    from .responses.raw_response import listening
    from .streaming.state import StreamState

    return info_of, listening, response_of_stream, StreamState, stream_class


class ClientBase:
    """Arguments, state and decisions that `Client` and `AsyncClient` share."""

    _asynchronous = False
    _core: Core
    _settings: Settings
    _engine: EngineChoice
    _owner: bool
    _original: Any = None

    if TYPE_CHECKING:

        def _stop(self, call: Call[Any], stream_id: str) -> Any: ...

    def __repr__(self) -> str:
        if "_settings" not in self.__dict__:
            return f"{type(self).__name__}(not made yet)"
        closed = ", closed" if self._core.closed else ""
        engine = f", engine={self._engine.name!r}" if "_engine" in self.__dict__ else ""
        return f"{type(self).__name__}(base_url={self._settings.base_url!r}{engine}{closed})"

    @property
    def base_url(self) -> str:
        """The server's URL, with its path."""
        return self._settings.base_url

    @property
    def timeout(self) -> float | None:
        """Seconds between two bytes of an answer, or None."""
        return self._settings.timeouts.read

    @property
    def auto_refresh(self) -> bool:
        """Whether an expired token is replaced without being asked."""
        return self._core.auto_refresh

    def _setup(
        self,
        api_key: str | None,
        base_url: str | None,
        timeout: TimeoutInput,
        auto_refresh: object,
        auth: str,
        options: Mapping[str, Any],
    ) -> None:
        try:
            if not isinstance(auto_refresh, bool):
                raise ValueError(f"auto_refresh: expected True or False, got {type(auto_refresh).__name__}")
            if auth not in ("token", "api_key"):
                raise ValueError(
                    f"auth: expected 'token' (exchange the key) or 'api_key' (send it), got {auth!r:.40}"
                )
            self._core = Core(check_api_key(api_key), exchange=auth == "token", auto_refresh=auto_refresh)
            self._settings = make_settings(base_url, timeout, options)
        finally:
            del api_key  # a traceback keeps locals
        configure_from_environment()

    def _guard_now(self, action: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do it; errors come out with a traceback that starts here, and so is about the caller's line."""
        failure: IndoxRouterError | None = None
        try:
            return action(*args, **kwargs)
        except IndoxRouterError as error:
            failure = error
        del args, kwargs  # a traceback keeps locals
        try:
            raise failure.with_traceback(None)
        finally:
            del failure

    def _plan(
        self,
        entry: FacadeEntry,
        values: dict[str, Any],
        extra: Mapping[str, Any],
        own: Mapping[str, Any] | None = None,
    ) -> Call[Any]:
        """From the arguments of a documented method to a request."""
        prepare, to_provider = _preparation()
        if own:
            for name in to_provider:
                if own.get(name) is not None:
                    extra = {**extra, name: own[name]}
        choice = values.pop(entry.dispatch, None) if entry.dispatch is not None else None
        operation = entry.load(choice)
        return operation.call(*prepare(entry, operation, values, extra))

    def _attach(self, result: R, wanted: Any = None) -> R:
        """A result that knows this client, and the format that was asked for."""
        if isinstance(result, Model):
            attached: R = _attachment()(result, self, wanted, asynchronous=self._asynchronous)
            return attached
        return result

    def _stream_of(self, call: Call[Any], answer: Answer, wanted: Any) -> Any:
        """The stream over an open answer, which is closed with this client."""
        info_of, listening, response_of_stream, stream_state, stream_class = _stream_parts(self._asynchronous)
        calls = listening.get()
        if calls is not None:
            calls.append(info_of(answer))

        def keep(total: Any) -> Any:
            return self._attach(response_of_stream(call, total, answer), wanted)

        core = self._core
        state = stream_state(call, answer, self._settings, core.secrets(call.secrets()), core.clock, keep)
        return core.watch(stream_class(state, answer.stream, partial(self._stop, call)))

    def _stop_call(self, call: Call[Any], stream_id: str) -> Call[Any] | None:
        """What stops a running stream of this call: the operation that the spec names for it, if it names one."""
        stream = call.operation.stream
        if stream is None or stream.stop is None:
            return None
        operation = load_operation(stream.stop)  # imported for the few streams that are stopped
        return operation.call({operation.parameters[0].name: stream_id})

    def diagnose_request(self, endpoint: str, data: Mapping[str, Any] | None = None) -> Diagnosis:
        """Say everything that is wrong with a request, without sending it and without raising.

        Args:
            endpoint: path of the endpoint, such as `chat/completions`, or the whole URL.
            data: fields of the body and parameters, by their names in the API.

        Returns:
            A dict with `endpoint`, `issues` and `warnings` (lists of sentences), `is_valid`, and `data` with
            secrets masked.
        """
        from .diagnose import diagnose

        return diagnose(endpoint, data, self._settings.base_url)

    def enable_debug(self, level: int | str = 10) -> None:
        """Show the client's log lines on the standard error stream. They hold neither bodies, headers nor
        secrets.

        Args:
            level: of the `logging` module, from which on lines are shown; `logging.DEBUG` by default.

        Raises:
            ValueError: for a level that `logging` does not know.
        """
        from .calls.logging import enable_debug

        enable_debug(level)

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """A client with other options that shares this one's connections, token and retry budget.

        Takes `timeout`, `deadline`, `first_token_timeout`, `token_timeout`, `max_retries`, `max_retry_wait`,
        `idempotency_key`, `headers` and `max_response_bytes`. This client stays as it is; closing the copy
        does nothing.

        Raises:
            ValueError: for an unknown option or a wrong value.
        """
        copy = object.__new__(type(self))
        copy.__dict__.update({key: value for key, value in self.__dict__.items() if key != "api"})
        copy._settings = self._settings.changed(**options)
        copy._owner = False
        copy._original = self  # whose end would close the connections
        return copy

    def __copy__(self) -> Self:
        return self.with_options()

    def __deepcopy__(self, memo: object) -> Self:
        return self.with_options()

    def __reduce__(self) -> Never:
        raise TypeError(
            f"{type(self).__name__} cannot be pickled: it holds connections and a secret. "
            "Make a client in each process"
        )

    def _move(self, base_url: str) -> Core:
        """Point this client at another server; the caller swaps its shell for one over the core that comes
        back.

        A token belongs to the server that gave it. So the core is a new one, and copies of the client that
        stay with the old server keep theirs.
        """
        checked = check_base_url(base_url, default_base_url())
        self._engine.check_url(checked)
        self._settings = self._settings._replace(base_url=checked)
        self._core = self._core.without_tokens()
        return self._core

    def _job_call(self, job_id: str) -> Call[Any]:
        """The call that looks at a video job."""
        from indoxrouter.facade_entries import ENTRIES

        operation = ENTRIES["get_video_job_status"].load()
        return operation.call({operation.parameters[0].name: job_id})


def warn_unclosed(client: object) -> None:
    """Say once that a client was dropped without being closed."""
    if sys.is_finalizing():
        return
    import warnings

    message = f"{client!r} was never closed: use `with`, or call close()"
    warnings.warn(message, ResourceWarning, stacklevel=3, source=client)
