"""How credentials are sent: in the headers, query parameters or cookies that their security schemes name."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

Credentials = Mapping[str, str]
"""Credentials by the name of the security scheme that they are for."""


def apply_credentials(
    security: tuple[tuple[str, ...], ...], schemes: Mapping[str, Mapping[str, Any]], token: str | Credentials
) -> tuple[dict[str, str], str]:
    """The headers and the piece of the query that carry the credentials of one call.

    Args:
        security: the alternatives that open the operation, each with the schemes that it needs together.
        schemes: how each scheme sends its credential.
        token: one credential for whichever scheme is asked for, or several by scheme.

    Raises:
        InvalidParametersError: when there are some of the credentials that an alternative needs, but not all.
    """
    # Mutual TLS belongs to the connection, not to a request.
    needed = [[name for name in names if schemes.get(name, {}).get("type") != "mutualTLS"] for names in security]
    if isinstance(token, str):
        single = [names for names in needed if len(names) == 1]
        chosen = {single[0][0]: token} if single else None
    else:
        complete = [names for names in needed if names and all(name in token for name in names)]
        chosen = {name: token[name] for name in complete[0]} if complete else None
    if chosen is None:
        _refuse_some(needed, token)
        return {}, ""
    headers: dict[str, str] = {}
    query: list[str] = []
    for name, credential in chosen.items():
        _add(schemes.get(name, {}), credential, headers, query)
    return headers, "&".join(query)


def _refuse_some(needed: list[list[str]], token: str | Credentials) -> None:
    """Refuse half of what an alternative needs, unless the operation opens without credentials."""
    if [] in needed:
        return
    for names in needed:
        missing = [name for name in names if isinstance(token, str) or name not in token]
        if isinstance(token, str) or len(missing) < len(names):
            from ..errors import InvalidParametersError  # cost: for errors only

            text = " and ".join(repr(name) for name in missing)
            given = "one credential" if isinstance(token, str) else "only a part"
            raise InvalidParametersError(
                f"token: expected a mapping with credentials for {text}, got {given}", argument="token"
            )


def _add(scheme: Mapping[str, Any], credential: str, headers: dict[str, str], query: list[str]) -> None:
    if scheme.get("type") == "apiKey":
        where, name = str(scheme["in"]), str(scheme["name"])
        if where == "query":
            query.append(f"{quote(name, safe='')}={quote(credential, safe='')}")
        elif where == "cookie":
            cookie = f"{name}={quote(credential, safe='')}"
            headers["Cookie"] = f"{headers['Cookie']}; {cookie}" if "Cookie" in headers else cookie
        else:
            headers[name] = credential
    elif scheme.get("scheme") == "basic":
        headers["Authorization"] = f"Basic {b64encode(credential.encode()).decode()}"
    else:
        headers["Authorization"] = f"{str(scheme.get('scheme', 'bearer')).capitalize()} {credential}"
