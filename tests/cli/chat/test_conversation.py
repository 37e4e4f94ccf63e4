"""Conversations at a terminal: input, interruption, saving."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from indoxrouter_cli.base import exit_codes
from indoxrouter_cli.output.formatting import format_usd
from indoxrouter_mock import MockServer
from tests.cli.conftest import Cli
from tests.cli.terminal import Terminal

Sent = Callable[[str], list[dict[str, Any]]]


def test_a_conversation_keeps_its_history(cli: Cli, sent: Sent) -> None:
    with cli.terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.line("My name is Ada")
        terminal.expect("You said")
        terminal.expect("> ")
        terminal.line("What is my name?")
        terminal.expect("You said")
        terminal.expect("> ")
        terminal.send("\x04")
        assert "2 answers" in terminal.expect("answers, $")
        assert terminal.finish() == 0
    # Of both answers, and not of the last alone.
    assert f"2 answers, {format_usd(cli('usage', '--json').json['total_cost'])}" in terminal.screen
    messages = sent("createChatCompletion")[1]["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert messages[0]["content"] == "My name is Ada"


@pytest.mark.indoxrouter_mock(chunk_delay=0.05, reply_tokens=2000)
def test_ctrl_c_stops_the_answer_and_keeps_what_came(cli: Cli, mock: MockServer, sent: Sent) -> None:
    with cli.terminal("chat", "--no-markdown") as terminal:
        terminal.expect("> ")
        terminal.line("Talk for long")
        terminal.expect("You said")
        terminal.interrupt()
        terminal.expect("Stopped.")
        terminal.expect("> ")
        mock.reset(chunk_delay=0.0, reply_tokens=5)
        terminal.line("Go on")
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0
    partial = sent("createChatCompletion")[-1]["messages"][1]
    assert partial["role"] == "assistant"
    assert partial["content"].startswith("You said")


@pytest.mark.indoxrouter_mock(chunk_delay=0.05, reply_tokens=2000)
def test_ctrl_c_tells_the_server_to_stop(cli: Cli, mock: MockServer) -> None:
    with cli.terminal("chat", "Talk for long") as terminal:
        terminal.expect("You said")
        terminal.interrupt()
        assert terminal.finish() == exit_codes.INTERRUPTED
        assert "not complete" in terminal.screen
    assert [request["operation"] for request in mock.requests][-1] == "stopChatStream"


def _interrupt_until_prompted(terminal: Terminal) -> None:
    """Press Ctrl-C, several times if necessary: every Python ignores one that arrives just before `select` waits."""
    for _ in range(5):
        terminal.interrupt()
        with contextlib.suppress(AssertionError):
            terminal.expect("> ", within=3.0)
            return
    terminal.expect("> ")


def test_ctrl_c_at_the_prompt_drops_the_line_and_stays(cli: Cli, sent: Sent) -> None:
    with cli.terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.send("half a quest")
        terminal.expect("half a quest")
        _interrupt_until_prompted(terminal)
        terminal.line("A whole one")
        terminal.expect("You said")
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0
    assert [body["messages"][-1]["content"] for body in sent("createChatCompletion")] == ["A whole one"]


def test_model_save_load_undo_and_the_rest(cli: Cli, sent: Sent) -> None:
    with cli.terminal("chat", "-s", "Be brief") as terminal:
        for line, answer in [
            ("/help", "/quit"),
            ("/model openai/gpt-4o-mni", "Did you mean openai/gpt-4o-mini"),
            ("/model openai/gpt-4o", "The model is now openai/gpt-4o."),
            ("/nodel", "Did you mean /model?"),
            ("first line \\", None),
            ("second line", "You said"),
            ("/save talk.json", "Saved to talk.json."),
            ("/save talk.json", "this file exists"),
            ("/save talk.md", "Saved to talk.md."),
            ("/undo", "Removed the last question and its answer; 0 questions left."),
            ("/undo", "nothing to undo"),
            ("/load talk.json", "Loaded 3 messages."),
            ("/system Be kind", "The system message is replaced."),
            ("/cost", "for 1 answer."),
            ("And now?", "You said"),
        ]:
            terminal.expect("… " if line == "second line" else "> ")
            terminal.line(line)
            if answer is not None:
                terminal.expect(answer)
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0
    saved = json.loads((cli.directory / "talk.json").read_text())
    assert saved["model"] == "openai/gpt-4o"
    assert saved["messages"][1]["content"] == "first line \nsecond line"
    assert "**assistant**" in (cli.directory / "talk.md").read_text()
    last = sent("createChatCompletion")[-1]
    assert last["messages"][0] == {"role": "system", "content": "Be kind"}
    assert len(last["messages"]) == 4


def test_clear_undo_and_model_say_what_they_did(cli: Cli, sent: Sent) -> None:
    with cli.terminal("chat") as terminal:
        for line, answer in [
            ("/model", "The model is the default model."),
            ("/clear", "Removed 0 messages."),
            ("one", "You said"),
            ("two", "You said"),
            ("/undo", "Removed the last question and its answer; 1 question left."),
            ("/clear", "Removed 2 messages."),
            ("/system Be brief", "The system message is set."),
            ("three", "You said"),
            ("/clear", "Removed 2 messages; the system message is kept."),
            ("/model openai/gpt-4o", "The model is now openai/gpt-4o."),
            ("/model", "The model is openai/gpt-4o."),
            ("four", "You said"),
        ]:
            terminal.expect("> ")
            terminal.line(line)
            terminal.expect(answer)
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0
    last = sent("createChatCompletion")[-1]
    assert [message["content"] for message in last["messages"]] == ["Be brief", "four"]


@pytest.mark.indoxrouter_mock(chunk_delay=0.02, reply_tokens=400)
def test_ctrl_c_prints_each_line_of_the_answer_once(cli: Cli) -> None:
    with cli.terminal("chat", columns=60) as terminal:
        terminal.expect("> ")
        terminal.line("Talk for long")
        terminal.expect("no cost")  # in the third line: the lines above are full
        terminal.interrupt()
        terminal.expect("Stopped.")
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0
        shown = terminal.lines(60)
    answer = shown[shown.index("> Talk for long") + 1 : shown.index("Stopped.")]
    assert len(answer) >= 3
    assert len(set(answer)) == len(answer)
    assert not any("^C" in line for line in answer)


def test_an_attached_file_goes_along_once(cli: Cli, sent: Sent) -> None:
    cli.file("notes.txt", "remember the milk")
    with cli.terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.line("/file nowhere.txt")
        terminal.expect("no such file")
        terminal.line("/file notes.txt")
        terminal.expect("is attached")
        for _ in range(2):
            terminal.expect("> ")
            terminal.line("What now?")
            terminal.expect("You said")
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0
    first, second = sent("createChatCompletion")
    assert "remember the milk" in first["messages"][-1]["content"]
    assert second["messages"][-1]["content"] == "What now?"


def test_an_error_does_not_end_the_conversation(cli: Cli, mock: MockServer) -> None:
    mock.faults.add("error", status=500, operation="createChatCompletion")
    with cli.terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.line("hello")
        terminal.expect("error:")
        terminal.expect("> ")
        terminal.line("hello again")
        terminal.expect("You said")
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0


def test_questions_can_be_recalled_in_the_next_conversation(cli: Cli) -> None:
    with cli.terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.line("a question to recall")
        terminal.expect("You said")
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0
    with cli.terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.send("\x1b[A\x1b[A")  # cursor up twice: past /quit
        terminal.expect("a question to recall")
        terminal.send("\n")
        terminal.expect("You said")
        terminal.expect("> ")
        terminal.line("/quit")
        assert terminal.finish() == 0


def test_markdown_is_rendered_at_a_terminal_and_not_with_no_color(cli: Cli, mock: MockServer) -> None:
    with cli.terminal("chat", "--system", "x", "**Bold** words") as terminal:
        assert terminal.finish() == 0
        assert "**Bold**" not in terminal.screen
        assert "Bold" in terminal.screen
    with cli.terminal("models", "gpt-4o-mini", env={"NO_COLOR": "1"}) as terminal:
        assert terminal.finish() == 0
        assert "\x1b[3" not in terminal.raw  # no colour


def test_a_dumb_terminal_gets_plain_text(cli: Cli) -> None:
    with cli.terminal("chat", "**Bold** words", env={"TERM": "dumb"}) as terminal:
        assert terminal.finish() == 0
        assert "**Bold** words" in terminal.screen
        assert "\x1b" not in terminal.raw


def test_a_narrow_terminal_keeps_the_names_of_models(cli: Cli) -> None:
    with cli.terminal("models", "gpt-4o-mini-2024", columns=50) as terminal:
        assert terminal.finish() == 0
        assert "openai/gpt-4o-mini-2024-07-18" in terminal.screen
        assert "Capabilities" not in terminal.screen
        assert max(map(len, terminal.lines(50))) <= 50
        assert (
            len([line for line in terminal.lines(50) if line]) == 2
        )  # the heading and the model: nothing wraps
