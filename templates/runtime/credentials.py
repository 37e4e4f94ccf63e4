"""How a credential travels: in the header, query parameter or cookie that its security scheme names."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

__all__ = ["Credentials", "place"]

Credentials = Mapping[str, str]
"""Credentials by the name of the security scheme that they are for."""


def place(
    security: Iterable[str], schemes: Mapping[str, Mapping[str, Any]], token: str | Credentials | None
) -> tuple[dict[str, str], str]:
    """The headers and the piece of the query that carry the credential of one call.

    Args:
        security: the schemes that open the operation; the first one for which there is a credential is used.
        schemes: how each scheme sends its credential.
        token: one credential for whatever scheme is asked for, or several by scheme.
    """
    for name in security:
        credential = token if isinstance(token, str) or token is None else token.get(name)
        if credential is None:
            continue
        scheme = schemes.get(name, {})
        if scheme.get("type") == "mutualTLS":
            continue  # the connection proves it, not the request
        if scheme.get("type") == "apiKey":
            return _key(str(scheme["in"]), str(scheme["name"]), credential)
        if scheme.get("scheme") == "basic":
            return {"Authorization": f"Basic {b64encode(credential.encode()).decode()}"}, ""
        return {"Authorization": f"{str(scheme.get('scheme', 'bearer')).capitalize()} {credential}"}, ""
    return {}, ""


def _key(where: str, name: str, credential: str) -> tuple[dict[str, str], str]:
    if where == "query":
        return {}, f"{quote(name, safe='')}={quote(credential, safe='')}"
    if where == "cookie":
        return {"Cookie": f"{name}={quote(credential, safe='')}"}, ""
    return {name: credential}, ""
