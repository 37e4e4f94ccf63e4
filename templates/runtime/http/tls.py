"""Which certificates are trusted: the same ones under every engine."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from .interface import TransportFailure

if TYPE_CHECKING:
    import ssl


def tls_context() -> ssl.SSLContext:
    """Those of `SSL_CERT_FILE` or `SSL_CERT_DIR` if set, else the system's, else certifi's.

    Reading them takes 15 ms, so engines make one context, with their first https connection.

    Raises:
        TransportFailure: for a variable that does not name certificates.
    """
    import ssl  # costs 5 ms, which a program without https does not pay

    file, directory = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or directory:
        context = _from_environment(file, directory)
    elif _system_has_certificates():
        import truststore  # costs 10 ms, which a program without https does not pay

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        import certifi  # cost: only without certificates of the system

        context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def _from_environment(file: str | None, directory: str | None) -> ssl.SSLContext:
    import ssl  # cost: as above

    name, path = ("SSL_CERT_FILE", file) if file else ("SSL_CERT_DIR", directory)
    problem = "" if directory is None or file or os.path.isdir(directory) else "there is no such directory"
    if not problem:
        try:
            return ssl.create_default_context(cafile=file or None, capath=None if file else directory)
        except OSError as error:  # ssl.SSLError is one
            problem = (
                "it holds no certificates"
                if isinstance(error, ssl.SSLError)
                else error.strerror or "unreadable"
            )
    raise TransportFailure("connect", f"{name} is set to {path!r:.200}, which cannot be used: {problem}")


def _system_has_certificates() -> bool:
    import ssl  # cost: as above

    paths = ssl.get_default_verify_paths()
    listed: list[str] = []
    with suppress(OSError):  # there may be none, and it may not be ours to read
        listed = os.listdir(paths.capath or "")
    return sys.platform in ("darwin", "win32") or bool(paths.cafile) or bool(listed)
