"""Making a client: what is missing or malformed is named before any request, and so is a server that is not there."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from indoxrouter import AsyncClient, Client, IndoxRouter, NetworkError

from indoxrouter_mock import MockServer

KEY = "indox-0123456789abcdef0123456789abcdef"
HELLO: list[Any] = [{"role": "user", "content": "Hello"}]


@pytest.fixture(autouse=True)
def _no_environment(mock: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the fixture of the mock, which sets both variables for the code under test."""
    monkeypatch.delenv("INDOX_ROUTER_API_KEY", raising=False)
    monkeypatch.delenv("INDOX_ROUTER_BASE_URL", raising=False)


@pytest.fixture(params=[Client, AsyncClient])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("arguments", [{}, {"api_key": None}, {"api_key": ""}, {"api_key": " \t"}])
def test_a_missing_or_blank_key_is_a_value_error_that_names_the_variable(
    kind: Any, mock: MockServer, arguments: dict[str, Any]
) -> None:
    before = len(mock.requests)
    with pytest.raises(ValueError, match=r"api_key=… .* INDOX_ROUTER_API_KEY"):
        kind(base_url=mock.url, **arguments)
    assert len(mock.requests) == before


def test_a_blank_variable_is_named(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDOX_ROUTER_API_KEY", "  ")
    with pytest.raises(ValueError, match="variable INDOX_ROUTER_API_KEY is blank"):
        kind()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "does not start with http"),
        ("127.0.0.1:8000", "does not start with http"),
        ("ftp://example.com", "does not start with http"),
        ("http://", "has no host"),
        ("http://a b", "spaces"),
        ("http://example.com:99999", "port"),
        (5, "got int"),
    ],
)
def test_a_malformed_base_url_is_shown_and_explained(kind: Any, url: Any, why: str) -> None:
    with pytest.raises(ValueError, match=r"^base_url: expected a URL such as https://") as caught:
        kind(KEY, base_url=url)
    assert why in str(caught.value)
    assert isinstance(url, int) or repr(url) in str(caught.value)


def test_a_malformed_base_url_of_the_environment_is_told_as_that(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INDOX_ROUTER_BASE_URL", "nowhere")
    with pytest.raises(
        ValueError, match=r"^the environment variable INDOX_ROUTER_BASE_URL: .* got 'nowhere'"
    ):
        kind(KEY)


@pytest.mark.parametrize(
    ("timeout", "came"),
    [
        (0, "got int 0"),
        (-1, "got int -1"),
        ("soon", "got str 'soon'"),
        (True, "got bool True"),
        (float("nan"), "got float nan"),
        (float("inf"), "got float inf"),
        ((1, 2, 3), "got 3 values"),
    ],
)
def test_a_malformed_timeout_is_shown(kind: Any, mock: MockServer, timeout: Any, came: str) -> None:
    before = len(mock.requests)
    with pytest.raises(ValueError, match=r"^timeout: expected") as caught:
        kind(KEY, base_url=mock.url, timeout=timeout)
    assert str(caught.value).endswith(came)
    assert len(mock.requests) == before


def test_an_unreachable_server_is_one_sentence_with_host_and_cause() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take the port, and it refuses
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        async def use() -> None:
            async with AsyncClient(KEY, base_url=f"http://{address}", max_retries=0) as client:
                await client.chat(HELLO)

        with pytest.raises(NetworkError) as sync_failure:
            Client(KEY, base_url=f"http://{address}", max_retries=0)
        with pytest.raises(NetworkError) as async_failure:
            asyncio.run(use())
    for failure in (sync_failure, async_failure):
        assert str(failure.value) == f"Could not connect to {address}: Connection refused (connect)"


def test_a_client_authenticates_when_it_is_made_unless_told_otherwise(mock: MockServer) -> None:
    before = len(mock.requests)
    Client(mock.api_key, base_url=mock.url, authenticate=False).close()
    assert len(mock.requests) == before
    Client(mock.api_key, base_url=mock.url).close()
    assert [request["operation"] for request in mock.requests[before:]] == ["createToken"]


def test_an_async_client_authenticates_on_first_use(mock: MockServer) -> None:
    async def use() -> list[str]:
        async with AsyncClient(mock.api_key, base_url=mock.url) as client:
            assert mock.requests == []
            await client.chat(HELLO)
            return [request["operation"] for request in mock.requests]

    assert asyncio.run(use()) == ["createToken", "createChatCompletion"]


def test_both_spellings_of_the_import_give_the_same_client() -> None:
    import indoxRouter

    assert indoxRouter.Client is Client is IndoxRouter
    assert indoxRouter.AsyncClient is AsyncClient
