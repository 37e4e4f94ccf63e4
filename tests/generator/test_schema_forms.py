"""Forms of schemas and of names that other people's descriptions have: each is read for what it means."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from tests.evolution.types import complaints
from tests.fields import fields_of
from tests.generator.support import Made, answers, document, generate

CAT = "Cat: {type: object, required: [id], properties: {id: {type: integer}}}\n"


def described(schemas: str, paths: str = "") -> str:
    """A description whose only operation of its own receives and answers an `X`."""
    own = """
/x:
  post:
    operationId: x
    tags: [things]
    requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/X'}}}}
    responses: {'200': {description: Fine., content: {application/json: {schema: {$ref: '#/components/schemas/X'}}}}}
"""
    return document(own + paths, schemas)


def hint(made: Made, field: str) -> str:
    """The annotation of an attribute of `X`, as written."""
    return str(inspect.get_annotations(made().X)[field])


# ── schemas that hold themselves ─────────────────────────────────────────────────────────────────────────────────────

RECURSIVE = {
    "a list": "{type: array, items: {$ref: '#/components/schemas/Json'}}",
    "a map": "{type: object, additionalProperties: {$ref: '#/components/schemas/Json'}}",
    "text or a list": "{oneOf: [{type: string}, {type: array, items: {$ref: '#/components/schemas/Json'}}]}",
    "keys by pattern": (
        "{type: object, patternProperties: {'^a': {$ref: '#/components/schemas/Json'}, '.': {type: string}}}"
    ),
    "text or a map": (
        "{oneOf: [{type: string}, {type: object, additionalProperties: {$ref: '#/components/schemas/Json'}}]}"
    ),
}
HOLDER = "X: {type: object, properties: {v: {$ref: '#/components/schemas/Json'}}}"


@pytest.mark.parametrize("schema", RECURSIVE.values(), ids=RECURSIVE)
def test_a_schema_that_holds_itself_is_generated_and_read(tmp_path: Path, schema: str) -> None:
    made = generate(
        described(
            f"X: {{type: object, properties: {{v: {{$ref: '#/components/schemas/Json'}}}}}}\nJson: {schema}"
        ),
        tmp_path,
    )
    for value in ([], [[], [[]]], {}, {"a": {"b": {}}}, "text"):
        assert made().X.from_dict({"v": value}).v == value
    assert hint(made, "v") == "Json | None"


def test_a_tuple_may_hold_itself(tmp_path: Path) -> None:
    pair = "{type: array, prefixItems: [{type: integer}, {$ref: '#/components/schemas/Pair'}], items: false}"
    made = generate(
        described(
            f"X: {{type: object, properties: {{v: {{$ref: '#/components/schemas/Pair'}}}}}}\nPair: {pair}"
        ),
        tmp_path,
    )
    assert made().X.from_dict({"v": [1, [2, [3]]]}).v == (1, (2, (3,)))


def test_lists_that_hold_one_another_are_generated(tmp_path: Path) -> None:
    schemas = """
A: {type: array, items: {$ref: '#/components/schemas/B'}}
B: {type: array, items: {$ref: '#/components/schemas/A'}}
X: {type: object, properties: {v: {$ref: '#/components/schemas/A'}}}
"""
    assert generate(described(schemas), tmp_path)().X.from_dict({"v": [[[]]]}).v == [[[]]]


def test_a_former_name_counts_wherever_all_of_declares_the_field(tmp_path: Path) -> None:
    schemas = """
Base: {type: object, properties: {name: {type: string}}}
X:
  allOf:
  - $ref: '#/components/schemas/Base'
  - {type: object, properties: {name: {type: string, x-renamed-from: title}}}
