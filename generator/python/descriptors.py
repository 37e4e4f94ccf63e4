"""Descriptors of operations: the arguments of `Operation(...)`, and the fields of bodies that are arguments too."""

from __future__ import annotations

from ..description.model import AnswerSpec, BodySpec, OperationSpec, ParameterSpec, StreamInfo
from ..schema.names import field_names
from ..schema.shapes import ConstShape, EnumShape, FieldShape, ObjectShape, StringShape, UnionShape
from ..source.json_types import is_array
from .build_answers import documented, is_assembled
from .build_models import RenderContext
from .former_names import former_names
from .py_source import literal

ARGUMENT_NAMES = frozenset({"self", "body", "content_type"})


def body_object(body: BodySpec, context: RenderContext) -> ObjectShape | None:
    """The object whose fields become arguments; None for bodies that are given whole."""
    target = context.components.resolve(body.shape)
    return target if isinstance(target, ObjectShape) and body.kind in ("json", "form", "multipart") else None


def body_fields(operation: OperationSpec, context: RenderContext) -> list[tuple[str, FieldShape]]:
    """Argument name and field of the first body; a field that a parameter's name would hide gets an underscore."""
    shape = body_object(operation.bodies[0], context) if operation.bodies else None
    if shape is None:
        return []
    fields = [field for field in shape.fields if not field.shape.annotations.read_only]
    imports = context.imports
    taken = ARGUMENT_NAMES | imports.taken | {imports.argument(each.name) for each in operation.parameters}
    names = field_names([field.wire for field in fields], frozenset(taken))
    return [(names[field.wire], field) for field in fields]


def descriptor(operation: OperationSpec, context: RenderContext) -> str:
    """The arguments of `Operation(...)`."""
    lines = [
        f"id={literal(operation.id)}",
        f"tag={literal(operation.tag_name)}",
        f"method={literal(operation.method)}",
        f"path={literal(operation.path)}",
    ]
    if operation.summary:
        lines.append(f"summary={literal(' '.join(operation.summary.split()))}")
    if operation.parameters:
        rows = "".join(f"Parameter({_parameter(parameter, context)}), " for parameter in operation.parameters)
        lines.append(f"parameters=({rows})")
    if operation.bodies:
        rows = "".join(
            f"Body({literal(body.media_type)}, {_body_codec(body, context)}, kind={literal(body.kind)}"
            f"{_encoding(body)}), "
            for body in operation.bodies
        )
        lines.append(f"bodies=({rows})")
    answers = documented(operation, context)
    if answers:
        rows = "".join(f"ResponseSpec({_response(answer, context)}), " for answer in answers)
        lines.append(f"responses=({rows})")
    if operation.stream is not None and not context.standalone:
        assembled = is_assembled(operation, context)
        lines.append(f"stream=StreamSpec({_stream(operation.stream, assembled, context)})")
    lines.append(f"security={literal(operation.security)}")
    lines.append(f"retry={literal(operation.retry)}")
    for name in ("idempotency_key", "token_exchange", "strict_success", "body_required"):
        if getattr(operation, name):
            lines.append(f"{name}=True")
    if operation.poll is not None:
        poll = {key: tuple(value) if is_array(value) else value for key, value in operation.poll.items()}
        lines.append(f"poll=PollSpec({', '.join(f'{key}={literal(value)}' for key, value in poll.items())})")
    if operation.provider_rules is not None:
        lines.append(f"provider_rules={literal(operation.provider_rules)}")
    secrets = tuple(
        field.wire for _, field in body_fields(operation, context) if field.shape.annotations.secret
    )
    if secrets:
        lines.append(f"secrets={literal(secrets)}")
    if operation.servers:
        lines.append(f"servers={literal(operation.servers)}")
    bodies = _error_bodies(operation, context)
    if bodies:
        lines.append(f"error_bodies={bodies}")
    if operation.error_statuses:
        lines.append(f"error_statuses={literal(operation.error_statuses)}")
    return ", ".join(lines)


