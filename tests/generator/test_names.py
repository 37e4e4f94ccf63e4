"""Names: the description's own where Python allows it, never a collision, never something hidden, always the same."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from generator.package.files import make, write
from generator.schema.names import field_names, pascal, safe, snake
from generator.source.settings import GeneratorSettings
from tests.generator.support import Made, answers, document, generate


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("createChatCompletion", "create_chat_completion"),
        ("OpenAIChatCompletion", "open_ai_chat_completion"),
        ("X-API-Key", "x_api_key"),
        ("HTTPStatus2", "http_status2"),
        ("already_snake", "already_snake"),
        ("with spaces  and-dashes", "with_spaces_and_dashes"),
        ("2fast", "field_2fast"),
        ("größe", "größe"),
        ("ﬁle", "file"),
        ("+1", "plus_1"),
        ("-1", "minus_1"),
        ("$", "dollar_sign"),
        ("", "field"),
    ],
)
def test_snake_case(text: str, name: str) -> None:
    assert snake(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("OpenAIChatCompletion", "OpenAIChatCompletion"),
        ("chat response", "ChatResponse"),
        ("chat_response", "ChatResponse"),
        ("2d-point", "Model2dPoint"),
        ("None", "ModelNone"),
        ("API", "API"),
    ],
)
def test_pascal_case(text: str, name: str) -> None:
    assert pascal(text) == name


def test_keywords_and_names_that_annotations_need_get_an_underscore() -> None:
    assert [safe(name) for name in ("class", "list", "self", "type", "input", "id", "format")] == [
        "class_", "list_", "self_", "type", "input", "id", "format",
    ]  # fmt: skip


def test_colliding_fields_are_numbered_in_order_and_exact_names_stay() -> None:
    assert field_names(["fooBar", "foo_bar", "FOO-BAR"]) == {
        "fooBar": "foo_bar2", "foo_bar": "foo_bar", "FOO-BAR": "foo_bar3",
    }  # fmt: skip


def test_fields_do_not_hide_what_every_model_has(torture: Made) -> None:
    everything = torture("models").Everything(
        "1", [], keys_="a", to_dict_="b", model=torture("models").Point(1, 2)
    )
    assert everything.to_dict()["keys"] == "a"
    assert everything["to_dict"] == "b"
    assert everything.model.x == 1


def test_schemas_whose_names_are_taken_get_a_name_of_their_own(tmp_path: Path) -> None:
    one = "{type: object, properties: {a: {type: string}}}"
    made = generate(
        document(
            schemas=f"Model: {one}\nValidationError: {one}\nFooBar: {one}\nfoo_bar: {one}\nFOOBAR: {one}\nclass: {one}"
        ),
        tmp_path,
    )
    names = set(made("models").__all__)
    assert names == {"ModelModel", "ValidationErrorModel", "FooBar", "FOOBAR2", "FooBar3", "Class"}
    assert issubclass(made().ValidationError, Exception)
    assert made("models.other").Class is made("models").Class


def test_schemas_and_tags_that_differ_by_case_share_no_file(tmp_path: Path) -> None:
    fine = answers("{type: string}")
    made = generate(
        document(
            f"""
            /a: {{get: {{operationId: a, tags: [Pets], {fine}}}}}
            /b: {{get: {{operationId: b, tags: [pets], {fine}}}}}
            /c: {{get: {{operationId: listAll, tags: [pets], {fine}}}}}
            /d: {{get: {{operationId: list_all, tags: [pets], {fine}}}}}
            """
        ),
        tmp_path,
    )
    files = [path.relative_to(made.directory).as_posix() for path in made.directory.rglob("*.py")]
    assert len({name.lower() for name in files}) == len(files)
    assert {made.operation("pets", "a").id, made.operation("pets2", "b").id} == {"a", "b"}
    assert made.operation("pets2", "list_all").id == "listAll"
    assert made.operation("pets2", "list_all2").id == "list_all"


def test_parameters_of_one_name_are_told_apart_by_where_they_stand(torture: Made) -> None:
    names = [(p.name, p.wire, p.where) for p in torture.operation("pets", "list_pets").parameters]
    assert ("id_query", "id", "query") in names
    assert ("id_header", "id", "header") in names


def test_field_that_a_parameter_hides_gets_an_underscore(tmp_path: Path) -> None:
    made = generate(
        document(
            """
            /a/{id}:
              put:
                operationId: put
                tags: [t]
                parameters: [{name: id, in: path, required: true, schema: {type: string}}]
                requestBody:
                  content:
                    application/json:
                      schema:
                        type: object
                        properties: {id: {type: string}, body: {type: string}, self: {type: string}}
                responses: {'204': {description: Done.}}
            """
        ),
        tmp_path,
    )
    call: Any = None

    def send(prepared: Any) -> None:
        nonlocal call
        call = prepared

    made("resources.t").TResource(send).put("7", id_="in the body", body_="b", self_="s")
    assert call is not None
    assert (call.path, call.payload) == ("/a/7", {"id": "in the body", "body": "b", "self": "s"})


def test_an_argument_that_is_called_like_an_option_of_calls_gets_an_underscore(tmp_path: Path) -> None:
    text = document(
        """
        /a:
          put:
            operationId: put
            tags: [t]
            x-facade: [{name: put, positional: [timeout]}]
            parameters: [{name: timeout, in: query, required: true, schema: {type: string}}]
            requestBody:
              content:
                application/json:
                  schema:
                    type: object
                    properties: {max_retries: {type: string}, options: {type: string}}
            responses: {'204': {description: Done.}}
        """
    )
    (tmp_path / "optional.yaml").write_text(text, encoding="utf-8")
    where = tmp_path / "optional"
    above = {"CallOptions": "indoxrouter_ext.settings.options"}
    settings = GeneratorSettings(tmp_path / "optional.yaml", where, "optional", front_door=above)
    write(make(settings), where)
    sys.path.insert(0, str(tmp_path))
    try:
        resources, facade = (import_module(f"optional.{name}") for name in ("resources.t", "facade"))
    finally:
        sys.path.remove(str(tmp_path))
    sent: list[Any] = []
    put = resources.TResource(lambda call, options: sent.append((call, options))).put
    put(timeout_="of the query", max_retries_="3", options_="o", timeout=5)
    call, options = sent[0]
    assert (call.query, options) == ([("timeout", "of the query")], {"timeout": 5})
    assert call.payload == {"max_retries": "3", "options": "o"}
    names = [*inspect.signature(facade.Facade.put).parameters]
    assert names == ["self", "timeout_", "max_retries_", "options_", "options"]


def test_operation_without_an_id_is_named_by_its_path(tmp_path: Path) -> None:
    made = generate(
        document(
            """
            /pets/{petId}/toys:
              get:
                parameters: [{name: petId, in: path, required: true, schema: {type: string}}]
                responses: {'204': {description: None.}}
            """
        ),
        tmp_path,
    )
    assert made.operation("default", "get_pets_pet_id_toys").path == "/pets/{petId}/toys"
