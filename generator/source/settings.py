"""Where things are, and what `pyproject.toml` says under `[tool.indoxrouter.generator]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from .json_types import is_object

# By name, because checkers that read this for Python 3.10, the SDK's oldest, know no tomllib. The generator needs 3.11.
tomllib: Any = import_module("tomllib")

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = PROJECT / "templates"


class BadSettings(Exception):
    """`pyproject.toml` says something that the generator can not follow."""


@dataclass(frozen=True)
class Settings:
    """One run of the generator.

    Attributes:
        spec: the description.
        output: the directory that becomes the package.
        package: the package's name.
        front_door: name -> module, for names of the layer above that the package hands out; `__version__` among them.
        templates: the directory with the templates.
    """

    spec: Path
    output: Path
    package: str
    front_door: dict[str, str] = field(default_factory=dict[str, str])
    templates: Path = TEMPLATES


def load(
    *,
    spec: Path | None = None,
    output: Path | None = None,
    package: str | None = None,
    project: Path = PROJECT,
) -> Settings:
    """Settings from `pyproject.toml`, overridden by what the command line gave.

    The front door belongs to the configured package: a package of another name stands alone.

    Raises:
        BadSettings: naming the key.
    """
    table = _table(project / "pyproject.toml")
    configured = str(table.get("package", "indoxrouter"))
    package = package or configured
    if not package.isidentifier():
        raise BadSettings(f"--package: {package!r} can not be the name of a Python package")
    spec = spec or project / str(table.get("spec", "openapi.yaml"))
    output = output or project / str(table.get("output", "generated")) / package
    return Settings(
        spec=spec.resolve(),
        output=output.resolve(),
        package=package,
        front_door=_front_door(table) if package == configured else {},
    )


def read_pyproject(path: Path) -> dict[str, Any]:
    """A `pyproject.toml`; empty where there is none.

    Raises:
        BadSettings: when it is no TOML.
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


def _front_door(table: dict[str, Any]) -> dict[str, str]:
    names = table.get("front-door", {})
    for name, module in names.items():
        if not isinstance(module, str) or not all(part.isidentifier() for part in module.split(".")):
            raise BadSettings(f"front-door.{name}: expected the name of a module, got {module!r}")
        if not name.isidentifier():
            raise BadSettings(f"front-door: {name!r} can not be a Python name")
    return dict(names)


__all__ = ["PROJECT", "TEMPLATES", "BadSettings", "Settings", "load", "read_pyproject"]
