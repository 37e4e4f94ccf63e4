"""The code blocks of a page, and how each kind of them is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.reference_pages import FOLDERS

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```\s*$", re.MULTILINE | re.DOTALL
)

RECIPES = ROOT / "docs" / "recipes"
"""Pages on other people's packages. Their Python is run by tests/recipes, where these packages are installed."""

RUN = frozenset({"python", "console", "bash"})
"""Languages that are executed."""

SHOWN = frozenset(
    {"output", "text", "json", "yaml", "toml", "http", "mermaid", "diff", "ini", "makefile", "html"}
)
"""Languages that are not executed. `output` is compared with what the block before it printed."""


class Block(NamedTuple):
    """One fenced block: where it starts, its language, and its text without the indentation of its list item."""

    line: int
    language: str
    text: str


def pages() -> list[Path]:
    """Every page that is written by hand: the READMEs, CONTRIBUTING and what the repository keeps under docs/."""
    derived = tuple(ROOT / "docs" / folder for folder in FOLDERS)
    written = [page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent not in derived]
    readmes = [ROOT / "README.md", *sorted((ROOT / "distributions").glob("*/README.md"))]
    return [*readmes, ROOT / "CONTRIBUTING.md", *written]


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    source = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(source):
        indent = match["indent"]
        text = "".join(line.removeprefix(indent) for line in match["body"].splitlines(keepends=True))
        language = match["info"].strip().split(" ")[0].split("{")[0]
        yield Block(source.count("\n", 0, match.start()) + 1, language, text)


def matches(expected: str, printed: str) -> bool:
    """Whether printed output is what the page shows; `…` on the page stands for anything, line breaks included."""
    pattern = ".*?".join(re.escape(part) for part in expected.strip().split("…"))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None
