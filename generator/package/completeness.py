"""Compares the description with the rendered package: an element that is missing there is an error.

The description is counted as the author wrote it, by an independent walk. The package is represented by the views
that were rendered, and by the literals in the rendered files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from openapi_python_client.parser import GeneratorData

from ..description.bodies import is_json
from ..description.model import Description, OperationSpec
from ..description.operations import IGNORED_HEADERS
from ..description.read import Reading
from ..python.py_source import literal
from ..rules.walk import parameters_of, walk
from ..schema.shapes import MISSING, ObjectShape
from ..source.json_types import is_object
from ..source.node import Node, Resolver
from ..source.problems import Problem
from ..upstream.parse import class_names
from .project import PackageProject

Key = tuple[str, tuple[str, ...]]
_LITERALS = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
# What a module of the models defines: classes, and aliases.
_DEFINITIONS = re.compile(r"^(?:class )?(\w+)(?:\(Model\):|:)", re.MULTILINE)


def check_completeness(
    reading: Reading, openapi: GeneratorData, project: PackageProject, *, lenient: bool = False
) -> tuple[dict[str, int], list[Problem]]:
    """Counts for the summary, and one problem for each element that would be missing, or is in a lenient run."""
    check = _CompletenessCheck(reading, project, lenient=lenient)
    check.parser_kept_all(openapi)
    for part in walk(reading.resolver):
        with reading.resolver.problems.collect():  # references without a target, in a lenient run
            match part.kind:
                case "operation":
                    check.operation(part.node)
                case "schema" if part.declared and not check.unread(part.node):
                    check.schema(part.node)
                case _:
                    pass
    return dict(check.counts), check.problems


class _CompletenessCheck:
    def __init__(self, reading: Reading, project: PackageProject, *, lenient: bool) -> None:
        self._lenient = lenient
        self._resolver: Resolver = reading.resolver
        self._components = reading.components
        self._files = project.files
        self._classes = class_names(reading.components, project.config)
        self._operations = {operation.node.key: operation for operation in reading.description.operations}
        self._unread = {*reading.components.idle, *_raw_bodies(reading.description)}
        self._defaults: dict[Key, Any] = {}
        for component in reading.components:
            shape = component.meaning
            for field in shape.fields if isinstance(shape, ObjectShape) else ():
                for node in field.nodes:
                    self._defaults[node.key] = field.shape.annotations.default
        # The modules that every package has prove nothing about a description.
        made = (text for path, text in self._files.items() if not path.startswith(("_runtime/", "_client/")))
        self._literals = {_normal(found) for text in made for found in set(_LITERALS.findall(text))}
        self.counts = Counter(
            operations=0, schemas=len(list(reading.components)), parameters=0, fields=0, answers=0
        )
        self.problems: list[Problem] = []

    def _lost(self, node: Node, what: str) -> None:
        remedy = "would be lost; write it in another form"
        self.problems.append(node.problem(f"{what} {'is not in the package' if self._lenient else remedy}"))

    def parser_kept_all(self, openapi: GeneratorData) -> None:
        """Check the parser's result: what it dropped would have no file."""
        kept = {
            endpoint.name
            for group in openapi.endpoint_collections_by_tag.values()
            for endpoint in group.endpoints
        }
        models = {self._classes[model.class_info.name].name for model in openapi.models}
        written = {
            (path.removeprefix("models/").removesuffix(".py"), name)
            for path, text in self._files.items()
            if path.startswith("models/")
            for name in _DEFINITIONS.findall(text)
        }
        for component in self._components:
            if component.kind == "model" and component.name not in models:
                self._lost(component.node, f"the schema {component.wire} (openapi-python-client dropped it)")
            if (component.module, component.name) not in written:
                self._lost(component.node, f"the schema {component.wire}")
        count = sum(len(group.endpoints) for group in openapi.endpoint_collections_by_tag.values())
        if count != len(self._operations):
            for operation in self._operations.values():
                if not any(name.rstrip("_") == operation.name.rstrip("_") for name in kept):
                    self._lost(
                        operation.node, f"the operation {operation.id} (openapi-python-client dropped it)"
                    )

    # ── operations ───────────────────────────────────────────────────────────────────────────────────────────────

    def operation(self, node: Node) -> None:
        """Check an operation: its file, its method, and everything in it."""
        spec = self._operations.get(node.key)
        if spec is None:
            if not self._of_webhook(node):
                self._lost(node, f"the operation {node.text('operationId') or node.pointer[-1]}")
            return
        self.counts["operations"] += 1
        text = self._files.get(f"api/{spec.tag_name}/{spec.name}.py", "")
        here = {_normal(found) for found in _LITERALS.findall(text)}
        for value, what in ((spec.id, "the operation"), (spec.path, "the path"), (spec.method, "the method")):
            if _normal(literal(value)) not in here:
                self._lost(node, f"{what} {value}")
        self._parameters(spec, here)
        self._bodies(spec, here)
        self._answers(spec, here)

    def _of_webhook(self, node: Node) -> bool:
        """Webhooks and callbacks are received, not called; their bodies count as schemas."""
        place = node.pointer
        return place[:1] == ("webhooks",) or "callbacks" in place or place[:2] == ("components", "pathItems")

    def _parameters(self, spec: OperationSpec, here: set[str]) -> None:
        read = {parameter.node.key for parameter in spec.parameters}
        inherited = parameters_of(spec.path_item, self._resolver) if spec.path_item is not None else []
        listed = {
            (str(node.value.get("name")), str(node.value.get("in"))): node
            for node in [*inherited, *parameters_of(spec.node, self._resolver)]
        }
        for (wire, where), node in listed.items():
            unnamed = not {"name", "in"} <= node.value.keys()  # noted where it is read
            if unnamed or (where == "header" and wire.lower() in IGNORED_HEADERS):
                continue
            self.counts["parameters"] += 1
            if node.key not in read or _normal(literal(wire)) not in here:
                self._lost(node, f"the {where} parameter {wire} of {spec.id}")

    def _bodies(self, spec: OperationSpec, here: set[str]) -> None:
        body = spec.node.get("requestBody")
        content = self._resolver.follow(body).items_at("content") if body is not None else ()
        for media_type, holder in content:
            if _normal(literal(media_type)) not in here:
                self._lost(holder, f"the request media type {media_type} of {spec.id}")

    def _answers(self, spec: OperationSpec, here: set[str]) -> None:
        streams = spec.stream.answers if spec.stream is not None else []
        kept = {answer.status for answer in [*spec.answers, *streams]}
        kept |= {failure.status for failure in spec.failures}
        streamed = {answer.media_type for answer in streams}
        for status, entry in spec.node.items_at("responses"):
            if status.startswith("x-"):
                continue
            self.counts["answers"] += 1
            if status.upper() not in {kept_status.upper() for kept_status in kept}:
                self._lost(entry, f"the answer {status} of {spec.id}")
            if not any(answer.status.upper() == status.upper() for answer in spec.answers):
                continue  # a failure: its media types are read by the error mapping
            for media_type, holder in self._resolver.follow(entry).items_at("content"):
                if media_type not in streamed and _normal(literal(media_type)) not in here:
                    self._lost(holder, f"the answer {status} {media_type} of {spec.id}")

    # ── schemas ──────────────────────────────────────────────────────────────────────────────────────────────────

    def schema(self, node: Node) -> None:
        """Check a schema: its fields, their defaults, and the values of its enum."""
        for wire, field in self._resolver.items_at(node, "properties"):
            key = self._read_as(field.key)
            if key not in self._defaults and self.unread(field):
                continue
            self.counts["fields"] += 1
            if key not in self._defaults or _normal(literal(wire)) not in self._literals:
                self._lost(field, f"the field {wire!r}")
            elif (
                is_object(field.value)
                and field.value.get("default") is not None
                and self._defaults[key] is MISSING
            ):
                self._lost(field, f"the default of {wire!r}")
        enum = node.get("enum")
        if enum is not None:
            self._values(enum, (element.value for element in enum.elements()))
        if "const" in node.value:
            self._values(node.child("const"), [node.value["const"]])

    def unread(self, node: Node) -> bool:
        """Whether no package reads what a schema describes: a body that is handed over as it is, what a keyword says
        of another type than the value has, and the answers to callbacks."""
        place = node.pointer
        if (place[:1] == ("webhooks",) or "callbacks" in place) and "responses" in place:
            return True
        return any((node.key[0], place[:end]) in self._unread for end in range(1, len(place) + 1))

    def _read_as(self, key: Key) -> Key:
        """The place that was read for this one, where two are equal."""
        for end in range(len(key[1]), 0, -1):
            same = self._components.duplicates.get((key[0], key[1][:end]))
            if same is not None and key not in self._defaults:
                return self._read_as((same[0], (*same[1], *key[1][end:])))
        return key

    def _values(self, node: Node, values: Iterable[Any]) -> None:
        for value in values:
            if isinstance(value, str) and _normal(literal(value)) not in self._literals:
                self._lost(node, f"the value {value!r}")


def _raw_bodies(description: Description) -> Iterator[Key]:
    """The places of bodies that callers get as text or bytes, or give as such, whatever their schemas say."""
    for operation in description.operations:
        yield from (body.node.key for body in operation.bodies if body.kind == "document")
        yield from (one.node.key for one in operation.answers if one.kind != "json" and one.shape is None)
        for failure in operation.failures:
            content = failure.node.items_at("content")
            yield from (holder.key for media_type, holder in content if not is_json(media_type))


def _normal(text: str) -> str:
    """A string literal regardless of the quotes that it happens to be written with."""
    body = text[1:-1]
    return body.replace("\\'", "'").replace('\\"', '"')
