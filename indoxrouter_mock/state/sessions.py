"""Logins, their access tokens (JSON Web Tokens, HS256) and refresh tokens.

A refresh token works once: using it gives a new pair. Using a spent one again revokes the whole login, because then
two parties hold it. Access tokens hold the id of their API key, so that revoking the key revokes them too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

from ..base.clock import Clock
from ..base.identifiers import Identifiers
from ..base.json import DecodeError, dumps, is_object, loads
from ..spec.errors import ApiError
from .accounts import Account, Accounts, ApiKey

REFRESH_LIFETIME = 30 * 86_400.0
ISSUER = "indoxrouter-mock"
MOST_LOGINS, MOST_REFRESH_TOKENS = 10_000, 20_000
"""Beyond these, the oldest ones end."""
REMEMBERED = 4096
"""How many verified tokens are cached, so that a client's token is not verified for each request."""


@dataclass(slots=True)
class Session:
    """One login: all tokens that descend from one exchange. `revoked` ends them together."""

    id: str
    account: Account
    key: ApiKey | None
    revoked: bool = False
    refresh: str = field(default="", repr=False)
    refresh_expires: float = 0.0


class Sessions:
    """Issues and checks the tokens of one server."""

    def __init__(self, clock: Clock, identifiers: Identifiers, accounts: Accounts, lifetime: float) -> None:
        self._clock = clock
        self._identifiers = identifiers
        self._accounts = accounts
        self._secret = identifiers.token(48).encode()
        self._sessions: dict[str, Session] = {}
        self._refresh: dict[str, Session] = {}
        self._verified: dict[str, dict[str, Any]] = {}
        self.lifetime = lifetime

    def open(self, account: Account, key: ApiKey | None) -> Session:
        """Begin a login of an account, by an API key or by password."""
        session = Session(self._identifiers.uuid(), account, key)
        self._sessions[session.id] = session
        if len(self._sessions) > MOST_LOGINS:
            del self._sessions[next(iter(self._sessions))]
        return session

    def issue(self, session: Session, *, lifetime: float | None = None) -> dict[str, Any]:
        """A token answer: `access_token`, `token_type`, `expires_in` and a fresh `refresh_token`."""
        now = self._clock.now()
        lifetime = self.lifetime if lifetime is None else lifetime
        claims = {
            "iss": ISSUER,
            "sub": str(session.account.id),
            "sid": session.id,
            "jti": self._identifiers.hex(16),
            "iat": int(now),
            "exp": now + lifetime,
        }
        session.refresh = "refresh-" + self._identifiers.token(40)
        session.refresh_expires = now + REFRESH_LIFETIME
        self._refresh[session.refresh] = session
        if len(self._refresh) > MOST_REFRESH_TOKENS:
            del self._refresh[next(iter(self._refresh))]
        return {
            "access_token": encode(claims, self._secret),
            "token_type": "bearer",
            "expires_in": max(1, int(self.lifetime)),
            "refresh_token": session.refresh,
        }

    def rotate(self, refresh_token: str) -> Session:
        """The session that a refresh token belongs to; the token is spent by this. Raises ApiError 401."""
        session = self._refresh.get(refresh_token)
        if session is None:
            raise ApiError(401, "the refresh token is not known")
        if session.refresh != refresh_token:
            session.revoked = True
            raise ApiError(401, "the refresh token was used before; this login has been revoked")
        self._require_active(session)
        if self._clock.now() >= session.refresh_expires:
            raise ApiError(401, "the refresh token has expired")
        return session

    def session_of(self, token: str) -> Session:
        """The session of a valid access token. Raises ApiError 401 with the reason."""
        claims = self._verified.get(token)
        if claims is None:
            claims = decode(token, self._secret)
            if len(self._verified) >= REMEMBERED:
                self._verified.clear()
            self._verified[token] = claims
        if self._clock.now() >= claims["exp"]:
            raise ApiError(401, "the token has expired")
        session = self._sessions.get(claims["sid"])
        if session is None:
            raise ApiError(401, "the token belongs to no known login")
        self._require_active(session)
        return session

    def revoke(self, token: str) -> None:
        """End the login that a token belongs to."""
        self.session_of(token).revoked = True

    def forget(self, account: Account) -> None:
        """End every login of an account."""
        for session in self._sessions.values():
            if session.account is account:
                session.revoked = True

    def revoke_all(self) -> int:
        """End every login; returns how many there were."""
        running = [session for session in self._sessions.values() if not session.revoked]
        for session in running:
            session.revoked = True
        return len(running)

    def _require_active(self, session: Session) -> None:
        if session.revoked:
            raise ApiError(401, "the token has been revoked")
        if not session.account.is_active:
            raise ApiError(401, "the account has been deleted")
        if session.key is not None and self._accounts.with_secret(session.key.secret) is None:
            raise ApiError(401, "the API key behind this token has been revoked, deleted or has expired")


def encode(claims: dict[str, Any], secret: bytes) -> str:
    """A signed token in the compact form of RFC 7519."""
    signed = f"{_base64(dumps({'alg': 'HS256', 'typ': 'JWT'}))}.{_base64(dumps(claims))}"
    return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def decode(token: str, secret: bytes) -> dict[str, Any]:
    """The claims of a token whose signature is right; the caller checks whether it has expired. Raises ApiError 401."""
    signed, _, signature = token.rpartition(".")
    if signed.count(".") != 1:
        raise ApiError(401, "the credentials are neither an API key that works nor a token")
    expected = _base64(hmac.digest(secret, signed.encode("utf-8", "replace"), hashlib.sha256))
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise ApiError(401, "the token's signature is not this server's")
    payload = signed.partition(".")[2]
    try:
        claims = loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, *DecodeError) as error:
        raise ApiError(401, "the token's claims can't be read") from error
    if not is_object(claims) or "exp" not in claims or "sid" not in claims:
        raise ApiError(401, "the token's claims are not complete")
    return claims


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
