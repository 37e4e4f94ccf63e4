"""Fields that are read through the class: the same values before and after attrs has defined the class."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import pytest
from indoxrouter._runtime.codecs.factory import STRING
from indoxrouter._runtime.models.lazy_attrs import define
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.models.schema import Field, Schema, lazy


@define(init=False, slots=False, eq=False, repr=False)
class Sample(Model):
    _schema_: ClassVar[Schema] = lazy(
        lambda: Schema(
            "Sample", (Field("id", STRING, required=True), Field("name", STRING, default="none yet"))
        )
    )
    id: str
    name: str | None = None


def test_fields_read_alike_before_and_after_attrs_defines_the_class() -> None:
    def check() -> None:
        sample = Sample.from_dict({"id": "a", "new": 1})
        assert (sample.id, sample.name, sample["new"]) == ("a", "none yet", 1)
        assert Sample.from_dict({"id": "a", "name": None}).name is None
        assert sample.to_dict() == {"id": "a", "new": 1}
        with pytest.raises(AttributeError, match="id"):
            _ = Sample.id

    check()
    kind: Any = Sample  # attrs' own types do not know that it becomes one of its classes
    assert [(field.name, field.default) for field in attrs.fields(kind)] == [
        ("id", attrs.NOTHING),
        ("name", None),
    ]
    check()


def test_a_subclass_may_derive_fields() -> None:
    class Derived(Sample):
        def __getattr__(self, name: str) -> object:
            return "derived" if name == "id" else super().__getattr__(name)  # type: ignore[misc]  # hidden from checkers

    assert Sample.from_dict({"id": "a"}).id == "a"
    derived = Derived.from_dict({"id": "a", "name": "n"})
    assert (derived.id, derived.name) == ("derived", "n")
