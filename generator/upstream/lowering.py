"""The description in the subset of OpenAPI that openapi-python-client's parser keeps completely.

Measured on 0.29.1, the parser drops or breaks: path items behind `$ref`, siblings of `$ref`, defaults that are lists or
objects, discriminators, security of the whole document, `content` of parameters, all response media types but one,
date-time headers, `$defs`, recursive values, mixed enums, audio answers, several request media types with inline
bodies, and objects inside inline unions. The interpreter reads these, and all answers, and our templates write
them. The parser receives the rest: operations with their tags, named objects with named properties, and plain types.
Its result decides which files are written, and `completeness` compares it with the description.
"""

from __future__ import annotations

from typing import Any

from ..description.model import BodySpec, Description, OperationSpec
from ..schema.components import Components
from ..schema.names import field_names
from ..schema.shapes import (
    ArrayShape,
    BooleanShape,
    Component,
    EnumShape,
    NumberShape,
    ObjectShape,
    RefShape,
    Shape,
    StringShape,
)

_BODY_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "binary": "application/octet-stream",
    "document": "application/octet-stream",
    "text": "application/octet-stream",
}


def lower(description: Description, components: Components) -> tuple[dict[str, Any], dict[str, str]]:
    """The lowered document, and how the parser has to treat each media type."""
    overrides: dict[str, str] = {}
    paths: dict[str, Any] = {}
    for operation in description.operations:
        path, entry = _operation(operation, overrides)
        method = _method(operation)
        while method in paths.get(
            path, {}
        ):  # templates that differ in parameter names only; POST beside QUERY
            path += "/"
        paths.setdefault(path, {})[method] = entry
    schemas = {component.name: _component(component, components) for component in components}
    document = {
        "openapi": "3.1.0",
        "info": {"title": description.title, "version": description.version},
        "paths": paths,
        "components": {"schemas": schemas},
    }
    return document, overrides


def _method(operation: OperationSpec) -> str:
    # `query` is younger than the parser; like POST it has a body, and for the parser that is all that matters.
    return "post" if operation.method == "QUERY" else operation.method.lower()


def _operation(operation: OperationSpec, overrides: dict[str, str]) -> tuple[str, dict[str, Any]]:
    path = operation.path
    parameters: list[dict[str, Any]] = []
    for index, parameter in enumerate(operation.parameters):
        name = parameter.name
        if parameter.where == "path":
            name = name if name.isascii() else f"p{index}"
            path = path.replace("{" + parameter.wire + "}", "{" + name + "}")
        parameters.append(
            {
                "name": name,
                "in": parameter.where,
                "required": parameter.required,
                "schema": {"type": "string"},
            }
        )
    entry: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag_name],
        "parameters": parameters,
        "responses": {"200": {"description": ""}},
        "security": [{name: [] for name in names} for names in operation.security],
    }
    if operation.bodies:
        entry["requestBody"] = {
            "required": operation.body_required,
            "content": {_sent(body): _body(body, overrides) for body in operation.bodies},
        }
    return path, entry


def _sent(body: BodySpec) -> str:
    # The overrides are one table for all: `text/plain` is taken differently in a request than in an answer.
    return f"request:{body.media_type}"


def _body(body: BodySpec, overrides: dict[str, str]) -> dict[str, Any]:
    overrides[_sent(body)] = _BODY_TYPES[body.kind]
    # The parser copies an endpoint with everything that it refers to, several times: it learns only that there is
    # a body, and nothing of the answers, which keeps the effort linear in the number of operations.
    return {
        "schema": {"type": "string", "format": "binary"}
        if body.kind in ("binary", "text", "document")
        else {}
    }


def _component(component: Component, components: Components) -> dict[str, Any]:
    match component.meaning:
        case ObjectShape(fields=fields):
            names = field_names([field.wire for field in fields])
            return {
                "type": "object",
                "properties": {names[f.wire]: _plain(f.shape, components) for f in fields},
                "required": [names[field.wire] for field in fields if field.required],
            }
        case EnumShape(values=values) if component.kind == "enum" and _of_one_type(values):
            return {"type": "string" if isinstance(values[0], str) else "integer", "enum": list(values)}
        case _:
            return {}


def _of_one_type(values: tuple[Any, ...]) -> bool:
    return all(type(value) is type(values[0]) for value in values)


def _plain(shape: Shape, components: Components) -> dict[str, Any]:
    match shape:
        case RefShape(name=name) if components[name].kind == "model":
            return {"$ref": f"#/components/schemas/{name}"}
        case StringShape() | EnumShape():
            return {"type": "string"} if isinstance(shape, StringShape) else {}
        case NumberShape(integer=integer):
            return {"type": "integer" if integer else "number"}
        case BooleanShape():
            return {"type": "boolean"}
        case ArrayShape(items=items):
            return {"type": "array", "items": _plain(items, components)}
        case _:
            return {}
