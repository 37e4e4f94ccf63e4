"""Makes the distributions of this repository: `indoxrouter`, the client; `indoxrouter-mock`, `indoxrouter-cli` and
`indoxrouter-bulk`; and the adapters, such as `indoxrouter-langchain`, each of which holds one package and requires the
client in its own version.

`indoxrouter` has two forms:

- **Published**: built from its source distribution, as `python -m build` does. It holds the client alone; its extras
  `mock`, `cli` and `bulk` require the distributions of these names, in the very same version.
- **Whole**: built from a checkout. It holds all packages, scripts and plugins, and its extras require what those run
  on: who tries a commit needs nothing of ours from an index.

A tree with `PKG-INFO` at its top is an unpacked source distribution. Hatchling reads the extras from that file, so what
a source distribution says of itself is what comes of it.

The requirements stand in `[tool.indoxrouter.extras]` of the `pyproject.toml` at the top; scripts and plugins in those
under `distributions/`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

# The standard library has it since 3.11; before that, `tomli` is the same thing under its own name.
tomllib: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

CLIENT = "indoxrouter"
SIBLINGS = ("mock", "cli", "bulk")
"""The extras that are distributions of their own when published: `indoxrouter-<extra>` is made in
`distributions/<extra>` and holds the package `indoxrouter_<extra>`."""
WHOLE_ONLY = ("dev",)
"""Extras that make sense beside a Makefile and tests only."""
SHARED = ("requires-python", "license", "authors")
"""What the `pyproject.toml` at the top says for all of them."""


class _Tree:
    """Where the sources of one distribution are: in a checkout, or in its own unpacked source distribution.

    Those of a sibling are at the top of a checkout, two directories up. Its source distribution has copies.
    """

    def __init__(self, root: str, name: str) -> None:
        self.root = Path(root)
        self.extra = name.removeprefix(f"{CLIENT}-") if name != CLIENT else None
        self.unpacked = (self.root / "PKG-INFO").is_file()
        self.top = self.root if self.extra is None or self.unpacked else self.root.parents[1]

    def project(self) -> dict[str, Any]:
        """The `pyproject.toml` at the top of the repository."""
        table: dict[str, Any] = tomllib.loads((self.top / "pyproject.toml").read_text(encoding="utf-8"))
        return table

    def siblings(self) -> list[dict[str, Any]]:
        """The `[project]` tables of the siblings."""
        files = [self.top / "distributions" / extra / "pyproject.toml" for extra in SIBLINGS]
        return [tomllib.loads(file.read_text(encoding="utf-8"))["project"] for file in files]


class Metadata(MetadataHookInterface):
    """Fills in the dynamic fields."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called with the `[project]` table where a field of it is still open."""
        tree = _Tree(self.root, metadata["name"])
        if tree.extra is not None:
            self._sibling(metadata, tree)
        elif tree.unpacked:
            metadata.update({"scripts": {}, "entry-points": {}})
        else:
            metadata["optional-dependencies"] = tree.project()["tool"]["indoxrouter"]["extras"]
            metadata.update(commands_and_plugins(tree))

    def _sibling(self, metadata: dict[str, Any], tree: _Tree) -> None:
        project = tree.project()
        for field in SHARED:
            metadata[field] = project["project"][field]
        own = self.config.get("classifiers", [])
        metadata["classifiers"] = sorted({*project["project"]["classifiers"], *own})
        needs = [f"{name}=={metadata['version']}" for name in self.config.get("same-version", [])]
        extras = project["tool"]["indoxrouter"]["extras"]
        metadata["dependencies"] = [*needs, *extras.get(tree.extra, []), *self.config.get("requires", [])]


class Contents(BuildHookInterface[Any]):
    """Takes in the files that lie outside the packages named in `pyproject.toml`, and tells the forms apart."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Runs for each target; `version` is "standard" or "editable"."""
        tree = _Tree(self.root, self.metadata.name)
        if self.target_name == "sdist":
            self._source(tree, build_data["force_include"])
        elif version == "standard":
            self._wheel(tree, build_data["force_include"])
        elif tree.extra is not None:
            raise ValueError(
                f"for {self.metadata.name} in editable form, install the checkout: pip install -e ."
            )
        elif tree.unpacked:
            # To work on an unpacked source distribution: its directory is on the path, and all packages with it.
            for field, found in commands_and_plugins(tree).items():
                getattr(self.metadata.core, field.replace("-", "_")).update(found)

    def _source(self, tree: _Tree, files: dict[str, str]) -> None:
        if tree.extra is None:
            # Says in PKG-INFO what the wheel that is made of it will say. The metadata hook is not told of its target.
            extras = self.metadata.core.optional_dependencies
            for name in WHOLE_ONLY:
                extras.pop(name, None)
            for name in SIBLINGS:
                extras[name] = [f"{CLIENT}-{name}=={self.metadata.version}"]
        elif not tree.unpacked:
            files.pop(str(tree.root / "hatch_build.py"))  # leads to this file, which takes its place
            files[str(tree.top / "hatch_build.py")] = "hatch_build.py"
            files.update(package(tree.top, tree.extra))

    def _wheel(self, tree: _Tree, files: dict[str, str]) -> None:
        for extra in () if tree.unpacked else SIBLINGS if tree.extra is None else (tree.extra,):
            files.update(package(tree.top, extra))


def commands_and_plugins(tree: _Tree) -> dict[str, dict[str, Any]]:
    """The scripts and entry points of the siblings, for one that holds their packages."""
    scripts: dict[str, Any] = {}
    entry_points: dict[str, dict[str, str]] = {}
    for project in tree.siblings():
        scripts.update(project.get("scripts", {}))
        for group, names in project.get("entry-points", {}).items():
            entry_points.setdefault(group, {}).update(names)
    return {"scripts": scripts, "entry-points": entry_points}


def package(top: Path, extra: str) -> dict[str, str]:
    """What goes into an archive for this extra: paths of the machine to paths in the archive.

    The mock's copy of the spec is made here and not by `force-include`, because that would also drop a copy into
    editable installs, where it would go stale: in a checkout the mock reads the file at the top.
    """
    name = f"{CLIENT}_{extra}"
    files = {str(top / name): name}
    if extra == "mock":
        spec = top / "openapi.yaml"
        if not spec.is_file():
            raise FileNotFoundError(f"{spec} is missing: without the spec there is no mock server")
        files[str(spec)] = f"{name}/openapi.yaml"
    return files
