"""The package as it was published before this project: requests, and no asynchronous client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.peer import counted, shape
from bench.work import AT_ONCE, KEY, MESSAGES, REQUESTS, STREAMS, Once, totals_of_models

__all__ = ["Published"]


class Published:
    """indoxrouter 0.1.39. Many requests at once are as many threads, which is what its users have."""

    base = "chat"
    importing = "import indoxrouter"
    constructing = "from indoxrouter import Client; client = Client(api_key=KEY, base_url=BASE)"
    first = constructing + "\ntext = client.chat(messages=MESSAGES)['data']"

    def _client(self, server: str, answer: str) -> Any:
        from indoxrouter import Client

        return Client(api_key=KEY, base_url=f"{server}/{answer}")  # it adds the rest

    def chat(self, server: str) -> Once:
        client = self._client(server, "chat")
        return lambda: client.chat(messages=MESSAGES)["data"]

    def _texts(self, server: str, answer: str) -> Callable[[], Iterator[str]]:
        client = self._client(server, answer)

        def read() -> Iterator[str]:
            for chunk in client.chat(messages=MESSAGES, stream=True):
                yield chunk["data"]

        return read

    def first_event(self, server: str) -> Once:
        texts = self._texts(server, "first")

        def once() -> Any:
            stream = texts()
            return next(stream), lambda: [None for _ in stream]

        return once

    def events(self, server: str) -> Once:
        return counted(self._texts(server, "events"))

    def blocks(self, server: str) -> Once:
        return counted(self._texts(server, "blocks"))

    def embeddings(self, server: str) -> Once:
        client = self._client(server, "embeddings")
        return lambda: shape(client.embeddings(text="x", model="m")["data"])

    def models(self, server: str) -> Once:
        client = self._client(server, "models")
        return lambda: totals_of_models(client.models())

    def requests_at_once(self, server: str) -> Once:
        one = self.chat(server)
        pool = ThreadPoolExecutor(AT_ONCE)

        async def once() -> Any:
            return list(pool.map(lambda _: one(), range(REQUESTS)))

        return once

    def streams_at_once(self, server: str) -> Once:
        texts = self._texts(server, "many")
        pool = ThreadPoolExecutor(STREAMS)

        async def once() -> Any:
            return list(pool.map(lambda _: sum(map(bool, texts())), range(STREAMS)))

        return once
