"""Changes of what the service returns."""

from __future__ import annotations

import re

from .catalog import answers, examples, fields, methods, operations, schema
from .change import Change, free, pick
from .text import Place, SpecText


def field_added(spec: SpecText, number: int) -> str:
    name = pick(answers(spec), number)
    properties = spec.at((*schema(name), "properties"))
    field = free("served_from", properties)
    spec.add(
        (*schema(name), "properties"), field, {"type": "string", "description": "The region that answered."}
    )
    return f"{name}.{field} is new"


def object_added(spec: SpecText, number: int) -> str:
    name = pick(answers(spec), number)
    field = free("carbon_report", spec.at((*schema(name), "properties")))
    component = free("CarbonReport", spec.document["components"]["schemas"])
    spec.add_block(
        ("components", "schemas"),
        f"""
{component}:
  type: object
  description: What the work behind an answer emitted.
  required: [grams]
  properties:
    grams: {{type: number, description: Grams of carbon dioxide.}}
    estimated: {{type: boolean, description: Whether the number is an estimate.}}
""",
    )
    spec.add((*schema(name), "properties"), field, {"$ref": f"#/components/schemas/{component}"})
    return f"{name}.{field} is new, of the new schema {component}"


def _optional(spec: SpecText) -> list[Place]:
    return [place for name in answers(spec) for place in fields(spec, name, required=False)]


def field_removed(spec: SpecText, number: int) -> str:
    place = pick(_unused(spec), number)
    name, field = place[2], place[-1]
    _in_examples(spec, name, field, None)
    spec.remove(place)
    return f"{name}.{field} is removed"


def field_renamed(spec: SpecText, number: int) -> str:
    place = pick(_unused(spec), number)
    name, field = place[2], place[-1]
    new = f"{field}_now"
    _in_examples(spec, name, field, new)
    if "$ref" in spec.at(place):
        spec.set(place, {"allOf": [spec.at(place)], "x-renamed-from": field})
    else:
        spec.add(place, "x-renamed-from", field)
    spec.rename(place, new)
    return f"{name}.{field} is now called {new}"


def _unused(spec: SpecText) -> list[Place]:
    """Optional fields of answers that are in no other schema: nothing but its own answer speaks of such a field."""
    schemas = spec.document["components"]["schemas"].values()
    return [
        place
        for place in _optional(spec)
        if sum(place[-1] in each.get("properties", {}) for each in schemas) == 1
        and not any(place[-1] == each.value.get("x-poll", {}).get("status") for each in operations(spec))
    ]


def _in_examples(spec: SpecText, name: str, field: str, new: str | None) -> None:
    for place, value in [*examples(spec, name)]:
        if isinstance(value, dict) and field in value and not spec.is_shared((*place, field)):
            if new is None:
                spec.remove((*place, field))
            else:
                spec.rename((*place, field), new)


def null_allowed(spec: SpecText, number: int) -> str:
    plain = [
        place for place in _unused(spec) if spec.at(place).get("type") in ("string", "integer", "number")
    ]
    place = pick(plain, number)
    value = spec.at(place)
    described = {"description": value["description"]}
    kept = {key: each for key, each in value.items() if key != "description"}
    spec.set(place, {"oneOf": [kept, {"type": "null"}], **described})
    return f"{place[2]}.{place[-1]} may be null"


def null_forbidden(spec: SpecText, number: int) -> str:
    """A field that could be null, or absent, always has a value from now on."""
    # Not of objects that are inside others: their examples would have to be found.
    inside = {each.rpartition("/")[2] for each in re.findall(r"#/components/schemas/\w+", _schemas(spec))}
    nullable = [
        place
        for place in _optional(spec)
        if {"type": "null"} in spec.at(place).get("oneOf", ()) and len(spec.at(place)["oneOf"]) == 2
        if "required" in spec.at(schema(place[2])) and place[2] not in inside
    ]
    place = pick(nullable, number)
    value = spec.at(place)
    kept = next(each for each in value["oneOf"] if each != {"type": "null"})
    name, field = place[2], place[-1]
    sample = {"integer": 1, "number": 1.5, "boolean": True, "array": [], "string": "text"}.get(
        kept.get("type", ""), {}
    )
    if kept.get("format") == "date-time":
        sample = "2024-03-10T12:34:56Z"
    for where, example in [*examples(spec, name)]:
        if isinstance(example, dict) and example.get(field) is None:
            if field in example:
                spec.set((*where, field), sample)
            else:
                spec.add(where, field, sample)
    described = {"description": value["description"], **kept} if "$ref" not in kept else kept
    spec.set(place, described)
    spec.append((*schema(name), "required"), field)
    return f"{name}.{field} is required and never null"


def _schemas(spec: SpecText) -> str:
    return str(spec.document["components"]["schemas"])


def value_added(spec: SpecText, number: int) -> str:
    """One more value of an open enum."""
    closed = {"x-open-enum"}
    names = [
        name
        for name, value in spec.document["components"]["schemas"].items()
        if "anyOf" in value and any("enum" in each for each in value["anyOf"]) and not closed & value.keys()
        if not _has_table(spec, name)
    ]
    name = pick(names, number)
    index = next(str(at) for at, each in enumerate(spec.at((*schema(name), "anyOf"))) if "enum" in each)
    known = spec.at((*schema(name), "anyOf", index, "enum"))
    value = free("unforeseen", known)
    for operation in [*operations(spec)]:
        poll = operation.value.get("x-poll", {})
        if {*known} == {*poll.get("done", ()), *poll.get("failed", ()), *poll.get("pending", ())}:
            spec.append((*operation.place, "x-poll", "pending"), value)
    spec.append((*schema(name), "anyOf", index, "enum"), value)
    return f"{name} has the value {value!r}"


