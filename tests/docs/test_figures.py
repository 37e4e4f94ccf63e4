"""Law: the figures of the README are those of the last run of the benchmark, and nobody's memory."""

from __future__ import annotations

import json

from bench.picture import picture
from bench.report import HEADLINES, headlines
from tests.docs.pages import ROOT


def test_the_readme_shows_figures_of_the_last_run() -> None:
    results = (ROOT / "bench" / "RESULTS.md").read_text(encoding="utf-8").splitlines()
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    table = headlines(results)
    assert len(table) == 2 + len(HEADLINES)
    start = readme.index(table[0])
    assert readme[start : start + len(table)] == table
    assert results[0].split(" with ")[0] in "\n".join(readme)  # and says on which day


def test_the_picture_shows_figures_of_the_last_run() -> None:
    run = json.loads((ROOT / "bench" / "RESULTS.json").read_text(encoding="utf-8"))
    assert (ROOT / "docs" / "assets" / "speed.svg").read_text(encoding="utf-8") == picture(run)
    assert "docs/assets/speed.svg" in (ROOT / "README.md").read_text(encoding="utf-8")
