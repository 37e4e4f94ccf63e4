"""A loopback server that is never the bottleneck: it knows its answers before it is asked, and does not parse JSON.

The first segment of the path chooses the answer (`/chat/api/v1/…`); anything that ends in `/auth/token` gets a token.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from bench import forms, payloads

__all__ = ["main"]

ANSWERS = {**payloads.answers(), **forms.answers()}
BLOCK = bytes(256 * 1024)
DOWNLOAD = 500 * 1024 * 1024
DOWNLOAD_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: %d\r\n\r\n" % DOWNLOAD
LARGE = 1024 * 1024
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


class Connection(asyncio.Protocol):
    """One connection: reads requests, one after the other, and answers each from the table."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
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
        if self.skip:
            self.skip -= len(data)
            if not self.skip:
                self.transport.write(self.late)
            return
        held = self.held + data if self.held else data
        while held:
            end = held.find(b"\r\n\r\n")
            if end < 0:
                break
            head = held[:end].lower()
            size = end + 4
            at = head.find(b"\r\ncontent-length:")
            if at >= 0:
                size += int(head[at + 17 :].split(b"\r\n", 1)[0])
            elif b"\r\ntransfer-encoding: chunked" in head:
                last = held.find(b"0\r\n\r\n", end)
                if last < 0:
                    break
                size = last + 5
            path = held[: held.find(b"\r\n")].split(b" ")[1]
            name = b"token" if path.endswith(b"/auth/token") else path.split(b"/")[1]
            if len(held) < size:
                if size < LARGE:
                    break
                self.skip, self.late, held = size - len(held), ANSWERS.get(name, NOT_FOUND), b""
                break
            if name == b"download":
                self.sending = DOWNLOAD
                self.transport.write(DOWNLOAD_HEAD)
                self.send_more()
                held = held[size:]
                continue
            self.transport.write(ANSWERS.get(name, NOT_FOUND))
            held = held[size:]
        self.held = held


async def serve() -> None:
    """Listen on a free port of the loopback interface and print it."""
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
