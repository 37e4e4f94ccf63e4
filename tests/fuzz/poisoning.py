"""Poison: answers with bytes behind them, over kept connections. Each answer has to reach its own asker, or none.

Bytes that arrive after the next request was written are, by HTTP/1.1, the answer to it: no client can tell. So the
bytes behind an answer are sent together with its end, or, with a single asker, before the next request is made.
"""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from indoxrouter._runtime.http.interface import TransportFailure

from .answers import FRAMINGS, Answer, make_answer, poison
from .asking import Got, ask, ask_sync, new_engine, run_on
from .server import CLOSE, Authority, FuzzServer

__all__ = ["Tally", "poison_round"]

_TAIL = 4_000  # bytes of the end of an answer that travel in one piece with what is behind it


@dataclass
class Tally:
    """What a fuzzer has seen."""

    asked: int = 0
    right: int = 0
    raised: int = 0
    reused: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally, where: str) -> None:
        """Add the numbers of a round, and its faults with where they were seen."""
        self.asked += other.asked
        self.right += other.right
        self.raised += other.raised
        self.reused += other.reused
        self.wrong += [f"{where}: {each}" for each in other.wrong]

    def __str__(self) -> str:
        return (
            f"{self.asked} asked, {self.right} right, {self.raised} raised, "
            f"{self.reused} over a kept connection, {len(self.wrong)} wrong"
        )


class _Plan:
    """What the server does with each request, by the number in its path, and what the asker has to get."""

    def __init__(self, seed: int, late: bool) -> None:
        self._seed = seed
        self._late = late
        self.gate = threading.Event()  # opened when everything behind the last answer has been sent

    def answer(self, asker: str) -> Answer:
        """The answer to an asker."""
        rng = random.Random(f"{self._seed}-{asker}-answer")
        return make_answer(rng, rng.choice(FRAMINGS), asker)

    def play(self, head: bytes, number: int) -> list[object]:
        """The steps that give the answer to a request, cut in random places, with or without bytes behind it."""
        asker = head.split(b" ", 2)[1].decode().rpartition("/")[2]
        rng = random.Random(f"{self._seed}-{asker}-wire")
        answer = self.answer(asker)
        wire = answer.wire
        begin, end = wire[: max(0, len(wire) - _TAIL)], wire[max(0, len(wire) - _TAIL) :]
        steps = _cut(rng, begin)
        keep = rng.randrange(1, len(end) + 1)
        steps += [*_cut(rng, end[:-keep]), end[-keep:]]
        if answer.closes:
            return [*steps, self.gate.set, CLOSE]
        if rng.random() < 0.5:
            if self._late and rng.random() < 0.5:
                return [*steps, rng.choice((0.0, 0.002)), poison(rng), self.gate.set]
            steps[-1] = end[-keep:] + poison(rng)
        return [*steps, self.gate.set]


def _cut(rng: random.Random, data: bytes) -> list[object]:
    steps: list[object] = []
    while data:
        size = rng.choice((len(data), len(data), rng.randrange(1, len(data) + 1)))
        steps.append(data[:size])
        data = data[size:]
        if data and rng.random() < 0.3:
            steps.append(rng.choice((0.0, 0.001, 0.003)))
        if len(steps) > 20:
            return [*steps, data] if data else steps
    return steps


def poison_round(seed: int, loop: str, *, tls: bool, authority: Authority, askers: int, calls: int) -> Tally:
    """Many askers share one pool, and a server that often says more than it was asked.

    Args:
        seed: of everything random.
        loop: "sync", "asyncio" or "uvloop".
        tls: whether over TLS.
        authority: whose certificate the server has.
        askers: threads or tasks. With one, bytes behind an answer may come late as well.
        calls: of each asker.
    """
    plan = _Plan(seed, late=askers == 1)
    server = FuzzServer(plan.play, authority.server if tls else None)
    tally = Tally()
    try:
        with authority.trusted():
            if loop == "sync":
                _ask_from_threads(plan, server, tally, askers, calls)
            else:
                run_on(loop, lambda: _ask_from_tasks(loop, plan, server, tally, askers, calls))
    finally:
        server.close()
    tally.reused = server.reused
    return tally


def _judge(tally: Tally, plan: _Plan, asker: str, got: Got | TransportFailure) -> None:
    tally.asked += 1
    expected = plan.answer(asker)
    if isinstance(got, TransportFailure):
        tally.raised += 1
    elif got == (expected.status, asker, expected.body):
        tally.right += 1
    else:
        tally.wrong.append(
            f"{asker}: expected {expected.status}, {len(expected.body)} bytes; "
            f"got {got.status} for {got.asker!r}, {len(got.body)} bytes: {got.body[:60]!r}"
        )


def _ask_from_threads(plan: _Plan, server: FuzzServer, tally: Tally, askers: int, calls: int) -> None:
    engine = new_engine("sync")
    lock = threading.Lock()

    def work(number: int) -> None:
        for call in range(calls):
            asker = f"asker-{number}-{call}"
            got: Got | TransportFailure
            plan.gate.clear()
            try:
                got = ask_sync(engine, plan.answer(asker).method, f"{server.url}/{asker}")
            except TransportFailure as failure:
                got = failure
            with lock:
                _judge(tally, plan, asker, got)
            if askers == 1:
                plan.gate.wait(0.01 if isinstance(got, TransportFailure) else 1)

    try:
        with ThreadPoolExecutor(askers) as pool:
            list(pool.map(work, range(askers)))
    finally:
        engine.close()


async def _ask_from_tasks(
    loop: str, plan: _Plan, server: FuzzServer, tally: Tally, askers: int, calls: int
) -> None:
    engine = new_engine(loop)

    async def work(number: int) -> None:
        for call in range(calls):
            asker = f"asker-{number}-{call}"
            got: Got | TransportFailure
            plan.gate.clear()
            try:
                got = await ask(engine, plan.answer(asker).method, f"{server.url}/{asker}")
            except TransportFailure as failure:
                got = failure
            _judge(tally, plan, asker, got)
            if askers == 1:
                # In this thread, so that the loop does not see what is late: the check before the next request has to.
                plan.gate.wait(0.01 if isinstance(got, TransportFailure) else 1)

    try:
        await asyncio.gather(*(work(number) for number in range(askers)))
    finally:
        await engine.close()
