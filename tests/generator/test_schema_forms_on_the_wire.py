"""Forms of schemas over a real server: what is sent, what is refused before sending, and what an answer reads as."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

from tests.evolution.types import complaints
from tests.generator.support import Made, Server, document, generate

CAT = "{$ref: '#/components/schemas/Cat'}"
JSON = "{$ref: '#/components/schemas/Json'}"
SCHEMAS = f"""
Cat: {{type: object, required: [id], properties: {{id: {{type: integer}}}}}}
Dog: {{type: object, required: [name], properties: {{name: {{type: string}}, kind: {{type: string}}}}}}
Json: {{oneOf: [{{type: string}}, {{type: array, items: {JSON}}}, {{type: object, additionalProperties: {JSON}}}]}}
Tree: {{type: array, items: {{$ref: '#/components/schemas/Tree'}}}}
ThingsResource: {{type: object, properties: {{id: {{type: string}}}}}}
X:
  type: object
  properties:
    pair: {{type: array, prefixItems: [{{type: integer}}, {CAT}], items: false, minItems: 2}}
    most: {{type: array, prefixItems: [{{type: string}}, {{type: string, format: date}}], maxItems: 2}}
    row: {{type: array, prefixItems: [{{type: string}}], items: {{type: number}}}}
    loose: {{type: array, prefixItems: [{{type: string}}]}}
    either:
      oneOf:
        - {{type: array, items: {{type: integer}}}}
        - {{type: array, prefixItems: [{{type: string}}, {{type: integer}}], items: false, minItems: 2}}
    points: {{type: array, items: {{type: array, prefixItems: [{{type: number}}, {{type: number}}], items: false}}}}
    marks:
      type: object
      patternProperties: {{'^x-': {{type: integer}}, '^cat': {CAT}}}
      additionalProperties: false
    open: {{type: object, patternProperties: {{'^n': {{type: integer}}}}, additionalProperties: {{type: string}}}}
    named: {{$ref: '#/components/schemas/Named'}}
    pet:
      oneOf: [{CAT}, {{$ref: '#/components/schemas/Dog'}}]
      discriminator:
        propertyName: kind
        mapping: {{feline: '#/components/schemas/Cat', canine: '#/components/schemas/Dog', puppy: Dog}}
    json: {JSON}
    tree: {{$ref: '#/components/schemas/Tree'}}
    lists: {{anyOf: [{{type: array, items: {{type: string}}}}, {{type: array, items: {CAT}}}]}}
    maps:
      anyOf:
        - {{type: object, additionalProperties: {{type: string}}}}
        - {{type: object, additionalProperties: {CAT}}}
    nothing: {{anyOf: [{CAT}, {{nullable: true}}]}}
    same:
      oneOf:
        - {{type: object, required: [v], properties: {{v: {{type: string}}}}}}
        - {{type: object, required: [v], properties: {{v: {{type: array, items: {{type: string}}}}}}}}
Named:
  type: object
  properties: {{id: {{type: string}}}}
  patternProperties: {{'^cat': {CAT}, '^x-': {{type: integer}}}}
  additionalProperties: false
"""
LONG = "".join(f"part{number}_" for number in range(60))
X = "{content: {application/json: {schema: {$ref: '#/components/schemas/X'}}}}"
FINE = "{'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/X'}}}}}"
PATHS = f"""
/x: {{post: {{operationId: send, tags: [things], requestBody: {X}, responses: {FINE}}}}}
/resource:
  get:
    tags: [things]
    operationId: getResource
    responses:
      '200':
        description: ok
        content: {{application/json: {{schema: {{$ref: '#/components/schemas/ThingsResource'}}}}}}
/long: {{get: {{operationId: {LONG}, tags: [things], responses: {FINE}}}}}
/a/b: {{get: {{tags: [things], responses: {FINE}}}}}
/a_b: {{get: {{tags: [things], responses: {FINE}}}}}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return generate(document(PATHS, SCHEMAS), tmp_path_factory.mktemp("wire"))


def kinds(value: Any) -> Any:
    """The classes of a value and of what it holds."""
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(kinds(item) for item in value)
    return type(value).__name__


# The field, its value on the wire, and the classes that it is read as.
VALUES: list[tuple[str, Any, Any]] = [
    ("pair", [1, {"id": 2}], ("int", "Cat")),
    ("most", ["a", "2024-01-02"], ("str", "date")),
    ("most", ["a"], ("str",)),
    ("row", ["a", 1.5, 2.5], ("str", "float", "float")),
    ("loose", ["a", 1, None], ("str", "int", "NoneType")),
    ("either", ["a", 1], ("str", "int")),
    ("either", [1, 2], ["int", "int"]),
    ("points", [[1.5, 2.5], [3.5, 4.5]], [("float", "float"), ("float", "float")]),
    ("marks", {"x-a": 1, "cat1": {"id": 1}}, {"x-a": "int", "cat1": "Cat"}),
    ("open", {"n1": 1, "other": "text"}, {"n1": "int", "other": "str"}),
    ("pet", {"kind": "canine", "name": "a"}, "Dog"),
    ("pet", {"kind": "puppy", "name": "a"}, "Dog"),
    ("pet", {"kind": "feline", "id": 1}, "Cat"),
    ("json", {"a": ["b", {"c": "d"}]}, {"a": ["str", {"c": "str"}]}),
    ("tree", [[], [[]]], [[], [[]]]),
    ("lists", [{"id": 1}], ["Cat"]),
    ("maps", {"l": {"id": 1}}, {"l": "Cat"}),
    ("nothing", None, "NoneType"),
    ("nothing", {"id": 1}, "Cat"),
]


