"""What all calls of one client share: credentials, token, headers, retry budget, open streams."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter.errors import AuthenticationError, ClientClosedError

from ..auth.token_store import TokenStore
from ..http.fork_safety import register_for_fork
from ..settings.values import check_api_key
from .retry import RetryBudget

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call

    from ..settings.values import Settings
    from .answer import EventWatch

StreamT = TypeVar("StreamT")
Pairs = list[tuple[str, str]]
SharedPairs = tuple[tuple[str, str], ...]

_ACCEPT = ("Accept", "application/json, */*;q=0.5")
_ACCEPT_STREAM = ("Accept", "text/event-stream, application/json")
_ACCEPT_ENCODING = ("Accept-Encoding", "gzip, deflate")
_MAX_CACHED = 16  # every multipart body has a content type of its own


class RequestHeaders:
    """Builds the headers of requests. Those that all calls share are built once, until the token changes."""

    __slots__ = ("_cached",)

    def __init__(self) -> None:
        self._cached: dict[tuple[bool, str | None], tuple[Settings, str | None, SharedPairs]] = {}

    def of(
        self, call: Call[Any], settings: Settings, token: str | None, key: str | None
    ) -> tuple[Pairs, SharedPairs]:
        """All headers of a request, and the first of them, which the next request is likely to share.

        Those of `settings` replace all others of the same names. `key` is the idempotency key.
        """
        kind = (call.streaming, call.content_type)
        cached = self._cached.get(kind)
        if cached is None or cached[0] is not settings or cached[1] != token:
            if len(self._cached) >= _MAX_CACHED:
                self._cached.clear()
            cached = self._cached[kind] = (settings, token, _shared(call, settings, token))
        shared = cached[2]
        more = [] if key is None else [("Idempotency-Key", key)]
        if call.headers:
            more.extend(call.headers.items())
        if settings.headers:
            more = _without(settings.headers, more)
        return [*shared, *more], shared


def _shared(call: Call[Any], settings: Settings, token: str | None) -> SharedPairs:
    headers = [
        _ACCEPT_STREAM if call.streaming else _ACCEPT,
        _ACCEPT_ENCODING,
        ("User-Agent", settings.user_agent),
    ]
    if call.content_type is not None:
        headers.append(("Content-Type", call.content_type))
    if token is not None:
        headers.append(("Authorization", f"Bearer {token}"))
    return (*_without(settings.headers, headers), *settings.headers)


def _without(own: SharedPairs, headers: Pairs) -> Pairs:
    """The headers that have none of the names of the caller's own."""
    names = {name.lower() for name, _ in own}
    return [pair for pair in headers if pair[0].lower() not in names]


