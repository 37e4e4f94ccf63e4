"""Models for tests, written as the templates write them, and JSON to make them of."""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis import strategies as st
from indoxrouter._runtime.codecs.composites import ModelRef
from indoxrouter._runtime.codecs.factory import DATETIME, INTEGER, NUMBER, STRING, array, nullable
from indoxrouter._runtime.models.lazy_attrs import define
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.models.schema import Field, Schema, lazy

from tests.fields import fields_of


class reference(ModelRef):  # reads as the functions beside it
    """A codec of a model that lives in no module of the package."""

    def __init__(self, model: type[Model]) -> None:
        super().__init__("nowhere", model.__name__)
        self.model = model

    @property
    def target(self) -> type[Model]:
        return self.model


@define(init=False, slots=False, eq=False, repr=False)
class Price(Model):
    """A leaf."""

    amount: float | None = None
    currency: str | None = None

    _schema_: ClassVar[Schema] = Schema(
        "Price",
        (Field("amount", NUMBER), Field("currency", STRING, default="USD")),
    )

    def __init__(self, *, amount: Any = None, currency: Any = None, **additional: Any) -> None:
        self._init_({"amount": amount, "currency": currency}, additional)


@define(init=False, slots=False, eq=False, repr=False)
class Item(Model):
    """All kinds of fields that can be filled: plain, renamed, null, defaulted, secret, nested, lists of nested ones."""

    name: str
    model_name: str | None = None
    keys_: str | None = None
    note: str | None = None
    tags: list[str] | None = None
    count: int | None = None
    secret: str | None = None
    price: Price | None = None
    prices: list[Price] | None = None

    _schema_: ClassVar[Schema] = Schema(
        "Item",
        (
            Field("name", STRING, required=True),
            Field("model_name", STRING, wire="modelName"),
            Field("keys_", STRING, wire="keys"),
            Field("note", nullable(STRING), nullable=True),
            Field("tags", array(STRING)),
            Field("count", INTEGER, default=5),
            Field("secret", STRING, secret=True),
            Field("price", nullable(reference(Price)), nullable=True),
            Field("prices", array(reference(Price))),
        ),
        renamed={"label": "note"},
    )

    def __init__(self, name: Any, **additional: Any) -> None:
        self._init_({"name": name}, additional)


@define(init=False, slots=False, eq=False, repr=False)
class Dated(Model):
    """Kinds of fields that are only decoded when they are read."""

    at: Any = None
    flags: Any = None
    item: Item | None = None

    _schema_: ClassVar[Schema] = Schema(
        "Dated",
        (
            Field("at", DATETIME),
            Field("flags", array(STRING), default=["a"]),
            Field("item", reference(Item)),
        ),
    )

    def __init__(self, **additional: Any) -> None:
        self._init_({}, additional)


class Box(Model):
    """Objects in objects in objects, and one model under two names."""

    _schema_: ClassVar[Schema] = Schema(
        "Box",
        (
            Field("first", reference(Item)),
            Field("second", nullable(reference(Item)), wire="2nd", nullable=True),
            Field("rest", array(reference(Item))),
        ),
    )


class Tree(Model):
    """A model that holds itself."""

    _schema_: ClassVar[Schema] = lazy(
        lambda: Schema("Tree", (Field("left", reference(Tree)), Field("price", reference(Price))))
    )


class Flagged(Model):
    """A field that the server assumes to be a list."""

    _schema_: ClassVar[Schema] = Schema("Flagged", (Field("flags", array(STRING), default=["a"]),))


FIELDS = {**fields_of(Item), **fields_of(Price), **fields_of(Dated)}
NAMES, WIRES = tuple(FIELDS.values()), tuple(FIELDS)

HOSTILE = (
    "_raw_",
    "_place_",
    "_said_",
    "_http_",
    "_schema_",
    "_wire_",
    "_state_",
    "__dict__",
    "__class__",
    "__slots__",
    "__setstate__",
    "__len__",
    "to_dict",
    "from_dict",
    "get",
    "items",
    "values",
    "http",
    "self",
    "model_name",
    "keys_",
    "label",
    "not an identifier",
    "",
    'quoted "',
    "back\\slash",
    "\x00",
    "ключ",
)
"""Keys that mean something to Python, to models or to their subclass, and keys that are no names at all."""

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.sampled_from(["2026-01-31T12:00:00Z", "2026-01-31t12:00:00.5+02:00", "soon"])
)
KEYS = st.sampled_from([*WIRES, *HOSTILE]) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
ANYTHING = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


def shuffled(strategy: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """The same objects, with their keys in any order."""
    return strategy.flatmap(lambda value: st.permutations(list(value.items()))).map(dict)


def objects(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects with some of the known fields as they should be, and with any other keys and values."""
    asked = st.fixed_dictionaries({}, optional=known)
    strange = st.dictionaries(KEYS, ANYTHING, max_size=4)
    return shuffled(st.builds(lambda left, right: {**left, **right}, strange, asked))


PRICES = objects(amount=st.floats(0, 9), currency=st.text(max_size=3))
ITEMS = objects(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    modelName=st.text("ab", max_size=3),
    keys=st.text("ab", max_size=3),
    note=st.none() | st.text("ab", max_size=3),
    tags=st.lists(st.text("ab", max_size=3), max_size=3),
    count=st.integers(-5, 5),
    secret=st.just("hidden"),
    price=st.none() | PRICES,
    prices=st.lists(PRICES | ATOMS, max_size=3),
)
BOXES = objects(first=ITEMS, **{"2nd": ITEMS | st.none()}, rest=st.lists(ITEMS | ATOMS, max_size=3))
DATED = objects(
    at=st.sampled_from(["2026-01-31T12:00:00Z", 1763600000, "soon"]),
    flags=st.lists(st.text("ab", max_size=2), max_size=2),
    item=ITEMS,
)
