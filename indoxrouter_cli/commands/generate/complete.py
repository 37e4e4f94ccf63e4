"""`indoxrouter complete`: continue a text."""

from __future__ import annotations

from typing import Any

import click

from ...base import exit_codes
from ...base.errors import CommandError
from ...chat.markdown import PlainView
from ...chat.stream_view import show_stream
from ...command_line.completion import model_option
from ...files.attachments import read_stdin
from ...output.json_text import print_json
from ...session.session import Session, pass_session


@click.command("complete", epilog="\b\nExample:\n  indoxrouter complete Once upon a time")
@click.argument("prompt", nargs=-1)
@model_option("complete")
@click.option(
    "-t", "--temperature", type=click.FloatRange(0, 2), metavar="NUMBER", help="Randomness, 0 to 2."
)
@click.option(
    "--max-tokens", type=click.IntRange(min=1), metavar="N", help="The maximum number of tokens to generate."
)
@click.option(
    "--stream/--no-stream", default=True, help="Show the text as it arrives (default) or when it is complete."
)
@click.option("--json", "as_json", is_flag=True, help="Print the complete response as JSON.")
@pass_session
def command(
    session: Session,
    prompt: tuple[str, ...],
    model: str | None,
    temperature: float | None,
    max_tokens: int | None,
    stream: bool,
    as_json: bool,
) -> None:
    """Continue PROMPT, or the piped text."""
    text = " ".join(prompt) or read_stdin()
    if not text or not text.strip():
        raise CommandError("No text to continue.", "Pass it as an argument, or pipe it in.")
    options: dict[str, Any] = session.model("complete", model)
    if temperature is not None:
        options["temperature"] = temperature
    if max_tokens is not None:
        options["max_tokens"] = max_tokens
    view = PlainView(session.out)
    client: Any = session.client  # which overload applies depends on the options
    if as_json or not stream:
        with session.waiting():
            response: Any = client.completion(text, stream=False, **options)
        if as_json:
            print_json(response)
        else:
            view.feed(response.text)
            view.close()
        return
    with session.waiting() as on_first_text:
        streamed: Any = client.completion(text, stream=True, **options)
        stopped = show_stream(view, streamed, on_first_text)
    if stopped:
        raise CommandError("Stopped; the text is not complete.", None, exit_codes.INTERRUPTED)
