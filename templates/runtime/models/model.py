"""The base class of every generated model: typed attributes over the JSON that the server sent.

A model keeps the JSON object that it was made from, and decodes a field when it is first read. So everything that the
schema does not document is preserved: unknown fields, unknown enum values, malformed timestamps. `to_dict()` returns
exactly what was received, plus later changes. The JSON object is never modified, so it may belong to the caller.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, KeysView, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ..codecs.base import near_names, nearest, raise_invalid_argument
from ..values.json import MalformedJson, dumps, is_items, is_list, is_mapping, is_object, loads
from ..values.text import plural
from ..values.unset import UNSET
from .schema import Field, Schema

ModelT = TypeVar("ModelT", bound="Model")

# Names of other SDKs, and ours.
_OTHER_NAMES = {
    "model_dump": "to_dict",
    "model_dump_json": "to_json",
    "write_to_file": "save",
    "content": "text",
    "id": "request_id",
    "headers": "http",
    "status_code": "http",
}

if TYPE_CHECKING:
    _Base = Mapping[str, Any]
else:
    # Registered below: the metaclass of an abstract class would make each model slower to define.
    _Base = object


class Model(_Base):
    """An object of the API. Reads as an object (`usage.cost`) and as a mapping (`usage["cost"]`).

    Attributes are typed: nested objects are models, timestamps are `datetime`. An absent field reads as `None`, or as
    the documented default. The mapping holds the fields that are present, by their names on the wire, with scalars as
    received: `"cost" in usage`, `dict(usage)`, `match usage: case {"cost": cost}`. A field named `items` or `values` takes
    the place of the method.
    """

    _schema_: ClassVar[Schema]
    _other_names_: ClassVar[dict[str, str]] = {}
    """Names that other packages use, and what to read here; `[…]` stands for an index."""

    if TYPE_CHECKING:
        _raw_: dict[str, Any]

    def _init_(self, values: Mapping[str, Any], additional: Mapping[str, Any]) -> None:
        """Fill a new object from the local variables of its constructor: its arguments, and `self` and `additional`.

        `UNSET` means absent; so does `None` if null is not a value of the field.
        """
        raw: dict[str, Any] = {}
        state = self.__dict__
        state["_raw_"] = raw
        by_name = self._schema_.by_name
        for name, value in values.items():
            if value is UNSET:
                continue
            field = by_name.get(name)
            if field is None:  # `self` or `additional`
                continue
            if value is None and not (field.nullable or field.required):
                continue
            if field.codec.is_identity:
                raw[field.wire] = value
            else:
                state[name] = value
        for key, value in additional.items():
            new = self._schema_.current_name(key) if key in self._schema_.renamed else None
            if new is None:
                raw[key] = value
            else:
                setattr(self, new, value)

    @classmethod
    def _from_wire_(cls: type[ModelT], raw: dict[str, Any]) -> ModelT:
        self = cls.__new__(cls)
        self._raw_ = raw  # not through `__dict__`: CPython makes a dict for an instance when it is first read
        return self

    @classmethod
    def from_dict(cls: type[ModelT], data: Mapping[str, Any]) -> ModelT:
        """Make a model from a JSON object.

        A dict is kept, not copied. Setting fields and keys does not change it. Lists and objects of plain JSON in it
        are shared, so changes in place are visible in both.

        Raises:
            InvalidParametersError: when `data` is not a mapping.
        """
        value: Any = data
        if not is_mapping(value):
            raise_invalid_argument("data", value, "a mapping")
        wire: dict[str, Any] = data if type(data) is dict else dict(data)  # pyright: ignore[reportUnknownVariableType]  # as typed
        return cls._from_wire_(wire)

    @classmethod
    def from_json(cls: type[ModelT], text: str | bytes) -> ModelT:
        """Make a model from JSON text.

        Raises:
            InvalidParametersError: when the text is not JSON, or not an object.
        """
        given: Any = text
        expected = "JSON text"
        if isinstance(given, (str, bytes, bytearray)):
            try:
                return cls.from_dict(loads(text))
            except MalformedJson as error:
                expected = f"JSON text; this is {error}"
        return raise_invalid_argument("text", given, expected, secret=isinstance(given, (str, bytes)))

    @classmethod
    def _check_wire_(cls, raw: dict[str, Any]) -> None:
        """Check plain JSON from a caller, as when it is sent."""
        cls._schema_.encode(raw, "")

    def to_dict(self) -> dict[str, Any]:
        """The object as plain JSON: what was received, in its order, with later changes.

        Parts without models are shared with this object, not copied: a list of embeddings costs nothing.
        """
        raw = self.__dict__["_raw_"]
        out = dict(raw)
        for name, value in self.__dict__.items():
            if name == "_raw_":
                continue
            field = self._schema_.by_name.get(name)
            if field is None:
                if not name.startswith("_") and value is not UNSET:
                    out[name] = dump(value)
            elif value is UNSET or _absent(value, raw.get(field.wire, UNSET), field):
                out.pop(field.wire, None)
            elif _is_default(value, raw, field):
                continue
            elif field.codec.is_identity:
                out[field.wire] = value
            else:
                out[field.wire] = _dump_beside(value, raw.get(field.wire, UNSET), field)
        return out

    def to_json(self) -> str:
        """The object as JSON text."""
        return dumps(self.to_dict()).decode()

    def _as_set_(self) -> dict[str, Any]:
        """Values by wire name, nested models as they are, for `Schema.encode` to check."""
        raw = self.__dict__["_raw_"]
        out = dict(raw)
        for name, value in self.__dict__.items():
            if name != "_raw_" and not (name.startswith("_") and name not in self._schema_.by_name):
                field = self._schema_.by_name.get(name)
                if field is None or not _is_default(value, raw, field):
                    out[field.wire if field is not None else name] = value
        return out

    @property
    def additional_properties(self) -> dict[str, Any]:
        """The keys that the schema does not name, with their values as the schema types them: a new dict each time."""
        schema = self._schema_
        return {
            key: schema.others.codec_of(key).decode(value)
            for key, value in self.to_dict().items()
            if key not in schema.by_wire
        }

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report misspelt attributes

        def __getattr__(self, name: str) -> Any:
            state = self.__dict__
            field, raw = self._schema_.by_name.get(name), state.get("_raw_")
            if field is None:
                return self._read_unknown_(name, raw)
            if raw is not None and field.wire in raw:
                value = raw[field.wire]
            elif field.default is UNSET:
                return None
            elif isinstance(field.default, (list, dict)):
                value = copy.deepcopy(field.default)
            else:
                return field.codec.decode(field.default)
            if not field.codec.is_identity:
                value = field.codec.decode(value)
            state[name] = value
            return value

    def _read_unknown_(self, name: str, raw: Mapping[str, Any] | None) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        renamed = self._schema_.current_name(name)
        if renamed is not None:
            field = self._schema_.by_name[renamed]
            if raw is not None and name in raw and field.wire not in raw and renamed not in self.__dict__:
                return field.codec.decode(raw[name])  # of a server that sends the former name
            return getattr(self, renamed)
        if raw is not None and name in raw:
            return raw[name]
        # The HTTP side of the call, on every answer that is a model.
        if name == "http" and "_http_" in self.__dict__:
            return self.__dict__["_http_"]
        # Documented as dicts; a field of the same name takes precedence.
        if raw is not None and name in ("items", "values"):
            return getattr({key: self[key] for key in self.keys()}, name)
        known = dict.fromkeys([*self._schema_.by_name, *dir(type(self))])
        other = self._other_names_.get(name)
        listed = f"it has {', '.join(self._schema_.by_name)}"
        hint = f"use .{other}" if other else near_names(_OTHER_NAMES.get(name, name), known, listed)
        raise AttributeError(f"{type(self).__name__} has no field {name!r}; {hint}")

    def __getitem__(self, key: str) -> Any:
        given: Any = key
        value = self._item_(key) if isinstance(given, str) else UNSET
        if value is UNSET:
            other = self._other_names_.get("[…]" if isinstance(given, int) else str(key))
            listed = f"it has {', '.join(self.keys()) or 'none'}"
            hint = f"use .{other}" if other else near_names(str(key), self.keys(), listed)
            if hint is listed and (attribute := nearest(str(key), dir(type(self)))):
                hint = f"did you mean the attribute {attribute[0]!r}?"
            raise KeyError(f"{type(self).__name__} has no key {key!r:.60}; {hint}")
        return value

    def _item_(self, key: str) -> Any:
        """The value under a name on the wire; `UNSET` if it is absent."""
        state = self.__dict__
        field = self._schema_.by_wire.get(key)
        if field is None:
            if key in state and key not in self._schema_.by_name and not key.startswith("_"):
                return state[key]
            value = state["_raw_"].get(key, UNSET)
            renamed = self._schema_.current_name(key) if value is UNSET else None
            return value if renamed is None else self._item_(self._schema_.by_name[renamed].wire)
        raw = state["_raw_"].get(key, UNSET)
        if field.name in state:
            value = state[field.name]
            return UNSET if _absent(value, raw, field) else _scalar_on_wire(value, raw, field)
        if raw is UNSET or field.codec.is_identity:
            return raw
        return _scalar_on_wire(getattr(self, field.name), raw, field)

    def __setitem__(self, key: str, value: Any) -> None:
        field = self._schema_.by_wire.get(key)
        if field is not None:
            setattr(self, field.name, value)
        else:
            # A copy: the dict may belong to the caller.
            self.__dict__["_raw_"] = {**self.__dict__["_raw_"], key: value}

    def keys(self) -> KeysView[str]:
        """The names on the wire of the fields that are present."""
        return self.to_dict().keys()

    def get(self, key: str, default: Any = None) -> Any:
        """The value under a name on the wire, or `default` if it is absent."""
        value = self._item_(key)
        return default if value is UNSET else value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._item_(key) is not UNSET

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self.keys()))

    def __len__(self) -> int:
        return len(self.keys())

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        """A dict of both, as of two dicts."""
        return {**self, **other} if is_mapping(other) else NotImplemented

    def __ror__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**other, **self} if is_mapping(other) else NotImplemented

    def __bool__(self) -> bool:
        return True  # `if response:` tests for None, not for fields

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Model):
            related = isinstance(other, type(self)) or isinstance(self, type(other))
            return related and self.to_dict() == other.to_dict()
        if is_mapping(other):
            return self.to_dict() == dict(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # mutable, and equal by value: as for dict

    if not TYPE_CHECKING:  # pydantic calls them by these names

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            from .pydantic_support import model_schema  # cost: an optional package

            return model_schema(cls)

        @classmethod
        def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
            from .pydantic_support import json_schema  # cost: as above

            return json_schema(cls)

    def __repr__(self) -> str:
        return self._repr_to_(3)

    def _repr_to_(self, depth: int) -> str:
        """A `repr` with nested objects down to `depth`, without secrets and nulls."""
        parts: list[str] = []
        for key in self.keys() if depth else ():
            field = self._schema_.by_wire.get(key)
            name = field.name if field is not None else key
            value = self.get(key)
            if field is not None and field.secret and value is not None:
                parts.append(f"{name}='***'")
            elif value is not None:
                parts.append(f"{name}={short(value, depth - 1)}")
        return f"{type(self).__name__}({', '.join(parts) if depth else '…'})"


_mapping: Any = Mapping  # checkers do not know `register`
_mapping.register(Model)


def short(value: Any, depth: int = 2) -> str:
    """A `repr` that fits on a screen: long text, lists and mappings are cut, and their length is shown."""
    if isinstance(value, Model):
        return value._repr_to_(depth)  # pyright: ignore[reportPrivateUsage]  # the other part of this function
    if isinstance(value, str):
        return repr(value) if len(value) <= 80 else f"{value[:60]!r}… ({len(value)} characters)"
    if isinstance(value, (bytes, bytearray)):
        return f"<{plural(len(value), 'byte')}>"
    if is_list(value):
        shown = ", ".join(short(item, depth - 1) for item in value[:3]) if depth else ""
        more = f"{', ' if shown else ''}… ({plural(len(value), 'item')})" if len(value) > 3 or not depth else ""
        return f"[{shown}{more}]"
    if is_object(value):
        if not depth:
            return f"{{… ({plural(len(value), 'key')})}}"
        pairs = list(value.items())
        shown = ", ".join(f"{key!r}: {short(item, depth - 1)}" for key, item in pairs[:6])
        return f"{{{shown}{f', … ({len(pairs)} keys)' if len(pairs) > 6 else ''}}}"
    return repr(value)


def dump(value: Any) -> Any:
    """Convert models at any depth to plain JSON; other values are unchanged."""
    if isinstance(value, Model):
        return value.to_dict()
    if is_items(value):
        return [dump(item) for item in value]
    if is_object(value):
        return {key: dump(item) for key, item in value.items()}
    if isinstance(value, date):  # datetime is a subclass
        return value.isoformat()
    return value


def _dump_beside(value: Any, raw: Any, field: Field) -> Any:
    """Dump a decoded value; timestamps that were not changed keep the received text."""
    dated = isinstance(value, date) or (is_list(value) and any(isinstance(each, date) for each in value))
    if dated and raw is not UNSET and field.codec.decode(raw) == value:
        return raw
    return dump(value)


def _absent(value: Any, raw: Any, field: Field) -> bool:
    """None means absent for a field that is neither nullable nor required, unless the server sent null."""
    return value is None and raw is not None and not (field.nullable or field.required)


def _is_default(value: Any, raw: Mapping[str, Any], field: Field) -> bool:
    """Whether a value is an unchanged copy of the documented default, made when the field was read."""
    default = field.default
    return field.wire not in raw and (is_list(default) or is_object(default)) and bool(dump(value) == default)


def _scalar_on_wire(value: Any, raw: Any, field: Field) -> Any:
    return _dump_beside(value, raw, field) if isinstance(value, date) else value
