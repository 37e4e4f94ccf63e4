"""Answers of somebody else: a proxy, a framework or another service that knows no such path."""

from __future__ import annotations

from typing import Any

import indoxrouter
import pytest

from .harness import ENVELOPE, KEY, MESSAGES, Mode, do
from .server import answer

# What servers send for a path that they do not know.
FOREIGN: dict[str, tuple[bytes, str]] = {
    "nginx": (b"<html><head><title>404 Not Found</title></head></html>", "text/html"),
    "a page without a title": (
        b"<!doctype html><p>Cannot POST /chat/completions",
        "text/html; charset=utf-8",
    ),
    "Go": (b"404 page not found\n", "text/plain; charset=utf-8"),
    "Envoy": (b"", ""),
    "FastAPI": (b'{"detail":"Not Found"}', "application/json"),
    "Django": (b'{"detail":"Not found."}', "application/json"),
    "Spring": (
        b'{"timestamp":"2026-01-01T00:00:00Z","status":404,"error":"Not Found","path":"/api/v2/chat/completions"}',
        "application/json",
    ),
    "Nest": (
        b'{"statusCode":404,"message":"Cannot POST /api/v2/chat/completions","error":"Not Found"}',
        "application/json",
    ),
    "Fastify": (
        b'{"message":"Route POST:/x not found","error":"Not Found","statusCode":404}',
        "application/json",
    ),
    "Laravel": (b'{"message":"The route api/v2 could not be found."}', "application/json"),
    "Rails": (b'{"status":404,"error":"Not Found"}', "application/json"),
    "problem details": (
        b'{"type":"about:blank","title":"Not Found","status":404}',
        "application/problem+json",
    ),
    "Kong": (b'{"message":"no Route matched with those values"}', "application/json"),
    "gRPC": (b'{"code":5,"message":"Not Found","details":[]}', "application/json"),
    "Phoenix": (b'{"errors":{"detail":"Not Found"}}', "application/json"),
    "Kubernetes": (
        b'{"kind":"Status","status":"Failure","reason":"NotFound","code":404}',
        "application/json",
    ),
    "another provider": (
        b'{"error":{"message":"Invalid URL (POST /v2/x)","type":"invalid_request_error","param":null,"code":null}}',
        "application/json",
    ),
    "a list": (b'["not found"]', "application/json"),
}
OWN = {
    "the documented body": {"error": "not_found", "message": "no such model", "status_code": 404, "details": {}},
    "a code that is not documented": {"error": "no_model", "message": "no such model", "status_code": 404},
    "the exception's name": {"success": False, "error": "ModelNotFoundError", "message": "no such model"},
    "detail": {"detail": "no such model"},
    "detail as an object": {"detail": {"message": "no such model"}},
    "OpenAI's code": {"error": {"message": "no such model", "type": "x", "code": "model_not_found"}},
    "Anthropic's type": {"type": "error", "error": {"type": "not_found_error", "message": "no such model"}},
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("case", FOREIGN)
async def test_a_foreign_404_is_no_missing_model(mode: Mode, case: str, stream: bool) -> None:
    body, content_type = FOREIGN[case]
    mode.server.on("/chat/completions", answer(body, 404, content_type=content_type))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES, stream=stream))
    assert type(error) is indoxrouter.NotFoundError
    assert not isinstance(error, indoxrouter.ModelNotFoundError)
    assert str(error).startswith(error.message)
    assert error.message.endswith(f"Does the address include the API's path? It is {mode.server.url}.")


@pytest.mark.parametrize("case", OWN)
async def test_a_404_of_the_api_is_a_missing_model(mode: Mode, case: str) -> None:
    mode.server.on("/chat/completions", answer(OWN[case], 404))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert type(error) is indoxrouter.ModelNotFoundError
    assert error.message == "no such model"


async def test_a_403_of_a_proxy_denies_no_model(mode: Mode) -> None:
    mode.server.on(
        "/chat/completions", answer(b"<title>Access denied</title>", 403, content_type="text/html")
    )
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert type(error) is indoxrouter.PermissionDeniedError
    assert error.message == "Access denied"


NO_EXCHANGE = answer({"detail": "Not Found"}, 404)
TOKEN = answer({"access_token": "token-1", "expires_in": 3600})


def without_exchange(mode: Mode, *later: bytes) -> Any:
    """A client of a server whose first answer to each exchange is a 404, and the later ones `later`."""
    mode.server.on("/auth/token", NO_EXCHANGE, *later)
    mode.server.on("/auth/api-key", NO_EXCHANGE)
    return mode.client()


async def test_a_key_that_was_sent_for_want_of_an_exchange_is_exchanged_when_it_is_refused(
    mode: Mode,
) -> None:
    client = without_exchange(mode, TOKEN)
    mode.server.on("/chat/completions", answer({"detail": "no"}, 401), answer(ENVELOPE))
    assert (await do(client.chat(MESSAGES))).text == "hello there"
    sent = [request.header("Authorization") for request in mode.server.sent("/chat/completions")]
    assert sent == [f"Bearer {KEY}", "Bearer token-1"]


async def test_a_key_that_is_refused_and_cannot_be_exchanged_is_refused(mode: Mode) -> None:
    client = without_exchange(mode)
    mode.server.on("/chat/completions", answer({"detail": "no"}, 401))
    assert isinstance(await mode.failure(lambda: client.chat(MESSAGES)), indoxrouter.AuthenticationError)
    assert len(mode.server.sent("/chat/completions")) == 2
    assert len(mode.server.sent("/auth/token")) == 2


async def test_a_wrong_path_is_not_taken_for_a_server_without_an_exchange(mode: Mode) -> None:
    client = without_exchange(mode, TOKEN)
    mode.server.on("/chat/completions", NO_EXCHANGE, answer(ENVELOPE))
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert type(error) is indoxrouter.NotFoundError
    assert (await do(client.chat(MESSAGES))).text == "hello there"
    sent = [request.header("Authorization") for request in mode.server.sent("/chat/completions")]
    assert sent == [f"Bearer {KEY}", "Bearer token-1"]


async def test_another_server_gets_no_bare_key_because_the_first_had_no_exchange(mode: Mode) -> None:
    client = without_exchange(mode, TOKEN)
    mode.server.on("/chat/completions", answer(ENVELOPE))
    await do(client.chat(MESSAGES))
    client.set_base_url(mode.server.url)
    await do(client.chat(MESSAGES))
    sent = [request.header("Authorization") for request in mode.server.sent("/chat/completions")]
    assert sent == [f"Bearer {KEY}", "Bearer token-1"]
