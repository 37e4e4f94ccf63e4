"""Tables that describe an object schema: its fields, and how a value of it is checked before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..codecs.base import Codec, refuse
from ..values.type_guards import is_mapping
from ..values.unset import MISSING, UNSET

if TYPE_CHECKING:
    from .model import Model

__all__ = ["Field", "Schema", "later"]

_FREE_FORM = Codec()
_PACKAGE = __name__.rsplit(".", 3)[0]


class Field:
    """One field of an object schema.

    Args:
        name: the Python name of the attribute.
        wire: the name in JSON.
        codec: reads and writes the value.
        required: whether the schema promises (in answers) or demands (in requests) the field.
        nullable: whether null is a value of its own, different from leaving the field out.
        secret: whether the value must never be shown; `repr` and error messages mask it.
        default: what the server assumes when the field is left out. Read, never sent.
    """

    __slots__ = (
        "codec",
        "default",
        "description",
        "exact",
        "name",
        "nullable",
        "read_only",
        "required",
        "secret",
        "wire",
        "write_only",
    )

    def __init__(
        self,
        name: str,
        wire: str,
        codec: Codec,
        *,
        required: bool = False,
        nullable: bool = False,
        read_only: bool = False,
        write_only: bool = False,
        secret: bool = False,
        default: Any = MISSING,
        description: str = "",
    ) -> None:
        self.name = name
        self.wire = wire
        self.codec = codec
        self.exact = None if secret else codec.exact
        self.required = required
        self.nullable = nullable
        self.read_only = read_only
        self.write_only = write_only
        self.secret = secret
        self.default = default
        self.description = description

    def __repr__(self) -> str:
        return f"Field({self.name!r}, {'required' if self.required else 'optional'})"


class Schema:
    """The fields of one object schema.

    Args:
        name: the schema's name in the spec.
        fields: its fields, in the order of the spec.
        closed: whether keys that the schema does not name are refused in requests.
        renamed: old field names that still work, and the names that replaced them.
        additional: the codec of the keys that the schema does not name.
    """

    __slots__ = ("additional", "by_name", "by_wire", "closed", "demanded", "fields", "name", "renamed", "warned")

    def __init__(
        self,
        name: str,
        fields: tuple[Field, ...],
        *,
        closed: bool = False,
        renamed: Mapping[str, str] | None = None,
        additional: Codec | None = None,
    ) -> None:
        self.name = name
        self.fields = fields
        self.closed = closed
        self.renamed = dict(renamed or {})
        self.warned: set[str] = set()
        self.additional = additional or _FREE_FORM
        self.by_name = {field.name: field for field in fields}
        self.by_wire = {field.wire: field for field in fields}
        self.demanded = tuple(field.wire for field in fields if field.required and not field.read_only)

    def now(self, old: str) -> str | None:
        """What a field that was called `old` is called now; the first to ask is warned. None if none was."""
        new = self.renamed.get(old)
        if new is not None and old not in self.warned:
            import warnings

            self.warned.add(old)
            text = f"{self.name}.{old} is now called {new}; the old name goes with the next major version"
            warnings.warn(text, DeprecationWarning, stacklevel=_frames_of_this_package())
        return new

    def encode(self, value: Mapping[str, Any] | Model, path: str) -> dict[str, Any]:
        """Check a model or a mapping that a user passed, field by field, and return plain JSON.

        Keys with `UNSET` are left out; so is `None` in a field that is neither required nor nullable. Keys that
        the schema does not name are kept (or refused, if the schema is closed): servers know more than schemas.
        """
        items = _items_of(value)
        if items is None:
            return refuse(path, value, f"{self.name} or a dict of its fields")
        prefix = f"{path}." if path else ""
        encoded: dict[str, Any] = {}
        by_wire = self.by_wire
        for key, item in items.items():
            field = by_wire.get(key)
            if field is None:
                if not isinstance(key, str):
                    refuse(path, key, "text as the key of an object")
                if item is UNSET:
                    continue
                if key not in self.renamed:
                    if self.closed:
                        refuse(f"{prefix}{key}", item, "no such field: " + ", ".join(by_wire) + " are known")
                    encoded[key] = self.additional.encode(item, f"{prefix}{key}")
                    continue
                field = self.by_name[self.now(key) or key]
                key = field.wire
            if type(item) is field.exact:
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
        for wire in self.demanded:
            if wire not in encoded:
                _refuse_missing(f"{prefix}{wire}", self.name)
        return encoded


class _Later:
    """Stands in a model for its schema, until somebody asks for that."""

    __slots__ = ("_make", "_model")

    def __init__(self, make: Callable[[], Schema]) -> None:
        self._make = make

    def __set_name__(self, model: type[Model], name: str) -> None:
        self._model = model

    def __get__(self, instance: object, owner: type[Model]) -> Schema:
        # Two threads may both come here. The schemas that they make are the same; the later one stays.
        schema = self._make()
        self._model._schema_ = schema  # pyright: ignore[reportPrivateUsage]  # in its own place
        return schema


def later(make: Callable[[], Schema]) -> Schema:
    """A schema that is made when it is first asked for.

    Models stand in modules with others that the same program may never use, and making tables of their fields was half of
    what importing those cost.
    """
    stands_in: Any = _Later(make)
    return stands_in  # type: ignore[no-any-return]  # reads as a schema from the class that it stands in


def _frames_of_this_package() -> int:
    """How far up the stack the code is that uses this package, so that a warning points at it."""
    import inspect

    frames, frame = 0, inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(_PACKAGE):
        frames, frame = frames + 1, frame.f_back
    return frames


def _items_of(value: Any) -> Mapping[Any, Any] | None:
    if is_mapping(value):
        return value
    from .model import Model

    return value._as_set_() if isinstance(value, Model) else None  # pyright: ignore[reportPrivateUsage]  # made for this


def _encode_secret(field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        refuse(path, value, "text", secret=True)
    return value


def _refuse_missing(path: str, schema: str) -> None:
    from ...errors import InvalidParametersError

    raise InvalidParametersError(f"{path}: required by {schema}, and missing", argument=path)
