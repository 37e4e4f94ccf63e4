"""Large answers full of models, from bytes to objects in one pass.

A model usually keeps the JSON object it was made from and decodes a field when it is first read. Of 400 models that
are read from end to end this makes thousands of dictionaries and 1,600 first reads. Here msgspec fills objects with
the fields that the schema names, in C, and passes over everything else. Nothing is lost: the bytes are kept, and the
JSON is made of them once somebody asks for more than a field, such as `to_dict()` or a key the schema does not name.

msgspec fills classes of its own kind, so a filled object is of a subclass of its model, made when a large answer first
holds one. It is an instance of the model, says so as `__class__`, and its copies and pickles are ordinary ones. Models
whose fields all read as they come, or as other such models, can be filled; timestamps and unions go the usual way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain, compress, repeat
from operator import attrgetter
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec.structs import force_setattr

from ..codecs.composites import AliasRef, Array, ModelRef, Nullable, Union
from ..values.json import loads
from ..values.type_guards import is_list
from ..values.unset import MISSING, UNSET
from .model import Model, dump

if TYPE_CHECKING:
    from ..codecs.base import Codec
    from .schema import Field, Schema

__all__ = ["decode"]

_OTHERS: Any = type(None) | bool | int | float | str  # what is no object comes out as it came, as in a codec

# glibc's malloc gives memory back as soon as twice its largest block so far is free at the end of the heap. A large
# answer and the pieces it came in are that after each call, and taking the pages again cost 0.12 of 0.5 ms. A larger
# block that comes and goes once, untouched, raises the limit (mallopt(3), M_TRIM_THRESHOLD); elsewhere it does nothing.
bytes(1024 * 1024)


class _Document:
    """The bytes of one answer, and what they are as plain JSON once that is asked for."""

    __slots__ = ("_data", "_tree")

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = data
        self._tree: Any = MISSING

    def tree(self) -> Any:
        # Before the look at the tree: another thread stores the tree first, and drops the bytes then.
        data = self._data
        if self._tree is MISSING:
            self._tree = loads(data)
            self._data = b""
        return self._tree


def _json_at(place: Any) -> Any:
    """The plain JSON at a place: a document, or a pair of a place and the key or index in what is there."""
    if type(place) is _Document:
        return place.tree()
    above, key = place
    return _json_at(above)[key]


class _Filled(Model):
    """What is different about a filled object: fields are in slots, and the wire dict comes when it is needed."""

    __slots__ = ("_place_",)

    _under_: ClassVar[Any] = None
    """The key of an object that is a field of another one, and shares the place of that."""

    def _wire_(self) -> dict[str, Any]:
        state: dict[str, Any] = self.__dict__
        if "_raw_" not in state:
            try:
                came = _json_at(_place_of(self))
                state["_raw_"] = came[self._under_] if self._under_ is not None else came
            except AttributeError:  # made by a call of its class, not by msgspec: all that it has was said
                state["_raw_"] = {}
                state["_said_"] = dict.fromkeys(_names_said(self))
        return super()._wire_()

    def to_dict(self) -> dict[str, Any]:
        raw = self._wire_()
        if self.__dict__.keys() - _AS_RECEIVED:
            return super().to_dict()
        out = dict(raw)
        for field in self._schema_.fields:
            value = getattr(self, field.name)
            # Text and numbers are what came; a list or an object may have been changed in place.
            if type(value) not in _ATOMS and field.wire in raw:
                out[field.wire] = value if field.codec.plain else dump(value)
        return out

    def _state_(self) -> dict[str, Any]:
        """What a model that read all its fields would have in its `__dict__`."""
        raw = self._wire_()
        held = dict(self.__dict__)
        state = {field.name: getattr(self, field.name) for field in self._schema_.fields if field.wire in raw}
        for name in held.pop("_said_", ()):
            state[name] = getattr(self, name)
        return {**state, **held}

    if not TYPE_CHECKING:  # as in the base class

        def _read_absent_(self, name: str) -> Any:
            if not name.startswith("__"):
                self._wire_()
            return super()._read_absent_(name)

    def __getitem__(self, key: str) -> Any:
        field = self._schema_.by_wire.get(key)
        if field is not None and field.default is MISSING:
            value = getattr(self, field.name)
            if value is not None and value is not UNSET:
                return value
        return super().__getitem__(key)

    def __setattr__(self, name: str, value: Any) -> None:
        # In order, and tells a null that was set from a field that did not come.
        self.__dict__.setdefault("_said_", {})[name] = None
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self.__dict__.get("_said_", {}).pop(name, None)
        field = self._schema_.by_name.get(name)
        if field is not None:  # what came is there again
            came = self._wire_().get(field.wire, field.default)
            object.__setattr__(self, name, None if came is MISSING else field.codec.decode(came))

    def __copy__(self) -> Model:
        plain = self.__class__.__new__(self.__class__)
        plain.__dict__.update(self._state_())
        return plain

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__copy__().__reduce_ex__(protocol)


def _names_said(model: _Filled) -> list[str]:
    fields = _schema_of(type(model)).fields
    return [field.name for field in fields if getattr(model, field.name) not in (None, field.default)]


_ATOMS = frozenset({type(None), bool, int, float, str})
_AS_RECEIVED = {"_raw_", "_http_"}  # in the `__dict__` of an object to which nothing was added
_place_of: Callable[[_Filled], Any] = _Filled.__dict__["_place_"].__get__


class _Form:
    """How objects of one model are filled.

    Args:
        struct: the subclass of the model that msgspec fills.
        inner: fields that hold filled objects: name, name on the wire, form of what is there, and whether it is a list.
    """

    def __init__(self, struct: Any, inner: list[tuple[str, str, _Form, bool]]) -> None:
        self.struct = struct
        items: Any = list
        self.listed: Any = items[struct | _OTHERS | list[Any]]
        getters: list[tuple[Callable[[Any], Any], str, _Form, bool]]
        getters = [(attrgetter(name), wire, form, many) for name, wire, form, many in inner]
        self._single = [(get, form) for get, _, form, many in getters if not many]
        self._lists = [(get, wire, form) for get, wire, form, many in getters if many]

    def put(self, values: list[Any], places: list[Any]) -> None:
        """Tell objects where in the document they are, a column at a time: there may be thousands."""
        try:
            deque(map(force_setattr, values, repeat("_place_"), places), maxlen=0)
        except TypeError:  # there are others among them, such as null
            ours = [isinstance(value, _Filled) for value in values]
            values, places = list(compress(values, ours)), list(compress(places, ours))
            deque(map(force_setattr, values, repeat("_place_"), places), maxlen=0)
        if self.struct._under_ is not None and (self._single or self._lists):
            places = list(zip(places, repeat(self.struct._under_)))
        for get, form in self._single:
            form.put(list(map(get, values)), places)
        for get, wire, form in self._lists:  # all lists of this name together: there may be many small ones
            found = [(items, (place, wire)) for items, place in zip(map(get, values), places, strict=True) if is_list(items)]
            inside = chain.from_iterable(_places_in(place, items) for items, place in found)
            form.put(list(chain.from_iterable(items for items, _ in found)), list(inside))


def _places_in(place: Any, values: list[Any]) -> Iterator[tuple[Any, int]]:
    return zip(repeat(place), range(len(values)))


_forms: dict[tuple[type[Model], str | None, tuple[str, ...]], _Form | None] = {}
_MARK = "_mark%d_"  # what fields for marks are called
_making = RLock()


def _form_of(model: type[Model], under: str | None = None, marks: tuple[str, ...] = ()) -> _Form | None:
    key = model, under, marks
    with _making:
        if key not in _forms:
            _forms[key] = None  # so that a model that refers to itself goes the usual way
            _forms[key] = _make_form(model, under, marks)
        return _forms[key]


def _make_form(model: type[Model], under: str | None, marks: tuple[str, ...]) -> _Form | None:
    fields: dict[str, Any] = {"_schema_": ClassVar[Any], "_under_": ClassVar[Any]}
    defaults: dict[str, Any] = {}
    inner: list[tuple[str, str, _Form, bool]] = []
    schema = _schema_of(model)
    for field in schema.fields:
        found = _type_of(field.codec, field.wire)
        if found is None or isinstance(field.default, (list, dict)) or not _is_plain_name(field):
            return None
        fields[field.name], form, many = found
        defaults[field.name] = None if field.default is MISSING else field.default
        if form is not None:
            inner.append((field.name, field.wire, form, many))
    renamed = {field.name: field.wire for field in schema.fields}
    for number, mark in enumerate(marks):
        if mark in schema.by_wire:
            return None
        renamed[_MARK % number] = mark
        fields[_MARK % number], defaults[_MARK % number] = Any, MISSING
    about = {"__module__": model.__module__, "__qualname__": model.__qualname__, "__doc__": model.__doc__}
    # In between, because msgspec takes no base that has an `__init__` of its own.
    base = type(model.__name__, (_Filled, model), {**about, "__slots__": ()})
    shown = {"_under_": under, "__class__": property(lambda self: model), "__rich_repr__": _Nothing(), "__replace__": _Nothing()}
    kind: Any = type(msgspec.Struct)
    struct = kind(
        model.__name__,
        (base, msgspec.Struct),
        {**about, **shown, **defaults, "__annotations__": fields},
        rename=renamed,
        omit_defaults=True,
    )
    return _Form(struct, inner)


def _schema_of(model: type[Model]) -> Schema:
    return model._schema_  # pyright: ignore[reportPrivateUsage]  # made for codecs, and this is how they read in bulk


class _Nothing:
    """Stands before a method of msgspec's that would show or copy what a model does otherwise."""

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        raise AttributeError("a model has no such method")


