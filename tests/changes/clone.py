"""A clone of the checkout in which a change is adopted and tested; the checkout itself is not touched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What stands beside the tracked files and is expensive: the clone uses that of the checkout.
BORROWED = ("node_modules", ".published-clients")


class Clone:
    """A clone with what the checkout has at this moment, committed or not."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment: Mapping[str, str] = {
            **os.environ,
            "CI": os.environ.get("CI", "1"),
        }
        root.mkdir(parents=True)
        self._python = _environment(root)
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        for name in BORROWED:
            if (ROOT / name).is_dir():
                (root / name).symlink_to(ROOT / name)
        # A link is no directory: patterns that end with a slash do not ignore it.
        with (root / ".gitignore").open("a", encoding="utf-8") as file:
            file.writelines(f"/{name}\n" for name in (*BORROWED, ".venv"))
        self.git("init", "-q")
        self.git("add", ".")
        self.git("-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "-qm", "before")

    @property
    def spec(self) -> Path:
        return self.root / "openapi.yaml"

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.root, capture_output=True, text=True, check=True
        ).stdout

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._python, *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def tree(self) -> str:
        """The content of the work tree, as the id that git gives it; files that git ignores do not count."""
        self.git("add", "--all")
        found = self.git("write-tree")
        self.git("reset", "-q")
        return found

    def tests(self, options: list[str]) -> tuple[dict[str, str], str]:
        """Run tests: those that fail with their messages, and the last line printed; all of it is in a file beside."""
        log = self.root.parent / f"{self.root.name}.log"
        command = [self._python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        with log.open("w", encoding="utf-8") as file:
            done = subprocess.run(
                command,
                cwd=self.root,
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
            )
        printed = log.read_text(encoding="utf-8")
        failed = dict(
            re.findall(r"^(?:FAILED|ERROR) (\S+?\.py(?:::.*?)?)(?: - (.*))?$", printed, re.MULTILINE)
        )
        lines = printed.strip().splitlines()
        if done.returncode not in (0, 1) and not failed:
            failed = {f"pytest ended with {done.returncode}": ""}
        return failed, lines[-1] if lines else "nothing printed"


def _environment(root: Path) -> str:
    """Make a virtual environment with this one's packages and the clone's code; its interpreter.

    `PYTHONPATH` would not do: programs that tests start in isolated mode ignore it, and would run the checkout's code.
    """
    directory = root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory)], check=True)
    paths = [root, root / "generated", sysconfig.get_path("purelib")]
    site = sysconfig.get_path("purelib", vars={"base": str(directory), "platbase": str(directory)})
    # Files of paths in a directory that is added here are not read: the checkout is not among the paths.
    (Path(site) / "clone.pth").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    programs = Path(sys.executable).parent
    own = directory / programs.name
    for program in programs.iterdir():
        target = own / program.name
        if target.exists() or not program.is_file():
            continue
        content, first = program.read_bytes(), f"#!{sys.executable}\n".encode()
        if content.startswith(first):
            target.write_bytes(f"#!{own / 'python'}\n".encode() + content[len(first) :])
            target.chmod(0o755)
        else:
            target.symlink_to(program)
    return str(own / "python")


__all__ = ["ROOT", "Clone"]
