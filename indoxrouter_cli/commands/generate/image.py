"""`indoxrouter image`: images from a prompt, saved to files and shown in terminals that support images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ...base.errors import CommandError
from ...command_line.completion import complete_values, model_option
from ...console.preview import show_image
from ...files.attachments import read_stdin
from ...output.files import check_writable, make_directory, write_bytes
from ...output.formatting import format_usd, pluralize
from ...output.json_text import print_json
from ...session.session import Session, pass_session


@click.command(
    "image",
    epilog="\b\nExamples:\n  indoxrouter image A lighthouse at dusk -o lighthouse.png\n"
    "  indoxrouter image -n 3 -o shots/ A cat in a hat",
)
@click.argument("prompt", nargs=-1)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=str),
    help="The file, a directory (DIR/ is created if necessary), or - for the standard output; image.png by default.",
)
@model_option("image")
@click.option("-n", "--count", "n", type=click.IntRange(min=1), metavar="N", help="The number of images.")
@click.option("--size", metavar="WxH", help="Width and height, for example 1024x1024.")
@click.option(
    "--quality", metavar="NAME", help="For example standard or hd.", shell_complete=complete_values("images")
)
@click.option(
    "--style", metavar="NAME", help="For example vivid or natural.", shell_complete=complete_values("images")
)
@click.option("--negative-prompt", metavar="TEXT", help="What the image must not show.")
@click.option("--seed", type=int, help="Makes the result reproducible, if the model supports it.")
@click.option(
    "--preview/--no-preview",
    default=True,
    help="Show the images in the terminal, if it supports images (default).",
)
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@click.option("--json", "as_json", is_flag=True, help="Print the response as JSON instead of saving images.")
@pass_session
def command(
    session: Session,
    prompt: tuple[str, ...],
    output: str | None,
    model: str | None,
    preview: bool,
    force: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Generate images from PROMPT, or from the piped text, and save them."""
    text = " ".join(prompt) or read_stdin()
    if not text or not text.strip():
        raise CommandError("No prompt.", "Pass a prompt as an argument, or pipe one in.")
    if output == "-" and not as_json:
        _to_pipe(session, text, model, options)
        return
    target = Path(output or "image.png")
    if not as_json and output is not None and output.endswith(("/", os.sep)):
        make_directory(target)
    paths = _paths(target, options["n"] or 1)
    if not as_json:
        for path in paths:
            check_writable(path, force=force)  # before the request, which costs credits
    with session.waiting():
        response = session.client.images(text, **session.model("image", model), **options)
    if as_json:
        print_json(response)
        return
    images = list(response.data)
    for path, image in zip(
        _paths(target, len(images)) if len(images) > len(paths) else paths, images, strict=False
    ):
        check_writable(path, force=force)
        image.save(path)
        session.print_result(str(path))
        if preview:
            show_image(path.read_bytes(), path.name)
    session.err.print(f"{pluralize(len(images), 'image')}, {format_usd(response.cost)}", style="dim")


def _to_pipe(session: Session, prompt: str, model: str | None, options: dict[str, Any]) -> None:
    if (options["n"] or 1) > 1:
        raise CommandError("-o - works for one image only.", "Name a file or a directory for several.")
    if session.at_terminal:
        raise CommandError(
            "-o - would write an image to the terminal.", "Redirect the output, or name a file."
        )
    with session.waiting():
        response = session.client.images(prompt, **session.model("image", model), **options)
        data = response.data[0].read()
    write_bytes(Path("-"), data, force=True)


def _paths(path: Path, count: int) -> list[Path]:
    """One path for each image: `-o cat.png` with three images means cat-1.png, cat-2.png and cat-3.png."""
    if path.is_dir():
        path = path / "image.png"
    if not path.suffix:
        path = path.with_suffix(".png")
    if count == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(1, count + 1)]
