"""The reply to a shell that asks for completions: Click's, adapted to bash and fish."""

from __future__ import annotations

import os
import sys

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, add_completion_class


class Bash(BashComplete):
    """Bash splits words at `:` and `=`: it passes `--model=a/b:1` as five words and replaces only the last."""

    _typed = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor and the word at it, joined again."""
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
        """One line of the reply, without the part up to the last colon, which bash keeps."""
        kept = self._typed[: self._typed.rfind(":") + 1]
        return f"{item.type},{item.value.removeprefix(kept)}"


class Fish(FishComplete):
    """Fish replaces all of `--model=a`, but Click replies with only the part after the `=`."""

    _option = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor and the word at it."""
        args, incomplete = super().get_completion_args()
        if incomplete.startswith("--") and "=" in incomplete:
            self._option = incomplete.partition("=")[0] + "="
        return args, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """One line of the reply."""
        whole = item if item.type != "plain" else CompletionItem(self._option + item.value, help=item.help)
        return super().format_completion(whole)


def run_completion(program: click.Command, arguments: list[str], name: str) -> None:
    """Print completions and exit. Error output is discarded, so that it cannot disturb the line being typed."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115  # open until the process ends
    add_completion_class(Bash)
    add_completion_class(Fish)
    program.main(arguments, prog_name=name)
