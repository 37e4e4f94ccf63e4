"""Views of the documented client's methods, from `x-facade`."""

from __future__ import annotations

from dataclasses import replace

from openapi_python_client.strings import PythonCode

from ..description.model import Description, FacadeSpec, OperationSpec
from ..schema.interpreter import Interpreter
from ..schema.names import safe, snake
from ..schema.shapes import MISSING, ArrayShape, StringShape
from ..source.node import Node
from ..source.problems import ProblemLog, SpecRefused
from .arguments import Argument, arguments_of, former_arguments
from .build_answers import (
    event_type,
    only_events,
    raises,
    result_type,
    returns_words,
    stream_classes,
)
from .build_models import RenderContext
from .build_operations import OPTIONS_TEXT
from .descriptors import body_fields
from .docstrings import doc
from .imports import OPTIONS
from .py_source import keywords, literal
from .type_hints import members, or_none
from .views import ArgumentView, FacadeView

_KEYWORDS = (
    f"{OPTIONS_TEXT} Everything else is a parameter for the provider; `provider_params={{…}}` takes any name."
)


def facade_views(
    description: Description,
    context: RenderContext,
    interpreter: Interpreter,
) -> list[FacadeView]:
    """One view for each method name; operations that share a name share a method."""
    groups: dict[str, list[tuple[OperationSpec, FacadeSpec]]] = {}
    for operation in description.operations:
        for facade in operation.facade:
            groups.setdefault(facade.name, []).append((operation, facade))
    views: list[FacadeView] = []
    problems = ProblemLog()
    for name, group in groups.items():
        with problems.collect():
            views.append(_view(name, group, description, context, interpreter))
    if problems.found:
        raise SpecRefused(problems.found)
    return views


def _view(
    name: str,
    group: list[tuple[OperationSpec, FacadeSpec]],
    description: Description,
    context: RenderContext,
    interpreter: Interpreter,
) -> FacadeView:
    operation, facade = group[0]
    dispatch = _dispatch(name, group)
    arguments = _arguments(operation, facade, context, interpreter)
    if dispatch is not None:
        choices = ", ".join(literal(other.fixed[dispatch]) for _, other in group)
        arguments.append(
            Argument(
                spec=dispatch,
                key=dispatch,
                name=safe(snake(dispatch)),
                where="body",
                shape=StringShape(facade.node),
                required=True,
                text="Which of them.",
                annotation=f"Literal[{choices}]",
            )
        )
    for other, entry in group[1:]:
        theirs = {a.spec: a.name for a in _arguments(other, entry, context, interpreter)}
        mine = {a.spec: a.name for a in arguments if a.spec != dispatch}
        if theirs != mine or entry.positional != facade.positional:
            raise entry.node.refuse(
                f"operations that share the method {name!r} have to take the same arguments"
            )
    by_spec = {argument.spec: argument for argument in arguments}
    for spec in facade.positional:
        if spec not in by_spec:
            raise facade.node.refuse(
                f"`positional` names {spec!r}, which {operation.id} does not take; add it there, or leave it out"
            )
    positional = [by_spec[spec] for spec in facade.positional]
    keyword = [argument for argument in arguments if argument.spec not in facade.positional]
    keyword.sort(key=lambda argument: not _must(argument))
    optional_seen: str | None = None
    for argument in positional:
        if _must(argument) and optional_seen is not None:
            raise facade.node.refuse(
                f"`positional` has {argument.spec!r}, which is required, after {optional_seen!r}, which is not"
            )
        if not _must(argument):
            optional_seen = argument.spec
    written = {argument.spec: _written(argument, context) for argument in arguments}
    stream = operation.stream if not context.standalone else None
    classes = stream_classes(operation, context)
    asked = stream.parameter if stream is not None else None
    stream_name = by_spec[asked].name if asked is not None and asked in by_spec else None
    if asked is not None and stream_name is not None:
        written[asked] = replace(written[asked], annotation=PythonCode("bool"), initial=PythonCode("False"))
    accepts_additional = any(argument.spec == "additional_params" for argument in arguments)
    event = event_type(operation, context)
    if only_events(operation, context):
        result, async_result = (f"{name}[{event}]" for name in classes)
    else:
        result = result_type(operation, context)
        alternatives = members(result)
        async_result = " | ".join(context.imports.asynchronous_class(one) or one for one in alternatives)
    document = doc(operation.summary, operation.description if len(group) == 1 else None, f"{name}.")
    views = [written[argument.spec] for argument in arguments]
    former = former_arguments(views, "None", context.imports.taken)
    listed = [written[argument.spec] for argument in (*positional, *keyword)]
    texts = [(view.name, view.text) for view in (*listed, *former)]
    options = OPTIONS if context.imports.above(OPTIONS) else None
    if options:
        texts.append(("kwargs", _KEYWORDS) if accepts_additional else ("options", OPTIONS_TEXT))
    document.section("Args", texts)
    document.section("Returns", [("", returns_words(operation, context))])
    document.section("Raises", raises(operation, description))
    return FacadeView(
        name=name,
        doc=document,
        entry=PythonCode(_entry(name, group, dispatch, facade, accepts_additional, context)),
        positional=listed[: len(positional)],
        keyword=listed[len(positional) :],
        arguments=views,
        former=former,
        result=PythonCode(result),
        async_result=PythonCode(async_result),
        accepts_additional=accepts_additional,
        options=options,
        format_argument=_format_argument(facade, context),
        stream_argument=stream_name,
        stream_class=classes[0],
        event=PythonCode(event) if event is not None else None,
        secrets=[argument.name for argument in arguments if argument.secret],
    )


