"""openapi.yaml loads everywhere, says all that an operation has to say, and keeps to its own conventions."""

from __future__ import annotations

import re

import openapi_spec_validator
import pytest
import ruamel.yaml

from tests.spec.document import (
    OPERATIONS,
    PATH,
    SCHEMAS,
    SPEC,
    fields,
    parameters,
    resolve,
    success,
    walk,
)

each_operation = pytest.mark.parametrize("name", sorted(OPERATIONS))


def test_both_yaml_libraries_read_the_same_document() -> None:
    with PATH.open(encoding="utf-8") as stream:
        assert ruamel.yaml.YAML(typ="safe", pure=True).load(stream) == SPEC


def test_the_document_is_valid_openapi() -> None:
    openapi_spec_validator.validate(SPEC)
    assert SPEC["openapi"].startswith("3.1.")
    # It would switch body validation off in some tools without a word.
    assert "jsonSchemaDialect" not in SPEC


def test_no_sentence_was_cut_at_a_comma() -> None:
    # In a YAML flow mapping, `{description: one, two}` is a description and a key `two`.
    cut = [
        f"{place}: {key!r}"
        for place, node in walk(SPEC)
        for key in node
        if " " in str(key) or node[key] is None
    ]
    assert [entry for entry in cut if not entry.endswith("'default'")] == []


@each_operation
def test_operation_says_all_it_has_to(name: str) -> None:
    operation = OPERATIONS[name]
    assert re.fullmatch(r"[a-z]+(?:[A-Z][a-z]+)+", name)
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in [tag["name"] for tag in SPEC["tags"]]
    assert operation["summary"]
    assert operation["description"]
    assert "security" in operation
    assert operation["x-source"]
    described = [*parameters(operation).values(), *fields(operation).values()]
    assert all("description" in resolve(thing) for thing in described)
    assert set(re.findall(r"{(\w+)}", operation["path"])) == {
        parameter for parameter, schema in parameters(operation).items() if schema["in"] == "path"
    }
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for body in [*bodies, *map(resolve, operation["responses"].values())]:
        assert all(media_type["examples"] for media_type in body["content"].values())


def test_operation_ids_are_unique() -> None:
    ids = [node["operationId"] for place, node in walk(SPEC["paths"]) if "responses" in node]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)


@each_operation
def test_operation_lists_the_errors_it_can_give(name: str) -> None:
    operation = OPERATIONS[name]
    expected = {"429", "500", "503", "504"}
    if operation["security"] == [{"bearerAuth": []}]:
        expected |= {"401", "403"}
    if parameters(operation) or "requestBody" in operation:
        expected |= {"400", "422"}
    if any(parameter["in"] == "path" for parameter in parameters(operation).values()):
        expected |= {"404"}
    if operation["x-retry"] == "billed":
        expected |= {"402", "404", "409", "502"}
    assert expected <= set(operation["responses"])
    for status, response in operation["responses"].items():
        if status != "200":
            assert response["$ref"].startswith("#/components/responses/")
            schema = resolve(response)["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorBody"}


def test_public_operations_are_the_documented_ones() -> None:
    public = {name for name, operation in OPERATIONS.items() if operation["security"] == []}
    models = {name for name, operation in OPERATIONS.items() if operation["tags"] == ["models"]}
    assert public == models | {"getHealth", "createToken", "refreshToken", "getUserHealth"}


def test_json_is_the_first_media_type() -> None:
    for operation in OPERATIONS.values():
        assert next(iter(success(operation)["content"])) == "application/json"


def test_nested_objects_are_components() -> None:
    inline = [
        place
        for place, node in walk(SCHEMAS)
        if "properties" in node and place.count("/") > 1 and not place.endswith("/properties")
    ]
    assert inline == []


def test_enums_hold_strings_and_follow_a_convention() -> None:
    for place, node in walk(SPEC["components"]):
        if "enum" not in node or place.endswith("/not"):
            continue
        assert node["type"] == "string", place
        assert all(isinstance(value, str) for value in node["enum"]), place
        assert len({value.lower() for value in node["enum"]}) == len(node["enum"]), place
        # Closed and said so, or the first of two members of an open enum, under the name of its component.
        if node.get("x-open-enum", True):
            assert re.search(rf"/{node['title']}/anyOf/0$", place)
        else:
            assert re.fullmatch(r"#/schemas/\w+", place)
