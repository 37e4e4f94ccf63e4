"""Markdown that is rendered while it arrives: complete blocks, the last block, and that nothing is lost."""

from __future__ import annotations

import io
import itertools
import os
import re
import signal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.markdown import Markdown

from indoxrouter_cli.chat import markdown
from indoxrouter_cli.chat.markdown import MarkdownView, PlainView, split_complete_blocks

TEXT = """# Title

A paragraph with **bold** words
on two lines.

- one
- two

- three after a blank line

```python
def f():

    return 1
```

1. first

2. second

The end."""


def test_a_block_is_finished_when_the_next_one_begins() -> None:
    assert split_complete_blocks("one\n\ntwo") == ("", "one\n\ntwo")
    assert split_complete_blocks("one\n\ntwo\n") == ("one\n\n", "two\n")


def test_a_fence_is_not_split_at_its_blank_lines() -> None:
    assert split_complete_blocks("```\na\n\nb\n")[0] == ""
    finished, rest = split_complete_blocks("```\na\n\nb\n```\n\nafter\n")
    assert (finished, rest) == ("```\na\n\nb\n```\n\n", "after\n")


def test_a_list_goes_on_after_a_blank_line() -> None:
    assert split_complete_blocks("- one\n\n- two\n")[0] == ""
    assert split_complete_blocks("1. one\n\n2. two\n")[0] == ""
    assert split_complete_blocks("- one\n\n  more of it\n")[0] == ""


@given(st.text(alphabet="ab \n`-*1.#", max_size=80))
def test_nothing_is_lost_or_changed_by_splitting(text: str) -> None:
    finished, rest = split_complete_blocks(text)
    assert finished + rest == text
    again, _ = split_complete_blocks(rest)
    assert again == ""


@given(st.lists(st.integers(1, 12), max_size=60))
def test_pieces_of_any_size_are_shown_as_the_whole_is(sizes: list[int]) -> None:
    output = io.StringIO()
    view = MarkdownView(Console(file=output, width=60, force_terminal=False))
    position = 0
    for size in sizes:
        view.feed(TEXT[position : position + size])
        position += size
    view.feed(TEXT[position:])
    view.close()
    whole = io.StringIO()
    Console(file=whole, width=60, force_terminal=False).print(Markdown(TEXT))
    assert words(output.getvalue()) == words(whole.getvalue())


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def test_an_answer_longer_than_the_terminal_is_printed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count(1)  # each piece comes a second after the one before, and so is drawn
    monkeypatch.setattr(markdown, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    output = io.StringIO()
    console = Console(file=output, width=40, height=10, force_terminal=True)
    view = MarkdownView(console)
    lines = [f"- item number {number}" for number in range(100)]
    for line in lines:
        view.feed(line + "\n")
    view.close()
    # The screen keeps the output after the last removal of the live display.
    final = output.getvalue().rsplit("\x1b[2K", 1)[-1]
    assert [int(number) for number in re.findall(r"item number (\d+)", final)] == list(range(100))


def test_plain_text_ends_with_a_line_end_exactly_once() -> None:
    for text in ("a", "a\n"):
        output = io.StringIO()
        view = PlainView(Console(file=output))
        view.feed(text)
        view.close()
        assert output.getvalue() == "a\n"


@pytest.mark.parametrize(("text", "shown"), [("one", ["one"]), ("one\n\ntwo", ["one", "two"])])
def test_ctrl_c_waits_for_the_end_of_a_redraw(text: str, shown: list[str]) -> None:
    class Interrupted(io.StringIO):
        def write(self, text: str) -> int:
            os.kill(os.getpid(), signal.SIGINT)
            return super().write(text)

    output = Interrupted()
    view = MarkdownView(Console(file=output, width=60, force_terminal=True))
    with pytest.raises(KeyboardInterrupt):
        view.feed(text)
    assert re.findall("one|two", output.getvalue()) == shown
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
