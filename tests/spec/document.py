"""openapi.yaml as tests read it: loaded once, walked, resolved, turned into validators."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

PATH = Path(__file__).resolve().parents[2] / "openapi.yaml"
TEXT = PATH.read_text(encoding="utf-8")
SPEC: dict[str, Any] = yaml.load(TEXT, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
SCHEMAS: dict[str, Any] = SPEC["components"]["schemas"]
METHODS = ("get", "post", "put", "patch", "delete")


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """The object that a `$ref` stands for, or the object itself."""
    while "$ref" in node:
        target: Any = SPEC
        for piece in node["$ref"].removeprefix("#/").split("/"):
            target = target[piece]
        node = target
    return node


def operations() -> dict[str, dict[str, Any]]:
    """Every operation by its id, with `path` and `method` added."""
    return {
        operation["operationId"]: {"path": path, "method": method, **operation}
        for path, item in SPEC["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


OPERATIONS = operations()


def parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The parameters of an operation by name."""
    return {parameter["name"]: parameter for parameter in map(resolve, operation.get("parameters", []))}


def fields(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The body fields of an operation by name; of its first media type, which all others repeat."""
    if "requestBody" not in operation:
        return {}
    media_type = next(iter(operation["requestBody"]["content"].values()))
    properties: dict[str, dict[str, Any]] = resolve(media_type["schema"])["properties"]
    return properties


def success(operation: dict[str, Any]) -> dict[str, Any]:
    """The first response of success of an operation."""
    return resolve(next(each for status, each in operation["responses"].items() if status[0] == "2"))


def operation_of(method: str) -> dict[str, Any]:
    """The operation that a method of the client calls."""
    return next(
        operation
        for operation in OPERATIONS.values()
        if method in [entry["name"] for entry in operation.get("x-facade", ())]
    )


def present(properties: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Values under the present names: a test that was written before a rename goes on stating its rule."""
    names = {former: name for name, schema in properties.items() for former in _given_up(schema)}
    return {names.get(name, name): value for name, value in values.items()}


def present_argument(method: str, former: str) -> str:
    """What an argument of a method is called today."""
    operation = operation_of(method)
    (name,) = present({**fields(operation), **parameters(operation)}, {former: None})
    return name


def present_arguments(method: str, values: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a method under today's names."""
    return {present_argument(method, former): value for former, value in values.items()}


def present_field(schema: str, former: str) -> str:
    """What a field of a component is called today; the component too may have been renamed."""
    component = next(each for name, each in SCHEMAS.items() if schema in (name, *_given_up(each)))
    (name,) = present(component.get("properties", {}), {former: None})
    return name


def former_names(operation: dict[str, Any]) -> dict[str, str]:
    """The first name that each renamed argument of an operation had, by its present name."""
    arguments = {**fields(operation), **parameters(operation)}
    return {name: given_up[0] for name, schema in arguments.items() if (given_up := _given_up(schema))}


def under_any_name(text: str) -> str:
    """A pattern for a text in which a name that the description gave up may be its present one."""
    names = {
        former: name
        for _, node in walk(SPEC)
        for name, schema in [*_members(node.get("properties")), (node.get("name"), node)]
        for former in _given_up(schema)
        if isinstance(name, str)
    }
    words = re.split(r"(\w+)", text)
    return "".join(
        f"(?:{word}|{re.escape(names[word])})" if word in names else re.escape(word) for word in words
    )


def _members(properties: Any) -> list[tuple[str, dict[str, Any]]]:
    named = properties.items() if isinstance(properties, dict) else ()
    return [(name, schema) for name, schema in named if isinstance(schema, dict)]


def _given_up(schema: dict[str, Any]) -> list[str]:
    """The former names that a field or parameter declares."""
    former = schema.get("x-renamed-from", [])
    return [former] if isinstance(former, str) else former


def walk(node: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping of the document with its place; examples are data, not document, and are left out."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            if key not in ("examples", "example", "const", "enum", "x-provider-rules"):
                yield from walk(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{path}/{index}")


@functools.cache
def _component(name: str) -> jsonschema_rs.Draft202012Validator:
    return validator({"$ref": f"#/components/schemas/{name}"})


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """A validator of a schema that may refer to components. Formats count."""
    return jsonschema_rs.Draft202012Validator(
        {"components": {"schemas": SCHEMAS}, **schema}, validate_formats=True
    )


def accepts(name: str, value: Any) -> bool:
    """Whether the component schema of this name accepts the value."""
    return _component(name).is_valid(value)


def complaints(schema: dict[str, Any], value: Any) -> list[str]:
    """What a schema has against a value."""
    return [error.message for error in validator(schema).iter_errors(value)]
