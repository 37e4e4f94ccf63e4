"""Both engines over TLS: what httpx would trust is trusted, nothing else is, and connections are kept."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
import trustme
from indoxrouter import AsyncClient, Client, NetworkError

from .counting import KEY, MESSAGES

ANSWER = json.dumps({"data": "over TLS", "success": True}).encode()


class Handler(StreamRequestHandler):
    """Answers each request of a connection with a body in two chunks."""

    server: SecureServer

    def handle(self) -> None:
        self.server.connections += 1
        while self.rfile.readline():
            length = 0
            while line := self.rfile.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            self.rfile.read(length)
            pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (ANSWER[:9], ANSWER[9:]))
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            self.wfile.write(head + pieces + b"0\r\n\r\n")


class SecureServer(ThreadingTCPServer):
    """A TLS server on a free port of the loopback interface."""

    daemon_threads = True

    def __init__(self, authority: trustme.CA) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us hangs up: that is what one of the tests is about."""

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server_address[1]}"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[SecureServer]:
    with SecureServer(authority) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


@pytest.fixture(params=["httpx", "direct"])
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"auth": "api_key", "engine": request.param, "max_retries": 0, "timeout": 10}


@pytest.mark.usefixtures("trusted")
def test_a_trusted_server_is_talked_to_over_one_connection(
    secure: SecureServer, options: dict[str, Any]
) -> None:
    with Client(KEY, base_url=secure.url, **options) as client:
        assert [client.chat(MESSAGES).text for _ in range(3)] == ["over TLS"] * 3
    assert secure.connections == 1


@pytest.mark.usefixtures("trusted")
async def test_a_trusted_server_is_talked_to_over_one_connection_in_asyncio(
    secure: SecureServer, options: dict[str, Any]
) -> None:
    async with AsyncClient(KEY, base_url=secure.url, **options) as client:
        assert [(await client.chat(MESSAGES)).text for _ in range(3)] == ["over TLS"] * 3
    assert secure.connections == 1


def test_a_server_that_nobody_vouches_for_is_refused_before_anything_is_sent(
    secure: SecureServer, options: dict[str, Any]
) -> None:
    with Client(KEY, base_url=secure.url, **options) as client, pytest.raises(NetworkError) as caught:
        client.chat(MESSAGES)
    assert caught.value.error_type == "connect"
    assert secure.connections == 0


async def test_a_server_that_nobody_vouches_for_is_refused_in_asyncio(
    secure: SecureServer, options: dict[str, Any]
) -> None:
    async with AsyncClient(KEY, base_url=secure.url, **options) as client:
        with pytest.raises(NetworkError) as caught:
            await client.chat(MESSAGES)
    assert caught.value.error_type == "connect"
    assert secure.connections == 0
