"""The processes of a run: the server, a worker for each subject, and programs that start anew each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, NamedTuple

from bench.cases import Case
from bench.environments import ROOT, python_of
from bench.quiet import START, Taken, Watch
from bench.subjects import SUBJECTS
from bench.work import BODY, HEADERS, KEY, MESSAGES

__all__ = ["Runner", "Server", "clean_environment", "cores", "pinned", "running_server"]

DROPPED = ("INDOX_ROUTER_", "PYTHON", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT", "REQUESTS_CA")
# litellm asks GitHub for prices when it is imported, unless it is told to use those that it brought.
GIVEN = {
    "PYTHONHASHSEED": "0",
    "PYTHONPATH": str(ROOT),
    "NO_PROXY": "*",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}


class Server(NamedTuple):
    """The running server.

    Attributes:
        url: without a slash at its end.
        pid: of its process.
    """

    url: str
    pid: int


def cores() -> tuple[int | None, int | None]:
    """A core for the server and one for the clients; None where the system cannot pin."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    free = sorted(os.sched_getaffinity(0))
    return free[0], free[-1]


def clean_environment() -> dict[str, str]:
    """The environment for subjects: no proxies, no options of ours, no settings of the caller's interpreter."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(DROPPED)}
    return {**kept, **GIVEN}


def pinned(core: int | None) -> Any:
    """What a new process has to do first so that it runs on one core; nothing where the system cannot pin."""
    return None if core is None else (lambda: os.sched_setaffinity(0, {core}))


@contextmanager
def running_server(core: int | None) -> Iterator[Server]:
    """The loopback server on a core of its own."""
    arguments = [sys.executable, "-m", "bench.server", *([str(core)] if core is not None else [])]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield Server(f"http://127.0.0.1:{process.stdout.readline().strip()}", process.pid)
        finally:
            process.terminate()


class Runner:
    """The workers of a run, one process for each subject, started when first needed."""

    def __init__(self, server: Server, core: int | None) -> None:
        self.server = server
        self.core = core
        self.workers: dict[str, subprocess.Popen[str]] = {}

    def ask(self, subject: str, case: Case, times: int) -> Taken | None:
        """Have a subject do a case some times: the median in seconds, or the peak in bytes; None if it cannot."""
        if not hasattr(SUBJECTS[subject], case.name):
            return None
        return self._start(subject, case, times) if case.kind == "start" else self._work(subject, case, times)

    def _worker(self, subject: str) -> subprocess.Popen[str]:
        if subject not in self.workers:
            self.workers[subject] = subprocess.Popen(
                [str(python_of(subject)), "-m", "bench.worker", subject],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env=clean_environment(),
                preexec_fn=pinned(self.core),  # noqa: PLW1509  # this process has one thread
            )
        return self.workers[subject]

    def _work(self, subject: str, case: Case, times: int) -> Taken | None:
        worker = self._worker(subject)
        assert worker.stdin is not None
        assert worker.stdout is not None
        order = {
            "case": case.name,
            "server": self.server.url,
            "times": times,
            "memory": case.kind == "memory",
        }
        watch = Watch(worker.pid, self.server.pid, self.core)
        began = time.perf_counter()
        worker.stdin.write(json.dumps(order) + "\n")
        worker.stdin.flush()
        answer = json.loads(worker.stdout.readline() or '{"error": "the worker died"}')
        seconds = time.perf_counter() - began
        if "error" in answer:
            _complain(subject, case, answer["error"])
            return None
        if "peak" in answer:
            return Taken(answer["peak"], 0.0, seconds)
        return Taken(median(answer["seconds"]), watch.share(), seconds)

    def _start(self, subject: str, case: Case, times: int) -> Taken | None:
        base = f"{self.server.url}/{getattr(SUBJECTS[subject], 'base', 'chat/api/v1')}"
        # A whole process is what a user waits for; the interpreter's own start is in every figure, the unit's too.
        values = f"BASE={base!r}; KEY={KEY!r}; BODY={BODY!r}; HEADERS={HEADERS!r}; MESSAGES={MESSAGES!r}\n"
        checked = "\nassert text.startswith('A question'), text\n" if case.name == "first" else "\n"
        program = values + getattr(SUBJECTS[subject], case.name) + checked
        taken = [self._program(subject, case, program) for _ in range(times)]
        done = [one for one in taken if one is not None]
        if len(done) < times:
            return None
        seconds = sum(one.seconds for one in done)
        return Taken(median(one.value for one in done), max(one.disturbed for one in done), seconds)

    def _program(self, subject: str, case: Case, program: str) -> Taken | None:
        """Run a program once, in a fresh interpreter."""
        with tempfile.TemporaryFile("w+") as errors:
            began = time.perf_counter()
            process = subprocess.Popen(
                [str(python_of(subject)), "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=clean_environment(),
                preexec_fn=pinned(self.core),  # noqa: PLW1509  # this process has one thread
            )
            watch = Watch(process.pid, self.server.pid, self.core)
            if hasattr(os, "waitid"):  # ended, but still there to be asked how long it waited
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            else:
                process.wait()
            seconds = time.perf_counter() - began
            disturbed = watch.share(START)
            if process.wait():
                errors.seek(0)
                _complain(subject, case, errors.read().strip()[-300:])
                return None
        return Taken(seconds, disturbed, seconds)

    def close(self) -> None:
        """End the workers."""
        for worker in self.workers.values():
            worker.terminate()
            worker.communicate()


def _complain(subject: str, case: Case, what: str) -> None:
    print(f"bench: {subject}, {case.title}: {what}", file=sys.stderr)
