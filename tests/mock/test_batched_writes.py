"""The server holds what it writes until the end of a turn of the event loop. Nothing is lost, late or out of order."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from uvicorn.server import ServerState

from indoxrouter_mock import MockServer
from indoxrouter_mock.app.application import MockApp
from indoxrouter_mock.serving.batched_writes import MOST_HELD, BatchedTransport, WriteBatch
from indoxrouter_mock.serving.foreground import uvicorn_config

KEY = "indox-" + "b" * 32


def chat(headers: bytes = b"", *, stream: bool = False) -> bytes:
    """A chat as it is sent."""
    asked = b"true" if stream else b"false"
    body = (
        b'{"messages": [{"role": "user", "content": "Hello"}], "model": "openai/gpt-4o-mini", "stream": %s}'
        % asked
    )
    return (
        b"POST /api/v1/chat/completions HTTP/1.1\r\nhost: mock\r\ncontent-type: application/json\r\n"
        b"authorization: Bearer %s\r\n%scontent-length: %d\r\n\r\n%s"
        % (KEY.encode(), headers, len(body), body)
    )


class RecordingTransport(asyncio.Transport):
    """A transport that records what it is asked for."""

    def __init__(self, name: str, calls: list[tuple[str, str, bytes]]) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.name = name
        self.calls = calls

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.is_closing():
            raise RuntimeError("the handler is closed")  # as uvloop does
        self.calls.append((self.name, "write", bytes(data)))

    def close(self) -> None:
        self.calls.append((self.name, "close", b""))

    def abort(self) -> None:
        self.calls.append((self.name, "abort", b""))

    def is_closing(self) -> bool:
        return any(call[:2] in ((self.name, "close"), (self.name, "abort")) for call in self.calls)


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


def test_a_connection_that_is_lost_does_not_cost_the_others_their_answers() -> None:
    def use(first: BatchedTransport, second: BatchedTransport) -> None:
        first.write(b"to nobody")
        second.write(b"whole")
        first.abort()

    assert calls_of(use) == [("a", "abort", b""), END, ("b", "write", b"whole")]


def test_client_that_half_closes_gets_what_was_written_before() -> None:
    calls: list[tuple[str, str, bytes]] = []

    async def main() -> None:
        config = uvicorn_config(MockApp())
        config.load()
        protocol_class: Any = config.http_protocol_class
        protocol = protocol_class(config=config, server_state=ServerState(), app_state={})
        transport = RecordingTransport("a", calls)
        protocol.connection_made(transport)
        protocol.transport.write(b"an answer")
        if not protocol.eof_received():
            transport.close()  # as event loops do

    asyncio.run(main())
    assert calls == [("a", "write", b"an answer"), ("a", "close", b"")]


def test_answers_arrive_while_other_clients_vanish(caplog: pytest.LogCaptureFixture) -> None:
    with MockServer(api_key=KEY) as mock:
        address = ("127.0.0.1", urlsplit(mock.url).port or 0)
        for _ in range(100):
            with socket.create_connection(address, 30) as leaving:
                # Of pipelined requests, uvicorn reports the client's leaving to the last one only.
                leaving.sendall(chat(b"x-mock-tokens: 300\r\n", stream=True) * 3)
                leaving.recv(100)
                leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with socket.create_connection(address, 30) as staying:
                staying.sendall(chat(b"connection: close\r\n"))
                assert b"".join(iter(lambda: staying.recv(65_536), b"")).startswith(b"HTTP/1.1 200 OK\r\n")
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


@pytest.mark.parametrize("count", [1, 20])
def test_answers_to_pipelined_requests_come_in_order(count: int) -> None:
    with (
        MockServer(api_key=KEY) as mock,
        socket.create_connection(("127.0.0.1", urlsplit(mock.url).port or 0), 30) as client,
    ):
        for number in range(count):
            client.sendall(chat(b"connection: close\r\n" if number == count - 1 else b""))
        received = b"".join(iter(lambda: client.recv(65_536), b""))
        log = mock.requests
    answers = received.split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert len(answers) == count
    for answer, request in zip(answers, log, strict=True):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert f"x-request-id: {request['request_id']}".encode() in head
        assert f'"request_id":"{request["request_id"]}"'.encode() in body
        assert f"content-length: {len(body)}\r\n".encode() in head + b"\r\n"
