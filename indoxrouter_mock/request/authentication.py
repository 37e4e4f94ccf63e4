"""Authentication: the request's credentials are checked against the spec's `security`."""

from __future__ import annotations

from ..spec.errors import ApiError
from .call import Call

CHALLENGE = [("www-authenticate", "Bearer")]
COOKIE = "access_token"
NOTHING = "no credentials: send `Authorization: Bearer` with an API key or a token"


def authenticate(call: Call) -> None:
    """Fill in `account`, `key` and `session`. Raises ApiError 401 when the operation asks for credentials and none
    hold.
    """
    if not call.operation.security:
        return
    problem: ApiError | None = None
    for alternative in call.operation.security:
        if not alternative:
            return
        try:
            for name in alternative:
                header = call.spec.key_headers.get(name)
                given = bearer_of(call.headers) if header is None else call.headers.get(header.lower())
                if not given:
                    raise ApiError(401, NOTHING if header is None else f"no API key in the header {header}")
                if header is None and given.count(".") == 2:
                    _with_token(call, given)
                else:
                    _with_api_key(call, given)
            return
        except ApiError as found:
            problem = problem or found
    if problem is not None:
        problem.headers += CHALLENGE
        raise problem


def bearer_of(headers: dict[str, str]) -> str:
    """The credentials of the Authorization header, else of the cookie that the key exchange sets, else nothing."""
    scheme, _, credentials = headers.get("authorization", "").strip().partition(" ")
    if credentials and scheme.lower() == "bearer":
        return credentials.strip()
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value.strip().strip('"').removeprefix("Bearer ")
    return ""


def _with_api_key(call: Call, secret: str) -> None:
    found = call.state.accounts.with_secret(secret)
    if found is None:
        raise ApiError(401, "the API key is not known, was revoked, or has expired")
    call.account, call.key = found
    call.key.last_used_at = call.started


def _with_token(call: Call, token: str) -> None:
    call.session = call.state.sessions.session_of(token)
    call.account, call.key = call.session.account, call.session.key
    if call.key is not None:
        call.key.last_used_at = call.started
