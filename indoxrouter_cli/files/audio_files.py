"""Transcription of audio files: one to the standard output, several to files beside them or in a directory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import exit_codes
from ..base.errors import CommandError
from ..console.progress import make_progress
from ..diagnosis.explanation import explain
from ..output.files import check_writable, make_directory
from ..output.formatting import format_usd, pluralize
from ..output.json_text import dump_json, print_json

if TYPE_CHECKING:
    from ..session.session import Session

FORMATS = {"text": ".txt", "json": ".json", "verbose_json": ".json", "srt": ".srt", "vtt": ".vtt"}
"""The documented formats, and the file suffix of each."""

_SUFFIXES = frozenset(
    [
        ".mp3",
        ".mp4",
        ".mpeg",
        ".mpga",
        ".m4a",
        ".wav",
        ".webm",
        ".ogg",
        ".oga",
        ".opus",
        ".flac",
        ".aac",
        ".aiff",
        ".amr",
        ".wma",
    ]
)
_MAX_CONCURRENT = 4


def find_audio_files(paths: Iterable[Path]) -> list[Path]:
    """The named files, and all audio files in the named directories and below, by their suffixes.

    Raises:
        CommandError: for a missing or empty file, and for a directory without audio files.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in _SUFFIXES
            )
            if not inside:
                raise CommandError(
                    f"{path}: no audio files in this directory",
                    f"Recognised suffixes: {' '.join(sorted(_SUFFIXES))}.",
                )
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise CommandError(f"{path}: no such file")
    empty = next((path for path in found if path.stat().st_size == 0), None)
    if empty is not None:
        raise CommandError(f"{empty}: the file is empty")
    return list(dict.fromkeys(found))


def transcribe_files(
    session: Session,
    method: str,
    paths: list[Path],
    *,
    style: str,
    output: Path | None,
    force: bool,
    options: dict[str, Any],
) -> None:
    """Transcribe or translate recordings, and write the texts.

    Args:
        session: of the run.
        method: of the client: `speech_to_text` or `translate_audio`.
        paths: the recordings.
        style: one of `FORMATS`.
        output: a file for one recording, a directory for several; None means the standard output for one recording,
            and files beside the recordings for several.
        force: overwrite existing files.
        options: arguments for each call.

    Raises:
        CommandError: with the code `PARTIAL` when some of several failed.
    """
    options = {**options, "response_format": style}
    if output is not None and str(output) == "-":
        if len(paths) > 1:
            raise CommandError("-o - works for one recording only.", "Name a directory for several.")
        output = None
    if len(paths) == 1 and (output is None or not output.is_dir()):
        _transcribe_one(session, method, paths[0], style, output, force, options)
        return
    targets = _output_paths(paths, style, output)
    for target in targets:
        check_writable(target, force=force)
    failed = asyncio.run(
        _transcribe_many(session, method, dict(zip(paths, targets, strict=True)), style, options)
    )
    if failed:
        raise CommandError(
            f"{failed} of {pluralize(len(paths), 'recording')} failed; the others are written.",
            None,
            exit_codes.PARTIAL,
        )


def _transcribe_one(
    session: Session,
    method: str,
    path: Path,
    style: str,
    output: Path | None,
    force: bool,
    options: dict[str, Any],
) -> None:
    if output is not None:
        check_writable(output, force=force)
    with session.waiting():
        response = getattr(session.client, method)(path, **options)
    if output is not None:
        output.write_text(_format_response(response, style), encoding="utf-8")
        session.print_result(str(output))
    elif style in ("json", "verbose_json"):
        print_json(response)
    else:
        session.out.file.write(_format_response(response, style))
    session.err.print(format_usd(response.cost), style="dim")


def _output_paths(paths: list[Path], style: str, output: Path | None) -> list[Path]:
    """The output file for each recording. Equal names from different directories must not share a file."""
    ending = FORMATS[style]
    if output is None:
        return [path.with_name(path.name + ending) for path in paths]
    if output.exists() and not output.is_dir():
        raise CommandError(f"{output}: must be a directory for several recordings")
    make_directory(output)
    targets = [output / (path.name + ending) for path in paths]
    twice = {target for target in targets if targets.count(target) > 1}
    if twice:
        raise CommandError(
            f"{min(twice)}: several recordings would be written to this file", "Transcribe them separately."
        )
    return targets


async def _transcribe_many(
    session: Session, method: str, jobs: dict[Path, Path], style: str, options: dict[str, Any]
) -> int:
    from indoxrouter.errors import IndoxRouterError  # cost: loads the client
    from rich.progress import MofNCompleteColumn, Progress  # cost: loads Rich

    failed = 0
    cost = 0.0
    gate = asyncio.Semaphore(_MAX_CONCURRENT)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    async with session.async_client() as client:
        with make_progress(session, columns) as progress:
            task = progress.add_task("Transcribing", total=len(jobs))

            async def do(path: Path, target: Path) -> None:
                nonlocal failed, cost
                async with gate:
                    try:
                        response = await getattr(client, method)(path, **options)
                    except IndoxRouterError as error:
                        failed += 1
                        session.err.print(f"error: {path}: {explain(error, None).message}")
                    else:
                        _write(target, response, style)
                        cost += response.cost or 0.0
                        session.print_result(str(target))
                progress.advance(task)

            await asyncio.gather(*(do(path, target) for path, target in jobs.items()))
    session.err.print(
        f"{len(jobs) - failed} of {pluralize(len(jobs), 'recording')}, {format_usd(cost)}", style="dim"
    )
    return failed


def _write(target: Path, response: Any, style: str) -> None:
    target.write_text(_format_response(response, style), encoding="utf-8")


def _format_response(response: Any, style: str) -> str:
    if style in ("json", "verbose_json"):
        return dump_json(response, indent=2) + "\n"
    # Subtitles are in the answer's `data`; its `text`, if present, has no timestamps.
    text: str = response.data if isinstance(response.data, str) else response.text or ""
    return text if text.endswith("\n") else text + "\n"
