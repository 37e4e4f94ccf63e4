"""Who may read what the command writes: questions, keys and what is half done are their owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from indoxrouter_cli.output.files import atomic_write
from tests.cli.conftest import Cli

OWN, OTHERS = 0o600, 0o022


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_history_cache_and_configuration_are_for_their_owner_alone(cli: Cli) -> None:
    home = Path(cli.env["HOME"])
    earlier = os.umask(OTHERS)  # the usual one, with which files are readable for all
    try:
        with cli.terminal("chat") as terminal:
            terminal.expect("> ")
            terminal.line("/help")
            terminal.expect("Ctrl-C stops")
            terminal.expect("> ")  # what is typed before is lost
            terminal.send("\x04")
            assert terminal.finish() == 0
        assert cli("models", "--provider", "openai").code == 0
        assert cli("config", "init").code == 0
    finally:
        os.umask(earlier)
    history = home / ".local" / "state" / "indoxrouter" / "history"
    assert "/help" in history.read_text()
    config = home / ".config" / "indoxrouter" / "config.toml"
    assert (mode_of(history), mode_of(config)) == (OWN, OWN)
    folders = (history.parent, config.parent, home / ".cache" / "indoxrouter")
    assert [mode_of(folder) for folder in folders] == [0o700] * 3


def test_a_history_that_others_could_read_becomes_private(cli: Cli) -> None:
    history = Path(cli.env["HOME"]) / ".local" / "state" / "indoxrouter" / "history"
    history.parent.mkdir(parents=True)
    history.write_text("asked before\n")
    history.chmod(0o644)
    with cli.terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.send("\x04")
        assert terminal.finish() == 0
    assert "asked before" in history.read_text()
    assert mode_of(history) == OWN


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_file_with_a_key_that_anybody_else_can_read_is_remarked_on(
    bare_cli: Cli, mode: int, warned: bool
) -> None:
    path = bare_cli.file("config.toml", '[profiles.default]\napi_key = "indox-k"\n')
    path.chmod(mode)
    shown = bare_cli("config", "show", env={"INDOX_ROUTER_CONFIG": str(path)})
    assert shown.code == 0
    assert ("chmod 600" in shown.err) == warned


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_an_output_is_private_until_it_is_complete_and_then_as_the_user_wants_it(
    tmp_path: Path, umask: int, mode: int
) -> None:
    earlier = os.umask(umask)
    try:
        with atomic_write(tmp_path / "out", force=False) as file:
            file.write(b"half")
            assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == OWN
            assert not (tmp_path / "out").exists()
        assert os.umask(umask) == umask  # as it was
    finally:
        os.umask(earlier)
    assert (mode_of(tmp_path / "out"), (tmp_path / "out").read_bytes()) == (mode, b"half")
