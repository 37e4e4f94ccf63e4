"""`make chaos`: random faults and random cancellations at 50 connections, threads and tasks, ten minutes.

Each answer has to reach its own asker. Descriptors, tasks, threads and places of the pool have to be back at the
start after each part, and memory must not grow.

Usage: python -m tests.chaos [--seconds 600] [--seed N] [--connections 50] [--engine direct]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psutil
import uvloop

from .callers import Tally, async_callers, sync_callers

__all__ = ["Run", "main", "serving"]

PART = 20.0  # seconds after which everything is counted
MEMORY_ALLOWED = 24 * 2**20  # bytes by which the last parts may exceed the first ones
_PATIENCE = 10.0


@contextlib.contextmanager
def serving(seed: int) -> Iterator[str]:
    """The server as a process of its own; its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.server", str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/api/v1"
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


class Run:
    """Parts of chaos, one after the other, and what is left after each.

    Args:
        url: of the server.
        engine: "direct", "httpx" or None.
        connections: callers at once, half of them threads, half of them tasks.
        seed: of everything random on this side.
    """

    def __init__(self, url: str, engine: str | None, connections: int, seed: int) -> None:
        self._url = url
        self._engine = engine
        self._callers = max(1, connections // 2)
        self._seed = seed
        self._process = psutil.Process()
        self.tally = Tally()
        self.memory: list[int] = []
        uvloop.new_event_loop().close()  # libuv opens a pipe for signals once, and keeps it

    def part(self, number: int, seconds: float) -> str:
        """Run one part, asyncio and uvloop in turns; returns a line for the report."""
        gc.collect()
        descriptors, threads = self._process.num_fds(), threading.active_count()
        until = time.monotonic() + seconds
        seed = self._seed + number
        loop = "uvloop" if number % 2 else "asyncio"
        sync_tally, async_tally = Tally(), Tally()

        async def run_async() -> None:
            await async_callers(self._url, self._engine, self._callers, until, seed, async_tally)

        other = threading.Thread(
            target=sync_callers, args=(self._url, self._engine, self._callers, until, seed, sync_tally)
        )
        other.start()
        if loop == "uvloop":
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # type: ignore[attr-defined]  # since 3.11, which the tests need
                runner.run(run_async())
        else:
            asyncio.run(run_async())
        other.join()
        for each in (sync_tally, async_tally):
            self.tally.ends.update(each.ends)
            self.tally.wrong += each.wrong
        self._expect("descriptors", descriptors, self._process.num_fds)
        self._expect("threads", threads, threading.active_count)
        self.memory.append(self._process.memory_info().rss)
        calls = sync_tally.ends.total() + async_tally.ends.total()
        return (
            f"part {number:2}  {loop:7}  {calls:6} calls  {self._process.num_fds()} descriptors (before: "
            f"{descriptors})  {threading.active_count()} threads (before: {threads})  "
            f"{self.memory[-1] / 2**20:.1f} MiB  {len(self.tally.wrong)} wrong"
        )

    def _expect(self, what: str, before: int, count: object) -> None:
        """Wait until as many are left as before; threads of a lookup or a deadline may need a moment."""
        assert callable(count)
        end = time.monotonic() + _PATIENCE
        while count() > before and time.monotonic() < end:
            gc.collect()
            time.sleep(0.05)
        if count() > before:
            self.tally.wrong.append(f"{count()} {what} are left of {before}")

    def judge_memory(self) -> None:
        """Compare the last parts with the first ones after a warm-up."""
        if len(self.memory) >= 6:
            first, last = min(self.memory[1:4]), min(self.memory[-3:])
            if last - first > MEMORY_ALLOWED:
                self.tally.wrong.append(f"memory grew by {(last - first) / 2**20:.1f} MiB")


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and return 1 when anything was wrong."""
    parser = argparse.ArgumentParser(prog="make chaos", description="Random faults and cancellations.")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, help="by default random")
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--engine", default="direct")
    options = parser.parse_args(arguments)
    seed = random.randrange(1_000_000) if options.seed is None else options.seed
    print(f"chaos: seed {seed}, {options.seconds:g} s, {options.connections} connections", flush=True)
    began = time.monotonic()
    with serving(seed) as url:
        run = Run(url, options.engine, options.connections, seed)
        number = 0
        while (left := options.seconds - (time.monotonic() - began)) > 0.5:
            shown = len(run.tally.wrong)
            print(f"{time.monotonic() - began:6.1f} s  {run.part(number, min(PART, left))}", flush=True)
            for each in run.tally.wrong[shown : shown + 20]:
                print(f"  WRONG  {each}", flush=True)
            number += 1
        run.judge_memory()
    for end, count in sorted(run.tally.ends.items()):
        print(f"{count:8}  {end}")
    print(f"chaos: {run.tally.ends.total()} calls, {len(run.tally.wrong)} wrong")
    for each in run.tally.wrong[-3:]:
        print(f"  WRONG  {each}")
    return 1 if run.tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
