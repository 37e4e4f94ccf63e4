"""Edits that cannot work are refused, with the construct and its place, and nothing is written."""
# ruff: noqa: E501  a row of the table is a line

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from generator.cli import main
from generator.commands.lint import lint
from generator.source.settings import GeneratorSettings
from tests.evolution.editing import overlaid

# The edit, what is said, and the place that is named.
ROWS = {
    "another host": (
        "components: {schemas: {Book: {properties: {part: {$ref: 'https://example.com/part.yaml'}}}}}",
        "points to another host",
        "#/components/schemas/Book/properties/part/$ref",
    ),
    "a file that is not there": (
        "components: {schemas: {Book: {properties: {part: {$ref: 'gone.yaml#/Part'}}}}}",
        "gone.yaml",
        "#/components/schemas/Book/properties/part/$ref",
    ),
    "a reference to nothing": (
        "components: {schemas: {Book: {properties: {part: {$ref: '#/components/schemas/Gone'}}}}}",
        "`$ref: #/components/schemas/Gone` has no target",
        "#/components/schemas/Book/properties/part/$ref",
    ),
    "two operations of one name": (
        "paths: {/more: {get: {operationId: listBooks, tags: [books], responses: {'204': {description: x}}}}}",
        "listBooks",
        "#/paths/~1more/get",
    ),
    "a path parameter that nobody declares": (
        "paths:\n  /more/{key}: {get: {operationId: more, responses: {'204': {description: x}}}}",
        "names 'key', for which there is no path parameter",
        "#/paths/~1more~1{key}/get",
    ),
    "a style that nobody sends": (
        "paths: {/more: {get: {operationId: more, parameters: [{name: q, in: query, style: matrix, schema: {type: string}}], responses: {'204': {description: x}}}}}",
        "style 'matrix' is not supported for query parameters",
        "#/paths/~1more/get/parameters/0",
    ),
    "a parameter written as XML": (
        "paths: {/more: {get: {operationId: more, parameters: [{name: q, in: query, content: {application/xml: {schema: {type: string}}}}], responses: {'204': {description: x}}}}}",
        "application/xml is not supported",
        "#/paths/~1more/get/parameters/0",
    ),
    "a security scheme that is not described": (
        "paths: {/books: {get: {security: [{oauth: []}]}}}",
        "no security scheme 'oauth'",
        "#/paths/~1books/get/security/0/oauth",
    ),
    "a security scheme of no known kind": (
        "components: {securitySchemes: {bearerAuth: {type: telepathy}}}",
        "a security scheme is http, apiKey, oauth2, openIdConnect or mutualTLS",
        "#/components/securitySchemes/bearerAuth",
    ),
    "a default that does not fit": (
        "components: {schemas: {NewBook: {properties: {pages: {default: many}}}}}",
        "the default of pages does not fit its schema",
        "#/components/schemas/NewBook/properties/pages",
    ),
    "a former name that is in use": (
        "components: {schemas: {Book: {x-renamed-from: Problem}}}",
        "the name Problem is in use",
        "#/components/schemas/Book",
    ),
    "a schema that is nothing but itself": (
        "components: {schemas: {Genre: {$ref: '#/components/schemas/Genre'}}}",
        "itself",
        "#/components/schemas/Genre",
    ),
    "an array of nothing in particular": (
        "components: {schemas: {Book: {properties: {parts: {type: arrray}}}}}",
        "arrray",
        "#/components/schemas/Book/properties/parts",
    ),
    "an older Swagger": ("swagger: '2.0'", "Swagger 2.0 is not supported", "#/swagger"),
    "a newer OpenAPI": ("openapi: 3.2.0", "OpenAPI 3.0 and 3.1 are read", "#/openapi"),
    "another dialect": (
        "jsonSchemaDialect: https://example.com/mine",
        "dialect",
        "#/jsonSchemaDialect",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_edit_is_refused_with_construct_and_place(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, said, place = ROWS[name]
    document = overlaid(change)
    if name == "a schema that is nothing but itself":
        document["components"]["schemas"]["Genre"] = {"$ref": "#/components/schemas/Genre"}
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    output = tmp_path / "out"
    assert main(["generate", "--spec", str(spec), "--output", str(output), "--package", "out"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert any(said in line and place in line and "openapi.yaml:" in line for line in lines), lines
    assert not output.exists()


@pytest.mark.parametrize(
    ("change", "said", "place"),
    [
        ("components: {schemas: {Book: {x-renamed-form: Tome}}}", "unknown extension `x-renamed-form`", "schemas/Book/x-renamed-form"),
        ("components: {schemas: {Book: {x-retry: safe}}}", "`x-retry` belongs to an operation, not to a schema", "schemas/Book/x-retry"),
        ("paths: {/books: {get: {x-retry: often}}}", "`x-retry` is one of safe, billed, unbilled, never", "get/x-retry"),
    ],
)  # fmt: skip
def test_extension_that_nobody_reads_is_found_by_lint(
    change: str, said: str, place: str, tmp_path: Path
) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.safe_dump(overlaid(change), sort_keys=False), encoding="utf-8")
    problems, _ = lint(GeneratorSettings(spec=spec, output=tmp_path / "out", package="out"))
    assert any(
        said in str(problem) and str(problem).split(": ")[0].endswith(place) for problem in problems
    ), problems
