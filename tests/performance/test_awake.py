"""An answer that comes at once is waited for awake; one that takes its time is not."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from time import perf_counter

import pytest

from indoxrouter_ext.fast import blocking, origins
from indoxrouter_ext.fast.blocking import AWAKE, Connection
from indoxrouter_ext.fast.origins import Origin, Watch
from indoxrouter_ext.fast.wire import AnswerReader

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture
def pair() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    connection = Connection(ours, Origin(False, "host", 80, "host"), None)
    connection.set_timeout(5)
    yield connection, theirs
    connection.close()
    theirs.close()


@pytest.fixture
def awake(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times until which somebody stayed awake."""
    times: list[float] = []
    monkeypatch.setattr(blocking, "_SEVERAL_PROCESSORS", True)
    monkeypatch.setattr(Watch, "stay_awake", lambda self, until: times.append(until))
    return times


def answer(pair: tuple[Connection, socket.socket]) -> None:
    connection, server = pair
    server.sendall(ANSWER)
    reader = AnswerReader()
    connection.read_head(reader)
    assert (reader.status, reader.take()) == (200, b"ok")


class Clock:
    """A clock that moves on by `step` each time it is read: an answer takes one step."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_after_three_quick_answers_the_next_one_is_waited_for_awake(
    pair: tuple[Connection, socket.socket], awake: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "perf_counter", Clock(AWAKE / 2))
    for expected in (0, 0, 0, 1, 2):
        answer(pair)
        assert len(awake) == expected


def test_a_server_that_takes_its_time_is_waited_for_asleep(
    pair: tuple[Connection, socket.socket], awake: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "perf_counter", Clock(AWAKE * 2))
    for _ in range(10):
        answer(pair)
    assert awake == []


def test_one_slow_answer_ends_the_waiting_awake(
    pair: tuple[Connection, socket.socket], awake: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(AWAKE / 2)
    monkeypatch.setattr(blocking, "perf_counter", clock)
    for _ in range(4):
        answer(pair)
    clock.step = AWAKE * 2
    answer(pair)
    clock.step = AWAKE / 2
    awake.clear()
    for expected in (0, 0, 0, 1):
        answer(pair)
        assert len(awake) == expected


def test_on_a_single_processor_nobody_stays_awake(
    pair: tuple[Connection, socket.socket], awake: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "perf_counter", Clock(AWAKE / 2))
    monkeypatch.setattr(blocking, "_SEVERAL_PROCESSORS", False)
    for _ in range(10):
        answer(pair)
    assert awake == []


@pytest.mark.skipif(not hasattr(select, "poll"), reason="the system has no poll")
def test_staying_awake_ends_with_the_time_or_with_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        watch = Watch(ours)
        assert watch.is_silent()
        until = perf_counter() + 0.001
        watch.stay_awake(until)
        assert perf_counter() >= until

        def no_clock() -> float:
            raise AssertionError("the answer is there: nobody has to look at the clock")

        theirs.sendall(ANSWER)
        monkeypatch.setattr(origins, "perf_counter", no_clock)
        watch.stay_awake(until)