def _dispatch(name: str, group: list[tuple[OperationSpec, FacadeSpec]]) -> str | None:
    """The argument whose value selects one of the operations of a method."""
    keys = {key for _, facade in group for key in facade.fixed}
    if len(group) == 1 and not keys:
        return None
    if len(keys) != 1 or any(set(facade.fixed) != keys for _, facade in group):
        raise group[-1][1].node.refuse(
            f"several operations give the method {name!r}; each needs `fixed` with one value of the same argument"
        )
    key = keys.pop()
    values = [facade.fixed[key] for _, facade in group]
    if len(set(values)) < len(values):
        raise group[-1][1].node.refuse(f"two operations of the method {name!r} are fixed to the same {key}")
    return key


def _arguments(
    operation: OperationSpec,
    facade: FacadeSpec,
    context: RenderContext,
    interpreter: Interpreter,
) -> list[Argument]:
    found = arguments_of(operation, context)
    for argument in found:
        argument.name = facade.rename.get(argument.spec, argument.name)
    known = {argument.spec for argument in found}
    # An argument of a Python type may be a field as well: the front door turns its value into that of the field.
    found = [argument for argument in found if argument.spec not in facade.extra]
    for spec, node in facade.extra.items():
        shape = interpreter.shape(node, f"{operation.id}{spec}")
        notes = shape.annotations
        found.append(
            Argument(
                spec=spec,
                key=spec,
                name=safe(snake(spec)),
                where="client",
                shape=shape,
                required=False,
                text=context.describer.field(shape, defaults=False),
                secret=notes.secret,
                default=notes.default,
                annotation=_front_door_type(node, context),
            )
        )
    _check_names(facade, known)
    for argument in found:
        if argument.spec in facade.defaults:
            argument.default = facade.defaults[argument.spec]
    names = [argument.name for argument in found]
    for argument in found:
        if names.count(argument.name) > 1:
            raise facade.node.refuse(f"two arguments would be called {argument.name!r}")
        if argument.name in context.imports.taken:
            raise facade.node.refuse(
                f"an argument would be called {argument.name!r}, as an option of every call is; rename it"
            )
    return found


def _front_door_type(node: Node, context: RenderContext) -> str | None:
    """The annotation of an argument whose type no schema can express, such as a class: `x-type` names it."""
    found = node.get("x-type")
    if found is None:
        return None
    if not isinstance(found.value, str) or not found.value.isidentifier():
        raise found.refuse(f"`x-type` has to be a public name of the package, found {found.value!r}")
    return f"{found.value} | None" if context.imports.above(found.value) else None


def _format_argument(facade: FacadeSpec, context: RenderContext) -> str | None:
    """The argument whose class is the type of `parsed`; a method with a stream has overloads for it."""
    for spec, node in facade.extra.items():
        kind = node.get("x-type")
        if kind is not None and kind.value == "ResponseFormat" and context.imports.above("ResponseFormat"):
            return safe(snake(spec))
    return None


def _check_names(facade: FacadeSpec, known: set[str]) -> None:
    for key, table in (("defaults", facade.defaults), ("rename", facade.rename)):
        for spec in table:
            if spec not in known:
                raise (
                    facade.node.child(key)
                    .child(spec)
                    .refuse(f"`{key}` names {spec!r}, which the operation does not take")
                )


def _must(argument: Argument) -> bool:
    return argument.required and argument.default is MISSING


def _written(argument: Argument, context: RenderContext) -> ArgumentView:
    annotation = argument.annotation or context.type_hints.write(argument.shape)
    if isinstance(argument.shape, ArrayShape) and context.type_hints.mentions_model(argument.shape):
        # A generator is read once, before sending.
        annotation = annotation.replace("Sequence[", "Iterable[", 1)
    must, of_client = _must(argument), argument.where == "client"
    default = None if argument.default is MISSING else argument.default
    if not must and not (of_client and default is not None):
        annotation = or_none(annotation)
    text = argument.text
    if default is not None and not of_client:
        text = f"{text} This client sends {literal(default)}; pass None to leave it to the server.".strip()
    return ArgumentView(
        name=argument.name,
        annotation=PythonCode(annotation),
        initial=None if must else PythonCode(literal(default)),
        key=PythonCode(literal(argument.key)),
        text=text,
        where=argument.where,
        former=argument.former,
    )


def _entry(
    name: str,
    group: list[tuple[OperationSpec, FacadeSpec]],
    dispatch: str | None,
    facade: FacadeSpec,
    accepts_additional: bool,
    context: RenderContext,
) -> str:
    if dispatch is None:
        operation = group[0][0]
        target = f"({literal(operation.tag_name)}, {literal(operation.name)})"
    else:
        rows = (f"{literal(f.fixed[dispatch])}: ({literal(o.tag_name)}, {literal(o.name)})" for o, f in group)
        target = "{" + ", ".join(rows) + "}"
    fields = [field.wire for _, field in body_fields(group[0][0], context)]
    return f"{literal(name)}, {target}" + keywords(
        dispatch=dispatch,
        rename=facade.rename,
        accepts_additional=accepts_additional,
        typed_fields=[wire for wire in fields if wire in facade.extra],
    )
