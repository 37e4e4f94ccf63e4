"""Whether each body and parameter of the description has examples, and whether these fit their schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from ..source.json_types import is_object
from ..source.node import Node, Resolver
from ..source.problems import Problem
from .walk import parameters_of


def check_examples(operation: Node, resolver: Resolver) -> Iterator[Problem]:
    """A problem for each missing example, and for each that its schema refuses."""
    for parameter in parameters_of(operation, resolver):
        if "example" not in parameter.value:
            yield parameter.problem(f"the parameter {parameter.value.get('name')} has no `example`; add one")
        else:
            yield from _fits(parameter, parameter.child("example"), resolver)
    bodies = [operation.get("requestBody")]
    bodies.extend(entry for _, entry in operation.items_at("responses"))
    for body in bodies:
        if body is not None:
            yield from _content(resolver.follow(body), resolver)


def _content(body: Node, resolver: Resolver) -> Iterator[Problem]:
    for kind, media in body.items_at("content"):
        examples = media.get("examples")
        if examples is None or not is_object(examples.value) or not examples.value:
            yield media.problem(f"the body {kind} has no `examples`; add one: the docs and the mock show it")
            continue
        for name, entry in examples.items():
            if "value" not in entry.value:
                yield entry.problem(f"the example {name} has no `value`")
            else:
                yield from _fits(media, entry.child("value"), resolver)
    for _, entry in body.items_at("headers"):
        header = resolver.follow(entry)
        if "example" in header.value:
            yield from _fits(header, header.child("example"), resolver)


def _fits(holder: Node, example: Node, resolver: Resolver) -> Iterator[Problem]:
    """What the schema of a parameter, header or media type has against an example."""
    schema = holder.value.get("schema")
    if not is_object(schema) or holder.file is not resolver.root.file:
        return  # references into other files are not followed here
    components: dict[str, Any] = resolver.root.value.get("components") or {}
    try:
        validator = jsonschema_rs.Draft202012Validator(
            {"components": components, **schema}, validate_formats=True
        )
    except (ValueError, jsonschema_rs.ValidationError):
        return  # the description is not valid; another check says where
    for error in validator.iter_errors(example.value):
        yield example.problem(f"the example does not fit its schema: {error.message[:200]}")
