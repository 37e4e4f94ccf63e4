"""The documentation of the mock is run, not believed."""

from __future__ import annotations

import re
from pathlib import Path

from indoxrouter_mock.app.admin_registry import ADMIN
from indoxrouter_mock.app.fault_docs import REMEDY, faults_page
from indoxrouter_mock.cli import parser, record_parser
from indoxrouter_mock.tapes.events import frame_of
from indoxrouter_mock.tapes.exchange import read_exchange

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "testing-with-the-mock.md").read_text(encoding="utf-8")
TAPES = (ROOT / "docs" / "tapes.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE + TAPES, re.DOTALL)


def test_page_has_worked_examples() -> None:
    """Each of them is run with the other blocks of the pages, by tests/docs."""
    assert sum(block.startswith("# test_") for block in BLOCKS) >= 7


def test_page_of_faults_is_the_registrys() -> None:
    shown = (ROOT / "docs" / "mock-faults.md").read_text(encoding="utf-8")
    assert shown == faults_page(), f"out of date; run: {REMEDY}"


def test_admin_endpoints_are_documented_in_one_place() -> None:
    for entry in ADMIN:
        fields = " " + ", ".join(f"`{name}`" for name in entry.body) if entry.body else ""
        assert f"| `{entry.method} {entry.path}` | {entry.doc}{fields} |" in PAGE


def test_every_option_that_the_page_names_exists() -> None:
    actions = [*parser()._actions, *record_parser()._actions]
    known = {option for action in actions for option in action.option_strings}
    known |= {"--indoxrouter-record", "--indoxrouter-upstream"}
    assert set(re.findall(r"`(--[a-z-]+)", PAGE + TAPES)) <= known


def test_format_is_shown_by_a_tape_that_can_be_read() -> None:
    (shown,) = re.findall(r"```yaml\n(tape: 1.*?)```", TAPES, re.DOTALL)
    exchange = read_exchange(shown, "shown")
    assert exchange.request.query == "limit=5"
    assert frame_of((exchange.response.events or [])[1]) == b"data: [DONE]\n\n"
