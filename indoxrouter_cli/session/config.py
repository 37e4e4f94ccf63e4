"""Settings: from options, then the environment, then a profile of the configuration file, then defaults.

A profile that is named with `--profile` or `INDOX_ROUTER_PROFILE` overrides the environment, because it was chosen
explicitly.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, cast

from ..base.errors import CommandError, suggest

KEY_VARIABLE = "INDOX_ROUTER_API_KEY"
URL_VARIABLE = "INDOX_ROUTER_BASE_URL"
PROFILE_VARIABLE = "INDOX_ROUTER_PROFILE"
PATH_VARIABLE = "INDOX_ROUTER_CONFIG"

MODEL_KEYS = ("chat", "complete", "embed", "image", "speak", "transcribe", "translate", "video")
_TYPES: dict[str, tuple[type, ...]] = {
    "api_key": (str,),
    "base_url": (str,),
    "timeout": (int, float),
    "models": (dict,),
}

TEMPLATE = """\
# Settings of the command `indoxrouter`. Options and environment variables override this file.
# `indoxrouter config show` lists each value and its source.

profile = "default"            # the profile that is used by default

[profiles.default]
# api_key = "indox-..."        # keep this file private: chmod 600
# base_url = "https://api.indoxrouter.com/api/v1"
# timeout = 60                 # seconds

[profiles.default.models]      # the model of each command, unless --model is given
# chat = "openai/gpt-4o-mini"
# embed = "openai/text-embedding-3-small"

[profiles.mock]                # `indoxrouter mock`, then `indoxrouter --profile mock chat hello`
api_key = "indox-mockmockmockmockmockmockmockmock"
base_url = "http://127.0.0.1:8000"
"""


class Settings(NamedTuple):
    """The effective settings, and the source of each value.

    `repr` does not show the key.
    """

    api_key: str | None
    base_url: str | None
    timeout: float | None
    models: Mapping[str, str]
    profile: str | None
    path: Path
    origins: Mapping[str, str]

    def __repr__(self) -> str:
        key = "set" if self.api_key else "not set"
        return f"Settings(profile={self.profile!r}, base_url={self.base_url!r}, api_key {key})"

    def origin_of(self, name: str) -> str:
        """The source of a value, in words."""
        return self.origins.get(name, "the default")


def config_path(given: str | None = None) -> Path:
    """The configuration file: the one named, else `INDOX_ROUTER_CONFIG`, else `~/.config/indoxrouter/config.toml`."""
    named = given or os.environ.get(PATH_VARIABLE)
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        from platformdirs import user_config_path  # cost: used on Windows only

        return user_config_path("indoxrouter", appauthor=False) / "config.toml"
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path("~/.config").expanduser()) / "indoxrouter" / "config.toml"


def load_profiles(path: Path, *, required: bool = False) -> tuple[str | None, dict[str, dict[str, Any]]]:
    """Read the configuration file: the name of the profile to use, and all profiles.

    Raises:
        CommandError: for a file that cannot be read, is not TOML, or holds an unknown setting.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        if required:
            raise CommandError(
                f"{path}: no such configuration file", "`indoxrouter config init` creates one."
            ) from None
        return None, {}
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None
    document = _parse(path, data)
    chosen: Any = document.pop("profile", None)
    profiles: Any = document.pop("profiles", {})
    if document:
        _unknown(path, next(iter(document)), ("profile", "profiles"))
    if not isinstance(chosen, (str, type(None))) or not isinstance(profiles, dict):
        raise CommandError(f"{path}: `profile` must be a name and `profiles` a table of tables")
    tables = cast("dict[str, Any]", profiles)
    return chosen, {name: _checked(path, name, profile) for name, profile in tables.items()}


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    # In the standard library since 3.11; `tomli` is the same module for older versions.
    tomllib: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        document: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
        return document
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The parser's message names line and column, and never quotes a line: it cannot reveal a key.
        raise CommandError(f"{path}: not valid TOML: {error}") from None


def _checked(path: Path, name: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise CommandError(f"{path}: profiles.{name} must be a table")
    profile = cast("dict[str, Any]", given)
    for key, value in profile.items():
        if key not in _TYPES:
            _unknown(path, f"profiles.{name}.{key}", [f"profiles.{name}.{known}" for known in _TYPES])
        if isinstance(value, bool) or not isinstance(value, _TYPES[key]):
            kinds = {"timeout": "a number of seconds", "models": "a table"}
            raise CommandError(f"{path}: profiles.{name}.{key} must be {kinds.get(key, 'a string')}")
    for key, value in profile.get("models", {}).items():
        if key not in MODEL_KEYS:
            _unknown(
                path,
                f"profiles.{name}.models.{key}",
                [f"profiles.{name}.models.{known}" for known in MODEL_KEYS],
            )
        if not isinstance(value, str):
            raise CommandError(f"{path}: profiles.{name}.models.{key} must be a string")
    return profile


def _unknown(path: Path, key: str, known: Any) -> None:
    matches = suggest(key, known)
    raise CommandError(f"{path}: unknown setting {key}", f"Did you mean {matches[0]}?" if matches else None)


def resolve(
    *, base_url: str | None, profile: str | None, config: str | None, timeout: float | None
) -> Settings:
    """Combine options, environment and file into the effective settings.

    Raises:
        CommandError: for an unknown profile, and for an invalid configuration file.
    """
    path = config_path(config)
    chosen, profiles = load_profiles(path, required=config is not None)
    named = profile or os.environ.get(PROFILE_VARIABLE) or None
    name = named or chosen or ("default" if "default" in profiles else None)
    if name is not None and name not in profiles:
        matches = suggest(name, profiles) or sorted(profiles)
        raise CommandError(
            f"{path}: unknown profile {name!r}",
            f"Did you mean {' or '.join(matches)}?"
            if matches
            else "`indoxrouter config init` creates a configuration file.",
        )
    values = profiles.get(name, {}) if name is not None else {}
    origins: dict[str, str] = {}
    place = f"profile {name!r} in {path}"

    def pick(key: str, option: Any, variable: str | None) -> Any:
        environment = (os.environ.get(variable) or None) if variable else None
        sources = [(option, f"--{key.replace('_', '-')}")]
        file = (values.get(key), place)
        environ = (environment, f"the environment variable {variable}")
        sources += [file, environ] if named is not None else [environ, file]
        for value, origin in sources:
            if value is not None:
                origins[key] = origin
                return value
        return None

    models = values.get("models", {})
    if models:
        origins["models"] = place
    return Settings(
        api_key=pick("api_key", None, KEY_VARIABLE),
        base_url=pick("base_url", base_url, URL_VARIABLE),
        timeout=pick("timeout", timeout, None),
        models=models,
        profile=name,
        path=path,
        origins=origins,
    )
