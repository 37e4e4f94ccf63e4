"""Views of operations: descriptors, typed methods, resource classes."""

from __future__ import annotations

from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonCode

from ..description.model import Description, OperationSpec
from ..schema.names import pascal, split_words
from ..schema.shapes import BooleanShape, Shape
from .arguments import Argument, arguments_of, former_arguments
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
from .descriptors import descriptor
from .docstrings import Doc, doc
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
    arguments = arguments_of(operation, context)
    views = [_written(argument, context) for argument in arguments]
    former = former_arguments(views, "UNSET", context.imports.taken)
    body = _body_annotation(operation, context)
    fields = {argument.spec: argument for argument in arguments if argument.where == "body"}
    stream = operation.stream if not context.standalone else None
    asked = fields.get(stream.parameter) if stream is not None and stream.parameter is not None else None
    stream_argument = asked.name if asked is not None else None
    event = event_type(operation, context) or result if stream_argument is not None else ""
    overloads: list[OverloadView] = []
    if "stream" in fields and streamed(operation, context):
        overloads = _overloads(operation, fields["stream"].shape, context)
        stream_argument = fields["stream"].name if overloads else stream_argument
    options = OPTIONS if context.imports.above(OPTIONS) else None
    content_types = None
    if len(operation.bodies) > 1:
        types = ", ".join(literal(body.media_type) for body in operation.bodies)
        content_types = PythonCode(f"Literal[{types}] | None")
    return OperationView(
        spec=operation,
        doc=_document(operation, views, former, description, context),
        result=PythonCode(result),
        arguments=PythonCode(descriptor(operation, context)),
        path_arguments=[view for view in views if view.where == "path"],
        keyword_arguments=sorted(
            (view for view in views if view.where != "path"), key=lambda view: view.initial is not None
        ),
        former=former,
        body=PythonCode(body) if body is not None else None,
        content_types=content_types,
        events=events,
        options=options,
        overloads=overloads,
        stream_argument=stream_argument,
        streams=[PythonCode(f"{name}[{event}]") for name in stream_classes(operation, context)],
        secrets=[
            *(argument.name for argument in arguments if argument.secret),
            # A whole body holds secrets where one of its fields is a secret.
            *(["body"] if any(field.secret for field in fields.values()) else []),
        ],
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


def _overloads(operation: OperationSpec, flag: Shape, context: RenderContext) -> list[OverloadView]:
    """What the field `stream` of a body decides, where an operation answers with a stream or with one value."""
    at_once = result_type(operation, context)
    if not isinstance(context.components.resolve(flag), BooleanShape) or at_once == "None":
        return []
    results = [PythonCode(stream_type(operation, context, name)) for name in ("Stream", "AsyncStream")]
    rows = {False: [PythonCode(at_once)] * 2, True: results}
    usual = flag.annotations.default is True  # without the argument
    return [
        OverloadView(PythonCode(f"Literal[{value}]{unset}"), *rows[value])
        for value, unset in ((usual, " | Unset = UNSET"), (not usual, ""))
    ]


def _results_by_client(result: str, context: RenderContext) -> list[PythonCode]:
    """The annotations of the two clients' methods, where the asynchronous client has a response class of its own."""
    async_class = context.imports.asynchronous_class(result)
    return [PythonCode(result), PythonCode(async_class)] if async_class is not None else []


def _written(argument: Argument, context: RenderContext) -> ArgumentView:
    """A field may be left out even where it is required: `body` may have it."""
    annotation, text, initial = context.type_hints.write(argument.shape), argument.text, None
    if argument.where == "body" or not argument.required:
        nullable = annotation if argument.where == "body" else or_none(annotation)
        annotation, initial = unset_too(nullable), PythonCode("UNSET")
    if argument.where == "body" and argument.required:
        text = f"Required. {text}"
    key = PythonCode(literal(argument.key))
    code = PythonCode(annotation)
    return ArgumentView(argument.name, code, initial, key, text, argument.where, argument.former)


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


def _document(
    operation: OperationSpec,
    views: list[ArgumentView],
    former: list[ArgumentView],
    description: Description,
    context: RenderContext,
) -> Doc:
    document = doc(operation.summary, operation.description, " ".join(split_words(operation.id)).capitalize())
    deprecated = ". Deprecated." if operation.deprecated else ""
    document.paragraphs.append(UntrustedString(f"`{operation.method} {operation.path}`{deprecated}"))
    entries = [(view.name, view.text) for view in views]
    if operation.bodies:
        entries.append(("body", _body_words(operation, any(view.where == "body" for view in views))))
    entries.extend((view.name, view.text) for view in former)
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
    return [
        ResourceView(
            tag=tag,
            class_name=_class_name(pascal(tag, "Tag"), taken),
            doc=doc(None, description.tags.get(titles[tag]), f"Operations of {titles[tag]}."),
            operations=operations,
        )
        for tag, operations in views.items()
    ]


def _class_name(stem: str, taken: frozenset[str]) -> str:
    """A name for the classes of a tag that no schema has: `DubbingOperations` beside a schema `DubbingResource`."""
    for ending in ("Resource", "Operations", *(f"Operations{number}" for number in range(2, 99))):
        if not taken & {f"{stem}{ending}", f"Async{stem}{ending}"}:
            return f"{stem}{ending}"
    raise LookupError(f"no free name for the operations of {stem}")
