"""The server holds what it writes until the end of a turn of the event loop. Nothing is lost, late or out of order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from indoxrouter_mock import MockServer
from indoxrouter_mock.serving.batched_writes import MOST_HELD, BatchedTransport, WriteBatch

BODY = b'{"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}'


class RecordingTransport(asyncio.Transport):
    """A transport that records what it is asked for."""

    def __init__(self, name: str, calls: list[tuple[str, str, bytes]]) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.name = name
        self.calls = calls

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.calls.append((self.name, "write", bytes(data)))

    def close(self) -> None:
        self.calls.append((self.name, "close", b""))

    def abort(self) -> None:
        self.calls.append((self.name, "abort", b""))


def calls_of(use: Callable[[BatchedTransport, BatchedTransport], None]) -> list[tuple[str, str, bytes]]:
    """What two connections of one server do with their sockets, until the end of the next turn."""
    calls: list[tuple[str, str, bytes]] = []

    async def main() -> None:
        batch = WriteBatch()
        use(*(BatchedTransport(RecordingTransport(name, calls), batch) for name in "ab"))
        calls.append(("", "end of the turn", b""))
        await asyncio.sleep(0)

    asyncio.run(main())
    return calls


END = ("", "end of the turn", b"")


def test_head_and_body_leave_together_and_each_connection_keeps_its_own() -> None:
    def use(first: BatchedTransport, second: BatchedTransport) -> None:
        first.write(b"head 1 ")
        second.write(b"head 2 ")
        first.write(b"body 1")
        second.write(b"body 2")

    assert calls_of(use) == [END, ("a", "write", b"head 1 body 1"), ("b", "write", b"head 2 body 2")]


def test_a_connection_that_is_closed_sends_what_it_holds_first() -> None:
    def use(first: BatchedTransport, second: BatchedTransport) -> None:
        first.write(b"whole")
        first.close()

    assert calls_of(use) == [("a", "write", b"whole"), ("a", "close", b""), END]


def test_more_than_the_limit_is_sent_at_once() -> None:
    half = bytes(MOST_HELD // 2)

    def use(first: BatchedTransport, second: BatchedTransport) -> None:
        first.write(half)
        first.write(half)
        first.write(b"!")
        first.write(b"rest")

    assert calls_of(use) == [("a", "write", half + half + b"!"), END, ("a", "write", b"rest")]


def test_a_connection_writes_in_later_turns_as_well() -> None:
    calls: list[tuple[str, str, bytes]] = []

    async def main() -> None:
        connection = BatchedTransport(RecordingTransport("a", calls), WriteBatch())
        for data in (b"one", b"two"):
            connection.write(data)
            await asyncio.sleep(0)

    asyncio.run(main())
    assert calls == [("a", "write", b"one"), ("a", "write", b"two")]


def test_the_rest_of_a_transport_is_its_own() -> None:
    def use(first: BatchedTransport, second: BatchedTransport) -> None:
        assert first.get_extra_info("peername") == ("127.0.0.1", 1)
        first.abort()

    assert calls_of(use) == [("a", "abort", b""), END]


@pytest.mark.parametrize("count", [1, 20])
def test_answers_to_pipelined_requests_come_in_order(count: int) -> None:
    key = "indox-" + "b" * 32
    with (
        MockServer(api_key=key) as mock,
        socket.create_connection(("127.0.0.1", urlsplit(mock.url).port or 0), 30) as client,
    ):
        for number in range(count):
            last = b"connection: close\r\n" if number == count - 1 else b""
            client.sendall(
                b"POST /api/v1/chat/completions HTTP/1.1\r\nhost: mock\r\ncontent-type: application/json\r\n"
                b"authorization: Bearer %s\r\n%scontent-length: %d\r\n\r\n%s"
                % (key.encode(), last, len(BODY), BODY)
            )
        received = b"".join(iter(lambda: client.recv(65_536), b""))
        log = mock.requests
    answers = received.split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert len(answers) == count
    for answer, request in zip(answers, log, strict=True):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert f"x-request-id: {request['request_id']}".encode() in head
        assert f'"request_id":"{request["request_id"]}"'.encode() in body
        assert f"content-length: {len(body)}\r\n".encode() in head + b"\r\n"
