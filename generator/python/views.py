"""The views that templates receive. Text is `UntrustedString` or `Doc`, code is `PythonCode`, names are plain strings.

A template that prints one of the first three without its filter raises, so that no text of the description reaches
the output unescaped.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from openapi_python_client.strings import PythonCode

from ..description.model import ExceptionSpec, OperationSpec
from ..schema.shapes import Component
from .docstrings import Doc
from .py_source import literal


@dataclass
class FieldView:
    """A field of a model.

    `entry` is its row in the schema's table; `annotation` the attribute's type; `argument` the constructor's;
    `initial` the constructor's default, None for a required argument.
    """

    name: str
    entry: PythonCode
    annotation: PythonCode
    argument: PythonCode
    initial: PythonCode | None
    required: bool


@dataclass
class ModelView:
    """A class for an object schema. `former`: former names of fields, today's, and the attribute's type."""

    component: Component
    doc: Doc
    fields: list[FieldView]
    renamed: PythonCode | None
    former: list[tuple[str, str, PythonCode]]
    closed: bool
    additional: PythonCode | None
    patterns: PythonCode | None
    additional_argument: PythonCode

    @property
    def positional(self) -> list[FieldView]:
        """The constructor's required arguments, in the order of the description."""
        return [view for view in self.fields if view.initial is None]

    @property
    def keyword(self) -> list[FieldView]:
        """The constructor's other arguments."""
        return [view for view in self.fields if view.initial is not None]


@dataclass
class EnumView:
    """Constants for the known values of an enum."""

    component: Component
    doc: Doc
    constants: list[tuple[str, PythonCode, PythonCode]]
    literal: PythonCode
    codec: PythonCode


@dataclass
class AliasView:
    """A name for a shape that is no class."""

    component: Component
    doc: Doc
    annotation: PythonCode
    codec: PythonCode


@dataclass
class ParamView:
    """A TypedDict: what may be passed in place of a model."""

    name: str
    doc: Doc
    fields: list[tuple[PythonCode, PythonCode, PythonCode]]
    as_class: bool


@dataclass
class ArgumentView:
    """An argument of a method: its annotation, and its default as code (None: it is required).

    `key` is the literal that the value is sent under, or for a former name the present one; `text` documents it;
    `where` is as in `Argument`; `former` are its former names in the description.
    """

    name: str
    annotation: PythonCode
    initial: PythonCode | None
    key: PythonCode
    text: str
    where: str = ""
    former: tuple[str, ...] = ()


@dataclass
class OperationView:
    """One operation: its descriptor, and its method on the resource classes.

    `former`: its arguments under former names; their `key` is the present one.
    """

    spec: OperationSpec
    doc: Doc
    result: PythonCode
    arguments: PythonCode
    path_arguments: list[ArgumentView]
    keyword_arguments: list[ArgumentView]
    former: list[ArgumentView]
    body: PythonCode | None
    content_types: PythonCode | None
    stream_argument: str | None
    secrets: list[str]
    events: list[PythonCode] = field(default_factory=list[PythonCode])
    streams: list[PythonCode] = field(default_factory=list[PythonCode])
    options: str | None = None
    overloads: list[OverloadView] = field(default_factory=list["OverloadView"])

    @property
    def name(self) -> str:
        """The method's and the module's name."""
        return self.spec.name

    @property
    def renamed(self) -> PythonCode | None:
        """The table of former and present names of arguments, as code."""
        return _renames(self.former)


@dataclass
class OverloadView:
    """One value of the argument that asks for a stream, with what the two clients' methods then return."""

    fixed: PythonCode
    result: PythonCode
    async_result: PythonCode


@dataclass
class ResourceView:
    """All operations of one tag."""

    tag: str
    class_name: str
    doc: Doc
    operations: list[OperationView]


@dataclass
class FacadeView:
    """One method of the documented client."""

    name: str
    doc: Doc
    entry: PythonCode
    positional: list[ArgumentView]
    keyword: list[ArgumentView]
    arguments: list[ArgumentView]
    former: list[ArgumentView]
    result: PythonCode
    async_result: PythonCode
    accepts_additional: bool
    options: str | None
    format_argument: str | None
    stream_argument: str | None
    stream_class: str
    event: PythonCode | None
    secrets: list[str]

    @property
    def must(self) -> bool:
        """Whether an argument is required."""
        return any(view.initial is None for view in self.positional)

    @property
    def renamed(self) -> PythonCode | None:
        """The table of former and present names of arguments, as code."""
        return _renames(self.former)


def _renames(former: list[ArgumentView]) -> PythonCode | None:
    rows = (f"{literal(view.name)}: {view.key.as_unembedded_code()}" for view in former)
    return PythonCode(f"{{{', '.join(rows)}}}") if former else None


@dataclass
class ExceptionView:
    """An exception class."""

    spec: ExceptionSpec
    doc: Doc
    bases: PythonCode
    properties: list[tuple[str, PythonCode, Doc]]
    carried: list[tuple[str, PythonCode]]


@dataclass
class WebhookView:
    """A request that the service sends."""

    name: PythonCode
    constant: str
    annotation: PythonCode
    codec: PythonCode
    doc: Doc
    form: bool = False


@dataclass
class FrontDoorName:
    """A name that the package exports: the module that defines it, relative to the package or absolute."""

    name: str
    module: str
    optional: bool = False  # of a package that an extra installs
