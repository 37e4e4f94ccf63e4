"""Descriptors of operations: the arguments of `Operation(...)`, and the fields of bodies that are arguments too."""

from __future__ import annotations

from ..description.model import AnswerSpec, BodySpec, OperationSpec, ParameterSpec, StreamInfo
from ..schema.names import field_names
from ..schema.shapes import ConstShape, EnumShape, FieldShape, ObjectShape, StringShape, UnionShape
from ..source.json_types import is_array
from .build_answers import documented, is_assembled
from .build_models import RenderContext
from .py_source import keywords, literal

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
    code = (
        f"id={literal(operation.id)}, tag={literal(operation.tag_name)}, method={literal(operation.method)},"
        f" path={literal(operation.path)}"
    )
    code += keywords(summary=" ".join((operation.summary or "").split()) or None)
    if operation.parameters:
        rows = "".join(f"Parameter({_parameter(parameter, context)}), " for parameter in operation.parameters)
        code += f", parameters=({rows})"
    if operation.bodies:
        rows = "".join(
            f"Body({literal(body.media_type)}, {_body_codec(body, context)}, kind={literal(body.kind)}"
            f"{_encoding(body)}), "
            for body in operation.bodies
        )
        code += f", bodies=({rows})"
    answers = documented(operation, context)
    if answers:
        rows = "".join(f"ResponseSpec({_response(answer, context)}), " for answer in answers)
        code += f", responses=({rows})"
    if operation.stream is not None and not context.standalone:
        assembled = is_assembled(operation, context)
        code += f", stream=StreamSpec({_stream(operation.stream, assembled, context)})"
    code += f", security={literal(operation.security)}, retry={literal(operation.retry)}"
    code += keywords(
        idempotency_key=operation.idempotency_key,
        token_exchange=operation.token_exchange,
        strict_success=operation.strict_success,
        body_required=operation.body_required,
    )
    if operation.poll is not None:
        poll = {key: tuple(value) if is_array(value) else value for key, value in operation.poll.items()}
        code += f", poll=PollSpec({', '.join(f'{key}={literal(value)}' for key, value in poll.items())})"
    fields = [field for _, field in body_fields(operation, context)]
    code += keywords(
        provider_rules=operation.provider_rules,
        secrets=tuple(field.wire for field in fields if field.shape.annotations.secret),
        servers=operation.servers,
    )
    bodies = _error_bodies(operation, context)
    code += f", error_bodies={bodies}" if bodies else ""
    return code + keywords(error_statuses=operation.error_statuses)


def _stream(stream: StreamInfo, assembled: bool, context: RenderContext) -> str:
    code = (
        f"parameter={literal(stream.parameter)}, codec={context.codecs.expression(stream.shape)},"
        f" done={literal(stream.done)}, terminal={literal(stream.terminal)}, stop={literal(stream.stop)}"
    )
    code += keywords(assembled=assembled, open_ended=stream.open_ended)
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
    code += keywords(
        required=parameter.required,
        allow_slash=parameter.allow_slash,
        secret=parameter.secret,
        style=parameter.style if parameter.style != "form" else None,
    )
    code += "" if parameter.explode else ", explode=False"
    return code + keywords(allow_reserved=parameter.allow_reserved, former=parameter.former)


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