class ClientState:
    """State of a client and of all copies that `with_options` makes of it.

    Args:
        api_key: has been checked; or a function that returns the key, called when a key is sent.
        exchange: whether the key is exchanged for a token, or sent itself.
        auto_refresh: whether an expired token is replaced automatically.
        watch_events: watches an event stream that is read as one body, with events of a limited size.

    Attributes:
        clock: seconds on a monotonic clock, which tests replace.
    """

    def __init__(
        self,
        api_key: str | Callable[[], str],
        *,
        exchange: bool,
        auto_refresh: bool,
        watch_events: Callable[[int], EventWatch],
    ) -> None:
        self._key_of_caller = api_key if callable(api_key) else None
        self._api_key = "" if callable(api_key) else api_key
        self._exchange = exchange
        self.auto_refresh = auto_refresh
        self.watch_events = watch_events
        self.clock = time.monotonic
        self.tokens = TokenStore(self.clock)
        self.budget = RetryBudget()
        self.headers = RequestHeaders()
        self.closed = False
        # Set by the first exchange: with `auto_refresh` off, the first token is fetched, and no later one.
        self._authenticated = False
        self._is_fallback = False  # the key is sent itself because the server seems to have no exchange
        self._streams: weakref.WeakSet[Any] = weakref.WeakSet()
        self._streams_lock = threading.Lock()
        register_for_fork(self)

    def __repr__(self) -> str:
        return f"ClientState({self.tokens!r})"

    def without_tokens(self) -> ClientState:
        """State for another server: the same key and options, without the tokens of this server."""
        return ClientState(
            self._key_of_caller or self._api_key,
            exchange=self._exchange or self._is_fallback,
            auto_refresh=self.auto_refresh,
            watch_events=self.watch_events,
        )

    def current_key(self) -> str:
        """The API key to send now.

        Raises:
            ValueError: when the caller's function returns no key.
        """
        if self._key_of_caller is not None:
            given: Any = self._key_of_caller()
            if given is None:  # the environment is for clients without a key
                raise ValueError("api_key: expected text from the function, got None")
            self._api_key = check_api_key(given)
        return self._api_key

    def usable_token(self) -> str | None:
        """The token to send right after an exchange, even if it is about to expire."""
        return self.token_at_hand() or self.tokens.token

    def token_after_failed_refresh(self) -> str | None:
        """The present token while it is valid. The next refresh is postponed, so that calls do not wait for it."""
        return self.tokens.postpone_refresh() if self.auto_refresh else None

    def ready_token(self) -> str | None:
        """The bearer token to send now, or None when one has to be fetched.

        Raises:
            AuthenticationError: when the token has expired and refreshing is off.
        """
        if not self._exchange:
            return self.current_key()
        if self.auto_refresh:
            return self.tokens.fresh()
        token = self.tokens.unexpired()
        if token is None and self._authenticated:
            raise AuthenticationError(
                "The token has expired and auto_refresh is off: call client._authenticate() for a new one, "
                "or create the client with auto_refresh=True"
            )
        return token

    def token_at_hand(self) -> str | None:
        """The bearer token that can be sent without an exchange, or None."""
        return self.tokens.unexpired() if self._exchange else self.current_key()

    def replace_token(self, token: str) -> bool:
        """Discard a token that the server refused. Returns False when it may not be replaced."""
        if self.doubt_fallback(token):
            return True
        if not self._exchange or not self.auto_refresh or token == self._api_key:
            return False
        self.tokens.discard(token)
        return True

    def doubt_fallback(self, token: str) -> bool:
        """Exchange the key again from now on, if `token` is the key and was sent for want of an exchange.

        A server that refuses the key, or does not know the path of a call, was not asked for a token at its right
        address, or not at the right moment.
        """
        if not self._is_fallback or token != self._api_key:
            return False
        self._exchange, self._is_fallback = True, False
        return True

    def end_exchange(self, *, exists: bool) -> None:
        """Record that the key was exchanged, or that the server offers no exchange: the key is then sent itself."""
        if exists:
            self._authenticated = True
        else:
            self._exchange, self._is_fallback = False, True  # documented: the key is valid as a bearer token

    def discard_token(self) -> bool:
        """Discard the present token, whatever its state. Returns False where keys are not exchanged."""
        if not self._exchange:
            return False
        if (token := self.tokens.token) is not None:
            self.tokens.discard(token)
        return True

    def secrets(self, more: Iterable[str] = ()) -> list[str]:
        """Everything that has to be masked, in case a server repeats it."""
        tokens = self.tokens
        return [value for value in (self._api_key, tokens.token, tokens.refresh_token, *more) if value]

    def contains_secret(self, text: str) -> bool:
        """Whether a text holds the API key or a token."""
        for secret in (self._api_key, self.tokens.token, self.tokens.refresh_token):
            if secret and secret in text:
                return True
        return False

    def check_open(self) -> None:
        """Raise `ClientClosedError` if the client has been closed."""
        if self.closed:
            raise ClientClosedError("This client has been closed; create a new one")

    def track_stream(self, stream: StreamT) -> StreamT:
        """Remember an open stream, by a weak reference, so that closing the client can end it."""
        with self._streams_lock:
            self._streams.add(stream)
        return stream

    def abort_streams(self) -> None:
        """Abort the connections of all open streams. Whoever reads from one gets an error."""
        with self._streams_lock:
            streams = list(self._streams)
        for stream in streams:
            stream.abort()

    def reset_after_fork(self) -> None:
        """Replace locks, exchanges and streams in a forked child: their threads exist in the parent only."""
        self._streams = weakref.WeakSet()
        self._streams_lock = threading.Lock()
        self.tokens.reset_after_fork()
        self.budget.reset_after_fork()
