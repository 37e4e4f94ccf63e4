"""Exceptions of the client, for a person at a terminal: one sentence, a remedy, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base import exit_codes
from ..base.errors import ErrorReport, suggest
from .network import find_proxy

if TYPE_CHECKING:
    from indoxrouter.errors import IndoxRouterError

    from ..session.session import Session

_ASKS_FOR_PATH = "Does the address include the API's path?"
"""The client says so as well, where the answer shows it."""


def explain(error: IndoxRouterError, session: Session | None) -> ErrorReport:
    """The message, remedy and exit code for an exception of the client.

    For an unknown model it asks the server for its models, to suggest a similar one.
    """
    from indoxrouter import BudgetExceededError, errors  # cost: loads the client

    if isinstance(error, BudgetExceededError):
        return ErrorReport(
            _message(error), "Nothing was sent. Allow more with --budget USD.", exit_codes.TOO_EXPENSIVE
        )
    if isinstance(error, errors.NetworkError):
        return ErrorReport(_message(error), _network_hint(error, session), exit_codes.NETWORK)
    if isinstance(error, errors.InsufficientCreditsError):
        return ErrorReport(
            _message(error), "`indoxrouter whoami` shows the remaining credits.", exit_codes.CREDITS
        )
    if isinstance(error, errors.RateLimitError):
        return ErrorReport(_message(error), _rate_limit_hint(error), exit_codes.RATE_LIMIT)
    if isinstance(
        error, (errors.AuthenticationError, errors.PermissionDeniedError, errors.ModelNotAvailableError)
    ):
        return ErrorReport(_message(error), _key_hint(error, session), exit_codes.AUTHENTICATION)
    if isinstance(error, (errors.ModelNotFoundError, errors.ProviderNotFoundError)):
        return ErrorReport(_message(error), _model_hint(error, session), exit_codes.USAGE)
    if isinstance(error, errors.InvalidParametersError):
        return ErrorReport(_message(error), None, exit_codes.USAGE)
    if isinstance(error, errors.NotFoundError):
        return ErrorReport(_message(error), _path_hint(error, session), exit_codes.USAGE)
    if error.status_code is not None and error.status_code >= 500:
        return ErrorReport(
            _message(error), "The service failed; your request is valid. Try again later.", exit_codes.FAILURE
        )
    return ErrorReport(_message(error), None, exit_codes.FAILURE)


def _message(error: IndoxRouterError) -> str:
    return str(error) or type(error).__name__


def _network_hint(error: IndoxRouterError, session: Session | None) -> str:
    from indoxrouter.errors import RequestTimeoutError, StreamTruncatedError  # cost: loads the client

    if isinstance(error, StreamTruncatedError):
        return "The answer was cut off; the text received so far is kept."
    if isinstance(error, RequestTimeoutError):
        return "Set a longer timeout with --timeout SECONDS."
    if session is None:
        return "The API key is not the cause. Run `indoxrouter doctor` for a diagnosis."
    proxy = find_proxy(session.public_client.base_url)
    if proxy is not None:
        return f"The request uses the proxy {proxy}: is it running? The API key is not the cause."
    where = f" ({session.settings.origin_of('base_url')})"
    return f"Is the address correct{where}? The API key is not the cause. Run `indoxrouter doctor` for a diagnosis."


def _rate_limit_hint(error: IndoxRouterError) -> str | None:
    return f"Try again in {error.retry_after:.0f} s." if error.retry_after is not None else "Try again later."


def _key_hint(error: IndoxRouterError, session: Session | None) -> str | None:
    if error.status_code == 403:
        return "The key is valid, but lacks permission. `indoxrouter whoami` shows the account."
    if session is None:
        return None
    return f"The server is reachable, but the key is wrong. Source of the key: {session.settings.origin_of('api_key')}."


def _path_hint(error: IndoxRouterError, session: Session | None) -> str | None:
    # The default address serves the API; a configured one may be wrong.
    if session is None or session.settings.base_url is None or _ASKS_FOR_PATH in _message(error):
        return None
    return _fetch_model_names(session)[1]


def _model_hint(error: IndoxRouterError, session: Session | None) -> str | None:
    default_hint = "`indoxrouter models` lists the available models."
    if session is None:
        return default_hint
    known, hint = _fetch_model_names(session)
    wanted = error.details.get("model") or session.model_in_use
    matches = suggest(wanted, known) if isinstance(wanted, str) else []
    if matches:
        return f"Did you mean {' or '.join(matches)}? `indoxrouter models` lists all models."
    return hint or default_hint


def _fetch_model_names(session: Session) -> tuple[list[str], str | None]:
    """The names of the server's models, and a hint if the server has no such list: then the address is wrong."""
    from indoxrouter.errors import IndoxRouterError, NotFoundError  # cost: loads the client

    try:
        return [entry.name for entry in session.catalog()], None
    except NotFoundError:
        address = session.settings.base_url or session.public_client.base_url
        return [], f"{_ASKS_FOR_PATH} It is {address}."
    except IndoxRouterError:  # the hint is optional; the error itself is shown in any case
        return [], None
