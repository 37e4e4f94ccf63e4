"""Clients of httpx that the caller built: hooks that read bodies, HTTP/2, and what they may not break."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import indoxrouter
import pytest

from tests.patience import seconds
from tests.reliability.harness import ENVELOPE, KEY, MESSAGES, Mode, do, texts_and_error
from tests.reliability.server import DONE, Request, answer, streamed, text_event

from .http2_server import Http2Server

PATH = "/chat/completions"


def echo(request: Request) -> bytes:
    return answer({**ENVELOPE, "data": request.json["messages"][0]["content"]})


def client_that_reads(mode: Mode, *, only_errors: bool = False) -> Any:
    """A client with a response hook that reads the body, as loggers do."""

    def read(response: httpx.Response) -> None:
        if response.status_code >= 400 or not only_errors:
            response.read()

    async def aread(response: httpx.Response) -> None:
        if response.status_code >= 400 or not only_errors:
            await response.aread()

    own: Any = (
        httpx.AsyncClient(event_hooks={"response": [aread]})
        if mode.is_async
        else httpx.Client(event_hooks={"response": [read]})
    )
    mode.owned.append(own)
    return mode.client(http_client=own, auth="api_key", max_retries=0, timeout=10)


async def test_callers_get_their_own_answers_when_a_hook_has_read_them(mode: Mode) -> None:
    mode.server.on(PATH, echo)
    client = client_that_reads(mode)
    began = time.monotonic()
    texts: dict[int, str] = {}

    async def ask(number: int) -> None:
        texts[number] = (await client.chat([{"role": "user", "content": str(number)}])).text

    if mode.is_async:
        await asyncio.gather(*(ask(number) for number in range(12)))
    else:

        def ask_now(number: int) -> None:
            texts[number] = client.chat([{"role": "user", "content": str(number)}]).text

        threads = [threading.Thread(target=ask_now, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join)
    assert texts == {number: str(number) for number in range(12)}
    assert time.monotonic() - began < seconds(9)  # it used to wait for the read timeout


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
async def test_an_error_that_a_hook_has_read_is_decoded(mode: Mode, packed: bool) -> None:
    import gzip

    body = b'{"error": "model_not_found", "message": "no such model"}'
    headers = [("Content-Encoding", "gzip")] if packed else []
    mode.server.on(PATH, answer(gzip.compress(body) if packed else body, 404, headers), echo)
    client = client_that_reads(mode, only_errors=True)
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert error.status_code == 404
    assert "no such model" in str(error)
    assert (await do(client.chat(MESSAGES))).text == "hello"


async def test_a_stream_that_a_hook_has_read_is_delivered(mode: Mode) -> None:
    mode.server.on(PATH, streamed(text_event("a"), text_event("b", "stop"), DONE))
    client = client_that_reads(mode)
    assert await texts_and_error(await do(client.chat(MESSAGES, stream=True))) == (["a", "b"], None)


async def test_a_body_that_a_hook_has_consumed_is_an_error_that_says_so(mode: Mode) -> None:
    mode.server.on(PATH, echo)

    def consume(response: httpx.Response) -> None:
        for _ in response.iter_raw():
            pass

    async def aconsume(response: httpx.Response) -> None:
        async for _ in response.aiter_raw():
            pass

    own: Any = (
        httpx.AsyncClient(event_hooks={"response": [aconsume]})
        if mode.is_async
        else httpx.Client(event_hooks={"response": [consume]})
    )
    mode.owned.append(own)
    client = mode.client(http_client=own, auth="api_key", max_retries=0)
    assert "hook" in str(await mode.failure(lambda: client.chat(MESSAGES)))


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
async def test_leaving_one_http2_stream_leaves_the_others_alone(
    certificate: ssl.SSLContext, trusted: Path, asynchronous: bool
) -> None:
    gate = threading.Event()
    context = ssl.create_default_context(cafile=str(trusted))
    with Http2Server(certificate, gate) as server:
        options: dict[str, Any] = {"base_url": server.url, "auth": "api_key", "max_retries": 0, "timeout": 10}
        if asynchronous:
            async with (
                httpx.AsyncClient(http2=True, verify=context) as own,
                indoxrouter.AsyncClient(KEY, http_client=own, **options) as client,
            ):
                streams = [await client.chat(MESSAGES, stream=True) for _ in range(4)]
                assert [(await anext(stream)).text for stream in streams] == ["a"] * 4
                await streams.pop().close()
                del streams[-1]  # abandoned without a word
                gate.set()
                for stream in streams:
                    assert await texts_and_error(stream) == (["b"], None)
                assert (await (await client.chat(MESSAGES, stream=True)).until_done()).text == "ab"
        else:
            with (
                httpx.Client(http2=True, verify=context) as own_sync,
                indoxrouter.Client(KEY, http_client=own_sync, **options) as sync_client,
            ):
                opened = [sync_client.chat(MESSAGES, stream=True) for _ in range(4)]
                assert [next(stream).text for stream in opened] == ["a"] * 4
                opened.pop().close()
                del opened[-1]
                gate.set()
                for sync_stream in opened:
                    assert [chunk.text for chunk in sync_stream] == ["b"]
                assert sync_client.chat(MESSAGES, stream=True).until_done().text == "ab"
        assert server.connections == 1
