"""Completion as shells request it: values from the server, the configuration and the spec, and no error output."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indoxrouter_mock import MockServer
from tests.cli.conftest import COMMAND, Cli
from tests.cli.terminal import Terminal
from tests.patience import seconds
from tests.spec.document import OPERATIONS, SCHEMAS, fields, parameters, present

BASH = shutil.which("bash")


def known(schema: str) -> list[str]:
    """The documented values of an enum."""
    return [value for member in SCHEMAS[schema]["anyOf"] for value in member.get("enum", ())]


def asking(words: str) -> dict[str, str | None]:
    """The environment in which bash requests completions for a line."""
    return {
        "_INDOXROUTER_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }


def offered(cli: Cli, words: str, **env: str | None) -> list[str]:
    result = cli(env={**asking(words), **env})
    assert (result.code, result.err) == (0, "")
    return [line.partition(",")[2] for line in result.out.splitlines() if line]


def cache_of(cli: Cli) -> Path:
    return Path(cli.env["HOME"]) / ".cache" / "indoxrouter"


def model_file(cli: Cli) -> Path:
    (found,) = cache_of(cli).glob("*.models.json")
    return found


def listings(mock: MockServer) -> list[dict[str, object]]:
    return [request for request in mock.requests if request["operation"] == "listModels"]


@pytest.mark.parametrize(
    ("words", "there", "not_there"),
    [
        ("chat -m ", "openai/gpt-4o-mini", "openai/text-embedding-3-small"),
        ("complete --model ", "openai/gpt-4o-mini", "openai/tts-1"),
        ("embed -m ", "openai/text-embedding-3-small", "openai/gpt-4o-mini"),
        ("image -m ", "openai/dall-e-3", "openai/gpt-4o-mini"),
        ("speak -m ", "openai/tts-1", "openai/whisper-1"),
        ("transcribe -m ", "openai/whisper-1", "openai/tts-1"),
        ("translate -m ", "openai/whisper-1", "openai/tts-1"),
        ("video create -m ", "openai/sora-2", "openai/gpt-4o-mini"),
        ("batch -m ", "openai/text-embedding-3-small", "openai/tts-1"),
        ("batch --method embeddings -m ", "openai/text-embedding-3-small", "openai/gpt-4o-mini"),
    ],
)
def test_a_command_is_offered_the_models_that_can_do_it(
    cli: Cli, words: str, there: str, not_there: str
) -> None:
    found = offered(cli, f"indoxrouter {words}")
    assert there in found
    assert not_there not in found


def test_the_beginning_of_a_name_narrows_it_down(cli: Cli) -> None:
    found = offered(cli, "indoxrouter chat -m openai/gpt-4o-m")
    assert found == [
        "openai/gpt-4o-mini",
        "openai/gpt-4o-mini-2024-07-18",
        "openai/gpt-4o-mini-audio-preview",
    ]


def test_the_server_is_asked_once_and_shown_no_credential(cli: Cli, mock: MockServer) -> None:
    for _ in range(3):
        assert offered(cli, "indoxrouter chat -m openai/gpt-4o-mini-2") == ["openai/gpt-4o-mini-2024-07-18"]
    (request,) = mock.requests
    assert request["operation"] == "listModels"
    assert mock.api_key not in repr(request)
    assert "authorization" not in {name.lower() for name in request["headers"]}


def test_what_the_command_models_was_told_is_remembered(cli: Cli, mock: MockServer) -> None:
    assert cli("models").code == 0
    assert "openai/tts-1" in offered(cli, "indoxrouter speak -m ")
    assert len(listings(mock)) == 1


def test_each_server_has_models_of_its_own(cli: Cli) -> None:
    assert offered(cli, "indoxrouter chat -m openai/gpt-4o-mini")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other = f"http://127.0.0.1:{probe.getsockname()[1]}"
    assert offered(cli, f"indoxrouter chat --base-url {other} -m openai/gpt-4o-mini") == []


def test_models_are_asked_for_again_after_a_day(cli: Cli, mock: MockServer) -> None:
    assert cli("models").code == 0
    path = model_file(cli)
    path.write_text('{"old/model": ["chat"]}')
    assert offered(cli, "indoxrouter chat -m ") == ["old/model"]
    yesterday = time.time() - 25 * 3600
    os.utime(path, (yesterday, yesterday))
    assert "openai/gpt-4o-mini" in offered(cli, "indoxrouter chat -m ")
    assert len(listings(mock)) == 2


def test_old_models_are_better_than_none(bare_cli: Cli) -> None:
    dead = {"INDOX_ROUTER_BASE_URL": "http://127.0.0.1:9"}
    assert offered(bare_cli, "indoxrouter chat -m ", **dead) == []
    (asked,) = cache_of(bare_cli).iterdir()
    path = asked.with_name(asked.name.replace("asked", "models"))
    path.write_text('{"old/model": ["chat"]}')
    os.utime(path, (0, 0))
    asked.unlink()
    assert offered(bare_cli, "indoxrouter chat -m ", **dead) == ["old/model"]


def test_a_server_that_says_nothing_keeps_nobody_waiting_twice(bare_cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {"INDOX_ROUTER_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        began = time.monotonic()
        assert offered(bare_cli, "indoxrouter chat -m ", **env) == []
        assert offered(bare_cli, "indoxrouter chat -m ", **env) == []
        assert time.monotonic() - began < seconds(
            8
        )  # two waits without end would be far more, one of a second far less
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_server_that_did_not_answer_is_asked_again_after_half_a_minute(cli: Cli, mock: MockServer) -> None:
    assert cli("models").code == 0
    asked = model_file(cli).rename(model_file(cli).with_name(model_file(cli).name.replace("models", "asked")))
    for ago, requests in ((15, 1), (31, 2)):
        then = time.time() - ago
        os.utime(asked, (then, then))
        offered(cli, "indoxrouter chat -m ")
        assert len(listings(mock)) == requests


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\xff\xfe", b"[1, 2]", b'{"a": 1}', b'"text"', b"{}", b"[" * 100_000,
        b'{"a/b": [1, null]',
    ],
    ids=["empty", "cut-off", "no-text", "list", "wrong-form", "string", "no-models", "deep", "half"],
)  # fmt: skip
def test_a_broken_file_is_written_anew(cli: Cli, content: bytes) -> None:
    assert cli("models").code == 0
    model_file(cli).write_bytes(content)
    assert "openai/gpt-4o-mini" in offered(cli, "indoxrouter chat -m ")
    assert b"openai/gpt-4o-mini" in model_file(cli).read_bytes()


def test_a_cache_that_cannot_be_written_is_done_without(cli: Cli) -> None:
    Path(cli.env["HOME"], ".cache").write_text("not a directory")
    assert "openai/gpt-4o-mini" in offered(cli, "indoxrouter chat -m ")
    result = cli("models", "openai/gpt-4o-mini")
    assert (result.code, result.err) == (0, "")
    assert cli("video", "create", "--no-wait", "waves").code == 0


def test_nothing_secret_is_remembered(cli: Cli, mock: MockServer) -> None:
    assert cli("models").code == 0
    assert cli("video", "create", "--no-wait", "waves").code == 0
    assert offered(cli, "indoxrouter chat -m ")
    files = [path for path in Path(cli.env["HOME"]).rglob("*") if path.is_file()]
    assert len(files) >= 2
    for path in files:
        assert mock.api_key.encode() not in path.read_bytes()
        assert mock.url.partition("//")[2].encode() not in path.read_bytes()


def test_names_that_a_shell_would_obey_are_not_put_on_the_line(cli: Cli) -> None:
    assert cli("models").code == 0
    model_file(cli).write_text(
        '{"a/b": ["chat"], "a/$(reboot)": ["chat"], "a/`x`": ["chat"], "a/c\\nplain,d": ["chat"], "a/;x": ["chat"],'
        ' "a b": ["chat"], "a/\\u001b[2J": ["chat"]}'
    )
    assert offered(cli, "indoxrouter chat -m ") == ["a/b"]


def test_a_catalog_that_tells_no_capabilities_is_offered_as_a_whole(cli: Cli) -> None:
    assert cli("models").code == 0
    model_file(cli).write_text('{"a/b": [], "a/c": ["magic"]}')
    assert offered(cli, "indoxrouter embed -m ") == ["a/b", "a/c"]


def test_providers_and_capabilities_are_the_servers_own(cli: Cli) -> None:
    assert offered(cli, "indoxrouter models --provider opena") == ["openai"]
    assert "embedding" in offered(cli, "indoxrouter models -c ")


PROFILES = '[profiles.work]\nbase_url = "http://127.0.0.1:9"\n[profiles.wide]\n[profiles."a b"]\n'


def test_profiles_are_those_of_the_file(bare_cli: Cli) -> None:
    bare_cli.file("own.toml", PROFILES)
    config = Path(bare_cli.env["HOME"], ".config", "indoxrouter", "config.toml")
    assert offered(bare_cli, "indoxrouter --profile ") == []
    config.parent.mkdir(parents=True)
    config.write_text("[profiles.home]\n")
    assert offered(bare_cli, "indoxrouter --profile ") == ["home"]
    assert offered(bare_cli, "indoxrouter --config own.toml --profile w") == ["wide", "work"]
    assert offered(bare_cli, "indoxrouter video list --config own.toml --profile w") == ["wide", "work"]


def test_models_are_those_of_the_server_of_the_profile(cli: Cli, mock: MockServer) -> None:
    cli.file("own.toml", f'[profiles.here]\nbase_url = "{mock.url}"\n')
    elsewhere: dict[str, str | None] = {"INDOX_ROUTER_BASE_URL": "http://127.0.0.1:9"}
    assert offered(cli, "indoxrouter --config own.toml --profile here embed -m openai/", **elsewhere)


@pytest.mark.parametrize("words", ["--profile ", "chat -m ", "video wait ", "models -p "])
def test_a_configuration_that_is_wrong_is_no_reason_to_speak(cli: Cli, words: str) -> None:
    cli.file("broken.toml", "this is [no TOML")
    assert offered(cli, f"indoxrouter --config broken.toml {words}") == []


def test_a_wrong_key_or_address_is_no_reason_to_speak(cli: Cli) -> None:
    assert (
        offered(cli, "indoxrouter chat -m ", INDOX_ROUTER_BASE_URL="no url", INDOX_ROUTER_LOG="debug") == []
    )
    assert offered(cli, "indoxrouter chat -m ", INDOX_ROUTER_API_KEY="a b", INDOX_ROUTER_LOG="debug") != []


@pytest.mark.parametrize("command", ["wait", "status", "cancel"])
def test_jobs_that_were_made_here_are_offered(cli: Cli, command: str) -> None:
    assert offered(cli, f"indoxrouter video {command} ") == []
    made = [cli("video", "create", "--no-wait", "waves").out.strip() for _ in range(2)]
    assert offered(cli, f"indoxrouter video {command} ") == sorted(made)


def test_jobs_that_were_listed_are_offered(cli: Cli) -> None:
    made = cli("video", "create", "--no-wait", "waves").out.strip()
    shutil.rmtree(cache_of(cli))
    assert cli("video", "list").code == 0
    assert offered(cli, "indoxrouter video wait ") == [made]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("api images create-image --response-format ", {"url", "b64_json"}),
        ("api images create-image --quality h", {"hd"}),
        ("api chat create-chat-completion --stream ", {"true", "false"}),
        ("api audio create-transcription --response-format v", {"verbose_json", "vtt"}),
        ("api analytics get-analytics-usage --group-by s", {"session_id"}),
        ("api chat createChatCompletion --user ", set()),
        ("image --quality ", {*known("ImageQuality")}),
        ("speak --format a", {"aac"}),
    ],
)
def test_choices_of_the_spec_are_offered(bare_cli: Cli, words: str, values: set[str]) -> None:
    words, _, value = words.rpartition(" ")
    *command, option = words.split()
    if command[0] == "api":  # its options have the present names of the arguments
        operation = next(
            each
            for name, each in OPERATIONS.items()
            if command[2] in (name, re.sub("([A-Z])", r"-\1", name).lower())
        )
        (name,) = present(
            {**fields(operation), **parameters(operation)}, {option[2:].replace("-", "_"): None}
        )
        option = f"--{name.replace('_', '-')}"
    assert set(offered(bare_cli, f"indoxrouter {' '.join(command)} {option} {value}")) == values


@pytest.mark.parametrize(
    "words",
    ["--config a", "chat --schema a", "chat -f a", "api audio create-transcription --file a"],
)
def test_files_are_left_to_the_shell(bare_cli: Cli, words: str) -> None:
    assert bare_cli(env=asking(f"indoxrouter {words}")).out == "file,a\n"


def test_bash_takes_words_to_pieces_and_gets_the_last_one_back(cli: Cli) -> None:
    name = "amazon/amazon.titan-embed-text-v2"
    assert offered(cli, f"indoxrouter embed -m {name}") == [f"{name}:0"]
    assert offered(cli, f"indoxrouter embed -m {name} :") == ["0"]
    assert offered(cli, f"indoxrouter embed -m {name} : 0") == ["0"]
    assert offered(cli, f"indoxrouter embed --model = {name} : 0") == ["0"]
    assert f"{name}:0" in offered(cli, "indoxrouter embed --model =")


def test_zsh_and_fish_get_the_same_words(cli: Cli) -> None:
    name = "amazon/amazon.titan-embed-text-v2:"

    def answer(shell: str, words: str, current: str) -> list[str]:
        asked = {"_INDOXROUTER_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": current}
        result = cli(env={**asked})
        assert (result.code, result.err) == (0, "")
        return re.split(r"[,\s]", result.out)

    assert answer("zsh", f"indoxrouter embed -m {name}", "3")[:2] == ["plain", f"{name}0"]
    assert f"{name}0" in answer("fish", "indoxrouter embed -m", name)
    assert f"--model={name}0" in answer("fish", "indoxrouter embed", f"--model={name}")


@pytest.mark.parametrize(
    "variables", [{}, {"COMP_WORDS": "indoxrouter"}, {"COMP_WORDS": "'", "COMP_CWORD": "x"}]
)
def test_a_shell_that_asks_wrongly_is_answered_with_silence(
    bare_cli: Cli, variables: dict[str, str | None]
) -> None:
    result = bare_cli(env={"_INDOXROUTER_COMPLETE": "bash_complete", **variables})
    assert (result.out.strip(), result.err) == ("", "")


@pytest.mark.skipif(BASH is None, reason="a bash to type into")
def test_the_tabulator_completes_in_bash(cli: Cli) -> None:
    assert BASH is not None
    program = cli.file("bin/indoxrouter", f'#!/bin/sh\nexec {COMMAND[0]} -m {COMMAND[2]} "$@"\n')
    program.chmod(0o755)
    env = {**cli.env, "PATH": f"{program.parent}:{cli.env['PATH']}", "PS1": "first> "}
    with Terminal([BASH, "--norc", "--noprofile", "-i"], env, cli.directory) as shell:
        shell.expect("> ")
        shell.line('eval "$(indoxrouter completion bash)"; PS1="read""y> "')
        shell.expect("ready> ")
        for typed, rest in (
            ("chat -m openai/gpt-4o-mini-2", "024-07-18 "),
            ("embed -m amazon/amazon.titan-embed-text-v2:", "0 "),
            ("embed --model=amazon/amazon.titan-embed-text-v2:", "0 "),
            ("video create --model=google/veo-3.0-f", "ast-generate-001 "),
        ):
            shell.send(f"indoxrouter {typed}\t")
            shell.expect(typed + rest)
            shell.send("\x15")
        shell.line("exit")
        assert shell.finish() == 0


def test_completion_with_a_warm_cache_takes_less_than_200_milliseconds(cli: Cli) -> None:
    assert cli("models").code == 0

    def once() -> float:
        process = subprocess.Popen(
            COMMAND,
            env=cli.environment(asking("indoxrouter chat -m openai/")),
            cwd=cli.directory,
            stdout=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return used.ru_utime + used.ru_stime

    assert min(once() for _ in range(5)) < 0.200


def test_a_warm_completion_imports_nothing_to_ask_a_server_with(cli: Cli) -> None:
    assert cli("models").code == 0
    code = """
import sys
from indoxrouter_cli import main
try:
    main([])
except SystemExit as leaving:
    print("left", leaving.code)
heavy = ("rich", "httpx", "ssl", "asyncio", "socket", "attrs", "indoxrouter_ext.client")
print("loaded", [name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=cli.environment(asking("indoxrouter chat -m openai/gpt-4o-mini-2")),
        cwd=cli.directory, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["plain,openai/gpt-4o-mini-2024-07-18", "left 0", "loaded []"]
