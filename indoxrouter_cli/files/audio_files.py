"""Recordings written down: one to the standard output, many to files beside them or in a directory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import exit_codes
from ..base.errors import CommandError
from ..diagnosis.explanation import explain
from ..output.files import check_writable, make_directory
from ..output.formatting import format_usd
from ..output.json_text import dump_json, print_json

if TYPE_CHECKING:
    from ..session.session import Session

__all__ = ["FORMATS", "find_audio_files", "transcribe_files"]

FORMATS = {"text": ".txt", "json": ".json", "verbose_json": ".json", "srt": ".srt", "vtt": ".vtt"}
"""The documented formats, and the ending of a file of each."""

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
    """Files as they are named; of directories, all recordings in them and below, by their endings.

    Raises:
        CommandError: for what does not exist, and for a directory without recordings.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in _SUFFIXES
            )
            if not inside:
                raise CommandError(
                    f"{path}: there are no recordings in this directory",
                    f"Looked for {' '.join(sorted(_SUFFIXES))}.",
                )
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise CommandError(f"{path}: there is no such file")
    empty = next((path for path in found if path.stat().st_size == 0), None)
    if empty is not None:
        raise CommandError(f"{empty}: this file is empty")
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
    """Send recordings and keep what they say.

    Args:
        method: of the client: `speech_to_text` or `translate_audio`.
        style: one of `FORMATS`.
        output: a file for one recording, a directory for many; None means the standard output for one recording, and
            files beside the recordings for many.
        options: arguments for each call.

    Raises:
        CommandError: with `PARTIAL` when some of many failed.
    """
    options = {**options, "response_format": style}
    if output is not None and str(output) == "-":
        if len(paths) > 1:
            raise CommandError("-o - is for one recording.", "Name a directory for several.")
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
            f"{failed} of {len(paths)} recordings failed; the others are written.", None, exit_codes.PARTIAL
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
    """Where each text goes. Recordings of one name from different directories must not share a file."""
    ending = FORMATS[style]
    if output is None:
        return [path.with_name(path.name + ending) for path in paths]
    if output.exists() and not output.is_dir():
        raise CommandError(f"{output}: for several recordings this has to be a directory")
    make_directory(output)
    targets = [output / (path.name + ending) for path in paths]
    twice = {target for target in targets if targets.count(target) > 1}
    if twice:
        raise CommandError(
            f"{min(twice)}: several recordings would be written to this file", "Transcribe them apart."
        )
    return targets


async def _transcribe_many(
    session: Session, method: str, jobs: dict[Path, Path], style: str, options: dict[str, Any]
) -> int:
    from indoxrouter.errors import IndoxRouterError
    from rich.progress import MofNCompleteColumn, Progress

    failed = 0
    cost = 0.0
    gate = asyncio.Semaphore(_MAX_CONCURRENT)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    async with session.async_client() as client:
        with Progress(
            *columns, console=session.err, transient=True, disable=not session.err.is_terminal
        ) as progress:
            task = progress.add_task("Listening", total=len(jobs))

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
    session.err.print(f"{len(jobs) - failed} of {len(jobs)} recordings, {format_usd(cost)}", style="dim")
    return failed


def _write(target: Path, response: Any, style: str) -> None:
    target.write_text(_format_response(response, style), encoding="utf-8")


def _format_response(response: Any, style: str) -> str:
    if style in ("json", "verbose_json"):
        return dump_json(response, indent=2) + "\n"
    # Subtitles are the answer's data; its text, where there is one, is without the times.
    text: str = response.data if isinstance(response.data, str) else response.text or ""
    return text if text.endswith("\n") else text + "\n"
