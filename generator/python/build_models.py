"""Views of schemas: classes, enums, aliases, and the TypedDicts for requests."""

from __future__ import annotations

import keyword
from dataclasses import dataclass

from openapi_python_client.strings import PythonCode

from ..description.model import Description
from ..description.reachability import reached
from ..schema.components import Components
from ..schema.names import NameAllocator, constant, field_names
from ..schema.shapes import (
    MISSING,
    AnyShape,
    Component,
    ConstShape,
    EnumShape,
    FieldShape,
    ObjectShape,
)
from .codec_expressions import CodecExpressions
from .docstrings import Doc, ShapeDescriber, doc
from .imports import Imports
from .py_source import keywords, literal
from .type_hints import TypeHints, or_none, unset_too
from .views import AliasView, EnumView, FieldView, ModelView, ParamView


@dataclass
class RenderContext:
    """What every view is built with."""

    components: Components
    type_hints: TypeHints
    codecs: CodecExpressions
    describer: ShapeDescriber
    imports: Imports
    params: dict[str, str]
    standalone: bool = False  # the package brings a client of its own, which knows streams and redirects

    @classmethod
    def of(
        cls,
        description: Description,
        components: Components,
        front_door: dict[str, str] | None,
    ) -> RenderContext:
        """The context for a description. `front_door`: the names of the layer above; None to compare descriptions."""
        params = request_models(description, components)
        type_hints = TypeHints(components, params)
        return cls(
            components=components,
            type_hints=type_hints,
            codecs=CodecExpressions(components, type_hints),
            describer=ShapeDescriber(components),
            imports=Imports(components, params, front_door or {}),
            params=params,
            standalone=front_door == {},
        )


def request_models(description: Description, components: Components) -> dict[str, str]:
    """The models that requests use, and the names of their TypedDicts."""
    sent, _ = reached(description, components)
    register = NameAllocator(frozenset(component.name for component in components))
    return {
        c.name: register.allocate(f"{c.name}Param", suffix="Dict")
        for c in components
        if c.kind == "model" and c.name in sent
    }


def schema_view(component: Component, context: RenderContext) -> ModelView | EnumView | AliasView:
    """The view of a schema, for the template of its kind."""
    match component.kind:
        case "model":
            return _model(component, context)
        case "enum":
            return _enum(component, context)
        case "alias":
            return _alias(component, context)


def _model(component: Component, context: RenderContext) -> ModelView:
    """The class for an object schema."""
    shape = component.meaning
    assert isinstance(shape, ObjectShape)
    names = field_names([field.wire for field in shape.fields])
    ordered = sorted(shape.fields, key=lambda f: not f.required)
    fields = [_field(field, names[field.wire], context) for field in ordered]
    document = _document(component)
    document.section(
        "Attributes",
        ((view.name, context.describer.field(f.shape)) for view, f in zip(fields, ordered, strict=True)),
    )
    additional = None
    argument = "JsonValue"
    if shape.additional is not None and not isinstance(shape.additional, AnyShape):
        additional = PythonCode(context.codecs.expression(shape.additional))
        argument = context.type_hints.read(shape.additional)
    elif shape.additional is not None and shape.declares_additional:
        additional = PythonCode(context.codecs.expression(shape.additional))
    patterns = None
    if context.codecs.patterned(shape.patterns):
        patterns = PythonCode(context.codecs.patterns(shape.patterns))
        additional = None
    renamed = {
        old: names[field.wire]
        for field in shape.fields
        for old in field_names(list(field.former)).values()
        if old not in names.values()  # `fullName` and `full_name` are one name in Python
    }
    types = {view.name: view.annotation for view in fields}
    return ModelView(
        component=component,
        doc=document,
        fields=fields,
        renamed=PythonCode(literal(renamed)) if renamed else None,
        former=[(old, new, types[new]) for old, new in renamed.items()],
        closed=shape.additional is None,
        additional=additional,
        patterns=patterns,
        additional_argument=PythonCode(argument),
    )


def _field(field: FieldShape, name: str, context: RenderContext) -> FieldView:
    annotations = field.shape.annotations
    codec = context.codecs.expression(field.shape)
    read = context.type_hints.read(field.shape)
    optional = or_none(read)
    entry = f"{literal(name)}, {codec}" + keywords(
        wire=field.wire if field.wire != name else None,
        required=field.required,
        nullable=context.components.nullable(field.shape),
        read_only=annotations.read_only,
        secret=annotations.secret,
    )
    if annotations.default is not MISSING and annotations.default is not None:
        entry += f", default={literal(annotations.default)}"
    target = context.components.resolve(field.shape)
    initial = None
    if isinstance(target, ConstShape) and field.required:
        initial = literal(target.value)
        argument = read
    elif field.required and not annotations.read_only:
        argument = read
    else:
        initial = "UNSET"
        argument = unset_too(optional)
    return FieldView(
        name=name,
        entry=PythonCode(entry),
        annotation=PythonCode(read if field.required else optional),
        argument=PythonCode(argument),
        initial=PythonCode(initial) if initial is not None else None,
        required=field.required,
    )


def _enum(component: Component, context: RenderContext) -> EnumView:
    """The constants of an enum; values that differ by case or by a sign only get names of their own."""
    shape = component.meaning
    assert isinstance(shape, EnumShape)
    register = NameAllocator()
    names = {}
    for value in sorted(shape.values, key=lambda v: constant(str(v)) != str(v)):
        names[value, type(value)] = register.allocate(constant(str(value)))
    return EnumView(
        component=component,
        doc=_document(component),
        constants=[
            (names[value, type(value)], PythonCode(type(value).__name__), PythonCode(literal(value)))
            for value in shape.values
        ],
        literal=PythonCode(", ".join(literal(value) for value in shape.values)),
        codec=PythonCode(context.codecs.expression(shape)),
    )


def _alias(component: Component, context: RenderContext) -> AliasView:
    """A name for a list, a union, a map or a scalar."""
    return AliasView(
        component=component,
        doc=_document(component),
        annotation=PythonCode(context.type_hints.read(component.meaning)),
        codec=PythonCode(context.codecs.expression(component.meaning)),
    )


def param_view(component: Component, context: RenderContext) -> ParamView:
    """The TypedDict of a model: keys as they travel, required ones marked."""
    shape = component.meaning
    assert isinstance(shape, ObjectShape)
    fields: list[tuple[PythonCode, PythonCode, PythonCode]] = []
    for field in shape.fields:
        if field.shape.annotations.read_only:
            continue
        annotation = context.type_hints.key(field.shape)
        if field.required:
            annotation = f"Required[{annotation}]"
        fields.append((PythonCode(field.wire), PythonCode(literal(field.wire)), PythonCode(annotation)))
    plain = all(
        f.wire.isidentifier() and not keyword.iskeyword(f.wire) and not f.wire.startswith("__")
        for f in shape.fields
    )
    shadowing = {"list", "dict", "str", "int", "float", "bool", "bytes", "datetime", "uuid"} & {
        f.wire for f in shape.fields
    }
    document = doc(None, None, f"What may be passed as a `{component.name}`, as a plain dict.")
    return ParamView(context.params[component.name], document, fields, as_class=plain and not shadowing)


def _document(component: Component) -> Doc:
    annotations = component.meaning.annotations
    return doc(None, annotations.description or annotations.title, f"{component.name}.")
