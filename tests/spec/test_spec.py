"""openapi.yaml loads everywhere, says all that an operation has to say, and keeps to its own conventions."""

from __future__ import annotations

import re

import openapi_spec_validator
import pytest
import ruamel.yaml

from tests.spec.document import (
    OPERATIONS,
    PATH,
    SPEC,
    parameters,
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


def test_operation_ids_are_unique() -> None:
    ids = [node["operationId"] for place, node in walk(SPEC["paths"]) if "responses" in node]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)


@each_operation
def test_path_names_the_parameters_of_the_operation(name: str) -> None:
    operation = OPERATIONS[name]
    assert set(re.findall(r"{(\w+)}", operation["path"])) == {
        parameter for parameter, schema in parameters(operation).items() if schema["in"] == "path"
    }
