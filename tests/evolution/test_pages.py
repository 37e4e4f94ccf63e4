"""The pages on change say what the code does today."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from generator.python import views
from generator.rules.extensions import EXTENSIONS
from generator.source.settings import TEMPLATES
from tests.evolution import story

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/extensions.md").read_text(encoding="utf-8")
MAP = (ROOT / "docs/how-the-generator-works.md").read_text(encoding="utf-8")


def test_story_shows_what_the_commands_print() -> None:
    text = story.PAGE.read_text(encoding="utf-8")
    assert story.page(text) == text, "remedy: python -m tests.evolution.story, then read the diff"


def test_every_extension_has_a_row_with_its_places_and_purpose() -> None:
    rows = re.findall(r"^\| `(x-[a-z-]+)` \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert [(key, where.strip(), what.strip()) for key, where, what in rows] == [
        (key, ", ".join(sorted(extension.kinds)), extension.purpose) for key, extension in EXTENSIONS.items()
    ]


def test_every_extension_has_a_section() -> None:
    titles = " ".join(re.findall(r"^### (.*)$", PAGE, re.MULTILINE))
    assert sorted(re.findall(r"`(x-[a-z-]+)`", titles)) == sorted(EXTENSIONS)


def test_description_explains_the_same_extensions() -> None:
    head = (ROOT / "openapi.yaml").read_text(encoding="utf-8").partition("\nopenapi:")[0]
    assert set(re.findall(r"^# - `(x-[a-z-]+)`", head, re.MULTILINE)) == set(EXTENSIONS)


def test_every_folder_of_the_generator_is_on_the_map_with_modules_to_start_in() -> None:
    rows = dict(re.findall(r"^\| (?:`cli\.py`, )?`([a-z]+)/` \|.*\| ([^|]+) \|$", MAP, re.MULTILINE))
    assert set(rows) == {path.parent.name for path in (ROOT / "generator").glob("*/__init__.py")}
    for folder, starts in rows.items():
        for name in re.findall(r"`([a-z_]+\.py)`", starts):
            assert (ROOT / "generator" / folder / name).is_file() or (ROOT / "generator" / name).is_file(), (
                name
            )


def test_every_template_is_on_the_map_with_what_it_receives() -> None:
    found = {path.name.removesuffix(".jinja") for path in TEMPLATES.glob("*.jinja")}
    assert found - set(re.findall(r"`([a-z_]+\.py)`", MAP)) == set()


@pytest.mark.parametrize(
    "view",
    [
        views.ModelView,
        views.EnumView,
        views.AliasView,
        views.ParamView,
        views.OperationView,
        views.ResourceView,
        views.FacadeView,
        views.ExceptionView,
        views.WebhookView,
        views.FieldView,
        views.ArgumentView,
    ],
)
def test_fields_of_every_view_are_listed(view: type) -> None:
    row = re.search(rf"^\| `{view.__name__}` \| (.*) \|$", MAP, re.MULTILINE)
    assert row is not None
    listed = re.findall(r"`([a-z_]+)`", row[1])
    assert listed == [field.name for field in fields(view)]
