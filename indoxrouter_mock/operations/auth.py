"""Tokens for passwords, API keys and refresh tokens."""

from __future__ import annotations

from typing import Any

from ..base.json import is_object
from ..request.authentication import CHALLENGE, COOKIE
from ..request.call import Call, Reply, operation
from ..spec.errors import Problem
from ..state.sessions import Session


@operation("createToken")
def create_token(call: Call) -> Reply:
    found = call.state.accounts.with_password(call.body["username"], call.body["password"])
    if found is None:
        raise Problem(401, "the user name and password, or the API key, are not known", headers=CHALLENGE)
    account, key = found
    return _answer(call, call.state.tokens.open(account, key))


@operation("exchangeApiKey")
def exchange_api_key(call: Call) -> Reply:
    reply = _answer(call, call.state.tokens.open(call.owner, call.key))
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
    return _answer(call, call.state.tokens.rotate(call.body["refresh_token"]))


def _answer(call: Call, session: Session) -> Reply:
    """A fresh pair of tokens, spoilt when a fault asks for it."""
    faults = call.faults
    body = call.state.tokens.issue(session, lifetime=-1.0 if "expired_token" in faults else None)
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
    return Reply(content=_json(body))


def _json(value: Any) -> bytes:
    """Ready bytes, which are not held against the spec: this body is meant to break it."""
    from ..base.json import dumps

    return dumps(value)
