"""The tables say what was measured and which goals are missed; the README shows the first of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.plan import OURS
from bench.report import LIBRARIES, SDKS, first_table, headlines, into_readme, report, spread
from bench.subjects import SUBJECTS

from .runs import case, run

RUN = run(
    case(
        "chat",
        published=[1.4, 1.4],
        openai=[2.8],
        anthropic=[1.9, 2.1],
        pyreqwest=[0.3],
        default=[0.9],
        over_httpx=[1.5],
    ),
    case("events", speed=True, openai=[0.12], anthropic=[0.5], default=[1.2], over_httpx=[2.0, 3.0, 4.0]),
)


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in first_table(text.splitlines())]


def test_the_first_table_has_ours_with_goals_beside_the_best_of_the_others() -> None:
    heads, _, chat, events = rows(report(RUN))
    assert heads == ["case (unit)", "published", "best other SDK", "**indoxrouter**", "**over httpx**"]
    assert chat[1:] == ["1.40 ±0%", "2.00 ±5% anthropic", "0.90 (≤ 0.95)", "1.50 (≤ 1.15, missed)"]
    assert events[1:] == ["–", "0.50× anthropic", "1.20× (≥ 1.1)", "3.00× ±33% (≥ 0.87)"]


def test_the_other_tables_have_every_package_that_was_measured_and_no_column_of_dashes() -> None:
    text = report(RUN)
    assert "## Other SDKs" in text
    assert "| case (unit) | openai | anthropic |\n" in text
    assert "| case (unit) | httpx | pyreqwest |\n" in text


def test_small_figures_keep_a_digit_that_says_something() -> None:
    text = report(run(case("events", speed=True, litellm=[0.0042], over_httpx=[0.123])))
    assert "| 0.004× litellm |" in text
    assert "| 0.12×" in text


def test_a_run_of_ours_alone_has_no_columns_for_others() -> None:
    text = report(run(case("chat", default=[0.9], over_httpx=[0.3])))
    assert rows(text)[0] == ["case (unit)", "**indoxrouter**", "**over httpx**"]
    assert "Other SDKs" not in text


def test_the_text_says_when_how_and_how_disturbed() -> None:
    lines = report(RUN).splitlines()
    assert lines[0].startswith("Measured on 2026-01-02 with `make bench` in 5:30 minutes: CPython 3.11.7")
    assert "machine noise 2.0 %" in lines[0]
    assert (
        "Of 1,200 measurements 7 were disturbed by other processes and taken again, 1 stayed disturbed"
        in lines[2]
    )


def test_every_subject_has_a_place_in_a_table() -> None:
    assert {"published", *SDKS, *LIBRARIES, *OURS} == SUBJECTS.keys()


def test_the_spread_is_half_the_distance_between_the_quartiles() -> None:
    assert spread([1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 50.0]) == 0.0
    assert spread([1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0]) == 0.5
    assert spread([1.0, 3.0]) == 0.5


README = """# A client

Measured on 2025-01-01 with nothing.

| case (unit) | ours |
| --- | ---: |
| old | 1 |

After the table.

| path | what |
"""


def test_the_readme_gets_the_date_and_the_headlines_and_keeps_the_rest() -> None:
    named = [
        {**case(name, default=[0.9]), "title": name} for name in ("sync chat", "importing", "async chat")
    ]
    text = report(run(*named))
    lines = into_readme(README, text).splitlines()
    assert lines[0] == "# A client"
    assert lines[2] == text.splitlines()[0]
    head, rule, chat, _, chat_async = first_table(text.splitlines())
    assert lines[4:8] == headlines(text.splitlines()) == [head, rule, chat, chat_async]
    assert lines[8:] == ["", "After the table.", "", "| path | what |"]
    assert into_readme("\n".join(lines), text).splitlines() == lines


@pytest.mark.parametrize(
    "readme", ["# no table", "| case (unit) |\n\nMeasured on a day"], ids=["none", "order"]
)
def test_a_readme_without_the_place_for_it_is_refused(readme: str) -> None:
    with pytest.raises(ValueError, match="'Measured on …'"):
        into_readme(readme, report(RUN))


def test_a_saved_run_can_be_printed_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "run.json"
    saved.write_text(json.dumps(RUN))
    assert main(["--render", str(saved)]) == 0
    assert capsys.readouterr().out == report(RUN) + "\n"
