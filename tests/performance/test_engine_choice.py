"""Which engine is chosen, and what `repr` says of it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import certifi
import httpx
import httpx2
import pytest
from indoxrouter import AsyncClient, Client, NetworkError

from .counting import KEY, MESSAGES

BASE = "http://127.0.0.1:1/api/v1"
VARIABLE = "INDOX_ROUTER_ENGINE"
ANSWER = {"data": "mocked", "success": True}


@pytest.fixture(autouse=True)
def _no_engine_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        VARIABLE,
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


def engine_of(client: Client) -> str:
    """The engine that serves a client, as its `repr` names it."""
    with client:
        return repr(client).partition("engine='")[2].partition("'")[0]


def client_with(**options: Any) -> Client:
    return Client(KEY, **{"base_url": BASE, "auth": "api_key", "max_retries": 0, **options})


def test_the_direct_engine_is_the_default() -> None:
    assert engine_of(client_with()) == "direct"


def test_httpx_can_be_asked_for_by_argument_and_by_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine_of(client_with(engine="httpx")) == "httpx"
    monkeypatch.setenv(VARIABLE, "httpx")
    assert engine_of(client_with()) == "httpx"
    assert engine_of(client_with(engine="direct")) == "direct"


def test_a_client_of_the_callers_own_means_httpx_whatever_the_variable_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "direct")
    with httpx.Client() as own:
        assert engine_of(client_with(http_client=own)) == "httpx"


@pytest.mark.parametrize(
    "name", ["http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"]
)
def test_a_proxy_for_the_server_means_httpx(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    scheme = "https" if "https" in name.lower() else "http"
    assert engine_of(client_with(base_url=f"{scheme}://a.example")) == "httpx"
    if "all" not in name.lower():
        other = {"http": "https", "https": "http"}[scheme]
        assert engine_of(client_with(base_url=f"{other}://a.example")) == "direct"


def test_a_server_that_is_exempt_from_the_proxy_means_direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")
    assert engine_of(client_with()) == "direct"


def test_an_unknown_engine_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="expected one of direct, httpx"):
        client_with(engine="slow")
    monkeypatch.setenv(VARIABLE, "slow")
    with pytest.raises(ValueError, match=VARIABLE):
        client_with()


def test_hooks_of_the_callers_own_client_run() -> None:
    seen: list[str] = []
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=ANSWER))
    hooks = {"request": [lambda request: seen.append(str(request.url))]}
    with httpx.Client(transport=transport, event_hooks=hooks) as own, client_with(http_client=own) as client:
        assert client.chat(MESSAGES).text == "mocked"
    assert seen == [f"{BASE}/chat/completions"]


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that accepts connections and closes them without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):  # the listener was closed
                while True:
                    listener.accept()[0].close()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize("engine", ["httpx", "direct"])
def test_certificates_are_read_once_for_https_and_not_for_http(
    monkeypatch: pytest.MonkeyPatch, engine: str, deaf_port: int
) -> None:
    read: list[Any] = []
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())  # the system's are read by OpenSSL itself
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda self, *a, **b: read.append(b))
    for scheme, times in (("http", 0), ("https", 1)):
        base_url = f"{scheme}://127.0.0.1:{deaf_port}"
        with Client(KEY, base_url=base_url, auth="api_key", max_retries=0, engine=engine) as client:
            for _ in range(2):
                with pytest.raises(NetworkError):
                    client.health()
        assert len(read) == times


class TestClientsOfHttpx2:
    """httpx2 is httpx under another name; its clients are taken as well."""

    @pytest.fixture
    def mock(self) -> Iterator[Any]:
        from indoxrouter_mock import MockServer

        with MockServer(api_key=KEY) as server:
            yield server

    def test_a_client_is_used_for_calls_streams_and_uploads(self, mock: Any) -> None:
        seen: list[str] = []
        hooks: Any = {"request": [lambda request: seen.append(request.url.path)]}
        with (
            httpx2.Client(event_hooks=hooks) as own,
            Client(KEY, base_url=mock.base_url, http_client=as_httpx(own)) as client,
        ):
            assert client.chat(MESSAGES).text
            assert client.chat(MESSAGES, stream=True).until_done().text
            assert client.speech_to_text(("a.mp3", b"RIFF\0\0\0\0WAVE" * 20)).text
        assert [path.rpartition("/")[2] for path in seen] == [
            "token",
            "completions",
            "completions",
            "transcriptions",
        ]

    async def test_an_asynchronous_client_is_used_likewise(self, mock: Any) -> None:
        async with (
            httpx2.AsyncClient() as own,
            AsyncClient(KEY, base_url=mock.base_url, http_client=as_httpx(own)) as client,
        ):
            assert (await client.chat(MESSAGES)).text
            assert (await (await client.chat(MESSAGES, stream=True)).until_done()).text
            assert (await client.speech_to_text(("a.mp3", b"RIFF\0\0\0\0WAVE" * 20))).text

    def test_its_failures_are_failures_of_the_network(self) -> None:
        with (
            httpx2.Client() as own,
            client_with(http_client=as_httpx(own)) as client,
            pytest.raises(NetworkError, match="onnect"),
        ):
            client.chat(MESSAGES)


def as_httpx(client: Any) -> Any:
    """For type checkers, which know the two packages apart."""
    return client


def test_a_session_of_another_library_is_refused_by_name() -> None:
    class Session:
        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...
        def send(self) -> None: ...

    with pytest.raises(ValueError, match=r"http_client: expected an httpx\.Client, got Session"):
        client_with(http_client=Session())
