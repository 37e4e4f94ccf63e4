"""How fast is the mock? Plain chats over 200 connections, beside an application on the same uvicorn that does nothing.

Each server has a core to itself, and so has the load: every connection sends its next request as soon as the answer to
the last one is whole. The figures depend on the machine; the ratio to the bare application does so far less. CPU time
is that of the server's process, the kernel's share included.

    python -m bench.mock                        # a minute; prints the table
    python -m bench.mock --markdown bench/MOCK.md
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from bench.environments import ROOT
from bench.processes import cores, pinned

__all__ = ["Figures", "main", "table"]

KEY = "indox-" + "m" * 32
BODY = b'{"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}'
REQUEST = (
    b"POST /api/v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    b"authorization: Bearer %s\r\ncontent-length: %d\r\n\r\n%s" % (KEY.encode(), len(BODY), BODY)
)
ANSWER = bytes(900)
"""As many bytes as the mock's answer has."""
MOCK = ["-m", "indoxrouter_mock", "--port", "0", "--api-key", KEY]
SERVERS = {
    "bare uvicorn": ["-m", "bench.mock", "--bare"],
    "mock": [*MOCK, "--log-level", "warning"],
    "mock, with a line for each request": MOCK,
}


class Figures(NamedTuple):
    """What was measured of one server.

    Attributes:
        rate: answers a second.
        cpu: seconds of the server's CPU for one answer.
        median, late: seconds until an answer is whole: of the median, and of the 99th percentile.
        ready: seconds from the start of the process until it accepts connections; the median of several starts.
        idle: bytes of memory before the first request.
    """

    rate: float
    cpu: float
    median: float
    late: float
    ready: float
    idle: int


async def bare(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """The application that does nothing: it reads the request and sends bytes."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def serve_bare() -> None:
    """Serve it with the settings that the mock gives uvicorn."""
    from indoxrouter_mock.serving.foreground import (  # here: the load does not need the mock
        ForegroundServer,
        listen,
        uvicorn_config,
        with_duplicates,
    )

    listener = listen("127.0.0.1", 0)
    url = f"bare uvicorn at http://127.0.0.1:{listener.getsockname()[1]}"
    ForegroundServer(uvicorn_config(bare), url).run(sockets=with_duplicates(listener))


class Connection(asyncio.Protocol):
    """One client: sends a request, waits for the whole answer, sends the next one until it is told to stop."""

    def __init__(self, times: list[float]) -> None:
        self.times = times
        self.sending = True
        self.held = b""
        self.length = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def start(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        self.held += data
        if not self.length:
            end = self.held.find(b"\r\n\r\n")
            if end < 0:
                return
            found = re.search(rb"content-length: (\d+)", self.held[:end])
            assert self.held.startswith(b"HTTP/1.1 200 "), self.held[:200]
            assert found, self.held[:end]
            self.length = end + 4 + int(found[1])
        if len(self.held) < self.length:
            return
        self.times.append(time.perf_counter() - self.began)
        self.held, self.length = b"", 0
        if self.sending:
            self.start()


async def load(port: int, connections: int, seconds: float) -> tuple[list[float], float]:
    """Ask for some seconds; returns how long each answer took, and how long it all lasted."""
    loop = asyncio.get_running_loop()
    times: list[float] = []
    opened = [
        (await loop.create_connection(lambda: Connection(times), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    began = time.perf_counter()
    for connection in opened:
        connection.start()
    await asyncio.sleep(seconds)
    lasted = time.perf_counter() - began
    found = list(times)
    for connection in opened:
        connection.sending = False
        connection.transport.abort()
    return found, lasted


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


@contextmanager
def _running(arguments: Sequence[str], core: int | None) -> Iterator[tuple[int, int, float]]:
    """A server on its core: its process, its port, and the seconds until it was ready."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        preexec_fn=pinned(core),  # noqa: PLW1509  # this process has one thread
    ) as process:
        assert process.stdout is not None
        try:
            found = re.search(r":(\d+)", process.stdout.readline())
            ready = time.perf_counter() - began
            assert found
            yield process.pid, int(found[1]), ready
        finally:
            process.terminate()


@contextmanager
def _on(core: int | None) -> Iterator[None]:
    """Have this process run on one core."""
    if core is None:
        yield
        return
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


def measure(arguments: Sequence[str], seconds: float, connections: int, starts: int) -> Figures:
    """Start a server several times, and put load on the last one."""
    server_core, load_core = cores()
    waits: list[float] = []
    for _ in range(starts - 1):
        with _running(arguments, server_core) as (_, _, ready):
            waits.append(ready)
    with _running(arguments, server_core) as (pid, port, ready), _on(load_core):
        idle = _memory(pid)
        asyncio.run(load(port, connections, seconds / 4))  # a warm-up
        before = _cpu(pid)
        times, lasted = asyncio.run(load(port, connections, seconds))
        cpu = (_cpu(pid) - before) / len(times)
    late = quantiles(times, n=100)[98]
    return Figures(len(times) / lasted, cpu, median(times), late, median([*waits, ready]), idle)


def table(measured: dict[str, Figures]) -> str:
    """The figures as Markdown; the first server is what the others are compared with."""
    lines = [
        "| server | answers a second | µs of CPU each | median | p99 | of the first | ready | idle memory |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    first = next(iter(measured.values()))
    lines += [
        f"| {name} | {each.rate:,.0f} | {each.cpu * 1e6:.0f} | {each.median * 1e3:.0f} ms | {each.late * 1e3:.0f} ms "
        f"| {first.cpu / each.cpu:.0%} | {each.ready * 1e3:.0f} ms | {each.idle / 1e6:.0f} MB |"
        for name, each in measured.items()
    ]
    return "\n".join(lines) + "\n"


def main(given: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.mock", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="of load for each server (default: 8)")
    parser.add_argument("--connections", type=int, default=200, help="at once (default: 200)")
    parser.add_argument("--starts", type=int, default=5, help="of each server, for the time until ready")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there as well")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.bare:
        serve_bare()
        return 0
    measured = {
        name: measure(arguments, options.seconds, options.connections, options.starts)
        for name, arguments in SERVERS.items()
    }
    text = table(measured)
    print(text, end="")
    if options.markdown:
        day = time.strftime("%Y-%m-%d")
        options.markdown.write_text(
            f"Measured on {day} with `python -m bench.mock`: plain chats over {options.connections} connections, each "
            "server on a core of its own. The percentage compares the CPU time of an answer with that of the first "
            f"server.\n\n{text}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
