"""Models of large answers, filled in one pass: they read, change and travel like those over a dict."""

from __future__ import annotations

import copy
import gc
import json
import operator
import pickle
import threading
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from indoxrouter import ModelInfo, Pricing, Provider
from indoxrouter._runtime.codecs.factory import Variant, alias, array, union
from indoxrouter._runtime.models import bulk
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.values.json import loads
from indoxrouter._runtime.values.unset import MISSING, UNSET

from .samples import (
    ANYTHING,
    ATOMS,
    BOXES,
    DATED,
    HOSTILE,
    ITEMS,
    NAMES,
    PRICES,
    WIRES,
    Box,
    Dated,
    Flagged,
    Item,
    Price,
    Tree,
    reference,
)
from .test_usual_form import CARRIERS, text_of

LIST = array(reference(Item))
EITHER = union(Variant(reference(Item), kind="object", required=("name",)), Variant(LIST, kind="array"))


def both(data: Any, codec: Any = LIST) -> tuple[Any, Any]:
    """The same JSON, filled and in the usual form."""
    text = json.dumps(data, ensure_ascii=False).encode()
    filled = bulk.decode(codec, text)
    assert filled is not MISSING
    return filled, codec.decode(loads(text))


def one(data: dict[str, Any]) -> tuple[Any, Any]:
    """One object, filled and in the usual form."""
    filled, usual = both([data])
    assert type(filled[0]) is not Item
    assert type(usual[0]) is Item
    return filled[0], usual[0]


