"""Writes a package to disk. Only files that a manifest of ours names are replaced or removed, and never through a link.

The new files are staged beside the package first, so that a run that fails while writing them changes nothing. They
are then moved into place; if a move fails, the moves before it are undone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ..source.problems import shown_path
from ..source.settings import BadSettings
from .manifest import HEADER, NAME, NOTE, files_below, read_manifest


def write_files(files: dict[str, bytes], output: Path) -> list[str]:
    """Write the files that differ, remove those of the old manifest that are no longer part of the package.

    Args:
        files: content by relative name, the manifest among them.
        output: the directory of the package. Files that no manifest names stay as they are.

    Returns:
        The names of the files that changed or were removed.

    Raises:
        BadSettings: when the directory is not ours, or when a file of somebody else would be overwritten.
        OSError: when a file cannot be written; the old package is as it was.
    """
    owned = owned_files(output)
    changed = [
        name for name in sorted(files, key=lambda n: (n == NAME, n)) if _differs(output, name, files[name])
    ]
    foreign = [
        name
        for name in changed
        if name not in owned and os.path.lexists(output / name) and not _has_header(output / name)
    ]
    if foreign:
        raise BadSettings(
            "not written by the generator, but named like files of the package:"
            f" {', '.join(shown_path(output / name) for name in foreign[:5])}; move the files that you need"
        )
    stale = sorted(name for name in owned if name not in files and os.path.lexists(output / name))
    if changed or stale:
        _replace({name: files[name] for name in changed}, stale, output)
    return [*changed, *stale]


def owned_files(output: Path) -> set[str]:
    """The files in a directory that we may replace: those that its manifest names, and the manifest.

    Raises:
        BadSettings: for a directory whose content is not a package of ours, with the remedy.
    """
    if not os.path.lexists(output):
        return set()
    if not output.is_dir():
        raise BadSettings(f"--output: {shown_path(output)} is not a directory")
    manifest = read_manifest(output)
    if manifest is None and _is_merged(output):
        return {NAME, *(name for name, path in files_below(output).items() if _has_header(path))}
    if manifest is None:
        if any(output.iterdir()):
            raise BadSettings(
                f"--output: {shown_path(output)} is not empty and has no {NAME} of the generator, so its files are not"
                " ours to replace; name a new or an empty directory"
            )
        return set()
    for name in manifest["files"]:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in path.parts[0]:
            raise BadSettings(f"{shown_path(output / NAME)} names {name!r}, which is outside of the package")
    owned = {*manifest["files"], NAME}
    for name in owned:
        _check_path(output, name)
    return owned


def _is_merged(output: Path) -> bool:
    """Whether the manifest is one of ours that a merge has left with two sides."""
    try:
        text = (output / NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return NOTE in text and text.count("<<<<<<< ") == text.count(">>>>>>> ") > 0


def _has_header(path: Path) -> bool:
    """Whether a file is a module that the generator wrote: after a merge, no manifest may name it."""
    try:
        return path.read_bytes().startswith(HEADER.encode())
    except OSError:
        return False


def _check_path(output: Path, name: str) -> None:
    """Refuse to write or remove anything behind a symbolic link, and a directory in the place of a file."""
    path = output
    for part in PurePosixPath(name).parts:
        path = path / part
        if path.is_symlink():
            raise BadSettings(
                f"{shown_path(path)} is a symbolic link; the generator does not write through links"
            )


def _differs(output: Path, name: str, data: bytes) -> bool:
    _check_path(output, name)
    try:
        return (output / name).read_bytes() != data
    except OSError:
        return True


def _replace(files: dict[str, bytes], stale: list[str], output: Path) -> None:
    with contextlib.ExitStack() as undo:  # what has been done so far, to be undone in reverse order
        _make_directory(output.parent, undo)
        # Beside the package, because only moves within one file system are atomic.
        staging = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
        undo.callback(shutil.rmtree, staging, ignore_errors=True)
        new, old = staging / "new", staging / "old"
        for name, data in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(data)
        for name in [*stale, *files]:
            _swap(name, new, old, output, undo)
        undo.pop_all()
    shutil.rmtree(staging, ignore_errors=True)
    for name in stale:
        _clear(output, output / name)


def _swap(name: str, new: Path, old: Path, output: Path, undo: contextlib.ExitStack) -> None:
    """Move the old file away, where there is one, and the new one into its place, where there is one."""
    target = output / name
    if target.exists():
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        target.replace(old / name)
        undo.callback(_attempt, (old / name).replace, target)
    if (new / name).exists():
        _make_directory(target.parent, undo)
        (new / name).replace(target)
        undo.callback(_attempt, target.unlink)


def _make_directory(path: Path, undo: contextlib.ExitStack) -> None:
    for directory in reversed([path, *path.parents]):
        if not directory.exists():
            directory.mkdir()
            undo.callback(_attempt, directory.rmdir)


def _attempt(action: Callable[..., object], *arguments: object) -> None:
    """Restore the former state as far as the file system allows."""
    with contextlib.suppress(OSError):
        action(*arguments)


def _clear(output: Path, removed: Path) -> None:
    """Remove what a removed module leaves: its compiled form, and directories that are empty now."""
    for compiled in removed.parent.glob(f"__pycache__/{removed.stem}.*.pyc"):
        compiled.unlink()
    directory = removed.parent
    with contextlib.suppress(OSError):
        (directory / "__pycache__").rmdir()
    while directory != output:
        with contextlib.suppress(OSError):
            directory.rmdir()
        directory = directory.parent
