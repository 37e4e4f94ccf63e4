"""The settings of one run: paths, and `[tool.indoxrouter.generator]` in `pyproject.toml`."""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from .json_types import is_object

# By name, because checkers that read this for Python 3.10, the SDK's oldest, know no tomllib. The generator needs 3.11.
tomllib: Any = import_module("tomllib")

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = PROJECT / "templates"
LAYER = PROJECT / "indoxrouter_ext"


class BadSettings(Exception):
    """A setting of `pyproject.toml` or of the command line is invalid."""


@dataclass(frozen=True)
class GeneratorSettings:
    """One run of the generator.

    Attributes:
        spec: the description.
        output: the directory that becomes the package.
        package: the package's name.
        front_door: name -> module, for names of the layer above that the package exports, including `__version__`.
        templates: the directory with the templates.
        strict: refuse keywords of schemas that JSON Schema does not know; they are annotations otherwise.
        distribution: write a project that can be installed, with the package as a folder of it.
        lenient: leave out what has a problem, and report it, in place of refusing the description.
        house_rules: `lint` checks the conventions of this project's own description as well.
        derived: what each file that follows from the package is called -> the Python module that writes it.
    """

    spec: Path
    output: Path
    package: str
    front_door: dict[str, str] = field(default_factory=dict[str, str])
    templates: Path = TEMPLATES
    strict: bool = False
    lenient: bool = False
    house_rules: bool = False
    derived: dict[str, str] = field(default_factory=dict[str, str])
    distribution: bool = False


def load(
    *,
    spec: Path | None = None,
    output: Path | None = None,
    package: str | None = None,
    strict: bool = False,
    lenient: bool = False,
    distribution: bool = False,
    project: Path = PROJECT,
) -> GeneratorSettings:
    """Settings from `pyproject.toml`, overridden by arguments of the command line.

    The front door belongs to the configured package: a package of another name stands alone.

    Raises:
        BadSettings: naming the key.
    """
    table = _table(project / "pyproject.toml")
    configured = str(table.get("package", "indoxrouter"))
    package = package or configured
    if not package.isidentifier() or keyword.iskeyword(package):
        raise BadSettings(f"--package: {package!r} cannot be the name of a Python package")
    if distribution and package == configured:
        raise BadSettings(f"--project: {package} has a project already; name another package with --package")
    spec = spec or project / str(table.get("spec", "openapi.yaml"))
    output = output or project / str(table.get("output", "generated")) / package
    return GeneratorSettings(
        spec=spec.resolve(),
        output=output.resolve(),
        package=package,
        front_door=_modules(table, "front-door") if package == configured else {},
        strict=strict or (package == configured and table.get("strict") is True),
        lenient=lenient,
        house_rules=package == configured and table.get("house-rules") is True,
        derived=_modules(table, "derived") if package == configured else {},
        distribution=distribution,
    )


def read_pyproject(path: Path) -> dict[str, Any]:
    """A `pyproject.toml`; empty where there is none.

    Raises:
        BadSettings: when it is not TOML.
    """
    try:
        return dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path}: {error}") from error


def _table(path: Path) -> dict[str, Any]:
    document = read_pyproject(path)
    table = document.get("tool", {}).get("indoxrouter", {}).get("generator", {})
    if not is_object(table):
        raise BadSettings(f"{path}: [tool.indoxrouter.generator] has to be a table")
    return table


def _modules(table: dict[str, Any], key: str) -> dict[str, str]:
    """A table of modules by what they stand for."""
    modules = table.get(key, {})
    for name, module in modules.items():
        if not isinstance(module, str) or not all(part.isidentifier() for part in module.split(".")):
            raise BadSettings(f"{key}.{name}: expected the name of a module, got {module!r}")
        if key == "front-door" and not name.isidentifier():
            raise BadSettings(f"{key}: {name!r} cannot be a Python name")
    return dict(modules)
