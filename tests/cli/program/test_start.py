"""The program itself: start-up time, help, and imports."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from indoxrouter_cli.app import SECTIONS
from indoxrouter_cli.base import exit_codes
from tests.cli.conftest import Cli
from tests.patience import seconds

COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}

HEAVY = ("rich", "httpx", "attrs", "indoxrouter", "asyncio", "ssl", "http.client", "markdown_it", "pygments")


def test_help_starts_within_150_milliseconds(bare_cli: Cli) -> None:
    def once() -> float:
        process = subprocess.Popen(
            [sys.executable, "-m", "indoxrouter_cli", "--help"],
            env=bare_cli.env, cwd=bare_cli.directory, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return used.ru_utime + used.ru_stime

    # CPU time: the program waits for nothing, so on an idle machine this is the time that a user waits, and on a busy
    # machine it does not include other programs.
    assert min(once() for _ in range(5)) < 0.150


def test_help_imports_nothing_heavy(run_python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    code = f"""
import sys
from indoxrouter_cli import main
main(["--help"])
print("loaded:", [name for name in {HEAVY!r} if name in sys.modules])
"""
    assert run_python(code).stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_of_the_table_exists_and_says_what_it_does(name: str) -> None:
    module, summary = COMMANDS[name]
    command: click.Command = import_module(f"indoxrouter_cli.commands.{module}").command
    assert command.name == name
    assert command.help
    # The table's summary and the command's own text share a word.
    words = {word.strip(".,:`").lower() for word in command.help.split()}
    assert words & {word.strip(".,:`").lower() for word in summary.split() if len(word) > 3}


def every_command(command: click.Command, path: tuple[str, ...] = ()) -> Any:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from every_command(inner, (*path, name))


def test_every_option_of_every_command_is_explained() -> None:
    from indoxrouter_cli.app import app

    unexplained = [
        (" ".join(path), parameter.name)
        for path, command in every_command(app)
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert unexplained == []


def test_version_is_that_of_the_package(bare_cli: Cli) -> None:
    from indoxrouter import __version__

    result = bare_cli("--version")
    assert (result.code, result.out) == (0, f"indoxrouter {__version__}\n")


def test_help_names_every_exit_code(bare_cli: Cli) -> None:
    text = bare_cli("--help").out
    for code, meaning in exit_codes.MEANINGS.items():
        assert f"{code:<4} {meaning}" in text


def test_a_mistyped_command_is_answered_with_the_likely_one(bare_cli: Cli) -> None:
    result = bare_cli("chta", "hello")
    assert result.code == exit_codes.USAGE
    assert "Did you mean chat?" in result.err


def test_common_options_work_before_and_after_the_command(bare_cli: Cli) -> None:
    before = bare_cli("--base-url", "http://127.0.0.1:9", "config", "show")
    after = bare_cli("config", "show", "--base-url", "http://127.0.0.1:9")
    assert before.out == after.out
    assert "http://127.0.0.1:9   (--base-url)" in after.out


def test_a_missing_extra_is_named(run_python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    code = """
import sys
sys.modules["click"] = None
from indoxrouter_cli import main
print(main(["--help"]))
"""
    done = run_python(code)
    assert done.stdout == "2\n"
    assert "pip install 'indoxrouter[cli]'" in done.stderr


def test_a_missing_client_is_named(run_python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    code = """
import sys
sys.modules["indoxrouter"] = None
from indoxrouter_cli import main
print(main(["models"]))
"""
    done = run_python(code)
    assert done.stdout == "2\n"
    assert "The package indoxrouter (the client) is missing." in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_bulk_work_is_named(
    run_python: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "in.jsonl").write_text('"Hello"\n', encoding="utf-8")
    code = f"""
import sys
sys.modules["indoxrouter_bulk"] = None
from indoxrouter_cli import main
print(main(["batch", {str(tmp_path / "in.jsonl")!r}, "-o", {str(tmp_path / "out.jsonl")!r}]))
"""
    done = run_python(code)
    assert done.stdout == "2\n"
    assert "The package indoxrouter_bulk is missing." in done.stderr
    assert "pip install 'indoxrouter[cli]'" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(bare_cli: Cli, shell: str) -> None:
    result = bare_cli("completion", shell)
    assert result.code == 0
    assert "_INDOXROUTER_COMPLETE" in result.out


def test_completion_offers_commands_options_and_operations(bare_cli: Cli) -> None:
    def offered(words: str) -> set[str]:
        count = str(len(words.split(" ")) - 1)
        env: dict[str, str | None] = {
            "_INDOXROUTER_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": count,
        }
        return {line.partition(",")[2] for line in bare_cli(env=env).out.splitlines()}

    assert offered("indoxrouter c") >= {"chat", "complete", "config", "completion"}
    assert "--model" in offered("indoxrouter chat --mod")
    assert "create-embedding" in offered("indoxrouter api embeddings create-")
    assert "--provider-id" in offered("indoxrouter api models get-model --prov")


@pytest.mark.parametrize("arguments", [[], ["video"], ["api"], ["api", "chat"], ["keys"]])
def test_a_group_without_a_command_shows_its_help(bare_cli: Cli, arguments: list[str]) -> None:
    result = bare_cli(*arguments)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Usage: " + " ".join(["indoxrouter", *arguments]))


def test_a_terminal_that_knows_no_check_marks_is_no_reason_to_crash(cli: Cli) -> None:
    result = cli("doctor", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (result.code, "Traceback" in result.err) == (0, False)
    assert "? key" in result.out


def test_the_mock_is_started_with_its_own_options(bare_cli: Cli) -> None:
    assert "--token-lifetime" in bare_cli("mock", "--help").out
    process = subprocess.Popen(
        [sys.executable, "-m", "indoxrouter_cli", "mock", "--port", "0", "--tier", "free"],
        env={**bare_cli.env, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout:
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        result = bare_cli("models", "--base-url", found[0], "gpt-4o-mini")
        process.terminate()
        assert (result.code, process.wait(timeout=seconds(20))) == (0, 0)


def test_a_reader_that_stops_reading_is_no_error(bare_cli: Cli) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "indoxrouter_cli", "--help"],
        env=bare_cli.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=seconds(20)), err) == (0, b"")
