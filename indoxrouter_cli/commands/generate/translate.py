"""`indoxrouter translate`: the text of recordings, in English."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ...command_line.completion import model_option
from ...files.audio_files import FORMATS, find_audio_files, transcribe_files
from ...session.session import Session, pass_session


@click.command("translate", epilog="\b\nExample:\n  indoxrouter translate gespräch.mp3 -o talk.txt")
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "style",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="The output format.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file for one recording, a directory for several.",
)
@model_option("translate")
@click.option("--prompt", metavar="TEXT", help="Names and terms that occur in the recording, in English.")
@click.option(
    "-t", "--temperature", type=click.FloatRange(0, 1), metavar="NUMBER", help="Randomness, 0 to 1."
)
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@pass_session
def command(
    session: Session,
    recordings: tuple[Path, ...],
    style: str,
    output: Path | None,
    model: str | None,
    force: bool,
    **options: Any,
) -> None:
    """Translate RECORDINGS into English text. Files and directories work as for `transcribe`."""
    options.update(session.model("translate", model))
    transcribe_files(
        session,
        "translate_audio",
        find_audio_files(recordings),
        style=style,
        output=output,
        force=force,
        options=options,
    )
