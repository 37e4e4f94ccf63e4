"""Where requests go and do not go, what paths and parts may hold, and how much an answer may weigh."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import tracemalloc
import zlib
from collections.abc import Iterator
from email import message_from_bytes
from functools import cache
from typing import Any

import httpx
import indoxrouter
import pytest
import trustme

from .harness import ENVELOPE, KEY, MESSAGES, Mode, do, serve_everything, texts_and_error
from .server import (
    DONE,
    LAST_CHUNK,
    STALL,
    ScriptedServer,
    answer,
    head,
    http_chunk,
    stream_head,
    streamed,
    text_event,
)

BOTH_ENGINES = "redirect|cookies|proxy|environment|certificate|tls|bomb|body|hosts|share|who_asks"


@pytest.fixture
def elsewhere() -> Iterator[ScriptedServer]:
    """Another server, which must never be reached."""
    running = ScriptedServer()
    serve_everything(running)
    yield running
    running.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300, 304])
async def test_redirects_are_not_followed(mode: Mode, elsewhere: ScriptedServer, status: int) -> None:
    there = [("Location", elsewhere.url + "/chat/completions")]
    mode.server.on("/chat/completions", answer(b"", status, there))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES, byok_api_key="sk-secret"))
    assert error.status_code == status
    assert elsewhere.requests == []
    assert len(mode.server.sent("/chat/completions")) == 1


@pytest.mark.parametrize("status", [302, 307, 308])
async def test_redirects_of_the_token_call_are_not_followed(
    mode: Mode, elsewhere: ScriptedServer, status: int
) -> None:
    mode.server.on("/auth/token", answer(b"", status, [("Location", elsewhere.url + "/auth/token")]))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert not isinstance(error, indoxrouter.AuthenticationError)
    assert elsewhere.requests == []


async def test_a_callers_own_http_client_follows_none_either(mode: Mode, elsewhere: ScriptedServer) -> None:
    kind: Any = httpx.AsyncClient if mode.is_async else httpx.Client
    own = kind(follow_redirects=True)
    mode.owned.append(own)
    mode.server.on("/chat/completions", answer(b"", 307, [("Location", elsewhere.url + "/chat/completions")]))
    error = await mode.failure(lambda: mode.client(http_client=own).chat(MESSAGES, byok_api_key="sk-secret"))
    assert error.status_code == 307
    assert elsewhere.requests == []


async def test_redirects_to_the_same_server_are_not_followed_either(mode: Mode) -> None:
    serve_everything(mode.server)
    mode.server.on("/user/usage", answer(b"", 307, [("Location", "/api/v1/models/")]))
    await mode.failure(mode.client().get_usage)
    assert mode.server.sent("/models/") == []


async def test_cookies_are_not_sent_back(mode: Mode) -> None:
    mode.server.on(
        "/auth/token", answer({"access_token": "x"}, headers=[("Set-Cookie", "access_token=stale; Path=/")])
    )
    mode.server.on("/chat/completions", answer(ENVELOPE, headers=[("Set-Cookie", "more=1")]))
    client = mode.client()
    for _ in range(2):
        await do(client.chat(MESSAGES))
    assert all(request.values("Cookie") == [] for request in mode.server.requests)


async def test_an_answers_urls_are_not_fetched(mode: Mode, elsewhere: ScriptedServer) -> None:
    image = {"url": elsewhere.url + "/picture.png", "b64_json": None, "revised_prompt": None}
    mode.server.on("/images/generations", answer({**ENVELOPE, "data": [image]}))
    response = await do(mode.client().images("a cat"))
    repr(response), str(response), response.to_dict()
    assert elsewhere.requests == []


WALKS = [
    "../../admin",
    "..",
    ".",
    "a/../b",
    "%2e%2e",
    "%2E%2E/x",
    "..%2fadmin",
    "%252e%252e",
    "a/./b",
    "..\\admin",
    "a\\..\\b",
]
WALKS += [
    "a//b",
    "/admin",
    "a/",
    "%2fadmin",
    "a%5cb",
    "a\x00b",
    "a\r\nX-Evil: 1",
    "a\nb",
    "\x7f",
    "a\x85b",
    "%00",
    "a%0d%0ab",
    "",
]


@pytest.mark.parametrize("model", WALKS)
async def test_paths_that_would_walk_are_refused_before_any_request(mode: Mode, model: str) -> None:
    client = mode.client()
    error = await mode.failure(lambda: client.get_model_info("openai", model))
    assert isinstance(error, indoxrouter.InvalidParametersError)
    assert [request.path for request in mode.server.requests if "auth" not in request.path] == []


PIECES = {
    "meta-llama/llama-3-70b": "meta-llama/llama-3-70b",
    "amazon.nova-lite-v1:0": "amazon.nova-lite-v1:0",
    "gpt 4": "gpt%204",
    "a?b=c": "a%3Fb%3Dc",
    "a#b": "a%23b",
    "ü": "%C3%BC",
    "100%": "100%25",
    "...": "...",
    "a;b": "a%3Bb",
    "a&b+c": "a%26b%2Bc",
}


@pytest.mark.parametrize("model", PIECES)
async def test_each_segment_is_quoted(mode: Mode, model: str) -> None:
    mode.server.on("*", answer({"id": model, "name": "x", "provider": "p"}))
    await do(mode.client().get_model_info("openai", model))
    assert mode.server.requests[-1].target == "/api/v1/models/openai/" + PIECES[model]


@pytest.mark.parametrize("provider", ["a/b", "../x", "a%2fb", "..", "a\nb", ""])
async def test_slashes_stay_out_of_segments_that_take_none(mode: Mode, provider: str) -> None:
    client = mode.client()
    error = await mode.failure(lambda: client.get_model_info(provider, "gpt-4"))
    assert isinstance(error, indoxrouter.InvalidParametersError)


EVIL = 'a"\r\nX-Evil: 1\r\n\r\n--boundary'


async def test_filenames_cannot_add_headers_or_parts(mode: Mode) -> None:
    mode.server.on("*", answer({**ENVELOPE, "data": "t", "text": "t"}))
    mode.server.on("/auth/token", answer({"access_token": "x"}))
    await do(
        mode.client().speech_to_text((EVIL, b"sound\r\n--boundary--", "audio/mpeg\r\nX-Evil: 1"), prompt=EVIL)
    )
    request = mode.server.requests[-1]
    raw = b"Content-Type: " + (request.header("Content-Type") or "").encode() + b"\r\n\r\n" + request.body
    parts: Any = message_from_bytes(raw).get_payload()
    assert all("X-Evil" not in part for part in parts)
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert len(names) == len(set(names))
    assert {"file", "prompt"} <= set(names)
    [file] = [part for part in parts if part.get_param("name", header="content-disposition") == "file"]
    assert file.get_payload(decode=True) == b"sound\r\n--boundary--"
    assert "\r" not in file["Content-Disposition"]


async def test_every_multipart_body_has_a_boundary_of_its_own(mode: Mode) -> None:
    mode.server.on("*", answer({**ENVELOPE, "data": "t", "text": "t"}))
    mode.server.on("/auth/token", answer({"access_token": "x"}))
    client = mode.client()
    for _ in range(2):
        await do(client.speech_to_text(b"sound"))
    first, second = (request.header("Content-Type") or "" for request in mode.server.requests[-2:])
    assert first != second
    assert len(first.partition("boundary=")[2]) >= 32


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x",
        "127.0.0.1",
        "http://",
        "http://user:pw@host",
        "http://host:99999",
        "http://host:port",
        "http://h?x=1",
        "http://h/#f",
        "http://h/../x",
        "http://a b",
        "http://a\r\nX: 1",
        "javascript:alert(1)",
        "http://[::1",
        "\x00",
        "file:///etc",
    ],
)
async def test_senseless_base_urls_are_refused(mode: Mode, url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        mode.client(base_url=url)


@pytest.mark.parametrize(
    "host", ["xn--a", "\u2603.invalid", "a" * 300, "-", "a..b", "xn--\u00fc", "\u00ad", "%41"]
)
async def test_hosts_that_no_one_can_find_are_network_errors(mode: Mode, host: str) -> None:
    try:
        client = mode.lazy_client(base_url=f"http://{host}:1", max_retries=0, timeout=2)
    except ValueError as error:
        refusal = str(error)
    else:
        assert isinstance(await mode.failure(lambda: client.chat(MESSAGES)), indoxrouter.NetworkError)
        return
    assert "base_url" in refusal


class TestProxies:
    async def test_the_environment_names_one(
        self, mode: Mode, elsewhere: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if mode.engine == "direct":
            pytest.skip(
                "proxies are served by httpx, which takes over by itself where the environment names one"
            )
        monkeypatch.setenv("HTTP_PROXY", elsewhere.origin)
        elsewhere.on("*", answer({"total_requests": 5, "access_token": "x"}))
        usage = await do(mode.client(base_url="http://api.invalid/api/v1").get_usage())
        assert usage.total_requests == 5
        assert elsewhere.requests[-1].target.startswith("http://api.invalid/")

    async def test_the_default_engine_honours_it(
        self, mode: Mode, elsewhere: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", elsewhere.origin)
        elsewhere.on("*", answer({"total_requests": 5, "access_token": "x"}))
        usage = await do(mode.client(base_url="http://api.invalid/api/v1", engine=None).get_usage())
        assert usage.total_requests == 5
        assert mode.server.requests == []

    async def test_no_proxy_is_honoured_too(
        self, mode: Mode, elsewhere: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", elsewhere.origin)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        serve_everything(mode.server)
        await do(mode.client(engine=None).get_usage())
        assert elsewhere.requests == []


class TestTls:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def secure(self, authority: trustme.CA) -> Iterator[ScriptedServer]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        running = ScriptedServer(context)
        serve_everything(running)
        yield running
        running.close()

    async def test_a_certificate_that_nobody_vouches_for_is_refused(
        self, mode: Mode, secure: ScriptedServer
    ) -> None:
        error = await mode.failure(lambda: mode.client(base_url=secure.url, max_retries=0).chat(MESSAGES))
        assert isinstance(error, indoxrouter.NetworkError)
        assert "ertificate" in str(error) or "CERTIFICATE" in str(error)
        assert secure.requests == []

    async def test_streams_over_tls_are_read_and_left(
        self,
        mode: Mode,
        secure: ScriptedServer,
        authority: trustme.CA,
        tmp_path: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        bundle = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(bundle))
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        client = mode.client(base_url=secure.url, token_timeout=0.3)
        secure.on(
            "/chat/completions", streamed(text_event("a"), DONE), streamed(text_event("a"), ending=[STALL])
        )
        assert (await texts_and_error(await do(client.chat(MESSAGES, stream=True)))) == (["a"], None)
        texts, error = await texts_and_error(await do(client.chat(MESSAGES, stream=True)))
        assert (texts, type(error)) == (["a"], indoxrouter.RequestTimeoutError)
        assert secure.sent("/chat/completions")[-1].connection.left.wait(3)


@cache  # compressing takes a second
def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = b"\0" * (1 << 20)
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


class TestWeight:
    async def test_a_decompression_bomb_is_refused_in_little_memory(self, mode: Mode) -> None:
        packed = bomb(400)
        assert len(packed) < 1 << 20
        mode.server.on("/chat/completions", answer(packed, headers=[("Content-Encoding", "gzip")]))
        client = mode.client()
        tracemalloc.start()
        try:
            error = await mode.failure(lambda: client.chat(MESSAGES))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert type(error) is indoxrouter.APIError
        assert "bomb" in str(error)
        assert peak < 64 << 20

    async def test_a_bomb_in_a_stream_is_refused(self, mode: Mode) -> None:
        packed = bomb(400)
        steps = [stream_head([("Content-Encoding", "gzip")]), http_chunk(packed), LAST_CHUNK]
        mode.server.on("/chat/completions", steps)
        _, error = await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))
        assert isinstance(error, indoxrouter.APIError)

    async def test_a_bomb_in_an_error_is_refused(self, mode: Mode) -> None:
        mode.server.on("/chat/completions", answer(bomb(400), 400, headers=[("Content-Encoding", "gzip")]))
        assert isinstance(
            await mode.failure(lambda: mode.client().chat(MESSAGES)), indoxrouter.IndoxRouterError
        )

    @pytest.mark.parametrize("pack", [False, True], ids=["plain", "gzip"])
    async def test_a_body_over_the_limit_is_refused(self, mode: Mode, pack: bool) -> None:
        raw = json.dumps({**ENVELOPE, "data": "x" * 50_000}).encode()
        headers = [("Content-Encoding", "gzip")] if pack else []
        mode.server.on("/chat/completions", answer(gzip.compress(raw) if pack else raw, headers=headers))
        client = mode.client(max_response_bytes=10_000)
        error = await mode.failure(lambda: client.chat(MESSAGES))
        assert type(error) is indoxrouter.APIError
        assert "10,000 bytes" in str(error)
        mode.server.on("/chat/completions", answer(ENVELOPE))
        await do(client.chat(MESSAGES))

    async def test_an_endless_body_ends_at_the_limit(self, mode: Mode) -> None:
        block = b"x" * (1 << 16)
        mode.server.on(
            "/chat/completions",
            [head(headers=[("Content-Type", "application/json")]), *([block] * 200), STALL],
        )
        client = mode.client(max_response_bytes=1 << 20)
        assert type(await mode.failure(lambda: client.chat(MESSAGES))) is indoxrouter.APIError
        # In a thread: a server with megabytes to send notices when the socket is closed, on the loop's next turn.
        assert await asyncio.to_thread(mode.server.connections[-1].left.wait, 10)

    async def test_text_that_shrinks_well_is_no_bomb(self, mode: Mode) -> None:
        raw = json.dumps({**ENVELOPE, "data": "the quick brown fox jumps " * 800_000}).encode()
        packed = gzip.compress(raw, 1)
        mode.server.on("/chat/completions", answer(packed, headers=[("Content-Encoding", "gzip")]))
        assert len((await do(mode.client().chat(MESSAGES))).text) == 26 * 800_000


async def test_the_request_says_who_asks_and_nothing_more(mode: Mode) -> None:
    serve_everything(mode.server)
    await do(mode.client().chat(MESSAGES))
    request = mode.server.sent("/chat/completions")[0]
    allowed = {
        "host",
        "accept",
        "accept-encoding",
        "user-agent",
        "content-type",
        "content-length",
        "authorization",
    }
    allowed |= {"idempotency-key", "connection"}
    assert {name.lower() for name, _ in request.headers} <= allowed
    assert KEY not in repr(request.headers)
    assert request.header("Authorization") == "Bearer token-1"


async def test_many_calls_share_connections(mode: Mode) -> None:
    serve_everything(mode.server)
    client = mode.client()
    for _ in range(10):
        await do(client.chat(MESSAGES))
    assert len(mode.server.connections) == 1
