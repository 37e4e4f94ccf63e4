"""What both clients have in common beside the steps of a call: constructor arguments, options, properties."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from indoxrouter._runtime.operations.named import names_arguments

from .call_steps import CallSteps
from .calls.answer import configure_from_environment, enable_debug
from .calls.client_state import ClientState
from .http.choice import EngineChoice
from .settings.keywords import missing_attribute, only_options, refuse_setting, settings_for_call
from .settings.values import Settings, check_api_key, check_base_url, check_timeout, check_ways

if TYPE_CHECKING:
    from indoxrouter._runtime.values.introspection import UNCHECKED
    from typing_extensions import Never, Self, Unpack

    from .diagnose import Diagnosis
    from .observing.unknown import Unknown
    from .settings.options import CallOptions, TimeoutInput
    from .spending.protocol import Spend

WAIT_NAMES = ("check_interval", "max_wait_time", "callback")
"""The names of the interval, the deadline and the callback in `wait_for_video_job`, for error messages."""


class ClientBase(CallSteps):
    """Constructor arguments, options and properties that `Client` and `AsyncClient` share."""

    _engine: EngineChoice
    _owner: bool
    _original: Any = None

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report misspelt attributes

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            raise missing_attribute(self, name)

        def __setattr__(self, name: str, value: object) -> None:
            refuse_setting(name)
            super().__setattr__(name, value)

    def __repr__(self) -> str:
        if "_settings" not in self.__dict__:
            return f"{type(self).__name__}(not initialized)"
        closed = ", closed" if self._state.closed else ""
        engine = f", engine={self._engine.name!r}" if "_engine" in self.__dict__ else ""
        return f"{type(self).__name__}(base_url={self._settings.base_url!r}{engine}{closed})"

    @property
    def base_url(self) -> str:
        """The server's URL, with its path."""
        return self._settings.base_url

    @property
    def timeout(self) -> float | None:
        """Seconds to wait for the next byte of an answer, or None."""
        return self._settings.timeouts.read

    @property
    def auto_refresh(self) -> bool:
        """Whether an expired token is replaced automatically."""
        return self._state.auto_refresh

    @property
    def spend(self) -> Spend | None:
        """What the calls have spent of the budget; None without a budget."""
        budget = self._settings.budget
        return None if budget is None else budget.spend

    def _setup(
        self,
        api_key: str | Callable[[], str] | None,
        base_url: str | None,
        timeout: TimeoutInput,
        auto_refresh: bool,
        auth: str,
        options: Mapping[str, Any],
        authenticate: bool = True,
    ) -> None:
        try:
            check_ways(auth, auto_refresh=auto_refresh, authenticate=authenticate)
            self._state = ClientState(
                api_key if callable(api_key) else check_api_key(api_key),
                exchange=auth == "token",
                auto_refresh=auto_refresh,
                watch_events=self._watch_events,
            )
            settings = Settings(check_base_url(base_url), check_timeout(timeout))
            self._settings = settings.changed(**options)
        finally:
            del api_key  # a traceback keeps local variables
        configure_from_environment()

    def _connect(self, engine: Any, http_client: Any, make_driver: Callable[..., Any]) -> None:
        self._engine = EngineChoice(engine, http_client, asynchronous=self._asynchronous)
        self._engine.check_url(self._settings.base_url)
        self._driver = make_driver(self._state, self._engine.make)
        self._owner = True

    def _wait_for_job(self, job_id: str, **options: Any) -> Any:
        """Poll a video job until it ends; see `wait_flow` for the options."""
        from .videos.job_handle import wait_flow  # cost: few programs make videos

        return self._driver.result_of(wait_flow(self._state, self._settings, job_id, **options))

    def _test_connection(self, options: Mapping[str, Any]) -> Any:
        from .health_check import connection_flow  # cost: rarely used

        settings = settings_for_call(self._settings, only_options("test_connection", (), options))
        return self._driver.run(connection_flow(self._state, settings))

    @names_arguments
    def diagnose_request(self, endpoint: str, data: Mapping[str, Any] | None = None) -> Diagnosis:
        """Check a request without sending it, and report every problem instead of raising the first.

        Args:
            endpoint: path of the endpoint, such as `chat/completions`, or the whole URL.
            data: fields of the body and parameters, by their names in the API.

        Returns:
            A dict with `endpoint`, `issues` and `warnings` (lists of sentences), `is_valid`, and `data` with
            secrets masked.
        """
        from .diagnose import diagnose  # cost: used while developing

        return diagnose(endpoint, data, self._settings.base_url)

    def enable_debug(self, level: int | str = 10) -> None:
        """Show the client's log lines on standard error. They hold no bodies, headers or secrets.

        Args:
            level: lowest level of the `logging` module to show; `logging.DEBUG` by default.

        Raises:
            ValueError: for a level that `logging` does not know.
        """
        enable_debug(level)

    def with_options(self, *unnamed: Annotated[Never, UNCHECKED], **options: Unpack[CallOptions]) -> Self:
        """A client with other options that shares this one's connections, token and retry budget.

        This client does not change. Closing the copy does nothing.

        Args:
            options: the options to replace, such as `timeout` and `max_retries`; `CallOptions` lists them.

        Raises:
            ValueError: for an unknown option or a wrong value.
            TypeError: for a positional argument.
        """
        # First, because a half-made copy would close this client.
        settings = self._settings.changed(*unnamed, **options)
        copy = object.__new__(type(self))
        copy.__dict__.update({key: value for key, value in self.__dict__.items() if key != "api"})
        copy._settings = settings
        copy._owner = False
        copy._original = self  # keeps the connections open: they are closed when the original is collected
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

    def on_unknown(self, callback: Callable[[Unknown], object]) -> None:
        """Report the parts of later answers that this version does not know.

        The function is called at the end of a call, on its thread or event loop, once for each field, enum value and
        event type that the description lacks. It must not block. `Unknown` objects can be counted:
        `client.on_unknown(lambda unknown: counter.update([unknown]))`. Copies of the client that are made later report
        as well, unless `with_options(observers=…)` replaces the observers, of which this is one.

        Args:
            callback: takes an `Unknown`.

        Raises:
            ValueError: for something that cannot be called.
        """
        from .observing.unknown import UnknownObserver  # cost: few programs watch for changes of the API

        observers = (*self._settings.observers, UnknownObserver(callback))
        self._settings = self._settings._replace(observers=observers)

    @names_arguments
    def set_base_url(self, base_url: str) -> None:
        """Use another server from now on. The tokens of the old server are discarded.

        Args:
            base_url: an http or https URL. A URL without a path gets `/api/v1`.

        Raises:
            ValueError: for anything else.
        """
        checked = check_base_url(base_url, required=True)
        self._engine.check_url(checked)
        self._settings = self._settings._replace(base_url=checked)
        # A token is valid for the server that issued it. Copies of the client stay with the old server and its state.
        self._state = self._state.without_tokens()
        self._driver = self._driver.with_state(self._state)

    def __del__(self) -> None:
        driver = self.__dict__.get("_driver")
        if driver is not None and self._owner and not self._state.closed and driver.used:
            warn_unclosed(self)
            driver.abandon()


def warn_unclosed(client: object) -> None:
    """Warn that a client was garbage-collected without having been closed."""
    if sys.is_finalizing():
        return
    message = f"{client!r} was never closed: use `with`, or call close()"
    warnings.warn(message, ResourceWarning, stacklevel=3, source=client)