"""
    made = generate(described(schemas), tmp_path)
    with pytest.warns(DeprecationWarning, match="now called name"):
        assert made().X.from_dict({"name": "a"}).title == "a"


# ── unions ───────────────────────────────────────────────────────────────────────────────────────────────────────────

UNIONS = """
X:
  type: object
  properties:
    lists: {anyOf: [{type: array, items: {type: string}}, {type: array, items: {$ref: '#/components/schemas/Cat'}}]}
    maps:
      anyOf:
        - {type: object, additionalProperties: {type: string}}
        - {type: object, additionalProperties: {$ref: '#/components/schemas/Cat'}}
    deep:
      oneOf:
        - {type: array, items: {type: array, items: {type: integer}}}
        - {type: array, items: {type: array, items: {$ref: '#/components/schemas/Cat'}}}
    dates:
      oneOf:
        - {type: array, items: {type: string, format: date}}
        - {type: array, items: {type: integer}}
"""


@pytest.mark.parametrize(
    ("field", "value", "kinds"),
    [
        ("lists", [{"id": 1}], ["Cat"]),
        ("lists", ["a"], ["str"]),
        ("lists", ["a", {"id": 1}, "b"], ["str", "Cat", "str"]),
        ("lists", [], []),
        ("maps", {"k": {"id": 1}}, ["Cat"]),
        ("maps", {"k": "text", "l": {"id": 1}}, ["str", "Cat"]),
        ("dates", ["2024-01-02"], ["date"]),
        ("dates", [1, "2024-01-02"], ["int", "date"]),
    ],
    ids=repr,
)
def test_lists_and_maps_of_unions_are_decoded_member_by_member(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: Any, kinds: list[str]
) -> None:
    made = generate(described(UNIONS + CAT), tmp_path_factory.mktemp("unions"))
    found = getattr(made().X.from_dict({field: value}), field)
    members = found.values() if isinstance(found, dict) else found
    assert [type(member).__name__ for member in members] == kinds
    assert made().X.from_dict({field: value}).to_dict() == {field: value}


def test_lists_of_lists_are_decoded_to_the_bottom(tmp_path: Path) -> None:
    made = generate(described(UNIONS + CAT), tmp_path)
    assert type(made().X.from_dict({"deep": [[{"id": 1}]]}).deep[0][0]).__name__ == "Cat"
    assert made().X.from_dict({"deep": [[1, 2]]}).deep == [[1, 2]]


def test_members_that_exclude_each_other_are_left_out_of_an_intersection(tmp_path: Path) -> None:
    schemas = """
Base: {type: object, properties: {stop: {oneOf: [{type: string}, {type: array, items: {type: string}}]}}}
X:
  allOf:
    - {$ref: '#/components/schemas/Base'}
    - {type: object, properties: {stop: {oneOf: [{type: string, nullable: true}, {type: array, minItems: 1}]}}}
"""
    made = generate(described(schemas), tmp_path)
    assert hint(made, "stop") == "str | list[str] | None"


def test_a_member_that_contradicts_what_all_share_is_left_out(tmp_path: Path) -> None:
    schemas = """
User: {type: object, required: [role], properties: {role: {type: string, enum: [user]}, name: {type: string}}}
Tool: {type: object, required: [role], properties: {role: {type: string, enum: [tool]}, id: {type: string}}}
Message: {oneOf: [{$ref: '#/components/schemas/User'}, {$ref: '#/components/schemas/Tool'}]}
X:
  allOf:
    - {$ref: '#/components/schemas/Message'}
    - {type: object, properties: {role: {type: string, enum: [tool]}, text: {type: string}}}
"""
    made = generate(described(schemas), tmp_path)
    (name,) = [name for name in made("models").__all__ if name.startswith("XOption")]
    assert set(fields_of(getattr(made(), name))) == {"role", "id", "text"}


EXTENDED = """
Auth:
  type: object
  required: [type]
  properties: {type: {type: string}}
  discriminator: {propertyName: type, mapping: {key: KeyAuth, own: '#/components/schemas/OwnAuth'}}
