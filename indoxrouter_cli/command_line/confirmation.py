"""The question before something that cannot be undone."""

from __future__ import annotations

import sys

import click

from ..base import exit_codes
from ..base.errors import CommandError

__all__ = ["confirm"]


def confirm(question: str, yes: bool) -> None:
    """Ask before something that cannot be undone.

    Raises:
        CommandError: for a no, and where there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("This cannot be undone, and there is nobody to ask.", "Say --yes if you mean it.")
    if not click.confirm(question, err=True):
        raise CommandError("Nothing was done.", None, exit_codes.INTERRUPTED)
