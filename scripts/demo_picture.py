"""Renders the output of `make demo` as an SVG, for the README.

Run it as `python scripts/demo_picture.py`; it writes `docs/assets/demo.svg`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "assets" / "demo.svg"


def main() -> None:
    """Run the demo, colour the marks in its output, and write the image."""
    printed = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py")], capture_output=True, text=True, check=True
    ).stdout
    printed = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8000", printed)  # the port differs between runs
    with open("/dev/null", "w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=92, file=nowhere, force_terminal=True)
        console.print(Text.assemble(("$ ", "bold green"), ("make demo", "bold")))
        text = Text(printed.rstrip())
        text.highlight_regex(r"(?m)^✓", "bold green")
        text.highlight_regex(r"(?m)^(you|model|stream) +›", "bold cyan")
        text.highlight_regex(r"\$\d+\.\d+", "yellow")
        console.print(text)
        picture = console.export_svg(title="indoxrouter")
    # Rich's template loads a font from the network; the reader's own monospace font is sufficient.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    picture = picture.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
    TARGET.write_text(picture + "\n", encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
