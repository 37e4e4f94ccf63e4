"""The mock without a socket, for asynchronous and synchronous httpx clients."""

from __future__ import annotations

import threading

import httpx
import pytest

from indoxrouter_mock import DEMO_API_KEY, InProcessTransport, asgi_app

from .conftest import HELLO
from .reading import events_of, text_of

HEADERS = {"Authorization": f"Bearer {DEMO_API_KEY}"}
URL = "http://mock/api/v1"


async def test_asgi_app_serves_an_async_client() -> None:
    app = asgi_app(tier="free", seed=4)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL, headers=HEADERS) as client:
        whole = (await client.post("/chat/completions", json=HELLO)).json()
        assert "Hello there" in whole["data"]
        streamed = await client.post("/chat/completions", json={**HELLO, "stream": True})
        assert text_of(events_of(streamed)) == whole["data"]
        image = (await client.post("/images/generations", json={"prompt": "x", "size": "8x8"})).json()[
            "data"
        ][0]["url"]
        assert image.startswith("http://mock/files/")
        assert (await client.get(image)).content.startswith(b"\x89PNG")
        page = await client.get("http://mock/", headers={"Accept": "text/html"})
        assert "<title>IndoxRouter mock</title>" in page.text
    assert app.state.counters["requests"] == 3


async def test_broken_connection_is_an_exception_in_process() -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(asgi_app()), base_url=URL, headers=HEADERS
    ) as client:
        with pytest.raises(ConnectionError, match="a fault asked for"):
            await client.post("/chat/completions", json=HELLO, headers={"X-Mock-Fault": "reset"})


def test_synchronous_transport_streams_as_it_goes() -> None:
    with httpx.Client(transport=InProcessTransport(asgi_app()), base_url=URL, headers=HEADERS) as client:
        assert client.post("/chat/completions", json=HELLO).json()["success"] is True
        body = {**HELLO, "stream": True}
        with client.stream(
            "POST", "/chat/completions", json=body, headers={"X-Mock-Chunk-Delay": "60"}
        ) as answer:
            assert next(answer.iter_lines()).startswith("data: ")
        assert client.get("/user/usage").json()["total_requests"] <= 2


def test_synchronous_transport_breaks_like_a_connection() -> None:
    with httpx.Client(transport=InProcessTransport(asgi_app()), base_url=URL, headers=HEADERS) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/chat/completions", json=HELLO, headers={"X-Mock-Fault": "no_answer"})
        with pytest.raises(httpx.ReadError):
            client.post(
                "/chat/completions", json={**HELLO, "stream": True}, headers={"X-Mock-Fault": "reset;after=2"}
            )


def test_synchronous_transport_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    transport = InProcessTransport(asgi_app())
    assert threading.active_count() == before + 1
    transport.close()
    transport.close()
    assert threading.active_count() == before
