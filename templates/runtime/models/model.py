"""The base class of every generated model: typed attributes over the JSON that the server sent.

A model keeps the JSON object it was made from and decodes a field when it is first read, so what the schema does not
know survives: unknown fields, unknown enum values, timestamps nobody can parse. `to_dict()` gives back exactly what
came, plus what was changed. The dict is never written to, so it may be the caller's. Models in large answers have
another form with the same behaviour (`bulk.py`), which is why methods ask `_wire_()` and `_state_()`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ..values.json import dumps, loads
from ..values.type_guards import is_items, is_list, is_mapping, is_object
from ..values.unset import MISSING, UNSET
from .schema import Field, Schema

__all__ = ["Model", "dump", "short"]

ModelT = TypeVar("ModelT", bound="Model")


class Model:
    """An object of the API. Reads as an object (`usage.cost`) and as a mapping (`usage["cost"]`).

    Attributes are typed: nested objects are models, timestamps are `datetime`. A field that is not there reads as
    `None`, or as the default the spec documents. The mapping side speaks of what is there, by its name on the wire:
    `"cost" in usage`, `dict(usage)`, and scalars as they were sent. `items()` and `values()` work
    at run time, unless the object has fields of these names, which is why type checkers do not know them.
    """

    _schema_: ClassVar[Schema]

    if TYPE_CHECKING:
        _raw_: dict[str, Any]

    def _init_(self, values: Mapping[str, Any], additional: Mapping[str, Any]) -> None:
        """Fill a new object from constructor arguments. `UNSET` means absent; so does `None` if null is no value."""
        raw: dict[str, Any] = {}
        state = self.__dict__
        state["_raw_"] = raw
        by_name = self._schema_.by_name
        for name, value in values.items():
            if value is UNSET:
                continue
            field = by_name[name]
            if value is None and not (field.nullable or field.required):
                continue
            if field.codec.plain:
                raw[field.wire] = value
            else:
                state[name] = value
        for key, value in additional.items():
            new = self._schema_.now(key) if key in self._schema_.renamed else None
            if new is None:
                raw[key] = value
            else:
                setattr(self, new, value)

    @classmethod
    def _from_wire_(cls: type[ModelT], raw: dict[str, Any]) -> ModelT:
        self = cls.__new__(cls)
        self.__dict__["_raw_"] = raw
        return self

    @classmethod
    def from_dict(cls: type[ModelT], data: Mapping[str, Any]) -> ModelT:
        """Make a model from the JSON object of a response.

        A dict is kept, not copied. Setting fields and keys never changes it; lists and objects of plain JSON in it are
        shared, so what is changed in place in these shows in both.

        Raises:
            InvalidParametersError: when `data` is not a mapping.
        """
        given: Any = data
        if not is_mapping(given):
            from ..codecs.base import refuse

            refuse("data", given, "a mapping")
        wire: dict[str, Any] = data if type(data) is dict else dict(data)  # pyright: ignore[reportUnknownVariableType]  # as typed
        return cls._from_wire_(wire)

    @classmethod
    def from_json(cls: type[ModelT], text: str | bytes) -> ModelT:
        """Make a model from JSON text.

        Raises:
            ValueError: when the text is not JSON.
            InvalidParametersError: when it is JSON, but no object.
        """
        return cls.from_dict(loads(text))

    def to_dict(self) -> dict[str, Any]:
        """The object as plain JSON: what came, in the order it came, with what was changed since.

        Parts that hold no models are shared with this object, not copied (a list of embeddings is not walked).
        """
        raw = self._wire_()
        out = dict(raw)
        for name, value in self._state_().items():
            if name == "_raw_":
                continue
            field = self._schema_.by_name.get(name)
            if field is None:
                if not name.startswith("_") and value is not UNSET:
                    out[name] = dump(value)
            elif value is UNSET or _absent(value, raw.get(field.wire, MISSING), field):
                out.pop(field.wire, None)
            elif _is_default(value, raw, field):
                continue
            elif field.codec.plain:
                out[field.wire] = value
            else:
                out[field.wire] = _dump_beside(value, raw.get(field.wire, MISSING), field)
        return out

    def to_json(self) -> str:
        """The object as JSON text."""
        return dumps(self.to_dict()).decode()

    def _wire_(self) -> dict[str, Any]:
        """What came, or was given to the constructor as plain JSON."""
        raw: dict[str, Any] = self.__dict__["_raw_"]
        return raw

    def _state_(self) -> dict[str, Any]:
        """What was read or set so far, by attribute."""
        return self.__dict__

    def _as_set_(self) -> dict[str, Any]:
        """Values by wire name, nested models as they are, for `Schema.encode` to check."""
        came = self._wire_()
        out = dict(came)
        for name, value in self._state_().items():
            if name != "_raw_" and not (name.startswith("_") and name not in self._schema_.by_name):
                field = self._schema_.by_name.get(name)
                if field is None or not _is_default(value, came, field):
                    out[field.wire if field is not None else name] = value
        return out

    @property
    def additional_properties(self) -> dict[str, Any]:
        """What the server sent, or the caller gave, beyond the fields of the schema."""
        known = self._schema_.by_wire
        return {key: value for key, value in self.to_dict().items() if key not in known}

    if not TYPE_CHECKING:  # hidden from type checkers, so that a misspelt attribute is an error there

        def __getattr__(self, name: str) -> Any:
            state = self.__dict__
            fields = self._schema_.by_name
            if name in fields and "_raw_" in state:  # the usual case, without a call
                field, raw = fields[name], state["_raw_"]
                if field.wire in raw:
                    value = raw[field.wire]
                    codec = field.codec
                    if not codec.plain:
                        value = codec.decode(value)
                    state[name] = value
                    return value
                if field.default is MISSING:
                    return None
            return self._read_absent_(name)

        def _read_absent_(self, name: str) -> Any:
            field = self._schema_.by_name.get(name)
            state = self.__dict__
            raw = state.get("_raw_")
            if field is None:
                return self._read_unknown_(name, raw)
            value = MISSING if raw is None else raw.get(field.wire, MISSING)
            if value is MISSING:
                if field.default is MISSING:
                    return None
                if not isinstance(field.default, (list, dict)):
                    return field.codec.decode(field.default)
                value = copy.deepcopy(field.default)
            decoded = field.codec.decode(value)
            state[name] = decoded
            return decoded

    def _read_unknown_(self, name: str, raw: Mapping[str, Any] | None) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        renamed = self._schema_.now(name)
        if renamed is not None:
            return getattr(self, renamed)
        if raw is not None and name in raw:
            return raw[name]
        if name == "http" and "_http_" in self.__dict__:  # what happened on the wire, on every answer that is a model
            return self.__dict__["_http_"]
        if raw is not None and name in ("items", "values"):  # documented as dictionaries; a field of the name is stronger
            return getattr({key: self[key] for key in self.keys()}, name)
        import difflib

        near = difflib.get_close_matches(name, self._schema_.by_name, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(self._schema_.by_name)}"
        raise AttributeError(f"{type(self).__name__} has no field {name!r}{hint}")

    def __getitem__(self, key: str) -> Any:
        state = self._state_()
        field = self._schema_.by_wire.get(key)
        if field is None:
            if key in state and key not in self._schema_.by_name and not key.startswith("_"):
                return state[key]
            return self._wire_()[key]
        if field.name in state:
            value = state[field.name]
            raw = self._wire_().get(key, MISSING)
            if value is UNSET or _absent(value, raw, field):
                raise KeyError(key)
            return _scalar_on_wire(value, raw, field)
        value = self._wire_()[key]
        if field.codec.plain:
            return value
        return _scalar_on_wire(getattr(self, field.name), value, field)

    def __setitem__(self, key: str, value: Any) -> None:
        field = self._schema_.by_wire.get(key)
        if field is not None:
            setattr(self, field.name, value)
        else:
            self.__dict__["_raw_"] = {**self._wire_(), key: value}  # the dict that came may be the caller's

    def keys(self) -> list[str]:
        """Names, on the wire, of the fields that are there."""
        return list(self.to_dict())

    def get(self, key: str, default: Any = None) -> Any:
        """The value under a wire name, or `default` when it is not there."""
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key, MISSING) is not MISSING

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __bool__(self) -> bool:
        return True  # `if response:` asks whether there is one, not whether it has fields

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Model):
            related = isinstance(other, type(self)) or isinstance(self, type(other))
            return related and self.to_dict() == other.to_dict()
        if is_mapping(other):
            return self.to_dict() == dict(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # mutable, and equal by value: as for dict

    def __repr__(self) -> str:
        return self._repr_to_(3)

    def _repr_to_(self, depth: int) -> str:
        """A `repr` that opens nested objects down to `depth`, and shows no secrets and no nulls."""
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


def short(value: Any, depth: int = 2) -> str:
    """A `repr` that fits on a screen: long text, lists and mappings are cut, with what was left out counted."""
    if isinstance(value, Model):
        return value._repr_to_(depth)  # pyright: ignore[reportPrivateUsage]  # the other half of this function
    if isinstance(value, str):
        return repr(value) if len(value) <= 80 else f"{value[:60]!r}… ({len(value)} characters)"
    if isinstance(value, (bytes, bytearray)):
        return f"<{len(value)} bytes>"
    if is_list(value):
        shown = ", ".join(short(item, depth - 1) for item in value[:3]) if depth else ""
        more = f"{', ' if shown else ''}… ({len(value)} items)" if len(value) > 3 or not depth else ""
        return f"[{shown}{more}]"
    if is_object(value):
        if not depth:
            return f"{{… ({len(value)} keys)}}"
        pairs = list(value.items())
        shown = ", ".join(f"{key!r}: {short(item, depth - 1)}" for key, item in pairs[:6])
        return f"{{{shown}{f', … ({len(pairs)} keys)' if len(pairs) > 6 else ''}}}"
    return repr(value)


def dump(value: Any) -> Any:
    """Turn models, at any depth, into plain JSON; other values stay as they are."""
    if isinstance(value, Model):
        return value.to_dict()
    if is_items(value):
        return [dump(item) for item in value]
    if is_object(value):
        return {key: dump(item) for key, item in value.items()}
    if isinstance(value, date):  # datetime is one
        return value.isoformat()
    return value


def _dump_beside(value: Any, raw: Any, field: Field) -> Any:
    """Dump a decoded value; timestamps that were read but not changed keep the text they came with."""
    dated = isinstance(value, date) or (is_list(value) and _holds_dates(value))
    if dated and raw is not MISSING and field.codec.decode(raw) == value:
        return raw
    return dump(value)


def _absent(value: Any, raw: Any, field: Field) -> bool:
    """None means "not there" where null is no value, unless null is what the server sent."""
    return value is None and raw is not None and not (field.nullable or field.required)


def _is_default(value: Any, raw: Mapping[str, Any], field: Field) -> bool:
    """A list or an object that was read because the server assumes it, and was not changed: nobody said it."""
    assumed = field.default
    given = field.wire in raw
    return not given and (is_list(assumed) or is_object(assumed)) and bool(dump(value) == assumed)


def _holds_dates(values: list[Any]) -> bool:
    return any(isinstance(value, date) for value in values)


def _scalar_on_wire(value: Any, raw: Any, field: Field) -> Any:
    return _dump_beside(value, raw, field) if isinstance(value, date) else value
