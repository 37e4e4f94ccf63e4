"""`indoxrouter speak`: speech from text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ...base.errors import CommandError
from ...command_line.completion import complete_values, model_option
from ...files.attachments import read_stdin
from ...output.files import check_writable, write_bytes
from ...output.formatting import format_usd
from ...output.json_text import print_json
from ...session.session import Session, pass_session


@click.command(
    "speak",
    epilog="\b\nExamples:\n  indoxrouter speak -o hello.mp3 Hello there\n  indoxrouter speak -o - < story.txt | mpv -",
)
@click.argument("text", nargs=-1)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    default=Path("speech.mp3"),
    show_default=True,
    help="The file, or - for the standard output. The suffix determines the format, unless --format is given.",
)
@model_option("speak")
@click.option("--voice", metavar="NAME", help="For example alloy or nova.")
@click.option(
    "--speed", type=click.FloatRange(0.25, 4), metavar="NUMBER", help="The speed, 0.25 to 4; 1 is normal."
)
@click.option(
    "--format",
    "response_format",
    metavar="NAME",
    help="The audio format, for example mp3, opus, aac or flac.",
    shell_complete=complete_values("text_to_speech"),
)
@click.option("--instructions", metavar="TEXT", help="How to speak, for models that support it.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the response as JSON instead of saving the audio."
)
@pass_session
def command(
    session: Session,
    text: tuple[str, ...],
    output: Path,
    model: str | None,
    response_format: str | None,
    force: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Turn TEXT, or the piped text, into speech."""
    words = " ".join(text) or read_stdin()
    if not words or not words.strip():
        raise CommandError("No text to speak.", "Pass it as an argument, or pipe it in.")
    to_pipe = str(output) == "-"
    if not as_json and not to_pipe:
        check_writable(output, force=force)
    if to_pipe and session.at_terminal and not as_json:
        raise CommandError("-o - would write audio to the terminal.", "Redirect the output, or name a file.")
    chosen = response_format or output.suffix[1:].lower() or None
    with session.waiting():
        response = session.client.text_to_speech(
            words, response_format=chosen, **session.model("speak", model), **options
        )
    if as_json:
        print_json(response)
    elif to_pipe:
        write_bytes(output, response.read(), force=True)
    else:
        response.save(output)
        session.print_result(str(output))
        session.err.print(format_usd(response.cost), style="dim")
