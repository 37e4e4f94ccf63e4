"""Runs the cases: rounds in which every subject has its turn, so that a disturbance hits all of them alike."""

from __future__ import annotations

import json
import os
import platform
import random
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.cases import CASES, Case
from bench.environments import python_of
from bench.plan import OURS, Plan, Progress, clock, plan, turns
from bench.processes import Runner, cores, running_server
from bench.quiet import LIMIT, Allowance, Taken, undisturbed
from bench.subjects import SUBJECTS

__all__ = ["measure", "save"]

# Seconds: what a subject may take for a case, and what may be spent on measuring again.
BUDGETS = {False: (2.5, 75.0), True: (0.7, 8.0)}


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


def measure(
    subjects: Sequence[str],
    rounds: int,
    quick: bool,
    only: Sequence[str] = (),
    earlier: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Measure every case for every subject.

    Args:
        earlier: a run that tells how long this one will take.

    Returns:
        A JSON document: for each case and subject the ratios to the unit, one a round, the absolute medians in seconds
        or bytes, and how long it all took.
    """
    server_core, client_core = cores()
    cases = [case for case in CASES if not only or case.name in only]
    budget, again = BUDGETS[quick]
    allowance = Allowance(again)
    progress = Progress([case.key for case in cases], subjects, rounds, earlier)
    results: list[dict[str, Any]] = []
    noises: list[float] = []
    for subject in subjects:
        python_of(subject)
    _say(
        f"{len(cases)} cases, {len(subjects)} subjects, {rounds} rounds: about {clock(progress.total)} minutes"
    )
    began = time.perf_counter()
    with running_server(server_core) as server:
        runner = Runner(server, client_core)
        try:
            for number, case in enumerate(cases, 1):
                start = time.perf_counter()
                allowance.keep_for(len(cases) - number)
                noises.append(noise(client_core))
                results.append(measure_case(runner, case, subjects, rounds, budget, allowance))
                where = progress.after(case.key, time.perf_counter() - start)
                _say(f"{where} {case.title}: {_line(results[-1])}")
        finally:
            runner.close()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "command": "make bench-quick" if quick else "make bench",
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "noise": round(median(noises), 4) if noises else None,
        "rounds": rounds,
        "seconds": round(time.perf_counter() - began),
        "disturbed": {
            "measured": allowance.measured,
            "redone": allowance.redone,
            "kept": allowance.kept,
        },
        "cases": results,
    }


def measure_case(
    runner: Runner, case: Case, subjects: Sequence[str], rounds: int, budget: float, allowance: Allowance
) -> dict[str, Any]:
    """One row of the table: each subject does the case in the rounds that it has time for.

    The unit and our own client take part in all of them.
    """
    able = [name for name in dict.fromkeys([*subjects, case.unit]) if hasattr(SUBJECTS[name], case.name)]
    rounds = rounds if case.kind != "memory" else min(rounds, 2)
    seconds = dict.fromkeys(able, 0.0)

    def take(name: str, times: int) -> Taken | None:
        began = time.perf_counter()
        taken = runner.ask(name, case, times)
        seconds[name] += time.perf_counter() - began
        return taken

    plans: dict[str, tuple[int, set[int]]] = {}
    early: dict[str, Taken] = {}
    for name in able:  # connections, caches, and imports that are put off
        first = take(name, 1)
        if first is None:
            continue
        if (
            first.seconds > 2 * budget and first.disturbed <= LIMIT
        ):  # connections and caches are nothing beside it
            early[name] = first
        fitted = Plan(1, rounds)
        if case.kind != "memory":
            if case.times > 2 and first.seconds < budget / 4:
                first = (
                    take(name, max(1, case.times // 10)) or first
                )  # the first time is no measure of the others
            fitted = plan(first.value, case.times, rounds, budget)
        if name == case.unit or name in OURS:
            fitted = Plan(fitted.times, rounds)
        plans[name] = (fitted.times, turns(rounds, fitted.rounds))
    values: dict[str, list[float]] = {name: [] for name in plans}
    absolute: dict[str, list[float]] = {name: [] for name in plans}
    order = random.Random(case.title)
    for number in range(rounds):
        playing = [name for name in plans if number in plans[name][1]]
        order.shuffle(playing)
        taken = {
            name: early.get(name) or undisturbed(partial(take, name, plans[name][0]), allowance)
            for name in playing
        }
        unit = taken.get(case.unit)
        for name, one in taken.items():
            if one is None:
                del plans[name]
            elif unit is not None:
                values[name].append(unit.value / one.value if case.speed else one.value / unit.value)
                absolute[name].append(one.value)
    return {
        "name": case.name,
        "kind": case.kind,
        "title": case.title,
        "unit": case.unit,
        "speed": case.speed,
        "goals": {"default": case.default, "over_httpx": case.over_httpx},
        "ratios": {name: [round(value, 4) for value in found] for name, found in values.items() if found},
        "absolute": {name: median(found) for name, found in absolute.items() if found},
        "seconds": {name: round(spent, 2) for name, spent in seconds.items()},
    }


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _line(result: dict[str, Any]) -> str:
    return ", ".join(f"{name} {median(values):.2f}" for name, values in sorted(result["ratios"].items()))


def save(document: dict[str, Any], path: Path) -> None:
    """Write a run to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
