"""The mock server as a separate process: started as a user would start it, reached over a real socket."""

from __future__ import annotations

import contextlib
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.patience import seconds

API_KEY = "indox-" + "t" * 32
_URL = re.compile(r"https?://(?:127\.0\.0\.1|localhost):\d+")
_READY_WITHIN = 30.0  # seconds; a loaded machine with two workers needs a few


@dataclass(frozen=True)
class MockProcess:
    """A running mock: where it listens and the API key it accepts."""

    url: str
    api_key: str
    pid: int


@contextlib.contextmanager
def running_mock(python: str | Path, *options: str, cwd: Path | None = None) -> Iterator[MockProcess]:
    """Start `python -m indoxrouter_mock` on a free port, wait for its address, stop it at the end.

    With `record` as the first option it is a recorder, which has no API key of its own.

    Raises RuntimeError, with what the process printed, when it ends or stays silent instead.
    """
    # -I: what the interpreter has installed, whatever PYTHONPATH and the working directory offer. -u: no buffering.
    serve = [str(python), "-I", "-u", "-m", "indoxrouter_mock"]
    given = ["record", "--port", "0"] if options[:1] == ("record",) else ["--port", "0", "--api-key", API_KEY]
    process = subprocess.Popen(
        [*serve, *given, *(option for option in options if option != "record")],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    # Read to the end, not only to the ready line: a server whose log nobody reads stalls on a full pipe.
    reader = threading.Thread(target=_forward, args=(process, lines), daemon=True)
    reader.start()
    try:
        yield MockProcess(url=_wait_for_url(lines), api_key=API_KEY, pid=process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=seconds(10))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            reader.join(timeout=seconds(10))


def _forward(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.put(line)
    lines.put(None)


def _wait_for_url(lines: queue.SimpleQueue[str | None]) -> str:
    seen: list[str] = []
    while True:
        try:
            line = lines.get(timeout=_READY_WITHIN)
        except queue.Empty:
            raise RuntimeError(
                f"the mock server did not say where it listens within {_READY_WITHIN:g} s; it printed:\n"
                + "".join(seen)
            ) from None
        if line is None:
            raise RuntimeError("the mock server ended before it was ready; it printed:\n" + "".join(seen))
        seen.append(line)
        if found := _URL.search(line):
            return found.group()
