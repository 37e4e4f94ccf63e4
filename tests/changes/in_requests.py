"""Changes of what the service accepts."""

from __future__ import annotations

from typing import Any

from .catalog import Operation, examples, fields, methods, requests, schema
from .change import Change, free, pick
from .text import Place, SpecText


def field_added(spec: SpecText, number: int) -> str:
    name = pick(requests(spec), number)
    field = free("reasoning_effort", spec.at((*schema(name), "properties")))
    spec.add(
        (*schema(name), "properties"),
        field,
        {"type": "string", "minLength": 1, "description": "How long to think: low, medium or high."},
    )
    return f"{name}.{field} is new"


_FREE = {"type": "object", "additionalProperties": True}
_COMPONENTS: dict[str, dict[str, Any]] = {
    "ToolFunction": {
        "type": "object",
        "description": "A function that the model may call.",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$", "description": "Its name."},
            "description": {"type": "string", "description": "What it does."},
            "parameters": {**_FREE, "description": "A JSON Schema of its arguments."},
        },
    },
    "FunctionTool": {
        "type": "object",
        "description": "A tool that the model may use.",
        "required": ["type", "function"],
        "properties": {
            "type": {"type": "string", "const": "function", "description": "What it is."},
            "function": {"$ref": "#/components/schemas/ToolFunction"},
        },
    },
}
_OF_PROVIDERS: dict[str, dict[str, Any]] = {
    "tools": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/FunctionTool"},
        "description": "Functions that the model may call.",
    },
    "seed": {"type": "integer", "description": "Makes the answer reproducible."},
    "stop": {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        "description": "Texts that end the answer.",
    },
    "n": {"type": "integer", "minimum": 1, "maximum": 8, "description": "The number of answers."},
}


def provider_parameters_documented(spec: SpecText, number: int) -> str:
    """What was passed on to providers unread has fields of its own."""
    open_ended = [
        name for name in requests(spec) if "additional_params" in spec.at((*schema(name), "properties"))
    ]
    name = pick(open_ended, number)
    known = spec.at((*schema(name), "properties"))
    new = [field for field in _OF_PROVIDERS if field not in known]
    for component, described in _COMPONENTS.items():
        spec.add(("components", "schemas"), component, described)
    for field in new:
        spec.add((*schema(name), "properties"), field, _OF_PROVIDERS[field])
    return f"{name} has fields for {', '.join(new)}"


def parameter_added(spec: SpecText, number: int) -> str:
    with_query = [each for each in methods(spec) if _own_parameters(each)]
    operation = pick(with_query, number)
    spec.append(
        (*operation.place, "parameters"),
        {
            "name": "locale",
            "in": "query",
            "required": False,
            "description": "The language of texts in the answer.",
            "schema": {"type": "string", "minLength": 2},
            "example": "en",
        },
    )
    return f"{operation.value['operationId']} takes locale"


def _own_parameters(operation: Operation) -> list[int]:
    """Which of its parameters are written in the operation and go into the query."""
    listed = operation.value.get("parameters", [])
    return [at for at, each in enumerate(listed) if each.get("in") == "query"]


def parameter_renamed(spec: SpecText, number: int) -> str:
    places = [
        (operation, at)
        for operation in methods(spec)
        for at in _own_parameters(operation)
        if not _renamed_for_users(operation, operation.value["parameters"][at]["name"])
    ]
    operation, at = pick(places, number)
    place = (*operation.place, "parameters", str(at))
    old = operation.value["parameters"][at]["name"]
    new = f"{old}_now"
    spec.set((*place, "name"), new)
    spec.add(place, "x-renamed-from", old)
    _rename_positional(spec, operation, old, new)
    return f"{operation.value['operationId']}: {old} is now called {new}"


def _renamed_for_users(operation: Operation, name: str) -> bool:
    """Whether the methods of an operation show another name, or a value of their own, for this one."""
    return any(name in {**each.get("rename", {}), **each.get("defaults", {})} for each in operation.facade)


def _rename_positional(spec: SpecText, operation: Operation, old: str, new: str) -> None:
    for index, entry in enumerate(operation.facade):
        if old in entry.get("positional", ()):
            place = (*operation.place, "x-facade", str(index), "positional")
            spec.set((*place, str(entry["positional"].index(old))), new)


def _plain(spec: SpecText, name: str, *, required: bool | None = None) -> list[Place]:
    """Fields of a request that the client gives no value of its own and that no extension speaks of."""
    senders = [each for each in methods(spec) if each.request == name]
    return [
        place
        for place in fields(spec, name, required=required)
        if "x-client-default" not in spec.at(place)
        and not any(_renamed_for_users(each, place[-1]) for each in senders)
        and not any(place[-1] in str(each.value.get("x-provider-rules", "")) for each in senders)
    ]


