"""The page for a pull request says what a branch changes for users."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generator.source.settings import PROJECT
from scripts.pr_report import LONGEST, MANY, in_one_line, main, parts_of, shortened

LEFT_OUT = (".*", "node_modules", "__pycache__", "dist", "site", "build", "tests", "docs", "bench")


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    """A repository whose branch adds a field to a model, not committed yet, and what follows from it."""
    root = tmp_path / "project"
    shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
    shutil.copytree(PROJECT / "tests/releases", root / "tests/releases")
    author = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    for command in (["init", "-qb", "main"], ["add", "."], [*author, "commit", "-qm", "before"]):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True)
    schemas = "\n  schemas:\n"
    spec = root / "openapi.yaml"
    text = spec.read_text(encoding="utf-8")
    new = (
        "    Mood:\n      type: object\n      description: A mood.\n"
        "      properties: {name: {type: string, description: Its name.}}\n\n"
    )
    assert schemas in text
    spec.write_text(text.replace(schemas, f"{schemas}{new}", 1), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "generator", "generate"], cwd=root, check=True, capture_output=True)
    return root


def test_page_has_the_changes_and_measures_both_trees(branch: Path) -> None:
    command = [sys.executable, "scripts/pr_report.py", "main", "--rounds", "1"]
    done = subprocess.run(command, cwd=branch, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (branch / "build/pr-report.md").read_text(encoding="utf-8")
    titles = ["The API", "Public names", "Size", "Start-up", "Speed of the changed parts"]
    places = [page.index(f"## {title}\n") for title in titles]
    assert places == sorted(places)
    assert re.match(r"# Against `main`: \d+ files changed\n", page)
    assert "schema Mood added" in page
    assert "indoxrouter.models.Mood" in page.partition("## Public names")[2]
    assert "### Breaks nothing (" in page
    assert "### Breaks code" not in page
    assert "openapi.yaml → " not in page
    numbers = re.search(r"\| bytes \| ([\d,]+) \| ([\d,]+) \| \+([\d,]+) \|", page)
    assert numbers is not None
    before, after, more = (int(number.replace(",", "")) for number in numbers.groups())
    assert after - before == more > 200
    assert re.search(r"\| `import indoxrouter`, ms \| [\d.]+ \| [\d.]+ \| [\d.]+ \|", page)
    assert re.search(r"\| `import indoxrouter`, modules \| \d+ \| \d+ \| \+0 \|", page)
    assert re.search(r"\| chat \| [\d,]+ \| [\d,]+ \| [\d.]+ \|", page)
    assert str(branch) not in page


def test_a_ref_that_does_not_exist_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-ref", "--output", str(tmp_path / "page.md")]) == 2
    assert capsys.readouterr().err.startswith("error: BASE: 'no-such-ref' is no commit of this repository (")
    assert not (tmp_path / "page.md").exists()


def test_the_same_difference_of_many_names_is_one_line() -> None:
    assert in_one_line("added", ["a", "b"]) == "- a: added\n- b: added"
    many = in_one_line("x: Literal['a'] added", [f"n{number}" for number in range(MANY)])
    assert many.startswith(
        f"- <details><summary>{MANY} names: x: Literal[&#x27;a&#x27;] added</summary>n0<br>n1"
    )
    assert "\n" not in many


def test_a_long_type_is_shortened() -> None:
    long = f"Literal[{', '.join(map(str, range(100)))}]"
    found = shortened(f"type: {long} → int")
    assert found.startswith("type: Literal[0, 1, 2")
    assert found.endswith("98, 99] → int")
    assert len(found) < LONGEST + 20


def test_what_is_measured_follows_from_the_files() -> None:
    assert parts_of(["docs/index.md", "openapi.yaml"]) == []
    assert parts_of(["indoxrouter_ext/streaming/sse.py"]) == ["chat", "stream of 2,000 events"]
    assert parts_of(["templates/runtime/models/model.py"]) == ["chat", "256 embeddings", "400 models"]
