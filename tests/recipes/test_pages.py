"""Law: every Python block under docs/recipes runs as printed, with the packages in the versions that the pages name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path

import pytest

from indoxrouter_mock import MockServer
from tests.docs.pages import RECIPES, ROOT, blocks, matches
from tests.patience import seconds

pytestmark = pytest.mark.timeout(300)

PINS = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)(?:\[[a-z,]+\])?==([0-9][0-9.]*[0-9])")
PAGES = [pytest.param(page, id=page.stem) for page in sorted(RECIPES.glob("*.md"))]


@pytest.mark.parametrize("page", PAGES)
def test_the_versions_that_a_page_names_are_those_that_are_tested(page: Path) -> None:
    tested = dict(PINS.findall((ROOT / "tests/recipes/requirements.txt").read_text(encoding="utf-8")))
    named = dict(PINS.findall(page.read_text(encoding="utf-8")))
    assert {name: tested.get(name) for name in named} == named


@pytest.mark.parametrize("page", PAGES)
def test_the_python_blocks_run_as_printed(page: Path, indoxrouter_mock: MockServer, tmp_path: Path) -> None:
    listed = list(blocks(page))
    code = [block for block in listed if block.language == "python"]
    if not code:
        pytest.skip("the page has no Python to run")
    for name in dict(PINS.findall(page.read_text(encoding="utf-8"))):
        try:
            version(name)
        except PackageNotFoundError:
            pytest.skip(f"{name} is not installed; `make integrations` installs it")
    environment = {
        **os.environ,
        "INDOX_ROUTER_API_KEY": indoxrouter_mock.api_key,
        "INDOX_ROUTER_BASE_URL": indoxrouter_mock.url,
        "OPENAI_BASE_URL": indoxrouter_mock.openai_base_url,
        "HF_HUB_OFFLINE": "1",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT / "examples"),
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/docs/runner.py")],
        input=json.dumps([{"page": page.name, "line": block.line, "text": block.text} for block in code]),
        capture_output=True,
        text=True,
        timeout=seconds(250),
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    printed: dict[int, str] = {}
    for block, result in zip(code, json.loads(done.stdout), strict=False):
        assert result["failure"] is None, f"{page.name}:{block.line}\n{result['failure']}"
        printed[block.line] = result["printed"]
    for before, block in pairwise(listed):
        if block.language == "output" and before.line in printed:
            assert matches(block.text, printed[before.line]), (
                f"{page.name}:{block.line}: the page says\n{block.text}\nbut this is printed:\n{printed[before.line]}"
            )
