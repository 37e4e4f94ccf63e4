"""Tokens for passwords, API keys and refresh tokens."""

from __future__ import annotations

from typing import Any

from ..base.json import dumps, is_object
from ..base.reply import Reply
from ..request.authentication import CHALLENGE, COOKIE
from ..request.call import Call, operation
from ..spec.errors import ApiError
from ..state.sessions import Session


@operation("createToken")
def create_token(call: Call) -> Reply:
    """Tokens for a user name and password, or for an API key sent as the password."""
    found = call.state.accounts.with_password(call.body["username"], call.body["password"])
    if found is None:
        raise ApiError(401, "unknown API key, or wrong user name or password", headers=CHALLENGE)
    account, key = found
    return _answer(call, call.state.sessions.open(account, key))


@operation("exchangeApiKey")
def exchange_api_key(call: Call) -> Reply:
    """Tokens for an API key, also as a cookie."""
    reply = _answer(call, call.state.sessions.open(call.owner, call.key))
    body: dict[str, Any] = reply.body if is_object(reply.body) else {}
    lifetime = int(call.state.options.token_lifetime)
    reply.headers.append(
        (
            "set-cookie",
            f"{COOKIE}={body.get('access_token') or ''}; Path=/; Max-Age={lifetime}; HttpOnly; SameSite=lax",
        )
    )
    return reply


@operation("refreshToken")
def refresh_token(call: Call) -> Reply:
    """A new pair of tokens for a refresh token, which is spent by this."""
    return _answer(call, call.state.sessions.rotate(call.body["refresh_token"]))


def _answer(call: Call, session: Session) -> Reply:
    """A fresh pair of tokens, or an invalid one when a fault asks for it."""
    faults = call.faults
    body = call.state.sessions.issue(session, lifetime=-1.0 if "expired_token" in faults else None)
    if "revoked_token" in faults:
        session.revoked = True
    garbage = faults.get("garbage_token")
    if garbage is None:
        return Reply(body)
    if garbage["form"] == "not_json":
        return Reply(content=b"<html>welcome to the gateway</html>", media_type="text/html")
    if garbage["form"] == "missing":
        del body["access_token"]
    else:
        body["access_token"] = {"text": "this is no token", "empty": "", "null": None}[garbage["form"]]
    # Ready bytes are not held against the spec, which this body is meant to break.
    return Reply(content=dumps(body))
