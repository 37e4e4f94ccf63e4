"""How an API key, or a refresh token, becomes a token. A flow without I/O: the caller decides how requests are made."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from indoxrouter import models
from indoxrouter._runtime.errors.messages import message_in
from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import as_text, is_object
from indoxrouter._runtime.values.masking import mask
from indoxrouter.about import load_operation
from indoxrouter.errors import APIError, AuthenticationError, IndoxRouterError

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call

    from .token_store import TokenStore


class TokenAnswer(Protocol):
    """What an exchange reads of an HTTP answer."""

    status: int
    body: bytes | bytearray
    attempts: tuple[Any, ...]


RequestFlow = Callable[["Call[Any]"], Generator[Any, Any, TokenAnswer]]
"""Makes one call, as a generator; see `calls.request_flow`."""

# Servers that lack the documented endpoint, or read its body differently, offer the exchange by header.
_TRY_HEADER = frozenset({404, 405, 415, 422, 501})
_NOT_FOUND = frozenset({404, 405, 501})


def exchange_flow(
    request: RequestFlow, tokens: TokenStore, api_key: str, host: str
) -> Generator[Any, Any, bool]:
    """Get a token for `tokens`: with their refresh token if there is one, else with the API key.

    Returns:
        False when the server has no endpoint for the exchange: the API key itself is then sent as the bearer token.

    Raises:
        AuthenticationError: when the server refuses the key with 401 or 403, and in no other case.
        NetworkError, APIError, …: when the token endpoint is unavailable or its answer holds no token.
    """
    refresh_token = tokens.refresh_token
    if refresh_token is not None:
        call = load_operation("refreshToken").call(fields={"refresh_token": refresh_token})
        failure = yield from _attempt(request(call), tokens, host, api_key)
        if failure is None:
            return True
        if failure.status_code is None:
            raise failure
        tokens.drop_refresh_token(refresh_token)
    call = load_operation("createToken").call(fields={"username": api_key, "password": api_key})
    failure = yield from _attempt(request(call), tokens, host, api_key)
    if failure is not None and failure.status_code in _TRY_HEADER:
        not_found = failure.status_code in _NOT_FOUND
        operation = load_operation("exchangeApiKey")
        call = operation.call({each.name: api_key for each in operation.parameters if each.required})
        failure = yield from _attempt(request(call), tokens, host, api_key)
        if failure is not None and not_found and failure.status_code in _NOT_FOUND:
            return False
    if failure is not None:
        raise _refusal(failure, host)
    return True


def _attempt(
    flow: Generator[Any, Any, TokenAnswer], tokens: TokenStore, host: str, api_key: str
) -> Generator[Any, Any, IndoxRouterError | None]:
    """Make one request for a token, and store it. Returns the failure, or None.

    A server that returns no new refresh token leaves the previous one valid.
    """
    try:
        answer = yield from flow
    except IndoxRouterError as error:
        return error
    payload: Any = None
    with suppress(json.MalformedJson):
        payload = json.loads(answer.body)
    if is_object(payload):
        response = models.TokenResponse.from_dict(payload)
        token, refresh = as_text(response.access_token), as_text(response.refresh_token)
        if token and all("!" <= character <= "~" for character in token):
            tokens.accept(token, response.expires_in, refresh or tokens.refresh_token)
            return None
    said = str(mask(message_in(payload), [api_key, tokens.refresh_token or ""]))[:300] or "check base_url"
    reason = f"The answer of {host} to the token request holds no token: {said}"
    return APIError(reason, status_code=answer.status, attempts=answer.attempts)


def _refusal(failure: IndoxRouterError, host: str) -> IndoxRouterError:
    """Make a refused key an `AuthenticationError`, and any other failure something else."""
    refused = failure.status_code in (401, 403)
    if refused == isinstance(failure, AuthenticationError):
        return failure
    message = f"{host} refused the API key: {failure.message}" if refused else failure.message
    error = AuthenticationError(message) if refused else APIError(message)
    error.__dict__.update(failure.__dict__, message=message)
    return error
