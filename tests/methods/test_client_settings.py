"""What belongs to a client as a whole: connection test, debug log, base URL, raw access, life."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from indoxrouter import (
    AsyncClient,
    CallOptions,
    Client,
    ClientClosedError,
    Image,
    IndoxRouter,
    InvalidParametersError,
    RawResponse,
)

from indoxrouter_ext.settings.values import OPTIONS, Settings
from indoxrouter_mock import MockServer
from tests.methods.harness import Harness
from tests.spec.document import SPEC, present_field

HELLO: list[Any] = [{"role": "user", "content": "Hello"}]


def test_a_connection_that_works_is_described(harness: Harness) -> None:
    report = harness.test_connection()
    assert report["status"] == "connected"
    assert report["url"] == harness.mock.base_url
    assert report["status_code"] == 200
    assert report["server_info"][present_field("HealthResponse", "version")] == SPEC["info"]["version"]
    assert report["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize(
    "fault", ["html_error", "unavailable", "server_error", "stall", "reset", "wrong_content_type"]
)
def test_a_connection_test_never_raises(harness: Harness, fault: str) -> None:
    with contextlib.suppress(ValueError):  # not every mock knows every fault
        harness.mock.faults.add(fault, times=10)
    report = harness(harness.client.with_options(timeout=0.3, max_retries=0).test_connection)
    assert report["status"] in ("connected", "error")
    if report["status"] == "error":
        assert report["error"]
        assert report["error_type"].endswith("Error")


def test_a_server_that_is_not_there_is_reported(harness: Harness) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        harness.client.set_base_url(url)
        report = harness(harness.client.with_options(max_retries=0).test_connection)
    assert report["status"] == "error"
    assert report["url"].startswith(url)
    assert report["error_type"] == "NetworkError"
    assert url.removeprefix("http://") in report["error"]


def test_a_closed_client_is_reported_too(harness: Harness) -> None:
    harness.wait(harness.client.close)
    assert harness.test_connection()["error_type"] == "ClientClosedError"
    with pytest.raises(ClientClosedError):
        harness.chat(HELLO)


@pytest.fixture
def _quiet_logger() -> Iterator[None]:
    logger = logging.getLogger("indoxrouter")
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.mark.usefixtures("_quiet_logger")
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, "debug", None])
def test_enable_debug_shows_calls_without_bodies_or_secrets(
    harness: Harness, level: Any, caplog: pytest.LogCaptureFixture
) -> None:
    harness.client.enable_debug(*([] if level is None else [level]))
    with caplog.at_level(logging.DEBUG):
        harness.chat([{"role": "user", "content": "canary-in-the-body"}], byok_api_key="sk-canary-key-0123")
    lines = [record.getMessage() for record in caplog.records if record.name == "indoxrouter"]
    assert any("POST /chat/completions status=200" in line for line in lines)
    everything = " ".join(record.getMessage() for record in caplog.records)
    for secret in ("canary-in-the-body", "sk-canary-key-0123", harness.mock.api_key):
        assert secret not in everything


@pytest.mark.usefixtures("_quiet_logger")
def test_a_level_that_logging_does_not_know_is_refused(harness: Harness) -> None:
    for level in ("loud", 3.5, None):
        with pytest.raises(ValueError, match=r"(?i)level"):
            harness.client.enable_debug(level)


def test_another_base_url_means_another_token(harness: Harness) -> None:
    harness.chat(HELLO)
    twin = harness.client.with_options(timeout=5)
    with MockServer() as other:
        harness.client.set_base_url(other.url)
        assert harness.client.base_url == f"{other.url}/api/v1"
        harness.chat(HELLO)
        assert [request["operation"] for request in other.requests] == ["createToken", "createChatCompletion"]
        before = len(other.requests)
        assert harness.wait(twin.chat, HELLO).text
        assert len(other.requests) == before
        assert twin.base_url == harness.mock.base_url
        harness.client.set_base_url(harness.mock.base_url)
    harness.wait(harness.client.close)
    with pytest.raises(ClientClosedError):
        harness.wait(twin.chat, HELLO)


@pytest.mark.parametrize("url", ["ftp://x", "not a url", 3, "https://user:pw@example.com"])
def test_a_base_url_that_is_none_is_refused(harness: Harness, url: Any) -> None:
    with pytest.raises(ValueError, match="base_url"):
        harness.client.set_base_url(url)
    assert harness.client.base_url == harness.mock.base_url


def test_authenticate_gets_a_new_token_now(harness: Harness) -> None:
    harness.chat(HELLO)
    harness(harness.client._authenticate)
    assert harness.last_request["operation"] in ("createToken", "refreshToken")


def test_results_that_are_no_models_have_their_wire_beside_them(harness: Harness) -> None:
    raw = harness.with_raw_response(harness.client.trending_models, days=3)
    assert isinstance(raw, RawResponse)
    assert isinstance(raw.parsed, list)
    assert raw.status == 200
    assert raw.headers["Content-Type"] == "application/json"
    assert raw.elapsed > 0
    assert raw.request_id == raw.headers["x-request-id"]
    assert [attempt.status for attempt in raw.attempts] == [200]


def test_answers_that_are_models_carry_their_wire(harness: Harness) -> None:
    for answer in (
        harness.get_usage(),
        harness.get_model_info("openai", "gpt-4o-mini"),
        harness.embeddings("x"),
    ):
        assert answer.http.status == 200
        assert answer.http.attempts[0].number == 1
        assert "http" not in answer.to_dict()


def test_every_method_can_be_called_raw(harness: Harness) -> None:
    raw = harness.with_raw_response(harness.client.chat, HELLO, model="openai/gpt-4o-mini")
    assert raw.parsed.text
    assert raw.parsed.http == raw.http
    raw = harness.with_raw_response(harness.client.models)
    assert raw.parsed["openai"]
    raw = harness.with_raw_response(harness.client.chat, HELLO, stream=True)
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert harness(raw.parsed.until_done).text
    with pytest.raises(TypeError, match="makes a call"):
        harness.with_raw_response(lambda: None if harness.kind == "sync" else _nothing())


async def _nothing() -> None:
    return None


def test_retries_are_in_the_attempts(harness: Harness) -> None:
    harness.mock.faults.add("rate_limit", retry_after=0)
    raw = harness.with_raw_response(harness.client.trending_models)
    assert [attempt.status for attempt in raw.attempts] == [429, 200]


def test_clients_are_context_managers(mock: MockServer) -> None:
    with Client(api_key=mock.api_key, base_url=mock.base_url) as client:
        assert client.chat(HELLO).text
    with pytest.raises(ClientClosedError):
        client.chat(HELLO)


async def test_async_clients_are_context_managers(mock: MockServer) -> None:
    async with AsyncClient(api_key=mock.api_key, base_url=mock.base_url) as client:
        assert (await client.chat(HELLO)).text
    with pytest.raises(ClientClosedError):
        await client.chat(HELLO)


def test_the_older_names_are_the_same_client() -> None:
    import indoxRouter

    assert IndoxRouter is Client
    assert indoxRouter.Client is Client


@pytest.mark.indoxrouter_mock(seed=3)
def test_showing_an_answer_sends_nothing(harness: Harness) -> None:
    response = harness.images("a cat")
    before = len(harness.mock.requests)
    _ = (repr(response), repr(response.images[0]))
    assert len(harness.mock.requests) == before


def test_reprs_are_short_and_hold_no_secret(harness: Harness) -> None:
    huge = Image.from_dict({"b64_json": "A" * 100_000, "url": None})
    assert len(repr(huge)) < 300
    assert harness.mock.api_key not in repr(harness.client)
    harness.chat(HELLO)
    assert "eyJ" not in repr(harness.client.__dict__)  # as every JSON Web Token begins


def test_the_key_may_come_from_the_environment(mock: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDOX_ROUTER_API_KEY", mock.api_key)
    monkeypatch.setenv("INDOX_ROUTER_BASE_URL", mock.url)
    assert os.environ["INDOX_ROUTER_API_KEY"]
    with Client() as client:
        assert client.chat(HELLO).text


@pytest.mark.parametrize("value", ["x" * 300, ""])
def test_a_stream_id_is_checked_like_any_other(harness: Harness, value: str) -> None:
    if value == "":
        with pytest.raises(InvalidParametersError, match="stream_id"):
            harness.stop_chat_stream(value)
    else:
        with pytest.raises(Exception, match=r"404|not_found"):
            harness.stop_chat_stream(value)


def test_each_option_is_documented_checked_and_kept() -> None:
    documented, kept = set(CallOptions.__annotations__), {*Settings.__annotations__, "timeout"}
    assert documented == set(OPTIONS), "settings/options.py and _CHECKS of settings/values.py differ"
    assert not documented - kept, "settings/values.py: Settings lacks a field"
