"""Models over the JSON object they were made from: nothing is lost, whatever is read, set or copied in between."""

from __future__ import annotations

import copy
import json
import pickle
import warnings
from collections.abc import KeysView
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from indoxrouter._runtime.codecs.factory import STRING
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.models.schema import Field, Schema
from indoxrouter._runtime.values.unset import UNSET

from tests.fields import fields_of

from .samples import ATOMS, DATED, HOSTILE, ITEMS, NAMES, Dated, Item, Price

READS = st.lists(st.sampled_from(NAMES), max_size=6)
CARRIERS = (copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value)))


def text_of(value: Any) -> str:
    """JSON that two values share only if they are equal, in the same order, and of the same types."""
    return json.dumps(value)


def read(model: Any, names: list[str]) -> None:
    """Read fields, those of what comes out as well."""
    for name in names:
        value = getattr(model, name) if name in fields_of(type(model)).values() else None
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Model):
                read(inner, names)


@given(DATED, READS)
def test_what_came_goes_out_in_its_order_whatever_was_read(data: dict[str, Any], names: list[str]) -> None:
    before = text_of(data)
    model = Dated.from_dict(data)
    read(model, names)
    assert text_of(model.to_dict()) == before
    assert text_of(data) == before
    assert model == data
    assert list(model) == list(data)


@given(ITEMS, READS, st.sampled_from(NAMES), ATOMS)
def test_a_field_that_is_set_changes_the_object_alone(
    data: dict[str, Any], names: list[str], name: str, value: Any
) -> None:
    before = text_of(data)
    first, second = Item.from_dict(data), Item.from_dict(data)
    read(first, names)
    setattr(first, name, value)
    assert getattr(first, name) is value
    wire = next((wire for wire, attribute in fields_of(Item).items() if attribute == name), name)
    if value is not None:
        assert first.to_dict()[wire] == value
    assert {key: item for key, item in first.to_dict().items() if key != wire} == {
        key: item for key, item in data.items() if key != wire
    }
    assert text_of(second.to_dict()) == text_of(data) == before


@given(ITEMS, st.sampled_from(HOSTILE), ATOMS)
def test_an_item_that_is_set_changes_the_object_alone(data: dict[str, Any], key: str, value: Any) -> None:
    before = text_of(data)
    model = Item.from_dict(data)
    model[key] = value
    assert model[key] == value
    assert model.to_dict() == {**data, key: value}
    assert text_of(data) == before


@given(DATED, READS, st.sampled_from(CARRIERS), READS)
def test_copies_carry_everything(data: dict[str, Any], names: list[str], carry: Any, more: list[str]) -> None:
    model = Dated.from_dict(data)
    read(model, names)
    other = carry(model)
    read(other, more)
    assert type(other) is Dated
    assert other == model
    assert text_of(other.to_dict()) == text_of(data)


@pytest.mark.parametrize("key", HOSTILE)
def test_a_key_that_means_something_to_python_is_just_a_key(key: str) -> None:
    data = {key: "came", "name": "n", "price": {key: 1}}
    model = Item.from_dict(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # one of the keys is the former name of a field
        assert model.name == "n"
        assert model[key] == "came"
        assert key in model
        assert model.price is not None
        assert model.price[key] == 1
        assert type(model) is model.__class__ is Item
        assert isinstance(model.keys(), KeysView)
        assert model.get(key) == "came"
        assert dict(model) == model.to_dict()
        assert model.to_dict() == data
        assert model.additional_properties == {key: "came"}
        assert "name='n'" in repr(model)


def test_absent_fields_read_as_none_or_as_what_the_spec_says() -> None:
    model = Item.from_dict({"name": "n"})
    assert (model.note, model.price, model.count) == (None, None, 5)
    assert model.to_dict() == {"name": "n"}
    flags = Dated.from_dict({}).flags
    flags.append("b")
    assert Dated.from_dict({}).flags == ["a"]


def renamed() -> Any:
    """A class with a field that was renamed, which has warned nobody yet."""

    class Item(Model):
        _schema_: ClassVar[Schema] = Schema("Item", (Field("note", STRING),), renamed={"label": "note"})

    return Item


def test_the_warning_about_a_former_name_points_at_the_code_that_used_it() -> None:
    Item = renamed()
    with pytest.warns(DeprecationWarning, match=r"Item\.label is now called note") as caught:
        assert Item.from_dict({"note": "x"}).label == "x"
    assert [warning.filename for warning in caught] == [__file__]


def test_a_former_name_is_a_key_as_well() -> None:
    Item = renamed()
    item = Item.from_dict({"note": "x"})
    with pytest.warns(DeprecationWarning, match=r"Item\.label is now called note"):
        assert item["label"] == item.get("label") == "x"
    assert "label" in item
    assert [*item] == ["note"]
    absent = Item.from_dict({})
    assert absent.get("label", "none") == "none"
    with pytest.raises(KeyError, match="Item has no key 'label'"):
        absent["label"]
    sent = Item.from_dict({"label": "as sent"})
    assert sent["label"] == sent.label == "as sent"
    sent.note = "set"
    assert sent.label == "set"


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match="Item has no field 'coumt'; did you mean 'count'"):
        Item.from_dict({}).coumt  # type: ignore[attr-defined]  # noqa: B018  # that is the point
    with pytest.raises(AttributeError, match="it has amount, currency"):
        Price.from_dict({}).zzz  # type: ignore[attr-defined]  # noqa: B018  # likewise


def test_unset_takes_any_attribute_away() -> None:
    model = Item.from_dict({"name": "n", "note": "x"})
    model.note = UNSET  # type: ignore[assignment]  # not for type checkers
    model.other = UNSET  # type: ignore[attr-defined]  # likewise
    assert model.to_dict() == {"name": "n"}
    assert "note" not in model
