"""What the other packages have in common: the cases, made of four calls that each of them has in its own way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from bench.work import AT_ONCE, REQUESTS, STREAMS, Once, spread

__all__ = ["Peer", "counted", "shape", "totals_of_names"]


def shape(vectors: list[list[float]]) -> tuple[int, int, float]:
    """What is looked at in vectors; rounded, because some packages ask for single precision."""
    return len(vectors), len(vectors[0]), round(vectors[-1][-1], 7)


def totals_of_names(names: Iterator[str]) -> tuple[int, float]:
    """The sums that `totals_of_models` gives, from names that end in a number: not every API knows prices."""
    numbers = [int(name.rpartition("-")[2]) for name in names]
    return len(numbers), round(sum(number / 1000 for number in numbers), 6)


def counted(texts: Callable[[], Iterator[str]]) -> Once:
    """Read a stream to its end: the number of events with text, and the length of all of it."""

    def once() -> tuple[int, int]:
        count = size = 0
        for text in texts():
            count += bool(text)
            size += len(text)
        return count, size

    return once


class Peer(ABC):
    """The cases, made of four calls that each package has in its own way.

    Attributes:
        base: where a program that starts finds the API, under the server's address.
        chats, streams: the server's answer to a chat, and what stands before the names of its streams.
    """

    base = "openai/api/v1"
    chats = "openai"
    streams = ""

    @abstractmethod
    def call(self, base: str) -> Callable[[], str]:
        """One chat, and its text."""

    @abstractmethod
    def call_async(self, base: str) -> Callable[[], Awaitable[str]]:
        """The same with the asynchronous client."""

    @abstractmethod
    def texts(self, base: str) -> Callable[[], Iterator[str]]:
        """The pieces of text in a stream."""

    @abstractmethod
    def texts_async(self, base: str) -> Callable[[], AsyncIterator[str]]:
        """The same with the asynchronous client."""

    def at(self, server: str, answer: str) -> str:
        """The address under which the server gives an answer."""
        return f"{server}/{answer}/api/v1"

    def chat(self, server: str) -> Once:
        return self.call(self.at(server, self.chats))

    def first_event(self, server: str) -> Once:
        texts = self.texts(self.at(server, f"{self.streams}first"))

        def once() -> Any:
            stream = texts()
            return next(stream), lambda: [None for _ in stream]

        return once

    def events(self, server: str) -> Once:
        return counted(self.texts(self.at(server, f"{self.streams}events")))

    def blocks(self, server: str) -> Once:
        return counted(self.texts(self.at(server, f"{self.streams}blocks")))

    def chat_async(self, server: str) -> Once:
        return self.call_async(self.at(server, self.chats))

    def requests_at_once(self, server: str) -> Once:
        one = self.chat_async(server)
        return lambda: spread(one, REQUESTS, AT_ONCE)

    def streams_at_once(self, server: str) -> Once:
        texts = self.texts_async(self.at(server, f"{self.streams}many"))

        async def one() -> int:
            count = 0
            async for text in texts():
                count += bool(text)
            return count

        return lambda: spread(one, STREAMS, STREAMS)
