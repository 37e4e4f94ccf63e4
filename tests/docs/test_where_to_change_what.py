"""docs/where-to-change-what.md names files, commands and tests that exist, at most three files for each change."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "where-to-change-what.md"

_STEP = re.compile(r"^\d+\. (.*)$", re.MULTILINE)
_COMMAND = re.compile(
    r"`(?:make (?P<target>[\w-]+)(?: ARGS=\"(?P<selection>[^\"]+)\")?|python -m (?P<module>[\w.]+)[^`]*)`"
)
_PATH = re.compile(r"`([\w./-]+\.\w+|[\w./-]+/)`")


def sections() -> dict[str, list[str]]:
    """The changes, each with the paths that its numbered steps begin with."""
    _, *parts = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, list[str]] = {}
    for part in parts:
        title, _, text = part.partition("\n")
        matches = [_PATH.match(step) for step in _STEP.findall(text)]
        found[title] = [match[1] for match in matches if match]
        assert len(found[title]) == len(matches), f"{title}: a step does not begin with a path"
    return found


def test_the_page_answers_ten_questions_or_more() -> None:
    titles = list(sections())
    assert len(titles) >= 10
    for wanted in ("retry rule", "chat answer", "stream ends", "route of the mock", "facade method"):
        assert any(wanted in title for title in titles), wanted


@pytest.mark.parametrize("title", sections())
def test_a_change_opens_at_most_three_files_that_exist(title: str) -> None:
    paths = sections()[title]
    assert 1 <= len(paths) <= 3
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_every_path_in_the_text_exists() -> None:
    paths = {path for path in _PATH.findall(PAGE.read_text(encoding="utf-8")) if "/" in path}
    assert len(paths) > 20
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_every_command_exists_and_selects_tests() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = list(_COMMAND.finditer(PAGE.read_text(encoding="utf-8")))
    assert {"generate", "test", "lint"} <= {command["target"] for command in commands}
    for command in commands:
        target, selection, module = command["target"], command["selection"], command["module"]
        assert target is None or f"\n{target}: " in makefile, target
        assert module is None or find_spec(module) is not None, module
        if selection is not None:
            word = selection.removeprefix("-k ")
            # A word selects by the names of modules here: those of functions change too often to be promised.
            found = [*(ROOT / "tests").rglob(f"test_{word}.py"), *(ROOT / word).glob("**/test_*.py")]
            assert found, f"ARGS={selection!r} selects no test"
