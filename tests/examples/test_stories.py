"""The first hours of a caller, a tester and a maintainer, as scripts: each runs to its end in this checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.patience import ALL, seconds

STORIES = sorted((ROOT / "scripts" / "stories").glob("*.sh"))


LONG = pytest.mark.skipif(not ALL, reason="generates several times: make test-all, make stories")


@pytest.mark.parametrize(
    "story",
    [pytest.param(path, id=path.stem, marks=[LONG] if path.stem == "maintainer" else []) for path in STORIES],
)
def test_a_story_ends_well(story: Path, tmp_path: Path) -> None:
    if not (ROOT / ".venv" / "bin" / "python").exists() or shutil.which("git") is None:
        pytest.skip("the stories run in the environment of `make venv`, with git")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INDOX")}
    done = subprocess.run(
        [str(story)],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds(120),
        cwd=tmp_path,
        env={**environment, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"✓ {story.stem}"


def test_there_are_three_stories() -> None:
    assert [path.stem for path in STORIES] == ["application", "maintainer", "tester"]
