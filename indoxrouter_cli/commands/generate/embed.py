"""`indoxrouter embed`: vectors for texts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import click

from ...base import exit_codes
from ...base.errors import CommandError, describe_json_error
from ...command_line.completion import model_option
from ...console.progress import make_progress
from ...files.attachments import read_stdin, read_text
from ...files.vector_files import FORMATS, VectorWriter, detect_format, make_writer
from ...output.files import atomic_write, check_writable
from ...output.formatting import format_usd, pluralize
from ...session.session import Session, pass_session

Rows = list[tuple[Any, str]]


@click.command(
    "embed",
    epilog="\b\nExamples:\n  indoxrouter embed 'one text' 'another'\n"
    "  indoxrouter embed -f texts.jsonl -o vectors.parquet\n"
    "  indoxrouter embed --lines -f names.txt -o names.npy\n\n"
    "Each line of a .jsonl file is a string, or an object with the text under --field and an optional id.",
)
@click.argument("texts", nargs=-1)
@click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path),
    help="A file with one text, or with one text per line (--lines, or a .jsonl file).",
)
@click.option("--lines", is_flag=True, help="Treat each line of the file or the piped input as a text.")
@click.option(
    "--field", default="text", show_default=True, help="The key of the text in the objects of a .jsonl file."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The output file; by default JSON lines on the standard output.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    help="The output format; by default that of the file's suffix.",
)
@model_option("embed")
@click.option(
    "--batch-size",
    type=click.IntRange(1, 2048),
    metavar="N",
    default=64,
    show_default=True,
    help="The number of texts in one request.",
)
@click.option(
    "-c",
    "--concurrency",
    type=click.IntRange(1, 100),
    metavar="N",
    default=8,
    show_default=True,
    help="The maximum number of requests in flight.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@pass_session
def command(
    session: Session,
    texts: tuple[str, ...],
    file: Path | None,
    lines: bool,
    field: str,
    output: Path | None,
    style: str | None,
    model: str | None,
    batch_size: int,
    concurrency: int,
    force: bool,
) -> None:
    """Turn TEXTS, a file or piped input into vectors. The order is kept."""
    if output is not None and str(output) == "-":
        output = None
    chosen = detect_format(output, style)
    if output is None and chosen != "jsonl":
        raise CommandError(f"--format {chosen} needs a file.", "Name one with -o.")
    if output is not None and (output.is_file() or not output.exists()):
        check_writable(output, force=force)
    rows, broken = _rows(texts, file, lines, field)
    for number, reason in broken:
        session.err.print(f"line {number}: {reason}")
    if not rows:
        raise CommandError(
            "No text to embed.", "Pass texts as arguments, name a file with -f, or pipe one in."
        )
    with contextlib.ExitStack() as stack:
        target = (
            stack.enter_context(atomic_write(output, force=force))
            if output is not None
            else sys.stdout.buffer
        )
        writer = make_writer(chosen, target)
        cost, width = asyncio.run(
            _embed(session, rows, writer, batch_size, concurrency, session.model("embed", model))
        )
        writer.close()
    if output is not None and output.is_file():
        session.print_result(str(output))
    session.err.print(
        f"{pluralize(len(rows), 'vector')} of {pluralize(width, 'dimension')}, {format_usd(cost)}",
        style="dim",
    )
    if broken:
        raise CommandError(
            f"{pluralize(len(broken), 'invalid line')}; the others are done.", None, exit_codes.PARTIAL
        )


def _rows(
    texts: tuple[str, ...], file: Path | None, lines: bool, field: str
) -> tuple[Rows, list[tuple[int, str]]]:
    """Ids and texts, and the numbers of invalid lines with the reason."""
    if texts:
        if file is not None:
            raise CommandError("Pass texts or a file, not both.")
        return [(number, text) for number, text in enumerate(texts, 1) if text.strip()], []
    whole = read_text(file) if file is not None else read_stdin() or ""
    if file is not None and file.suffix.lower() in (".jsonl", ".ndjson"):
        rows: Rows = []
        broken: list[tuple[int, str]] = []
        for number, line in enumerate(whole.split("\n"), 1):
            if line.strip():
                row = _json_row(number, line, field)
                if isinstance(row, str):
                    broken.append((number, row))
                else:
                    rows.append(row)
        return rows, broken
    if lines:
        return [
            (number, line.strip()) for number, line in enumerate(whole.split("\n"), 1) if line.strip()
        ], []
    return ([(1, whole)] if whole.strip() else []), []


def _json_row(number: int, line: str, field: str) -> tuple[Any, str] | str:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        return describe_json_error(error)
    if isinstance(value, str):
        value = {field: value}
    if not isinstance(value, dict):
        return f"expected a string or an object, got {type(value).__name__}"
    row = cast("dict[str, Any]", value)
    text = row.get(field)
    if not isinstance(text, str) or not text.strip():
        return f"no text under {field!r}"
    return row.get("id", number), text


def _chunks(rows: Rows, size: int) -> Iterator[tuple[int, list[str]]]:
    for start in range(0, len(rows), size):
        yield start, [text for _, text in rows[start : start + size]]


async def _embed(
    session: Session, rows: Rows, writer: VectorWriter, size: int, concurrency: int, options: dict[str, Any]
) -> tuple[float, int]:
    from rich.progress import MofNCompleteColumn, Progress  # cost: loads Rich

    width = 0
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    async with session.async_client() as client:
        run = client.map(_chunks(rows, size), "embeddings", concurrency=concurrency, ordered=True, **options)
        with make_progress(session, columns) as progress:
            task = progress.add_task("Embedding", total=len(rows))
            async with run:
                async for result in run:
                    vectors = result.unwrap().data
                    for (name, text), vector in zip(rows[result.id : result.id + size], vectors, strict=True):
                        width = len(vector)
                        writer.add({"id": name, "text": text}, vector)
                    progress.advance(task, len(vectors))
    return run.cost, width
