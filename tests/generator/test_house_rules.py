"""Each convention of our own description is a rule of `lint`: it names the place, what was found and the remedy."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.commands.lint import lint
from generator.rules.house import check_house_rules
from generator.source.files import Sources
from generator.source.node import Resolver
from generator.source.settings import load

ERROR = {"$ref": "#/components/responses/Failed"}
ALWAYS = ("429", "500", "503", "504")
BILLED = ("400", "401", "402", "403", "404", "409", "422", "502", *ALWAYS)
SOUND: dict[str, Any] = yaml.safe_load(
    """
openapi: 3.1.0
info: {title: T, version: '1'}
tags: [{name: notes}]
paths:
  /notes/{id}:
    get:
      operationId: getNote
      tags: [notes]
      summary: Get a note
      description: Returns one note.
      security: []
      x-retry: safe
      x-source: own
      x-facade: [{name: note, positional: [id]}]
      parameters:
        - {name: id, in: path, required: true, description: Which., example: 7, schema: {type: integer}}
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Note'}
              examples: {one: {value: {text: Hello, kind: short}}}
  /notes:
    post:
      operationId: createNote
      tags: [notes]
      summary: Write a note
      description: Stores a note.
      security: [{bearerAuth: []}]
      x-retry: billed
      x-idempotency-key: true
      x-source: own
      x-facade: [{name: write, positional: [text]}]
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Note'}
            examples: {one: {value: {text: Hello}}}
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Note'}
              examples: {one: {value: {text: Hello}}}
components:
  x-exceptions:
    BaseFault: {parent: Exception, doc: All.}
    Fault: {parent: BaseFault, doc: One.}
  responses:
    Failed:
      description: failed
      content:
        application/json:
          schema: {$ref: '#/components/schemas/ErrorBody'}
          examples: {one: {value: {error: broken}}}
  schemas:
    Note:
      type: object
      required: [text]
      properties:
        text: {type: string, description: The text.}
        kind: {$ref: '#/components/schemas/Kind'}
        password: {type: string, description: A secret., x-secret: true}
    Kind:
      description: The kind.
      anyOf: [{type: string, title: Kind, enum: [short, long]}, {type: string}]
    ErrorCode:
      description: The codes.
      anyOf: [{type: string, title: ErrorCode, enum: [broken]}, {type: string}]
    ErrorBody:
      type: object
      properties: {error: {$ref: '#/components/schemas/ErrorCode'}}
      x-error-codes: {broken: Fault}
      x-error-statuses: {}
