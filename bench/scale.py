"""Does a request cost the same when there are many of them, and does memory stay where it is?

    python -m bench.scale                    # both engines, two to three minutes
    python -m bench.scale --engine fast --requests 20000

Prints a Markdown table: CPU time for each request with 1 to 1,000 at once; memory and descriptors over 100,000
requests; the most memory that an upload of 100 MB, a download of 500 MB and a long stream take.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.environments import ROOT
from bench.processes import clean_environment, cores, running_server
from bench.work import KEY, MESSAGES, spread

__all__ = ["main"]

MEBIBYTE = 1024 * 1024
AT_ONCE = (1, 10, 100, 1000)
UPLOAD = 100_000_000


def peak() -> float:
    """The most memory this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def descriptors() -> int:
    """Files and sockets that are open."""
    return len(os.listdir("/proc/self/fd"))


def resident() -> float:
    """Memory held now, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE


async def concurrency(server: str) -> None:
    """CPU time for each request, by how many run at once."""
    from indoxrouter import AsyncClient

    for at_once in AT_ONCE:
        async with AsyncClient(KEY, base_url=f"{server}/chat/api/v1") as client:
            action: Callable[[], Awaitable[Any]] = lambda: client.chat(MESSAGES)  # noqa: E731
            await spread(action, at_once, at_once)
            best = float("inf")
            for _ in range(3):
                began = time.process_time()
                await spread(action, 3000, at_once)
                best = min(best, (time.process_time() - began) / 3000)
            print(f"{at_once} at once | {best * 1e6:.0f} µs of CPU a request, {descriptors()} descriptors")


async def endurance(server: str, requests: int) -> None:
    """Memory and descriptors over many requests."""
    from indoxrouter import AsyncClient

    async with AsyncClient(KEY, base_url=f"{server}/chat/api/v1") as client:
        for done in range(0, requests + 1, requests // 4):
            if done:
                await spread(lambda: client.chat(MESSAGES), requests // 4, 100)
            print(f"after {done:,} requests | {resident():.1f} MiB, {descriptors()} descriptors")


def bulk(server: str, what: str) -> None:
    """The most memory that one large transfer adds to a client that has already made a call."""
    from indoxrouter import Client

    answer = {"upload": "transcription", "download": "download", "stream": "events"}[what]
    with (
        Client(KEY, base_url=f"{server}/{answer}/api/v1") as client,
        tempfile.TemporaryDirectory() as directory,
    ):
        with Client(KEY, base_url=f"{server}/chat/api/v1") as other:
            other.chat(MESSAGES)
        path = Path(directory, "large.bin")
        before = peak()
        if what == "upload":
            with path.open("wb") as file:
                for _ in range(UPLOAD // 1_000_000):
                    file.write(os.urandom(1000) * 1000)
            before = peak()
            client.speech_to_text(path)
        elif what == "download":
            from indoxrouter_ext.downloads import download
            from indoxrouter_ext.sinks import FileSink

            download(client._shell, client._settings, f"{server}/download/file.mp4", FileSink(path), None)
            assert path.stat().st_size == 500 * MEBIBYTE, path.stat().st_size
        else:
            assert sum(1 for _ in client.chat(MESSAGES, stream=True)) == 20_000
        print(f"{what} | {peak() - before:.1f} MiB more")


def main() -> None:
    """Run one part here, or all of them in processes of their own."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--engine", nargs="+", default=["fast", "httpx"], help="engines to measure")
    parser.add_argument("--requests", type=int, default=100_000, help="of the long run")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--server", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part == "concurrency":
        asyncio.run(concurrency(arguments.server))
    elif arguments.part == "endurance":
        asyncio.run(endurance(arguments.server, arguments.requests))
    elif arguments.part:
        bulk(arguments.server, arguments.part)
    else:
        _all(arguments.engine, arguments.requests)


def _all(engines: list[str], requests: int) -> None:
    server_core, client_core = cores()
    with running_server(server_core) as server:
        for engine in engines:
            print(f"\n| {engine} | |\n| --- | --- |")
            for part in ("concurrency", "endurance", "upload", "download", "stream"):
                command = [sys.executable, "-m", "bench.scale", "--part", part, "--server", server]
                environment = {**clean_environment(), "INDOX_ROUTER_ENGINE": engine}
                prefix = [] if client_core is None else ["taskset", "-c", str(client_core)]
                done = subprocess.run(
                    [*prefix, *command, "--requests", str(requests)],
                    env=environment,
                    cwd=ROOT,
                    check=True,
                    capture_output=True,
                    text=True,
                )
                for line in done.stdout.splitlines():
                    print(f"| {line} |", flush=True)


if __name__ == "__main__":
    main()
