"""Changes of schemas as a whole, and of what is said about fields."""

from __future__ import annotations

import re

from generator.source.settings import load

from .catalog import JSON, answers, examples, fields, methods, operations, requests, schema
from .change import Change, free, pick
from .text import Place, SpecText, flow


def field_deprecated(spec: SpecText, number: int) -> str:
    places = [
        place
        for name in requests(spec)
        for place in fields(spec, name, required=False)
        if "$ref" not in spec.at(place) and "deprecated" not in spec.at(place)
    ]
    place = pick(places, number)
    spec.add(place, "deprecated", True)
    return f"{place[2]}.{place[-1]} is deprecated"


def described_anew(spec: SpecText, number: int) -> str:
    """Other words, and nothing else."""
    names = [
        name for name in answers(spec) if "\n" not in spec.at((*schema(name), "description"))
    ]  # fmt: skip
    name = pick(names, number)
    place = (*schema(name), "description")
    spec.set(place, f'{spec.at(place)} Its `fields` are "described" anew; 100 % of them: {{a}} | b <c>.')
    return f"{name} is described in other words"


def version_raised(spec: SpecText, number: int) -> str:
    """The API has another version; the client's stays what it is."""
    spec.set(("info", "version"), f"7.{number}.0")
    return f"the API has the version 7.{number}.0"


def limit_loosened(spec: SpecText, number: int) -> str:
    places = [
        place
        for name in requests(spec)
        for place in fields(spec, name, shared=True)
        if spec.at(place).get("type") == "integer" and "maximum" in spec.at(place)
    ]
    place = pick(places, number)
    old = spec.at(place)["maximum"]
    spec.set((*place, "maximum"), old * 2)
    return f"{place[2]}.{place[-1]} is at most {old * 2}, instead of {old}"


def list_accepted(spec: SpecText, number: int) -> str:
    """A text may be a list of texts as well."""
    places = [
        place
        for name in requests(spec)
        for place in fields(spec, name, required=False)
        if spec.at(place).get("type") == "string" and "x-secret" not in spec.at(place)
        and not {"format", "enum", "x-type"} & spec.at(place).keys()
        and all(each.request != name or JSON in each.value["requestBody"]["content"] for each in methods(spec))
        and not any(place[-1] in str(entry["positional"]) for each in methods(spec) for entry in each.facade)
    ]  # fmt: skip
    place = pick(places, number)
    value = dict(spec.at(place))
    text = {key: value.pop(key) for key in ("type", "minLength", "maxLength") if key in value}
    spec.set(place, {"oneOf": [text, {"type": "array", "items": {"type": "string"}}], **value})
    return f"{place[2]}.{place[-1]} may be a list as well"


def schema_renamed(spec: SpecText, number: int) -> str:
    """Another name of an answer that no class of the client extends; the old name is declared."""
    extended = load().front_door
    free_to_change = [
        each for each in answers(spec) if each not in extended and not _is_discriminated(spec, each)
    ]
    name = pick(free_to_change, number)
    new = f"{name}Now"
    spec.add(schema(name), "x-renamed-from", name)
    spec.rename(schema(name), new)
    spec.replace(re.compile(rf"(#/components/schemas/){name}(?=['\"\s,}}])"), rf"\g<1>{new}")
    return f"the schema {name} is now called {new}"


def schema_split(spec: SpecText, number: int) -> str:
    """Half of the fields of an answer stand in a schema of their own, which others could share."""
    whole = [
        name
        for name in answers(spec)
        if not {"allOf", "x-parse", "x-renamed-from"} & spec.at(schema(name)).keys()
        and len([*fields(spec, name, required=False)]) > 2
    ]
    name = pick(whole, number)
    moved = [*fields(spec, name, required=False)][-2:]
    component = free("AnswerDetails", spec.document["components"]["schemas"])
    properties = "\n".join(f"    {place[-1]}: {flow(spec.at(place))}" for place in moved)
    for place in moved:
        spec.remove(place)
    spec.add_block(
        ("components", "schemas"),
        f"{component}:\n  type: object\n  description: Details of an answer.\n  properties:\n{properties}\n",
    )
    spec.add(schema(name), "allOf", [{"$ref": f"#/components/schemas/{component}"}])
    return f"{name} takes {moved[0][-1]} and {moved[1][-1]} from the new schema {component}"


def value_removed(spec: SpecText, number: int) -> str:
    """An enum has a value less: one that nothing else in the description names."""
    places = [
        (name, str(at), str(position))
        for name, value in spec.document["components"]["schemas"].items()
        for at, member in enumerate(value.get("anyOf", ()))
        for position, known in enumerate(member.get("enum", ()))
        if len(member["enum"]) > 2 and len(re.findall(rf"\b{re.escape(known)}\b", spec.text)) == 1
    ]
    name, at, position = pick(places, number)
    place: Place = (*schema(name), "anyOf", at, "enum", position)
    value = spec.at(place)
    spec.remove(place)
    return f"{name} no longer has the value {value!r}"


def required_added(spec: SpecText, number: int) -> str:
    """A request needs something that it did not know before."""
    names = [name for name in requests(spec) if "required" in spec.at(schema(name))]
    name = pick(names, number)
    field = free("purpose", spec.at((*schema(name), "properties")))
    for where, _ in [*examples(spec, name)]:
        spec.add(where, field, "a test")
    spec.add(
        (*schema(name), "properties"), field, {"type": "string", "description": "What the answer is for."}
    )
    spec.append((*schema(name), "required"), field)
    for operation in methods(spec):
        for index, entry in enumerate(operation.facade if operation.request == name else ()):
            required = spec.at((*schema(name), "required"))
            listed = entry.get("positional", [])
            leading = [each for each in listed if each in required]
            rest = [each for each in listed if each not in required]
            place = (*operation.place, "x-facade", str(index), "positional")
            spec.set(place, [*leading, field, *rest])
    return f"{name}.{field} is new and has to be given"


def _is_discriminated(spec: SpecText, name: str) -> bool:
    """Whether anything but a reference names a component: a discriminator, an extension."""
    references = spec.text.count(f"#/components/schemas/{name}'")
    named = len(re.findall(rf"\b{name}\b", spec.text))
    return named != references + 1 or any(
        "x-poll" in each.value for each in operations(spec) if each.answer == name
    )


CHANGES = [
    Change("a deprecated field", field_deprecated),
    Change("other words", described_anew),
    Change("another version of the API", version_raised),
    Change("a looser limit", limit_loosened),
    Change("a list beside a text", list_accepted),
    Change("a schema split in two", schema_split),
    Change("a schema renamed", schema_renamed),
    Change("an enum value gone", value_removed, breaks=True),
    Change("one more field that has to be given", required_added, breaks=True),
]
__all__ = ["CHANGES"]
