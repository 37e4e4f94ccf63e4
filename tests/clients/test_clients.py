"""The page of clients shows what `make clients` found, in the versions that are pinned now."""

from __future__ import annotations

import ast
import re

import pytest

from .__main__ import BEGIN, END, PAGE, Outcome, read, table
from .environments import CLIENTS, TOURS, Client

TABLE = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_page_shows_the_pinned_versions_and_no_call_that_fails(client: Client) -> None:
    (row,) = (line for line in TABLE.splitlines() if line.startswith(f"| {client.title} |"))
    _, _, versions, result, _ = (cell.strip() for cell in row.split("|"))
    assert versions == client.versions, "pins have moved: run `make clients ARGS=--write`"
    passed, every = re.match(r"(\d+) of (\d+)", result).groups()
    assert passed == every > "0"


def test_tour_of_openai_has_the_calls_that_the_page_promises() -> None:
    tree = ast.parse((TOURS / "openai_tour.py").read_text(encoding="utf-8"))
    calls = [
        node
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.decorator_list
    ]
    assert len(calls) == 59
    assert "makes 59 kinds of calls" in PAGE.read_text(encoding="utf-8")


def test_every_tour_belongs_to_a_client_and_knows_nothing_of_this_project() -> None:
    for script in (*TOURS.glob("*_tour.py"), *TOURS.glob("*_tour.mjs")):
        assert script.name in {client.tour for client in CLIENTS}
        assert "indoxrouter_mock" not in script.read_text(encoding="utf-8")


def test_outcome_counts_what_passed_failed_and_was_left_out() -> None:
    outcome = Outcome()
    lines = [
        'x{"call": "a", "problem": null, "skipped": null}',
        '{"call": "b", "problem": "broken", "skipped": null}',
    ]
    read("\n".join([*lines, '.{"call": "c", "problem": null, "skipped": "why"}', "noise"]), outcome)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (["a"], {"b": "broken"}, {"c": "why"})
    assert table([(CLIENTS[0], outcome)]).endswith("| 1 of 2, 1 left out |")
    assert "| skipped: no node |" in table([(CLIENTS[1], Outcome(missing="no node"))])
