"""Views of operations: descriptors, typed methods, resource classes."""

from __future__ import annotations

from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonCode

from ..description.model import AnswerSpec, BodySpec, Description, OperationSpec, ParameterSpec
from ..schema.names import field_names, pascal, split_words
from ..schema.shapes import FieldShape, ObjectShape, UnionShape
from ..source.json_types import is_array
from .build_answers import full_stop, raises, result_type, returns_words, streamed
from .build_models import RenderContext
from .docstrings import Doc, doc
from .former_names import former_arguments, former_entries, former_names
from .py_source import RequiredImports, literal
from .type_hints import or_none, unset_too
from .views import ArgumentView, OperationView, ResourceView

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
    taken = ARGUMENT_NAMES | {parameter.name for parameter in operation.parameters}
    names = field_names([field.wire for field in fields], frozenset(taken))
    return [(names[field.wire], field) for field in fields]


def operation_view(
    operation: OperationSpec, description: Description, context: RenderContext, *, streams: bool
) -> OperationView:
    """One operation, for its descriptor module and for its method."""
    codec_needs, result_needs = RequiredImports(), RequiredImports()
    needs = RequiredImports()
    result = result_type(operation, context, needs)
    events = _stream_results(operation, context, needs) or _twin_results(result, context, needs)
    if events:  # what `send` returns is another class for each client: the methods say which
        result_needs.typing.add("Any")
    else:
        result_type(operation, context, result_needs)
    arguments = [_parameter_argument(parameter, context, needs) for parameter in operation.parameters]
    fields = body_fields(operation, context)
    keyword_arguments = [a for a, p in zip(arguments, operation.parameters, strict=True) if p.where != "path"]
    required = [a for a in keyword_arguments if a.initial is None]
    optional = [a for a in keyword_arguments if a.initial is not None]
    field_arguments: list[ArgumentView] = []
    for name, field in fields:
        needs.runtime.add("Unset")
        annotation = context.type_hints.write(field.shape, needs)
        field_arguments.append(
            ArgumentView(
                name,
                PythonCode(unset_too(annotation)),
                PythonCode("UNSET"),
                PythonCode(literal(field.wire)),
                True,
            )
        )
    names = [*map(former_names, operation.parameters), *(former_names(field) for _, field in fields)]
    former = former_arguments([*arguments, *field_arguments], names, "UNSET")
    body = _body_annotation(operation, context, needs)
    if former or any(a.initial is not None for a in [*arguments, *field_arguments]) or body is not None:
        needs.runtime.add("Unset")
    stream = operation.stream
    stream_argument = next((name for name, f in fields if stream and f.wire == stream.parameter), None)
    content_types = None
    if len(operation.bodies) > 1:
        needs.typing.add("Literal")
        types = ", ".join(literal(body.media_type) for body in operation.bodies)
        content_types = PythonCode(f"Literal[{types}] | None")
    return OperationView(
        spec=operation,
        doc=_document(operation, fields, former, description, context),
        result=PythonCode(result),
        arguments=PythonCode(_descriptor(operation, context, codec_needs)),
        imports=[
            *context.imports.codec_lines(codec_needs, "..."),
            PythonCode(
                f"from ..._runtime.operations.operation import {', '.join(sorted({'Operation', *codec_needs.runtime}))}"
            ),
        ],
        checking_imports=context.imports.checking_lines(result_needs, "..."),
        path_arguments=[a for a, p in zip(arguments, operation.parameters, strict=True) if p.where == "path"],
        keyword_arguments=[*required, *optional, *field_arguments],
        former=former,
        body=PythonCode(body) if body is not None else None,
        content_types=content_types,
        events=events,
        has_parameters=bool(arguments),
        has_fields=bool(fields),
        stream_argument=stream_argument if streams else None,
        secrets=_secret_arguments(operation, fields, body is not None),
        needs=needs,
    )


def _stream_results(
    operation: OperationSpec, context: RenderContext, needs: RequiredImports
) -> list[PythonCode]:
    """The annotations of the two clients' methods, for an operation that answers with a stream, alone or also."""
    if not streamed(operation, context):
        return []
    return [
        PythonCode(result_type(operation, context, needs, stream)) for stream in ("Stream", "AsyncStream")
    ]


def _twin_results(result: str, context: RenderContext, needs: RequiredImports) -> list[PythonCode]:
    """The annotations of the two clients' methods, where the asynchronous client has a response class of its own."""
    twins = {name: twin for name in needs.models if (twin := context.imports.asynchronous_class(name))}
    if result not in twins:
        return []
    needs.front_door.add(twins[result])
    return [PythonCode(result), PythonCode(twins[result])]


def _parameter_argument(
    parameter: ParameterSpec, context: RenderContext, needs: RequiredImports
) -> ArgumentView:
    annotation = context.type_hints.write(parameter.shape, needs)
    initial = None
    if not parameter.required:
        needs.runtime.add("Unset")
        annotation, initial = unset_too(or_none(annotation)), PythonCode("UNSET")
    return ArgumentView(parameter.name, PythonCode(annotation), initial, PythonCode(literal(parameter.name)))