def _is_plain_name(field: Field) -> bool:
    """Whether msgspec takes the name on the wire: it compares names with bytes, before escapes are undone."""
    return field.wire.isprintable() and '"' not in field.wire and "\\" not in field.wire


def _type_of(codec: Codec, wire: str) -> tuple[Any, _Form | None, bool] | None:
    """The type that msgspec decodes a field as, the form of objects in it, and whether it is a list; None if it cannot."""
    if codec.plain:
        return Any, None, False
    if isinstance(codec, AliasRef):
        return _type_of(codec.target, wire)
    if isinstance(codec, Nullable):
        return _type_of(codec.inner, wire)
    if isinstance(codec, ModelRef):
        form = _form_of(codec.model, wire)
        return None if form is None else (form.struct | _OTHERS | list[Any], form, False)
    if isinstance(codec, Array) and isinstance(codec.item, ModelRef):
        form = _form_of(codec.item.model)
        return None if form is None else (form.listed | _OTHERS | dict[str, Any], form, True)
    return None


class _Plan:
    """How a whole answer is decoded: as a list of objects, as one object, or as whichever of both comes."""

    def __init__(self, lists: _Form | None, single: _Form | None, required: list[str], marks: int) -> None:
        self._lists, self._single, self._required = lists, single, required
        self._marks = [_MARK % number for number in range(marks)]
        kinds = [lists.listed] if lists is not None else []
        kinds += [single.struct] if single is not None else []
        kind = kinds[0] | kinds[1] if len(kinds) == 2 else kinds[0]
        self._decode: Callable[[bytes | bytearray], Any] = msgspec.json.Decoder(kind).decode

    def decode(self, data: bytes | bytearray) -> Any:
        value = self._decode(data)
        if not data.isascii():
            str(data, "utf-8")  # msgspec does not look at the encoding of what it passes over
        document = _Document(data)
        if is_list(value) and self._lists is not None:
            self._lists.put(value, list(_places_in(document, value)))
        elif self._single is not None:
            if any(getattr(value, name) is None for name in self._required):
                return MISSING
            if any(getattr(value, name) is not MISSING for name in self._marks):
                return MISSING
            self._single.put([value], [document])
        return value


