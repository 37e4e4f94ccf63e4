"""The meaning of a schema as a tree of shapes: the only form of a schema that the rest of the generator sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal, TypeAlias

from ..source.node import Node


class _Missing:
    """No value is given, which is not the same as null."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


@dataclass(frozen=True)
class Annotations:
    """The annotations of a schema: text, default, flags and our own extensions.

    `default` documents what the server assumes; `client_default` is sent by the client when the caller gives nothing.
    """

    title: str | None = None
    description: str | None = None
    deprecated: bool = False
    read_only: bool = False
    write_only: bool = False
    secret: bool = False
    default: Any = MISSING
    client_default: Any = MISSING
    renamed_from: tuple[str, ...] = ()
    open_enum: bool = True
    media_limit: tuple[tuple[str, int], ...] = ()

    def over(self, other: Annotations) -> Annotations:
        """These annotations, completed by the other ones."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        usual = {one.name: one.default for one in fields(self)}
        return replace(other, **{name: value for name, value in given.items() if value != usual[name]})


@dataclass(frozen=True)
class Bounds:
    """Limits of a number, a string or an array, under the names that the codecs know them by."""

    items: tuple[tuple[str, Any], ...] = ()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)


def _nothing() -> AnyShape:
    raise TypeError("an array or a map needs the shape of what it holds")


@dataclass(frozen=True, eq=False)
class Base:
    """What all shapes have: the schema they were read from, its annotations, and whether null is allowed."""

    node: Node
    annotations: Annotations = Annotations()
    nullable: bool = False


@dataclass(frozen=True, eq=False)
class AnyShape(Base):
    """Any JSON value."""


@dataclass(frozen=True, eq=False)
class NullShape(Base):
    """Null and nothing else."""


@dataclass(frozen=True, eq=False)
class BooleanShape(Base):
    """true or false."""


StringKind: TypeAlias = Literal["text", "date-time", "date", "binary"]
StandsFor: TypeAlias = Literal["", "uuid", "base64", "base64url"]


@dataclass(frozen=True, eq=False)
class StringShape(Base):
    """A string; `kind` is its meaning, `format` the keyword as written, `content` the shape of JSON that it carries.

    `media` is the media type of a file, or a range such as `audio/*`; empty where none is documented. `stands_for`: a
    value that callers may pass in place of the text.
    """

    kind: StringKind = "text"
    format: str | None = None
    bounds: Bounds = Bounds()
    content: Shape | None = None
    media: str = ""
    stands_for: StandsFor = ""


@dataclass(frozen=True, eq=False)
class NumberShape(Base):
    """A number."""

    integer: bool = False
    bounds: Bounds = Bounds()


@dataclass(frozen=True, eq=False)
class EnumShape(Base):
    """One of several values; `open` readers accept others."""

    values: tuple[Any, ...] = ()
    open: bool = True


@dataclass(frozen=True, eq=False)
class ConstShape(Base):
    """One value."""

    value: Any = None


@dataclass(frozen=True, eq=False)
class ArrayShape(Base):
    """An array whose items have one shape."""

    items: Shape = field(default_factory=_nothing)
    bounds: Bounds = Bounds()


@dataclass(frozen=True, eq=False)
class TupleShape(Base):
    """An array whose places have shapes of their own. `rest` is that of further items; None where there are none."""

    places: tuple[Shape, ...] = ()
    rest: Shape | None = None
    bounds: Bounds = Bounds()

    @property
    def members(self) -> tuple[Shape, ...]:
        """The shapes of all items."""
        return (*self.places, *([self.rest] if self.rest is not None else []))


@dataclass(frozen=True, eq=False)
class MapShape(Base):
    """An object whose keys are data. `patterns`: shapes of values by regular expressions that keys match."""

    values: Shape = field(default_factory=_nothing)
    patterns: Patterns | None = None


@dataclass(frozen=True, eq=False)
class Patterns:
    """`patternProperties`: the shapes by pattern, and that of keys that match none; None where there may be none."""

    shapes: tuple[tuple[str, Shape], ...]
    others: Shape | None

    @property
    def members(self) -> tuple[Shape, ...]:
        """The shapes of all values."""
        return (*(shape for _, shape in self.shapes), *([self.others] if self.others is not None else []))


@dataclass(frozen=True, eq=False)
class RefShape(Base):
    """A component, by its Python name."""

    name: str = ""


@dataclass(frozen=True, eq=False)
class UnionShape(Base):
    """One of several shapes.

    `mapping`: discriminator value -> component name, for the property `discriminator`. `fallback`: the component that
    takes what no other claims.
    """

    variants: tuple[Shape, ...] = ()
    discriminator: str | None = None
    mapping: tuple[tuple[str, str], ...] = ()
    fallback: str | None = None


@dataclass(frozen=True, eq=False)
class FieldShape:
    """A declared property of an object, and its former names.

    `nodes` are all the places that declare it: `allOf` brings several together.
    """

    wire: str
    shape: Shape
    required: bool
    nodes: tuple[Node, ...]
    former: tuple[str, ...] = ()

    @property
    def node(self) -> Node:
        """The first of the places."""
        return self.nodes[0]


@dataclass(frozen=True, eq=False)
class ObjectShape(Base):
    """An object with declared properties. `additional` is the shape of the others; None where there may be none.

    `declares_additional` tells the others that the description mentions from those that it merely does not forbid.
    """

    fields: tuple[FieldShape, ...] = ()
    additional: Shape | None = None
    patterns: Patterns | None = None
    declares_additional: bool = False
    response_shapes: tuple[str, ...] = ()


Shape: TypeAlias = (
    AnyShape
    | NullShape
    | BooleanShape
    | StringShape
    | NumberShape
    | EnumShape
    | ConstShape
    | ArrayShape
    | TupleShape
    | MapShape
    | RefShape
    | UnionShape
    | ObjectShape
)


def parts_of(shape: Shape) -> tuple[Shape, ...]:
    """The shapes that a shape is made of, one level down; those behind references are not followed."""
    match shape:
        case ArrayShape(items=inner):
            return (inner,)
        case MapShape(values=inner, patterns=patterns):
            return (inner, *(patterns.members if patterns is not None else ()))
        case TupleShape():
            return shape.members
        case UnionShape(variants=variants):
            return variants
        case StringShape(content=content) if content is not None:
            return (content,)
        case ObjectShape(fields=fields, additional=additional, patterns=patterns):
            others = patterns.members if patterns is not None else ()
            return (
                *(one.shape for one in fields),
                *([additional] if additional is not None else []),
                *others,
            )
        case _:
            return ()


@dataclass(eq=False)
class Component:
    """A schema with a name of its own: from `components/schemas`, or lifted out of another schema.

    Attributes:
        wire: the name in the description; for a lifted schema its allocated name.
        name: the Python name.
        node: its place in the description.
        lifted: it has no name in the description.
        shape: set after its name is allocated, so that schemas may refer to themselves.
        module: the module under `models/`; set, like the next two, when all shapes are known (`model_modules`).
        codec_name: the constant in that module that holds the codec of an enum or an alias.
        literal_name: the type in that module of an enum's values.
    """

    wire: str
    name: str
    node: Node
    lifted: bool
    shape: Shape | None = None
    module: str = ""
    codec_name: str = ""
    literal_name: str = ""

    @property
    def meaning(self) -> Shape:
        """The shape. A `LookupError` before it is known is a fault of the generator."""
        if self.shape is None:
            raise LookupError(f"the shape of {self.name} is not known yet")
        return self.shape

    @property
    def kind(self) -> Literal["model", "enum", "alias"]:
        """Which template writes it."""
        match self.meaning:
            case ObjectShape():
                return "model"
            case EnumShape() as enum if enum.values and all(type(v) in (str, int) for v in enum.values):
                return "enum"
            case _:
                return "alias"
