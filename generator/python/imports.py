"""Import lines for what a module's code refers to."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from openapi_python_client.strings import PythonCode

from ..schema.components import Components
from ..schema.names import safe
from ..source.settings import PROJECT
from .py_source import RequiredImports

# Codecs of a module of `templates/optional`: only packages that use them have it.
_OPTIONAL = {
    "array_of": "places",
    "patterns": "places",
    **{
        form: "encoded_text"
        for name in ("uuid_text", "base64_text", "base64url_text")
        for form in (name, name.upper())
    },
}
# A class, a function or a variable of a module.
_DEFINED = re.compile(r"^(?:class |def )?(\w+)(?=\(|:| = )", re.MULTILINE)
OPTIONS = "CallOptions"
"""The options of a call, in the layer above: methods take its fields as keywords."""
# What the methods use themselves, beside the options.
_OF_METHODS = frozenset({"answer", "kwargs", "options", "provider_params"})
_NEWER = frozenset({"Unpack"})  # not in the `typing` of the oldest Python that is supported


class Imports:
    """Knows the module of every name: from the sources of the runtime, and from the components.

    Attributes:
        taken: keywords of every method, which none of its arguments may be called; empty for a standalone package.
    """

    def __init__(self, runtime: Path, components: Components, front_door: dict[str, str]) -> None:
        self._components = components
        self._front_door = front_door
        self.taken = _OF_METHODS | _fields(front_door[OPTIONS]) if OPTIONS in front_door else frozenset[str]()
        self._runtime: dict[str, str] = {}
        for path in sorted(runtime.rglob("*.py")):
            module = ".".join(path.relative_to(runtime).with_suffix("").parts)
            for name in _DEFINED.findall(path.read_text(encoding="utf-8")):
                self._runtime.setdefault(name, module)

    def runtime_module(self, name: str) -> str:
        """The module of `_runtime` that defines a name."""
        try:
            return self._runtime[name]
        except KeyError:
            raise LookupError(f"templates/runtime defines no {name}") from None

    def asynchronous_class(self, name: str) -> str | None:
        """The response class that only the asynchronous client has in place of another, if there is one."""
        async_name = f"Async{name}"
        return async_name if async_name in self._front_door else None

    def above(self, name: str) -> bool:
        """Whether the layer above the package has the name. A standalone package has no such layer."""
        return name in self._front_door

    def argument(self, name: str) -> str:
        """The name of a method's argument: with an underscore, where an option of the call has the name."""
        return safe(name, self.taken)

    def codec_lines(self, needs: RequiredImports, up: str) -> list[PythonCode]:
        """The codecs that a table refers to. `up` is the dots that lead to the package."""
        found: dict[str, list[str]] = {}
        for name in sorted(needs.codec):
            found.setdefault(_OPTIONAL.get(name, "factory"), []).append(name)
        return [
            PythonCode(f"from {up}_runtime.codecs.{module} import {', '.join(names)}")
            for module, names in sorted(found.items())
        ]

    def checking_lines(self, needs: RequiredImports, up: str, *, here: str | None = None) -> list[PythonCode]:
        """The imports of annotations, for the block that only type checkers read.

        A class of the layer above that stands for a schema is meant wherever the schema is named, but inside `models/`.

        Args:
            needs: the names that the annotations use.
            up: the dots that lead to the package.
            here: this module of `models/`; None elsewhere.
        """
        lines: list[str] = []
        above = (
            needs.front_door if here is not None else needs.front_door | needs.models & {*self._front_door}
        )
        lines.extend(f"import {module}" for module in sorted(needs.modules))
        if needs.collections:
            lines.append(f"from collections.abc import {', '.join(sorted(needs.collections))}")
        if needs.typing - _NEWER:
            lines.append(f"from typing import {', '.join(sorted(needs.typing - _NEWER))}")
        if needs.typing & _NEWER:
            lines.append(f"from typing_extensions import {', '.join(sorted(needs.typing & _NEWER))}")
        for name in sorted(needs.runtime):
            lines.append(f"from {up}_runtime.{self.runtime_module(name)} import {name}")
        for module, names in self._by_module(needs.models - above).items():
            if module != here:
                lines.append(f"from {up}models.{module} import {', '.join(names)}")
        if needs.params:
            lines.append(f"from {up}params import {', '.join(sorted(needs.params))}")
        if above:  # through the package itself, which alone knows where these names live
            lines.append(f"from {up} import {', '.join(sorted(above))}")
        return [PythonCode(line) for line in lines]

    def _by_module(self, models: set[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in sorted(models):
            found.setdefault(self._components[name].module, []).append(name)
        return dict(sorted(found.items()))


def _fields(module: str) -> frozenset[str]:
    """The fields of the TypedDicts of a module."""
    tree = ast.parse((PROJECT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    rows = (row for item in tree.body if isinstance(item, ast.ClassDef) for row in item.body)
    return frozenset(
        row.target.id for row in rows if isinstance(row, ast.AnnAssign) and isinstance(row.target, ast.Name)
    )
