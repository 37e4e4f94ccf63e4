"""Counting from outside: what a plain reader of a description finds, and what a package made from it has.

`python -m tests.evolution.counting SPEC PACKAGE` prints what is missing, with the package on the path.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.fields import fields_of

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# OpenAPI says that parameters of these names are ignored.
IGNORED = ("accept", "content-type", "authorization")

Element = tuple[str, ...]


class Outside:
    """A description read with yaml and nothing of the generator."""

    def __init__(self, spec: Path) -> None:
        text = spec.read_text(encoding="utf-8")
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        is_json = text.lstrip().startswith("{")
        self.document: dict[str, Any] = json.loads(text) if is_json else yaml.load(text, loader)

    def follow(self, value: Any) -> Any:
        """The end of a chain of references."""
        found: Any = value
        while isinstance(found, dict) and "$ref" in found:
            target: Any = self.document
            parts: list[str] = str(found["$ref"]).removeprefix("#/").split("/")
            for part in parts:
                part = part.replace("~1", "/").replace("~0", "~")
                target = target[int(part) if isinstance(target, list) else part]
            found = target
        return found

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any], list[Any]]]:
        """Method, path, operation, and the parameters of its path."""
        for path, item in (self.document.get("paths") or {}).items():
            found = self.follow(item)
            for method in METHODS:
                if method in found:
                    yield method.upper(), path, self.follow(found[method]), found.get("parameters") or []

    def elements(self) -> set[Element]:
        """Every element that a caller needs: parameters, media types, statuses, bodies of failures."""
        found: set[Element] = set()
        for method, path, operation, shared in self.operations():
            key = (method, path.partition("#")[0])
            found.add(key)
            for entry in [*shared, *(operation.get("parameters") or [])]:
                parameter = self.follow(entry)
                if parameter["in"] != "header" or parameter["name"].lower() not in IGNORED:
                    found.add((*key, parameter["in"], parameter["name"]))
            content = self.follow(operation.get("requestBody", {})).get("content", {})
            found.update((*key, "sends", media_type) for media_type in content)
            for status, response in operation["responses"].items():
                answer = self.follow(response)
                if str(status)[0] in "23":
                    types = answer.get("content") or {None: None}
                    found.update((*key, str(status).upper(), str(media_type)) for media_type in types)
                elif str(status)[0] in "45" and _has_json_schema(answer):
                    found.add((*key, str(status).upper(), "error.body"))
        return found

    def properties(self) -> dict[str, set[str]]:
        """The properties of each named schema that is an object of its own."""
        schemas = (self.document.get("components") or {}).get("schemas") or {}
        return {
            name: set(value["properties"])
            for name, value in schemas.items()
            if isinstance(value, dict) and value.get("properties") and "$ref" not in value
        }


def _has_json_schema(answer: dict[str, Any]) -> bool:
    """Whether a failure documents a schema for a JSON body."""
    return any(
        "json" in media_type.partition(";")[0] and (holder or {}).get("schema")
        for media_type, holder in (answer.get("content") or {}).items()
    )


def reachable(package: str) -> set[Element]:
    """The same elements, as the descriptors of a package have them."""
    about = importlib.import_module(f"{package}.about")
    client = importlib.import_module(package).ApiClient("http://127.0.0.1:9")
    found: set[Element] = set()
    for name, (tag, method) in about.OPERATIONS.items():
        assert callable(getattr(getattr(client.api, tag), method)), name
        operation = about.load_operation(name)
        key = (operation.method, operation.path)
        found.add(key)
        found.update((*key, parameter.where, parameter.wire) for parameter in operation.parameters)
        found.update((*key, "sends", body.media_type) for body in operation.bodies)
        found.update((*key, answer.status, str(answer.media_type)) for answer in operation.responses)
        found.update((*key, status, "error.body") for status in operation.error_bodies)
    return found


def schemas_without(package: str, declared: dict[str, set[str]]) -> list[str]:
    """The schemas whose properties no class of a package has together."""
    models = importlib.import_module(f"{package}.models")
    found = [getattr(models, name) for name in models.__all__]
    known = [set(fields_of(kind)) for kind in found if isinstance(kind, type) and hasattr(kind, "to_dict")]
    return [name for name, wires in declared.items() if not any(wires <= fields for fields in known)]


def main() -> int:
    """Count, and print what is missing; the exit code is 1 where something is."""
    spec, package = Path(sys.argv[1]), sys.argv[2]
    outside = Outside(spec)
    elements, properties = outside.elements(), outside.properties()
    missing = sorted(" ".join(element) for element in elements - reachable(package))
    missing.extend(f"schema {name}" for name in schemas_without(package, properties))
    for line in missing:
        print(f"missing: {line}")
    print(f"counted: {len(elements)} elements, {sum(map(len, properties.values()))} properties")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
