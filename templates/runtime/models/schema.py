"""The table of an object schema: its fields, and how a value is checked before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ..codecs.base import UNDESCRIBED, Codec, raise_invalid_argument
from ..codecs.composites import MappingCodec, ModelRef
from ..values.json import is_mapping
from ..values.unset import UNSET

_PACKAGE = __name__.rsplit(".", 3)[0]


class Field:
    """One field of an object schema.

    Args:
        name: the Python name of the attribute.
        codec: reads and writes the value.
        wire: the name in JSON, where it is not `name`.
        required: whether the field is required.
        nullable: whether null is a value, different from an absent field.
        secret: whether `repr` and error messages mask the value.
        default: the value that the server assumes for an absent field. It is read, never sent.
    """

    def __init__(
        self,
        name: str,
        codec: Codec,
        *,
        wire: str | None = None,
        required: bool = False,
        nullable: bool = False,
        read_only: bool = False,
        secret: bool = False,
        default: Any = UNSET,
    ) -> None:
        self.name = name
        self.wire = name if wire is None else wire
        self.codec = codec
        self.passthrough_type = None if secret else codec.passthrough_type
        self.required = required
        self.nullable = nullable
        self.read_only = read_only
        self.secret = secret
        self.default = default

    def __repr__(self) -> str:
        return f"Field({self.name!r}, {'required' if self.required else 'optional'})"


class Schema:
    """The fields of one object schema.

    Args:
        name: the name of the schema in the spec.
        fields: its fields, in the order of the spec.
        closed: whether requests may hold only the keys that the schema names.
        renamed: former field names that still work, and the names that replaced them.
        additional: the codec of keys that the schema does not name.
        patterns: their codec where patterns decide.
    """

    def __init__(
        self,
        name: str,
        fields: tuple[Field, ...],
        *,
        closed: bool = False,
        renamed: Mapping[str, str] | None = None,
        additional: Codec | None = None,
        patterns: MappingCodec | None = None,
    ) -> None:
        self.name = name
        self.fields = fields
        self.closed = closed
        self.renamed = dict(renamed or {})
        self.warned: set[str] = set()
        self.others = patterns or MappingCodec(additional or UNDESCRIBED)
        self.by_name = {field.name: field for field in fields}
        self.by_wire = {field.wire: field for field in fields}
        self.required_wire_names = tuple(
            field.wire for field in fields if field.required and not field.read_only
        )

    def current_name(self, old: str) -> str | None:
        """The current name of a field that was renamed, with a warning the first time; None for other names."""
        new = self.renamed.get(old)
        if new is not None and old not in self.warned:
            import warnings  # cost: renamed fields are rare

            self.warned.add(old)
            text = f"{self.name}.{old} is now called {new}; the old name will be removed in the next major version"
            warnings.warn(text, DeprecationWarning, stacklevel=_frames_of_this_package())
        return new

    def encode(self, value: Any, path: str) -> dict[str, Any]:
        """Check a model or a mapping, field by field, and return plain JSON.

        Keys with `UNSET` are left out, and so is `None` in a field that is neither required nor nullable. Keys that
        the schema does not name are kept, unless the schema is closed, because a server may know more fields.
        """
        items = _items_of(value)
        if items is None:
            return raise_invalid_argument(path, value, f"{self.name} or a dict of its fields")
        prefix = f"{path}." if path else ""
        encoded: dict[str, Any] = {}
        by_wire = self.by_wire
        for key, item in items.items():
            field = by_wire.get(key)
            if field is None:
                if not isinstance(key, str):
                    raise_invalid_argument(path, key, "text as the key of an object")
                if item is UNSET:
                    continue
                if key not in self.renamed:
                    if self.closed:
                        raise_invalid_argument(
                            f"{prefix}{key}", item, "no such field: " + ", ".join(by_wire) + " are known"
                        )
                    encoded[key] = self.others.encode_item(key, item, f"{prefix}{key}")
                    continue
                field = self.by_name[self.current_name(key) or key]
                key = field.wire
            if type(item) is field.passthrough_type:
                encoded[key] = item
            elif item is UNSET:
                continue
            elif item is None and not field.required:
                if field.nullable:
                    encoded[key] = None
            elif field.secret:
                encoded[key] = _encode_secret(field, item, prefix + key)
            else:
                encoded[key] = field.codec.encode(item, prefix + key)
        for wire in self.required_wire_names:
            if wire not in encoded:
                _refuse_missing(f"{prefix}{wire}", self.name, [key for key in encoded if key not in by_wire])
        return encoded


def schema_of(codec: Codec) -> Schema | None:
    """The table of the class that a codec reads and writes; None for any other kind of value."""
    schema: Schema | None = codec.target._schema_ if isinstance(codec, ModelRef) else None
    return schema


class _LazySchema:
    """A class attribute that is replaced by the schema when it is first read."""

    __slots__ = ("_make", "_model")

    def __init__(self, make: Callable[[], Schema]) -> None:
        self._make = make

    def __set_name__(self, model: type[Any], name: str) -> None:
        self._model = model

    def __get__(self, instance: object, owner: type[Any]) -> Schema:
        # Two threads may both get here. Their schemas are equal; the last one is kept.
        schema = self._make()
        self._model._schema_ = schema
        for field in schema.fields:
            setattr(self._model, field.name, _FieldReader(self._model, field))
        return schema


class _FieldReader:
    """Reads a field of a model for the first time, which stores the value in the instance.

    It does what `Model.__getattr__` does for a field that is present, in a third of the time: Python calls
    `__getattr__` only after it has made an `AttributeError`. Everything else is left to `__getattr__`, to which Python
    turns when a reader raises this error: defaults, and the fields of subclasses, which may derive them.
    """

    __slots__ = ("_decode", "_default", "_model", "_name", "_wire")

    def __init__(self, model: type[Any], field: Field) -> None:
        self._model = model
        self._name = field.name
        self._wire = field.wire
        self._decode = None if field.codec.is_identity else field.codec.decode
        self._default = field.default

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        if owner is not self._model or instance is None:
            raise AttributeError(self._name)
        try:
            value = instance._raw_[self._wire]
        except KeyError:
            if self._default is UNSET:
                return None
            raise AttributeError(self._name) from None
        if self._decode is not None:
            value = self._decode(value)
        setattr(instance, self._name, value)
        return value


def lazy(make: Callable[[], Schema]) -> Schema:
    """A schema that is made when it is first read.

    A module holds many models, most of which a program never uses; making all their schemas would double its import
    time.
    """
    attribute: Any = _LazySchema(make)
    return attribute  # type: ignore[no-any-return]  # reads as a schema


def _frames_of_this_package() -> int:
    """The number of stack frames inside this package, so that a warning points at the caller."""
    import inspect  # cost: for warnings only

    frames, frame = 0, inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(_PACKAGE):
        frames, frame = frames + 1, frame.f_back
    return frames


def _items_of(value: Any) -> Mapping[Any, Any] | None:
    if is_mapping(value):
        return value
    return value._as_set_() if hasattr(value.__class__, "_as_set_") else None  # of a model


def _encode_secret(field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise_invalid_argument(path, value, "text", secret=True)
    return value


def _refuse_missing(path: str, schema: str, unknown: list[str]) -> NoReturn:
    from ...errors import InvalidParametersError  # cost: for errors only

    hint = f"; {', '.join(f'{key!r:.40}' for key in unknown[:3])}: no field of it" if unknown else ""
    raise InvalidParametersError(f"{path}: required by {schema}, but missing{hint}", argument=path)
