"""`indoxrouter chat`: one question, a pipe, or a conversation."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from ...base import exit_codes
from ...base.errors import CommandError
from ...chat.stream_view import stream_chat, view_for
from ...command_line.completion import complete_files, model_option
from ...files.attachments import build_content, read_stdin, read_text
from ...output.json_text import print_json
from ...session.session import Session, pass_session

if TYPE_CHECKING:
    from indoxrouter import ChatResponse


@click.command(
    "chat",
    epilog="\b\nExamples:\n"
    "  indoxrouter chat What is the capital of France?\n"
    "  git diff | indoxrouter chat Write a commit message\n"
    "  indoxrouter chat -f photo.jpg What is this?\n"
    "  indoxrouter chat                      (a conversation)",
)
@click.argument("prompt", nargs=-1)
@model_option("chat")
@click.option("-s", "--system", metavar="TEXT", help="A system message; @FILE reads it from a file.")
@click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Attach a text file or an image. Repeatable.",
)
@click.option(
    "-t", "--temperature", type=click.FloatRange(0, 2), metavar="NUMBER", help="Randomness, 0 to 2."
)
@click.option(
    "--max-tokens", type=click.IntRange(min=1), metavar="N", help="The maximum number of tokens to generate."
)
@click.option(
    "--schema",
    metavar="FILE",
    shell_complete=complete_files,
    help="Request an answer in JSON that matches this JSON Schema: a file, or the schema itself.",
)
@click.option(
    "--stream/--no-stream",
    default=True,
    help="Show the answer as it arrives (default) or when it is complete.",
)
@click.option(
    "--markdown/--no-markdown",
    default=True,
    help="Render Markdown at a terminal (default) or show the source.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the complete response as JSON.")
@click.option("-i", "--interactive", is_flag=True, help="Continue with a conversation after the answer.")
@pass_session
def command(
    session: Session,
    prompt: tuple[str, ...],
    model: str | None,
    system: str | None,
    files: tuple[Path, ...],
    temperature: float | None,
    max_tokens: int | None,
    schema: str | None,
    stream: bool,
    markdown: bool,
    as_json: bool,
    interactive: bool,
) -> None:
    """Chat with a model.

    With a PROMPT, ask one question. Piped input is added to it. Without PROMPT and input, start a conversation: /help
    lists its commands, and Ctrl-C stops an answer and keeps the part received.
    """
    question = " ".join(prompt)
    piped = None if interactive or Path("-") in files else read_stdin()
    options: dict[str, Any] = session.model("chat", model)
    if temperature is not None:
        options["temperature"] = temperature
    if max_tokens is not None:
        options["max_tokens"] = max_tokens
    messages: list[Any] = []
    if system is not None:
        messages.append({"role": "system", "content": _text_or_file(system)})
    if schema is not None:
        options["response_format"] = _schema_format(schema)
        markdown = False
    interactive_mode = interactive or (not question and piped is None and not files)
    if interactive_mode:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            if interactive:
                raise CommandError("A conversation needs a terminal.", "Ask a single question, without -i.")
            raise CommandError(
                "A conversation needs a terminal, and no question was given.",
                "Pass a question as an argument, or pipe one in.",
            )
        if as_json:
            raise CommandError("--json works for one question, not for a conversation.")
        from ...chat.conversation import Conversation  # cost: loads the client

        Conversation(session, messages, options, markdown=markdown).run(question, files)
        return
    text = "\n\n".join(part for part in (piped, question) if part and part.strip())
    if not text and not files:
        raise CommandError("The question is empty.", "Pass a question as an argument, or pipe one in.")
    messages.append({"role": "user", "content": build_content(text, files)})
    _ask_once(
        session,
        messages,
        options,
        stream=stream and not as_json and schema is None,
        markdown=markdown,
        as_json=as_json,
    )


def _ask_once(
    session: Session,
    messages: list[Any],
    options: dict[str, Any],
    *,
    stream: bool,
    markdown: bool,
    as_json: bool,
) -> None:
    if stream:
        turn = stream_chat(session, view_for(session, markdown=markdown), messages, options)
        _print_image_urls(session, turn.response)
        if turn.stopped:
            raise CommandError("Stopped; the answer is not complete.", None, exit_codes.INTERRUPTED)
        return
    with session.waiting():
        client: Any = session.client  # which overload applies depends on the options
        response: ChatResponse = client.chat(messages, stream=False, **options)
    if as_json:
        print_json(response)
    elif "response_format" in options:
        print_json(_parse_json_answer(response))
    else:
        view = view_for(session, markdown=markdown)
        view.feed(response.text)
        view.close()
        _print_image_urls(session, response)


def _print_image_urls(session: Session, response: ChatResponse) -> None:
    for image in response.images or []:
        session.print_result(
            image.url
            if image.url and not image.url.startswith("data:")
            else "[an image in base64; --json shows it]"
        )


def _parse_json_answer(response: ChatResponse) -> Any:
    try:
        return json.loads(response.text)
    except ValueError:
        print(response.text, file=sys.stderr)
        raise CommandError(
            "The model's answer is not valid JSON; it is printed above.",
            "Try another model with --model.",
            exit_codes.FAILURE,
        ) from None


def _text_or_file(value: str) -> str:
    return read_text(Path(value[1:])) if value.startswith("@") else value


def _schema_format(schema: str) -> dict[str, Any]:
    """The documented `response_format` for a JSON Schema, which is given as text or as a file."""
    inline = schema.lstrip().startswith("{")
    text = schema if inline else read_text(Path(schema))
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        raise CommandError(f"{'--schema' if inline else schema}: not valid JSON: {error}") from None
    if not isinstance(document, dict):
        raise CommandError(f"{'--schema' if inline else schema}: a JSON Schema must be an object")
    title = cast("dict[str, Any]", document).get("title")
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in title) if isinstance(title, str) else ""
    return {
        "type": "json_schema",
        "json_schema": {"name": name or "answer", "schema": document, "strict": True},
    }
