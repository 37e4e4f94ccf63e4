"""A description that moves on ahead of the handlers: the mock goes on answering by it."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from indoxrouter_mock import MockServer
from indoxrouter_mock.spec.evolved import evolved, former_names
from tests.spec.document import SPEC

Edit = Callable[[dict[str, Any]], None]


def answer(tmp_path: Path, edit: Edit, method: str, path: str, **request: Any) -> httpx.Response:
    document = copy.deepcopy(SPEC)
    edit(document)
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    with MockServer(spec=spec) as mock:
        headers = {"Authorization": f"Bearer {mock.api_key}"}
        found = httpx.request(method, f"{mock.url}{path}", headers=headers, trust_env=False, **request)
        assert mock.violations == []
    return found


def test_a_member_that_is_required_now_is_made_from_its_schema(tmp_path: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        schema = document["components"]["schemas"]["UserResponse"]
        schema["required"].append("region")
        schema["properties"]["region"] = {"type": "string", "enum": ["eu"]}

    assert answer(tmp_path, edit, "GET", "/user/me").json()["region"] == "eu"


def test_a_renamed_member_is_answered_and_taken_under_its_present_name(tmp_path: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        for name, old, new in (
            ("ApiKeyCreateRequest", "name", "label"),
            ("ApiKeyCreatedResponse", "name", "label"),
        ):
            properties = document["components"]["schemas"][name]["properties"]
            properties[new] = {**properties.pop(old), "x-renamed-from": old}

    found = answer(tmp_path, edit, "POST", "/user/api-keys", json={"label": "laptop"}).json()
    assert found["label"] == "laptop"
    assert "name" not in found


def test_a_renamed_parameter_reaches_the_handler(tmp_path: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        parameters = document["paths"]["/models/trending"]["get"]["parameters"]
        limit = next(each for each in parameters if each["name"] == "limit")
        limit.update({"name": "count", "x-renamed-from": "limit"})

    assert len(answer(tmp_path, edit, "GET", "/models/trending", params={"count": 2}).json()) == 2


def test_a_body_that_may_be_left_out_is_empty_for_the_handler(tmp_path: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["paths"]["/user/api-keys"]["post"]["requestBody"]["required"] = False

    assert answer(tmp_path, edit, "POST", "/user/api-keys").status_code == 200


def test_an_operation_without_a_handler_that_costs_credits_refuses_who_has_none(tmp_path: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        operation = copy.deepcopy(document["paths"]["/embeddings"]["post"])
        operation["operationId"] = "createRanking"
        document["paths"]["/rankings"] = {"post": operation}

    document = copy.deepcopy(SPEC)
    edit(document)
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    with MockServer(spec=spec, credits=0) as mock:
        headers = {"Authorization": f"Bearer {mock.api_key}"}
        found = httpx.post(f"{mock.url}/rankings", headers=headers, json={"text": "Hi"}, trust_env=False)
    assert found.status_code == 402


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        ({"a": 1}, {"properties": {"b": {"x-renamed-from": ["z", "a"]}}}, {"b": 1}),
        ({"a": 1, "b": 2}, {"properties": {"b": {"x-renamed-from": "a"}}}, {"a": 1, "b": 2}),
        ([{}], {"items": {"required": ["n"], "properties": {"n": {"const": 7}}}}, [{"n": 7}]),
        ({"i": {}}, {"properties": {"i": {"oneOf": [{"type": "null"}, {"$ref": "n"}]}}}, {"i": {"n": 7}}),
        ({"x": {}}, {"additionalProperties": {"$ref": "n"}}, {"x": {"n": 7}}),
        ({}, {"allOf": [{"$ref": "n"}]}, {"n": 7}),
        ({}, {"required": ["n"], "properties": {"n": False}}, {}),
        ("text", {"$ref": "n"}, "text"),
        ({}, True, {}),
    ],
)
def test_answers_are_completed_at_any_depth(value: Any, schema: Any, expected: Any) -> None:
    parts = {"n": {"type": "object", "required": ["n"], "properties": {"n": {"const": 7}}}}

    def resolve(part: Any) -> Any:
        return parts[part["$ref"]] if isinstance(part, dict) and "$ref" in part else part

    assert evolved(value, schema, resolve, random.Random(1)) == expected


def test_former_names_of_what_was_never_renamed_are_none() -> None:
    assert list(former_names({"a": {"type": "string"}, "b": True})) == []


def test_a_list_of_models_names_its_first(tmp_path: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        model = document["components"]["schemas"]["EmbeddingRequest"]["properties"]["model"]
        model["anyOf"] = [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
        model.pop("type", None)
        model.pop("$ref", None)

    models = ["openai/text-embedding-3-large", "openai/text-embedding-3-small"]
    found = answer(tmp_path, edit, "POST", "/embeddings", json={"text": "x", "model": models})
    assert found.status_code == 200, found.text
    assert found.json()["model"] == "text-embedding-3-large"
