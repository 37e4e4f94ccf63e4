"""`indoxrouter transcribe`: what recordings say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ...command_line.completion import model_option
from ...files.audio_files import FORMATS, find_audio_files, transcribe_files
from ...session.session import Session, pass_session

__all__ = ["command"]


@click.command(
    "transcribe",
    epilog="\b\nExamples:\n  indoxrouter transcribe talk.mp3\n"
    "  indoxrouter transcribe --format srt -o talk.srt talk.mp4\n"
    "  indoxrouter transcribe interviews/ -o texts/",
)
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "style",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="What to write.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file for one recording, a directory for several.",
)
@model_option("transcribe")
@click.option("--language", metavar="CODE", help="The language spoken, such as en or fa.")
@click.option("--prompt", metavar="TEXT", help="Names and words that come up.")
@click.option(
    "-t", "--temperature", type=click.FloatRange(0, 1), metavar="NUMBER", help="Randomness, 0 to 1."
)
@click.option(
    "--timestamps",
    "granularities",
    multiple=True,
    type=click.Choice(["word", "segment"]),
    help="Times in verbose_json. Repeatable.",
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@pass_session
def command(
    session: Session,
    recordings: tuple[Path, ...],
    style: str,
    output: Path | None,
    model: str | None,
    granularities: tuple[str, ...],
    force: bool,
    **options: Any,
) -> None:
    """Write down what RECORDINGS say.

    A directory means all recordings in it. The text of one recording goes to the standard output; texts of several go
    to files beside the recordings, or into the directory that -o names.
    """
    if granularities:
        options["timestamp_granularities"] = list(granularities)
    options.update(session.model("transcribe", model))
    transcribe_files(
        session,
        "speech_to_text",
        find_audio_files(recordings),
        style=style,
        output=output,
        force=force,
        options=options,
    )
