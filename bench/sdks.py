"""OpenAI's and Anthropic's packages, and litellm, each with the calls that its own guide shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from bench.peer import Peer, shape, totals_of_names
from bench.work import KEY, MESSAGES, Once

__all__ = ["Anthropic", "Litellm", "Openai"]


class Openai(Peer):
    """openai-python."""

    importing = "import openai"
    constructing = "from openai import OpenAI; client = OpenAI(api_key=KEY, base_url=BASE)"
    first = constructing + (
        "\ntext = client.chat.completions.create(model='m', messages=MESSAGES).choices[0].message.content"
    )

    def _client(self, base: str) -> Any:
        from openai import OpenAI

        return OpenAI(api_key=KEY, base_url=base)

    def _async_client(self, base: str) -> Any:
        from openai import AsyncOpenAI

        return AsyncOpenAI(api_key=KEY, base_url=base)

    def call(self, base: str) -> Callable[[], str]:
        create = self._client(base).chat.completions.create
        return lambda: create(model="m", messages=MESSAGES, temperature=0.7).choices[0].message.content

    def call_async(self, base: str) -> Callable[[], Awaitable[str]]:
        create = self._async_client(base).chat.completions.create

        async def once() -> Any:
            return (await create(model="m", messages=MESSAGES, temperature=0.7)).choices[0].message.content

        return once

    def texts(self, base: str) -> Callable[[], Iterator[str]]:
        create = self._client(base).chat.completions.create

        def read() -> Iterator[str]:
            for chunk in create(model="m", messages=MESSAGES, stream=True):
                yield chunk.choices[0].delta.content

        return read

    def texts_async(self, base: str) -> Callable[[], AsyncIterator[str]]:
        create = self._async_client(base).chat.completions.create

        async def read() -> AsyncIterator[str]:
            async for chunk in await create(model="m", messages=MESSAGES, stream=True):
                yield chunk.choices[0].delta.content

        return read

    def embeddings(self, server: str) -> Once:
        create = self._client(self.at(server, "openai-encoded")).embeddings.create
        return lambda: shape([one.embedding for one in create(input="x", model="m").data])

    def models(self, server: str) -> Once:
        models = self._client(self.at(server, "openai-models")).models
        return lambda: totals_of_names(model.id for model in models.list())


class Anthropic(Peer):
    """anthropic-sdk-python, with events in Anthropic's own form."""

    base = "anthropic"
    chats = "anthropic"
    streams = "anthropic-"
    importing = "import anthropic"
    constructing = "from anthropic import Anthropic; client = Anthropic(api_key=KEY, base_url=BASE)"
    first = constructing + (
        "\ntext = client.messages.create(model='m', max_tokens=9, messages=MESSAGES).content[0].text"
    )

    def _client(self, base: str) -> Any:
        from anthropic import Anthropic

        return Anthropic(api_key=KEY, base_url=base)

    def _async_client(self, base: str) -> Any:
        from anthropic import AsyncAnthropic

        return AsyncAnthropic(api_key=KEY, base_url=base)

    def call(self, base: str) -> Callable[[], str]:
        create = self._client(base).messages.create
        return lambda: create(model="m", max_tokens=9, messages=MESSAGES).content[0].text

    def call_async(self, base: str) -> Callable[[], Awaitable[str]]:
        create = self._async_client(base).messages.create

        async def once() -> Any:
            return (await create(model="m", max_tokens=9, messages=MESSAGES)).content[0].text

        return once

    def texts(self, base: str) -> Callable[[], Iterator[str]]:
        create = self._client(base).messages.create

        def read() -> Iterator[str]:
            for event in create(model="m", max_tokens=9, messages=MESSAGES, stream=True):
                if event.type == "content_block_delta":
                    yield event.delta.text

        return read

    def texts_async(self, base: str) -> Callable[[], AsyncIterator[str]]:
        create = self._async_client(base).messages.create

        async def read() -> AsyncIterator[str]:
            async for event in await create(model="m", max_tokens=9, messages=MESSAGES, stream=True):
                if event.type == "content_block_delta":
                    yield event.delta.text

        return read

    def models(self, server: str) -> Once:
        models = self._client(self.at(server, "anthropic-models")).models
        return lambda: totals_of_names(model.id for model in models.list(limit=1000))


class Litellm(Peer):
    """litellm, over its provider for servers that speak as OpenAI does. It has functions and no client."""

    importing = "import litellm"
    first = (
        "import litellm\nanswer = litellm.completion(model='openai/m', messages=MESSAGES, api_base=BASE, api_key=KEY)"
        "\ntext = answer.choices[0].message.content"
    )

    def _options(self, base: str) -> dict[str, Any]:
        return {"model": "openai/m", "messages": MESSAGES, "api_base": base, "api_key": KEY}

    def call(self, base: str) -> Callable[[], str]:
        from litellm import completion

        options = self._options(base)
        return lambda: completion(**options, temperature=0.7).choices[0].message.content

    def call_async(self, base: str) -> Callable[[], Awaitable[str]]:
        from litellm import acompletion

        options = self._options(base)

        async def once() -> Any:
            return (await acompletion(**options, temperature=0.7)).choices[0].message.content

        return once

    def texts(self, base: str) -> Callable[[], Iterator[str]]:
        from litellm import completion

        options = self._options(base)

        def read() -> Iterator[str]:
            for chunk in completion(**options, stream=True):
                yield (
                    chunk.choices[0].delta.content or ""
                )  # it makes an event of its own for the reason to stop

        return read

    def texts_async(self, base: str) -> Callable[[], AsyncIterator[str]]:
        from litellm import acompletion

        options = self._options(base)

        async def read() -> AsyncIterator[str]:
            async for chunk in await acompletion(**options, stream=True):
                yield chunk.choices[0].delta.content or ""

        return read

    def embeddings(self, server: str) -> Once:
        from litellm import embedding

        options = {"model": "openai/m", "api_base": self.at(server, "openai-vectors"), "api_key": KEY}
        return lambda: shape([one["embedding"] for one in embedding(input=["x"], **options).data])
