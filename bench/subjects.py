"""The clients that are measured, each doing the same work: a request, its answer, and a look at what is in it.

A subject has a method for each case that it can do; the method prepares a connection and returns the function that is
timed. What that function returns is compared with what the server sent, so that nobody gets fast by doing less.
Every subject runs in an environment of its own, and imports nothing before it is told to.
"""

from __future__ import annotations

from typing import Any

from bench.libraries import Aiohttp, Pyreqwest, Socket, Urllib3
from bench.published import Published
from bench.sdks import Anthropic, Litellm, Openai
from bench.speakeasy import Mistralai, Openrouter
from bench.work import (
    AT_ONCE,
    BODY,
    CHAT,
    EMBEDDINGS,
    HEADERS,
    KEY,
    MESSAGES,
    MODELS,
    REQUESTS,
    STREAM_BODY,
    STREAMS,
    Once,
    spread,
    text_of_event,
    totals_of_models,
)

__all__ = ["SUBJECTS"]


class HttpxAsync:
    """The asynchronous half of httpx, with its own transport or another."""

    def _transport(self) -> Any:
        return None

    def _async_client(self) -> Any:
        import httpx

        limits = httpx.Limits(max_connections=1000, max_keepalive_connections=1000)
        return httpx.AsyncClient(timeout=30, limits=limits, transport=self._transport())

    def chat_async(self, server: str) -> Once:
        client, url = self._async_client(), server + "/chat" + CHAT

        async def once() -> Any:
            return (await client.post(url, json=BODY, headers=HEADERS)).json()["data"]

        return once

    def requests_at_once(self, server: str) -> Once:
        one = self.chat_async(server)
        return lambda: spread(one, REQUESTS, AT_ONCE)

    def streams_at_once(self, server: str) -> Once:
        client, url = self._async_client(), server + "/many" + CHAT

        async def one() -> int:
            count = 0
            async with client.stream("POST", url, json=STREAM_BODY, headers=HEADERS) as response:
                async for line in response.aiter_lines():
                    if line.startswith("data: ") and text_of_event(line):
                        count += 1
            return count

        return lambda: spread(one, STREAMS, STREAMS)


class Httpx(HttpxAsync):
    """Plain httpx and json: the unit."""

    importing = "import httpx"
    constructing = "import httpx; client = httpx.Client()"
    first = (
        "import httpx, json; client = httpx.Client()\n"
        "text = client.post(BASE + '/chat/completions', json=BODY, headers=HEADERS).json()['data']"
    )

    def _client(self) -> Any:
        import httpx

        return httpx.Client(timeout=30)

    def chat(self, server: str) -> Once:
        client, url = self._client(), server + "/chat" + CHAT
        return lambda: client.post(url, json=BODY, headers=HEADERS).json()["data"]

    watched = chat

    def first_event(self, server: str) -> Once:
        client, url = self._client(), server + "/first" + CHAT

        def once() -> Any:
            context = client.stream("POST", url, json=STREAM_BODY, headers=HEADERS)
            lines = context.__enter__().iter_lines()
            text = text_of_event(next(lines))

            def drain() -> None:
                for _ in lines:
                    pass
                context.__exit__(None, None, None)

            return text, drain

        return once

    def _stream(self, url: str) -> Once:
        client = self._client()

        def once() -> tuple[int, int]:
            count = size = 0
            with client.stream("POST", url, json=STREAM_BODY, headers=HEADERS) as response:
                for line in response.iter_lines():
                    if line.startswith("data: ") and (text := text_of_event(line)):
                        count += 1
                        size += len(text)
            return count, size

        return once

    def events(self, server: str) -> Once:
        return self._stream(server + "/events" + CHAT)

    def blocks(self, server: str) -> Once:
        return self._stream(server + "/blocks" + CHAT)

    def embeddings(self, server: str) -> Once:
        client, url = self._client(), server + "/embeddings" + EMBEDDINGS

        def once() -> Any:
            vectors = client.post(url, json={"text": "x", "model": "m"}, headers=HEADERS).json()["data"]
            return len(vectors), len(vectors[0]), vectors[-1][-1]

        return once

    def models(self, server: str) -> Once:
        client, url = self._client(), server + "/models" + MODELS
        return lambda: totals_of_models(client.get(url, headers=HEADERS).json())


class HttpxAiohttp(HttpxAsync):
    """httpx with aiohttp underneath."""

    def _transport(self) -> Any:
        from aiohttp import ClientSession, TCPConnector
        from httpx_aiohttp import AiohttpTransport

        return AiohttpTransport(client=lambda: ClientSession(connector=TCPConnector(limit=0)))


