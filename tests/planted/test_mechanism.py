"""Faults reach whoever uses a function, in whichever way, and follow it when it moves."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.patience import seconds
from tests.planted.fault import fault_named
from tests.planted.finder import NotFound, module_of, node_of
from tests.planted.proof import LONGEST, ROOT, prove

DEFINED = """
    import functools

    LIMIT = 10

    def greet(name):
        return f"hello {name}"

    HANDLERS = {"greet": greet}

    def count(most):
        yield from range(most)

    async def fetch():
        return "fetched"

    class Box:
        size = 1

        def __init__(self, content):
            self.content = content

        def open(self):
            return self.content

        @property
        def label(self):
            return "box"

        @classmethod
        def of(cls, content):
            return cls(content)

        @staticmethod
        def weigh(content):
            return len(content)
"""

USED = """
    import asyncio
    from {module} import HANDLERS, LIMIT, Box, count, fetch, greet

    print(greet("you"), HANDLERS["greet"]("you"), [*count(2)], asyncio.run(fetch()), LIMIT)
    print(Box("x").open(), Box("x").label, Box.of("x").content, Box.weigh("xx"), Box.size)
"""

SOUND = "hello you hello you [0, 1] fetched 10\nx box x 2 1\n"


@pytest.fixture
def run_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], str]:
    """Run a program against a package with a fault in it; the package is made anew for each `module`."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def run(module: str, target: str, behaviour: str) -> str:
        package, _, inner = module.partition(".")
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").touch()
        path = folder / f"{inner}.py"
        path.write_text(textwrap.dedent(DEFINED))
        found = module_of(package, target)
        assert found == module
        program = f"""
import sys
from tests.planted.planting import Planter, plant
def behaviour(original, *args, **kwargs):
    {behaviour}
Planter({found!r}, lambda loaded: plant(loaded, {target!r}, behaviour, lambda: None)).come_first()
"""
        run = subprocess.run(
            [sys.executable, "-c", program + textwrap.dedent(USED.format(module=module))],
            env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            timeout=seconds(60),
            check=True,
        )
        return run.stdout

    return run


@pytest.mark.parametrize(
    ("target", "behaviour", "sound", "planted"),
    [
        ("greet", "return original(*args).upper()", "hello you hello you", "HELLO YOU HELLO YOU"),
        ("count", "return [*original(*args)][1:]", "[0, 1]", "[1]"),
        ("fetch", "return original()", "fetched", "fetched"),
        ("LIMIT", "return original + 1", "fetched 10", "fetched 11"),
        ("Box.open", "return original(*args) * 3", "x box", "xxx box"),
        ("Box.label", "return original(*args)[::-1]", "x box x", "x xob x"),
        ("Box.of", "return args[0]('other')", "box x 2", "box other 2"),
        ("Box.weigh", "return -original(*args)", "x 2 1", "x -2 1"),
        ("Box.size", "return 7", "2 1", "2 7"),
    ],
)
def test_a_fault_reaches_functions_methods_and_attributes(
    run_with: Callable[[str, str, str], str], target: str, behaviour: str, sound: str, planted: str
) -> None:
    package = f"shop_{target.replace('.', '_').lower()}"
    assert run_with(f"{package}.store", target, behaviour) == SOUND.replace(sound, planted)


def test_a_fault_follows_its_target_into_another_module(run_with: Callable[[str, str, str], str]) -> None:
    behaviour = "return original(*args) * 3"
    before, after = (run_with(module, "Box.open", behaviour) for module in ("one.store", "two.elsewhere"))
    assert before == after == SOUND.replace("x box", "xxx box")


@pytest.fixture
def twofold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of which two modules define the same names."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "twofold").mkdir()
    (tmp_path / "twofold" / "__init__.py").touch()
    for name in ("first", "second"):
        (tmp_path / "twofold" / f"{name}.py").write_text("class Box:\n    def open(self): ...\n")
    return "twofold"


def test_a_name_that_is_nowhere_or_ambiguous_is_refused(twofold: str) -> None:
    with pytest.raises(NotFound, match=r"no module defines Box\.opn; it has Box\.open"):
        module_of(twofold, "Box.opn")
    with pytest.raises(NotFound, match=r"ambiguous: twofold\.first, twofold\.second define it"):
        module_of(twofold, "Box.open")
    with pytest.raises(NotFound, match="no such package"):
        module_of("nowhere_at_all", "Box.open")


def test_a_test_is_found_by_its_name_alone() -> None:
    own = test_a_test_is_found_by_its_name_alone.__name__
    here = Path(__file__).relative_to(ROOT).as_posix()
    assert node_of(f"{own}[sync-1]") == f"{here}::{own}[sync-1]"
    with pytest.raises(NotFound, match="no module has it"):
        node_of("test_that_nobody_wrote")


@pytest.mark.timeout(2 * LONGEST)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("the mock lets everybody in", "was not planted"),
        ("a 401 discards whichever token there is", "was planted, but never acted"),
        ("a token is used until its last second", "passes"),
    ],
)
def test_a_fault_survives_a_test_that_is_about_something_else(name: str, reason: str) -> None:
    verdict = prove(replace(fault_named(name), noticed_by="test_a_token_store_shows_no_token"))
    assert not verdict.noticed
    assert reason in verdict.reason
