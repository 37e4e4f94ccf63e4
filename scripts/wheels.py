"""Looks at what `make build` made: all distributions are there, each wheel holds its own packages and no other's,
they go together, and the one that most people download stays small. Prints the files with their sizes.

    python scripts/wheels.py dist
"""

from __future__ import annotations

import argparse
import re
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

# The standard library has it since 3.11; before that, `tomli` is the same thing under its own name.
tomllib: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

ROOT = Path(__file__).resolve().parent.parent


class NotFit(Exception):
    """What is wrong with the files that would be published."""


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file."""
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return table


def distributions(root: Path) -> dict[str, set[str]]:
    """The names of the distributions, and the packages and modules that each one's wheel holds."""
    files = [root / "pyproject.toml", *sorted(root.glob("distributions/*/pyproject.toml"))]
    found: dict[str, set[str]] = {}
    for table in map(read_toml, files):
        packages = table["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
        found[table["project"]["name"]] = {PurePosixPath(package).name for package in packages}
    return found


def limit(root: Path) -> int:
    """What the wheel of the client has to stay below, in bytes."""
    value = read_toml(root / "pyproject.toml")["tool"]["indoxrouter"]["wheels"]["client-bytes-below"]
    assert isinstance(value, int)
    return value


def metadata(wheel: Path) -> Message:
    """The core metadata that a wheel carries."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode("utf-8"))


def packages(wheel: Path) -> set[str]:
    """What a wheel holds at its top, its metadata left out."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    return {top for top in tops if not top.endswith(".dist-info")}


def check(directory: Path, root: Path = ROOT) -> None:
    """Raises NotFit with everything that is wrong with the files in `directory`."""
    wheels = {metadata(wheel)["Name"]: wheel for wheel in sorted(directory.glob("*.whl"))}
    wanted = distributions(root)
    wrong: list[str] = []
    for name in sorted(wanted.keys() - wheels.keys()):
        wrong.append(f"no wheel of {name}")
    for name in sorted(wheels.keys() - wanted.keys()):
        wrong.append(f"{wheels[name].name}: there is no distribution {name}")
    version = re.search(
        r'__version__ = "([^"]+)"', (root / "indoxrouter_ext" / "_version.py").read_text(encoding="utf-8")
    )
    assert version is not None
    for name, wheel in wheels.items():
        wrong += _faults(wheel, wanted.get(name, set()), set(wanted), version[1])
        if not list(directory.glob(f"{name.replace('-', '_')}-{version[1]}.tar.gz")):
            wrong.append(f"no source distribution of {name}")
    client = wheels.get("indoxrouter")
    if client is not None and client.stat().st_size >= limit(root):
        wrong.append(
            f"{client.name}: expected less than {limit(root):,} bytes, got {client.stat().st_size:,}; "
            "the limit is in pyproject.toml, [tool.indoxrouter.wheels]"
        )
    if wrong:
        raise NotFit("\n".join(wrong))


def _faults(wheel: Path, own: set[str], ours: set[str], version: str) -> list[str]:
    wrong: list[str] = []
    held = packages(wheel)
    if held - own:
        wrong.append(f"{wheel.name}: holds {', '.join(sorted(held - own))}, which is another wheel's")
    if own - held:
        wrong.append(f"{wheel.name}: lacks {', '.join(sorted(own - held))}")
    about = metadata(wheel)
    if about["Version"] != version:
        wrong.append(f"{wheel.name}: expected version {version}, got {about['Version']}")
    for line in about.get_all("Requires-Dist", []):
        match = re.match(r"([A-Za-z0-9._-]+)\s*([^;]*)", line)
        if match is not None and match[1] in ours and match[2].strip() != f"=={version}":
            wrong.append(f"{wheel.name}: requires {line!r}, expected {match[1]}=={version}")
    return wrong


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 with what is wrong."""
    parser = argparse.ArgumentParser(description="Check the wheels that would be published.")
    parser.add_argument("directory", type=Path, help="where they are, as a rule dist/")
    options = parser.parse_args(arguments)
    try:
        check(options.directory)
    except NotFit as faults:
        for line in str(faults).splitlines():
            print(f"build: {line}", file=sys.stderr)
        return 1
    for file in sorted(options.directory.iterdir()):
        print(f"build: {file.stat().st_size:>9,} bytes  {file.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
