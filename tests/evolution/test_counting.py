"""Counting from outside: what a plain reader of a foreign description finds is reachable in the package, by name."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.evolution import test_foreign
from tests.evolution.test_foreign import BASELINES, FINE, FOREIGN, generated, mended

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
IGNORED = (
    "accept",
    "content-type",
    "authorization",
)  # OpenAPI says that parameters of these names are ignored
packages = test_foreign.packages
pytestmark = pytest.mark.xdist_group("foreign")


class Outside:
    """A description read with yaml and nothing of the generator."""

    def __init__(self, spec: Path) -> None:
        self.document: dict[str, Any] = yaml.safe_load(spec.read_text(encoding="utf-8"))

    def follow(self, value: Any) -> Any:
        while isinstance(value, dict) and "$ref" in value:
            target: Any = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            value = target
        return value

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any], list[Any]]]:
        """Method, path, operation, and the parameters of its path."""
        for path, item in self.document["paths"].items():
            found = self.follow(item)
            for method in METHODS:
                if method in found:
                    yield method.upper(), path, self.follow(found[method]), found.get("parameters", [])

    def elements(self) -> set[tuple[str, ...]]:
        """Every element that a caller needs: parameters, media types, statuses."""
        found: set[tuple[str, ...]] = set()
        for method, path, operation, shared in self.operations():
            key = (method, path.partition("#")[0])
            found.add(key)
            for entry in [*shared, *operation.get("parameters", [])]:
                parameter = self.follow(entry)
                if parameter["in"] != "header" or parameter["name"].lower() not in IGNORED:
                    found.add((*key, parameter["in"], parameter["name"]))
            content = self.follow(operation.get("requestBody", {})).get("content", {})
            found.update((*key, "sends", media_type) for media_type in content)
            for status, response in operation["responses"].items():
                succeeds = str(status)[0] in "23"
                types = self.follow(response).get("content") or {None: None} if succeeds else {}
                found.update((*key, str(status), str(media_type)) for media_type in types)
        return found


def reachable(package: str) -> set[tuple[str, ...]]:
    """The same elements, as the descriptors of the package have them."""
    about = importlib.import_module(f"{package}.about")
    client = importlib.import_module(package).ApiClient("http://127.0.0.1:9")
    found: set[tuple[str, ...]] = set()
    for name, (tag, method) in about.OPERATIONS.items():
        assert callable(getattr(getattr(client.api, tag), method)), name
        operation = about.load_operation(name)
        key = (operation.method, operation.path)
        found.add(key)
        found.update((*key, parameter.where, parameter.wire) for parameter in operation.parameters)
        found.update((*key, "sends", body.media_type) for body in operation.bodies)
        found.update((*key, answer.status, str(answer.media_type)) for answer in operation.responses)
    return found


@pytest.mark.parametrize("name", [*(f"{name}.yaml" for name in FINE), *BASELINES])
def test_every_element_is_reachable(name: str, packages: Path) -> None:
    spec = mended(name, packages) if name in BASELINES else FOREIGN / name
    outside, package = Outside(spec), generated(spec, packages).name
    elements = outside.elements()
    assert elements or name == "docstrings_on_attributes.yaml"  # which has schemas alone
    assert elements - reachable(package) == set()


@pytest.mark.parametrize("name", [*(f"{name}.yaml" for name in FINE), *BASELINES])
def test_every_property_of_a_schema_is_an_attribute(name: str, packages: Path) -> None:
    spec = mended(name, packages) if name in BASELINES else FOREIGN / name
    models = importlib.import_module(f"{generated(spec, packages).name}.models")
    known = [
        set(schema.by_wire)
        for schema in (getattr(getattr(models, found), "_schema_", None) for found in models.__all__)
        if schema is not None
    ]
    schemas = Outside(spec).document.get("components", {}).get("schemas", {})
    declared = {schema: set(value.get("properties", {})) for schema, value in schemas.items()}
    assert declared or name in ("callback-example.yaml", "specific_3.1.yaml")  # which have none
    assert [
        schema for schema, wires in declared.items() if not any(wires <= fields for fields in known)
    ] == []
