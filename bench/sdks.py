"""The other packages that are measured: the published one and two that are used a lot. See `subjects`."""

from __future__ import annotations

from typing import Any

from bench.work import AT_ONCE, KEY, MESSAGES, REQUESTS, STREAMS, Once, spread, totals_of_models


class Published:
    """The package as it is on PyPI."""

    module = "indoxRouter"
    importing = "import indoxrouter"
    constructing = "from indoxrouter import Client; client = Client(api_key=KEY, base_url=BASE)"
    first = constructing + "\ntext = client.chat(messages=MESSAGES)['data']"

    def _client(self, server: str, answer: str) -> Any:
        from indoxrouter import Client

        return Client(api_key=KEY, base_url=f"{server}/{answer}/api/v1")

    def chat(self, server: str) -> Once:
        client = self._client(server, "chat")
        return lambda: client.chat(messages=MESSAGES)["data"]

    def embeddings(self, server: str) -> Once:
        client = self._client(server, "embeddings")

        def once() -> Any:
            vectors = client.embeddings(text="x", model="m")["data"]
            return len(vectors), len(vectors[0]), vectors[-1][-1]

        return once

    def models(self, server: str) -> Once:
        client = self._client(server, "models")
        return lambda: totals_of_models(client.models())


class Openai:
    """openai-python."""

    module = "openai"
    importing = "import openai"
    constructing = "from openai import OpenAI; client = OpenAI(api_key=KEY, base_url=BASE)"
    first = constructing + (
        "\ntext = client.chat.completions.create(model='m', messages=MESSAGES).choices[0].message.content"
    )

    def _client(self, server: str, answer: str) -> Any:
        from openai import OpenAI

        return OpenAI(api_key=KEY, base_url=f"{server}/{answer}/api/v1")

    def _async_client(self, server: str, answer: str) -> Any:
        from openai import AsyncOpenAI

        return AsyncOpenAI(api_key=KEY, base_url=f"{server}/{answer}/api/v1")

    def chat(self, server: str) -> Once:
        create = self._client(server, "openai").chat.completions.create
        return lambda: create(model="m", messages=MESSAGES, temperature=0.7).choices[0].message.content

    def first_event(self, server: str) -> Once:
        create = self._client(server, "first").chat.completions.create

        def once() -> Any:
            stream = create(model="m", messages=MESSAGES, stream=True)
            text = next(stream).choices[0].delta.content
            return text, lambda: [None for _ in stream]

        return once

    def _stream(self, create: Any) -> Once:
        def once() -> tuple[int, int]:
            count = size = 0
            for chunk in create(model="m", messages=MESSAGES, stream=True):
                count += 1
                size += len(chunk.choices[0].delta.content)
            return count, size

        return once

    def events(self, server: str) -> Once:
        return self._stream(self._client(server, "events").chat.completions.create)

    def blocks(self, server: str) -> Once:
        return self._stream(self._client(server, "blocks").chat.completions.create)

    def chat_async(self, server: str) -> Once:
        create = self._async_client(server, "openai").chat.completions.create

        async def once() -> Any:
            return (await create(model="m", messages=MESSAGES, temperature=0.7)).choices[0].message.content

        return once

    def requests_at_once(self, server: str) -> Once:
        one = self.chat_async(server)
        return lambda: spread(one, REQUESTS, AT_ONCE)

    def streams_at_once(self, server: str) -> Once:
        create = self._async_client(server, "many").chat.completions.create

        async def one() -> int:
            count = 0
            async for chunk in await create(model="m", messages=MESSAGES, stream=True):
                count += bool(chunk.choices[0].delta.content)
            return count

        return lambda: spread(one, STREAMS, STREAMS)


class Anthropic:
    """anthropic-sdk-python."""

    module = "anthropic"
    importing = "import anthropic"
    constructing = "from anthropic import Anthropic; client = Anthropic(api_key=KEY, base_url=BASE)"
    first = constructing + (
        "\ntext = client.messages.create(model='m', max_tokens=9, messages=MESSAGES).content[0].text"
    )

    def chat(self, server: str) -> Once:
        from anthropic import Anthropic

        create = Anthropic(api_key=KEY, base_url=f"{server}/anthropic").messages.create
        return lambda: create(model="m", max_tokens=9, messages=MESSAGES).content[0].text

    def chat_async(self, server: str) -> Once:
        from anthropic import AsyncAnthropic

        create = AsyncAnthropic(api_key=KEY, base_url=f"{server}/anthropic").messages.create

        async def once() -> Any:
            return (await create(model="m", max_tokens=9, messages=MESSAGES)).content[0].text

        return once
