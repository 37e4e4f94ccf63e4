"""The record of the public surface, one for each version, and the gate that it makes.

A version that its changelog heading calls unreleased may still move: `make surface` rewrites its record. One that
was released may not, and later versions may break it only with a version number that allows it.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from ..source.json_types import is_array
from ..source.problems import plural
from ..source.settings import PROJECT, BadSettings, read_pyproject
from .surface import Surface, surface_of
from .surface_compare import Difference, compare_surfaces
from .versions import Bump, current_version, following, may_break, parts

FILE = "surface.json"


@dataclass(frozen=True)
class SurfaceConfig:
    """Where the packages and the records are.

    Attributes:
        roots: the modules whose names are public.
        search: the directories that hold the packages.
        records: the directory with one directory for each version.
        changelog: its headings tell which versions are released.
        version: today's.
        usage: programs of users, never run, that later versions have to accept; a copy is kept with each record.
    """

    roots: list[str]
    search: list[Path]
    records: Path
    changelog: Path
    version: str
    usage: list[Path]

    def record(self, version: str) -> Path:
        """The record of a version."""
        return self.records / version / FILE

    def released(self, version: str) -> bool:
        """Whether the changelog has a date for the version."""
        text = self.changelog.read_text(encoding="utf-8") if self.changelog.exists() else ""
        heading = re.search(rf"^##\s*\[?{re.escape(version)}\]?\s*-\s*(.*)$", text, re.MULTILINE)
        return heading is not None and "unreleased" not in heading[1].lower()

    def before(self) -> list[str]:
        """Recorded versions before today's, the latest last."""
        found = [path.parent.name for path in self.records.glob(f"*/{FILE}")]
        return sorted((v for v in found if parts(v) < parts(self.version)), key=parts)


def load_config(project: Path = PROJECT) -> SurfaceConfig:
    """The configuration in `pyproject.toml`.

    Raises:
        BadSettings: when the table is missing.
    """
    path = project / "pyproject.toml"
    table = read_pyproject(path).get("tool", {}).get("indoxrouter", {}).get("surface")
    if not table or not table.get("modules"):
        raise BadSettings(f"{path}: [tool.indoxrouter.surface] with `modules` is missing")
    return SurfaceConfig(
        roots=[str(name) for name in table["modules"]],
        search=[project / str(name) for name in table.get("search", ["."])],
        records=project / str(table.get("records", "tests/releases")),
        changelog=project / "CHANGELOG.md",
        version=current_version(project),
        usage=[project / str(name) for name in table.get("usage", [])],
    )


def problems(where: SurfaceConfig) -> list[str]:
    """The problems of today's surface; empty when there is none."""
    today = surface_of(where.roots, where.search)
    found: list[str] = []
    recorded = read_record(where.record(where.version))
    if recorded is None:
        found.append(f"the surface of {where.version} is not recorded; remedy: make surface")
    else:
        differences = compare_surfaces(recorded, today)
        found.extend(f"{difference}" for difference in differences)
        if differences:
            found.append(_remedy(where, differences))
    for program in where.usage:
        copy = where.record(where.version).with_name(program.name)
        if not copy.exists() or copy.read_text(encoding="utf-8") != accepted(program):
            found.append(f"{copy} is not what is accepted of {program}; remedy: make surface")
    earlier = [version for version in where.before() if where.released(version)]
    if earlier and not may_break(earlier[-1], where.version):
        old = read_record(where.record(earlier[-1])) or {}
        broken = [difference for difference in compare_surfaces(old, today) if difference.breaks]
        found.extend(f"breaks {earlier[-1]}: {difference}" for difference in broken)
        if broken:
            need = following(earlier[-1], "major")
            found.append(
                f"{where.version} may not break {earlier[-1]}; the version has to be {need} or later"
            )
    return found


def _remedy(where: SurfaceConfig, differences: list[Difference]) -> str:
    count = f"{plural(len(differences), 'difference')} to the record of {where.version}"
    if not where.released(where.version):
        return f"{count}, which is not released; if they are meant: make surface"
    bump: Bump = "major" if any(difference.breaks for difference in differences) else "minor"
    need = following(where.version, bump)
    why = "some of them break code" if bump == "major" else "none of them breaks code"
    return f"{count}, which is released; {why}: the version has to be {need} or later, then: make surface"


def accepted(program: Path) -> str:
    """A program without the lines that today's types refuse: a later version may accept them."""
    text = program.read_text(encoding="utf-8")
    # A body may not be left empty.
    return "\n".join(re.sub(r"^(\s*).*# refused\s*$", r"\1pass", line) for line in text.splitlines()) + "\n"


def read_record(path: Path) -> Surface | None:
    """A recorded surface; None where there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return dict(document["surface"])


def write_record(path: Path, surface: Surface) -> None:
    """Write a record: one line for each parameter, so that its diff reads like the change."""
    rows = ",\n".join(f"    {json.dumps(name)}: {_entry(entry)}" for name, entry in surface.items())
    note = "Written by `make surface`: the public names, signatures and types of this version."
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{{\n  "note": "{note}",\n  "surface": {{\n{rows}\n  }}\n}}\n', encoding="utf-8")


def _entry(entry: dict[str, object]) -> str:
    rest = {key: value for key, value in entry.items() if key != "parameters"}
    parameters = entry.get("parameters")
    if not is_array(parameters) or not parameters:
        return json.dumps(entry, ensure_ascii=False)
    rows = ",\n".join(f"      {json.dumps(row, ensure_ascii=False)}" for row in parameters)
    return f'{json.dumps(rest, ensure_ascii=False)[:-1]}, "parameters": [\n{rows}\n    ]}}'


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


def check(project: Path = PROJECT) -> int:
    """Compare, print the problems, and return the exit code."""
    where = load_config(project)
    found = problems(where)
    for problem in found:
        print(f"surface: {problem}", file=sys.stderr)
    if not found:
        count = len(read_record(where.record(where.version)) or {})
        print(f"the public surface matches the record of {where.version}: {plural(count, 'name')}")
    return 1 if found else 0


def record(project: Path = PROJECT) -> int:
    """Record today's surface, and return the exit code."""
    where = load_config(project)
    today = surface_of(where.roots, where.search)
    path = where.record(where.version)
    old = read_record(path)
    differences = compare_surfaces(old, today) if old is not None else []
    if where.released(where.version) and old is not None and differences:
        for difference in differences:
            print(f"surface: {difference}", file=sys.stderr)
        print(f"surface: {_remedy(where, differences)}; nothing was written", file=sys.stderr)
        return 1
    write_record(path, today)
    for program in where.usage:
        path.with_name(program.name).write_text(accepted(program), encoding="utf-8")
    for difference in differences:
        print(difference)
    shown = path.relative_to(project) if path.is_relative_to(project) else path
    print(
        f"{shown}: {plural(len(today), 'name')}, {plural(len(differences), 'difference')} from the former record"
    )
    return 0
