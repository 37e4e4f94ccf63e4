"""The reference part of docs/cli.md, generated from the help of the commands by `python -m tests.cli.manual`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from indoxrouter_cli.app import app
from indoxrouter_cli.base import exit_codes

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
BEGIN = "<!-- reference: written by `python -m tests.cli.manual` from the commands' help -->\n"
END = "<!-- end of reference -->\n"
WIDTH = 90


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all below it, without the operations of `api`, which the HTTP reference documents."""
    yield path, command
    if isinstance(command, click.Group) and path[-1] != "api":
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


def help_of(path: tuple[str, ...], command: click.Command) -> str:
    context: click.Context | None = None
    for part in path[:-1]:
        context = click.Context(click.Group(part), parent=context, info_name=part)
    context = click.Context(
        command,
        parent=context,
        info_name=path[-1],
        terminal_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def codes() -> str:
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in exit_codes.MEANINGS.items())
    return f"| code | meaning |\n| ---: | --- |\n{rows}\n"


def reference() -> str:
    parts = [f"## Exit codes\n\n{codes()}\n## Every command\n"]
    for path, command in commands(app, ("indoxrouter",)):
        if path[-1] == "mock":
            continue  # the page of the mock documents its options
        parts.append(f"### {' '.join(path)}\n\n```text\n{help_of(path, command)}\n```\n")
    return "\n".join(parts)


def with_reference(page: str) -> str:
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_reference(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
