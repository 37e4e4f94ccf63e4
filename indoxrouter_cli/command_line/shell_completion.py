"""Answering a shell that asks what could come next: Click's answers, put as bash and fish need them."""

from __future__ import annotations

import os
import sys

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, add_completion_class

__all__ = ["run_completion"]


class Bash(BashComplete):
    """Bash takes `:` and `=` for ends of words: it asks for `--model=a/b:1` as five, and replaces the last alone."""

    _typed = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the one at it, put together again."""
        args, incomplete = super().get_completion_args()
        words: list[str] = []
        glue = False
        for piece in [*args, incomplete]:
            if piece == ":" and words:
                words[-1] += piece
                glue = True
            elif glue:
                words[-1] += piece
                glue = False
            elif piece == "=" and words and words[-1].startswith("--"):
                continue  # `--model = x` is `--model x`
            else:
                words.append(piece)
        if incomplete == "=":
            words.append("")
        self._typed = words.pop()
        return words, self._typed

    def format_completion(self, item: CompletionItem) -> str:
        """One line of the answer: without what stands before the last colon, which bash leaves as it is."""
        kept = self._typed[: self._typed.rfind(":") + 1]
        return f"{item.type},{item.value.removeprefix(kept)}"


class Fish(FishComplete):
    """Fish replaces the whole of `--model=a`, where Click answers with what comes after the `=`."""

    _option = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the one at it."""
        args, incomplete = super().get_completion_args()
        if incomplete.startswith("--") and "=" in incomplete:
            self._option = incomplete.partition("=")[0] + "="
        return args, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """One line of the answer."""
        whole = item if item.type != "plain" else CompletionItem(self._option + item.value, help=item.help)
        return super().format_completion(whole)


def run_completion(program: click.Command, arguments: list[str], name: str) -> None:
    """Print completions and exit. Whatever goes wrong, the line that somebody is typing stays clean."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115  # as long as the process
    add_completion_class(Bash)
    add_completion_class(Fish)
    program.main(arguments, prog_name=name)
