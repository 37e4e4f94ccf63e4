"""An edit of a description, and what a user does with the package that comes of it."""

from __future__ import annotations

import copy
import textwrap
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
BASE = HERE / "base.yaml"


@dataclass(frozen=True)
class Edit:
    """One edit that has to work from end to end.

    Attributes:
        name: in a few words.
        change: YAML that is laid over the base description; a key with `~` is taken away.
        use: Python that a user writes then. It is type-checked, and run against the mock: `client` is the package's
            client, `sent()` the last request that arrived. Every word of it has to be right for both.
        files: other files beside the description, by name.
    """

    name: str
    change: str
    use: str
    files: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def package(self) -> str:
        """A name for the package."""
        return "".join(c if c.isalnum() and c.isascii() else "_" for c in self.name.lower())

    def document(self) -> dict[str, Any]:
        """The edited description."""
        return overlaid(self.change)

    def write(self, directory: Path) -> Path:
        """The edited description as a file, what it refers to beside it."""
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            (directory / name).write_text(textwrap.dedent(text), encoding="utf-8")
        path = directory / "openapi.yaml"
        path.write_text(
            yaml.safe_dump(self.document(), sort_keys=False, allow_unicode=True), encoding="utf-8"
        )
        return path

    def program(self) -> str:
        """What the user writes, as a module."""
        use = self.use.replace("package_name", self.package)
        body = textwrap.indent(textwrap.dedent(use).strip(), "    ")
        return (
            "from __future__ import annotations\n\nimport datetime\nfrom collections.abc import Callable\n"
            f"from typing import Any\n\nimport {self.package} as package\n"
            f"from {self.package} import ApiClient, models\n\n\n"
            f"def use(client: ApiClient, sent: Callable[[], dict[str, Any]]) -> None:\n{body}\n"
        )


def echoing(schemas: str) -> str:
    """An operation that takes a `Thing` and gives one back, and the schemas for it, indented by four."""
    carried = "{content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}"
    return f"""
paths:
  /things:
    post:
      operationId: echoThing
      tags: [things]
      requestBody: {carried}, required: true}}
      responses: {{'200': {carried}, description: Fine.}}}}
components:
  schemas:
{schemas}
"""


@cache
def _base() -> dict[str, Any]:
    base: dict[str, Any] = yaml.safe_load(BASE.read_text(encoding="utf-8"))
    return base


def overlaid(change: str) -> dict[str, Any]:
    """The base description with YAML laid over it."""
    return _merged(_base(), yaml.safe_load(textwrap.dedent(change)) or {})


def _merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(base)
    for key, value in change.items():
        key = str(key)
        if value is None:
            del merged[key]
        elif isinstance(value, dict) and isinstance(merged.get(key), dict) and value.keys() != {"$ref"}:
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = value
    return merged


__all__ = ["BASE", "Edit", "echoing", "overlaid"]
