"""`indoxrouter mock`: the mock server, with its own options."""

from __future__ import annotations

import click

from ...base import exit_codes
from ...base.errors import CommandError


@click.command(
    "mock",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Run a mock server of the API. `indoxrouter mock --help` lists its options."""
    try:
        from indoxrouter_mock.cli import main  # optional: indoxrouter-mock
    except ModuleNotFoundError as error:
        raise CommandError(
            f"The package {error.name} is missing.",
            "Install the extra of the mock: pip install 'indoxrouter[mock]'",
            exit_codes.USAGE,
        ) from None
    context.exit(main(list(arguments), context.command_path))
