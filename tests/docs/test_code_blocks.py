"""Law: every code block in the README and the docs runs as printed, and prints what the page says it prints.

Each page runs from top to bottom in an empty directory: it makes the files that it uses.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from indoxrouter_mock import MockServer
from tests.docs.pages import RECIPES, ROOT, RUN, SHOWN, Block, blocks, matches, pages
from tests.mock_process import API_KEY
from tests.patience import seconds

DEMO_KEY = "indox-mockmockmockmockmockmockmockmock"
"""The mock's default key, as pages show it; the tests' server has another."""

# Plugins that no page uses and that take two seconds to load, of which a page has half of one.
UNUSED_PLUGINS = ("cacheprovider", "schemathesis", "hypothesispytest", "respx", "pytest_httpx")

PAGES = [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in pages()]


@pytest.fixture
def mock() -> Iterator[MockServer]:
    """A server of its own for each page, so that usage and ids do not depend on the order of pages."""
    with MockServer(seed=7, api_key=API_KEY) as server:
        yield server


def _environment(mock: MockServer, home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "INDOX_ROUTER_API_KEY": mock.api_key,
        "INDOX_ROUTER_BASE_URL": mock.url,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is(page: Path) -> None:
    unknown = [(block.line, block.language) for block in blocks(page) if block.language not in RUN | SHOWN]
    assert not unknown, f"blocks without a language that the tests know: {unknown}"


@pytest.mark.parametrize("page", PAGES)
def test_data_blocks_can_be_parsed(page: Path) -> None:
    for block in blocks(page):
        if block.language == "json":
            json.loads(block.text)


@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_run_as_printed(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    listed = list(blocks(page))
    code = [block for block in listed if block.language == "python"]
    if not code or RECIPES in page.parents:
        return
    mock: MockServer = request.getfixturevalue("mock")
    relative = page.relative_to(ROOT).as_posix()
    tests = [block for block in code if _is_test_module(block)]
    plain = [block for block in code if not _is_test_module(block)]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("runner.py"))],
        input=json.dumps([{"page": relative, "line": block.line, "text": block.text} for block in plain]),
        capture_output=True,
        text=True,
        timeout=seconds(50),
        check=True,
        cwd=tmp_path,
        env=_environment(mock, tmp_path),
    )
    results = json.loads(done.stdout)
    printed: dict[int, str] = {}
    for block, result in zip(plain, results, strict=False):
        assert result["failure"] is None, f"{relative}:{block.line}\n{result['failure']}"
        printed[block.line] = result["printed"]
    for before, block in pairwise(listed):
        if block.language == "output" and before.line in printed:
            assert matches(block.text, printed[before.line]), (
                f"{relative}:{block.line}: the page says\n{block.text}\nbut this is printed:\n{printed[before.line]}"
            )
    if tests:
        _run_as_tests(tests, tmp_path, mock)


def _is_test_module(block: Block) -> bool:
    """A block that defines tests is run by pytest, as its reader would run it."""
    return re.search(r"^(async )?def test_", block.text, re.MULTILINE) is not None


def _run_as_tests(found: list[Block], directory: Path, mock: MockServer) -> None:
    for block in found:
        (directory / f"test_line_{block.line}.py").write_text(block.text, encoding="utf-8")
    unused = (f"-pno:{name}" for name in UNUSED_PLUGINS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *unused, str(directory)],
        capture_output=True,
        text=True,
        timeout=seconds(50),
        check=False,
        cwd=directory,
        env={name: value for name, value in _environment(mock, directory).items() if "INDOX" not in name},
    )
    assert done.returncode == 0, done.stdout + done.stderr


_SKIPPED_COMMANDS = ("export ", "cd ", "source ", "git ", "unset ")


@pytest.mark.parametrize("page", PAGES)
def test_shell_blocks_name_things_that_exist(
    page: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Commands of ours are run; `make` verbs and extras are looked up; servers are asked for their help."""
    listed = list(blocks(page))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    extras = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for index, block in enumerate(listed):
        if block.language not in ("console", "bash"):
            continue
        where = f"{page.relative_to(ROOT).as_posix()}:{block.line}"
        for command, shown in _commands(block):
            words = shlex.split(command, comments=True)
            if words[0] == "make":
                for verb in [word for word in words[1:] if "=" not in word and not word.startswith("-")]:
                    assert re.search(rf"^{re.escape(verb)}:", makefile, re.MULTILINE), (
                        f"{where}: no verb {verb!r}"
                    )
            elif words[:2] == ["pip", "install"]:
                for extra in re.findall(r"indoxrouter\[([a-z,]+)\]", command):
                    for name in extra.split(","):
                        assert re.search(rf"^{name} = \[", extras, re.MULTILINE), (
                            f"{where}: no extra {name!r}"
                        )
            elif not command.startswith(_SKIPPED_COMMANDS):
                mock: MockServer = request.getfixturevalue("mock")
                printed = _run(command, tmp_path, mock, where)
                following = listed[index + 1] if index + 1 < len(listed) else None
                expected = shown or (following.text if following and following.language == "output" else "")
                if expected.strip():
                    assert matches(expected, printed), (
                        f"{where}: the page says\n{expected}\nprinted:\n{printed}"
                    )


def _commands(block: Block) -> Iterator[tuple[str, str]]:
    """The commands of a block, continued with a backslash; in a console block (`$ …`) with the output shown."""
    text = block.text.replace("\\\n", " ")
    if block.language == "bash":
        lines = [line.strip() for line in text.splitlines()]
        yield from ((line, "") for line in lines if line and not line.startswith("#"))
        return
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    for part in parts:
        command, _, shown = part.partition("\n")
        yield command.strip(), shown.strip()


def _run(command: str, directory: Path, mock: MockServer, where: str) -> str:
    command = command.replace("http://127.0.0.1:8000", mock.url).replace(DEMO_KEY, mock.api_key)
    if re.match(r"(python -m indoxrouter_mock|indoxrouter mock)\b", command) and "--help" not in command:
        command = (
            f"{command.partition('#')[0].partition('&')[0].strip()} --help"  # a server does not end by itself
        )
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=seconds(50),
        check=False,
        cwd=directory if "python -m generator" not in command else ROOT,
        env=_environment(mock, directory),
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, (
        f"{where}: {command!r} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    )
    return done.stdout
