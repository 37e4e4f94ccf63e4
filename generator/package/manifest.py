"""`MANIFEST.json`: what the package was made from and what it consists of, as hashes. Standard library only.

The inputs' hashes decide whether there is anything to do, before anything heavy is imported.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..source.json_types import is_object
from ..source.settings import GeneratorSettings

NAME = "MANIFEST.json"
FORMAT = 1
GENERATOR = Path(__file__).resolve().parents[1]
# Compiled files, and the upstream bases of our templates, which are kept to compare with and never rendered.
_LEFT_OUT = {"__pycache__", "upstream"}
# Everything whose version may change a byte of the output.
TOOLS = ("jinja2", "openapi-python-client", "ruamel.yaml", "ruff")


def digest(data: bytes) -> str:
    """sha256, as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def tree_digest(root: Path, patterns: tuple[str, ...]) -> str:
    """One hash for the files below a directory, their names included."""
    combined = hashlib.sha256()
    for path in sorted(
        p for pattern in patterns for p in root.rglob(pattern) if "__pycache__" not in p.parts
    ):
        combined.update(
            path.relative_to(root).as_posix().encode() + b"\0" + digest(path.read_bytes()).encode() + b"\n"
        )
    return combined.hexdigest()


@cache
def tool_versions() -> dict[str, str]:
    """Versions of the tools that the output depends on."""
    found: dict[str, str] = {}
    for name in TOOLS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


@dataclass(frozen=True)
class Inputs:
    """Hashes of everything that the package is made from.

    `spec` maps each file of the description to its hash, by path relative to the description itself.
    """

    spec: dict[str, str]
    templates: str
    generator: str
    settings: str
    tools: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """For the manifest."""
        return {
            "spec": self.spec,
            "templates": self.templates,
            "generator": self.generator,
            "settings": self.settings,
            "tools": self.tools,
        }


def inputs_of(settings: GeneratorSettings, spec_files: list[Path]) -> Inputs:
    """Hash the inputs as they are now. `spec_files`: the description first, then what it refers to."""
    base = settings.spec.parent
    return Inputs(
        spec={
            _relative(path, base): digest(path.read_bytes()) if path.exists() else "missing"
            for path in spec_files
        },
        templates=tree_digest(settings.templates, ("*.jinja", "*.py")),
        generator=tree_digest(GENERATOR, ("*.py",)),
        settings=digest(
            json.dumps(
                [
                    settings.package,
                    dict(sorted(settings.front_door.items())),
                    [settings.strict, settings.lenient],
                    _format_settings(),
                ]
            ).encode()
        ),
        tools=dict(tool_versions()),
    )


def _format_settings() -> list[Any]:
    from .formatting import SETTINGS

    return list(SETTINGS)


def _relative(path: Path, base: Path) -> str:
    try:
        return path.relative_to(base).as_posix()
    except ValueError:
        import os

        return Path(os.path.relpath(path, base)).as_posix()


def write_manifest(inputs: Inputs, files: dict[str, bytes]) -> bytes:
    """The manifest as bytes, sorted, so that equal contents are equal bytes."""
    document = {
        "format": FORMAT,
        "note": "Written by `make generate`. `make check` compares it with the files and with what they are made from.",
        "inputs": inputs.as_json(),
        "files": {name: digest(files[name]) for name in sorted(files)},
    }
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def read_manifest(output: Path) -> dict[str, Any] | None:
    """The manifest of a package; None where there is none that can be read."""
    try:
        document = json.loads((output / NAME).read_bytes())
    except (OSError, ValueError):
        return None
    usable = is_object(document) and document.get("format") == FORMAT
    return document if usable and {"inputs", "files"} <= set(document) else None


def files_below(output: Path) -> dict[str, Path]:
    """Every file of a package by relative name, caches and the manifest left out."""
    if not output.is_dir():
        return {}
    found: dict[str, Path] = {}
    for path in sorted(output.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.name != NAME:
            found[path.relative_to(output).as_posix()] = path
    return found


def is_current(settings: GeneratorSettings) -> bool:
    """Whether inputs and files match the manifest, so that generating again would change nothing."""
    manifest = read_manifest(settings.output)
    if manifest is None or not settings.spec.exists():
        return False
    base = settings.spec.parent
    recorded = manifest["inputs"].get("spec")
    if not is_object(recorded) or _relative(settings.spec, base) not in recorded:
        return False
    spec_files = [(base / name).resolve() for name in recorded]
    if inputs_of(settings, spec_files).as_json() != manifest["inputs"]:
        return False
    present = files_below(settings.output)
    return set(present) == set(manifest["files"]) and all(
        digest(path.read_bytes()) == manifest["files"][name] for name, path in present.items()
    )


__all__ = [
    "NAME",
    "Inputs",
    "digest",
    "files_below",
    "inputs_of",
    "is_current",
    "read_manifest",
    "tree_digest",
    "write_manifest",
]
