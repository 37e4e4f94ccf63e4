"""Spec text is untrusted: wherever it stands, it neither breaks the code that is written nor becomes a part of it."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.package.files import make
from generator.package.project import UntrustedOutput
from generator.python.docstrings import clean, doc, render
from generator.python.py_source import literal
from generator.schema.names import field_names, pascal, safe, snake
from generator.source.settings import TEMPLATES, GeneratorSettings
from tests.fields import fields_of
from tests.generator.support import generate

HOSTILE = [
    '"""\nimport os; os.abort()\n"""',
    "'''\nimport os; os.abort()\n'''",
    'ends in a quote"',
    "ends in a backslash\\",
    '""""',
    "{{ 7 * 7 }} {% include '/etc/passwd' %} {# gone #}",
    "#} %} }}",
    "\\N{BULLET} \\x41 \\u0041 \\",
    "line one\nline two\r\nline three\rfour\u2028five\u0085six\x0cseven",
    "nul\x00 bell\x07 escape\x1b[31m",
    "ünïcödé 漢字 🎉 \u202e reversed",
    "f-string {__import__('os').abort()} %s %(x)s",
    "-> None: raise SystemExit #",
    "x" * 10_000,
    "'); __import__('os').abort(); ('",
]


def sample(text: str) -> str:
    """A description with the text in every place that takes one."""
    pet = {
        "type": "object",
        "title": text,
        "description": text,
        "properties": {
            "field": {"type": "string", "description": text, "default": text, "enum": [text, "other"]},
            text[:200]: {"type": "string", "description": text},
            "constant": {"const": text},
            "pattern": {"type": "string", "pattern": text},
        },
    }
    operation = {
        "operationId": "it",
        "tags": ["tag"],
        "summary": text,
        "description": text,
        "parameters": [
            {"name": text[:200], "in": "query", "description": text, "schema": {"type": "string"}},
            {"name": "p", "in": "query", "schema": {"type": "string", "enum": [text]}},
        ],
        "requestBody": {
            "description": text,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
        },
        "responses": {
            "200": {
                "description": text,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
            },
            "404": {"description": text},
        },
    }
    return yaml.safe_dump(
        {
            "openapi": "3.1.0",
            "info": {"title": text, "version": text, "description": text},
            "servers": [{"url": text}],
            "tags": [{"name": "tag", "description": text}],
            "paths": {"/it": {"post": operation}},
            "components": {
                "schemas": {
                    "Pet": pet,
                    "Kind": {"type": "string", "description": text, "enum": [text, "b"]},
                    "Alias": {"type": "array", "description": text, "items": {"type": "string"}},
                }
            },
        },
        allow_unicode=True,
        sort_keys=False,
    )


def test_hostile_text_in_every_place_stays_text(tmp_path: Path) -> None:
    for number, text in enumerate(HOSTILE):
        made = generate(sample(text), tmp_path)
        for path in made.directory.rglob("*.py"):
            if "_runtime" not in path.parts:
                ast.parse(path.read_text(encoding="utf-8"), str(path))
        pet = made("models").Pet
        assert list(fields_of(pet))[1] == text[:200], number
        assert pet().field == text, number
        assert pet(constant=text).to_dict() == {"constant": text}, number
        assert text in vars(made("models").Kind).values(), number
        operation = made.operation("tag", "it")
        assert operation.parameters[0].wire == text[:200], number
        made("resources.tag")
        made("params")
        assert made().__version__ == text, number


def test_readable_text_reaches_the_reader(tmp_path: Path) -> None:
    made = generate(sample('Say "hello" to {{ names }} \\ and """friends"""'), tmp_path)
    shown = inspect.getdoc(made("models").Pet)
    assert shown is not None
    assert 'Say "hello" to {{ names }} \\ and """friends"""' in shown


@given(st.text())
@settings(max_examples=200)
def test_any_text_is_a_docstring(text: str) -> None:
    document = doc(text, f"{text}\n\n{text}", "Fallback")
    document.section("Args", [("name", text), ("", text)])
    for indent in (0, 4, 8):
        source = render(document, indent)
        padding = " " * indent
        tree = ast.parse(f"if True:\n{padding or ' '}{source}" if indent else source)
        found = tree.body[0]
        statement: Any = found.body[0] if isinstance(found, ast.If) else found
        assert isinstance(statement.value, ast.Constant)
        assert len(tree.body) == 1


@given(st.text())
@settings(max_examples=200)
def test_any_text_is_a_literal_of_itself(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text
    assert ast.literal_eval(literal({"a": [text, None, True, 1.5]})) == {"a": [text, None, True, 1.5]}


@given(st.text(min_size=1))
@settings(max_examples=300)
def test_any_name_becomes_an_identifier(text: str) -> None:
    for name in (safe(snake(text)), pascal(text)):
        assert name.isidentifier()
        ast.parse(f"class A:\n    {name}: int = 1" if name != pascal(text) else f"class {name}: pass")


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=12))
@settings(max_examples=200)
def test_names_of_one_object_are_all_different(wires: list[str]) -> None:
    names = field_names(wires)
    assert list(names) == wires
    assert len({name.casefold() for name in names.values()}) == len(wires)
    assert field_names(wires) == names


@given(st.text())
@settings(max_examples=100)
def test_cleaned_text_has_no_control_characters(text: str) -> None:
    assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & {unicodedata.category(c) for c in clean(text) if c != "\n"}


@pytest.mark.parametrize("wrong", ["code", "doc", "None", "1.5"])
def test_template_that_prints_spec_text_bare_is_stopped(tmp_path: Path, wrong: str) -> None:
    """Templates that forget to say what a value is, or print what is no text at all."""
    templates = tmp_path / "templates"
    shutil.copytree(TEMPLATES, templates)
    for template in templates.rglob("*.jinja"):
        text = re.sub(rf" \| {wrong}\b(\(\d+\))?", "", template.read_text("utf-8"))
        template.write_text(text + ("" if wrong in ("code", "doc") else f"{{{{ {wrong} }}}}"), "utf-8")
    spec = tmp_path / "spec.yaml"
    spec.write_text(sample("text"), "utf-8")
    with pytest.raises(UntrustedOutput, match="printed"):
        make(GeneratorSettings(spec=spec, output=tmp_path / "never", package="never", templates=templates))
