"""The arguments of a method: the parameters of its operation and the fields of the body, also under former names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from openapi_python_client.strings import PythonCode

from ..description.model import OperationSpec, Where
from ..schema.names import field_names
from ..schema.shapes import MISSING, Shape
from .build_models import RenderContext
from .descriptors import body_fields
from .py_source import literal
from .type_hints import or_none, unset_too
from .views import ArgumentView


@dataclass
class Argument:
    """An argument before it is rendered.

    Attributes:
        spec: its name in the description.
        key: the name that it is sent under.
        name: its Python name.
        where: where it is sent; `client` for one that the layer above turns into others.
        text: what the description says of it.
        default: what the client sends if the caller passes nothing.
        former: its former names in the description.
        annotation: in place of that of its shape.
    """

    spec: str
    key: str
    name: str
    where: Where | Literal["body", "client"]
    shape: Shape
    required: bool
    text: str
    secret: bool = False
    default: Any = MISSING
    former: tuple[str, ...] = ()
    annotation: str | None = None


def arguments_of(operation: OperationSpec, context: RenderContext) -> list[Argument]:
    """The parameters of an operation, then the fields of its first body."""
    describe = context.describer.field
    found = [
        Argument(
            spec=one.wire,
            key=one.name,
            name=context.imports.argument(one.name),
            where=one.where,
            shape=one.shape,
            required=one.required,
            text=describe(one.shape, description=one.description),
            secret=one.secret,
            default=one.client_default,
            former=one.former,
        )
        for one in operation.parameters
    ]
    for name, field in body_fields(operation, context):
        notes = field.shape.annotations
        found.append(
            Argument(
                spec=field.wire,
                key=field.wire,
                name=name,
                where="body",
                shape=field.shape,
                required=field.required,
                text=describe(field.shape),
                secret=notes.secret,
                default=notes.client_default,
                former=field.former,
            )
        )
    return found


def former_arguments(
    views: Sequence[ArgumentView], absent: Literal["UNSET", "None"], reserved: frozenset[str]
) -> list[ArgumentView]:
    """What a method takes under former names; `key` is the present name.

    Args:
        views: the arguments.
        absent: the default, as code.
        reserved: names of the method that have precedence.
    """
    taken = {view.name for view in views} | {"self", "body", "content_type"} | reserved
    found: list[ArgumentView] = []
    for view in views:
        annotation = view.annotation.as_unembedded_code()
        optional = or_none(annotation) if absent == "None" else unset_too(annotation)
        for name in field_names(list(view.former)).values():
            if name not in taken:
                taken.add(name)
                text = f"Deprecated: the former name of `{view.name}`."
                key = PythonCode(literal(view.name))
                found.append(ArgumentView(name, PythonCode(optional), PythonCode(absent), key, text))
    return found
