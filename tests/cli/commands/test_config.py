"""Settings from options, environment and file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from indoxrouter_cli.base import exit_codes
from indoxrouter_cli.session.config import TEMPLATE
from indoxrouter_mock import MockServer
from tests.cli.conftest import Cli

KEY = "indox-" + "k" * 32


def write(cli: Cli, text: str) -> Path:
    path = Path(cli.env["HOME"]) / ".config" / "indoxrouter" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_the_file_is_read_from_the_documented_place(bare_cli: Cli, mock: MockServer) -> None:
    write(bare_cli, f'[profiles.default]\napi_key = "{mock.api_key}"\nbase_url = "{mock.url}"\n')
    result = bare_cli("whoami")
    assert result.code == 0, result.err
    assert "profile 'default'" in result.out


def test_xdg_config_home_moves_it(bare_cli: Cli, tmp_path: Path) -> None:
    result = bare_cli("config", "path", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert result.out.strip() == str(tmp_path / "indoxrouter" / "config.toml")


def test_options_go_before_the_environment_and_it_before_the_file(bare_cli: Cli) -> None:
    write(bare_cli, '[profiles.default]\nbase_url = "http://file.test"\n')
    assert "http://file.test   (profile 'default'" in bare_cli("config", "show").out
    env: dict[str, str | None] = {"INDOX_ROUTER_BASE_URL": "http://environment.test"}
    assert (
        "http://environment.test   (the environment variable INDOX_ROUTER_BASE_URL)"
        in bare_cli("config", "show", env=env).out
    )
    assert (
        "http://option.test   (--base-url)"
        in bare_cli("config", "show", "--base-url", "http://option.test", env=env).out
    )


def test_a_profile_that_is_named_goes_before_the_environment(bare_cli: Cli) -> None:
    write(
        bare_cli,
        f'profile = "a"\n[profiles.a]\napi_key = "{KEY}"\n[profiles.b]\nbase_url = "http://b.test"\n',
    )
    env: dict[str, str | None] = {"INDOX_ROUTER_BASE_URL": "http://environment.test"}
    assert "http://environment.test" in bare_cli("config", "show", env=env).out
    assert "http://b.test" in bare_cli("--profile", "b", "config", "show", env=env).out
    assert "http://b.test" in bare_cli("config", "show", env={**env, "INDOX_ROUTER_PROFILE": "b"}).out


def test_a_profiles_models_are_used(cli: Cli, mock: MockServer) -> None:
    write(cli, '[profiles.default.models]\nchat = "openai/gpt-4o"\n')
    assert cli("chat", "hello").code == 0
    assert mock.requests[-1]["body"]["model"] == "openai/gpt-4o"
    assert cli("chat", "-m", "openai/gpt-4.1", "hello").code == 0
    assert mock.requests[-1]["body"]["model"] == "openai/gpt-4.1"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[profiles.default]\napi_kee = 'x'\n", "Did you mean profiles.default.api_key?"),
        ("[profiles.default.models]\nchta = 'x'\n", "Did you mean profiles.default.models.chat?"),
        ("profles = 1\n", "Did you mean profiles?"),
        ("[profiles.default]\ntimeout = 'soon'\n", "must be a number of seconds"),
        ("[profiles.default\n", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named(bare_cli: Cli, text: str, hint: str) -> None:
    write(bare_cli, text)
    result = bare_cli("config", "show")
    assert result.code == exit_codes.USAGE
    assert hint in result.err
    assert "config.toml" in result.err


def test_a_broken_file_with_a_key_does_not_show_the_key(bare_cli: Cli) -> None:
    write(bare_cli, f'[profiles.default]\napi_key = "{KEY}\n')
    result = bare_cli("whoami")
    assert result.code == exit_codes.USAGE
    assert KEY not in result.out + result.err


def test_a_profile_that_does_not_exist_is_answered_with_near_ones(bare_cli: Cli) -> None:
    write(bare_cli, "[profiles.work]\n")
    result = bare_cli("--profile", "wrok", "config", "show")
    assert result.code == exit_codes.USAGE
    assert "Did you mean work?" in result.err


def test_init_writes_a_file_for_its_owner_alone_and_overwrites_none(bare_cli: Cli) -> None:
    assert bare_cli("config", "init").code == 0
    path = Path(bare_cli.env["HOME"]) / ".config" / "indoxrouter" / "config.toml"
    assert path.read_text() == TEMPLATE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert bare_cli("config", "show").code == 0
    assert bare_cli("config", "init").code == exit_codes.USAGE


def test_a_file_that_others_can_read_is_remarked_on(bare_cli: Cli) -> None:
    write(bare_cli, f'[profiles.default]\napi_key = "{KEY}"\n').chmod(0o644)
    assert "chmod 600" in bare_cli("config", "show").err
