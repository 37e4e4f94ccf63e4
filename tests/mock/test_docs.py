"""The documentation of the mock is run, not believed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from indoxrouter_mock.app.admin_registry import ADMIN
from indoxrouter_mock.app.fault_docs import REMEDY, faults_page
from indoxrouter_mock.cli import parser, record_parser
from indoxrouter_mock.tapes.events import frame_of
from indoxrouter_mock.tapes.exchange import read_exchange

from .test_fixtures import ALONE, PLUGINS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "testing-with-the-mock.md").read_text(encoding="utf-8")
TAPES = (ROOT / "docs" / "tapes.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE + TAPES, re.DOTALL)
SUITES = {
    block.split("\n", 1)[0].removeprefix("# "): block for block in BLOCKS if block.startswith("# test_")
}
SCRIPTS = [block for block in BLOCKS if not block.startswith("# test_")]


def run(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env=ALONE,
    )


def test_page_has_worked_examples() -> None:
    assert len(SUITES) >= 7


@pytest.mark.parametrize("name", SUITES)
def test_worked_example_passes_as_printed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(SUITES[name], encoding="utf-8")
    result = run(tmp_path, "-m", "pytest", "-q", *PLUGINS, name)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=range(len(SCRIPTS)))
def test_script_runs_as_printed(tmp_path: Path, script: str) -> None:
    result = run(tmp_path, "-c", script)
    assert result.returncode == 0, result.stderr
    assert "Hello" in result.stdout


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
