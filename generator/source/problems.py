"""Problems of a description: file, place, line and message."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One reason why the package cannot be written.

    Attributes:
        file: the file with the problem.
        pointer: the JSON pointer of the place, as path pieces; empty for the document itself.
        line: the line of that place, counted from 1; 0 where no line is known.
        message: a sentence that names the construct, what was found and what was expected.
    """

    file: Path
    pointer: tuple[str, ...]
    line: int
    message: str

    @property
    def place(self) -> str:
        """`file:line #/json/pointer`, the form that editors turn into a link."""
        where = f"{shown_path(self.file)}:{self.line}" if self.line else shown_path(self.file)
        return f"{where} #{pointer_text(self.pointer)}"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class SpecRefused(Exception):
    """The description cannot be turned into a package without losing or breaking something."""

    def __init__(self, problems: list[Problem], remedy: str = "") -> None:
        """`remedy`: what helps against all of them."""
        self.remedy = remedy
        self.problems = sorted(set(problems), key=lambda p: (str(p.file), p.line, p.pointer, p.message))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Contradiction(SpecRefused):
    """No value is allowed by all schemas that hold together: in a union, a member that does not count."""


class ProblemLog:
    """Collects the problems of a run, so that all of them are reported at once.

    Attributes:
        found: the problems so far.
        strict: unknown keywords of schemas are problems too.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.found: list[Problem] = []
        self._contradictions: set[Problem] = set()
        self.strict = strict

    @contextmanager
    def collect(self) -> Generator[None]:
        """Note the problems that a `with` block raises, and go on after it."""
        try:
            yield
        except SpecRefused as refusal:
            self.found.extend(refusal.problems)
            if isinstance(refusal, Contradiction):
                self._contradictions.update(refusal.problems)

    def take_contradictions(self, start: int) -> list[Problem]:
        """Take back the problems from this number on, where all of them are contradictions; else leave them."""
        new = self.found[start:]
        if not self._contradictions.issuperset(new):
            return []
        del self.found[start:]
        return new


def pointer_text(pointer: tuple[str, ...]) -> str:
    """The pieces as a JSON pointer (RFC 6901), `/` and `~` escaped."""
    return "".join("/" + piece.replace("~", "~0").replace("/", "~1") for piece in pointer)


def pieces_of(pointer: str) -> tuple[str, ...]:
    """The pieces of a JSON pointer; what is before its first `/` is ignored."""
    return tuple(piece.replace("~1", "/").replace("~0", "~") for piece in pointer.split("/")[1:])


def plural(count: int, noun: str) -> str:
    """A number with its noun: `1 problem`, `2 problems`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def shown_path(path: Path) -> str:
    """The path for messages: relative to the working directory, where it is below that."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
