"""Views of operations: descriptors, typed methods, resource classes."""

from __future__ import annotations

from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonCode

from ..description.model import Description, OperationSpec, ParameterSpec
from ..schema.names import pascal, split_words
from ..schema.shapes import BooleanShape, FieldShape
from .build_answers import (
    event_type,
    full_stop,
    only_events,
    raises,
    result_type,
    returns_words,
    stream_classes,
    stream_type,
    streamed,
)
from .build_models import RenderContext
from .descriptors import body_fields, descriptor
from .docstrings import Doc, doc
from .former_names import former_arguments, former_entries, former_names
from .imports import OPTIONS
from .py_source import literal
from .type_hints import or_none, unset_too
from .views import ArgumentView, OperationView, OverloadView, ResourceView

OPTIONS_TEXT = "Options of this call, such as `timeout` and `max_retries`; see `CallOptions`."


def operation_view(
    operation: OperationSpec, description: Description, context: RenderContext
) -> OperationView:
    """One operation, for its descriptor module and for its method."""
    result = result_type(operation, context)
    events = _stream_results(operation, context) or _results_by_client(result, context)
    arguments = [_parameter_argument(parameter, context) for parameter in operation.parameters]
    fields = body_fields(operation, context)
    keyword_arguments = [a for a, p in zip(arguments, operation.parameters, strict=True) if p.where != "path"]
    required = [a for a in keyword_arguments if a.initial is None]
    optional = [a for a in keyword_arguments if a.initial is not None]
    field_arguments: list[ArgumentView] = []
    for name, field in fields:
        annotation = PythonCode(unset_too(context.type_hints.write(field.shape)))
        key = PythonCode(literal(field.wire))
        field_arguments.append(ArgumentView(name, annotation, PythonCode("UNSET"), key, True))
    names = [*map(former_names, operation.parameters), *(former_names(field) for _, field in fields)]
    former = former_arguments([*arguments, *field_arguments], names, "UNSET", context.imports.taken)
    body = _body_annotation(operation, context)
    stream = operation.stream if not context.standalone else None
    stream_argument = next((name for name, f in fields if stream and f.wire == stream.parameter), None)
    event = event_type(operation, context) or result if stream_argument is not None else ""
    overloads: list[OverloadView] = []
    asking = next((pair for pair in fields if pair[1].wire == "stream"), None)
    if asking is not None and streamed(operation, context):
        overloads = _overloads(operation, asking[1], context)
        stream_argument = asking[0] if overloads else stream_argument
    options = OPTIONS if context.imports.above(OPTIONS) else None
    content_types = None
    if len(operation.bodies) > 1:
        types = ", ".join(literal(body.media_type) for body in operation.bodies)
        content_types = PythonCode(f"Literal[{types}] | None")
    return OperationView(
        spec=operation,
        doc=_document(operation, fields, former, description, context),
        result=PythonCode(result),
        arguments=PythonCode(descriptor(operation, context)),
        path_arguments=[a for a, p in zip(arguments, operation.parameters, strict=True) if p.where == "path"],
        keyword_arguments=[*required, *optional, *field_arguments],
        former=former,
        body=PythonCode(body) if body is not None else None,
        content_types=content_types,
        events=events,
        options=options,
        has_parameters=bool(arguments),
        has_fields=bool(fields),
        overloads=overloads,
        stream_argument=stream_argument,
        streams=[PythonCode(f"{name}[{event}]") for name in stream_classes(operation, context)],
        secrets=_secret_arguments(operation, fields, body is not None, context),
    )


def _stream_results(operation: OperationSpec, context: RenderContext) -> list[PythonCode]:
    """The annotations of the two clients' methods, for an operation that answers with a stream, alone or also."""
    if only_events(operation, context):
        names = stream_classes(operation, context)
        event = event_type(operation, context) or "Any"
        return [PythonCode(f"{name}[{event}]") for name in names]
    if not streamed(operation, context):
        return []
    return [PythonCode(result_type(operation, context, stream)) for stream in ("Stream", "AsyncStream")]


