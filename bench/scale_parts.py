"""The parts of `bench.scale`: each runs in a fresh process, with the engine that the environment names."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

from bench.payloads import CHAT_TEXT, EVENTS
from bench.work import KEY, MESSAGES, spread

__all__ = ["PARTS", "run_part"]

PARTS = ("many", "long", "upload", "download", "stream")
MEBIBYTE = 1024 * 1024
AT_ONCE = (1, 3, 10, 30, 100, 300, 1000)
BATCH = 3000  # requests of one measurement; the best of three counts
LONG_AT_ONCE = 100
STEPS = 10
UPLOAD = 100_000_000
DOWNLOAD = 500 * MEBIBYTE

Row = dict[str, Any]


def peak() -> float:
    """The most memory this process has held, in MiB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (MEBIBYTE if sys.platform == "darwin" else 1024)


def counts() -> Row:
    """Memory held now in MiB, and files and sockets that are open; what the system does not tell is left out."""
    row: Row = {}
    if os.path.exists("/proc/self/statm"):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        row["MiB"] = round(pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE, 1)
    if os.path.exists("/proc/self/fd"):
        row["descriptors"] = len(os.listdir("/proc/self/fd"))
    return row


def run_part(part: str, server: str, requests: int, seconds: float) -> Iterator[Row]:
    """The rows of a part, each as soon as it is measured."""
    if part in ("many", "long"):
        loop = asyncio.new_event_loop()
        rows = many(server, seconds) if part == "many" else long(server, requests, seconds)
        try:
            while (row := loop.run_until_complete(anext(rows, None))) is not None:
                yield row
        finally:
            loop.run_until_complete(rows.aclose())
            loop.close()
    else:
        yield bulk(server, part)


async def _cost(client: Any, requests: int, at_once: int) -> float:
    """CPU time in seconds for each of some requests, every answer looked at."""
    began = time.process_time()
    answers = await spread(lambda: client.chat(MESSAGES), requests, at_once)
    cost = (time.process_time() - began) / len(answers)
    wrong = [answer.text for answer in answers if answer.text != CHAT_TEXT]
    if wrong:
        raise AssertionError(f"{len(wrong)} of {len(answers)} answers are wrong, such as {wrong[0]!r:.100}")
    return cost


async def many(server: str, seconds: float) -> AsyncGenerator[Row, None]:
    """What a request costs, by how many run at once."""
    from indoxrouter import AsyncClient

    end = time.monotonic() + seconds
    for at_once in AT_ONCE:
        if time.monotonic() > end:
            return
        async with AsyncClient(KEY, base_url=f"{server}/chat/api/v1") as client:
            await _cost(client, at_once, at_once)  # opens the connections
            best = min([await _cost(client, BATCH, at_once) for _ in range(3)])
            yield {"what": f"{at_once:,} at once", "µs of CPU": round(best * 1e6), **counts()}


async def long(server: str, requests: int, seconds: float) -> AsyncGenerator[Row, None]:
    """What a request costs, and what is held, while many are made one after the other."""
    from indoxrouter import AsyncClient

    end = time.monotonic() + seconds
    done, batch = 0, 1000
    async with AsyncClient(KEY, base_url=f"{server}/chat/api/v1") as client:
        await _cost(client, LONG_AT_ONCE, LONG_AT_ONCE)
        for step in range(1, STEPS + 1):
            costs: list[float] = []
            while done < requests * step // STEPS and time.monotonic() < end:
                costs.append(await _cost(client, batch, LONG_AT_ONCE))
                done += batch
            if costs:
                cost = sum(costs) / len(costs)
                yield {"what": f"after {done:,} requests", "µs of CPU": round(cost * 1e6), **counts()}


def bulk(server: str, what: str) -> Row:
    """The most memory that one large transfer adds to a client that has already made a call."""
    from indoxrouter import Client

    answer = {"upload": "transcription", "download": "chat", "stream": "events"}[what]
    with (
        Client(KEY, base_url=f"{server}/chat/api/v1") as other,
        Client(KEY, base_url=f"{server}/{answer}/api/v1") as client,
        tempfile.TemporaryDirectory() as directory,
    ):
        other.chat(MESSAGES)
        path = Path(directory, "large.bin")
        if what == "upload":
            with path.open("wb") as file:
                for _ in range(UPLOAD // 1_000_000):
                    file.write(os.urandom(1000) * 1000)
            before = peak()
            assert client.speech_to_text(path).text == "What was said."
            size = f"{UPLOAD // 1_000_000} MB up"
        elif what == "download":
            from indoxrouter_ext.files.destinations import FileDestination

            before = peak()
            client._fetch(f"{server}/download/file.mp4", FileDestination(path), None)
            assert path.stat().st_size == DOWNLOAD, path.stat().st_size
            size = f"{DOWNLOAD // MEBIBYTE} MiB down"
        else:
            before = peak()
            assert sum(1 for _ in client.chat(MESSAGES, stream=True)) == EVENTS
            size = f"{EVENTS:,} events"
        return {"what": size, "MiB more": round(peak() - before, 1)}
