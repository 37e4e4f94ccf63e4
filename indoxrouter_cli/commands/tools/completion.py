"""`indoxrouter completion`: the completion script for a shell."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ...base.errors import CommandError

_SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    epilog="\b\nTo enable it:\n"
    "  bash   echo 'eval \"$(indoxrouter completion bash)\"' >> ~/.bashrc\n"
    "  zsh    echo 'eval \"$(indoxrouter completion zsh)\"' >> ~/.zshrc\n"
    "  fish   indoxrouter completion fish > ~/.config/fish/completions/indoxrouter.fish",
)
@click.argument("shell", required=False, type=click.Choice(_SHELLS))
@click.pass_context
def command(context: click.Context, shell: str | None) -> None:
    """Print the completion script for SHELL; by default for your own shell."""
    from click.shell_completion import get_completion_class  # cost: for this command only

    name = shell or Path(os.environ.get("SHELL", "")).name
    completer = get_completion_class(name) if name in _SHELLS else None
    if completer is None:
        raise CommandError("Your shell is not supported or not known.", f"Name one of {', '.join(_SHELLS)}.")
    program = context.find_root().command
    click.echo(completer(program, {}, "indoxrouter", "_INDOXROUTER_COMPLETE").source())
