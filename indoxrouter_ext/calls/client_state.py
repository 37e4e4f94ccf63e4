"""What the calls of one client share, and how an API key becomes a token."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.values import json as jsonio
from indoxrouter._runtime.values.type_guards import is_object

from ..auth.token_store import TokenStore
from ..http.fork_safety import start_anew_in_children
from .headers import RequestHeaders
from .request_flow import Answer, Effect, call_flow, host_of
from .retry import RetryBudget

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter.errors import IndoxRouterError

    from ..settings.values import Settings

__all__ = ["Core", "exchange_flow"]

T = TypeVar("T")
S = TypeVar("S")


class Core:
    """Credentials, token, budget and clock of a client and of all that `with_options` makes of it.

    Args:
        api_key: checked already.
        exchange: whether the key is exchanged for a token, or sent itself.
        auto_refresh: whether an expired token is replaced without being asked.
        clock: seconds on a clock that never goes back; injectable for tests.
    """

    def __init__(
        self,
        api_key: str,
        *,
        exchange: bool = True,
        auto_refresh: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api_key = api_key
        self._exchange = exchange
        self.auto_refresh = auto_refresh
        self.clock = clock
        self.tokens: TokenStore[Any] = TokenStore(clock)
        self.budget = RetryBudget()
        self.headers = RequestHeaders()
        self.closed = False
        # Set once by a first authentication: with `auto_refresh` off, the first token is not a replacement.
        self.authenticated = False
        self._streams: weakref.WeakSet[Any] = weakref.WeakSet()
        self._streams_lock = threading.Lock()
        start_anew_in_children(self)

    def __repr__(self) -> str:
        return f"Core({self.tokens!r})"

    def without_tokens(self) -> Core:
        """A core for another server: the same key, clock and options, and nothing that this server gave."""
        return Core(self._api_key, exchange=self._exchange, auto_refresh=self.auto_refresh, clock=self.clock)

    @property
    def direct_token(self) -> str | None:
        """The API key, where it is sent as the bearer token itself."""
        return None if self._exchange else self._api_key

    def send_key_itself(self) -> None:
        """From now on send the API key as the bearer token: this server knows no way to exchange it."""
        self._exchange = False

    def usable_token(self) -> str | None:
        """What to send right after an exchange: even a token that is about to expire is the best there is."""
        return self.direct_token or self.tokens.unexpired() or self.tokens.token

    def token_after_failed_renewal(self) -> str | None:
        """The present token while it has not expired. The next renewal is put off, so that calls do not wait for it."""
        return self.tokens.postpone_renewal() if self.auto_refresh else None

    def watch(self, stream: S) -> S:
        """Remember an open stream for as long as somebody else does, so that closing the client can end it."""
        with self._streams_lock:
            self._streams.add(stream)
        return stream

    def break_streams(self) -> None:
        """Break the connections of the streams that are open: whoever reads from one learns of it now."""
        with self._streams_lock:
            streams = list(self._streams)
        for stream in streams:
            stream.break_off()

    def start_anew(self) -> None:
        """In a forked child: locks may be held by threads that are not there, and exchanges made by them."""
        self._streams = weakref.WeakSet()
        self._streams_lock = threading.Lock()
        self.tokens.start_anew()
        self.budget.start_anew()

    def may_replace(self, token: str) -> bool:
        """Whether a token that was refused may be exchanged for another one."""
        return self._exchange and self.auto_refresh and token != self._api_key

    def secrets(self, more: Iterable[str] = ()) -> list[str]:
        """Everything that must not be shown, should a server echo it."""
        return [value for value in (self._api_key, *self.tokens.secrets(), *more) if value]

    def is_told_by(self, text: str) -> bool:
        """Whether a text holds one of the client's own secrets."""
        return self._api_key in text or self.tokens.is_told_by(text)

    def is_spent(self, error: IndoxRouterError) -> bool:
        """Whether an error says that the account is out of credits, under whichever status."""
        from indoxrouter.errors import InsufficientCreditsError

        return isinstance(error, InsufficientCreditsError)

    def ready_token(self) -> str | None:
        """What can be sent as the bearer token now, or None when a token has to be fetched.

        Raises:
            AuthenticationError: when the token has expired and refreshing is off.
        """
        if not self._exchange:
            return self._api_key
        if self.auto_refresh:
            return self.tokens.fresh()
        token = self.tokens.unexpired()
        if token is None and self.authenticated:
            from indoxrouter.errors import AuthenticationError

            raise AuthenticationError(
                "The token has expired and auto_refresh is off: call client._authenticate() for a new one, "
                "or make the client with auto_refresh=True"
            )
        return token

    def check_open(self) -> None:
        """Raise `ClientClosedError` once the client has been closed."""
        if self.closed:
            from indoxrouter.errors import ClientClosedError

            raise ClientClosedError("This client has been closed; make a new one")

    def decode(self, call: Call[T], answer: Answer) -> T:
        """Turn a successful answer into what the operation documents.

        Raises:
            IndoxRouterError: for a body that reports a failure in spite of its status, or cannot be read.
        """
        decoded: T = _decoder()(call, answer, self)
        return decoded

    def not_a_stream(self, call: Call[Any], answer: Answer) -> Any:
        """What to make of a success that should have been a stream: an error in JSON, or a page in its place.

        Raises:
            IndoxRouterError: the error that the body reports, or `APIError` naming the content type that came.
        """
        from ..responses.decoding import refuse_in_place_of_stream

        return refuse_in_place_of_stream(call, answer, self.secrets(call.secrets()))


