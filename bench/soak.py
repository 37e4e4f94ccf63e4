"""Does a client that works for long stay small? 10,000 requests and 1,000 abandoned streams, with both clients.

After a warm-up, memory and open file descriptors are measured at intervals; both have to stay flat. The collector is
left on, as in a real program, and nothing is closed that a careless caller would not close: streams are abandoned in
the middle, by `break`, by dropping them, and by cancelling their reader.

    python -m bench.soak                  # 10,000 requests and 1,000 streams for each client, a minute or two
    python -m bench.soak --requests 1000 --streams 100 --engine httpx

Ends with status 1 when something grew.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import psutil
from indoxrouter import AsyncClient, Client
from indoxrouter.params import ChatMessageParam

KEY = "indox-" + "s" * 32
MESSAGES: list[ChatMessageParam] = [{"role": "user", "content": "hello"}]
MEMORY_ALLOWED = 6 * 1024 * 1024  # bytes that the second half may add: allocators round up
DESCRIPTORS_ALLOWED = 8

ANSWER = json.dumps(
    {"success": True, "data": "hello there " * 20, "finish_reason": "stop", "usage": {"cost": 0.1}}
).encode()
EVENT = b'data: {"id":"s","choices":[{"index":0,"delta":{"content":"hello"}}]}\n\n'


class _Handler(StreamRequestHandler):
    """Answers every request; streams send some events and then stay silent until the client leaves."""

    def handle(self) -> None:
        while self._one_request():
            pass

    def _one_request(self) -> bool:
        first = self.rfile.readline()
        length = 0
        while (line := self.rfile.readline().strip()) and first:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not first:
            return False
        body = self.rfile.read(length)
        try:
            if b"/auth/token" in first:
                self._send(b'{"access_token": "soak", "expires_in": 3600}')
            elif b'"stream":true' in body.replace(b" ", b""):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + EVENT * 5)
                self.rfile.read(1)  # until the client leaves
                return False
            else:
                self._send(ANSWER)
        except OSError:
            return False
        return True

    def _send(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self.wfile.write(head % len(body) + body)


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def _serve_in_child() -> tuple[int, int]:
    """The server in a process of its own, so that its memory is not counted; returns its pid and port."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        server = _Server(("127.0.0.1", 0), _Handler)
        os.write(writing, str(server.server_address[1]).encode())
        os.close(writing)
        threading.Thread(target=_end_with_parent, daemon=True).start()
        server.serve_forever()
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return child, int(pipe.read())


def _end_with_parent() -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _measure() -> tuple[int, int]:
    gc.collect()
    process = psutil.Process()
    return process.memory_info().rss, process.num_fds()


def _marks(count: int) -> Iterator[tuple[int, bool]]:
    """Numbers up to `count`, and whether to measure after each: ten times in all."""
    step = max(1, count // 10)
    for number in range(1, count + 1):
        yield number, number % step == 0


def _soak_sync(url: str, requests: int, streams: int, engine: str | None) -> list[tuple[str, int, int]]:
    record: list[tuple[str, int, int]] = []
    with Client(KEY, base_url=url, engine=engine) as client:
        for number, due in _marks(requests):
            client.chat(MESSAGES)
            if due:
                record.append((f"{number} requests", *_measure()))
        for number, due in _marks(streams):
            stream = client.chat(MESSAGES, stream=True)
            if number % 2:
                next(stream)
            else:
                for _ in stream:
                    break
            del stream
            if due:
                record.append((f"{number} streams", *_measure()))
    return record


async def _soak_async(
    url: str, requests: int, streams: int, engine: str | None
) -> list[tuple[str, int, int]]:
    record: list[tuple[str, int, int]] = []
    async with AsyncClient(KEY, base_url=url, engine=engine) as client:
        for number, due in _marks(max(1, requests // 10)):
            await asyncio.gather(*(client.chat(MESSAGES) for _ in range(10)))
            if due:
                record.append((f"{number * 10} requests", *_measure()))
        for number, due in _marks(streams):
            await _abandon(await client.chat(MESSAGES, stream=True), number % 3)
            if due:
                await asyncio.sleep(0)
                record.append((f"{number} streams", *_measure()))
    return record


async def _abandon(stream: Any, way: int) -> None:
    if way == 0:
        await anext(stream)
    elif way == 1:
        async for _ in stream:
            break
    else:
        reader = asyncio.ensure_future(stream.until_done())
        await asyncio.sleep(0.001)
        reader.cancel()
        await asyncio.wait({reader})


def _verdict(name: str, record: list[tuple[str, int, int]]) -> bool:
    """Print what was measured and say whether it stayed flat: requests and streams each from their middle on."""
    flat = True
    for what in ("requests", "streams"):
        marks = [mark for mark in record if mark[0].endswith(what)]
        for label, memory, descriptors in marks[:: max(1, len(marks) // 5)]:
            print(f"  {name:6} {label:>16}: {memory / 2**20:7.1f} MiB, {descriptors} descriptors")
        half = marks[len(marks) // 2 :]
        memory = half[-1][1] - half[0][1]
        descriptors = half[-1][2] - half[0][2]
        grew = memory > MEMORY_ALLOWED or descriptors > DESCRIPTORS_ALLOWED
        print(
            f"  {name:6} {what:>16}: {memory / 2**20:+.1f} MiB and {descriptors:+d} descriptors in the second half",
            end="",
        )
        print(" - GREW" if grew else "")
        flat = flat and not grew
    return flat


def main(arguments: list[str] | None = None) -> int:
    """Run the soak; 0 if nothing grew."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--streams", type=int, default=1_000)
    parser.add_argument("--engine", choices=["httpx", "direct"], default=None)
    parser.add_argument("--client", choices=["sync", "async", "both"], default="both")
    options = parser.parse_args(arguments)
    child, port = _serve_in_child()
    url = f"http://127.0.0.1:{port}/api/v1"
    flat = True
    try:
        if options.client != "async":
            began = time.monotonic()
            flat &= _verdict("sync", _soak_sync(url, options.requests, options.streams, options.engine))
            print(f"  sync took {time.monotonic() - began:.1f} s")
        if options.client != "sync":
            began = time.monotonic()
            flat &= _verdict(
                "async", asyncio.run(_soak_async(url, options.requests, options.streams, options.engine))
            )
            print(f"  async took {time.monotonic() - began:.1f} s")
    finally:
        os.kill(child, 15)
        os.waitpid(child, 0)
    print("flat" if flat else "something grew")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
