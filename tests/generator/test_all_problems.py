"""One run reports every problem of a description; what the description may have its own way is read or left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.cli import main
from tests.generator.support import answers, document, generate, refusals

BROKEN = """
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a:
    get:
      operationId: a
      parameters:
        - {name: p, in: query, schema: {type: strng}}
        - {name: q, in: nowhere, schema: {type: string}}
        - {$ref: '#/components/parameters/Gone'}
        - {name: r, in: query, schema: {type: string, default: 5}}
        - {name: s, in: query, x-renamed-from: 5, schema: {type: string}}
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
        '77': {description: what}
    post:
      operationId: a
      responses: {'200': {description: ok}}
    put:
      operationId: c
      requestBody: {content: {}}
      security: [{unknown: []}]
      responses: {'200': {$ref: '#/components/responses/Gone'}}
  b: {}
  /c: {$ref: '#/components/pathItems/Gone'}
components:
  schemas:
    A:
      type: object
      properties:
        one: {type: objekt}
        two: {$ref: '#/components/schemas/Gone'}
        three: {type: integer, minimum: low}
        four: {type: array, items: {enum: []}}
        five: {type: string, default: 1}
        six: {type: string}
    Loop: {oneOf: [{$ref: '#/components/schemas/Loop'}, {type: string}]}
    Pet:
      oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/Loop'}]
      discriminator: {propertyName: six, mapping: {gone: '#/components/schemas/Gone', a: '#/components/schemas/A'}}
"""
PLACES = [
    "/paths/~1a/get/parameters/0/schema/type: 'strng'",
    "/paths/~1a/get/parameters/1: ",
    "/paths/~1a/get/parameters/2/$ref: ",
    "/paths/~1a/get/parameters/3: the default of r",
    "/paths/~1a/get/parameters/4/x-renamed-from: ",
    "/paths/~1a/get/responses/77: ",
    "/paths/~1a/post: operationId 'a'",
    "/paths/~1a/put/requestBody: ",
    "/paths/~1a/put/security/0/unknown: ",
    "/paths/~1a/put/responses/200/$ref: ",
    "/paths/b: ",
    "/paths/~1c/$ref: ",
    "/components/schemas/A/properties/one/type: ",
    "/components/schemas/A/properties/two/$ref: ",
    "/components/schemas/A/properties/three/minimum: ",
    "/components/schemas/A/properties/four/items/enum: ",
    "/components/schemas/A/properties/five: the default of five",
    "/components/schemas/Loop: Loop refers to itself",
    "/components/schemas/Pet/discriminator/mapping/gone: ",
]


def run(command: str, text: str, directory: Path, *more: str) -> int:
    spec = directory / "spec.yaml"
    spec.write_text(text.lstrip(), encoding="utf-8")
    return main(
        [command, "--spec", str(spec), "--output", str(directory / "sample"), "--package", "sample", *more]
    )


@pytest.mark.parametrize("command", ["generate", "lint"])
def test_every_problem_is_reported_at_once(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, BROKEN, tmp_path) == 1
    said = capsys.readouterr().err
    assert [place for place in PLACES if place not in said] == []
    if command == "generate":
        assert said.count("error: ") == len(PLACES)
        assert f"{len(PLACES)} problems; nothing was written" in said


def test_a_lenient_run_generates_the_rest_and_lists_what_it_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("generate", BROKEN, tmp_path, "--lenient") == 0
    said = capsys.readouterr().err
    assert [place for place in PLACES if place not in said] == []
    assert all(line.startswith("left out: ") for line in said.splitlines())
    assert "is not in the package" in said
    assert "--lenient" not in said  # which this run has
    about = (tmp_path / "sample" / "about.py").read_text(encoding="utf-8")
    assert '"a": ("default", "a")' in about
    models = (tmp_path / "sample" / "models" / "default.py").read_text(encoding="utf-8")
    assert "six: str | None" in models
    assert "five: str | None" in models
    assert "default=1" not in models
    assert run("check", BROKEN, tmp_path, "--lenient") == 0
    assert run("generate", BROKEN, tmp_path) == 1


UNKNOWN = document(
    "/a: {get: {operationId: a, tags: [things], " + answers("{$ref: '#/components/schemas/A'}") + "}}",
    "A: {type: object, markdownDescription: Wow, enumNames: [a], properties: {a: {type: string, example-values: [1]}}}",
)


def test_unknown_keywords_are_annotations_unless_the_run_is_strict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("generate", UNKNOWN, tmp_path, "--strict") == 1
    said = capsys.readouterr().err
    for word in ("markdownDescription", "enumNames", "example-values"):
        assert f"unknown keyword `{word}`" in said
    assert run("generate", UNKNOWN, tmp_path) == 0
    assert capsys.readouterr().err == ""


def test_references_in_the_place_of_operations_and_properties_are_read(tmp_path: Path) -> None:
    text = document(
        """
/a/{id}:
  parameters: [{name: id, in: path, required: true, schema: {type: string}}]
  get: {$ref: 'operations.yaml#/read'}
  delete: {$ref: 'operations.yaml#/remove'}
/b: {$ref: 'operations.yaml#/b'}
"""
    )
    shared = """
read:
  operationId: readA
  tags: [things]
  responses:
    '200': {description: ok, content: {application/json: {schema: {$ref: '#/Thing'}}}}
remove: {operationId: removeA, tags: [things], responses: {'204': {description: gone}}}
b:
  get: {operationId: readB, tags: [things], responses: {'204': {description: gone}}}
Thing: {type: object, properties: {$ref: '#/Shared'}}
Shared: {size: {type: integer}, $ref-like: {type: string}}
"""
    made = generate(text, tmp_path, operations=shared)
    assert made("about").OPERATIONS == {
        "readA": ("things", "read_a"),
        "removeA": ("things", "remove_a"),
        "readB": ("things", "read_b"),
    }
    assert [parameter.name for parameter in made.operation("things", "read_a").parameters] == ["id"]
    assert made().Thing.from_dict({"size": 3}).size == 3


def test_a_property_may_be_called_ref(tmp_path: Path) -> None:
    made = generate(
        document(schemas="A: {type: object, properties: {$ref: {type: string}, b: {type: integer}}}"),
        tmp_path,
    )
    assert made().A.from_dict({"$ref": "#/x", "b": 1}).ref == "#/x"


def test_all_problems_of_a_schema_are_reported_together(tmp_path: Path) -> None:
    schema = "A: {$dynamicRef: '#x', dependentSchemas: {}, properties: {a: {type: number, multipleOf: x}}}"
    found = " ".join(refusals(document(schemas=schema), tmp_path))
    assert all(f"`{word}`" in found for word in ("$dynamicRef", "dependentSchemas", "multipleOf"))