KeyAuth: {allOf: [{$ref: '#/components/schemas/Auth'}, {type: object, properties: {key: {type: string}}}]}
OwnAuth: {description: Nothing of its own., allOf: [{$ref: '#/components/schemas/Auth'}]}
X: {type: object, properties: {auth: {$ref: '#/components/schemas/Auth'}}}
"""


def test_a_schema_may_extend_a_base_by_nothing(tmp_path: Path) -> None:
    made = generate(described(EXTENDED), tmp_path)
    for value, name in (("own", "OwnAuth"), ("key", "KeyAuth"), ("other", "Auth")):
        assert type(made().X.from_dict({"auth": {"type": value}}).auth).__name__ == name


@pytest.mark.parametrize("count", [20, 33, 100])
def test_an_enum_of_constants_may_have_a_format_beside_it(tmp_path: Path, count: int) -> None:
    constants = ", ".join(f"{{title: T{number}, const: {number}}}" for number in range(count))
    made = generate(
        described(
            f"X: {{type: object, properties: {{v: {{type: integer, format: int32, oneOf: [{constants}]}}}}}}"
        ),
        tmp_path,
    )
    assert hint(made, "v").startswith("Literal[0, 1, 2, ")
    assert hint(made, "v").endswith(f"{count - 1}] | int | None")


def test_nullable_as_a_member_is_null(tmp_path: Path) -> None:
    schemas = """
X:
  type: object
  required: [a, b, c]
  properties:
    a: {anyOf: [{$ref: '#/components/schemas/Cat'}, {nullable: true}]}
    b: {allOf: [{$ref: '#/components/schemas/Cat'}, {nullable: true}]}
    c: {oneOf: [{type: string}, {type: integer}, {nullable: true}]}
"""
    made = generate(described(schemas + CAT), tmp_path)
    assert [hint(made, name) for name in "abc"] == ["Cat | None", "Cat | None", "str | int | None"]
    assert made().X.from_dict({"a": None, "b": {"id": 1}, "c": None}).to_dict() == {
        "a": None,
        "b": {"id": 1},
        "c": None,
    }


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("int32", "int | None"),
        ("int64", "int | None"),
        ("float", "float | None"),
        ("double", "float | None"),
        ("uuid", "str | None"),
        ("date-time", "datetime.datetime | None"),
    ],
)
def test_a_format_without_a_type_gives_the_type(tmp_path: Path, form: str, expected: str) -> None:
    made = generate(described(f"X: {{type: object, properties: {{v: {{format: {form}}}}}}}"), tmp_path)
    assert hint(made, "v") == expected


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


LIKE_ITS_TAG = """
ThingsResource: {type: object, properties: {id: {type: string}}}
X: {$ref: '#/components/schemas/ThingsResource'}
"""


def test_a_schema_may_be_called_like_the_class_of_its_tag(tmp_path: Path) -> None:
    made = generate(
        described(LIKE_ITS_TAG),
        tmp_path,
    )
    assert made("resources.things").ThingsOperations.__doc__ == "Operations of things."
    assert made().ThingsResource(id="a").id == "a"


def test_ids_and_tags_of_any_length_fit_into_file_names(tmp_path: Path) -> None:
    long = "".join(f"part{number}_" for number in range(80))
    wide = "名" * 150
    paths = "".join(
        f"/{index}: {{get: {{operationId: {name}, tags: [{name}], {answers('{type: object}')}}}}}\n"
        for index, name in enumerate((f"{long}a", f"{long}b", wide))
    )
    made = generate(document(paths), tmp_path)
    operations = made("about").OPERATIONS
    assert list(operations) == [f"{long}a", f"{long}b", wide]
    assert len(set(operations.values())) == 3
    assert all(len(piece.encode()) <= 120 for place in operations.values() for piece in place)
    for name, (tag, method) in operations.items():
        assert made.operation(tag, method).id == name


def test_operations_without_ids_that_would_share_a_name_get_different_ones(tmp_path: Path) -> None:
    fine = answers("{type: object}")
    paths = f"""
