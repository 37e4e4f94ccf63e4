"""Nothing of a description is lost in silence: whatever a template, a view or the parser drops is named and refused."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.description import read
from generator.description.model import OperationSpec
from generator.package import files
from generator.schema.shapes import MISSING, ObjectShape
from generator.source.problems import SpecRefused
from generator.source.settings import TEMPLATES, GeneratorSettings
from generator.upstream import lowering, parse
from tests.generator.support import TORTURE, document


@pytest.fixture
def settings(tmp_path: Path) -> GeneratorSettings:
    """The torture description, to be rendered into nowhere."""
    return GeneratorSettings(spec=TORTURE, output=tmp_path / "torture", package="torture")


def losses(settings: GeneratorSettings, change: Callable[[read.Reading], None] = lambda reading: None) -> str:
    """What rendering complains of, after a change to what was read."""
    reading = read.read(settings.spec)
    change(reading)
    with pytest.raises(SpecRefused) as refusal:
        files.render(settings, reading)
    return str(refusal.value)


def broken_templates(tmp_path: Path, name: str, pattern: str, replacement: str = "") -> Path:
    """Our templates, one of them with a piece cut out."""
    copy = tmp_path / "templates"
    shutil.copytree(TEMPLATES, copy)
    path = copy / name
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    return copy


def operation(reading: read.Reading, name: str) -> OperationSpec:
    return next(operation for operation in reading.description.operations if operation.id == name)


def declared_fields(value: Any) -> int:
    """How many properties a document declares, counted without the generator."""
    if isinstance(value, list):
        return sum(map(declared_fields, value))
    if not isinstance(value, dict):
        return 0
    own = len(value["properties"]) if isinstance(value.get("properties"), dict) else 0
    return own + sum(map(declared_fields, value.values()))


def test_torture_has_no_losses_and_is_counted(settings: GeneratorSettings) -> None:
    _, facts, _ = files.render(settings, read.read(settings.spec))
    assert facts["operations"] == 6
    assert facts["parameters"] == 18
    assert facts["fields"] == declared_fields(yaml.safe_load(TORTURE.read_text(encoding="utf-8")))


def test_operation_dropped_on_the_way_is_named(settings: GeneratorSettings) -> None:
    def drop(reading: read.Reading) -> None:
        reading.description.operations.remove(operation(reading, "raw"))

    said = losses(settings, drop)
    assert "#/paths/~1raw/post: the operation raw would be lost" in said
    assert "would be lost; write it in another form" in said
    assert re.search(r"\.yaml:\d+ #/paths/~1raw/post: ", said)


def test_parameter_dropped_on_the_way_is_named(settings: GeneratorSettings) -> None:
    def drop(reading: read.Reading) -> None:
        del operation(reading, "listPets").parameters[0]

    assert "/paths/~1pets/get/parameters/0: the query parameter limit of listPets would be lost" in losses(
        settings, drop
    )


def test_answer_and_media_types_dropped_on_the_way_are_named(settings: GeneratorSettings) -> None:
    def drop(reading: read.Reading) -> None:
        operation(reading, "listPets").answers.pop()
        operation(reading, "createPet").bodies.pop()
        operation(reading, "createPet").failures.clear()

    said = losses(settings, drop)
    assert "the answer 200 text/csv of listPets would be lost" in said
    assert "the request media type application/x-www-form-urlencoded of createPet would be lost" in said
    assert "the answer 4XX of createPet would be lost" in said


def test_field_and_default_dropped_on_the_way_are_named(settings: GeneratorSettings) -> None:
    def drop(reading: read.Reading) -> None:
        component = reading.components["NewPet"]
        shape = component.meaning
        assert isinstance(shape, ObjectShape)
        kept: list[Any] = []
        for field in shape.fields[1:]:
            annotations = replace(field.shape.annotations, default=MISSING)
            kept.append(replace(field, shape=replace(field.shape, annotations=annotations)))
        component.shape = replace(shape, fields=tuple(kept))

    said = losses(settings, drop)
    assert "/components/schemas/NewPet/properties/name: the field 'name' would be lost" in said
    assert "the default of 'options'" in said or "the default of 'tags'" in said


@pytest.mark.parametrize(
    ("template", "pattern", "lost"),
    [
        ("model.py.jinja", r"\s*Field\(\{\{ field.entry \| code \}\}\),", "the field 'dash-ed and spaced'"),
        ("endpoint_module.py.jinja", r"\{\{ operation.arguments \| code \}\}", "the operation listPets"),
    ],
)
def test_what_a_template_drops_is_named(
    settings: GeneratorSettings, tmp_path: Path, template: str, pattern: str, lost: str
) -> None:
    templates = broken_templates(tmp_path, template, pattern)
    assert f"{lost} would be lost" in losses(replace(settings, templates=templates))


def test_enum_value_that_the_templates_drop_is_named(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(document(schemas="Lonely: {type: string, enum: [first, second]}"), encoding="utf-8")
    templates = broken_templates(
        tmp_path, "literal_enum.py.jinja", r"\{\{ (enum\.literal|value|enum\.codec) \| code \}\}", "None"
    )
    said = losses(GeneratorSettings(spec=spec, output=tmp_path / "out", package="out", templates=templates))
    assert "#/components/schemas/Lonely/enum: the value 'second' would be lost" in said


def test_warnings_of_the_parser_are_errors(
    settings: GeneratorSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(*arguments: Any) -> Any:
        document, media_types = lowering.lower(*arguments)
        document["components"]["schemas"]["Point"]["properties"]["x"] = {"$ref": "#/components/schemas/Gone"}
        return document, media_types

    monkeypatch.setattr(parse, "lower", spoiled)
    said = losses(settings)
    assert "openapi-python-client" in said
    assert "Could not find reference" in said


def test_model_that_the_parser_forgets_is_named(
    settings: GeneratorSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = parse.parse

    def forgetful(*arguments: Any) -> Any:
        data, config = original(*arguments)
        data.models = [model for model in data.models if model.class_info.name != "Tree"]
        data.endpoint_collections_by_tag["import_"].endpoints.pop()  # type: ignore[index]  # a string at run time
        return data, config

    monkeypatch.setattr(parse, "parse", forgetful)
    said = losses(settings)
    assert "the schema Tree (openapi-python-client dropped it) would be lost" in said
    assert "the operation class (openapi-python-client dropped it) would be lost" in said
