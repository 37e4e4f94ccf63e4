"""An upstream whose API has moved on: the description of a server that differs from ours in four ways.

The parts that change are chosen by their form, not by name, so that the story goes on when they really change.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator.schema.names import pascal, snake

JSON = "application/json"
STREAM_PATH = "/fables"
NEW_VALUE = "brand_new"


@dataclass
class Upstream:
    """The changed description, and what changed.

    Attributes:
        document: of the upstream.
        streaming: the body of a request to the new operation, which streams.
        renamed: the operation whose answer has a field under another name; `old` and `new` are the names.
        valued: the operation whose answer has a value more in the enum at `field`.
        created: the operation that answers with 201 in place of 200, and the body of its request.
    """

    document: dict[str, Any]
    streaming: dict[str, Any]
    renamed: Place
    old: str
    new: str
    valued: Place
    field: str
    created: Place


@dataclass
class Place:
    """An operation, by the ways in which it is called."""

    method: str
    path: str
    tag: str
    name: str
    body: dict[str, Any] | None

    @property
    def call(self) -> str:
        """A call of the client's method, as Python."""
        arguments = ", ".join(f"{key}={value!r}" for key, value in (self.body or {}).items())
        return f"client.api.{self.tag}.{self.name}({arguments})"


def upstream_of(document: dict[str, Any]) -> Upstream:
    """Four changes of a description, ours."""
    document = copy.deepcopy(document)
    schemas = document["components"]["schemas"]
    operations = list(_operations(document))
    renamed, schema, old, new = _renamed(operations, schemas)
    properties = schemas[schema]["properties"]
    schemas[schema]["properties"] = {new if key == old else key: value for key, value in properties.items()}
    for example in _examples(renamed):
        if old in example:
            example[new] = example.pop(old)
    valued, field, enum = _valued([each for each in operations if each[2] is not renamed[2]], schemas)
    enum.append(NEW_VALUE)
    _examples(valued)[0][field] = NEW_VALUE  # the one that the mock answers with
    created = next(
        each
        for each in operations
        if each[0] == "post" and each[2]["x-retry"] == "unbilled" and "requestBody" in each[2]
        and "x-token-exchange" not in each[2] and "{" not in each[1] and each[2] is not valued[2]
    )  # fmt: skip
    created[2]["responses"]["201"] = created[2]["responses"].pop("200")
    places = [_place(each) for each in (renamed, valued, created)]
    for each in (renamed, valued, created):
        # The mock has no behaviour for an operation of another name, and answers with the example.
        each[2]["operationId"] = f"upstream{pascal(each[2]['operationId'], 'X')}"
    document["paths"][STREAM_PATH] = {"post": _streaming()}
    body = {"topic": "boats", "stream": True}
    return Upstream(document, body, places[0], old, new, places[1], field, places[2])


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "operationId" in operation:
                yield method, path, operation


def _place(found: tuple[str, str, dict[str, Any]]) -> Place:
    method, path, operation = found
    body = None
    if "requestBody" in operation:
        examples = operation["requestBody"]["content"][JSON]["examples"]
        body = next(iter(examples.values()))["value"]
    return Place(method.upper(), path, snake(operation["tags"][0]), snake(operation["operationId"]), body)


def _answer(operation: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = operation["responses"]["200"].get("content", {})
    return dict(content.get(JSON, {})) if content.keys() == {JSON} else {}


def _examples(found: tuple[str, str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [example["value"] for example in _answer(found[2])["examples"].values()]


def _component(answer: dict[str, Any]) -> str:
    return str(answer.get("schema", {}).get("$ref", "")).rpartition("/")[2]


def _renamed(operations: list[Any], schemas: dict[str, Any]) -> tuple[Any, str, str, str]:
    """An operation that takes nothing and answers with an object, and a number in it whose name is like no other."""
    for found in operations:
        method, path, operation = found
        name = _component(_answer(operation))
        if method != "get" or "{" in path or not operation["security"] or not name:
            continue
        properties = schemas[name].get("properties", {})
        examples = _examples(found)
        for field, schema in properties.items():
            words = set(re.findall("[a-z]{3,}", field))
            others = (set(re.findall("[a-z]{3,}", other)) for other in properties if other != field)
            if (
                schema.get("type") == "number"
                and "_" in field
                and all(field in example for example in examples)
                and not any(words & other for other in others)
            ):
                return found, name, field, f"{min(words)}_now"
    raise LookupError("no answer has a number to rename")


def _valued(operations: list[Any], schemas: dict[str, Any]) -> tuple[Any, str, list[str]]:
    """An operation with an enum in its answer, the field, and the values."""
    for found in operations:
        _, path, operation = found
        name = _component(_answer(operation))
        if (
            "{" in path
            or not name
            or "requestBody" not in operation
            or JSON not in operation["requestBody"]["content"]
        ):
            continue
        for field, schema in schemas[name].get("properties", {}).items():
            for target in re.findall(r"'#/components/schemas/(\w+)'", str(schema)):
                for member in schemas[target].get("anyOf", ()):
                    if "enum" in member:
                        return found, field, member["enum"]
    raise LookupError("no answer has an enum")


def _streaming() -> dict[str, Any]:
    """A new operation whose answer is a stream."""
    event = {
        "type": "object",
        "required": ["type", "text"],
        "properties": {"type": {"type": "string"}, "text": {"type": "string"}},
    }
    payload = {"type": "string", "contentMediaType": "application/json", "contentSchema": event}
    return {
        "operationId": "tellFable",
        "tags": ["fables"],
        "summary": "Tell a fable",
        "security": [{"bearerAuth": []}],
        "x-stream": {"parameter": "stream", "done": "[DONE]", "terminal": []},
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {
                        "type": "object",
                        "properties": {"topic": {"type": "string"}, "stream": {"type": "boolean"}},
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "The fable.",
                "content": {
                    "text/event-stream": {
                        "schema": {
                            "type": "object",
                            "required": ["data"],
                            "properties": {"data": {"anyOf": [{"const": "[DONE]"}, payload]}},
                        },
                        "examples": {
                            "first": {"value": {"data": '{"type": "line", "text": "Once "}'}},
                            "second": {"value": {"data": '{"type": "line", "text": "more."}'}},
                        },
                    }
                },
            }
        },
    }


__all__ = ["NEW_VALUE", "STREAM_PATH", "Place", "Upstream", "upstream_of"]
