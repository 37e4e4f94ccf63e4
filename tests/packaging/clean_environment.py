"""Environments that hold a built wheel and what it declares to need, and nothing else.

The needs are taken from the wheel's own metadata and linked in from the development environment, one
distribution at a time. So no network is asked, it takes a moment, and a need that the wheel forgets to declare is
missing here as it would be on a user's machine. (A `.pth` to the development environment would hide that.)
"""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from email.message import Message
from email.parser import Parser
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def build_wheel(checkout: Path, into: Path) -> Path:
    """Build the wheel of a checkout with the hatchling that is installed here, without asking an index."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    offline = ["--no-deps", "--no-build-isolation", "--no-index"]
    built = subprocess.run(
        [*pip, *offline, "--wheel-dir", str(into), str(checkout)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = into.glob("*.whl")
    return wheel


def build_sdist(checkout: Path, into: Path) -> Path:
    """Build the source distribution of a checkout, the same way."""
    hatchling = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(into)]
    built = subprocess.run(hatchling, cwd=checkout, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (sdist,) = into.glob("*.tar.gz")
    return sdist


def metadata_of(wheel: Path) -> Message:
    """The core metadata that a wheel carries."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode("utf-8"))


def create(place: Path, wheel: Path, *extras: str) -> Path:
    """An environment at `place` with the wheel, its extras and their needs; returns its interpreter."""
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    (packages,) = (place / "lib").glob("python*/site-packages")
    for needed in _needs(metadata_of(wheel), {"", *extras}).values():
        _link(needed, packages)
    return python


def _needs(wheel: Message, extras: set[str]) -> dict[str, Distribution]:
    """Every distribution that the wheel needs with these extras, however indirectly, by its name."""
    found: dict[str, Distribution] = {}
    open_ends = [(line, extras) for line in wheel.get_all("Requires-Dist", [])]
    while open_ends:
        line, active = open_ends.pop()
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is not None and not any(marker.evaluate({"extra": extra}) for extra in active):
            continue
        name = canonicalize_name(requirement.name)
        if name not in found or requirement.extras:
            found[name] = distribution(name)
            open_ends += [(inner, {"", *requirement.extras}) for inner in found[name].requires or []]
    return found


def _link(needed: Distribution, packages: Path) -> None:
    names = {file.parts[0] for file in needed.files or []} - {"..", "__pycache__"}
    assert names, f"{needed.metadata['Name']} lists no files"
    for name in names:
        target = packages / name
        if not target.exists():
            target.symlink_to(str(needed.locate_file(name)))