"""
)
SOUND["paths"]["/notes/{id}"]["get"]["responses"] |= dict.fromkeys(("400", "404", "422", *ALWAYS), ERROR)
SOUND["paths"]["/notes"]["post"]["responses"] |= dict.fromkeys(BILLED, ERROR)
LINK = ("paths", "/notes", "post", "responses", "200", "links", "note")
SOUND["paths"]["/notes"]["post"]["responses"]["200"]["links"] = {
    "note": {"operationId": "getNote", "parameters": {"path.id": "$response.body#/id"}},
    "copy": {"operationId": "createNote", "requestBody": {"text": "$response.body#/text"}},
}
SOUND["components"]["schemas"]["ErrorBody"]["x-error-statuses"] = dict.fromkeys(BILLED, "Fault")

GET = ("paths", "/notes/{id}", "get")
POST = ("paths", "/notes", "post")
SCHEMAS = ("components", "schemas")
Edit = Callable[[dict[str, Any]], object]


def problems(tmp_path: Path, document: dict[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    found = check_house_rules(Resolver(Sources(path)))
    assert all(problem.line > 0 for problem in found)
    return [(problem.pointer, problem.message) for problem in found]


def at(document: dict[str, Any], *pointer: str) -> Any:
    for piece in pointer:
        document = document[int(piece)] if isinstance(document, list) else document[piece]
    return document


def without(*pointer: str) -> Edit:
    return lambda document: at(document, *pointer[:-1]).pop(pointer[-1])


def with_value(value: Any, *pointer: str) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        holder = at(document, *pointer[:-1])
        holder[int(pointer[-1]) if isinstance(holder, list) else pointer[-1]] = value

    return edit


def test_a_sound_description_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, SOUND) == []


@pytest.mark.parametrize(
    ("edit", "pointer", "words"),
    [
        (with_value("fetch", *GET, "operationId"), GET, "a verb and a noun in camelCase"),
        (without(*GET, "x-source"), GET, "has no `x-source`; add the documents"),
        (without(*GET, "description"), GET, "has no `description`; add what a caller gets"),
        (without(*POST, "security"), POST, "has no `security`; add `[bearerAuth: []]`"),
        (with_value(["other"], *GET, "tags"), GET, "one of the `tags` at the top"),
        (without(*SCHEMAS, "Note", "properties", "text", "description"),
         (*SCHEMAS, "Note", "properties", "text"), "no `description`; say what it is"),
        (without(*GET, "x-retry"), GET, "has no `x-retry`; add what a second attempt would cost"),
        (with_value("unbilled", *GET, "x-retry"), (*GET, "x-retry"), "`safe` belongs to GET"),
        (without(*POST, "x-idempotency-key"), POST, "needs `x-idempotency-key: true`"),
        (without(*GET, "responses", "404"), (*GET, "responses"), "can fail with 404"),
        (without(*POST, "responses", "402"), (*POST, "responses"), "can fail with 402"),
        (with_value({"description": "own"}, *GET, "responses", "500"), (*GET, "responses", "500"),
         "refer to one of `components/responses`"),
        (with_value(["id", "colour"], *GET, "x-facade", "0", "positional"), (*GET, "x-facade", "0"),
         "`positional` names 'colour'"),
        (with_value([], *POST, "x-facade", "0", "positional"), (*POST, "x-facade", "0"),
         "begin with the required arguments: text"),
        (with_value({"colour": "c"}, *POST, "x-facade", "0", "rename"), (*POST, "x-facade", "0"),
         "`rename` names 'colour'"),
        (without(*GET, "parameters", "0", "example"), (*GET, "parameters", "0"), "has no `example`"),
        (with_value("seven", *GET, "parameters", "0", "example"), (*GET, "parameters", "0", "example"),
         "does not fit its schema"),
        (without(*POST, "requestBody", "content", "application/json", "examples"),
         (*POST, "requestBody", "content", "application/json"), "application/json has no `examples`"),
        (with_value({}, *GET, "responses", "200", "content", "application/json", "examples", "one", "value"),
         (*GET, "responses", "200", "content", "application/json", "examples", "one", "value"),
         "does not fit its schema: \"text\" is a required property"),
        (with_value("readNote", *LINK, "operationId"), LINK, "the link leads to 'readNote', which is not an operation"),
        (with_value({"number": "$request.path.id"}, *LINK, "parameters"), (*LINK, "parameters", "number"),
         "getNote has no parameter 'number'; name one"),
        (with_value({"body": "x"}, *LINK[:-1], "copy", "requestBody"), (*LINK[:-1], "copy", "requestBody", "body"),
         "the body of createNote has no field 'body'"),
        (without("components", "x-exceptions", "Fault", "doc"), ("components", "x-exceptions", "Fault"),
         "has no `doc`; say when it is raised"),
        (with_value("Later", "components", "x-exceptions", "Fault", "parent"),
         ("components", "x-exceptions", "Fault"), "has to be listed before it: 'Later'"),
        (without(*SCHEMAS, "ErrorBody", "x-error-codes", "broken"), (*SCHEMAS, "ErrorBody", "x-error-codes"),
         "the code 'broken' of ErrorCode has no exception"),
        (without(*SCHEMAS, "ErrorBody", "x-error-statuses", "402"),
         (*SCHEMAS, "ErrorBody", "x-error-statuses"), "the status 402 is documented and has no exception"),
        (with_value({"type": "object", "description": "d", "properties": {}}, *SCHEMAS, "Note", "properties", "in"),
         (*SCHEMAS, "Note", "properties", "in"), "a component with a name of its own"),
        (with_value([1, 2], *SCHEMAS, "Kind", "anyOf", "0", "enum"), (*SCHEMAS, "Kind", "anyOf", "0"),
         "lists strings"),
        (with_value(["a", "A"], *SCHEMAS, "Kind", "anyOf", "0", "enum"), (*SCHEMAS, "Kind", "anyOf", "0"),
         "differ in case only"),
        (with_value({"type": "string", "enum": ["a"]}, *SCHEMAS, "Kind"), (*SCHEMAS, "Kind"),
         "an enum is open: `anyOf:"),
        (with_value("Sort", *SCHEMAS, "Kind", "anyOf", "0", "title"), (*SCHEMAS, "Kind", "anyOf", "0"),
         "the name of its component: Kind"),
        (without(*SCHEMAS, "Note", "properties", "password", "x-secret"),
         (*SCHEMAS, "Note", "properties", "password"), "looks like a secret; add `x-secret: true`"),
    ],
)  # fmt: skip
def test_a_broken_convention_is_reported_with_its_remedy(
    tmp_path: Path, edit: Edit, pointer: tuple[str, ...], words: str
) -> None:
    document = copy.deepcopy(SOUND)
    edit(document)
    found = problems(tmp_path, document)
    assert any(place == pointer and words in message for place, message in found), found


def test_lint_applies_the_rules_to_our_description_and_to_no_other(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    document = copy.deepcopy(SOUND)
    del document["paths"]["/notes/{id}"]["get"]["x-source"]
    document["components"]["securitySchemes"] = {"bearerAuth": {"type": "http", "scheme": "bearer"}}
    path.write_text(json.dumps(document), encoding="utf-8")
    ours, _ = lint(replace(load(), spec=path))
    assert any("has no `x-source`" in problem.message for problem in ours)
    other, done = lint(load(spec=path, output=tmp_path / "out", package="notes"))
    assert "house rules" not in done
    assert not any("x-source" in problem.message for problem in other)


@pytest.mark.parametrize("value", [{"a": 1}, [["text"]], [{"a": 1}], 7, "text"])
@pytest.mark.parametrize("key", ["positional", "rename", "defaults", "fixed", "extra"])
def test_another_form_of_a_facade_is_left_to_the_rule_of_the_extension(
    tmp_path: Path, key: str, value: object
) -> None:
    document = copy.deepcopy(SOUND)
    at(document, *POST, "x-facade", "0")[key] = value
    for pointer, message in problems(tmp_path, document):
        assert pointer == (*POST, "x-facade", "0")
        assert key in message or "`positional` has to begin" in message


def test_what_openapi_forbids_is_named_where_the_other_checks_cannot_go_on(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    at(document, *GET, "responses", "200")["content"] = {"a": 1}
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    found, _ = lint(replace(load(), spec=path))
    assert any(problem.pointer[: len(GET)] == GET for problem in found)


def test_a_field_is_described_by_what_it_is_composed_of(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    place = (*SCHEMAS, "Note", "properties", "text")
    with_value({"allOf": [at(document, *place)]}, *place)(document)
    assert problems(tmp_path, document) == []
    without(*place, "allOf", "0", "description")(document)
    assert [pointer for pointer, _ in problems(tmp_path, document)] == [place]
