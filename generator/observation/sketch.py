"""A first description of what nobody described: schemas from values, and an operation from one exchange."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from ruamel.yaml import YAML

from ..rules.house import expected_failures
from ..schema.names import pascal, snake
from ..source.json_types import is_array, is_object
from .exchanges import NO_BODY, Observed
from .variants import json_type

_OBSERVED = {"description": "Observed; not documented."}
_VERBS = {"GET": "get", "POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}


def json_schema(value: Any) -> dict[str, Any]:
    """The schema of one value, without names: objects in it are free-form."""
    if is_array(value):
        return {"type": "array", "items": json_schema(value[0]) if value else {}}
    return {"type": "number" if isinstance(value, float) else json_type(value)}


class _Components:
    """Schemas under names of their own, as the house rules want nested objects to be."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}

    def object(self, name: str, values: list[dict[str, Any]], optional: str | None = None) -> dict[str, Any]:
        """A reference to the schema of objects that were seen."""
        keys = dict.fromkeys(key for value in values for key in value)
        properties: dict[str, Any] = {}
        for key in keys:
            seen = [value[key] for value in values if key in value]
            properties[key] = self.value(f"{name}{pascal(key, '')}", seen)
        required = [key for key in keys if key != optional and all(key in value for value in values)]
        self.schemas[name] = {
            "type": "object",
            **_OBSERVED,
            **({"required": required} if required else {}),
            "properties": properties,
        }
        return {"$ref": f"#/components/schemas/{name}"}

    def value(self, name: str, seen: list[Any]) -> dict[str, Any]:
        """The schema of a member, from its values."""
        objects = [item for item in seen if is_object(item)]
        if objects and len(objects) == len(seen):
            return self.object(name, objects)
        arrays = [item for item in seen if is_array(item)]
        if arrays:
            elements = [element for item in arrays for element in item]
            return {
                "type": "array",
                "items": self.value(f"{name}Item", elements) if elements else {},
                **_OBSERVED,
            }
        kinds = [json.loads(kind) for kind in sorted({json.dumps(json_schema(item)) for item in seen})]
        return {**(kinds[0] if len(kinds) == 1 else {"oneOf": kinds}), **_OBSERVED}


def operation_text(
    path: str, exchange: Observed, tags: list[str], responses: dict[str, str], headers: list[str]
) -> tuple[str, str, str]:
    """The path item and the schemas of a new operation as YAML without indentation, and its tag.

    A piece of the path that looks like an id becomes a parameter. What an exchange cannot show is set to the careful
    choice: an operation that changes state is never repeated.
    """
    template, parameters = _template(path)
    words = [
        word
        for piece in template.split("/")
        if piece and not piece.startswith("{")
        for word in re.split(r"[^A-Za-z0-9]+", piece)
    ]
    verb = _VERBS.get(exchange.method, exchange.method.lower())
    id_ = verb + "".join(pascal(word, "") for word in words or ["root"])
    name = id_[0].upper() + id_[1:]
    tag = next(
        (tag for tag in tags if words and words[0] in (tag, f"{tag}s", tag.rstrip("s"))),
        words[0] if words else tags[0],
    )
    components = _Components()
    operation: dict[str, Any] = {
        "operationId": id_,
        "tags": [tag],
        "summary": f"{exchange.method} {template} (observed)",
        **_OBSERVED,
        "security": [{"bearerAuth": []}] if "authorization" in exchange.headers else [],
        "x-facade": [{"name": snake(id_), "positional": []}],
        "x-retry": "safe" if exchange.method == "GET" else "never",
        "x-source": "observed",
    }
    for query, value in exchange.query:
        schema = {"type": "string"}
        parameters.append({"name": query, "in": "query", **_OBSERVED, "example": value, "schema": schema})
    if parameters:
        operation["parameters"] = parameters
    positional = [entry["name"] for entry in parameters if entry.get("required")]
    sent = exchange.sent if is_object(exchange.sent) else dict[str, Any]()
    # The field that asks for the stream, which is left out in a call without one.
    flag = next((key for key, value in sent.items() if value is True and exchange.events is not None), None)
    if is_object(exchange.sent):
        reference = components.object(f"{name}Request", [sent], optional=flag)
        positional.extend(components.schemas[f"{name}Request"].get("required", []))
        media: dict[str, Any] = {"schema": reference, "examples": {"observed": {"value": exchange.sent}}}
        operation["requestBody"] = {"required": True, "content": {"application/json": media}}
    operation["x-facade"][0]["positional"] = positional
    content: dict[str, Any] = {}
    if exchange.events is not None:
        done = exchange.done[-1] if exchange.done else "[DONE]"
        if flag is not None:
            operation["x-stream"] = {"parameter": flag, "done": done, "terminal": []}
        event = components.value(f"{name}Event", list(exchange.events))
        components.schemas[f"{name}ServerSentEvent"] = {
            "type": "object",
            "description": "One event of the stream. Observed; not documented.",
            "required": ["data"],
            "properties": {
                "data": {
                    "description": "The payload.",
                    "anyOf": [
                        {"const": done},
                        {"type": "string", "contentMediaType": "application/json", "contentSchema": event},
                    ],
                }
            },
        }
        example = json.dumps(exchange.events[0]) if exchange.events else done
        content["text/event-stream"] = {
            "schema": {"$ref": f"#/components/schemas/{name}ServerSentEvent"},
            "examples": {"event": {"value": {"data": example}}, "done": {"value": {"data": done}}},
        }
    elif exchange.answer is not NO_BODY:
        schema = components.value(f"{name}Response", [exchange.answer])
        content["application/json"] = {"schema": schema, "examples": {"observed": {"value": exchange.answer}}}
    answer: dict[str, Any] = {"description": "Observed."}
    if headers:
        answer["headers"] = {header: {"$ref": f"#/components/headers/{header}"} for header in headers}
    if content:
        answer["content"] = content
    answers: dict[str, Any] = {str(exchange.status): answer}
    wanted = expected_failures(
        credentials=bool(operation["security"]),
        input_=bool(parameters) or "requestBody" in operation,
        in_path="{" in template,
    )
    for status in sorted(wanted & responses.keys()):
        answers.setdefault(status, {"$ref": f"#/components/responses/{responses[status]}"})
    operation["responses"] = answers
    return (
        _dump({template: {exchange.method.lower(): operation}}),
        _dump(components.schemas) if components.schemas else "",
        tag,
    )


def _template(path: str) -> tuple[str, list[dict[str, Any]]]:
    pieces: list[str] = []
    parameters: list[dict[str, Any]] = []
    for piece in path.split("/"):
        if re.fullmatch(r"\d+|[0-9a-f-]{16,}|[a-z]+[_-][0-9A-Za-z]{6,}", piece):
            name = f"{re.sub(r'[^a-z]', '', (pieces[-1] if pieces else 'item').lower()).rstrip('s') or 'item'}_id"
            example = int(piece) if piece.isdecimal() else piece
            place = {"name": name, "in": "path", "required": True, **_OBSERVED}
            parameters.append({**place, "example": example, "schema": json_schema(example)})
            pieces.append(f"{{{name}}}")
        else:
            pieces.append(piece)
    return "/".join(pieces), parameters


def _dump(value: Any) -> str:
    yaml: Any = YAML()  # ruamel has no types
    yaml.width = 4000
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(json.loads(json.dumps(value)), stream)
    return stream.getvalue()