@pytest.mark.parametrize(("field", "value", "read"), VALUES, ids=[f"{row[0]} {row[1]}" for row in VALUES])
def test_a_value_is_sent_and_read_as_described(
    made: Made, server: Server, field: str, value: Any, read: Any
) -> None:
    server.answer(json.dumps({field: value}).encode())
    with made().ApiClient(server.url) as client:
        answer = client.api.things.send(**{field: value})
        assert json.loads(server.last.body) == {field: value}
        found = getattr(answer, field)
        assert kinds(found) == read
        assert answer.to_dict() == {field: value}
        client.api.things.send(**{field: found})  # what was read can be sent
    assert json.loads(server.last.body) == {field: value}


async def test_the_asynchronous_client_reads_the_same(made: Made, server: Server) -> None:
    server.answer(b'{"pair": [1, {"id": 2}], "marks": {"cat": {"id": 3}}}')
    async with made().AsyncApiClient(server.url) as client:
        answer = await client.api.things.send(pair=(1, made().Cat(id=2)))
    assert json.loads(server.last.body) == {"pair": [1, {"id": 2}]}
    assert (answer.pair[1].id, answer.marks["cat"].id) == (2, 3)


WRONG = [
    ({"pair": [1]}, "pair: expected at least 2 items"),
    ({"pair": [1, {"id": 2}, 3]}, "pair: expected at most 2 items"),
    ({"pair": ["a", {"id": 2}]}, r"pair\[0\]: expected a whole number"),
    ({"pair": [1, {"id": "x"}]}, r"pair\[1\].id: expected a whole number"),
    ({"row": ["a", "b"]}, r"row\[1\]: expected a number"),
    ({"row": "ab"}, "row: expected a tuple or a list"),
    ({"marks": {"x-a": "text"}}, "marks.x-a: expected a whole number"),
    ({"marks": {"other": 1}}, "marks.other: expected no such key: keys match `\\^x-` or `\\^cat`"),
    ({"open": {"other": 1}}, "open.other: expected text"),
    ({"named": {"x-a": "text"}}, "named.x-a: expected a whole number"),
    ({"named": {"other": 1}}, "named.other: expected no such key"),
]


@pytest.mark.parametrize(("fields", "message"), WRONG, ids=[str(row[0]) for row in WRONG])
def test_a_wrong_value_is_refused_before_it_is_sent(
    made: Made, server: Server, fields: Any, message: str
) -> None:
    with (
        made().ApiClient(server.url) as client,
        pytest.raises(made().InvalidParametersError, match=message),
    ):
        client.api.things.send(**fields)
    assert server.requests == []


def test_keys_beside_the_properties_have_the_codec_of_their_pattern(made: Made, server: Server) -> None:
    server.answer(b'{"named": {"id": "a", "cat1": {"id": 1}, "x-a": 2}}')
    with made().ApiClient(server.url) as client:
        named = client.api.things.send().named
    assert kinds(named.additional_properties) == {"cat1": "Cat", "x-a": "int"}


def test_keys_of_a_pattern_are_known_and_what_they_hold_is_looked_at(made: Made) -> None:
    value = {"id": "a", "cat1": {"id": 1, "new": 2}, "x-a": 3}
    (answer,) = made.operation("things", "send").responses
    unknown = made("_runtime.codecs.unknown").unknown_parts
    found = unknown(answer.codec, {"marks": value, "named": {**value, "other": 4}}, "X")
    assert [part.name for part in found] == ["X.marks.*.new", "X.named.*.new", "X.named.other"]


def test_members_with_the_same_keys_are_told_apart_by_the_kinds_of_values(made: Made, server: Server) -> None:
    with made().ApiClient(server.url) as client:
        server.answer(b'{"same": {"v": "a"}}')
        text = client.api.things.send().same
        server.answer(b'{"same": {"v": ["a"]}}')
        assert type(client.api.things.send().same) is not type(text)


def test_names_that_collide_are_called_apart(made: Made, server: Server) -> None:
    with made().ApiClient(server.url) as client:
        things = client.api.things
        things.get_a_b()
        things.get_a_b_2()
        operations = made("about").OPERATIONS
        getattr(things, operations[LONG][1])()
        server.answer(b'{"id": "r"}')
        assert type(things.get_resource()) is made().ThingsResource
    assert [request.path for request in server.requests] == ["/a/b", "/a_b", "/long", "/resource"]


def test_annotations_show_the_places(made: Made) -> None:
    hints = inspect.get_annotations(made().X)
    assert hints["pair"] == "tuple[int, Cat] | None"
    assert hints["row"] == "tuple[str, Unpack[tuple[float, ...]]] | None"
    assert hints["points"] == "list[tuple[float, float]] | None"
    assert hints["marks"] == "dict[str, int | Cat] | None"


def test_types_are_sound(made: Made) -> None:
    use = made.directory / "use.py"
    use.write_text(
        f"from {made.name} import ApiClient, Cat\n\n"
        "def use(client: ApiClient) -> int:\n"
        "    answer = client.api.things.send(pair=(1, Cat(id=2)), row=('a', 1.5), points=[(1.0, 2.0)])\n"
        "    client.api.things.send(pair=[1, {'id': 2}], marks={'x-a': 1})\n"
        "    assert answer.pair is not None\n"
        "    number, cat = answer.pair\n"
        "    return number + cat.id\n"
    )
    assert complaints([made.directory], cache="schema-forms-wire") == ""
