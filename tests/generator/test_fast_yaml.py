"""Both YAML readers give the same values: libyaml, and ruamel for everything that libyaml would read in another way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from generator.source.fast_yaml import NotPlain, load_plainly
from generator.source.files import SourceFile, UnreadableSource

HERE = Path(__file__).parent
DESCRIPTIONS = [
    HERE.parents[1] / "openapi.yaml",
    HERE / "torture.yaml",
    *sorted((HERE.parent / "evolution" / "foreign").glob("*.yaml")),
]


@pytest.mark.parametrize("path", DESCRIPTIONS, ids=[path.stem for path in DESCRIPTIONS])
def test_descriptions_have_the_same_values_with_both_readers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert repr(load_plainly(text)) == repr(YAML(typ="safe", pure=True).load(text))


SCALARS: dict[str, Any] = {
    "1": 1, "-7": -7, "0": 0, "1.5": 1.5, "-0.25": -0.25, "1.5e3": 1500.0, "true": True, "False": False, "~": None,
    "null": None, "yes": "yes", "on": "on", "No": "No", "017": 17, "0o17": 15, "0x1F": 31, "+1": 1, "1e3": 1000.0,
    ".5": 0.5, "1:30": "1:30", "2024-01-02": "2024-01-02", "2024-01-02T03:04:05Z": "2024-01-02T03:04:05Z",
    "3.1.0": "3.1.0", "2XX": "2XX", "'5'": "5", '"true"': "true", "text": "text", "12e": "12e", "1.": 1.0,
    ".": ".", "-a": "-a", "1-2": "1-2",
    "[1, a, {b: 2}]": [1, "a", {"b": 2}], "": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=list(SCALARS))
def test_a_scalar_is_that_of_yaml_1_2(text: str, value: Any, tmp_path: Path) -> None:
    data = SourceFile(tmp_path / "a.yaml", f"x: {text}\n").data
    assert repr(data) == repr({"x": value})


@pytest.mark.parametrize(
    "text",
    [
        "x: 0x1F",
        "x: 1_000",
        "x: .inf",
        "{a: 1, a: 2}",
        "a: &b 1\nc: {<<: *d}",
        "x: !!set {a}",
        "x: [",
        "a: 1\n---\nb: 2",
        "x: &a [*a]",
        "x: 1.5e999",
        "? [a]\n: 1",
        "x: !!bool yes",
    ],
)
def test_what_it_does_not_read_is_left_to_the_other_reader(text: str) -> None:
    with pytest.raises(NotPlain):
        load_plainly(text)


def test_an_anchor_is_read_once() -> None:
    data = load_plainly("a: &x {b: [1]}\nc: *x\n")
    assert data == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert data["a"] is data["c"]
    lines = [f"a{n}: &a{n} [{', '.join(['*a' + str(n - 1)] * 9) if n else 0}]" for n in range(40)]
    assert len(load_plainly("\n".join(lines))["a39"]) == 9


def test_an_error_has_its_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match="duplicate key") as caught:
        SourceFile(tmp_path / "a.yaml", "a: 1\nb: 2\na: 3\n")
    assert caught.value.line == 3