def _body_annotation(operation: OperationSpec, context: RenderContext, needs: RequiredImports) -> str | None:
    if not operation.bodies:
        return None
    codes: dict[str, None] = {}
    for body in operation.bodies:
        if body.kind == "binary":
            needs.runtime.add("FileInput")
            codes["FileInput"] = None
        elif body.kind == "text":
            codes["str"] = None
        else:
            codes[context.type_hints.write(body.shape, needs)] = None
    return " | ".join(codes)


# ── the descriptor ───────────────────────────────────────────────────────────────────────────────────────────────────


def _descriptor(operation: OperationSpec, context: RenderContext, needs: RequiredImports) -> str:
    """The arguments of `Operation(...)`. `needs.runtime` collects names of `_runtime.operations.operation`."""
    lines = [
        f"id={literal(operation.id)}",
        f"tag={literal(operation.tag_name)}",
        f"method={literal(operation.method)}",
        f"path={literal(operation.path)}",
    ]
    if operation.summary:
        lines.append(f"summary={literal(' '.join(operation.summary.split()))}")
    if operation.parameters:
        needs.runtime.add("Parameter")
        rows = "".join(
            f"Parameter({_parameter(parameter, context, needs)}), " for parameter in operation.parameters
        )
        lines.append(f"parameters=({rows})")
    if operation.bodies:
        needs.runtime.add("Body")
        rows = "".join(
            f"Body({literal(body.media_type)}, {_body_codec(body, context, needs)}, kind={literal(body.kind)}"
            f"{_encoding(body, needs)}), "
            for body in operation.bodies
        )
        lines.append(f"bodies=({rows})")
    if operation.answers:
        needs.runtime.add("ResponseSpec")
        rows = "".join(f"ResponseSpec({_response(answer, context, needs)}), " for answer in operation.answers)
        lines.append(f"responses=({rows})")
    if operation.stream is not None:
        needs.runtime.add("StreamSpec")
        stream = operation.stream
        lines.append(
            f"stream=StreamSpec(parameter={literal(stream.parameter)},"
            f" codec={context.codecs.expression(stream.shape, needs)},"
            f" done={literal(stream.done)}, terminal={literal(stream.terminal)}, stop={literal(stream.stop)})"
        )
    lines.append(f"security={literal(operation.security)}")
    lines.append(f"retry={literal(operation.retry)}")
    for name in ("idempotency_key", "token_exchange", "strict_success", "body_required"):
        if getattr(operation, name):
            lines.append(f"{name}=True")
    if operation.poll is not None:
        needs.runtime.add("PollSpec")
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
    bodies = _error_bodies(operation, context, needs)
    if bodies:
        lines.append(f"error_bodies={bodies}")
    if operation.error_statuses:
        lines.append(f"error_statuses={literal_table(operation.error_statuses)}")
    return ", ".join(lines)


def _error_bodies(operation: OperationSpec, context: RenderContext, needs: RequiredImports) -> str:
    """The codecs of documented failures by status; statuses that share one share a row."""
    statuses: dict[str, list[str]] = {}
    for failure in operation.failures:
        if failure.shape is not None:
            code = context.codecs.expression(failure.shape, needs)
            statuses.setdefault(code, []).append(failure.status)
    rows = [f"dict.fromkeys({literal(tuple(keys))}, {code})" for code, keys in statuses.items()]
    return rows[0] if len(rows) == 1 else "{" + ", ".join(f"**{row}" for row in rows) + "}" if rows else ""


def _encoding(body: BodySpec, needs: RequiredImports) -> str:
    rows: list[str] = []
    for name, one in body.encoding.items():
        needs.runtime.add("Encoding")
        given = {"style": one.style, "explode": one.explode, "content_type": one.content_type}
        usual = {"style": None, "explode": True, "content_type": None}
        written = ", ".join(f"{key}={literal(value)}" for key, value in given.items() if value != usual[key])
        rows.append(f"{literal(name)}: Encoding({written})")
    return f", encoding={{{', '.join(rows)}}}" if rows else ""


def literal_table(table: dict[int, str]) -> str:
    """A table of statuses."""
    return "{" + ", ".join(f"{status}: {literal(name)}" for status, name in table.items()) + "}"


def _parameter(parameter: ParameterSpec, context: RenderContext, needs: RequiredImports) -> str:
    codec = context.codecs.expression(parameter.shape, needs)
    if parameter.json:
        needs.codec.add("json_text")
        codec = f"json_text({codec})"
    code = f"{literal(parameter.name)}, {literal(parameter.wire)}, {literal(parameter.where)}, {codec}"
    for name in ("required", "allow_slash", "secret"):
        if getattr(parameter, name):
            code += f", {name}=True"
    if parameter.where in ("query", "cookie"):
        code += f", style={literal(parameter.style)}" if parameter.style != "form" else ""
    else:
        code += f", style={literal(parameter.style)}"
    if parameter.explode is not True:
        code += ", explode=False"
    if parameter.allow_reserved:
        code += ", allow_reserved=True"
    return code


