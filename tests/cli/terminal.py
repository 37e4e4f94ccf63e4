"""A terminal for tests: it runs a program in a pseudo-terminal, types, and waits for output."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\a\x1b]*(?:\a|\x1b\\)|[=>()][A-Z0-9]?)|\r")
# Cursor movements and erasures with count and letter, other escape sequences, single characters.
_PIECES = re.compile(
    r"(\x1b)\[([0-9;?]*)([A-Za-z])|\x1b\][^\a\x1b]*(?:\a|\x1b\\)|\x1b[=>()][A-Z0-9]?|([^\x1b])", re.DOTALL
)


# Makes the terminal the controlling one, so that Ctrl-C reaches the program as a signal. A program does it and not
# `preexec_fn`, which runs Python code in a fork of this process, whose threads may be importing at that moment.
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """Runs a command in a pseudo-terminal. `screen` is all of its output without escape sequences."""

    def __init__(
        self, command: list[str], env: dict[str, str], cwd: Path, columns: int = 100, lines: int = 30
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-ISc", _TAKE_TERMINAL, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={"TERM": "xterm-256color", **env},
            start_new_session=True,
        )
        os.close(slave)
        self.raw = ""
        self._decode = codecs.getincrementaldecoder("utf-8")(
            "replace"
        ).decode  # a read may end within a character
        self._seen = 0

    @property
    def screen(self) -> str:
        return _ESCAPES.sub("", self.raw)

    def lines(self, columns: int) -> list[str]:
        """The lines as a terminal of this width shows them, including those that were scrolled away."""
        rows = [""]
        row = column = 0
        for mark, count, code, letter in _PIECES.findall(self.raw):
            if letter == "\n":
                row, column = row + 1, 0
            elif letter == "\r":
                column = 0
            elif letter:
                if column == columns:
                    row, column = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
                rows[row] = rows[row][:column].ljust(column) + letter + rows[row][column + 1 :]
                column += 1
            elif mark and code == "A":
                row = max(0, row - int(count or 1))
            elif mark and code == "K":
                rows[row] = "" if count == "2" else rows[row][:column]
            rows += [""] * (row + 1 - len(rows))
        return [line.rstrip() for line in rows]

    def send(self, text: str) -> None:
        os.write(self._master, text.encode())

    def line(self, text: str) -> None:
        self.send(text + "\n")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.send("\x03")

    def expect(self, text: str, within: float = 20.0) -> str:
        """Wait until a text appears after the previous match; returns the output since then."""
        deadline = time.monotonic() + within
        while True:
            at = self.screen.find(text, self._seen)
            if at >= 0:
                found = self.screen[self._seen : at + len(text)]
                self._seen = at + len(text)
                return found
            if not self._read(deadline):
                raise AssertionError(
                    f"{text!r} did not appear; the screen after the last match: {self.screen[self._seen :]!r}"
                )

    def finish(self, within: float = 20.0) -> int:
        """Wait for the end of the program; returns its exit code."""
        deadline = time.monotonic() + within
        while self._read(deadline):
            pass
        return self._process.wait(timeout=within)

    def _read(self, deadline: float) -> bool:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._master], [], [], left)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # raised by Linux when the other side is closed
            return False
        self.raw += self._decode(data)
        return bool(data)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        os.close(self._master)
