"""When upstream's templates move, each of ours is shown beside its base and what came in its place."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from generator.cli import main
from generator.source.settings import TEMPLATES
from generator.upstream.templates_status import installed_templates, status, templates


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """Upstream's templates after a release that changed one of them and dropped another."""
    copy = tmp_path / "templates"
    shutil.copytree(installed_templates(), copy)
    text = (copy / "model.py.jinja").read_text(encoding="utf-8")
    (copy / "model.py.jinja").write_text("{# a new line of theirs #}\n" + text, encoding="utf-8")
    (copy / "errors.py.jinja").unlink()
    return copy


def test_today_every_base_is_the_installed_template(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates-status"]) == 0
    said = capsys.readouterr().out
    assert "upstream did not change" in said
    assert "model.py.jinja" in said


def test_moved_template_is_shown_three_ways(moved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status([], TEMPLATES, moved) == 1
    said = capsys.readouterr().out
    assert {t.name: t.state for t in templates(TEMPLATES, moved)}["model.py.jinja"] == "changed upstream"
    assert "+{# a new line of theirs #}" in said  # what they did
    assert "+++ model.py.jinja (ours)" in said  # what we did
    assert re.search(r"errors\.py\.jinja +\+0 -14 ", said)
    assert "removed upstream" in said
    assert "literal_enum.py.jinja: what" not in said  # what did not move is not shown in full
    assert "2 to carry over" in said


def test_one_template_is_shown_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates-status", "errors.py.jinja"]) == 0
    assert "errors.py.jinja: what we did since the base" in capsys.readouterr().out


def test_unknown_template_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates-status", "nothing.jinja"]) == 2
    assert "no overridden template 'nothing.jinja'" in capsys.readouterr().err
