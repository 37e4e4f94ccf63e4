"""Environments that hold a built wheel and what it declares to need, and nothing else.

The needs are taken from the wheel's own metadata. Other wheels of ours are installed where they are needed, the rest is
linked in from the development environment, one distribution at a time. So no network is asked, it takes a moment, and a
need that the wheel forgets to declare is missing here as it would be on a user's machine. (A `.pth` to the development
environment would hide that.)
"""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import Parser
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def build_wheel(tree: Path, into: Path, *, editable: bool = False) -> Path:
    """Build the wheel of a tree with the hatchling that is installed here, without asking an index."""
    if editable:
        code = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
        into.mkdir(exist_ok=True)
        subprocess.run([sys.executable, "-c", code, str(into)], cwd=tree, check=True)
        (wheel,) = into.glob("*.whl")
        return wheel
    return _built(tree, "wheel", into, "*.whl")


def build_sdist(tree: Path, into: Path) -> Path:
    """Build the source distribution of a tree, the same way."""
    return _built(tree, "sdist", into, "*.tar.gz")


def _built(tree: Path, target: str, into: Path, pattern: str) -> Path:
    hatchling = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into)]
    built = subprocess.run(hatchling, cwd=tree, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = into.glob(pattern)
    return found


def metadata_of(wheel: Path) -> Message:
    """The core metadata that a wheel carries."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode("utf-8"))


def create(
    place: Path, wheel: Path, *extras: str, offered: Iterable[Path] = (), beside: Iterable[str] = ()
) -> Path:
    """An environment at `place` with the wheel, its extras and their needs; returns its interpreter.

    Args:
        place: a directory to make.
        wheel: what is installed.
        extras: which of its extras with it.
        offered: other wheels, of which those are installed that are needed, as `pip install --find-links` does.
        beside: distributions of the development environment that the user has as well, such as pytest.
    """
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    wheels, linked = _needs(
        wheel, {"", *extras}, {metadata_of(each)["Name"]: each for each in (wheel, *offered)}
    )
    linked |= _needs_of_lines(list(beside), {""}, {})[1]
    _pip(python, "install", "--no-deps", "--no-index", *map(str, {wheel, *wheels}))
    (packages,) = (place / "lib").glob("python*/site-packages")
    for needed in linked.values():
        _link(needed, packages)
    return python


def uninstall(python: Path, name: str) -> None:
    """Remove one distribution from an environment."""
    _pip(python, "uninstall", name)


def _pip(python: Path, command: str, *arguments: str) -> None:
    """uv does this in milliseconds; pip takes a second for each environment."""
    uv = [sys.executable, "-m", "uv", "pip", command, "--quiet", "--offline", "--no-config", "--no-cache"]
    subprocess.run([*uv, "--python", str(python), *arguments], check=True)


def _needs(
    wheel: Path, extras: set[str], offered: dict[str, Path]
) -> tuple[list[Path], dict[str, Distribution]]:
    """Every wheel and distribution that a wheel needs with these extras, however indirectly."""
    return _needs_of_lines(metadata_of(wheel).get_all("Requires-Dist", []), extras, offered)


def _needs_of_lines(
    lines: list[str], extras: set[str], offered: dict[str, Path]
) -> tuple[list[Path], dict[str, Distribution]]:
    wheels: list[Path] = []
    found: dict[str, Distribution] = {}
    open_ends = [(line, extras) for line in lines]
    while open_ends:
        line, active = open_ends.pop()
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is not None and not any(marker.evaluate({"extra": extra}) for extra in active):
            continue
        name = canonicalize_name(requirement.name)
        if name in offered:
            about = metadata_of(offered[name])
            assert requirement.specifier.contains(about["Version"]), (
                f"{line}: only {about['Version']} is offered"
            )
            if offered[name] not in wheels:
                wheels.append(offered[name])
                open_ends += [
                    (inner, {"", *requirement.extras}) for inner in about.get_all("Requires-Dist", [])
                ]
        elif name not in found or requirement.extras:
            # The development environment holds this checkout; a wheel must not get at it by way of a need.
            assert not name.startswith("indoxrouter"), f"{line}: no such wheel is offered"
            found[name] = distribution(name)
            open_ends += [(inner, {"", *requirement.extras}) for inner in found[name].requires or []]
    return wheels, found


def _link(needed: Distribution, packages: Path) -> None:
    names = {file.parts[0] for file in needed.files or []} - {"..", "__pycache__"}
    assert names, f"{needed.metadata['Name']} lists no files"
    for name in names:
        target = packages / name
        if not target.exists():
            target.symlink_to(str(needed.locate_file(name)))
