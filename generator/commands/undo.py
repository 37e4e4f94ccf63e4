"""The way back from an upgrade: the work tree as it was, kept by git, without touching the index or a branch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ..source.problems import plural

UNDO = "python -m generator upgrade --back"
_FILE = "indoxrouter-upgrade.json"


def save_state(project: Path, *, again: bool = False) -> bool:
    """Remember the work tree; False where there is no git work tree.

    Args:
        project: a directory of the work tree.
        again: the description is that of the last upgrade. What was remembered then is kept, unless there was a commit
            since: the way back leads to the state before the first of several runs.

    `git stash create` makes a commit of the tracked files that no branch and no stash entry names. Files that git
    does not track are remembered by name: an upgrade writes no such file, it only adds new ones.
    """
    directory = _git(project, "rev-parse", "--absolute-git-dir")
    head = _git(project, "rev-parse", "--verify", "--quiet", "HEAD")
    if not directory or not head:
        return False
    path = Path(directory) / _FILE
    if again and path.exists() and json.loads(path.read_text(encoding="utf-8")).get("head") == head:
        return True
    commit = _git(project, "stash", "create", "before an upgrade") or head
    state = {"commit": commit, "head": head, "untracked": _untracked(project)}
    path.write_text(json.dumps(state), encoding="utf-8")
    return True


def restore_state(project: Path) -> int:
    """Put the work tree back to the state before the last upgrade; the exit code."""
    directory = _git(project, "rev-parse", "--absolute-git-dir")
    path = Path(directory) / _FILE if directory else None
    if path is None or not path.exists():
        print("error: no upgrade to go back from", file=sys.stderr)
        return 2
    state = json.loads(path.read_text(encoding="utf-8"))
    changed = _git(project, "diff", "--name-only", state["commit"]).splitlines()
    added = sorted(set(_untracked(project)) - set(state["untracked"]))
    command = ["git", "restore", f"--source={state['commit']}", "--worktree", "--", "."]
    subprocess.run(command, cwd=project, check=True)
    for name in added:
        (project / name).unlink(missing_ok=True)
    path.unlink()
    print(f"{plural(len(changed), 'file')} restored, {plural(len(added), 'new file')} removed")
    return 0


def _untracked(project: Path) -> list[str]:
    return _git(project, "ls-files", "--others", "--exclude-standard").splitlines()


def _git(project: Path, *arguments: str) -> str:
    """What git prints; empty where it fails or is not installed."""
    try:
        done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