class HttpxPyreqwest(Httpx):
    """httpx with pyreqwest underneath."""

    importing = "import httpx; from pyreqwest.compatibility.httpx import SyncHttpxTransport"
    constructing = f"{importing}; client = httpx.Client(transport=SyncHttpxTransport())"
    first = (
        f"import json; {constructing}\n"
        "text = client.post(BASE + '/chat/completions', json=BODY, headers=HEADERS).json()['data']"
    )

    def _client(self) -> Any:
        import httpx
        from pyreqwest.compatibility.httpx import SyncHttpxTransport

        return httpx.Client(timeout=30, transport=SyncHttpxTransport())

    def _transport(self) -> Any:
        from pyreqwest.compatibility.httpx import HttpxTransport

        return HttpxTransport()


class Indoxrouter:
    """This project's client."""

    engine: str | None = None
    importing = "import indoxrouter"
    constructing = "from indoxrouter import Client; client = Client(KEY, base_url=BASE)"
    first = "from indoxrouter import Client; client = Client(KEY, base_url=BASE)\ntext = client.chat(MESSAGES).text"

    def _client(self, server: str, answer: str) -> Any:
        from indoxrouter import Client

        return Client(KEY, base_url=f"{server}/{answer}/api/v1", engine=self.engine)

    def _async_client(self, server: str, answer: str) -> Any:
        from indoxrouter import AsyncClient

        return AsyncClient(KEY, base_url=f"{server}/{answer}/api/v1", engine=self.engine)

    def chat(self, server: str) -> Once:
        client = self._client(server, "chat")
        return lambda: client.chat(MESSAGES).text

    def watched(self, server: str) -> Once:
        client = self._client(server, "chat")
        client.on_unknown(lambda unknown: None)
        return lambda: client.chat(MESSAGES).text

    def first_event(self, server: str) -> Once:
        client = self._client(server, "first")

        def once() -> Any:
            stream = client.chat(MESSAGES, stream=True)
            return next(stream).text, stream.until_done

        return once

    def _stream(self, client: Any) -> Once:
        def once() -> tuple[int, int]:
            count = size = 0
            for chunk in client.chat(MESSAGES, stream=True):
                count += 1
                size += len(chunk.text)
            return count, size

        return once

    def events(self, server: str) -> Once:
        return self._stream(self._client(server, "events"))

    def blocks(self, server: str) -> Once:
        return self._stream(self._client(server, "blocks"))

    def embeddings(self, server: str) -> Once:
        client = self._client(server, "embeddings")

        def once() -> Any:
            vectors = client.embeddings("x", "m").data
            return len(vectors), len(vectors[0]), vectors[-1][-1]

        return once

    def models(self, server: str) -> Once:
        client = self._client(server, "models")

        def once() -> tuple[int, float]:
            count, price = 0, 0.0
            for provider in client.models().providers:
                for model in provider.models:
                    count += len(model.capabilities) // 3 if model.id else 0
                    price += model.pricing.input
            return count, round(price, 6)

        return once

    def chat_async(self, server: str) -> Once:
        client = self._async_client(server, "chat")

        async def once() -> Any:
            return (await client.chat(MESSAGES)).text

        return once

    def requests_at_once(self, server: str) -> Once:
        one = self.chat_async(server)
        return lambda: spread(one, REQUESTS, AT_ONCE)

    def streams_at_once(self, server: str) -> Once:
        client = self._async_client(server, "many")

        async def one() -> int:
            count = 0
            async for chunk in await client.chat(MESSAGES, stream=True):
                count += bool(chunk.text)
            return count

        return lambda: spread(one, STREAMS, STREAMS)


class IndoxrouterOverHttpx(Indoxrouter):
    """The same with its httpx engine."""

    engine = "httpx"
    constructing = "from indoxrouter import Client; client = Client(KEY, base_url=BASE, engine='httpx')"
    first = f"{constructing}\ntext = client.chat(MESSAGES).text"


SUBJECTS: dict[str, type[Any]] = {
    "httpx": Httpx,
    "aiohttp": Aiohttp,
    "default": Indoxrouter,
    "over_httpx": IndoxrouterOverHttpx,
    "published": Published,
    "openai": Openai,
    "anthropic": Anthropic,
    "litellm": Litellm,
    "mistralai": Mistralai,
    "openrouter": Openrouter,
    "pyreqwest": Pyreqwest,
    "urllib3": Urllib3,
    "httpx-aiohttp": HttpxAiohttp,
    "httpx-pyreqwest": HttpxPyreqwest,
    "socket": Socket,
}
