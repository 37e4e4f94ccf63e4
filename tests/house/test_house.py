"""The size and the structure of the project stay within their limits, and the script that counts them counts right."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import house


def write(root: Path, **modules: str) -> None:
    for name, text in modules.items():
        path = root / "part" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_the_project_is_within_its_limits(capsys: pytest.CaptureFixture[str]) -> None:
    assert house.main(["--check"]) == 0, capsys.readouterr().err


def test_a_circle_is_found_wherever_its_imports_stand(tmp_path: Path) -> None:
    write(
        tmp_path,
        low__a="def f() -> None:\n    from ..high.b import g\n",
        high__b="TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from part.low import a\n",
        high__c="from .b import g\n",
    )
    found = house.count(house.Part("part"), tmp_path)
    assert found.circles == (("part.high.b", "part.low.a"),)
    assert found.modules == 3


def test_an_import_inside_a_function_needs_its_reason(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="def f() -> None:\n    import json  # cost: rarely used\n\n    import ssl\n",
        b="def f() -> None:\n    # optional: not on PyPy\n    import httptools\n",
    )
    part = house.Part("part", late_imports=2, explained=True)
    found = house.count(part, tmp_path)
    assert len(found.late) == 3
    assert found.unexplained == ((Path("part/a.py"), 4),)
    too_many, unexplained = house.complaints(part, found)
    assert "at most 2 imports inside functions, got 3" in too_many
    assert unexplained.startswith("part/a.py:4:")


def test_lines_and_wide_folders_are_counted(tmp_path: Path) -> None:
    write(tmp_path, **{f"wide__m{number}": "x = 1\n" for number in range(15)}, wide____init__="")
    found = house.count(house.Part("part", lines=14), tmp_path)
    assert (found.lines, found.widest) == (15, ("part/wide", 15))
    assert len(list(house.complaints(house.Part("part", lines=14), found))) == 2


def test_an_interpreter_without_the_packages_is_named_in_one_line(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -I "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    with pytest.raises(house.ChatFailed) as caught:
        house.chat_modules(python=str(python))
    (line,) = str(caught.value).splitlines()
    assert line.startswith(
        f"one chat cannot be made with {python}: ModuleNotFoundError: No module named 'indoxrouter'"
    )
    assert line.endswith(".venv/bin/python scripts/house.py")


def test_the_command_prints_why_the_chat_cannot_be_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> list[str]:
        raise house.ChatFailed("one chat cannot be made with python3: ModuleNotFoundError")

    monkeypatch.setattr(house, "chat_modules", fail)
    assert house.main([]) == 2
    assert capsys.readouterr().err == "house: one chat cannot be made with python3: ModuleNotFoundError\n"


def test_one_chat_runs_the_modules_of_its_way() -> None:
    modules = house.chat_modules()
    assert "indoxrouter_ext/calls/request_flow.py" in modules
    assert not any("streaming" in name or "async" in name for name in modules)
