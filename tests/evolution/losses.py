"""What a description names and a package does not, found without the generator's help: a walk over plain YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def missing(document: dict[str, Any], text: str) -> list[str]:
    """Names of the description that do not stand in the text of the package, as literals."""
    return sorted({what for what, name in names(document) if not _stands(name, text)})


def _stands(name: str, text: str) -> bool:
    return any(form in text for form in (repr(name), json.dumps(name, ensure_ascii=False)))


def names(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every operation id, path, parameter, media type, property, enum value, scheme: what it is, and its name."""
    for path, item in document.get("paths", {}).items():
        item = _followed(document, item)
        for method in METHODS:
            if method in item:
                yield f"path {path}", path
                yield from _operation(document, item[method], item.get("parameters", []))
    for name, hook in document.get("webhooks", {}).items():
        yield f"webhook {name}", name
        del hook
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        yield from _schema(name, schema)
    for name in document.get("components", {}).get("securitySchemes", {}):
        yield f"security scheme {name}", name


def _followed(document: dict[str, Any], value: Any) -> Any:
    while isinstance(value, dict) and str(value.get("$ref", "")).startswith("#/"):
        reference = value["$ref"]
        value = document
        for piece in reference[2:].split("/"):
            value = value[piece]
    return value


def _operation(
    document: dict[str, Any], operation: dict[str, Any], shared: list[Any]
) -> Iterator[tuple[str, str]]:
    if "operationId" in operation:
        yield f"operation {operation['operationId']}", operation["operationId"]
    for parameter in [*shared, *operation.get("parameters", [])]:
        parameter = _followed(document, parameter)
        yield f"parameter {parameter['name']}", parameter["name"]
    body = _followed(document, operation.get("requestBody", {}))
    for media_type in body.get("content", {}):
        yield f"request {media_type}", media_type
    for status, answer in operation.get("responses", {}).items():
        answer = _followed(document, answer)
        if str(status).startswith("2"):
            yield f"status {status}", str(status)
            for media_type in answer.get("content", {}):
                yield f"answer {media_type}", media_type


def _schema(place: str, schema: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        return
    for name, part in schema.get("properties", {}).items():
        yield f"property {place}.{name}", name
        yield from _schema(f"{place}.{name}", part)
    for value in schema.get("enum", []):
        if isinstance(value, str):
            yield f"value {place} {value}", value
    for word in ("items", "additionalProperties", "contentSchema"):
        yield from _schema(f"{place} {word}", schema.get(word))
    for word in ("allOf", "anyOf", "oneOf"):
        for index, part in enumerate(schema.get(word, [])):
            yield from _schema(f"{place} {word} {index}", part)
    for name, part in schema.get("$defs", {}).items():
        yield from _schema(f"{place} {name}", part)


__all__ = ["missing", "names"]
