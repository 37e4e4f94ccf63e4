"""`indoxrouter config`: the settings with their sources, and a template for the configuration file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import click

from ...base.errors import CommandError
from ...command_line.groups import CommonGroup
from ...session.config import TEMPLATE, config_path
from ...session.session import META, Session, pass_session


@click.group("config", cls=CommonGroup)
def command() -> None:
    """Show the settings and their sources; create a configuration file."""


@command.command("path")
@pass_session
def path(session: Session) -> None:
    """Print the path of the configuration file, even if it does not exist."""
    session.print_result(str(_path()))


@command.command("show")
@pass_session
def show(session: Session) -> None:
    """Show each setting with its value and its source. Keys are not shown."""
    settings = session.settings
    from indoxrouter.about import SERVERS  # cost: loads the client

    exists = "" if settings.path.exists() else " (does not exist)"
    lines = [
        ("file", str(settings.path) + exists, None),
        ("profile", settings.profile or "none", None),
        ("api_key", "set" if settings.api_key else "not set", "api_key" if settings.api_key else None),
        ("base_url", settings.base_url or SERVERS[0], "base_url"),
        ("timeout", f"{settings.timeout:g} s" if settings.timeout is not None else "30 s", "timeout"),
        *((f"models.{name}", model, "models") for name, model in settings.models.items()),
    ]
    for name, value, origin in lines:
        session.print_result(f"{name:<16} {value}{f'   ({settings.origin_of(origin)})' if origin else ''}")
    if settings.path.exists() and settings.api_key and _others_can_read(settings.path):
        session.err.print(
            f"warning: other users can read {settings.path}; run chmod 600 {settings.path}", style="yellow"
        )


@command.command("init")
@pass_session
def init(session: Session) -> None:
    """Create a configuration file that only you can read. An existing file is not changed."""
    target = _path()
    if target.exists():
        raise CommandError(f"{target}: this file exists", "Open it in an editor.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Private from the moment it is created, not only after a chmod.
        with os.fdopen(
            os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(TEMPLATE)
    except OSError as error:
        raise CommandError(f"{target}: {error.strerror or error}") from None
    session.print_result(str(target))


def _path() -> Path:
    return config_path(click.get_current_context().meta.get(f"{META}config"))


def _others_can_read(path: Path) -> bool:
    return os.name == "posix" and bool(os.stat(path).st_mode & (stat.S_IRGRP | stat.S_IROTH))