def _overloads(operation: OperationSpec, field: FieldShape, context: RenderContext) -> list[OverloadView]:
    """What the field `stream` of a body decides, where an operation answers with a stream or with one value."""
    at_once = result_type(operation, context)
    if not isinstance(context.components.resolve(field.shape), BooleanShape) or at_once == "None":
        return []
    results = [PythonCode(stream_type(operation, context, name)) for name in ("Stream", "AsyncStream")]
    rows = {False: [PythonCode(at_once)] * 2, True: results}
    usual = field.shape.annotations.default is True  # without the argument
    return [
        OverloadView(PythonCode(f"Literal[{value}]{unset}"), *rows[value])
        for value, unset in ((usual, " | Unset = UNSET"), (not usual, ""))
    ]


def _results_by_client(result: str, context: RenderContext) -> list[PythonCode]:
    """The annotations of the two clients' methods, where the asynchronous client has a response class of its own."""
    async_class = context.imports.asynchronous_class(result)
    return [PythonCode(result), PythonCode(async_class)] if async_class is not None else []


def _parameter_argument(parameter: ParameterSpec, context: RenderContext) -> ArgumentView:
    annotation = context.type_hints.write(parameter.shape)
    initial = None
    if not parameter.required:
        annotation, initial = unset_too(or_none(annotation)), PythonCode("UNSET")
    name = context.imports.argument(parameter.name)
    return ArgumentView(name, PythonCode(annotation), initial, PythonCode(literal(parameter.name)))


def _body_annotation(operation: OperationSpec, context: RenderContext) -> str | None:
    if not operation.bodies:
        return None
    codes: dict[str, None] = {}
    for body in operation.bodies:
        if body.kind in ("binary", "document"):
            codes["FileInput"] = None
        elif body.kind == "text":
            codes["str"] = None
        else:
            codes[context.type_hints.write(body.shape)] = None
    return " | ".join(codes)


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _secret_arguments(
    operation: OperationSpec,
    fields: list[tuple[str, FieldShape]],
    has_body: bool,
    context: RenderContext,
) -> list[str]:
    """Arguments that hold secrets; a whole body does where one of its fields is a secret."""
    parameters = [context.imports.argument(each.name) for each in operation.parameters if each.secret]
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
        (context.imports.argument(p.name), context.describer.field(p.shape, description=p.description))
        for p in operation.parameters
    ]
    if operation.bodies:
        entries.extend(
            (name, ("Required. " if field.required else "") + context.describer.field(field.shape))
            for name, field in fields
        )
        entries.append(("body", _body_words(operation, bool(fields))))
    entries.extend(former_entries(former))
    if len(operation.bodies) > 1:
        entries.append(("content_type", "Which media type to send; the first one by default."))
    if context.imports.above(OPTIONS):
        entries.append(("options", OPTIONS_TEXT))
    document.section("Args", entries)
    document.section("Returns", [("", returns_words(operation, context))])
    document.section("Raises", raises(operation, description))
    return document


def _body_words(operation: OperationSpec, has_fields: bool) -> str:
    text = " ".join((operation.body_description or "").split())
    whole = "The whole body, as a model or a dict, in place of its fields." if has_fields else "The body."
    if any(body.kind == "document" for body in operation.bodies):
        whole = "The body: its text, or bytes or a file."
    return f"{full_stop(text)} {whole}" if text else whole


def resource_views(
    description: Description,
    views: dict[str, list[OperationView]],
    context: RenderContext,
) -> list[ResourceView]:
    """One class pair for each tag."""
    titles = {operation.tag_name: operation.tag for operation in description.operations}
    taken = frozenset({*(component.name for component in context.components), *context.params.values()})
    found: list[ResourceView] = []
    for tag, operations in views.items():
        text = description.tags.get(titles[tag])
        found.append(
            ResourceView(
                tag=tag,
                class_name=_class_name(pascal(tag, "Tag"), taken),
                doc=doc(None, text, f"Operations of {titles[tag]}."),
                operations=operations,
                renames=any(view.renamed for view in operations),
                options=any(view.options for view in operations),
            )
        )
    return found


def _class_name(stem: str, taken: frozenset[str]) -> str:
    """A name for the classes of a tag that no schema has: `DubbingOperations` beside a schema `DubbingResource`."""
    for ending in ("Resource", "Operations", *(f"Operations{number}" for number in range(2, 99))):
        if not taken & {f"{stem}{ending}", f"Async{stem}{ending}"}:
            return f"{stem}{ending}"
    raise LookupError(f"no free name for the operations of {stem}")