def _has_table(spec: SpecText, name: str) -> bool:
    """Whether the enum is that of the error codes, which need an exception each."""
    tables = [
        each["x-error-codes"]
        for each in spec.document["components"]["schemas"].values()
        if "x-error-codes" in each
    ]
    values = next(each["enum"] for each in spec.at((*schema(name), "anyOf")) if "enum" in each)
    return any({*values} & {*table} for table in tables)


def error_code_added(spec: SpecText, number: int) -> str:
    """One more error code, of an exception that exists."""
    enum = next(
        name
        for name, value in spec.document["components"]["schemas"].items()
        if "anyOf" in value and any("enum" in each for each in value["anyOf"]) and _has_table(spec, name)
    )
    owner = next(
        name for name, value in spec.document["components"]["schemas"].items() if "x-error-codes" in value
    )
    table = spec.at((*schema(owner), "x-error-codes"))
    exception = pick([*dict.fromkeys(table.values())], number)
    code = free("maintenance_window", table)
    index = next(str(at) for at, each in enumerate(spec.at((*schema(enum), "anyOf"))) if "enum" in each)
    spec.append((*schema(enum), "anyOf", index, "enum"), code)
    spec.add((*schema(owner), "x-error-codes"), code, exception)
    return f"the error code {code} raises {exception}"


def status_changed(spec: SpecText, number: int) -> str:
    """Success has another status."""
    plain = [each for each in methods(spec) if each.place[-1] == "post" and each.success == "200"]
    operation = pick([each for each in plain if "x-stream" not in each.value], number)
    spec.rename((*operation.place, "responses", "200"), "201")
    return f"{operation.value['operationId']} answers with 201"


def header_added(spec: SpecText, number: int) -> str:
    """One more header, of all the answers that share a table of headers."""
    tables = [
        (*operation.place, "responses", operation.success, "headers")
        for operation in methods(spec)
        if "headers" in operation.value["responses"][operation.success]
    ]
    table = pick([each for each in tables if not spec.is_alias(each)], number)
    name = free("X-Region", spec.document["components"]["headers"])
    spec.add_block(
        ("components", "headers"),
        f"{name}:\n  description: The region that answered.\n  schema: {{type: string}}\n  example: eu",
    )
    spec.add(table, name, {"$ref": f"#/components/headers/{name}"})
    return f"answers have the header {name}"


def event_added(spec: SpecText, number: int) -> str:
    """One more type of event in the streams that can have typed events."""
    schemas = spec.document["components"]["schemas"]
    unions = [
        name
        for name, value in schemas.items()
        if any(_event_type(spec, each) for each in value.get("anyOf", ()))
    ]
    if not unions:
        return pick([], number)
    others = next(
        name
        for name, value in schemas.items()
        if "not" in value.get("properties", {}).get("type", {}) and "type" in value.get("required", ())
        and any({"$ref": f"#/components/schemas/{name}"} in schemas[union]["anyOf"] for union in unions)
    )  # fmt: skip
    component = free("SourceCitedEvent", schemas)
    kind = free("response.source.cited", spec.at((*schema(others), "properties", "type", "not", "enum")))
    spec.add_block(
        ("components", "schemas"),
        f"""
{component}:
  type: object
  description: The model cites a source.
  required: [type]
  properties:
    type: {{type: string, const: {kind}, description: Always `{kind}`.}}
    url: {{type: string, description: The URL of the source.}}
""",
    )
    for union in unions:
        position = (*schema(union), "anyOf")
        last = spec.at(position)[-1]
        spec.remove((*position, str(len(spec.at(position)) - 1)))
        spec.append(position, {"$ref": f"#/components/schemas/{component}"})
        spec.append(position, last)
    spec.append((*schema(others), "properties", "type", "not", "enum"), kind)
    return f"streams have events of the type {kind}"


def _event_type(spec: SpecText, member: dict[str, object]) -> bool:
    name = str(member.get("$ref", "")).rpartition("/")[2]
    value = spec.document["components"]["schemas"].get(name, {})
    return name.endswith("Event") and "const" in value.get("properties", {}).get("type", {})


# They assert that the type of an expression is exactly what it was: a narrower one is another, and a field has none
# under its former name.
EXACT_TYPES = (
    "tests/methods/test_typing.py::",
    "tests/evolution/test_surface.py::test_programs_of_releases_",
)
# Those of fields that exist stand first, so that they do not find the fields that others add.
CHANGES = [
    Change("a field removed from an answer", field_removed, breaks=True),
    Change("a field of an answer renamed", field_renamed, states=EXACT_TYPES),
    Change("a field that may be null", null_allowed, breaks=True),
    Change("a field that is never null again", null_forbidden, states=EXACT_TYPES),
    Change("a field in an answer", field_added),
    Change("an object in an answer", object_added),
    Change("a value of an enum", value_added),
    Change("an error code", error_code_added),
    Change("another status of success", status_changed, breaks=True),
    Change("a header", header_added),
    Change("a type of event", event_added),
]
__all__ = ["CHANGES"]