/a/b: {{get: {{{fine}}}}}
/a_b: {{get: {{{fine}}}}}
/a/{{b}}: {{get: {{parameters: [{{name: b, in: path, required: true, schema: {{type: string}}}}], {fine}}}}}
/c: {{get: {{operationId: get_a_b_2, {fine}}}}}
"""
    made = generate(document(paths), tmp_path)
    operations = {key: made.operation(*place).path for key, place in made("about").OPERATIONS.items()}
    assert operations == {"get_a_b": "/a/b", "get_a_b_3": "/a_b", "get_a_b_4": "/a/{b}", "get_a_b_2": "/c"}


def test_the_types_of_all_these_are_sound(tmp_path: Path) -> None:
    texts = [described(f"{HOLDER}\nJson: {schema}") for schema in RECURSIVE.values()]
    texts.extend([described(LIKE_ITS_TAG), described(UNIONS + CAT)])
    packages = [generate(text, tmp_path).directory for text in texts]
    assert complaints(packages, cache="schema-forms") == ""


IDLE = {
    "properties": "{type: string, properties: {size: {type: object, properties: {b: {type: string, default: c}}}}}",
    "items": "{type: string, items: {type: object, properties: {b: {type: string}}}}",
    "allOf": "{allOf: [{properties: {b: {type: string}}}, {type: string}]}",
}


@pytest.mark.parametrize("name", IDLE)
def test_a_keyword_of_another_type_says_nothing(name: str, tmp_path: Path) -> None:
    made = generate(document(schemas=f"A: {{type: object, properties: {{a: {IDLE[name]}}}}}"), tmp_path)
    assert made("models").A.from_dict({"a": "text"}).a == "text"
    assert made("models").__all__ == ["A"]


def test_a_property_that_one_place_reads_has_to_be_in_the_package(tmp_path: Path) -> None:
    schemas = (
        "B: {properties: {b: {type: string}}}\nA: {allOf: [{$ref: '#/components/schemas/B'}, {type: string}]}"
    )
    assert generate(document(schemas=schemas), tmp_path)("models").B.from_dict({"b": "x"}).b == "x"


def test_a_property_may_narrow_that_of_a_base_to_the_class_itself(tmp_path: Path) -> None:
    schemas = """
    Node: {type: object, properties: {parent: {$ref: '#/components/schemas/Node'}, name: {type: string}}}
    Leaf: {type: object, properties: {parent: {$ref: '#/components/schemas/Leaf'}, color: {type: string}}}
    Child:
      allOf: [{$ref: '#/components/schemas/Node'}, {properties: {parent: {$ref: '#/components/schemas/Child'}}}]
    Both: {allOf: [{$ref: '#/components/schemas/Node'}, {$ref: '#/components/schemas/Leaf'}]}
    """
    models = generate(document(schemas=schemas), tmp_path)("models")
    assert models.__all__ == ["Both", "Child", "Leaf", "Node"]
    assert type(models.Child.from_dict({"parent": {"parent": {}}}).parent.parent) is models.Child
    both = models.Both.from_dict({"parent": {"name": "n", "color": "c"}}).parent
    assert (type(both), both.name, both.color) == (models.Both, "n", "c")


def test_items_that_a_base_leaves_open_are_those_of_the_class_that_extends_it(tmp_path: Path) -> None:
    schemas = """
    Page: {type: object, properties: {data: {type: array, items: {}}, total: {type: integer}}}
    Pet: {type: object, properties: {name: {type: string}}}
    Pets:
      allOf:
        - $ref: '#/components/schemas/Page'
        - {properties: {data: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}
    """
    models = generate(document(schemas=schemas), tmp_path)("models")
    assert models.__all__ == ["Page", "Pet", "Pets"]
    assert models.Pets.from_dict({"data": [{"name": "Rex"}]}).data == [models.Pet(name="Rex")]


def test_a_field_may_be_called_like_what_a_constructor_calls(tmp_path: Path) -> None:
    made = generate(document(schemas="A: {type: object, properties: {locals: {type: string}}}"), tmp_path)
    assert made("models").A(locals_="x").to_dict() == {"locals": "x"}
