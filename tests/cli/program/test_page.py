"""docs/cli.md matches the help of the program."""

from __future__ import annotations

import re

from indoxrouter_cli.app import app
from indoxrouter_cli.session.config import MODEL_KEYS
from tests.cli.conftest import Cli
from tests.cli.manual import PAGE, WIDTH, commands, help_of, with_reference


def test_the_reference_is_the_commands_own_help() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_reference(page) == page, "regenerate it: python -m tests.cli.manual"


def test_the_commands_of_a_conversation_are_those_that_help_lists(cli: Cli) -> None:
    page = PAGE.read_text(encoding="utf-8")
    with cli.terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.line("/help")
        shown = terminal.expect("/quit")
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0
    listed = re.findall(r"^(/\w+ .*?)\s*$", shown.partition("/help")[2], re.MULTILINE)
    assert len(listed) > 5
    assert "\n".join(listed) in page


def test_every_environment_variable_and_model_setting_exists() -> None:
    import indoxrouter_cli.session.config as config

    page = PAGE.read_text(encoding="utf-8")
    known = {config.KEY_VARIABLE, config.URL_VARIABLE, config.PROFILE_VARIABLE, config.PATH_VARIABLE}
    assert set(re.findall(r"INDOX_ROUTER_\w+", page)) == known
    assert set(re.findall(r"`models\.(\w+)`", page)) <= set(MODEL_KEYS)


def test_every_help_fits_the_width_of_the_terminal() -> None:
    for path, command in commands(app, ("indoxrouter",)):
        assert [line for line in help_of(path, command).splitlines() if len(line) > WIDTH] == [], path
