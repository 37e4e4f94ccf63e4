"""The objects that the commands of one run share: settings, the client, the two consoles."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..base import exit_codes
from ..base.errors import CommandError
from ..output.console import make_console
from .cache import cache_models
from .config import KEY_VARIABLE, Settings, resolve
from .model_catalog import load_catalog

if TYPE_CHECKING:
    from indoxrouter import AsyncClient, Budget, Client
    from rich.console import Console

    from .model_catalog import CatalogModel

R = TypeVar("R")

META = "indoxrouter."
COMMON = ("base_url", "profile", "config", "timeout", "budget")
"""The options that every command takes, before its name or after it."""

# Operations without security need no key, but the client's constructor does: this one is never sent.
_NO_KEY = "none"


class Session:
    """Settings and connections of one run, created on first use.

    Args:
        options: the values of the common options.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = {name: value for name, value in options.items() if name != "budget"}
        self._limit: float | None = options.get("budget")
        self._stack = ExitStack()
        self._catalog: list[CatalogModel] | None = None
        self.model_in_use: str | None = None

    @classmethod
    def of(cls, context: click.Context) -> Session:
        """The session of this run."""
        session: Session | None = context.meta.get(META + "session")
        if session is None:
            options = {name: context.meta.get(META + name) for name in COMMON}
            session = context.meta[META + "session"] = cls(options)
        return session

    @functools.cached_property
    def settings(self) -> Settings:
        """The effective settings: options, environment and configuration file."""
        return resolve(**self._options)

    @functools.cached_property
    def out(self) -> Console:
        """The console for results."""
        return make_console(sys.stdout)

    @functools.cached_property
    def err(self) -> Console:
        """The console for progress and messages, so that results can be piped."""
        return make_console(sys.stderr)

    @contextlib.contextmanager
    def waiting(self) -> Generator[Callable[[], None], None, None]:
        """Show a spinner until the block ends or the yielded function is called."""
        if not self.err.is_terminal or self.err.is_dumb_terminal:
            yield lambda: None
            return
        status = self.err.status("Waiting for the server")
        status.start()
        try:
            yield status.stop
        finally:
            status.stop()

    def print_result(self, text: str) -> None:
        """Print a line of results without wrapping it, so that a path or a key can be copied."""
        self.out.print(text, soft_wrap=True)

    @property
    def at_terminal(self) -> bool:
        """Whether results are written to a terminal."""
        return sys.stdout.isatty()

    @functools.cached_property
    def client(self) -> Client:
        """The client, with a key.

        Raises:
            CommandError: when there is no key, or a setting is invalid.
        """
        return self._open(self._key())

    @functools.cached_property
    def public_client(self) -> Client:
        """A client for operations that need no key, such as the list of models and the server's health."""
        return self._open(self.settings.api_key or _NO_KEY)

    def async_client(self) -> AsyncClient:
        """A new asynchronous client; the caller closes it."""
        from indoxrouter import AsyncClient  # cost: loads the client

        key = self._key()
        with _SettingErrors():
            return AsyncClient(key, **self._arguments())

    def check_key(self) -> None:
        """Check that there is a well-formed key, without a request.

        Raises:
            CommandError: when no key is set, or it is malformed.
        """
        self.client  # noqa: B018  # for the checks of its constructor

    def _key(self) -> str:
        key = self.settings.api_key
        if not key:
            raise CommandError(
                "No API key.",
                f"Set the environment variable {KEY_VARIABLE}, or run `indoxrouter config init` and add the key to "
                "the file. To try the commands without a key, run `indoxrouter mock`.",
                exit_codes.AUTHENTICATION,
            )
        return key

    def _arguments(self) -> dict[str, Any]:
        settings = self.settings
        given: dict[str, Any] = {"base_url": settings.base_url}
        if settings.timeout is not None:
            given["timeout"] = settings.timeout
        if self._limit is not None:
            given["budget"] = self._budget
        return given

    @functools.cached_property
    def _budget(self) -> Budget:
        """The budget of the run, which all its clients share."""
        from indoxrouter import Budget  # cost: loads the client

        return Budget(usd=self._limit)

    def _open(self, key: str) -> Client:
        from indoxrouter import Client  # cost: loads the client

        with _SettingErrors():
            client = Client(key, authenticate=False, **self._arguments())
        return self._stack.enter_context(client)

    def model(self, command: str, given: str | None) -> dict[str, Any]:
        """The `model` argument of a call: from the option, else from the profile; empty for the client's default."""
        chosen = given or self.settings.models.get(command)
        self.model_in_use = chosen
        return {"model": chosen} if chosen else {}

    def catalog(self) -> list[CatalogModel]:
        """All models of the server; requested once."""
        if self._catalog is None:
            with self.waiting():
                self._catalog = load_catalog(self.public_client)
            cache_models(self.settings.base_url, {entry.name: entry.capabilities for entry in self._catalog})
        return self._catalog

    def close(self) -> None:
        """Close the connections."""
        self._stack.close()


class _SettingErrors:
    """Turns the ValueError of a client's constructor, which names the setting, into a usage error."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: object
    ) -> None:
        from indoxrouter.errors import IndoxRouterError  # cost: loads the client

        if isinstance(error, ValueError) and not isinstance(error, IndoxRouterError):
            raise CommandError(str(error)) from None


def pass_session(function: Callable[..., R]) -> Callable[..., R]:
    """Pass the session to a command as its first argument."""

    @functools.wraps(function)
    def wrapper(**options: Any) -> R:
        return function(Session.of(click.get_current_context()), **options)

    return wrapper
