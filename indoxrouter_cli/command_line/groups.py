"""Groups that import a command when it is called, and the options that all commands share.

Importing every command takes three times as long as `--help` may take. So the group's help is printed from a table of
names and summaries; a test compares the table with the commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from ..base.errors import suggest
from ..session.session import COMMON, META
from .completion import complete_files, complete_profiles


def _store_option(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None:
        # `meta` is shared by all contexts of a run: the option works in any position, and the last one wins.
        context.meta[META + str(parameter.name)] = value


def common_options(*, hidden: bool) -> list[click.Option]:
    """The options of every command. Only the program's own help lists them."""
    shared: dict[str, Any] = {"expose_value": False, "callback": _store_option, "hidden": hidden}
    return [
        click.Option(
            ["--base-url"], metavar="URL", help="The server's address [env: INDOX_ROUTER_BASE_URL].", **shared
        ),
        click.Option(
            ["--profile"],
            metavar="NAME",
            help="A profile of the configuration file [env: INDOX_ROUTER_PROFILE].",
            shell_complete=complete_profiles,
            **shared,
        ),
        click.Option(
            ["--config"],
            metavar="FILE",
            help="The configuration file [env: INDOX_ROUTER_CONFIG].",
            shell_complete=complete_files,
            **shared,
        ),
        click.Option(
            ["--timeout"],
            metavar="SECONDS",
            type=click.FloatRange(min=0, min_open=True),
            help="The longest wait for the next byte of an answer.",
            **shared,
        ),
        click.Option(
            ["--budget"],
            metavar="USD",
            type=click.FloatRange(min=0, min_open=True),
            help="Refuse the call that would make this run cost more.",
            **shared,
        ),
    ]


class _Utf8Text(click.types.StringParamType):
    """Text in UTF-8. Python represents other bytes of a command line as lone surrogates.

    Paths are not checked: file names may contain any bytes, also after an `@`.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = super().convert(value, param, ctx)
        if text.startswith("@") or not any("\ud800" <= letter <= "\udfff" for letter in text):
            return text
        shown = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
        self.fail(f"expected text in UTF-8, got other bytes: {shown!r}", param, ctx)


def add_common_options(command: click.Command) -> click.Command:
    """Add the common options to a command, unless it has an option of the same name; check its texts for UTF-8."""
    for parameter in command.params:
        if type(parameter.type) is click.types.StringParamType and parameter.metavar != "FILE":
            parameter.type = _Utf8Text()
    taken = {parameter.name for parameter in command.params}
    if not taken.intersection(COMMON):
        command.params.extend(common_options(hidden=True))
    return command


class CommonGroup(click.Group):
    """A group whose commands also take the common options."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command with the common options."""
        super().add_command(add_common_options(cmd), name)


class LazyGroup(CommonGroup):
    """A group that imports a command when it is called.

    Args:
        sections: heading → command name → (module, summary). The module holds the command as `command`.
    """

    def __init__(
        self, *args: Any, sections: Mapping[str, Mapping[str, tuple[str, str]]], **attributes: Any
    ) -> None:
        super().__init__(*args, **attributes)
        self.sections = sections
        self._entries = {name: entry for section in sections.values() for name, entry in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of the help."""
        return list(self._entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self._entries:
            return None
        if cmd_name not in self.commands:
            module = import_module(f"indoxrouter_cli.commands.{self._entries[cmd_name][0]}")
            command: click.Command = getattr(module, "command")  # noqa: B009  # type checkers do not know the module
            self.add_command(command, cmd_name)
        return self.commands[cmd_name]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; for an unknown name, suggest similar ones."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            matches = suggest(args[0], self._entries) if args else []
            if matches:
                raise click.UsageError(
                    f"{error.message} Did you mean {' or '.join(matches)}?", error.ctx
                ) from None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, by section."""
        for heading, section in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name, summary) for name, (_, summary) in section.items()])
