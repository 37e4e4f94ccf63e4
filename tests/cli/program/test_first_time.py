"""Problems that new users meet: narrow terminals, small amounts, small mistakes."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from indoxrouter_cli.base import exit_codes
from indoxrouter_cli.output.formatting import format_usd
from indoxrouter_mock import MockServer
from tests.cli.batch.test_batch import lines, rows
from tests.cli.conftest import Cli
from tests.cli.program.test_problems import closed_port


def test_a_small_batch_whose_server_is_down_says_so(cli: Cli) -> None:
    cli.file("in.jsonl", '"hello"\n"world"\n')
    result = cli("batch", "in.jsonl", "-o", "out.jsonl", "--base-url", f"http://127.0.0.1:{closed_port()}")
    assert result.code == exit_codes.NETWORK
    assert "error: Could not connect" in result.err
    assert "The API key is not the cause" in result.err
    assert "Run the same command again" in result.err


def test_a_small_batch_with_an_unknown_model_is_told_the_near_ones(cli: Cli) -> None:
    cli.file("in.jsonl", '"hello"\n"world"\n')
    result = cli("batch", "in.jsonl", "-o", "out.jsonl", "-m", "openai/gpt-4o-mni")
    assert result.code == exit_codes.USAGE
    assert "Did you mean openai/gpt-4o-mini" in result.err
    mended = cli("batch", "in.jsonl", "-o", "out.jsonl", "-m", "openai/gpt-4o-mini")
    assert (mended.code, len(rows(cli.directory / "out.jsonl"))) == (0, 2)


def test_the_reasons_of_failures_are_counted_on_the_screen(cli: Cli, mock: MockServer) -> None:
    cli.file("in.jsonl", '"hello"\n' + lines(3, model="openai/gpt-4o-mni"))
    result = cli("batch", "in.jsonl", "-o", "out.jsonl")
    assert result.code == exit_codes.PARTIAL
    assert "3 times: there is no model 'openai/gpt-4o-mni'" in result.err


def test_lines_that_are_no_requests_are_not_tried_again_in_vain(cli: Cli) -> None:
    cli.file("in.jsonl", '"hello"\n{"id": 1,\n')
    result = cli("batch", "in.jsonl", "-o", "out.jsonl")
    assert result.code == exit_codes.PARTIAL
    assert "1 of 2 failed" in result.err
    assert "Fix those lines" in result.err


@pytest.mark.parametrize("arguments", [["batch", "in.jsonl"], ["embed", "-f", "in.jsonl"]])
def test_a_broken_line_is_named_by_one_number_only(cli: Cli, arguments: list[str]) -> None:
    cli.file("in.jsonl", '{"text": "good"}\n{"text": bad}\n')
    result = cli(*arguments, "-o", "out.jsonl")
    assert result.code == exit_codes.PARTIAL
    (said,) = [line for line in result.err.splitlines() if line.startswith("line ")]
    assert said == "line 2: not valid JSON: Expecting value (at character 10)"


def test_the_estimate_names_models_that_have_no_price(cli: Cli) -> None:
    cli.file("in.jsonl", lines(2, model="openai/gpt-4o-mni"))
    result = cli("batch", "in.jsonl", "-o", "out.jsonl", "--estimate")
    assert result.code == 0
    assert "no price for openai/gpt-4o-mni" in result.out


@pytest.mark.parametrize("key", [None, "indox-with a-space"])
def test_a_batch_without_a_key_leaves_nothing_behind(cli: Cli, key: str | None) -> None:
    cli.file("in.jsonl", '"hello"\n')
    result = cli("batch", "in.jsonl", "-o", "out.jsonl", env={"INDOX_ROUTER_API_KEY": key})
    assert result.code == (exit_codes.AUTHENTICATION if key is None else exit_codes.USAGE)
    assert [path.name for path in cli.directory.iterdir()] == ["in.jsonl"]


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(4e-8, "$0.000000040"), (1.27e-7, "$0.00000013"), (0.0000146, "$0.000015"), (1e-15, "$0.00")],
)
def test_a_sum_that_is_tiny_is_not_shown_as_nothing(amount: float, shown: str) -> None:
    assert format_usd(amount) == shown


@pytest.mark.parametrize("arguments", [["--count", "2"], []])
def test_a_directory_for_images_is_made_where_the_path_says_it_is_one(cli: Cli, arguments: list[str]) -> None:
    result = cli("image", "a cat", "-o", "shots/", *arguments)
    assert (result.code, "Traceback" in result.err) == (0, False)
    assert all(path.startswith("shots/image") for path in result.out.split())
    assert len(list((cli.directory / "shots").iterdir())) == len(result.out.split())


def test_a_directory_for_many_transcripts_is_made(cli: Cli) -> None:
    assert cli("speak", "hello there", "-o", "one.mp3").code == 0
    sound = (cli.directory / "one.mp3").read_bytes()
    for name in ("talks/a.mp3", "talks/b.mp3"):
        cli.file(name, sound)
    assert cli("transcribe", "talks/", "-o", "texts/").code == 0
    assert sorted(path.name for path in (cli.directory / "texts").iterdir()) == ["a.mp3.txt", "b.mp3.txt"]


def test_a_wrong_date_is_answered_with_a_right_one(cli: Cli, mock: MockServer) -> None:
    result = cli("usage", "--from", "20.11.2026")
    assert result.code == exit_codes.USAGE
    assert "'20.11.2026' is not a date like 2026-11-30" in result.err
    assert "%" not in result.err
    assert mock.requests == []


@pytest.mark.parametrize(
    "arguments", [["chat", "hi"], ["chat", "-m", "openai/gpt-4o-mini", "hi"], ["whoami"]]
)
def test_an_address_with_a_wrong_path_is_told_from_a_wrong_model(cli: Cli, arguments: list[str]) -> None:
    class Stranger(BaseHTTPRequestHandler):
        """A web server without the API: it returns its own error page for every path."""

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            body = json.dumps({"detail": "Not Found"}).encode()
            self.send_response(404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/wrong"
            result = cli(*arguments, "--base-url", address)
        finally:
            server.shutdown()
            thread.join()
    assert result.code == exit_codes.USAGE
    assert f"Does the address include the API's path? It is {address}." in result.err
    assert "lists what there is" not in result.err


def test_a_search_that_finds_nothing_says_it_once(cli: Cli) -> None:
    result = cli("models", "zzzz")
    assert (result.code, result.out) == (exit_codes.USAGE, "")
    assert result.err.splitlines() == ["error: No model matches 'zzzz'."]


def test_a_mistyped_capability_is_asked_back(cli: Cli) -> None:
    assert "Did you mean chat?" in cli("models", "-c", "chatt").err
    assert "Known: " in cli("models", "-c", "zzz").err


def test_doctor_does_not_call_a_key_wrong_that_is_not_there(cli: Cli) -> None:
    result = cli("doctor", env={"INDOX_ROUTER_API_KEY": None})
    assert result.code == exit_codes.AUTHENTICATION
    assert "key is wrong" not in result.err
    assert result.err == "error: 1 of 9 checks failed: key.\n"


def test_ctrl_c_before_the_first_word_keeps_the_conversation(cli: Cli, mock: MockServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with cli.terminal("chat", "--timeout", "60", "--base-url", address) as terminal:
            terminal.expect("> ")
            terminal.line("Is anybody there?")
            with silent.accept()[0] as connection:  # the request is in flight and is never answered
                assert connection.recv(1)
                terminal.interrupt()
                terminal.expect("Stopped.")
            terminal.expect("> ")
            terminal.line("/model openai/gpt-4o")  # which also asks the server
            with silent.accept()[0] as connection:
                assert connection.recv(1)
                terminal.interrupt()
                terminal.expect("Stopped.")
            terminal.expect("> ")
            terminal.line("/quit")
            assert terminal.finish() == 0


def test_save_does_not_offer_an_option_that_it_has_not(cli: Cli) -> None:
    cli.file("there.md", "precious")
    with cli.terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.line("/save there.md")
        terminal.expect("this file exists")
        assert "--force" not in terminal.expect("Choose another name")
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0
    assert (cli.directory / "there.md").read_text() == "precious"


def test_a_question_without_a_terminal_is_not_called_missing(cli: Cli) -> None:
    result = cli("chat", "-i", "hello")
    assert result.code == exit_codes.USAGE
    assert "A conversation needs a terminal." in result.err
    assert "no question" not in result.err
    assert "without -i" in result.err


def test_what_is_to_be_copied_is_not_broken_in_a_narrow_terminal(cli: Cli) -> None:
    name = "a-file-whose-name-is-longer-than-the-line.mp3"
    job = cli("video", "create", "--no-wait", "waves").out.strip()
    for arguments, text in (
        (["speak", "hello", "-o", name], name),
        (["keys", "create", "a key"], None),
        (["config", "path"], str(Path(cli.env["HOME"], ".config", "indoxrouter", "config.toml"))),
        (["config", "show"], str(Path(cli.env["HOME"], ".config", "indoxrouter", "config.toml"))),
        (["whoami"], "the environment variable INDOX_ROUTER_API_KEY"),
        (["video", "list"], job),
    ):
        with cli.terminal(*arguments, columns=40 if arguments[1:] == ["list"] else 30) as terminal:
            assert terminal.finish() == 0
            if text is not None:
                assert text in terminal.screen
            else:
                assert any(
                    line.startswith("indox-") and len(line) == 38 for line in terminal.screen.splitlines()
                )


def test_the_bar_of_a_download_stays_on_its_line_in_a_narrow_terminal() -> None:
    import io

    from rich.console import Console

    from indoxrouter_cli.console.progress import download_bar
    from indoxrouter_cli.session.session import Session

    screen = io.StringIO()
    session = Session({})
    session.__dict__["err"] = Console(file=screen, force_terminal=True, width=40, color_system=None)
    with download_bar(session, "a-name-of-some-length.mp4") as progress:
        progress(384_400, 3_844_000)
    drawn = screen.getvalue().replace("\r", "\n")
    assert "10%" in drawn
    assert (
        "\x1b[1A\x1b[2K" * 3 not in drawn
    )  # the way back over a bar of two lines and the empty line below it


def test_a_dash_is_the_standard_output_where_one_result_goes_there(cli: Cli) -> None:
    assert len(cli("embed", "hello", "-o", "-").rows) == 1
    assert cli("image", "a cat", "-o", "-").raw.startswith(b"\x89PNG")
    sound = cli("speak", "hello there", "-o", "-").raw
    cli.file("one.mp3", sound)
    assert cli("transcribe", "one.mp3", "-o", "-").out == "hello there\n"
    assert cli("translate", "one.mp3", "-o", "-", "--format", "json").json["text"] == "hello there"
    assert [path.name for path in cli.directory.iterdir()] == ["one.mp3"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["image", "-n", "2", "a cat"],
        ["video", "create", "waves"],
        ["video", "wait", "job_1"],
        ["batch", "in.jsonl"],
        ["embed", "--format", "npy", "hello"],
        ["transcribe", "talks"],
    ],
)
def test_a_dash_is_refused_where_only_a_file_will_do(
    cli: Cli, mock: MockServer, arguments: list[str]
) -> None:
    cli.file("in.jsonl", '"hello"\n')
    for name in ("talks/a.mp3", "talks/b.mp3"):
        cli.file(name, b"ID3 something")
    result = cli(*arguments, "-o", "-")
    assert result.code == exit_codes.USAGE
    assert "file" in result.err or "directory" in result.err
    assert not (cli.directory / "-").exists()
    assert all(request["operation"] in (None, "listModels") for request in mock.requests)


def test_an_image_is_not_poured_into_a_terminal(cli: Cli, mock: MockServer) -> None:
    with cli.terminal("image", "a cat", "-o", "-") as terminal:
        terminal.expect("would write an image to the terminal")
        assert terminal.finish() == exit_codes.USAGE
    assert mock.requests == []


def test_any_operation_looks_at_its_output_before_it_pays(cli: Cli, mock: MockServer) -> None:
    cli.file("there.json", "precious")
    result = cli("api", "images", "create-image", "--prompt", "a cat", "-o", "there.json")
    assert result.code == exit_codes.USAGE
    assert "this file exists" in result.err
    assert mock.requests == []


@pytest.mark.indoxrouter_mock(latency=0.4)
@pytest.mark.parametrize(
    "arguments",
    [
        ["image", "--no-preview", "a cat"],
        ["speak", "hello"],
        ["transcribe", "one.mp3"],
        ["video", "create", "--no-wait", "waves"],
        ["chat", "hello"],
        ["chat", "--json", "hello"],
        ["complete", "hello"],
        ["models", "gpt-4o"],
        ["complete", "--no-stream", "hello"],
        ["api", "images", "create-image", "--prompt", "a cat", "-o", "a.json"],
    ],
)
def test_somebody_who_waits_sees_that_something_is_going_on(cli: Cli, arguments: list[str]) -> None:
    if "one.mp3" in arguments:
        assert cli("speak", "hello there", "-o", "one.mp3").code == 0
    with cli.terminal(*arguments) as terminal:
        terminal.expect("Waiting for the server")
        terminal.finish()
        assert terminal.raw.count("\x1b[?25l") == terminal.raw.count("\x1b[?25h")  # the cursor is back
    piped = cli(*arguments)
    assert "Waiting" not in piped.out + piped.err


def test_nothing_turns_on_a_dumb_terminal(cli: Cli) -> None:
    with cli.terminal("chat", "hello", env={"TERM": "dumb"}) as terminal:
        assert terminal.finish() == 0
        assert "Waiting" not in terminal.screen


def test_a_no_is_not_called_an_interruption(cli: Cli, mock: MockServer) -> None:
    with cli.terminal("keys", "delete", "1") as terminal:
        terminal.expect("[y/N]")
        terminal.line("n")
        terminal.expect("error: Cancelled; nothing was changed.")
        assert terminal.finish() == exit_codes.INTERRUPTED
    assert mock.requests == []


@pytest.mark.parametrize("command", [["whoami"], ["models"]])
def test_a_proxy_that_is_down_is_named_and_its_password_is_not(cli: Cli, command: list[str]) -> None:
    proxy = f"http://ann:geheim@127.0.0.1:{closed_port()}"
    result = cli(
        *command, "--base-url", "http://api.example.test", env={"http_proxy": proxy, "no_proxy": None}
    )
    assert result.code == exit_codes.NETWORK
    assert f"The request uses the proxy http://127.0.0.1:{proxy.rpartition(':')[2]}" in result.err
    assert "geheim" not in result.err
    direct = cli(
        *command,
        "--base-url",
        f"http://127.0.0.1:{closed_port()}",
        env={"http_proxy": proxy, "no_proxy": "127.0.0.1"},
    )
    assert (direct.code, "proxy" in direct.err) == (exit_codes.NETWORK, False)