def _body_codec(body: BodySpec, context: RenderContext, needs: RequiredImports) -> str:
    return context.codecs.expression(body.shape, needs)


def _response(answer: AnswerSpec, context: RenderContext, needs: RequiredImports) -> str:
    headers = ""
    if answer.headers and context.standalone:
        rows = (
            f"{literal(name)}: {context.codecs.expression(s, needs)}" for name, s in answer.headers.items()
        )
        headers = f", headers={{{', '.join(rows)}}}"
    if answer.kind == "none":
        return f"{literal(answer.status)}, None, None{headers}"
    framing = ""
    if answer.kind == "json" or (answer.kind == "stream" and context.standalone):
        framing = f", framing={literal(_framing(answer, context))}" if answer.framing else ""
        if answer.shape is None:
            needs.codec.add("ANY")
            codec = "ANY"
        else:
            codec = context.codecs.expression(answer.shape, needs)
    else:
        codec = "TEXT" if answer.kind == "text" or answer.framing == "events" else "BYTES"
        needs.codec.add(codec)
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


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _secret_arguments(
    operation: OperationSpec, fields: list[tuple[str, FieldShape]], has_body: bool
) -> list[str]:
    """Arguments that hold secrets; a whole body does where one of its fields is a secret."""
    parameters = [parameter.name for parameter in operation.parameters if parameter.secret]
    secret_fields = [name for name, field in fields if field.shape.annotations.secret]
    return [*parameters, *secret_fields, *(["body"] if has_body and secret_fields else [])]


def _document(
    operation: OperationSpec,
    fields: list[tuple[str, FieldShape]],
    former: list[ArgumentView],
    description: Description,
    context: RenderContext,
) -> Doc:
    document = doc(operation.summary, operation.description, " ".join(split_words(operation.id)).capitalize())
    deprecated = ". Deprecated." if operation.deprecated else ""
    document.paragraphs.append(UntrustedString(f"`{operation.method} {operation.path}`{deprecated}"))
    entries = [
        (p.name, context.describer.field(p.shape, description=p.description)) for p in operation.parameters
    ]
    if operation.bodies:
        entries.extend(
            (name, _required_words(field) + context.describer.field(field.shape)) for name, field in fields
        )
        entries.append(("body", _body_words(operation, bool(fields))))
    entries.extend(former_entries(former))
    if len(operation.bodies) > 1:
        entries.append(("content_type", "Which media type to send; the first one by default."))
    document.section("Args", entries)
    document.section("Returns", [("", returns_words(operation, context))])
    document.section("Raises", raises(operation, description))
    return document


def _required_words(field: FieldShape) -> str:
    return "Required. " if field.required else ""


def _body_words(operation: OperationSpec, has_fields: bool) -> str:
    text = " ".join((operation.body_description or "").split())
    whole = "The whole body, as a model or a dict, in place of its fields." if has_fields else "The body."
    return f"{full_stop(text)} {whole}" if text else whole


def resource_views(
    description: Description,
    views: dict[str, list[OperationView]],
    context: RenderContext,
    stream_names: tuple[str, str] | None,
) -> list[ResourceView]:
    """One class pair for each tag."""
    titles = {operation.tag_name: operation.tag for operation in description.operations}
    taken = frozenset({*(component.name for component in context.components), *context.params.values()})
    found: list[ResourceView] = []
    for tag, operations in views.items():
        needs = RequiredImports()
        for view in operations:
            for name in ("models", "params", "typing", "collections", "runtime", "front_door"):
                getattr(needs, name).update(getattr(view.needs, name))
            needs.datetime = needs.datetime or view.needs.datetime
        streams = any(view.stream_argument for view in operations)
        if streams and stream_names is not None:
            needs.front_door.update(stream_names)
            needs.typing.add("Literal")
        text = description.tags.get(titles[tag])
        found.append(
            ResourceView(
                tag=tag,
                class_name=_class_name(pascal(tag, "Tag"), taken),
                doc=doc(None, text, f"Operations of {titles[tag]}."),
                operations=operations,
                checking_imports=context.imports.checking_lines(needs, ".."),
                streams=streams,
                renames=any(view.renamed for view in operations),
            )
        )
    return found


def _class_name(stem: str, taken: frozenset[str]) -> str:
    """A name for the classes of a tag that no schema has: `DubbingOperations` beside a schema `DubbingResource`."""
    for ending in ("Resource", "Operations", *(f"Operations{number}" for number in range(2, 99))):
        if not taken & {f"{stem}{ending}", f"Async{stem}{ending}"}:
            return f"{stem}{ending}"
    raise LookupError(f"no free name for the operations of {stem}")


__all__ = [
    "body_fields",
    "literal_table",
    "operation_view",
    "raises",
    "resource_views",
    "result_type",
    "returns_words",
]
