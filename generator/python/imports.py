"""Import lines for the names that the code of a module uses.

The names are found in the text of the module, where docstrings name some that no code uses: ruff removes the imports
of those.
"""

from __future__ import annotations

import ast
import re

from ..schema.components import Components
from ..schema.names import safe
from ..source.settings import PROJECT

OPTIONS = "CallOptions"
"""The options of a call, in the layer above: methods take its fields as keywords."""
# What the methods use themselves, beside the options.
_OF_METHODS = frozenset({"answer", "kwargs", "options", "provider_params"})
# What annotations use beside the classes of the description. A module with a dot is one of the package.
ANNOTATIONS = {
    **dict.fromkeys(("Any", "ClassVar", "Final", "Literal", "TypeAlias"), "typing"),
    **dict.fromkeys(("Iterable", "Mapping", "Sequence"), "collections.abc"),
    "Unpack": "typing_extensions",  # not in the `typing` of the oldest Python that is supported
    "FileInput": "._runtime.codecs.multipart",
    "JsonValue": "._runtime.values.unset",
    "Unset": "._runtime.values.unset",
}
_WHOLE_MODULES = frozenset({"datetime", "uuid"})
# What the client of a package that stands alone answers with.
_STANDALONE = ("AsyncStream", "Redirect", "Stream")
CODECS = {
    **dict.fromkeys(
        [
            "ANY", "BINARY", "BOOLEAN", "BYTES", "DATE", "DATETIME", "INTEGER", "NULL", "NUMBER", "STRING", "TEXT",
            "alias", "array", "const", "enum", "integer", "json_text", "mapping", "model", "nullable",
            "number", "string", "union", "upload",
        ],
        "._runtime.codecs.factory",
    ),
    "Variant": "._runtime.codecs.composites",
    # Modules of `templates/optional`: only packages that use them have them.
    **dict.fromkeys(("array_of", "patterns"), "._runtime.codecs.places"),
    **dict.fromkeys(
        (
            "BASE64URL_TEXT", "BASE64_TEXT", "UUID_TEXT", "base64_text", "base64url_text", "uuid_text",
        ),
        "._runtime.codecs.encoded_text",
    ),
}  # fmt: skip
_WORD = re.compile(r"[^\W\d]\w*")
_STRING = re.compile(r'"""(?s:\\.|[^\\])*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')
# A word that is no keyword of a call, no argument and no attribute.
_USED = re.compile(r"\b[^\W\d]\w*\b(?!\s*[:=])")


class Imports:
    """Knows the module of every name.

    Attributes:
        taken: keywords of every method, which none of its arguments may be called; empty for a standalone package.
    """

    def __init__(self, components: Components, params: dict[str, str], front_door: dict[str, str]) -> None:
        self._front_door = front_door
        self.taken = _OF_METHODS | _fields(front_door[OPTIONS]) if OPTIONS in front_door else frozenset[str]()
        self._inside = {
            **ANNOTATIONS,
            **{each.name: f".models.{each.module}" for each in components if each.kind != "enum"},
        }
        # Outside `models/`, the name of a schema means the class of the layer above that stands for it.
        # These classes are imported from the package itself, which alone knows where they live.
        self._outside = {
            **self._inside,
            **dict.fromkeys(params.values(), ".params"),
            **dict.fromkeys(front_door or _STANDALONE, "."),
        }

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

    def codecs(self, code: str, path: str) -> list[str]:
        """The imports of the codecs that the tables of a module use. `path`: of the module, in the package."""
        names = CODECS.keys() & set(_USED.findall(_STRING.sub("", code)))
        return [_line(name, CODECS[name], path) for name in sorted(names)]

    def annotations(self, code: str, path: str) -> list[str]:
        """The imports of the annotations of a module, for the block that only type checkers read."""
        modules = self._inside if path.startswith("models/") else self._outside
        own = f".{path.removesuffix('.py').replace('/', '.')}"
        words = set(_WORD.findall(code))
        names = sorted(name for name in modules.keys() & words if modules[name] != own)
        return [
            *(f"import {module}" for module in sorted(_WHOLE_MODULES & words)),
            *(_line(name, modules[name], path) for name in names),
        ]


def _line(name: str, module: str, path: str) -> str:
    up = "." * path.count("/") if module.startswith(".") else ""
    return f"from {up}{module} import {name}"


def _fields(module: str) -> frozenset[str]:
    """The fields of the TypedDicts of a module."""
    tree = ast.parse((PROJECT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    rows = (row for item in tree.body if isinstance(item, ast.ClassDef) for row in item.body)
    return frozenset(
        row.target.id for row in rows if isinstance(row, ast.AnnAssign) and isinstance(row.target, ast.Name)
    )
