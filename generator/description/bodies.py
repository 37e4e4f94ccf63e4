"""Request bodies and answers of an operation: media types, their kinds, and their schemas."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message

from ..schema.interpreter import Interpreter
from ..schema.names import pascal
from ..schema.scalars import string_shape
from ..schema.shapes import Annotations, AnyShape, RefShape, Shape, StringShape, UnionShape
from ..source.json_types import is_object
from ..source.node import Node, Resolver
from .model import (
    AnswerKind,
    AnswerSpec,
    BodyKind,
    BodySpec,
    EncodingSpec,
    FailureSpec,
    Framing,
    OperationSpec,
)

# How lists and objects may be encoded in a query or in a form.
QUERY_STYLES = ("form", "spaceDelimited", "pipeDelimited", "deepObject")
# One JSON value on each line, or (json-seq) behind each record separator.
_JSON_LINES = (
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/jsonlines",
    "application/json-seq",
)


def media_name(media_type: str) -> str:
    """A media type without its parameters, in lower case."""
    message = Message()
    message["Content-Type"] = media_type
    return message.get_content_type() if "/" in media_type else media_type.lower()


def is_json(media_type: str) -> bool:
    """JSON by name or by suffix (`application/problem+json`)."""
    name = media_name(media_type)
    return name in ("application/json", "text/json") or name.endswith("+json")


def read_body(resolver: Resolver, interpreter: Interpreter, operation: OperationSpec) -> None:
    """Read the request body of an operation, one spec for each media type."""
    entry = operation.node.get("requestBody")
    if entry is None:
        return
    node = resolver.follow(entry)
    content = list(node.items_at("content"))
    if not content:
        raise node.refuse("a request body needs `content` with a media type; add it")
    several = len(content) > 1
    for media_type, holder in content:
        with resolver.problems.collect():
            schema = holder.get("schema")
            kind = _body_kind(media_type)
            if kind == "binary" and media_type == "*/*" and _is_json_schema(schema):
                kind = "json"
            hint = f"{pascal(operation.id)}{pascal(kind) if several else ''}Body"
            shape: Shape = AnyShape(holder) if kind in ("json", "form", "multipart") else _bytes_shape(holder)
            if schema is not None:
                shape = interpreter.shape(schema, hint)
            encoding = _encoding(holder) if kind in ("form", "multipart") else {}
            operation.bodies.append(BodySpec(media_type, kind, shape, holder, encoding))
    operation.body_description = node.text("description")
    operation.body_required = node.flag("required") and bool(operation.bodies)


def _encoding(holder: Node) -> dict[str, EncodingSpec]:
    """The fields whose encoding is not the usual one."""
    found: dict[str, EncodingSpec] = {}
    for name, entry in holder.items_at("encoding"):
        styled = {"style", "explode", "allowReserved"} & {key for key, _ in entry.items()}
        style = (entry.text("style") or "form") if styled else None
        if style is not None and style not in QUERY_STYLES:
            raise entry.refuse(
                f"style {style!r} is not supported for fields; use {' or '.join(QUERY_STYLES)}"
            )
        explode = entry.flag("explode") if "explode" in entry.value else style in (None, "form", "deepObject")
        content_type = entry.text("contentType")
        # Several media types, or a pattern, leave the choice to the client.
        exact = content_type if content_type is not None and not {",", "*"} & set(content_type) else None
        found[name] = EncodingSpec(style, explode, exact)
    return found


def _is_json_schema(schema: Node | None) -> bool:
    """Whether a schema under `*/*` describes JSON: everything but a string, which may be text or bytes."""
    return schema is not None and is_object(schema.value) and schema.value.get("type") != "string"


def _body_kind(media_type: str) -> BodyKind:
    name = media_name(media_type)
    if is_json(media_type):
        return "json"
    if name == "application/x-www-form-urlencoded":
        return "form"
    if name == "multipart/form-data":
        return "multipart"
    if _is_document(name) or name in _JSON_LINES:
        return "document"
    return "text" if name.startswith("text/") else "binary"


def _is_document(name: str) -> bool:
    """XML and YAML: text that is read and written as it is, whatever the schema says of it."""
    return name.endswith(("/xml", "+xml", "/yaml", "+yaml", "/x-yaml"))


def _bytes_shape(node: Node) -> StringShape:
    return string_shape(
        [Node({"type": "string", "format": "binary"}, node.file, node.pointer)], node, Annotations()
    )


def read_answers(resolver: Resolver, interpreter: Interpreter, operation: OperationSpec) -> None:
    """Read the documented answers of an operation: successes and failures."""
    responses = resolver.members(operation.node, "responses")
    if not responses:
        if str(resolver.root.value.get("openapi")).startswith("3.0"):
            text = "an operation needs `responses`, with at least one answer; add it"
            resolver.problems.found.append(operation.node.problem(text))
        return  # optional since 3.1
    listed = [(status, entry) for status, entry in responses if not status.startswith("x-")]
    succeeds = any(status.upper() == "2XX" or status[:1] in ("2", "3") for status, _ in listed)
    for status, entry in listed:
        with resolver.problems.collect():
            status = _status(status, entry)
            node = resolver.follow(entry)
            hint = f"{pascal(operation.id)}Response{'' if status == '200' else status.title()}"
            if status[0] in "123" or (status == "default" and not succeeds):
                headers = _headers(resolver, interpreter, node, hint)
                operation.answers.extend(_answers(interpreter, status, node, hint, headers))
            else:
                operation.failures.append(_failure(interpreter, status, node, hint))


def _status(status: str, entry: Node) -> str:
    if status == "default":
        return status
    if len(status) == 3 and status[0] in "12345" and (status[1:].isdecimal() or status[1:].upper() == "XX"):
        return status.upper()
    raise entry.refuse(
        f"{status!r} is not a status; write one of 100 to 599, a range such as 2XX, or default"
    )


def _headers(resolver: Resolver, interpreter: Interpreter, node: Node, hint: str) -> dict[str, Shape]:
    """The documented headers of an answer and their schemas."""
    found: dict[str, Shape] = {}
    for name, entry in resolver.members(node, "headers"):
        with resolver.problems.collect():
            header = resolver.follow(entry)
            holders = [header, *(holder for _, holder in header.items_at("content"))]
            schema = next((each for one in holders if (each := one.get("schema")) is not None), None)
            if schema is not None and name.lower() != "content-type":
                found[name] = interpreter.shape(schema, hint + pascal(name, "Header"))
    return found


def _answers(
    interpreter: Interpreter, status: str, node: Node, hint: str, headers: dict[str, Shape]
) -> Iterator[AnswerSpec]:
    content = list(node.items_at("content"))
    text = node.text("description")
    if not content:
        yield AnswerSpec(status, None, "none", None, node, text, headers=headers)
    for media_type, holder in content:
        schema = holder.get("schema") or holder.get("itemSchema")
        kind = _answer_kind(media_type, schema)
        shape, framing = None, _framing(media_type)
        # The values of an enum are documented, so the type shows them.
        valued = kind == "text" and schema is not None and (schema.get("enum") or schema.get("const"))
        if schema is not None and (kind == "json" or framing or valued):
            shape = interpreter.shape(schema, f"{hint}Event" if framing else hint)
        yield AnswerSpec(status, media_type, kind, shape, holder, text, framing, headers)


def _framing(media_type: str) -> Framing:
    name = media_name(media_type)
    return "events" if name == "text/event-stream" else "lines" if name in _JSON_LINES else ""


def _answer_kind(media_type: str, schema: Node | None) -> AnswerKind:
    if is_json(media_type):
        return "json"
    if media_type == "*/*" and schema is not None:
        if _is_json_schema(schema):
            return "json"
        if is_object(schema.value) and string_shape([schema], schema, Annotations()).kind != "binary":
            return "text"
    if _framing(media_type):
        return "stream"
    name = media_name(media_type)
    return "text" if name.startswith("text/") or _is_document(name) else "bytes"


def _failure(interpreter: Interpreter, status: str, node: Node, hint: str) -> FailureSpec:
    shapes: dict[str | int, Shape] = {}
    for media_type, holder in node.items_at("content"):
        schema = holder.get("schema")
        if schema is not None and is_json(media_type):
            shape = interpreter.shape(schema, hint)
            shapes[shape.name if isinstance(shape, RefShape) else len(shapes)] = shape
    several = tuple(shapes.values())
    whole = UnionShape(node, variants=several) if len(several) > 1 else several[0] if several else None
    return FailureSpec(status, node.text("description"), whole, node)
