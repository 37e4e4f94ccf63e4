"""What went wrong, for a person at a terminal: one sentence, a remedy, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from . import exit_codes

if TYPE_CHECKING:
    from indoxrouter.errors import IndoxRouterError

    from ..session.session import Session

__all__ = ["CommandError", "Problem", "explain", "near", "no_json"]


class Problem(NamedTuple):
    """A failure as it is shown."""

    message: str
    hint: str | None
    code: int


class CommandError(Exception):
    """Ends the command with a message, a remedy and an exit code.

    Args:
        message: what is wrong.
        hint: what to do about it.
        code: one of `exit_codes`; a usage error by default.
    """

    def __init__(self, message: str, hint: str | None = None, code: int = exit_codes.USAGE) -> None:
        super().__init__(message)
        self.problem = Problem(message, hint, code)


def near(word: str, known: Iterable[str]) -> list[str]:
    """Up to three known words that look like a mistyped one, the likeliest first. Upper and lower case are the same."""
    from difflib import SequenceMatcher

    wanted = word.lower()
    tail = wanted.rpartition("/")[2]

    def likeness(name: str) -> float:
        lower = name.lower()
        whole = SequenceMatcher(None, wanted, lower).ratio()
        # People leave the provider out, or name the wrong one: the model's own name counts as well.
        return max(whole, 0.95 * SequenceMatcher(None, tail, lower.rpartition("/")[2]).ratio())

    ranked = sorted(((likeness(name), name) for name in set(known)), key=lambda pair: (-pair[0], pair[1]))
    return [name for score, name in ranked[:3] if score >= 0.6]


def no_json(error: Exception) -> str:
    """Why a line is not JSON. It is one line of many: where in it, and no number of a line but its own."""
    if isinstance(error, json.JSONDecodeError):
        return f"this is not JSON: {error.msg} (at character {error.pos + 1})"
    return f"this is not JSON: {error}"


def explain(error: IndoxRouterError, session: Session | None) -> Problem:
    """The message, remedy and exit code of an exception of the client. May ask the server for its models."""
    from indoxrouter import errors

    if isinstance(error, errors.NetworkError):
        return Problem(_text(error), _network_hint(error, session), exit_codes.NETWORK)
    if isinstance(error, errors.InsufficientCreditsError):
        return Problem(
            _text(error), "See `indoxrouter whoami` for the credits that are left.", exit_codes.CREDITS
        )
    if isinstance(error, errors.RateLimitError):
        return Problem(_text(error), _rate_limit_hint(error), exit_codes.RATE_LIMIT)
    if isinstance(
        error, (errors.AuthenticationError, errors.PermissionDeniedError, errors.ModelNotAvailableError)
    ):
        return Problem(_text(error), _key_hint(error, session), exit_codes.AUTHENTICATION)
    if isinstance(error, (errors.ModelNotFoundError, errors.ProviderNotFoundError)):
        return Problem(_text(error), _model_hint(error, session), exit_codes.USAGE)
    if isinstance(error, errors.InvalidParametersError):
        return Problem(_text(error), None, exit_codes.USAGE)
    if isinstance(error, errors.NotFoundError):
        return Problem(_text(error), _path_hint(session), exit_codes.USAGE)
    if error.status_code is not None and error.status_code >= 500:
        return Problem(
            _text(error), "The service failed, not your request: try again later.", exit_codes.FAILURE
        )
    return Problem(_text(error), None, exit_codes.FAILURE)


def _text(error: IndoxRouterError) -> str:
    return str(error) or type(error).__name__


def _network_hint(error: IndoxRouterError, session: Session | None) -> str:
    from indoxrouter.errors import RequestTimeoutError, StreamTruncatedError

    if isinstance(error, StreamTruncatedError):
        return "The answer broke off; what came is kept."
    if isinstance(error, RequestTimeoutError):
        return "Wait longer with --timeout SECONDS."
    if session is None:
        return "The API key is not the problem. `indoxrouter doctor` looks closer."
    from ..diagnosis.doctor_checks import proxy_for

    proxy = proxy_for(session.public_client.base_url)
    if proxy is not None:
        return f"It goes through the proxy {proxy}: is that up? The API key is not the problem."
    where = f" ({session.settings.origin_of('base_url')})"
    return f"Is the address right{where}? The API key is not the problem. `indoxrouter doctor` looks closer."


def _rate_limit_hint(error: IndoxRouterError) -> str | None:
    return (
        f"Try again in {error.retry_after:.0f} s."
        if error.retry_after is not None
        else "Try again a little later."
    )


def _key_hint(error: IndoxRouterError, session: Session | None) -> str | None:
    if error.status_code == 403:
        return "The key is good, but it may not do this. `indoxrouter whoami` shows the account."
    if session is None:
        return None
    return f"The server answered, so it is up: the key is wrong. It came from {session.settings.origin_of('api_key')}."


def _path_hint(session: Session | None) -> str | None:
    # The service's own address has the API; under one that was given, there may be something else.
    if session is None or session.settings.base_url is None:
        return None
    return _look_for_models(session)[1]


def _model_hint(error: IndoxRouterError, session: Session | None) -> str | None:
    general = "`indoxrouter models` lists what there is."
    if session is None:
        return general
    known, hint = _look_for_models(session)
    wanted = error.details.get("model") or session.model_in_use
    matches = near(wanted, known) if isinstance(wanted, str) else []
    if matches:
        return f"Did you mean {' or '.join(matches)}? `indoxrouter models` lists all."
    return hint or general


def _look_for_models(session: Session) -> tuple[list[str], str | None]:
    """The models of the server, and what to say where it has no list of them: then it has no API at that address."""
    from indoxrouter.errors import IndoxRouterError, NotFoundError

    try:
        return [entry.name for entry in session.catalogue()], None
    except NotFoundError:
        address = session.settings.base_url or session.public_client.base_url
        return [], f"Does the address end in the API's path? It is {address}."
    except IndoxRouterError:  # the hint is a courtesy; the error it belongs to is shown in any case
        return [], None