def _stream(stream: StreamInfo, assembled: bool, context: RenderContext) -> str:
    code = (
        f"parameter={literal(stream.parameter)}, codec={context.codecs.expression(stream.shape)},"
        f" done={literal(stream.done)}, terminal={literal(stream.terminal)}, stop={literal(stream.stop)}"
    )
    code += ", assembled=True" if assembled else ""
    code += ", open_ended=True" if stream.open_ended else ""
    if stream.named:
        rows = (f"{literal(name)}: {context.codecs.expression(s)}" for name, s in stream.named.items())
        code += f", named={{{', '.join(rows)}}}"
    return code


def _error_bodies(operation: OperationSpec, context: RenderContext) -> str:
    """The codecs of documented failures by status; statuses that share one share a row."""
    statuses: dict[str, list[str]] = {}
    for failure in operation.failures:
        if failure.shape is not None:
            code = context.codecs.expression(failure.shape)
            statuses.setdefault(code, []).append(failure.status)
    rows = [f"dict.fromkeys({literal(tuple(keys))}, {code})" for code, keys in statuses.items()]
    return rows[0] if len(rows) == 1 else "{" + ", ".join(f"**{row}" for row in rows) + "}" if rows else ""


def _encoding(body: BodySpec) -> str:
    rows: list[str] = []
    for name, one in body.encoding.items():
        given = {"style": one.style, "explode": one.explode, "content_type": one.content_type}
        usual = {"style": None, "explode": True, "content_type": None}
        written = ", ".join(f"{key}={literal(value)}" for key, value in given.items() if value != usual[key])
        rows.append(f"{literal(name)}: Encoding({written})")
    return f", encoding={{{', '.join(rows)}}}" if rows else ""


def _parameter(parameter: ParameterSpec, context: RenderContext) -> str:
    codec = context.codecs.expression(parameter.shape)
    if parameter.json:
        codec = f"json_text({codec})"
    code = f"{literal(parameter.name)}, {literal(parameter.wire)}, {literal(parameter.where)}, {codec}"
    for name in ("required", "allow_slash", "secret"):
        if getattr(parameter, name):
            code += f", {name}=True"
    if parameter.style != "form":
        code += f", style={literal(parameter.style)}"
    if parameter.explode is not True:
        code += ", explode=False"
    if parameter.allow_reserved:
        code += ", allow_reserved=True"
    former = former_names(parameter)
    if former:
        code += f", former={literal(former)}"
    return code


def _body_codec(body: BodySpec, context: RenderContext) -> str:
    textual = isinstance(context.components.resolve(body.shape), (StringShape, EnumShape, ConstShape))
    if body.kind == "document" or (body.kind == "text" and not textual):
        return "STRING"
    return context.codecs.expression(body.shape)


def _response(answer: AnswerSpec, context: RenderContext) -> str:
    headers = ""
    if answer.headers and context.standalone:
        rows = (f"{literal(name)}: {context.codecs.expression(s)}" for name, s in answer.headers.items())
        headers = f", headers={{{', '.join(rows)}}}"
    if answer.kind == "none":
        return f"{literal(answer.status)}, None, None{headers}"
    framing = ""
    if answer.kind == "json" or (answer.kind == "stream" and context.standalone):
        framing = f", framing={literal(_framing(answer, context))}" if answer.framing else ""
        codec = context.codecs.expression(answer.shape) if answer.shape is not None else "ANY"
    else:
        codec = "TEXT" if answer.kind == "text" or answer.framing == "events" else "BYTES"
    return f"{literal(answer.status)}, {literal(answer.media_type)}, {codec}{framing}{headers}"


def _framing(answer: AnswerSpec, context: RenderContext) -> str:
    """How the values of a stream follow one another: the schema may be that of the data, or of the event around it."""
    shape = context.components.resolve(answer.shape) if answer.shape is not None else None
    members = (
        [context.components.resolve(v) for v in shape.variants] if isinstance(shape, UnionShape) else [shape]
    )
    event = {"event", "data", "id", "retry"}
    envelopes = all(
        isinstance(member, ObjectShape) and {"data"} <= {field.wire for field in member.fields} <= event
        for member in members
    )
    return "envelopes" if answer.framing == "events" and envelopes else answer.framing
