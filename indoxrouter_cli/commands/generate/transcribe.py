"""`indoxrouter transcribe`: the text of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ...command_line.completion import model_option
from ...files.audio_files import FORMATS, find_audio_files, transcribe_files
from ...session.session import Session, pass_session


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
    help="The output format.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file for one recording, a directory for several.",
)
@model_option("transcribe")
@click.option("--language", metavar="CODE", help="The language of the recording, for example en or fa.")
@click.option("--prompt", metavar="TEXT", help="Names and terms that occur in the recording.")
@click.option(
    "-t", "--temperature", type=click.FloatRange(0, 1), metavar="NUMBER", help="Randomness, 0 to 1."
)
@click.option(
    "--timestamps",
    "granularities",
    multiple=True,
    type=click.Choice(["word", "segment"]),
    help="The timestamps in verbose_json. Repeatable.",
)
@click.option("--force", is_flag=True, help="Overwrite existing files.")
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
    """Transcribe RECORDINGS.

    A directory means all audio files in it. The text of one recording is written to the standard output; texts of
    several are written to files beside the recordings, or into the directory that -o names.
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
