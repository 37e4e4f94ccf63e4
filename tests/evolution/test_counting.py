"""Counting from outside: what a plain reader of a foreign description finds is reachable in the package, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evolution import test_foreign
from tests.evolution.counting import Outside, reachable, schemas_without
from tests.evolution.test_foreign import BASELINES, FINE, FOREIGN, generated, mended

packages = test_foreign.packages
pytestmark = pytest.mark.xdist_group("foreign")


@pytest.mark.parametrize("name", [*(f"{name}.yaml" for name in FINE), *BASELINES])
def test_every_element_is_reachable(name: str, packages: Path) -> None:
    spec = mended(name, packages) if name in BASELINES else FOREIGN / name
    outside, package = Outside(spec), generated(spec, packages).name
    elements = outside.elements()
    assert elements or name == "docstrings_on_attributes.yaml"  # which has schemas alone
    assert elements - reachable(package) == set()


@pytest.mark.parametrize("name", [*(f"{name}.yaml" for name in FINE), *BASELINES])
def test_every_property_of_a_schema_is_an_attribute(name: str, packages: Path) -> None:
    spec = mended(name, packages) if name in BASELINES else FOREIGN / name
    declared = Outside(spec).properties()
    assert declared or name in (
        "callback-example.yaml",
        "specific_3.1.yaml",
        "tictactoe.yaml",
        "enums_3.1.yaml",
    )
    assert schemas_without(generated(spec, packages).name, declared) == []
