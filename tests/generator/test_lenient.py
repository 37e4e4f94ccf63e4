"""A lenient run leaves out what has a problem and what depends on it, wherever the problem stands; nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.cli import main
from generator.description.read import read_leniently
from generator.package.files import render
from generator.source.problems import SpecRefused
from generator.source.settings import GeneratorSettings
from tests.generator.support import document, refusals
from tests.generator.test_refusals import REMEDY

# One of each element that a reader has to look into.
EVERYTHING = """
openapi: 3.1.0
info: {title: T, version: '1', description: d}
servers: [{url: 'https://{region}.example', variables: {region: {default: eu, enum: [eu, us]}}}]
tags: [{name: pets, description: d}]
security: [{key: []}]
paths:
  /pets/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    servers: [{url: 'https://other.example'}]
    post:
      operationId: post
      tags: [pets]
      security: [{key: []}]
      parameters: [{name: f, in: query, explode: true, content: {application/json: {schema: {type: integer}}}}]
      requestBody:
        required: true
        content:
          multipart/form-data: {schema: {$ref: '#/components/schemas/Cat'}, encoding: {name: {contentType: a/b}}}
      responses:
        '200':
          headers: {X-Rate: {schema: {type: integer}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Animal'}}}
        4XX: {content: {application/json: {schema: {$ref: '#/components/schemas/Cat'}}}}
      callbacks: {done: {'{$url}': {post: {requestBody: {content: {application/json: {schema: {type: object}}}}}}}}
  /other: {$ref: '#/components/pathItems/Other'}
webhooks:
  told: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Cat'}}}}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  pathItems: {Other: {get: {operationId: other, responses: {'204': {description: n}}}}}
  schemas:
    Animal:
      discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Cat'}}
      required: [kind]
      properties: {kind: {type: string, examples: [a], default: a}, name: {enum: [a, b]}}
    Cat: {allOf: [{$ref: '#/components/schemas/Animal'}, {properties: {size: {type: [integer, 'null']}}}]}
    Any: {oneOf: [{type: array, prefixItems: [{type: string}], items: {type: string}}, {patternProperties: {a: {}}}]}
"""
WRONG: tuple[Any, ...] = ({"$ref": "gone.yaml#/x"}, None, ["x"], True, {}, "x")
FATAL = {("openapi",)}


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield (*above, key)
        yield from places(item, (*above, key))


@pytest.mark.parametrize("shift", range(2))
def test_a_wrong_value_anywhere_is_left_out_with_a_remedy(shift: int, tmp_path: Path) -> None:
    whole = yaml.safe_load(EVERYTHING)
    path = tmp_path / "spec.json"
    settings = GeneratorSettings(spec=path, output=tmp_path / "sample", package="sample", lenient=True)
    refused: set[tuple[Any, ...]] = set()
    without_remedy: list[str] = []
    for number, place in enumerate(places(whole)):
        changed = copy.deepcopy(whole)
        holder = changed
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = WRONG[(number + shift) % len(WRONG)]
        path.write_text(json.dumps(changed), encoding="utf-8")
        try:
            files, _, left_out = render(settings, read_leniently(path, package="sample"))
        except SpecRefused as refusal:
            refused.add(place)
            left_out = refusal.problems
        else:
            compile(files["about.py"], str(place), "exec")
        messages = (problem.message for problem in left_out)
        without_remedy += [
            text for text in messages if not REMEDY.search(text) and "not in the package" not in text
        ]
    assert refused <= FATAL
    assert without_remedy == []


FINE = {"200": {"description": "ok"}}
MISSING: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "path item": ({"/gone": {"$ref": "gone.yaml"}}, {}, "#/paths/~1gone/$ref: "),
    "component": ({}, {"Gone": {"$ref": "gone.yaml#/Gone"}}, "#/components/schemas/Gone/$ref: "),
    "callback": (
        {"/b": {"get": {"operationId": "b", "responses": FINE, "callbacks": {"c": {"$ref": "gone.yaml"}}}}},
        {},
        "#/paths/~1b/get/callbacks/c/$ref: ",
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_a_missing_file_holds_is_left_out_alone(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths, schemas, place = MISSING[name]
    kept = {"/a": {"get": {"operationId": "a", "responses": FINE}}}
    size = {"type": "object", "properties": {"size": {"type": "integer"}}}
    path = tmp_path / "spec.yaml"
    path.write_text(
        document(json.dumps({**kept, **paths}), json.dumps({"Kept": size, **schemas})), encoding="utf-8"
    )
    arguments = ["generate", "--spec", str(path), "--output", str(tmp_path / "sample"), "--package", "sample"]
    assert main(arguments) == 1
    assert "generate the rest with `--lenient`" in capsys.readouterr().err
    assert main([*arguments, "--lenient"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert place in line
    assert "gone.yaml: No such file or directory; put the file there" in line
    assert '"a": ("default", "a")' in (tmp_path / "sample/about.py").read_text(encoding="utf-8")
    assert "size: int | None" in (tmp_path / "sample/models/other.py").read_text(encoding="utf-8")


def test_a_list_that_is_none_and_a_text_that_is_none_name_what_was_found(tmp_path: Path) -> None:
    info = {"title": {"$ref": "intro.md"}, "version": "1"}
    found = [
        message.partition("#")[2] for message in refusals(document(servers={"a": 1}, info=info), tmp_path)
    ]
    assert found == [
        "/info/title: `title` has to be a string, found an object with '$ref'; write the text here",
        "/servers: expected an array, found an object with 'a'; write one, or leave it out",
    ]


def test_two_paths_of_one_path_item_are_both_named(tmp_path: Path) -> None:
    shared = {"get": {"operationId": "a", "responses": FINE}}
    alias = {"$ref": "#/components/pathItems/Shared"}
    paths, components = {"/one": alias, "/two": alias}, {"pathItems": {"Shared": shared}}
    (found,) = refusals(document(json.dumps(paths), components=components), tmp_path)
    assert "#/paths/~1two/get: operationId 'a' is also that of #/paths/~1one/get; give each" in found


def test_a_parameter_without_a_place_is_left_out_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spec.yaml"
    get = {"operationId": "a", "parameters": [{"name": "size"}], "responses": FINE}
    path.write_text(document(json.dumps({"/a": {"get": get}}), "{}"), encoding="utf-8")
    arguments = [
        "--spec",
        str(path),
        "--output",
        str(tmp_path / "sample"),
        "--package",
        "sample",
        "--lenient",
    ]
    assert main(["generate", *arguments]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "a parameter needs `name`, and `in` as path" in line
