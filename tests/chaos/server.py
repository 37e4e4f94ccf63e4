"""A server that fails in every way it knows, by chance; a process of its own, so that descriptors can be counted.

It answers chats and streams with the text that was asked, so that a caller knows its own answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import socket
import struct
import sys

__all__ = ["main"]

FAULT_RATE = 0.35
EVIL = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 28\r\n\r\n"
EVIL += b'{"success":1,"data":"EVIL!"}'


class _Gone(Exception):
    """The connection is over."""


def _answer(body: bytes, status: int = 200, kind: str = "application/json", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def _chat(text: str, padding: int) -> bytes:
    usage = {"tokens_prompt": 1, "tokens_completion": 2, "tokens_total": 3, "cost": 0.001, "latency": 0.5}
    answer = {
        "success": True,
        "data": text,
        "finish_reason": "stop",
        "usage": usage,
        "provider": "p" * padding,
    }
    return json.dumps(answer).encode()


def _events(text: str) -> list[bytes]:
    def event(piece: str, finish: str | None) -> bytes:
        choice = {"index": 0, "delta": {"content": piece}, "finish_reason": finish}
        return b"data: " + json.dumps({"id": "s", "choices": [choice]}).encode() + b"\n\n"

    pieces = [text[at : at + 3] for at in range(0, len(text), 3)]
    last = len(pieces) - 1
    return [
        *(event(piece, "stop" if n == last else None) for n, piece in enumerate(pieces)),
        b"data: [DONE]\n\n",
    ]


class _Connection:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rng: random.Random
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._rng = rng

    async def serve(self) -> None:
        with contextlib.suppress(_Gone, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                head = await self._reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                body = await self._reader.readexactly(int(length[1])) if length else b""
                await self._reply(head.split(b" ", 2)[1].decode(), body)
        self._writer.close()

    async def _reply(self, path: str, body: bytes) -> None:
        if "/auth/" in path:
            token = {
                "access_token": f"token-{self._rng.random()}",
                "token_type": "bearer",
                "expires_in": 3600,
            }
            await self._send(_answer(json.dumps(token).encode()))
            return
        asked = json.loads(body)
        text = asked["messages"][-1]["content"]
        fault = self._rng.random() < FAULT_RATE
        if asked.get("stream"):
            await self._stream(text, fault)
        else:
            wire = _answer(_chat(text, self._rng.choice((0, 0, 100, 40_000))))
            await (self._fail(wire) if fault else self._send(wire))

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def _fail(self, wire: bytes) -> None:
        """Answer in one of the ways that no client wants."""
        rng = self._rng
        fault = rng.choice(
            ("reset", "stall", "cut", "cut-reset", "poison", "401", "429", "500", "slow", "silent", "interim")
        )
        if fault == "reset":
            self._reset()
        elif fault == "silent":
            raise _Gone
        elif fault == "stall":
            await self._send(wire[: rng.randrange(len(wire))])
            await self._wait(rng.choice((0.3, 2.0)))
            raise _Gone
        elif fault.startswith("cut"):
            await self._send(wire[: rng.randrange(1, len(wire))])
            if fault == "cut-reset":
                self._reset()
            raise _Gone
        elif fault == "poison":
            end = max(0, len(wire) - 2_000)
            await self._send(wire[:end])
            self._writer.write(wire[end:] + EVIL[: rng.choice((1, 12, len(EVIL)))])
        elif fault in ("401", "429", "500"):
            error = b'{"detail":"not now"}'
            extra = "Retry-After: 0\r\n" if fault == "429" else ""
            await self._send(_answer(error, int(fault), extra=extra))
        elif fault == "interim":
            await self._send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + wire)
        else:
            for at in range(0, len(wire), max(1, len(wire) // 8)):
                await self._send(wire[at : at + max(1, len(wire) // 8)])
                await asyncio.sleep(0.01)

    async def _stream(self, text: str, fault: bool) -> None:
        events = _events(text)
        left = self._rng.randrange(len(events)) if fault else len(events)
        await self._send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for event in events[:left]:
            await self._send(b"%x\r\n%b\r\n" % (len(event), event))
            if self._rng.random() < 0.1:
                await asyncio.sleep(0.005)
        if not fault:
            await self._send(b"0\r\n\r\n" + (EVIL if self._rng.random() < 0.1 else b""))
        elif self._rng.random() < 0.5:
            self._reset()
        elif self._rng.random() < 0.5:
            await self._wait(1.0)
        if fault:
            raise _Gone

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._reader.read(1), seconds)

    def _reset(self) -> None:
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _Gone


async def _serve(seed: int) -> None:
    rng = random.Random(seed)
    server = await asyncio.start_server(
        lambda reader, writer: _Connection(reader, writer, rng).serve(), "127.0.0.1", 0, backlog=1_000
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        # The parent closes our standard input when it ends, however it ends.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serve until standard input ends; the port is printed first."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
