"""Views of the documented client's methods, from `x-facade`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openapi_python_client.strings import PythonCode

from ..description.model import Description, FacadeSpec, OperationSpec
from ..schema.interpreter import Interpreter
from ..schema.names import safe, snake
from ..schema.shapes import MISSING, ArrayShape, Shape, StringShape
from ..source.node import Node
from ..source.problems import ProblemLog, SpecRefused
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
from .former_names import former_arguments, former_entries, former_names
from .imports import OPTIONS
from .py_source import literal
from .type_hints import members, or_none
from .views import ArgumentView, FacadeView

_KEYWORDS = (
    f"{OPTIONS_TEXT} Everything else is a parameter for the provider; `provider_params={{…}}` takes any name."
)


@dataclass
class _Argument:
    """An argument before it is rendered: `spec` is its name in the description, `key` the one that it is sent under."""

    spec: str
    key: str
    name: str
    shape: Shape
    required: bool
    text: str
    default: Any = MISSING
    former: tuple[str, ...] = ()
    own: bool = False
    annotation: str | None = None


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
            _Argument(
                dispatch,
                dispatch,
                safe(snake(dispatch)),
                StringShape(facade.node),
                True,
                "Which of them.",
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
        old = written[asked]
        written[asked] = ArgumentView(old.name, PythonCode("bool"), PythonCode("False"), old.key, old.field)
    accepts_additional = any(argument.spec == "additional_params" for argument in arguments)
    event = event_type(operation, context)
    if only_events(operation, context):
        result, async_result = (f"{name}[{event}]" for name in classes)
    else:
        result = result_type(operation, context)
        alternatives = members(result)
        async_result = " | ".join(context.imports.asynchronous_class(one) or one for one in alternatives)
    document = doc(operation.summary, operation.description if len(group) == 1 else None, f"{name}.")
    texts = [(a.name, _text(a)) for a in [*positional, *keyword]]
    views = [written[argument.spec] for argument in arguments]
    former = former_arguments(
        views, [argument.former for argument in arguments], "None", context.imports.taken
    )
    texts.extend(former_entries(former))
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
        positional=[written[argument.spec] for argument in positional],
        keyword=[written[argument.spec] for argument in keyword],
        own=[written[argument.spec] for argument in arguments if argument.own],
        values=[written[argument.spec] for argument in arguments if not argument.own],
        former=former,
        result=PythonCode(result),
        async_result=PythonCode(async_result),
        accepts_additional=accepts_additional,
        options=options,
        format_argument=_format_argument(facade, context),
        stream_argument=stream_name,
        stream_class=classes[0],
        event=PythonCode(event) if event is not None else None,
        secrets=[argument.name for argument in arguments if argument.shape.annotations.secret],
        nodes=[entry.node for _, entry in group],
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
) -> list[_Argument]:
    found: list[_Argument] = []
    for parameter in operation.parameters:
        text = context.describer.field(parameter.shape, description=parameter.description)
        found.append(
            _Argument(
                parameter.wire,
                parameter.name,
                facade.rename.get(parameter.wire, context.imports.argument(parameter.name)),
                parameter.shape,
                parameter.required,
                text,
                parameter.client_default,
                former_names(parameter),
            )
        )
    for name, field in body_fields(operation, context):
        found.append(
            _Argument(
                field.wire,
                field.wire,
                facade.rename.get(field.wire, name),
                field.shape,
                field.required,
                context.describer.field(field.shape),
                field.shape.annotations.client_default,
                former_names(field),
            )
        )
    known = {argument.spec for argument in found}
    # An argument of a Python type may be a field as well: the front door turns its value into that of the field.
    found = [argument for argument in found if argument.spec not in facade.extra]
    for spec, node in facade.extra.items():
        shape = interpreter.shape(node, f"{operation.id}{spec}")
        text = context.describer.field(shape, defaults=False)
        found.append(
            _Argument(
                spec,
                spec,
                safe(snake(spec)),
                shape,
                False,
                text,
                None if shape.annotations.default is MISSING else shape.annotations.default,
                own=True,
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
        raise found.refuse(f"`x-type` is a name of the front door, found {found.value!r}")
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


def _must(argument: _Argument) -> bool:
    return argument.required and argument.default is MISSING


def _written(argument: _Argument, context: RenderContext) -> ArgumentView:
    annotation = argument.annotation or context.type_hints.write(argument.shape)
    if isinstance(argument.shape, ArrayShape) and context.type_hints.mentions_model(argument.shape):
        # A generator is read once, before sending.
        annotation = annotation.replace("Sequence[", "Iterable[", 1)
    key = PythonCode(literal(argument.key))
    if _must(argument):
        return ArgumentView(argument.name, PythonCode(annotation), None, key)
    if argument.own and argument.default is not None:
        return ArgumentView(argument.name, PythonCode(annotation), PythonCode(literal(argument.default)), key)
    default = None if argument.default is MISSING else argument.default
    return ArgumentView(argument.name, PythonCode(or_none(annotation)), PythonCode(literal(default)), key)


def _text(argument: _Argument) -> str:
    if argument.default is MISSING or argument.own or argument.default is None:
        return argument.text
    sent = f"This client sends {literal(argument.default)}; pass None to leave it to the server."
    return f"{argument.text} {sent}".strip()


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
    code = f"{literal(name)}, {target}"
    if dispatch is not None:
        code += f", dispatch={literal(dispatch)}"
    if facade.rename:
        code += f", rename={literal(facade.rename)}"
    if accepts_additional:
        code += ", accepts_additional=True"
    if typed_fields := [
        field.wire for _, field in body_fields(group[0][0], context) if field.wire in facade.extra
    ]:
        code += f", typed_fields={literal(typed_fields)}"
    return code
