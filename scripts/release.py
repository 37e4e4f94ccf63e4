"""Makes a release: checks, writes the version and the changelog, commits, tags. Uploads nothing.

    make release VERSION=0.3.0            # everything
    make release VERSION=0.3.0 ARGS=--dry-run

What it wants before it writes anything: a clean tree on the branch `main`, a version that is newer than the last one,
notes in the changelog's newest section, and no tag of that name. What it leaves: one commit, one annotated tag, and
in dist/ the wheels and sdists of all distributions, checked. Pushing and uploading are yours; upload all of them,
for they require one another in this very version.
"""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import sys
from pathlib import Path

VERSION_FILE = Path("indoxrouter_ext/_version.py")
CHANGELOG = Path("CHANGELOG.md")
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)((?:a|b|rc)\d+)?\Z")


class NotReady(Exception):
    """Why no release can be made now, and what to do."""


def parse(version: str) -> tuple[int, int, int, int, str]:
    """A version as something that sorts: a candidate comes before its release."""
    match = _VERSION.match(version)
    if match is None:
        raise NotReady(f"VERSION: expected a version such as 1.2.3 or 1.2.3rc1, got {version!r}")
    major, minor, patch, candidate = match.groups()
    return int(major), int(minor), int(patch), 0 if candidate else 1, candidate or ""


def git(*arguments: str, root: Path) -> str:
    """Run git and return what it prints."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReady(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def current_version(root: Path) -> str:
    """The version that the source says it is."""
    match = re.search(r'__version__ = "([^"]+)"', (root / VERSION_FILE).read_text(encoding="utf-8"))
    if match is None:
        raise NotReady(f"{VERSION_FILE} holds no __version__")
    return match[1]


def dated_changelog(text: str, version: str, today: datetime.date) -> str:
    """The changelog with its newest section named and dated.

    Raises:
        NotReady: when the newest section is for another release, or says nothing.
    """
    heading = re.search(r"^## \[(?P<name>[^\]]+)\](?P<rest>.*)$", text, re.MULTILINE)
    if heading is None:
        raise NotReady(f"{CHANGELOG} has no section")
    if heading["name"] not in ("Unreleased", version) or re.search(r"\d{4}-\d\d-\d\d", heading["rest"]):
        raise NotReady(
            f"{CHANGELOG}: the newest section is [{heading['name']}]{heading['rest']}: write what is new"
        )
    end = re.search(r"^## \[", text[heading.end() :], re.MULTILINE)
    notes = text[heading.end() : heading.end() + end.start() if end else len(text)]
    if not re.search(r"^- ", notes, re.MULTILINE):
        raise NotReady(f"{CHANGELOG}: the newest section lists nothing")
    return f"{text[: heading.start()]}## [{version}] - {today.isoformat()}{text[heading.end() :]}"


def check(root: Path, version: str) -> str:
    """Everything that can be known before writing; returns the changelog to write."""
    wanted, current = parse(version), current_version(root)
    tags = git("tag", "--list", root=root).split()
    if git("status", "--porcelain", root=root):
        raise NotReady("the work tree has uncommitted changes: commit or stash them")
    branch = git("rev-parse", "--abbrev-ref", "HEAD", root=root)
    if branch != "main":
        raise NotReady(f"releases are made on main, and this is {branch}")
    if f"v{version}" in tags:
        raise NotReady(f"the tag v{version} exists")
    released = [tag.removeprefix("v") for tag in tags if _VERSION.match(tag.removeprefix("v"))]
    newest = max(released, key=parse, default=None)
    if newest is not None and wanted <= parse(newest):
        raise NotReady(f"VERSION: expected something newer than {newest}, got {version}")
    if wanted < parse(current):
        raise NotReady(f"VERSION: expected {current} or newer, got {version}")
    return dated_changelog((root / CHANGELOG).read_text(encoding="utf-8"), version, datetime.date.today())


def release(root: Path, version: str, *, dry_run: bool) -> None:
    """Check, write, commit and tag; with `dry_run`, only check and say what would be done."""
    changelog = check(root, version)
    if dry_run:
        print(f"release: would write {VERSION_FILE} and {CHANGELOG}, commit, and tag v{version}")
        return
    source = (root / VERSION_FILE).read_text(encoding="utf-8")
    source = re.sub(r'__version__ = "[^"]+"', f'__version__ = "{version}"', source)
    (root / VERSION_FILE).write_text(source, encoding="utf-8")
    (root / CHANGELOG).write_text(changelog, encoding="utf-8")
    git("add", str(VERSION_FILE), str(CHANGELOG), root=root)
    git("commit", "--quiet", "--message", f"Release {version}", root=root)
    git("tag", "--annotate", f"v{version}", "--message", f"indoxrouter {version}", root=root)
    print(
        f"release: committed and tagged v{version}; to publish it: git push --follow-tags, then upload all of dist/"
    )


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 with one line that says what is in the way."""
    parser = argparse.ArgumentParser(
        description="Make a release: check, write, commit, tag. Uploads nothing."
    )
    parser.add_argument("version", help="such as 1.2.3 or 1.2.3rc1")
    parser.add_argument("--dry-run", action="store_true", help="check, and say what would be done")
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).resolve().parent.parent, help=argparse.SUPPRESS
    )
    options = parser.parse_args(arguments)
    try:
        release(options.root, options.version, dry_run=options.dry_run)
    except NotReady as reason:
        print(f"release: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