@cache
def _decoder() -> Callable[[Call[Any], Answer, Core], Any]:
    """`decode.decode_answer`, imported when the first answer is there."""
    from ..responses.decoding import decode_answer

    return decode_answer


def exchange_flow(core: Core, settings: Settings, deadline: float | None) -> Generator[Effect, Any, None]:
    """Get a token: by the refresh token if there is one, else by the API key.

    Raises:
        AuthenticationError: when the server refuses the key with 401 or 403, and in no other case.
        NetworkError, APIError, …: when the token endpoint is down or answers nonsense.
    """
    from indoxrouter.api.auth.create_token import OPERATION as CREATE
    from indoxrouter.api.auth.refresh_token import OPERATION as REFRESH
    from indoxrouter.errors import IndoxRouterError

    # A key that the caller chose for a paid call is not the key of the exchange before it.
    settings = settings._replace(idempotency_key=None)
    refresh_token = core.tokens.refresh_token
    if refresh_token is not None:
        refused = False
        try:
            trade = REFRESH.call(fields={"refresh_token": refresh_token})
            answer = yield from call_flow(core, trade, settings, deadline)
            _accept(core, settings, answer, refresh_token)
            return
        except IndoxRouterError as error:
            refused = error.status_code is not None
            if not refused:
                raise
        core.tokens.drop_refresh_token(refresh_token)
    key = core.secrets()[0]
    failure: IndoxRouterError
    try:
        answer = yield from call_flow(
            core, CREATE.call(fields={"username": key, "password": key}), settings, deadline
        )
        _accept(core, settings, answer)
        return
    except IndoxRouterError as error:
        failure = error
    if failure.status_code in _NO_SUCH_ENDPOINT:
        unknown = failure.status_code in _UNKNOWN
        try:
            answer = yield from call_flow(core, _exchange_call(key), settings, deadline)
            _accept(core, settings, answer)
            return
        except IndoxRouterError as error:
            failure = error
        if unknown and failure.status_code in _UNKNOWN:
            core.send_key_itself()  # documented: the API key is good as a bearer token everywhere
            return
    raise _refusal(failure, settings)


# Servers without the documented endpoint, or with another idea of its body, offer the exchange by header.
_NO_SUCH_ENDPOINT = frozenset({404, 405, 415, 422, 501})
_UNKNOWN = frozenset({404, 405, 501})


def _exchange_call(key: str) -> Call[Any]:
    from indoxrouter.api.auth.exchange_api_key import OPERATION

    return OPERATION.call({parameter.name: key for parameter in OPERATION.parameters if parameter.required})


def _accept(core: Core, settings: Settings, answer: Answer, traded: str | None = None) -> None:
    # A server that takes a refresh token and gives none back lets the old one live on.
    from indoxrouter.errors import APIError
    from indoxrouter.models.auth import TokenResponse

    payload: Any = None
    with suppress(jsonio.MalformedJson):
        payload = jsonio.loads(answer.body)
    if is_object(payload):
        pair = TokenResponse.from_dict(payload)
        token: Any = pair.access_token
        if isinstance(token, str) and token and all("!" <= character <= "~" for character in token):
            refresh: Any = pair.refresh_token
            core.tokens.accept(
                token, pair.expires_in, refresh if isinstance(refresh, str) and refresh else traded
            )
            core.authenticated = True
            return
    error = APIError(
        f"{host_of(settings.base_url)} answered the token request with something that holds no token",
        status_code=answer.status,
    )
    error.attempts = answer.attempts
    raise error


def _refusal(failure: IndoxRouterError, settings: Settings) -> IndoxRouterError:
    """Keep `AuthenticationError` for a key that was refused, and make sure that a refused key is one."""
    from indoxrouter.errors import APIError, AuthenticationError

    refused = failure.status_code in (401, 403)
    if refused == isinstance(failure, AuthenticationError):
        return failure
    kind = AuthenticationError if refused else APIError
    message = (
        failure.message
        if not refused
        else f"{host_of(settings.base_url)} refused the API key: {failure.message}"
    )
    return kind(
        message,
        status_code=failure.status_code,
        error_type=failure.error_type,
        details=failure.details,
        request_id=failure.request_id,
        retry_after=failure.retry_after,
        attempts=failure.attempts,
    )
