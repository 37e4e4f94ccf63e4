"""Errors as a user sees them: one sentence, a remedy, and an exit code that scripts can distinguish."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from pathlib import Path

import pytest

from indoxrouter_cli.base import exit_codes
from indoxrouter_cli.base.errors import suggest
from indoxrouter_mock import MockServer
from tests.cli.conftest import COMMAND, Cli

SECRET = "indox-" + "S3cr3t" * 5 + "zz"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_missing_key_says_where_to_put_one(cli: Cli) -> None:
    result = cli("chat", "hello", env={"INDOX_ROUTER_API_KEY": None})
    assert result.code == exit_codes.AUTHENTICATION
    assert "No API key" in result.err
    assert "INDOX_ROUTER_API_KEY" in result.err


def test_a_wrong_key_is_told_apart_from_a_server_that_is_down(cli: Cli) -> None:
    wrong = cli("chat", "hello", env={"INDOX_ROUTER_API_KEY": SECRET})
    down = cli("chat", "hello", "--base-url", f"http://127.0.0.1:{closed_port()}")
    assert (wrong.code, down.code) == (exit_codes.AUTHENTICATION, exit_codes.NETWORK)
    assert "the key is wrong" in wrong.err
    assert "The API key is not the cause" in down.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["chat", "a", "caf\udce9"], "'[PROMPT]...'"),
        (["chat", "hello", "--system", "caf\udce9"], "'--system'"),
        (["speak", "caf\udce9"], "'[TEXT]...'"),
        (["api", "models", "get-model", "--provider-id", "caf\udce9", "--model-id", "x"], "'--provider-id'"),
    ],
)
def test_an_argument_that_is_not_utf8_is_named(bare_cli: Cli, arguments: list[str], named: str) -> None:
    result = bare_cli(*arguments)
    assert result.code == exit_codes.USAGE
    assert named in result.err
    assert "expected text in UTF-8, got other bytes: 'caf\ufffd'" in result.err


def test_names_of_files_may_hold_any_bytes(cli: Cli) -> None:
    notes = cli.file("caf\udce9.txt", "the notes")
    result = cli("chat", "-f", notes, "hello")
    assert (result.code, "the notes" in result.out) == (0, True), result.err


def test_a_key_is_never_shown(cli: Cli) -> None:
    for arguments in (["chat", "hello"], ["doctor"], ["config", "show"], ["whoami"]):
        result = cli(*arguments, env={"INDOX_ROUTER_API_KEY": SECRET, "INDOX_ROUTER_LOG": "debug"})
        assert SECRET not in result.out + result.err


def test_a_password_in_an_address_is_not_shown(cli: Cli) -> None:
    result = cli("whoami", "--base-url", "http://ann:geheim@example.test")
    assert result.code == exit_codes.USAGE
    assert "it holds a user name or a password" in result.err
    assert "geheim" not in result.err


def test_a_malformed_key_is_refused_without_being_echoed(cli: Cli) -> None:
    result = cli("chat", "hello", env={"INDOX_ROUTER_API_KEY": "indox-with a-space"})
    assert result.code == exit_codes.USAGE
    assert "a-space" not in result.err


@pytest.mark.parametrize(
    ("fault", "arguments", "code"),
    [
        ("insufficient_credits", {}, exit_codes.CREDITS),
        ("rate_limit", {"retry_after": 3600}, exit_codes.RATE_LIMIT),
        ("error", {"status": 500}, exit_codes.FAILURE),
        ("error", {"status": 403}, exit_codes.AUTHENTICATION),
        ("html_error", {"status": 502}, exit_codes.FAILURE),
    ],
)
def test_each_failure_of_the_server_has_its_exit_code(
    cli: Cli, mock: MockServer, fault: str, arguments: dict[str, int], code: int
) -> None:
    mock.faults.add(fault, times=10, operation="createChatCompletion", **arguments)  # type: ignore[arg-type]  # a row of the table
    result = cli("chat", "--no-stream", "hello")
    assert result.code == code
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert "Traceback" not in result.err


def test_an_unknown_model_is_answered_with_near_ones(cli: Cli) -> None:
    result = cli("chat", "-m", "openai/gpt-4o-mni", "hello")
    assert result.code == exit_codes.USAGE
    assert "Did you mean openai/gpt-4o-mini" in result.err


@pytest.mark.parametrize(
    "given", ["gpt-4o-mini", "OpenAI/GPT-4o-mini", "opnai/gpt-4o-mini", "anthropic/gpt-4o-mini"]
)
def test_near_matches_forgive_case_providers_and_typos(given: str) -> None:
    known = ["openai/gpt-4o-mini", "anthropic/claude-3-haiku", "google/veo-3.0-generate-001"]
    assert suggest(given, known)[0] == "openai/gpt-4o-mini"


def test_nothing_near_is_not_made_up() -> None:
    assert suggest("zzzzzz", ["openai/gpt-4o-mini"]) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["chat", "-f", "missing.txt", "hi"],
        ["transcribe", "missing.mp3"],
        ["embed", "-f", "missing.txt"],
        ["batch", "missing.jsonl", "-o", "out.jsonl"],
        ["video", "create", "--image", "missing.png", "waves"],
        ["chat", "--schema", "missing.json", "hi"],
        ["api", "chat", "create-chat-completion", "--messages", "@missing.json"],
    ],
)
def test_a_missing_file_is_named_before_anything_is_sent(
    cli: Cli, mock: MockServer, arguments: list[str]
) -> None:
    result = cli(*arguments)
    assert result.code == exit_codes.USAGE
    assert "missing." in result.err
    assert all(request["operation"] in (None, "listModels") for request in mock.requests)


@pytest.mark.parametrize(
    "arguments",
    [
        ["image", "a cat", "-o", "there"],
        ["speak", "hello", "-o", "there.mp3"],
        ["video", "create", "waves", "-o", "there.mp4"],
        ["embed", "hello", "-o", "there.npy"],
        ["transcribe", "sound.mp3", "-o", "there.txt"],
        ["batch", "in.jsonl", "-o", "there.jsonl"],
    ],
)
def test_an_output_that_exists_is_refused_before_anything_is_paid(
    cli: Cli, mock: MockServer, arguments: list[str]
) -> None:
    cli.file("sound.mp3", b"ID3 not empty")
    cli.file("in.jsonl", '"hello"\n')
    for name in ("there.png", "there.mp3", "there.mp4", "there.npy", "there.txt", "there.jsonl"):
        cli.file(name, "precious")
    before = mock.credits
    result = cli(*arguments)
    assert result.code == exit_codes.USAGE
    assert "this file exists" in result.err
    assert "--force" in result.err
    assert mock.credits == before
    target = "there.png" if arguments[0] == "image" else arguments[-1]
    assert (cli.directory / target).read_text() == "precious"


def test_a_device_is_written_and_never_replaced(cli: Cli) -> None:
    pipe = cli.directory / "pipe"
    os.mkfifo(pipe)
    cli.file("in.jsonl", '"hello"\n')
    for arguments in (["speak", "hello"], ["video", "create", "waves"], ["batch", "in.jsonl"]):
        result = cli(*arguments, "-o", "pipe", "--force")
        assert result.code == exit_codes.USAGE
        assert "not a regular file" in result.err
    assert pipe.is_fifo()
    assert len(cli("embed", "hello", "-o", "/dev/stdout").rows) == 1


def test_a_link_stays_a_link(cli: Cli) -> None:
    target = cli.file("target.npy", "old")
    (cli.directory / "link.npy").symlink_to(target)
    assert cli("embed", "hello", "-o", "link.npy", "--force").code == 0
    assert (cli.directory / "link.npy").is_symlink()
    assert target.read_bytes().startswith(b"\x93NUMPY")


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="a device that is always full")
def test_a_full_disk_is_said_in_a_sentence(cli: Cli) -> None:
    result = cli("embed", "hello", "-o", "/dev/full", "--format", "jsonl")
    assert result.code == exit_codes.FAILURE
    assert "No space left" in result.err
    assert "Traceback" not in result.err
    command = shlex.join([*COMMAND, "models"])
    done = subprocess.run(
        ["bash", "-c", f"{command} > /dev/full"], env=cli.env, capture_output=True, check=False
    )
    assert done.returncode == exit_codes.FAILURE
    assert done.stderr == b"error: No space left on device\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_reason_to_crash(cli: Cli, closed: str) -> None:
    command = shlex.join([*COMMAND, "chat", "hello"])
    done = subprocess.run(
        ["bash", "-c", f"{command} {closed}"], env=cli.env, capture_output=True, check=False
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)


@pytest.mark.parametrize("arguments", [["transcribe", "empty.mp3"], ["chat", "-f", "empty.mp3", "hi"]])
def test_an_empty_file_is_refused(cli: Cli, mock: MockServer, arguments: list[str]) -> None:
    cli.file("empty.mp3", b"")
    result = cli(*arguments)
    assert result.code == exit_codes.USAGE
    assert "empty.mp3: the file is empty" in result.err
    assert mock.requests == []


@pytest.mark.indoxrouter_mock(latency=1.0)
def test_the_timeout_is_that_of_the_option(cli: Cli) -> None:
    result = cli("whoami", "--timeout", "0.1")
    assert result.code == exit_codes.NETWORK
    assert "--timeout" in result.err


def test_a_wrong_value_is_refused_before_anything_is_sent(cli: Cli, mock: MockServer) -> None:
    result = cli("chat", "-t", "9", "hello")
    assert result.code == exit_codes.USAGE
    assert "0<=x<=2" in result.err
    assert mock.requests == []
