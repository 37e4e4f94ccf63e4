"""TLS with an authority of one's own, named by `SSL_CERT_FILE` or `SSL_CERT_DIR`: every engine, every event loop."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import indoxrouter
import pytest
import trustme
import truststore
import uvloop
from indoxrouter._runtime.http import tls

from .harness import ENVELOPE, KEY, MESSAGES
from .server import ScriptedServer, answer

ENGINES = ["direct", "httpx"]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    running = ScriptedServer(tls=context)
    running.on("/chat/completions", answer(ENVELOPE))
    yield running
    running.close()


@pytest.fixture(params=["SSL_CERT_FILE", "SSL_CERT_DIR", "neither"])
def trusted(
    request: pytest.FixtureRequest, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Whether the authority is trusted; with neither variable, the system does not know it."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    if request.param == "SSL_CERT_FILE":
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    elif request.param == "SSL_CERT_DIR":
        asked = ["openssl", "x509", "-hash", "-noout", "-in", str(path)]
        try:
            name = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        except FileNotFoundError:
            pytest.skip("openssl, which names the files of such a directory, is not installed")
        path.rename(tmp_path / f"{name}.0")
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    return bool(request.param != "neither")


def options(server: ScriptedServer, engine: str) -> dict[str, Any]:
    return {"base_url": server.url, "engine": engine, "max_retries": 0, "timeout": 20}


@pytest.mark.parametrize("engine", ENGINES)
def test_threads(engine: str, tls_server: ScriptedServer, trusted: bool) -> None:
    with indoxrouter.Client(KEY, authenticate=False, **options(tls_server, engine)) as client:
        if trusted:
            assert client.chat(MESSAGES).text == "hello there"
        else:
            with pytest.raises(indoxrouter.NetworkError, match=r"(?i)certificate"):
                client.chat(MESSAGES)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("engine", ENGINES)
def test_tasks(engine: str, loop: str, tls_server: ScriptedServer, trusted: bool) -> None:
    async def work() -> None:
        async with indoxrouter.AsyncClient(KEY, **options(tls_server, engine)) as client:
            if trusted:
                assert (await client.chat(MESSAGES)).text == "hello there"
            else:
                with pytest.raises(indoxrouter.NetworkError, match=r"(?i)certificate"):
                    await client.chat(MESSAGES)

    if loop == "uvloop":
        uvloop.run(work())
    else:
        asyncio.run(work())


def test_a_directory_of_certificates_is_looked_at_and_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ssl.DefaultVerifyPaths(None, str(tmp_path), "", "", "", str(tmp_path))  # type: ignore[arg-type]  # as `ssl` itself gives it
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: found)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert not isinstance(tls.tls_context(), truststore.SSLContext)
    for number in range(3):  # an iterator that is left in the middle warns when it is collected
        (tmp_path / f"{number}.0").write_text("")
    assert isinstance(tls.tls_context(), truststore.SSLContext)
