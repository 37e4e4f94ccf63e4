"""The verbs of the Makefile, what the README says of them, and what git must not hold."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

_LOCK_FILES = {
    *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"),
    *("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"),
}
# Written in pieces, so that this file does not hold what it looks for.
_REGISTRIES = re.compile(
    "|".join(["registry" + r"\.npmjs\.org", "registry" + r"\.yarnpkg\.com", "pypi" + r"\.org/simple"])
    + "|files"
    + r"\.pythonhosted\.org"
)
_MACHINE_PATHS = re.compile(r"(?<![\w./~-])(?:/(?:root|work|opt|srv)/\w|/(?:home|Users)/[a-z]\w*/)")


def _tracked(root: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def _text(path: Path) -> str:
    """The text of a file; nothing for one that is not text."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def _verbs(root: Path) -> dict[str, str]:
    makefile = (root / "Makefile").read_text("utf-8")
    return dict(re.findall(r"^([a-z][a-z-]*):.*?## (.+)$", makefile, re.MULTILINE))


def test_make_alone_lists_every_verb_with_a_line(root: Path) -> None:
    printed = subprocess.run(
        ["make", "--no-print-directory"], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    listed = dict(re.findall(r"^  ([a-z-]+) +(\S.*)$", printed, re.MULTILINE))
    assert listed == _verbs(root)
    assert {"demo", "test", "generate", "check", "lint", "mock", "venv", "constraints"} <= listed.keys()


def test_every_phony_target_is_a_documented_verb(root: Path) -> None:
    makefile = (root / "Makefile").read_text("utf-8")
    phony = {name for line in re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE) for name in line.split()}
    assert phony == set(_verbs(root))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_commands_of_the_page_exist(root: Path, page: str) -> None:
    named = set(re.findall(r"(?:`|^\s*)make ([a-z][a-z-]*)", (root / page).read_text("utf-8"), re.MULTILINE))
    assert named, f"{page} names no verb"
    assert named - _verbs(root).keys() == set()


def test_the_two_commands_stand_in_the_first_screen_of_the_readme(root: Path) -> None:
    first_screen = (root / "README.md").read_text("utf-8").splitlines()[:40]
    assert [
        verb for verb in ("make demo", "make test") if not any(verb in line for line in first_screen)
    ] == []


def test_git_holds_no_lock_files(root: Path) -> None:
    assert [name for name in _tracked(root) if Path(name).name in _LOCK_FILES] == []


@pytest.mark.parametrize("unwanted", [_REGISTRIES, _MACHINE_PATHS], ids=["registry-hosts", "machine-paths"])
def test_git_holds_no_address_that_is_true_on_one_machine_only(root: Path, unwanted: re.Pattern[str]) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name in _tracked(root)
        for number, line in enumerate(_text(root / name).splitlines(), 1)
        if unwanted.search(line)
    ]
    assert found == []


def test_ci_runs_tests_lint_check_and_docs(root: Path) -> None:
    script = root / ".ci" / "run"
    assert script.stat().st_mode & 0o111, ".ci/run is not executable"
    assert re.findall(r"^make ([a-z-]+)", script.read_text("utf-8"), re.MULTILINE) == [
        "test",
        "test-engines",
        "lint",
        "check",
        "docs",
    ]