def field_renamed(spec: SpecText, number: int) -> str:
    place = pick([each for name in requests(spec) for each in _plain(spec, name, required=False)], number)
    name, old = place[2], place[-1]
    new = f"{old}_now"
    for where, example in [*examples(spec, name)]:
        if old in example and not spec.is_shared((*where, old)):
            spec.rename((*where, old), new)
    if "$ref" in spec.at(place):
        spec.set(place, {"allOf": [spec.at(place)], "x-renamed-from": old})
    else:
        spec.add(place, "x-renamed-from", old)
    spec.rename(place, new)
    for operation in methods(spec):
        if operation.request == name:
            _rename_positional(spec, operation, old, new)
    return f"{name}.{old} is now called {new}"


def limit_tightened(spec: SpecText, number: int) -> str:
    """The greatest number that is accepted becomes smaller, but not smaller than an example."""
    places = [
        place
        for name in requests(spec)
        for place in fields(spec, name, shared=True)
        if "maximum" in spec.at(place) and _room(spec, name, place)
    ]
    place = pick(places, number)
    value: dict[str, Any] = spec.at(place)
    least, most = _room(spec, place[2], place)
    new = most - (most - least) / 4
    spec.set((*place, "maximum"), int(new) if value["type"] == "integer" else new)
    return f"{place[2]}.{place[-1]} is at most {new:g}, instead of {most:g}"


def _room(spec: SpecText, name: str, place: Place) -> tuple[float, float]:
    """From the greatest of the examples, or the minimum, up to the maximum."""
    used = [float(example[place[-1]]) for _, example in examples(spec, name) if place[-1] in example]
    value: dict[str, Any] = spec.at(place)
    return max([float(value.get("minimum", 0)), float(value.get("default", 0)), *used]), float(
        value["maximum"]
    )


def default_changed(spec: SpecText, number: int) -> str:
    """The client sends another value when the caller gives none."""
    places = [
        place
        for name in requests(spec)
        for place in fields(spec, name, shared=True)
        if isinstance(spec.at(place).get("x-client-default"), float)
    ]
    place = pick(places, number)
    old = spec.at(place)["x-client-default"]
    spec.set((*place, "x-client-default"), round(old / 2, 3))
    return f"the client sends {place[2]}.{place[-1]} = {round(old / 2, 3)} by itself, instead of {old}"


def body_optional(spec: SpecText, number: int) -> str:
    """A request can be made without a body."""
    bodies = [each for each in methods(spec) if each.request and each.value["requestBody"].get("required")]
    easy = [
        each
        for each in bodies
        if each.value["x-retry"] != "billed" and each.request is not None
    ]  # fmt: skip
    operation = pick(easy or bodies, number)
    spec.set((*operation.place, "requestBody", "required"), False)
    return f"{operation.value['operationId']} takes no body as well"


def field_required(spec: SpecText, number: int) -> str:
    """A field has to be given from now on."""
    places = [
        place
        for name in requests(spec)
        for place in _plain(spec, name, required=False)
        if "required" in spec.at(schema(name))
        and all(place[-1] in example for _, example in examples(spec, name))
        and "default" not in spec.at(place)
    ]
    place = pick(places, number)
    name, field = place[2], place[-1]
    spec.append((*schema(name), "required"), field)
    for operation in methods(spec):
        if operation.request == name:
            for index, entry in enumerate(operation.facade):
                _positional_first(spec, operation, index, entry.get("positional", []), field)
    return f"{name}.{field} has to be given"


def _positional_first(
    spec: SpecText, operation: Operation, index: int, positional: list[str], field: str
) -> None:
    required = spec.at((*schema(str(operation.request)), "required"))
    leading = [each for each in positional if each in required and each != field]
    rest = [each for each in positional if each not in leading and each != field]
    spec.set((*operation.place, "x-facade", str(index), "positional"), [*leading, field, *rest])


CHANGES = [
    Change("a parameter renamed", parameter_renamed),
    Change("a field of a request renamed", field_renamed),
    Change("a tighter limit", limit_tightened, breaks=True),
    Change("another default", default_changed, breaks=True),
    Change("a field that has to be given", field_required, breaks=True),
    Change("a body that may be left out", body_optional),
    Change("a field in a request", field_added),
    Change("a parameter", parameter_added),
    Change("parameters of providers become fields", provider_parameters_documented),
]
__all__ = ["CHANGES"]
