"""The checks of `indoxrouter doctor`: versions, configuration, proxy, DNS, connection, TLS, service, clock, key."""

from __future__ import annotations

import os
import platform
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from indoxrouter.about import SERVERS, VERSION
from indoxrouter.errors import IndoxRouterError

from indoxrouter_ext._version import __version__

from ..base import exit_codes
from ..output.formatting import pluralize
from .explanation import explain
from .network import find_proxy, read_variable, without_password

if TYPE_CHECKING:
    from ..session.session import Session

_TIMEOUT = 10.0  # seconds for each network check
_MAX_SKEW = 60.0  # seconds that clocks may differ; tokens expire by the server's clock
_EXPIRY_WARNING_DAYS = 14  # a certificate that expires sooner is reported
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


class Check(NamedTuple):
    """One line of the report.

    Attributes:
        name: of the check.
        fact: the finding.
        ok: True, False, or None for information that is neither.
        remedy: what to do about a failure.
        code: the exit code for a failure.
    """

    name: str
    fact: str
    ok: bool | None = True
    remedy: str = ""
    code: int = exit_codes.NETWORK


def run_checks(session: Session) -> Iterator[Check]:
    """Run the checks in order. Checks that depend on a failed one are skipped."""
    yield from _check_versions()
    yield _check_configuration(session)
    yield from _check_proxies()
    url = session.public_client.base_url
    origin = session.settings.origin_of("base_url")
    yield Check(
        "server",
        f"{url} ({origin if session.settings.base_url else 'the default'})" if url != SERVERS[0] else url,
        None,
    )
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if find_proxy(url) is None:  # a proxy resolves names and connects to the server itself
        name = _check_dns(host)
        yield name
        if not name.ok:
            return
        line = _check_connection(host, port)
        yield line
        if not line.ok:
            return
        if parts.scheme == "https":
            tls = _check_tls(host, port)
            yield tls
            if not tls.ok:
                return
    yield from _check_service(session)


def _check_versions() -> Iterator[Check]:
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Check("versions", f"indoxrouter {__version__}, API description {VERSION}, {python}", None)


def _check_configuration(session: Session) -> Check:
    settings = session.settings
    if not settings.path.exists():
        return Check("config", f"{settings.path} does not exist", None)
    profile = f", profile {settings.profile!r}" if settings.profile else ", no profile"
    if (
        os.name == "posix"
        and settings.path.stat().st_mode & 0o077
        and settings.origin_of("api_key").startswith("profile")
    ):
        return Check(
            "config",
            f"{settings.path}: other users can read your key",
            False,
            f"chmod 600 {settings.path}",
            exit_codes.USAGE,
        )
    return Check("config", f"{settings.path}{profile}", None)


def _check_proxies() -> Iterator[Check]:
    found = {name: value for name in _PROXIES if (value := read_variable(name))}
    if not found:
        yield Check("proxy", "none", None)
    for name, value in found.items():
        if name == "NO_PROXY":
            yield Check("proxy", f"{name}={value}", None)
            continue
        yield Check("proxy", f"{name}={without_password(value)}", None)


def _check_dns(host: str) -> Check:
    began = time.perf_counter()
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError as error:
        reason = error.strerror or str(error)
        return Check(
            "DNS",
            f"{host}: {reason}",
            False,
            "Is the host name correct? Is the network up? If you are behind a proxy, set HTTPS_PROXY.",
        )
    taken = (time.perf_counter() - began) * 1000
    return Check("DNS", f"{host} is {', '.join(sorted(found)[:3])} ({taken:.0f} ms)")


def _check_connection(host: str, port: int) -> Check:
    began = time.perf_counter()
    try:
        socket.create_connection((host, port), timeout=_TIMEOUT).close()
    except OSError as error:
        reason = error.strerror or str(error)
        return Check(
            "connection",
            f"{host}:{port}: {reason}",
            False,
            "The server is down, or a firewall blocks the connection.",
        )
    return Check("connection", f"{host}:{port} answers ({(time.perf_counter() - began) * 1000:.0f} ms)")


def _check_tls(host: str, port: int) -> Check:
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=_TIMEOUT) as raw,
            context.wrap_socket(raw, server_hostname=host) as line,
        ):
            version = line.version()
            certificate = line.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        remedy = (
            "Is the clock correct? If you are behind a company proxy, set SSL_CERT_FILE to its certificate."
        )
        return Check("TLS", f"the certificate is not accepted: {error.verify_message}", False, remedy)
    except OSError as error:
        return Check(
            "TLS",
            f"{error.strerror or error}",
            False,
            "Does the server use TLS on this port? If not, use http://.",
        )
    ends = certificate.get("notAfter")
    days = (ssl.cert_time_to_seconds(ends) - time.time()) / 86400 if isinstance(ends, str) else None
    if days is not None and days < _EXPIRY_WARNING_DAYS:
        return Check(
            "TLS", f"{version}, but the certificate expires in {pluralize(round(days), 'day')}", None
        )
    valid_for = f" for {pluralize(round(days), 'day')}" if days is not None else ""
    return Check("TLS", f"{version}, the certificate is valid{valid_for}")


def _check_service(session: Session) -> Iterator[Check]:
    try:
        before = time.time()
        raw = session.public_client.with_raw_response(session.public_client.health)
        after = time.time()
    except IndoxRouterError as error:
        report = explain(error, session)
        yield Check("service", report.message, False, report.hint or "", report.code)
        return
    health = raw.parsed
    version = health.version or "of unknown version"
    yield Check("service", f"{health.status}, {version} ({raw.elapsed * 1000:.0f} ms)")
    if health.version is not None and health.version.split(".")[0] != VERSION.split(".")[0]:
        yield Check(
            "version",
            f"the server has version {health.version}, this client was generated for {VERSION}",
            None,
            "pip install -U indoxrouter",
        )
    yield _check_clock(raw.headers.get("date"), health.timestamp, before, after)
    yield _check_key(session)


def _check_clock(date: str | None, timestamp: object, before: float, after: float) -> Check:
    """Compare the clocks, by the `Date` header or the timestamp in the answer."""
    server: float | None = None
    if isinstance(timestamp, datetime):
        server = (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=timezone.utc)).timestamp()
    elif date is not None:
        try:
            server = parsedate_to_datetime(date).timestamp()
        except (ValueError, TypeError):
            server = None
    if server is None:
        return Check("clock", "the server does not report its time", None)
    skew = 0.0 if before - 1 <= server <= after + 1 else server - (before + after) / 2
    if abs(skew) > _MAX_SKEW:
        side = "behind" if skew > 0 else "ahead of"
        return Check(
            "clock",
            f"yours is {abs(skew):.0f} s {side} the server's",
            False,
            "Set your clock, or enable NTP.",
            exit_codes.FAILURE,
        )
    return Check("clock", f"within {max(1, round(abs(skew)))} s of the server's")


def _check_key(session: Session) -> Check:
    origin = session.settings.origin_of("api_key")
    if not session.settings.api_key:
        remedy = "Set INDOX_ROUTER_API_KEY, or run `indoxrouter config init`."
        return Check("key", "not set", False, remedy, exit_codes.AUTHENTICATION)
    try:
        user = session.client.get_user_info()
    except IndoxRouterError as error:
        report = explain(error, session)
        return Check("key", report.message, False, report.hint or "", report.code)
    return Check("key", f"accepted, for {user.username or user.id} (from {origin})")
