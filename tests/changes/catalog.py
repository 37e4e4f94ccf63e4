"""What a description offers to be changed: its operations, their bodies and answers, as places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .text import Place, SpecText

METHODS = ("get", "put", "post", "delete", "patch")
JSON = "application/json"
_SCHEMAS = "#/components/schemas/"


class Operation(NamedTuple):
    """An operation and its place."""

    place: Place
    value: dict[str, Any]

    @property
    def facade(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.value.get("x-facade", [])
        return entries

    @property
    def request(self) -> str | None:
        """The component that its JSON body is."""
        return _component(self.value.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema"))

    @property
    def success(self) -> str:
        """Its first documented status of success."""
        return next(status for status in self.value["responses"] if status[0] == "2")

    @property
    def answer(self) -> str | None:
        """The component that its JSON answer is."""
        answer: dict[str, Any] = self.value["responses"][self.success]
        return _component(answer.get("content", {}).get(JSON, {}).get("schema"))


def _component(schema: Any) -> str | None:
    reference = str((schema or {}).get("$ref", ""))
    return reference.removeprefix(_SCHEMAS) if reference.startswith(_SCHEMAS) else None


def operations(spec: SpecText) -> Iterator[Operation]:
    """Every operation, in the order of the file."""
    for path, item in spec.document["paths"].items():
        for method, value in item.items():
            if method in METHODS:
                yield Operation(("paths", path, method), value)


def methods(spec: SpecText) -> list[Operation]:
    """The operations that are methods of the client."""
    return [operation for operation in operations(spec) if operation.facade]


def schema(name: str) -> Place:
    """The place of a component."""
    return ("components", "schemas", name)


def fields(
    spec: SpecText, name: str, *, required: bool | None = None, shared: bool = False
) -> Iterator[Place]:
    """The fields of a component that are written in it; with `shared`, those that others refer to as well."""
    value = spec.document["components"]["schemas"][name]
    for key in value.get("properties", {}):
        place = (*schema(name), "properties", key)
        if spec.is_shared(place) or (spec.is_anchor(place) and not shared):
            continue
        if required in (None, key in value.get("required", ())):
            yield place


def requests(spec: SpecText) -> list[str]:
    """The components that methods of the client send, each once."""
    return list(dict.fromkeys(each.request for each in methods(spec) if each.request))


def answers(spec: SpecText) -> list[str]:
    """The components that methods of the client return, each once."""
    found = dict.fromkeys(each.answer for each in methods(spec) if each.answer)
    return [name for name in found if "properties" in spec.document["components"]["schemas"][name]]


def examples(spec: SpecText, name: str) -> Iterator[tuple[Place, Any]]:
    """Each example of a body or answer that is a component: its place and value."""
    for place, value in operations(spec):
        bodies = [((*place, "requestBody"), value.get("requestBody", {}))]
        bodies += [((*place, "responses", status), answer) for status, answer in value["responses"].items()]
        for where, body in bodies:
            media = body.get("content", {}).get(JSON, {})
            if _component(media.get("schema")) == name:
                for key, example in media.get("examples", {}).items():
                    yield (*where, "content", JSON, "examples", key, "value"), example["value"]


def error_responses(spec: SpecText, *statuses: str) -> dict[str, dict[str, str]]:
    """The shared answers of these statuses, as operations refer to them."""
    return {
        status: next(
            answer
            for operation in operations(spec)
            for code, answer in operation.value["responses"].items()
            if code == status and "$ref" in answer
        )
        for status in statuses
    }


__all__ = [
    "Operation",
    "answers",
    "error_responses",
    "examples",
    "fields",
    "methods",
    "operations",
    "requests",
    "schema",
]
