"""Which proxy is between this program and a server, by the variables of the environment."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

_SCHEMES = ("http", "https", "socks5", "socks5h")


def proxy_for(url: str) -> str | None:
    """The URL of the proxy for a request, or None.

    `HTTP_PROXY`, `HTTPS_PROXY` and `ALL_PROXY` name proxies, `NO_PROXY` the hosts that are reached without one; lower
    case counts before upper case. On macOS and Windows the system's settings count where no variable is set.

    Raises:
        ValueError: for a proxy that is no URL; the message names the variable and holds no password.
    """
    parts = urlsplit(url)
    name, proxy = _configured(parts.scheme)
    if not proxy or _is_exempt(parts):
        return None
    return _check(name, proxy)


def _configured(scheme: str) -> tuple[str, str]:
    """The name and the value of the setting that holds for a scheme."""
    for name in (f"{scheme}_proxy", "all_proxy"):
        value = _variable(name)
        # A web server passes a request's Proxy header to a CGI program as HTTP_PROXY: anybody could set it.
        if value and not (name == "http_proxy" and "REQUEST_METHOD" in os.environ):
            return name.upper(), value
    if sys.platform == "darwin" or sys.platform == "win32":  # type checkers know this form
        from urllib.request import getproxies  # costs 20 ms; reads the system's settings there

        return "the system's proxy settings", getproxies().get(scheme, "")
    return "", ""


def _variable(name: str) -> str:
    return (os.environ.get(name) or os.environ.get(name.upper()) or "").strip()


def _check(name: str, proxy: str) -> str:
    text = proxy if "://" in proxy else f"http://{proxy}"
    problem = ""
    try:
        parts = urlsplit(text)
        if parts.scheme.lower() not in _SCHEMES:
            problem = f"the scheme has to be one of {', '.join(_SCHEMES)}"
        elif not parts.hostname or parts.port == 0 or any(c.isspace() for c in text):
            problem = "it has no host that can be used"
    except ValueError:
        problem = "its host or port cannot be read"
    if problem:
        shown = f"…@{text.rpartition('@')[2]}" if "@" in text else text
        raise ValueError(f"{name}: expected a proxy such as http://host:3128, got {shown!r:.80}: {problem}")
    return text


def _is_exempt(parts: SplitResult) -> bool:
    host = (parts.hostname or "").rstrip(".").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return any(
        _matches(entry, host, port) for entry in _variable("no_proxy").lower().replace(",", " ").split()
    )


def _matches(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY covers a host: `*`, a domain, a host, an address or a network, a port or none."""
    entry = entry.rpartition("://")[2]
    if entry == "*":
        return True
    name, number = _split_port(entry)
    if number is not None and number != str(port):
        return False
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:  # one of the two is a name
        name = name.removeprefix("*").strip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))


def _split_port(entry: str) -> tuple[str, str | None]:
    if entry.startswith("["):  # [::1] or [::1]:8000
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":") or None
    name, colon, number = entry.rpartition(":")
    if colon and ":" not in name and number.isdigit():
        return name, number
    return entry, None
