"""Views of schemas: classes, enums, aliases, and the TypedDicts for requests."""

from __future__ import annotations

import keyword
from dataclasses import dataclass

from openapi_python_client.strings import PythonCode

from ..description.model import Description
from ..schema.annotations import renamed_from
from ..schema.components import Components
from ..schema.names import Register, constant, field_names
from ..schema.shapes import (
    MISSING,
    AnyShape,
    ArrayShape,
    Component,
    ConstShape,
    EnumShape,
    FieldShape,
    MapShape,
    ObjectShape,
    RefShape,
    Shape,
    StringShape,
    UnionShape,
)
from ..source.json_types import is_object
from .codec_expressions import Codecs
from .docstrings import Doc, Words, doc
from .imports import Imports
from .py_source import Needs, literal
from .type_hints import Annotations, or_none, unset_too
from .views import AliasView, EnumView, FieldView, ModelsView, ModelView, ParamView


@dataclass
class Writers:
    """What every view is made with."""

    components: Components
    annotations: Annotations
    codecs: Codecs
    words: Words
    imports: Imports
    params: dict[str, str]


def request_models(description: Description, components: Components) -> dict[str, str]:
    """The models that a caller may have to build, and the names of their TypedDicts."""
    reached: dict[str, None] = {}
    pending: list[Shape] = []
    for operation in description.operations:
        pending.extend(body.shape for body in operation.bodies)
        pending.extend(parameter.shape for parameter in operation.parameters)
    seen: set[str] = set()
    while pending:
        match pending.pop():
            case RefShape(name=name):
                if name not in seen:
                    seen.add(name)
                    component = components[name]
                    if component.kind == "model":
                        reached[name] = None
                    pending.append(component.meaning)
            case ArrayShape(items=inner) | MapShape(values=inner):
                pending.append(inner)
            case UnionShape(variants=variants):
                pending.extend(variants)
            case StringShape(content=content) if content is not None:
                pending.append(content)
            case ObjectShape(fields=fields, additional=additional):
                pending.extend(field.shape for field in fields)
                if additional is not None:
                    pending.append(additional)
            case _:
                pass
    register = Register(frozenset(component.name for component in components))
    return {c.name: register.claim(f"{c.name}Param", suffix="Dict") for c in components if c.name in reached}


def models_view(module: str, members: list[Component], writers: Writers) -> ModelsView:
    """The module of some schemas."""
    needs = Needs()
    schemas: list[ModelView | EnumView | AliasView] = []
    for component in members:
        match component.kind:
            case "model":
                schemas.append(_model(component, writers, needs))
            case "enum":
                schemas.append(_enum(component, writers, needs))
            case "alias":
                schemas.append(_alias(component, writers, needs))
    models = [view for view in schemas if isinstance(view, ModelView)]
    return ModelsView(
        name=module,
        schemas=schemas,
        classes=bool(models),
        former=any(view.former for view in models),
        imports=writers.imports.codec_lines(needs, ".."),
        checking_imports=writers.imports.checking_lines(needs, "..", here=module),
    )


def _model(component: Component, writers: Writers, needs: Needs) -> ModelView:
    """The class for an object schema."""
    shape = component.meaning
    assert isinstance(shape, ObjectShape)
    needs.typing.add("ClassVar")
    names = field_names([field.wire for field in shape.fields])
    ordered = sorted(shape.fields, key=lambda f: not f.required)
    fields = [_field(field, names[field.wire], writers, needs) for field in ordered]
    document = _document(component)
    document.section(
        "Attributes",
        ((view.name, writers.words.field(f.shape)) for view, f in zip(fields, ordered, strict=True)),
    )
    additional = None
    argument = "JsonValue"
    if shape.additional is not None and not isinstance(shape.additional, AnyShape):
        additional = PythonCode(writers.codecs.expression(shape.additional, needs))
        argument = writers.annotations.read(shape.additional, needs)
    elif shape.additional is not None:
        needs.runtime.add("JsonValue")
    if any(view.initial is not None and view.initial.as_unembedded_code() == "UNSET" for view in fields):
        needs.runtime.add("Unset")
    renamed = {
        old: names[field.wire]
        for field in shape.fields
        for old in field_names(list(renamed_from(field.node) if is_object(field.node.value) else ())).values()
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
        additional_argument=PythonCode(argument),
    )


