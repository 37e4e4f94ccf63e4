"""The proxy that a request uses, read from the environment."""

from __future__ import annotations

import os
from urllib.parse import urlsplit


def read_variable(name: str) -> str | None:
    """The value of a proxy variable, in lower or upper case; None where it is not set."""
    return os.environ.get(name.lower()) or os.environ.get(name) or None


def without_password(proxy: str) -> str:
    """The address of a proxy without user name and password."""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # not a number: it may be a part of a password
        port = ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def find_proxy(url: str) -> str | None:
    """The proxy for a URL, without its password; None if requests go to the server directly."""
    from urllib.request import proxy_bypass  # cost: loads http.client

    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    found = read_variable(f"{parts.scheme.upper()}_PROXY") or read_variable("ALL_PROXY")
    return without_password(found) if found else None
