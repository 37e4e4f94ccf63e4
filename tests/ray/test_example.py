"""The example for Ray, run as its docstring says, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from indoxrouter_mock import MockServer
from tests.conftest import ROOT
from tests.patience import seconds

pytest.importorskip("ray", reason="Ray is not installed; `make integrations` installs it")
parquet = pytest.importorskip("pyarrow.parquet")

pytestmark = [pytest.mark.timeout(400), pytest.mark.filterwarnings("default")]


def test_the_example_classifies_and_embeds_a_corpus(indoxrouter_mock: MockServer, tmp_path: Path) -> None:
    mock = indoxrouter_mock
    reviews, out = tmp_path / "reviews.csv", tmp_path / "labelled"
    reviews.write_text("id,text\n" + "".join(f"r{n},Boots number {n} are fine.\n" for n in range(50)))
    environment = {**os.environ, "INDOX_ROUTER_API_KEY": mock.api_key, "INDOX_ROUTER_BASE_URL": mock.url}
    command = [sys.executable, str(ROOT / "examples" / "ray_corpus.py"), str(reviews), str(out)]
    spent: list[float] = []
    for _ in range(2):  # the second time from the journal
        before = mock.credits
        for file in out.glob("*.parquet"):
            file.unlink()
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=seconds(180)
        )
        assert done.returncode == 0, done.stderr
        assert "50 rows, $0.00" in done.stdout
        rows = parquet.read_table(out).to_pylist()
        assert sorted(row["id"] for row in rows) == sorted(f"r{n}" for n in range(50))
        assert all(row["answer"] and len(row["embedding"]) == 1536 for row in rows)
        assert {row["error"] for row in rows} | {row["label_error"] for row in rows} == {None}
        spent.append(before - mock.credits)
    assert spent[0] > 0
    assert spent[1] == 0