def _field(field: FieldShape, name: str, writers: Writers, needs: Needs) -> FieldView:
    notes = field.shape.notes
    codec = writers.codecs.expression(field.shape, needs)
    read = writers.annotations.read(field.shape, needs)
    optional = or_none(read)
    options = {
        "required": field.required,
        "nullable": nullable(field.shape, writers.components),
        "read_only": notes.read_only,
        "write_only": notes.write_only,
        "secret": notes.secret,
    }
    entry = f"{literal(name)}, {literal(field.wire)}, {codec}" + "".join(
        f", {k}=True" for k, v in options.items() if v
    )
    if notes.default is not MISSING and notes.default is not None:
        entry += f", default={literal(notes.default)}"
    target = writers.components.resolve(field.shape)
    initial = None
    if isinstance(target, ConstShape) and field.required:
        initial = literal(target.value)
        argument = read
    elif field.required and not notes.read_only:
        argument = read
    else:
        initial = "UNSET"
        argument = unset_too(optional)
    return FieldView(
        name=name,
        node=field.node,
        entry=PythonCode(entry),
        annotation=PythonCode(read if field.required else optional),
        argument=PythonCode(argument),
        initial=PythonCode(initial) if initial is not None else None,
        required=field.required,
    )


def nullable(shape: Shape, components: Components) -> bool:
    """Whether null is a value of the shape, directly or in what it refers to."""
    return (
        shape.nullable
        or components.resolve(shape).nullable
        or isinstance(components.resolve(shape), AnyShape)
    )


def _enum(component: Component, writers: Writers, needs: Needs) -> EnumView:
    """The constants of an enum; values that differ by case or by a sign only get names of their own."""
    shape = component.meaning
    assert isinstance(shape, EnumShape)
    register = Register()
    needs.typing.update({"Final", "Literal", "TypeAlias"})
    names = {}
    for value in sorted(shape.values, key=lambda v: constant(str(v)) != str(v)):
        names[value, type(value)] = register.claim(constant(str(value)))
    codec = writers.codecs.expression(shape, needs)
    return EnumView(
        component=component,
        doc=_document(component),
        constants=[
            (names[value, type(value)], PythonCode(type(value).__name__), PythonCode(literal(value)))
            for value in shape.values
        ],
        literal=PythonCode(", ".join(literal(value) for value in shape.values)),
        codec=PythonCode(codec),
    )


def _alias(component: Component, writers: Writers, needs: Needs) -> AliasView:
    """A name for a list, a union, a map or a scalar."""
    annotation = writers.annotations.read(component.meaning, needs)
    needs.typing.add("TypeAlias")
    return AliasView(
        component=component,
        doc=_document(component),
        annotation=PythonCode(annotation),
        codec=PythonCode(writers.codecs.expression(component.meaning, needs)),
    )


def param_view(component: Component, writers: Writers, needs: Needs) -> ParamView:
    """The TypedDict of a model: keys as they travel, required ones marked."""
    shape = component.meaning
    assert isinstance(shape, ObjectShape)
    fields: list[tuple[PythonCode, PythonCode, PythonCode]] = []
    for field in shape.fields:
        if field.shape.notes.read_only:
            continue
        annotation = writers.annotations.write(field.shape, needs)
        if field.required:
            annotation = f"Required[{annotation}]"
        fields.append((PythonCode(field.wire), PythonCode(literal(field.wire)), PythonCode(annotation)))
    plain = all(
        f.wire.isidentifier() and not keyword.iskeyword(f.wire) and not f.wire.startswith("__")
        for f in shape.fields
    )
    shadowing = {"list", "dict", "str", "int", "float", "bool", "bytes", "datetime"} & {
        f.wire for f in shape.fields
    }
    document = doc(None, None, f"What may be passed as a `{component.name}`, as a plain dict.")
    return ParamView(writers.params[component.name], document, fields, as_class=plain and not shadowing)


def _document(component: Component) -> Doc:
    notes = component.meaning.notes
    return doc(None, notes.description or notes.title, f"{component.name}.")


__all__ = ["Writers", "models_view", "nullable", "param_view", "request_models"]
