"""A comparison of two runs tells a regression from noise, and fails for regressions of ours only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import main
from bench.comparison import compare

from .runs import case, run

STEADY = [0.99, 1.0, 1.0, 1.0, 1.01]


def times(values: list[float], factor: float) -> list[float]:
    return [value * factor for value in values]


@pytest.mark.parametrize(
    ("factor", "speed", "verdict"),
    [
        (1.2, False, "worse"),
        (0.8, False, "better"),
        (1.2, True, "better"),
        (0.8, True, "worse"),
        (1.04, False, "noise"),
        (1.0, True, "noise"),
    ],
)
def test_a_change_is_one_when_it_is_larger_than_the_noise(factor: float, speed: bool, verdict: str) -> None:
    text, worse = compare(
        run(case(speed=speed, over_httpx=STEADY)), run(case(speed=speed, over_httpx=times(STEADY, factor)))
    )
    assert text.splitlines()[2].split("|")[-2].strip() == verdict
    assert worse is (verdict == "worse")


def test_a_change_within_the_quartiles_is_noise() -> None:
    wide = [0.6, 0.8, 1.0, 1.2, 1.4]
    text, worse = compare(run(case(over_httpx=wide)), run(case(over_httpx=times(wide, 1.2))))
    assert "noise" in text
    assert not worse


def test_a_change_smaller_than_what_the_machine_does_by_itself_is_noise() -> None:
    text, worse = compare(run(case(over_httpx=STEADY)), run(case(over_httpx=times(STEADY, 1.2)), noise=0.3))
    assert "noise" in text
    assert not worse


def test_a_peer_that_got_slower_is_said_and_no_failure() -> None:
    text, worse = compare(run(case(openai=STEADY)), run(case(openai=times(STEADY, 2))))
    assert "worse" in text
    assert not worse


def test_a_few_rounds_prove_nothing() -> None:
    text, worse = compare(run(case(over_httpx=[1.0, 1.0])), run(case(over_httpx=[2.0, 2.0])))
    assert "too few rounds" in text
    assert not worse


def test_what_only_one_run_has_is_left_out() -> None:
    text, _ = compare(
        run(case("chat", over_httpx=STEADY)),
        run(case("models", over_httpx=STEADY), case("chat", openai=STEADY)),
    )
    assert len(text.splitlines()) == 2


@pytest.mark.parametrize(("after", "status"), [(1.0, 0), (1.5, 1)])
def test_the_command_fails_when_ours_got_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], after: float, status: int
) -> None:
    def saved(name: str, document: dict[str, Any]) -> str:
        path = tmp_path / name
        path.write_text(json.dumps(document))
        return str(path)

    old = saved("old.json", run(case(over_httpx=STEADY)))
    new = saved("new.json", run(case(over_httpx=times(STEADY, after))))
    assert main(["--compare", old, new]) == status
    assert f"{(after - 1) * 100:+.1f} %" in capsys.readouterr().out
