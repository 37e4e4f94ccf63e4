"""Law: the figures of the README are those of the last run of the benchmark, and nobody's memory."""

from __future__ import annotations

from bench.report import first_table
from tests.docs.pages import ROOT


def test_the_readme_shows_the_table_of_the_last_run() -> None:
    results = (ROOT / "bench" / "RESULTS.md").read_text(encoding="utf-8").splitlines()
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    table = first_table(results)
    assert len(table) > 10
    start = readme.index(table[0])
    assert readme[start : start + len(table)] == table
    assert results[0].split(" with ")[0] in "\n".join(readme)  # and says on which day
