"""Applies a patch of the description to a copy of it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path


def apply_patch(patch: Path, description: Path, target: Path) -> str:
    """Write the patched description to `target`; a patch that was applied before changes nothing.

    Returns:
        Why the patch does not apply; empty if it does.
    """
    with tempfile.TemporaryDirectory(prefix="indoxrouter-patch-") as directory:
        copy = Path(directory) / description.name
        shutil.copyfile(description, copy)
        # The names in the patch may have a path: only the last part counts here.
        text = patch.read_text(encoding="utf-8")
        lines = [
            f"{line[:4]}{line[4]}/{description.name}" if line.startswith(("--- a/", "+++ b/")) else line
            for line in text.splitlines()
        ]
        plain = "\n".join(lines) + "\n"
        if _git(directory, plain, "--reverse", "--check"):
            refused = _git(directory, plain)
            if refused:
                return refused
        target.write_bytes(copy.read_bytes())
    return ""


def _git(directory: str, text: str, *options: str) -> str:
    """What `git apply` complains about; empty if it does not."""
    command = ["git", "apply", *options, "-"]
    try:
        done = subprocess.run(command, cwd=directory, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "git is not installed, which applies patches"
    return "" if done.returncode == 0 else done.stderr.strip().removeprefix("error: ") or "it does not apply"


__all__ = ["apply_patch"]