_plans: dict[tuple[Codec, tuple[str, ...]], _Plan | None] = {}


def _plan_of(codec: Codec, marks: tuple[str, ...]) -> _Plan | None:
    if isinstance(codec, AliasRef):
        return _plan_of(codec.target, marks)
    variants = codec.variants if isinstance(codec, Union) else ()
    members = [variant.codec for variant in variants] or [codec]
    arrays = [item for member in members if isinstance(member, Array) and isinstance(item := member.item, ModelRef)]
    singles = [member for member in members if isinstance(member, ModelRef)]
    if len(arrays) > 1 or len(singles) > 1 or any(variant.tags for variant in variants):
        return None
    lists = _form_of(arrays[0].model) if arrays else None
    single = _form_of(singles[0].model, marks=marks) if singles else None
    if lists is None and single is None:
        return None
    required = [field.name for field in _schema_of(singles[0].model).fields if field.required] if singles else []
    return _Plan(lists, single if required else None, required, len(marks))


def decode(codec: Codec, data: bytes | bytearray, marks: tuple[str, ...] = ()) -> Any:
    """Decode a whole answer, if its models can be filled.

    Args:
        codec: of the answer.
        data: the answer.
        marks: keys that make an object an answer of another kind, such as a failure; it then goes the usual way.

    Returns:
        What `codec.decode(loads(data))` gives, or `MISSING` where the usual way has to be gone: the codec has no
        models that can be filled, or the bytes are not what it promises.
    """
    key = codec, marks
    if key not in _plans:
        _plans[key] = _plan_of(codec, marks)
    plan = _plans[key]
    if plan is None:
        return MISSING
    try:
        return plan.decode(data)
    except (ValueError, RecursionError):
        return MISSING  # the usual way says what is wrong, or is more lenient than msgspec
