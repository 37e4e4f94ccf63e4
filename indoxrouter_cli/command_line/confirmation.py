"""The confirmation prompt for actions that cannot be undone."""

from __future__ import annotations

import sys

import click

from ..base import exit_codes
from ..base.errors import CommandError


def confirm(question: str, yes: bool) -> None:
    """Ask for confirmation, unless `yes` is set.

    Raises:
        CommandError: when the user declines, or when there is no terminal to ask at.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("This cannot be undone, and there is no terminal to confirm it at.", "Use --yes.")
    if not click.confirm(question, err=True):
        raise CommandError("Cancelled; nothing was changed.", None, exit_codes.INTERRUPTED)
