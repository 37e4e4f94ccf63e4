"""`indoxrouter chat` and `complete`, without a terminal: one question, pipes, files, JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from indoxrouter_cli.base import exit_codes
from indoxrouter_mock import MockServer
from tests.cli.conftest import Cli
from tests.patience import seconds

Sent = Callable[[str], list[dict[str, Any]]]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def test_a_question_is_streamed_to_a_pipe_as_plain_text(cli: Cli, sent: Sent) -> None:
    result = cli("chat", "What", "is", "this?")
    assert result.code == 0
    assert "What is this?" in result.out
    assert result.out.endswith("\n")
    assert "\x1b" not in result.out
    body = sent("createChatCompletion")[0]
    assert body["stream"] is True
    assert body["messages"] == [{"role": "user", "content": "What is this?"}]


def test_what_is_piped_in_goes_before_the_question(cli: Cli, sent: Sent) -> None:
    assert cli("chat", "Summarise", stdin="a long text\n").code == 0
    assert sent("createChatCompletion")[0]["messages"][0]["content"] == "a long text\n\n\nSummarise"


def test_a_pipe_alone_is_a_question(cli: Cli, sent: Sent) -> None:
    assert cli("chat", stdin="Why?").code == 0
    assert sent("createChatCompletion")[0]["messages"][0]["content"] == "Why?"


def test_no_question_and_no_terminal_is_refused(cli: Cli, mock: MockServer) -> None:
    result = cli("chat")
    assert result.code == exit_codes.USAGE
    assert "needs a terminal" in result.err
    assert mock.requests == []


def test_options_reach_the_request(cli: Cli, sent: Sent) -> None:
    cli.file("system.txt", "Be brief")
    result = cli(
        "chat",
        "-m",
        "openai/gpt-4o",
        "-s",
        "@system.txt",
        "-t",
        "0",
        "--max-tokens",
        "7",
        "--no-stream",
        "hi",
    )
    assert result.code == 0
    body = sent("createChatCompletion")[0]
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("openai/gpt-4o", 0, 7)
    assert body["messages"][0] == {"role": "system", "content": "Be brief"}
    assert body.get("stream") in (None, False)


def test_texts_and_images_are_attached(cli: Cli, sent: Sent) -> None:
    cli.file("notes.md", "Some ```code``` here")
    cli.file("dot.png", PNG)
    assert cli("chat", "-f", "notes.md", "-f", "dot.png", "What is in these?").code == 0
    text, image = sent("createChatCompletion")[0]["messages"][0]["content"]
    assert text["text"] == "notes.md:\n```\nSome ```code``` here\n```\n\nWhat is in these?"
    assert image["type"] == "image"
    assert image["image"]["media_type"] == "image/png"


def test_a_fence_in_a_file_does_not_end_the_files_own(cli: Cli, sent: Sent) -> None:
    cli.file("readme.md", "```py\nx\n```\n")
    assert cli("chat", "-f", "readme.md", "?").code == 0
    assert sent("createChatCompletion")[0]["messages"][0]["content"].startswith("readme.md:\n````\n```py")


def test_a_file_that_is_neither_text_nor_image_is_refused(cli: Cli, mock: MockServer) -> None:
    cli.file("data.bin", b"\xff\xfe\x00\x9d\xff")
    result = cli("chat", "-f", "data.bin", "hi")
    assert result.code == exit_codes.USAGE
    assert "data.bin" in result.err
    assert mock.requests == []


def test_json_is_the_whole_response(cli: Cli) -> None:
    response = cli("chat", "--json", "hello").json
    assert "hello" in response["data"]
    assert response["usage"]["tokens_total"] > 0


def test_a_schema_gives_json_that_fits_it(cli: Cli, sent: Sent) -> None:
    schema = '{"title": "A city", "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}'
    cli.file("city.json", schema)
    for given in (schema, "city.json"):
        result = cli("chat", "--schema", given, "Name a city")
        assert result.code == 0, result.err
        assert isinstance(result.json["name"], str)
    body = sent("createChatCompletion")[0]
    wanted = {**body, **body.get("additional_params", {})}["response_format"]
    assert wanted["type"] == "json_schema"
    assert wanted["json_schema"]["name"] == "A_city"


def test_a_schema_that_is_none_is_refused(cli: Cli, mock: MockServer) -> None:
    assert cli("chat", "--schema", "{nonsense", "hi").code == exit_codes.USAGE
    assert mock.requests == []


def test_a_stream_that_breaks_off_keeps_what_came_and_fails(cli: Cli, mock: MockServer) -> None:
    mock.faults.add("truncate", after=5)
    result = cli("chat", "hello")
    assert result.code == exit_codes.NETWORK
    assert "You said" in result.out
    assert "kept" in result.err


def test_a_broken_pipe_ends_quietly(cli: Cli) -> None:
    import subprocess

    from tests.cli.conftest import COMMAND

    process = subprocess.Popen(
        [*COMMAND, "chat", "hello"], env=cli.env, cwd=cli.directory, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=seconds(20)), err) == (0, b"")


@pytest.mark.parametrize("flags", [[], ["--no-stream"]])
def test_complete_continues_a_text(cli: Cli, sent: Sent, flags: list[str]) -> None:
    result = cli("complete", *flags, "Once upon a time")
    assert result.code == 0
    assert result.out.strip()
    assert sent("createCompletion")[0]["prompt"] == "Once upon a time"


def test_complete_takes_a_pipe_and_prints_json(cli: Cli) -> None:
    assert cli("complete", "--json", stdin="Once").json["data"]
