"""Runs the cases: rounds in which every subject has its turn, so that a disturbance hits all of them alike."""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.cases import CASES, Case
from bench.environments import ROOT, python_of
from bench.subjects import SUBJECTS
from bench.work import BODY, HEADERS, KEY, MESSAGES

__all__ = ["measure"]

HASH = {"PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
DROPPED = ("INDOX_ROUTER_", "PYTHON", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT", "REQUESTS_CA")


def cores() -> tuple[int | None, int | None]:
    """A core for the server and one for the clients; None where the system cannot pin."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    free = sorted(os.sched_getaffinity(0))
    return free[0], free[-1]


def clean_environment() -> dict[str, str]:
    """The environment for subjects: no proxies, no options of ours, no bytecode settings of the caller."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(DROPPED)}
    return {**kept, **HASH, "NO_PROXY": "*"} if _has_proxy() else {**kept, **HASH}


def _has_proxy() -> bool:
    return any(name.lower() in ("http_proxy", "all_proxy", "https_proxy") for name in os.environ)


def _pin(core: int | None) -> Any:
    return None if core is None else (lambda: os.sched_setaffinity(0, {core}))


@contextmanager
def running_server(core: int | None) -> Iterator[str]:
    """The loopback server on a core of its own."""
    arguments = [sys.executable, "-m", "bench.server", *([str(core)] if core is not None else [])]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


class Runner:
    """The workers of a run, one process for each subject, started when first needed."""

    def __init__(self, server: str, core: int | None) -> None:
        self.server = server
        self.core = core
        self.workers: dict[str, subprocess.Popen[str]] = {}

    def ask(self, subject: str, case: Case, times: int) -> Any:
        """Have a subject do a case, and return the median time in seconds or the peak in bytes; None if it cannot."""
        if case.kind == "start":
            return self._start(subject, case, times)
        if not hasattr(SUBJECTS[subject], case.name):
            return None
        worker = self.workers.get(subject)
        if worker is None:
            worker = self.workers[subject] = subprocess.Popen(
                [str(python_of(subject)), "-m", "bench.worker", subject],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env=clean_environment(),
                preexec_fn=_pin(self.core),  # noqa: PLW1509  # this process has one thread
            )
        assert worker.stdin is not None
        assert worker.stdout is not None
        order = {"case": case.name, "server": self.server, "times": times, "memory": case.kind == "memory"}
        worker.stdin.write(json.dumps(order) + "\n")
        worker.stdin.flush()
        answer = json.loads(worker.stdout.readline() or '{"error": "the worker died"}')
        if "error" in answer:
            print(f"bench: {subject}, {case.title}: {answer['error']}", file=sys.stderr)
            return None
        return answer["peak"] if "peak" in answer else median(answer["seconds"])

    def _start(self, subject: str, case: Case, times: int) -> float | None:
        code = getattr(SUBJECTS[subject], case.name, None)
        if code is None:
            return None
        known = {"chat": "chat", "openai": "openai", "anthropic": "anthropic"}.get(subject, "chat")
        base = f"{self.server}/{known}" + ("" if subject == "anthropic" else "/api/v1")
        # A whole process is what a user waits for; the interpreter's own start is in every figure, the unit's too.
        values = f"BASE={base!r}; KEY={KEY!r}; BODY={BODY!r}; HEADERS={HEADERS!r}; MESSAGES={MESSAGES!r}\n"
        checked = "\nassert text.startswith('A question'), text\n" if case.name == "first" else "\n"
        program = values + code + checked
        taken: list[float] = []
        for _ in range(times):
            began = time.perf_counter()
            done = subprocess.run(
                [str(python_of(subject)), "-c", program],
                capture_output=True,
                text=True,
                env=clean_environment(),
                preexec_fn=_pin(self.core),
                check=False,
            )
            ended = time.perf_counter()
            if done.returncode:
                print(f"bench: {subject}, {case.title}: {done.stderr.strip()[-300:]}", file=sys.stderr)
                return None
            taken.append(ended - began)
        return median(taken)

    def close(self) -> None:
        """End the workers."""
        for worker in self.workers.values():
            worker.terminate()
            worker.communicate()


def noise(core: int | None) -> float:
    """How much the machine is disturbed: the spread of a fixed piece of work, as a share of its median."""
    if core is not None:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})
    taken: list[float] = []
    for _ in range(15):
        began = time.perf_counter()
        sum(number * number for number in range(60_000))
        taken.append(time.perf_counter() - began)
    if core is not None:
        os.sched_setaffinity(0, before)
    return (sorted(taken)[11] - min(taken)) / median(taken)


def measure(subjects: Sequence[str], rounds: int, quick: bool, only: Sequence[str] = ()) -> dict[str, Any]:
    """Measure every case for every subject.

    Returns:
        A JSON document: for each case and subject the ratios to the unit, one a round, their median and spread, and the
        absolute median in seconds or bytes.
    """
    server_core, client_core = cores()
    results: list[dict[str, Any]] = []
    noises: list[float] = []
    for subject in subjects:
        python_of(subject)
    with running_server(server_core) as server:
        runner = Runner(server, client_core)
        try:
            for case in CASES:
                if only and case.name not in only:
                    continue
                noises.append(noise(client_core))
                results.append(_measure_case(runner, case, subjects, rounds, quick))
                print(f"bench: {case.title}: {_line(results[-1])}", file=sys.stderr, flush=True)
        finally:
            runner.close()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "command": "make bench-quick" if quick else "make bench",
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "noise": round(median(noises), 4) if noises else None,
        "rounds": rounds,
        "cases": results,
    }


def _measure_case(
    runner: Runner, case: Case, subjects: Sequence[str], rounds: int, quick: bool
) -> dict[str, Any]:
    able = [name for name in subjects if hasattr(SUBJECTS[name], case.name)]
    if case.unit not in able:
        able.append(case.unit)
    times = max(1, case.times // 5) if quick else case.times
    if case.kind != "start":
        for name in able:
            runner.ask(name, case, max(1, times // 10))  # connections, caches, and imports that are put off
    values: dict[str, list[float]] = {name: [] for name in able}
    order = random.Random(case.title)
    for _ in range(rounds if case.kind != "memory" else min(rounds, 3)):
        order.shuffle(able)
        taken = {name: runner.ask(name, case, times) for name in able}
        unit = taken.get(case.unit)
        for name, value in taken.items():
            if value is not None and unit:
                values[name].append(unit / value if case.speed else value / unit)
        for name, value in taken.items():
            if value is None:
                able = [other for other in able if other != name]
    return {
        "name": case.name,
        "kind": case.kind,
        "title": case.title,
        "unit": case.unit,
        "speed": case.speed,
        "goals": {"default": case.default, "fast": case.fast},
        "ratios": {name: [round(value, 4) for value in found] for name, found in values.items() if found},
    }


def _line(result: dict[str, Any]) -> str:
    return ", ".join(f"{name} {median(values):.2f}" for name, values in sorted(result["ratios"].items()))


def save(document: dict[str, Any], path: Path) -> None:
    """Write a run to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
