"""What can be wrong with a description, said once: which file, which place, which line, what and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .files import SourceFile


@dataclass(frozen=True)
class Problem:
    """One thing that keeps the package from being written.

    Attributes:
        file: the file it stands in.
        pointer: the JSON pointer of the place, as path pieces; empty for the document itself.
        line: the line of that place, counted from 1; 0 where no line is known.
        message: a sentence that names the construct, what came and what was expected.
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
    """The description can not be turned into a package without losing or breaking something."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda p: (str(p.file), p.line, p.pointer, p.message))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def pointer_text(pointer: tuple[str, ...]) -> str:
    """The pieces as a JSON pointer (RFC 6901), `/` and `~` escaped."""
    return "".join("/" + piece.replace("~", "~0").replace("/", "~1") for piece in pointer)


def shown_path(path: Path) -> str:
    """The path as a reader wants it: relative to where the command runs, if it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def refuse(file: SourceFile, pointer: tuple[str, ...], message: str) -> SpecRefused:
    """The exception for one problem at one place, its line looked up."""
    return SpecRefused([Problem(file.path, pointer, file.line_of(pointer), message)])


__all__ = ["Problem", "SpecRefused", "pointer_text", "refuse", "shown_path"]
