"""The changes fit the description of today. `make changes` adopts them in clones, and runs the tests there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from generator.commands.lint import lint
from generator.source.settings import PROJECT, load
from tests.changes.__main__ import changed_names, main
from tests.changes.adopt import edited
from tests.changes.all import ALL as ALL_CHANGES
from tests.changes.all import TOGETHER
from tests.changes.change import Change
from tests.changes.text import SpecText
from tests.patience import ALL

TEXT = (PROJECT / "openapi.yaml").read_text(encoding="utf-8")
YAML = """\
# Kept.
base: &base {type: string} # kept too
block:
  one: 1
  two:
    - a # the first
    - b

  # Between.
  three: *base
flow: {list: [x, y], 'quoted': 1}
"""


@pytest.mark.skipif(not ALL, reason="edits and lints for half a minute: make test-all, make changes")
@pytest.mark.parametrize(
    "changes", [TOGETHER, [change for change in ALL_CHANGES if change.breaks]], ids=["compatible", "breaking"]
)
def test_changed_description_is_sound_and_keeps_its_comments(changes: list[Change], tmp_path: Path) -> None:
    text, said = edited(TEXT, changes, 1)
    assert len({*said}) == len(changes)
    path = tmp_path / "openapi.yaml"
    path.write_text(text, encoding="utf-8")
    problems, checks = lint(replace(load(), spec=path))
    assert [str(problem) for problem in problems] == []
    assert "house rules" in checks
    if changes is TOGETHER:
        comments = [line for line in TEXT.splitlines() if line.lstrip().startswith("#")]
        assert [line for line in comments if line not in text] == []


def test_changes_are_many_and_have_names_of_their_own() -> None:
    assert len({change.name for change in ALL_CHANGES}) == len(ALL_CHANGES)
    assert len(TOGETHER) >= 12


def test_text_is_edited_in_place() -> None:
    spec = SpecText(YAML)
    spec.add(("block",), "four", {"a": 1})
    spec.add(("flow",), "more", [1])
    spec.append(("block", "two"), "c")
    spec.append(("flow", "list"), "z")
    spec.set(("block", "three"), {"type": "null"})
    spec.set(("block", "two", "0"), "first")
    spec.rename(("flow", "quoted"), "named")
    spec.remove(("block", "one"))
    assert spec.document == yaml.safe_load(spec.text)
    assert spec.document == {
        "base": {"type": "string"},
        "block": {"two": ["first", "b", "c"], "three": {"type": "null"}, "four": {"a": 1}},
        "flow": {"list": ["x", "y", "z"], "named": 1, "more": [1]},
    }
    for comment in ("# Kept.", "# kept too", "# the first", "# Between."):
        assert comment in spec.text


def test_what_others_share_is_told_apart() -> None:
    spec = SpecText(YAML)
    assert spec.is_alias(("block", "three"))
    assert spec.is_anchor(("base",))
    assert not spec.is_anchor(("block", "one"))


def test_a_choice_of_nothing_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing like it"]) == 2
    assert "an operation that streams" in capsys.readouterr().err


def test_names_of_what_changed_are_those_of_the_description() -> None:
    said = [
        "Job.result is now called result_now",
        "listJobs: limit is now called limit_now",
        "/a moved to /b",
    ]
    assert changed_names(said) == ["limit", "limit_now", "listJobs", "result", "result_now"]
    assert changed_names(["answers have the header X-Region"]) == ["X-Region"]


def test_the_list_says_what_would_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a deprecated operation", "--list"]) == 0
    assert capsys.readouterr().out.startswith("a deprecated operation: ")
