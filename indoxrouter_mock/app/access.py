"""Who may use the admin endpoints: requests from this machine's own pages and programs, or with the admin token.

A web page elsewhere can send requests to `127.0.0.1`, and can let its own name resolve to it. Such requests carry a
foreign `Origin` or a foreign `Host`, and are refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from ..spec.errors import ApiError
from .context import AppContext

TOKEN_HEADER = "x-mock-admin-token"


def check_access(app: AppContext, headers: Mapping[str, str], server: Any) -> None:
    """Raise ApiError 403 for a foreign `Host` or `Origin`, 401 for a missing or wrong admin token.

    Args:
        app: knows the token and the further host names that are allowed.
        headers: of the request, with lower-case names.
        server: host and port at which the request arrived, as ASGI gives them.
    """
    host = headers.get("host", "")
    name = _host_name(host)
    if host and not (is_loopback(name) or name == _host_name(str(server[0])) or name in app.allowed_hosts):
        raise ApiError(403, f"the host {host[:100]!r} is foreign; allow it with --allow-host")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        raise ApiError(403, f"the origin {origin[:100]!r} is foreign to {host[:100]!r}")
    if app.admin_token is not None and not _has_token(app.admin_token, headers):
        raise ApiError(
            401,
            "the admin endpoints of this server take a token: send the one printed at its start as "
            "`Authorization: Bearer` or `X-Mock-Admin-Token`",
        )


def _has_token(token: str, headers: Mapping[str, str]) -> bool:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    given = headers.get(TOKEN_HEADER) or (bearer.strip() if scheme.lower() == "bearer" else "")
    return hmac.compare_digest(given.encode(), token.encode())


def _host_name(host: str) -> str:
    """The name or address in `name:port`, `[::1]:port` or `::1`."""
    host = host.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine only."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
