"""`indoxrouter api`: every operation of the spec. Commands and options are derived from it; none is listed here."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from ...base.errors import CommandError
from ...command_line.completion import Completer, codec_values, complete_files
from ...command_line.confirmation import confirm
from ...command_line.groups import CommonGroup, add_common_options
from ...command_line.operation_arguments import Argument, argument_descriptions, list_arguments, parse_value
from ...output.files import check_writable, write_bytes
from ...output.formatting import pluralize
from ...output.json_text import dump_json, print_json
from ...session.session import Session


class ApiGroup(CommonGroup):
    """The tags of the spec."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of the spec."""
        from indoxrouter.about import OPERATIONS  # cost: loads the client

        return list(dict.fromkeys(tag for tag, _ in OPERATIONS.values()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Create the group for a tag."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return TagGroup(cmd_name, help=import_module(f"indoxrouter.api.{cmd_name}").__doc__)


class TagGroup(CommonGroup):
    """The operations of one tag."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of the spec."""
        from indoxrouter.about import OPERATIONS  # cost: loads the client

        return [_dashed(name) for tag, name in OPERATIONS.values() if tag == self.name]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Create the command for an operation."""
        from indoxrouter.about import OPERATIONS  # cost: loads the client

        name = cmd_name.replace("-", "_")
        # The operation id of the spec works as well: `indoxrouter api chat createChatCompletion`.
        tag, name = OPERATIONS.get(cmd_name, (self.name, name))
        if (tag, name) not in OPERATIONS.values() or tag != self.name:
            return None
        return add_common_options(_operation_command(str(tag), name))


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _operation_command(tag: str, name: str) -> click.Command:
    operation = import_module(f"indoxrouter.api.{tag}.{name}").OPERATION
    resource = getattr(import_module(f"indoxrouter.resources.{tag}"), f"{_camel(tag)}Resource")
    texts = argument_descriptions(getattr(resource, name))
    arguments = list_arguments(operation)
    params: list[click.Parameter] = [
        click.Option(
            [argument.option, f"field_{argument.name}"],
            metavar=argument.placeholder,
            help=texts.get(argument.name, "").replace("`", ""),
            shell_complete=_completer(argument),
        )
        for argument in arguments
    ]
    if operation.bodies and not any(argument.name == "body" for argument in arguments):
        params.append(
            click.Option(
                ["--body", "field_body"],
                metavar="JSON",
                help="The complete body, instead of its fields or in addition to them.",
            )
        )
    params += [
        click.Option(
            ["-o", "--output"], type=click.Path(path_type=Path), help="Write the response to this file."
        ),
        click.Option(["--force"], is_flag=True, help="Overwrite an existing file."),
    ]
    deletes = operation.method == "DELETE"
    if deletes:
        params.append(click.Option(["-y", "--yes"], is_flag=True, help="Do not ask for confirmation."))

    def callback(output: Path | None, force: bool, yes: bool = False, **given: str | None) -> None:
        session = Session.of(click.get_current_context())
        if output is not None and str(output) != "-" and (output.is_file() or not output.exists()):
            check_writable(output, force=force)
        if deletes:
            confirm(f"{operation.summary}? This cannot be undone.", yes)
        keywords = _keywords(arguments, given)
        client = session.client if operation.security else session.public_client
        with session.waiting():
            answer = getattr(getattr(client.api, tag), name)(**keywords)
        _print_answer(answer, output, force)

    return click.Command(
        _dashed(name),
        params=params,
        callback=callback,
        help=f"{operation.summary}.\n\n\b\n{operation.method} {operation.path}",
        short_help=operation.summary,
        epilog="@FILE reads a value from a file, @- from the standard input. Lists and objects are JSON.",
    )


def _completer(argument: Argument) -> Completer:
    if argument.placeholder == "FILE":
        return complete_files
    return lambda context, parameter, incomplete: [
        value for value in codec_values(argument.codec) if value.startswith(incomplete)
    ]


def _camel(tag: str) -> str:
    return "".join(part.capitalize() for part in tag.split("_"))


def _keywords(arguments: list[Argument], given: dict[str, str | None]) -> dict[str, Any]:
    keywords = {
        argument.name: parse_value(argument, value)
        for argument in arguments
        if (value := given.get(f"field_{argument.name}")) is not None
    }
    body = given.get("field_body")
    if body is not None and "body" not in keywords:
        from indoxrouter._runtime.codecs.factory import ANY, mapping  # cost: loads the client

        keywords["body"] = parse_value(Argument("body", mapping(ANY), False, False), body)
    if "body" not in keywords:
        missing = [
            argument.option for argument in arguments if argument.required and argument.name not in keywords
        ]
        if missing:
            raise CommandError(
                f"Missing {'options' if len(missing) > 1 else 'option'}: {', '.join(missing)}."
            )
    return keywords


def _print_answer(answer: Any, output: Path | None, force: bool) -> None:
    """Print a response: indented JSON, the events of a stream one per line as they arrive, bytes unchanged."""
    if isinstance(answer, bytes):
        if output is None and sys.stdout.isatty():
            raise CommandError(
                f"The response is {pluralize(len(answer), 'byte')} of binary data.", "Name a file with -o."
            )
        write_bytes(output or Path("-"), answer, force=force)
    elif hasattr(answer, "stream_id"):
        lines: list[str] = []
        for event in answer:
            line = dump_json(event.received() if hasattr(event, "received") else event)
            if output is None:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
            else:
                lines.append(line)
        if output is not None:
            write_bytes(output, ("\n".join(lines) + "\n").encode(), force=force)
    elif output is not None:
        write_bytes(output, (dump_json(answer, indent=2) + "\n").encode(), force=force)
    elif isinstance(answer, str):
        sys.stdout.write(answer if answer.endswith("\n") else answer + "\n")
    else:
        print_json(answer)


command = ApiGroup(
    "api",
    help="Call any operation of the API: `indoxrouter api TAG OPERATION --field value`.\n\n"
    "Responses are printed as JSON.",
)
