"""The scripted server and the clients of tests/reliability, and a server over TLS whose certificate is trusted."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.reliability.conftest import clock, mode, pytest_generate_tests, server
from tests.reliability.server import ScriptedServer

__all__ = ["clock", "mode", "pytest_generate_tests", "server"]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    """A server's context, with a certificate for this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Trust the authority; returns the file that holds its certificate."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@pytest.fixture
def secure(certificate: ssl.SSLContext, trusted: Path) -> Iterator[ScriptedServer]:
    running = ScriptedServer(certificate)
    yield running
    running.close()