def outcome(action: Callable[[Any], Any], model: Any) -> Any:
    """What an action gives, in a form to compare: JSON of values, or the exception that it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            value = action(model)
        except (AttributeError, KeyError) as error:
            return type(error), str(error)
    return type(value) if callable(value) else text_of(plain(value))


def plain(value: Any) -> Any:
    """A value with its models as JSON and the names of their classes."""
    if isinstance(value, Model):
        return [value.__class__.__name__, value.to_dict()]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return "UNSET" if value is UNSET else value


def inner_of(model: Any) -> Any:
    """The first model inside of a model, or the model itself."""
    prices = model.prices if isinstance(model.prices, list) else []
    return next((item for item in [model.price, *prices] if isinstance(item, Model)), model)


def change_a_list(model: Any) -> None:
    """Change in place what a field holds."""
    for value in (model.tags, model.prices):
        if isinstance(value, list):
            value.append("more")


NAME = st.sampled_from([*NAMES, *(name for name in HOSTILE if not name.startswith("_")), "nothing"])
KEY = st.sampled_from([*WIRES, *HOSTILE, "nothing"])
FIELD = st.sampled_from(["name", "model_name", "keys_", "note", "count", "secret", "price"])


class Do:
    """Something that is done to a model, named for failure messages."""

    def __init__(self, action: Callable[..., Any], *arguments: Any) -> None:
        self.action, self.arguments = action, arguments

    def __call__(self, model: Any) -> Any:
        return self.action(model, *self.arguments)

    def __repr__(self) -> str:
        return f"{self.action.__name__}{self.arguments}"


def set_inside(model: Any, name: str, value: Any) -> None:
    """Set a field of a model inside of a model."""
    setattr(inner_of(model), name, value)


def set_and_delete(model: Any, name: str) -> None:
    """Set a field and think better of it."""
    setattr(model, name, "gone")
    delattr(model, name)


def items_of(model: Any) -> Any:
    """What the mapping side lists."""
    return list(model.items()) if callable(model.items) else model.items


ACTIONS = st.one_of(
    st.builds(Do, st.just(getattr), NAME),
    st.builds(Do, st.sampled_from([operator.getitem, operator.contains]), KEY),
    st.builds(Do, st.sampled_from([setattr, set_inside]), st.sampled_from(NAMES), ATOMS | st.just(UNSET)),
    st.builds(Do, st.just(operator.setitem), KEY, ATOMS),
    st.builds(Do, st.just(set_and_delete), FIELD),
    st.builds(
        Do, st.sampled_from([Item.to_dict, Item.to_json, Item.keys, repr, len, items_of, change_a_list])
    ),
)


@given(ITEMS, st.lists(ACTIONS, max_size=8))
def test_whatever_is_done_to_a_filled_object_gives_what_the_usual_form_gives(
    data: dict[str, Any], actions: list[Callable[[Any], Any]]
) -> None:
    filled, usual = one(data)
    for action in actions:
        assert outcome(action, filled) == outcome(action, usual)
    assert text_of(plain(filled)) == text_of(plain(usual))
    assert filled == usual
    assert usual == filled


@given(st.lists(ITEMS | ANYTHING, max_size=4))
def test_lists_of_anything_come_out_as_in_the_usual_form(data: list[Any]) -> None:
    filled, usual = both(data)
    assert text_of(plain(filled)) == text_of(plain(usual)) == text_of(plain(data_as_models(data)))


@given(st.lists(BOXES, min_size=1, max_size=3), ACTIONS)
def test_objects_know_their_places_at_any_depth(
    data: list[dict[str, Any]], action: Callable[[Any], Any]
) -> None:
    for filled, usual in zip(*both(data, array(reference(Box))), strict=True):
        pairs = [(filled.first, usual.first), (filled.second, usual.second)]
        if isinstance(usual.rest, list):
            pairs += zip(filled.rest, usual.rest, strict=True)
        for one_filled, one_usual in pairs:
            if isinstance(one_usual, Item):
                assert outcome(action, one_filled) == outcome(action, one_usual)
                assert text_of(plain(inner_of(one_filled))) == text_of(plain(inner_of(one_usual)))
        assert text_of(plain(filled)) == text_of(plain(usual))


def data_as_models(data: list[Any]) -> list[Any]:
    """What a list of JSON values is to be read as."""
    return [Item.from_dict(value) if isinstance(value, dict) else value for value in data]


@given(ITEMS, st.sampled_from(CARRIERS), st.lists(ACTIONS, max_size=3), st.lists(ACTIONS, max_size=3))
def test_copies_are_of_the_usual_form_and_carry_everything(
    data: dict[str, Any], carry: Any, before: list[Callable[[Any], Any]], after: list[Callable[[Any], Any]]
) -> None:
    filled, usual = one(data)
    for action in before:
        assert outcome(action, filled) == outcome(action, usual)
    other, expected = carry(filled), carry(usual)
    assert type(other) is Item
    for action in after:
        assert outcome(action, other) == outcome(action, expected)


@given(ITEMS)
def test_one_object_is_filled_where_it_has_what_it_must_have(data: dict[str, Any]) -> None:
    text = json.dumps(data).encode()
    filled = bulk.decode(EITHER, text)
    usual = EITHER.decode(data)
    if data.get("name") is None:
        assert filled is MISSING
    else:
        assert isinstance(filled, Item)
        assert text_of(plain(filled)) == text_of(plain(usual))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[",
        b'[{"name": "n"}',
        b'[{"name": "n",}]',
        b'{"note": "no name"}',
        b'"text"',
        b"7",
        b'[{"name": "n", "other": "\xff"}]',
        b'[{"name": "n", "other": "\\x"}]',
        b'[{"name": "\xff"}]',
        b'[{"other": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
        b'\xef\xbb\xbf[{"name": "n"}]',
    ],
)
def test_what_is_not_as_promised_goes_the_usual_way(text: bytes) -> None:
    assert bulk.decode(EITHER, text) is MISSING


@pytest.mark.parametrize("mark", ["null", "false", "{}", '"text"'])
def test_an_object_with_a_mark_goes_the_usual_way(mark: str) -> None:
    text = f'{{"name": "n", "failed": {mark}}}'.encode()
    assert bulk.decode(EITHER, text, ("failed", "broken")) is MISSING
    assert bulk.decode(EITHER, text).name == "n"


def test_a_mark_further_down_is_a_key_like_others() -> None:
    text = b'{"name": "n", "price": {"amount": 1, "failed": true}, "other": {"failed": true}}'
    model = bulk.decode(EITHER, text, ("failed",))
    assert model.price["failed"] is True
    assert model.to_dict() == json.loads(text)
    with pytest.raises(AttributeError, match="has no field 'failed'"):
        model.failed  # noqa: B018  # the marks are no fields
    assert bulk.decode(LIST, b"[" + text + b"]", ("failed",))[0].name == "n"


def test_a_field_cannot_be_a_mark() -> None:
    assert bulk.decode(EITHER, b'{"name": "n"}', ("name",)) is MISSING


@pytest.mark.parametrize("other", ["NaN", "1e999", "123456789012345678901234567890", '"\\ud800"'])
def test_what_only_lenient_parsers_read_is_never_lost(other: str) -> None:
    text = f'[{{"name": "n", "other": {other}}}]'.encode()
    found = bulk.decode(LIST, text)
    model = (LIST.decode(loads(text)) if found is MISSING else found)[0]
    assert text_of(model.to_dict()) == text_of(json.loads(text)[0])


def test_the_last_of_two_equal_keys_counts() -> None:
    model = bulk.decode(
        LIST, b'[{"name": "a", "price": {"amount": 1}, "name": "b", "price": {"amount": 2, "x": 3}}]'
    )[0]
    assert (model.name, model.price.amount, model.price["x"]) == ("b", 2, 3)
    assert model.to_dict() == {"name": "b", "price": {"amount": 2, "x": 3}}


def test_what_is_changed_in_place_shows() -> None:
    filled, _ = one(
        {"name": "n", "tags": ["a"], "price": {"amount": 1}, "prices": [{"amount": 1}], "zz": [1]}
    )
    change_a_list(filled)
    filled.price.amount = 3
    filled["zz"].append(2)
    assert filled.to_dict() == {
        "name": "n",
        "tags": ["a", "more"],
        "price": {"amount": 3},
        "prices": [{"amount": 1}, "more"],
        "zz": [1, 2],
    }


def test_models_that_hold_themselves_are_not_filled() -> None:
    assert bulk.decode(array(reference(Tree)), b'[{"left": {"left": {}}}]') is MISSING


def test_models_whose_defaults_could_be_changed_are_not_filled() -> None:
    assert bulk.decode(array(reference(Flagged)), b"[{}]") is MISSING


def test_models_with_fields_that_are_decoded_when_read_are_not_filled() -> None:
    assert bulk.decode(array(reference(Dated)), b'[{"at": "2026-01-01T00:00:00Z"}]') is MISSING


def test_filled_objects_are_of_their_class_for_whoever_asks() -> None:
    filled, _ = one({"name": "n", "price": {"amount": 1.5}})
    assert isinstance(filled, Item)
    assert filled.__class__ is Item
    assert type(filled).__name__ == "Item"
    assert attrs.has(type(filled))
    assert [field.name for field in attrs.fields(filled.__class__)] == [*Item._schema_.by_name]
    assert attrs.asdict(filled)["price"] == {"amount": 1.5, "currency": "USD"}
    match filled:
        case Item(name="n", price=Price(amount=amount)):
            assert amount == 1.5
        case _:
            pytest.fail("the pattern did not match")
    with pytest.raises(TypeError, match="unhashable"):
        hash(filled)


def test_evolving_a_filled_object_makes_one_of_the_usual_form() -> None:
    text = json.dumps([{"id": "m", "pricing": {"input": 1.0, "x": 1}, "zz": 1}]).encode()
    model = bulk.decode(array(reference(ModelInfo)), text)[0]
    changed = attrs.evolve(model, id="other")
    assert type(changed) is ModelInfo
    assert (changed.id, changed.pricing) == ("other", model.pricing)


def test_secrets_and_bytes_stay_out_of_what_is_shown() -> None:
    filled, _ = one({"name": "n", "secret": "hidden"})
    assert "hidden" not in repr(filled)
    assert not hasattr(filled, "__rich_repr__")
    assert b"secret" in msgspec.json.encode(filled)  # what is asked for in so many words is written
    assert vars(filled).keys() <= {"_raw_"}


def test_a_class_that_is_called_makes_an_object_without_a_document() -> None:
    filled, _ = one({"name": "n", "zz": 1})
    other = type(filled)(name="m", note="x")
    assert other.to_dict() == {"name": "m", "note": "x"}
    assert isinstance(other, Item)


def test_objects_live_as_long_as_they_are_held_and_no_longer() -> None:
    found, _ = both([{"name": "a", "prices": [{"amount": 1, "x": 2}]}, {"name": "b"}])
    kept, dropped = found[0].prices[0], weakref.ref(found[1])
    gc.disable()  # nothing here may need the collector
    try:
        del found
        assert dropped() is None
    finally:
        gc.enable()
    assert kept.to_dict() == {"amount": 1, "x": 2}


def test_threads_may_ask_for_the_json_at_once() -> None:
    found, usual = both([{"name": str(number), "zz": number} for number in range(200)])
    start = threading.Barrier(4)
    wrong: list[Any] = []

    def ask() -> None:
        start.wait()
        wrong.extend(
            model for model, other in zip(found, usual, strict=True) if model.to_dict() != other.to_dict()
        )

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_catalogue_of_the_api_is_filled() -> None:
    codec = alias("models", "MODEL_CATALOG_CODEC")
    models = [
        {"id": "m", "modelName": "p/m", "capabilities": ["chat"], "pricing": {"input": 0.5}, "new": [1]}
    ]
    providers = [{"id": "p", "models": models, "since": 2020}]
    for data in (providers, {"providers": providers, "more": 1}):
        filled = bulk.decode(codec, json.dumps(data).encode())
        provider = (filled if isinstance(filled, list) else filled.providers)[0]
        model = provider.models[0]
        assert [type(value).__mro__[2:4][-1] for value in (provider, model, model.pricing)] != [Model] * 3
        assert isinstance(provider, Provider)
        assert isinstance(model, ModelInfo)
        assert isinstance(model.pricing, Pricing)
        assert (model.model_name, model["modelName"], model["new"]) == ("p/m", "p/m", [1])
        assert plain_json(filled) == data


def plain_json(value: Any) -> Any:
    """A value with its models as JSON."""
    return [item.to_dict() for item in value] if isinstance(value, list) else value.to_dict()


@given(DATED, PRICES)
def test_a_filled_object_can_be_put_into_another(data: dict[str, Any], price: dict[str, Any]) -> None:
    filled, _ = one({"name": "n", "price": price})
    model = Dated.from_dict(data)
    model.item = filled
    assert model.to_dict()["item"] == {"name": "n", "price": price}
    assert Item._schema_.encode(filled, "item")["name"] == "n" if encodes(price) else True


def encodes(price: dict[str, Any]) -> bool:
    """Whether a price could be sent: values as the schema has them."""
    try:
        Price._schema_.encode(price, "price")
    except ValueError:
        return False
    return True


def test_copies_in_depth_share_nothing() -> None:
    filled, _ = one({"name": "n", "tags": ["a"], "price": {"amount": 1}})
    other = copy.deepcopy(filled)
    other.tags.append("b")
    other.price.amount = 2
    assert filled.to_dict() == {"name": "n", "tags": ["a"], "price": {"amount": 1}}
    assert pickle.loads(pickle.dumps(other)).to_dict() == {
        "name": "n",
        "tags": ["a", "b"],
        "price": {"amount": 2},
    }
