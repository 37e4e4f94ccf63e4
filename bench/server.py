"""A loopback server that is never the bottleneck: it knows its answers before it is asked, and does not parse JSON.

The first segment of the path chooses the answer (`/chat/api/v1/…`); anything that ends in `/auth/token`, or in
`/auth/api-key` as the published client has it, gets a token.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import cache
from typing import Any

from bench import forms, payloads

__all__ = ["Connection", "answers", "main"]

BLOCK = bytes(256 * 1024)
DOWNLOAD = 500 * 1024 * 1024
DOWNLOAD_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: %d\r\n\r\n" % DOWNLOAD
LARGE = 1024 * 1024
# Requests that have been answered, byte for byte: a client under test sends the same one again and again.
KNOWN: dict[bytes, bytes] = {}
KNOWN_LIMIT, KNOWN_SIZE = 1000, 4096
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


@cache
def answers() -> dict[bytes, bytes]:
    """The whole answers by name, with their heads; made when they are first asked for."""
    return {**payloads.answers(), **forms.answers()}


class Connection(asyncio.Protocol):
    """One connection: reads requests, one after the other, and answers each from the table."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.answers = answers()
        self.held = b""
        self.skip = 0  # bytes of a large body that are still to come, and the answer that follows them
        self.late = b""
        self.sending = 0  # bytes of a download that are still to be sent

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        self.send_more()

    full = False

    def send_more(self) -> None:
        while self.sending and not self.full:
            self.sending -= len(BLOCK)
            self.transport.write(BLOCK)

    def data_received(self, data: bytes) -> None:
        if not self.held and not self.skip and (answer := KNOWN.get(data)) is not None:
            self.transport.write(answer)
            return
        if self.skip:
            rest = data[self.skip :]
            self.skip -= len(data) - len(rest)
            if self.skip:
                return
            self.transport.write(self.late)
            data = rest
        self.held = self.answer_all(self.held + data if self.held else data)

    def answer_all(self, held: bytes) -> bytes:
        """Answer every request that is whole; returns what is left over."""
        while held:
            end = held.find(b"\r\n\r\n")
            if end < 0:
                break
            size = whole_size(held, end)
            if size is None:
                break
            path = held[: held.find(b"\r\n")].split(b" ")[1]
            name = b"token" if path.endswith((b"/auth/token", b"/auth/api-key")) else path.split(b"/")[1]
            if len(held) < size:
                if size < LARGE:
                    break
                self.skip, self.late = size - len(held), self.answers.get(name, NOT_FOUND)
                return b""
            if name == b"download":
                self.sending = DOWNLOAD
                self.transport.write(DOWNLOAD_HEAD)
                self.send_more()
            else:
                answer = self.answers.get(name, NOT_FOUND)
                if len(held) == size < KNOWN_SIZE:
                    # Requests with a number of their own are not worth remembering.
                    if len(KNOWN) > KNOWN_LIMIT:
                        KNOWN.clear()
                    KNOWN[held] = answer
                self.transport.write(answer)
            held = held[size:]
        return held


def whole_size(held: bytes, end: int) -> int | None:
    """How many bytes a request has whose head ends there; None as long as its body does not tell."""
    head = held[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        return end + 4 + int(head[at + 17 :].split(b"\r\n", 1)[0])
    if b"\r\ntransfer-encoding: chunked" in head:
        last = held.find(b"0\r\n\r\n", end)
        return None if last < 0 else last + 5
    return end + 4


async def serve() -> None:
    """Listen on a free port of the loopback interface and print it."""
    answers()  # before the first request, which is timed
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Run on the core that the first argument names, until the standard input closes."""
    if len(sys.argv) > 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(sys.argv[1])})
    try:
        import uvloop
    except ImportError:
        pass
    else:
        uvloop.install()
    asyncio.run(serve())


if __name__ == "__main__":
    main()
