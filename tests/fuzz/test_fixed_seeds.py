"""The fuzzers, on fixed seeds and for a few seconds. `make fuzz` looks further."""

from __future__ import annotations

from collections import Counter

import pytest

from indoxrouter_ext.http.direct import blocking_connection

from .__main__ import FUZZERS
from .asking import LOOPS
from .differential import compare
from .poisoning import poison_round
from .server import Authority
from .truncation import cut_on_the_wire


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("name", ["poison", "truncation", "differential"])
def test_nothing_is_wrong(name: str, seed: int, authority: Authority) -> None:
    line, wrong = FUZZERS[name](seed, authority)
    assert wrong == [], line


@pytest.mark.parametrize("loop", LOOPS)
def test_poison_reaches_kept_connections(loop: str, authority: Authority) -> None:
    tally = poison_round(7, loop, tls=False, authority=authority, askers=4, calls=10)
    assert tally.asked == 40
    assert tally.reused > 5
    assert tally.right > 30


def test_the_poison_would_be_noticed(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking_connection.BlockingConnection, "is_usable", lambda self, seconds=0.0: True)
    tallies = [
        poison_round(seed, "sync", tls=False, authority=authority, askers=1, calls=8) for seed in range(4)
    ]
    assert any(tally.wrong for tally in tallies)


def test_cut_answers_are_both_refused_and_read(authority: Authority) -> None:
    tally = cut_on_the_wire(3, "sync", tls=True, authority=authority, calls=40)
    assert tally.raised > 10
    assert tally.right > 5


def test_the_parsers_meet_what_they_judge_differently() -> None:
    counts: Counter[str] = Counter()
    for seed in range(300):
        compare(seed, counts)
    assert counts["both with h11"] > 50
    assert counts["both with llhttp"] > 50
    assert sum(kind.startswith("only") for kind in counts) > 8
