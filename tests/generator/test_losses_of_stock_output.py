"""What stock openapi-python-client 0.29.1 loses, in silence or with a warning, is in our output and does its work."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest

from tests.fields import fields_of
from tests.generator.support import Made, Server, answers, document, generate


@pytest.fixture
def client(torture: Made, server: Server) -> Iterator[Any]:
    """A client of the torture package, talking to the server."""
    with torture().ApiClient(server.url, "a-token") as connected:
        yield connected


def test_operation_behind_a_path_item_reference_is_callable(client: Any, server: Server) -> None:
    server.answer(b'{"id": "1", "vectors": []}')
    assert client.api.pets.get_shared("a b").id == "1"
    assert server.last.path == "/shared/a%20b"


def test_defaults_that_are_objects_or_lists_or_beside_a_reference_are_kept(torture: Made) -> None:
    pet = torture("models").NewPet("Rex")
    assert pet.options == {}
    assert pet.tags == []
    assert pet.where == torture("models").Point(0, 0)
    assert pet.to_dict() == {"name": "Rex"}


def test_text_beside_a_reference_is_documented(torture: Made) -> None:
    assert "where: A sibling of a reference." in inspect.getdoc(torture("models").NewPet)  # type: ignore[operator]


def test_discriminator_chooses_the_class(torture: Made) -> None:
    decode = torture("models.pets_and_webhooks").PET_CODEC.decode
    models = torture("models")
    both = {"name": "x", "tricks": [], "lives": 9}  # fits either class: only the discriminator can tell
    assert type(decode({"kind": "cat", **both})) is models.Cat
    assert type(decode({"kind": "hund", **both})) is models.Dog
    assert type(decode({"kind": "Dog", **both})) is models.Dog
    assert decode({"kind": "axolotl", **both}) == {"kind": "axolotl", **both}


def test_security_of_the_whole_document_applies(torture: Made, client: Any, server: Server) -> None:
    assert torture.operation("pets", "list_pets").security == (("token",),)
    assert torture.operation("pets", "create_pet").security == ()
    assert torture.operation("pets", "get_shared").security == (("key",), ("token",))
    server.answer(b"[]")
    client.api.pets.list_pets()
    assert server.last.headers["Authorization"] == "Bearer a-token"
    server.answer(b'{"kind": "cat", "name": "Tom"}', 201)
    client.api.pets.create_pet(name="Tom")
    assert "Authorization" not in server.last.headers


def test_parameter_with_content_travels_as_json(client: Any, server: Server) -> None:
    server.answer(b"[]")
    client.api.pets.list_pets(shape={"x": 1, "y": 2.5})
    assert server.last.path == "/pets?shape=%7B%22x%22%3A1%2C%22y%22%3A2.5%7D"


def test_every_response_media_type_is_read(client: Any, server: Server) -> None:
    server.answer(b'[{"kind": "cat", "name": "Tom"}]')
    assert client.api.pets.list_pets()[0].name == "Tom"
    server.answer(b"name\nTom\n", content_type="text/csv; charset=utf-8")
    assert client.api.pets.list_pets() == "name\nTom\n"


def test_date_time_headers_are_sent(client: Any, server: Server) -> None:
    server.answer(b"[]")
    client.api.pets.list_pets(x_since=datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc))
    assert server.last.headers["X-Since"].startswith("2026-01-02T03:04:05")


def test_references_into_defs_are_models(torture: Made) -> None:
    everything = torture("models").Everything.from_dict({"id": "1", "vectors": [], "local": {"a": "b"}})
    assert everything.local.a == "b"


def test_recursive_json_is_a_type_of_its_own(torture: Made) -> None:
    tree = torture("models").Tree.from_dict({"value": [1, {"a": None}], "children": [{"value": "leaf"}]})
    assert tree.value == [1, {"a": None}]
    assert tree.children[0].value == "leaf"
    json_value = torture("models").Json
    assert [str(kind) for kind in get_args(json_value)[:3]] == [
        "<class 'str'>",
        "<class 'float'>",
        "<class 'bool'>",
    ]
    assert [get_origin(kind) for kind in get_args(json_value)[3:5]] == [list, dict]


@pytest.mark.parametrize("value", [1, "two", 3.5, True, None, "unheard of"])
def test_enums_of_mixed_types_are_read(torture: Made, value: object) -> None:
    everything = torture("models").Everything.from_dict({"id": "1", "vectors": [], "mixed": value})
    assert everything.mixed == value


def test_enums_of_numbers_are_read_and_written(torture: Made) -> None:
    everything = torture("models").Everything("1", [], ratio=0.5, level=-1)
    assert everything.to_dict() == {"id": "1", "vectors": [], "ratio": 0.5, "level": -1}
    assert torture("models").Level.MINUS_1 == -1


def test_audio_only_response_gives_bytes(client: Any, server: Server) -> None:
    server.answer(b"\xff\xfb\x90", content_type="audio/mpeg")
    assert client.api.pets.put_photo(1, "a/b.png", file=b"x") == b"\xff\xfb\x90"


def test_stale_files_are_removed(tmp_path: Path) -> None:
    from generator.package.files import make, write
    from generator.source.settings import GeneratorSettings

    spec = tmp_path / "spec.yaml"
    settings = GeneratorSettings(spec=spec, output=tmp_path / "shrinking", package="shrinking")
    a, b = (
        f"/{x}: {{get: {{operationId: {x}, tags: [{x}], {answers('{type: object, properties: {a: {}}}')}}}}}"
        for x in "ab"
    )
    spec.write_text(document(f"{a}\n{b}"), encoding="utf-8")
    write(make(settings), settings.output)
    spec.write_text(document(a), encoding="utf-8")
    assert set(write(make(settings), settings.output)) >= {"models/b.py", "api/b/b.py"}
    assert not (settings.output / "api" / "b").exists()
    assert not (settings.output / "models/b.py").exists()


def test_two_request_media_types_on_one_operation_work(client: Any, server: Server) -> None:
    server.answer(b'{"kind": "cat", "name": "Tom"}', 201)
    client.api.pets.create_pet(name="Tom & Co", tags=["a", "b"])
    assert json.loads(server.last.body) == {"name": "Tom & Co", "tags": ["a", "b"]}
    client.api.pets.create_pet(
        name="Tom & Co", tags=["a", "b"], content_type="application/x-www-form-urlencoded"
    )
    assert server.last.body == b"name=Tom+%26+Co&tags=a&tags=b"
    assert server.last.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_object_inside_an_inline_union_is_a_model(client: Any, server: Server) -> None:
    server.answer(b'{"inner": {"deep": "here"}}')
    assert client.api.import_.class_(from_="x").inner.deep == "here"
    server.answer(b"[1.5]")
    assert client.api.import_.class_(from_="x") == [1.5]
    server.answer(b"null")
    assert client.api.import_.class_(from_="x") is None


def test_enum_with_null_is_nullable(torture: Made) -> None:
    everything = torture("models").Everything.from_dict({"id": "1", "vectors": [], "enum_or_null": None})
    assert everything.enum_or_null is None
    assert everything.to_dict()["enum_or_null"] is None
    assert torture("models").Everything("1", [], enum_or_null=None).to_dict()["enum_or_null"] is None


def test_enum_values_that_differ_by_case_have_names_of_their_own(torture: Made) -> None:
    color = torture("models").Color
    assert (color.RED, color.RED2) == ("RED", "red")
    assert {value for name, value in vars(color).items() if name.isupper()} == {
        "red", "RED", 'dark "red"', "it's", "", "grün", "a\\b",
    }  # fmt: skip


def test_references_into_other_files_are_followed(tmp_path: Path) -> None:
    made = generate(
        document("/a: {get: {operationId: a, " + answers("{$ref: 'outside.yaml#/Thing'}") + "}}"),
        tmp_path,
        outside="""
            Thing:
              type: object
              properties: {part: {$ref: '#/Part'}, self: {$ref: 'outside.yaml#/Thing'}}
            Part: {type: object, properties: {name: {type: string}}}
        """,
    )
    thing = made("models").Thing.from_dict({"part": {"name": "wheel"}, "self": {"part": {"name": "axle"}}})
    assert thing.part.name == "wheel"
    assert thing.self_.part.name == "axle"


def test_chains_of_references_end_in_the_same_class(tmp_path: Path) -> None:
    made = generate(
        document(
            schemas="""
                First: {$ref: '#/components/schemas/Second'}
                Second: {$ref: '#/components/schemas/Third'}
                Third: {type: object, properties: {name: {type: string}}}
                Holder: {type: object, properties: {it: {$ref: '#/components/schemas/First'}}}
            """
        ),
        tmp_path,
    )
    holder = made("models").Holder.from_dict({"it": {"name": "end"}})
    assert type(holder.it) is made("models").Third


def test_all_of_is_one_class_with_the_fields_of_all(torture: Made) -> None:
    dog = torture("models").Dog("hund", "Rex", ["sit"])
    assert dog.to_dict() == {"kind": "hund", "name": "Rex", "tricks": ["sit"]}
    assert list(fields_of(torture("models").Cat)) == ["kind", "name", "born", "lives"]


def test_union_beside_common_fields_keeps_both(tmp_path: Path) -> None:
    made = generate(
        document(
            schemas="""
                Shape:
                  type: object
                  required: [color]
                  properties: {color: {type: string}}
                  oneOf:
                    - {type: object, required: [radius], properties: {radius: {type: number}}}
                    - {type: object, required: [side], properties: {side: {type: number}}}
            """
        ),
        tmp_path,
    )
    decode = made("models.other").SHAPE_CODEC.decode
    assert (decode({"color": "red", "side": 2}).side, decode({"color": "red", "radius": 1}).radius) == (2, 1)
    assert decode({"color": "red", "side": 2}).color == "red"


def test_webhook_bodies_are_read(torture: Made) -> None:
    sold = torture("webhooks").read_pet_sold(b'{"kind": "cat", "name": "Tom"}')
    assert type(sold) is torture("models").Cat


def test_reference_to_a_base_with_a_discriminator_gives_the_heir(tmp_path: Path) -> None:
    made = generate(
        document(
            schemas="""
                Vehicle:
                  type: object
                  required: [kind]
                  properties: {kind: {type: string}, next: {$ref: '#/components/schemas/Vehicle'}}
                  discriminator: {propertyName: kind, mapping: {velo: '#/components/schemas/Bike'}}
                Bike: {allOf: [{$ref: '#/components/schemas/Vehicle'}, {properties: {gears: {type: integer}}}]}
                Car: {allOf: [{$ref: '#/components/schemas/Vehicle'}, {properties: {seats: {type: integer}}}]}
                Taxi: {allOf: [{$ref: '#/components/schemas/Car'}, {properties: {fare: {type: number}}}]}
                Garage: {type: object, properties: {all: {type: array, items: {$ref: '#/components/schemas/Vehicle'}}}}
            """
        ),
        tmp_path,
    )
    models = made("models")
    listed = [{"kind": kind} for kind in ("velo", "Bike", "Car", "Taxi", "boat")]
    garage = models.Garage.from_dict(
        {"all": [*listed, {"kind": "Car", "next": {"kind": "Taxi", "fare": 2.5}}]}
    )
    kinds = [type(vehicle) for vehicle in garage.all]
    assert kinds == [models.Bike, models.Bike, models.Car, models.Taxi, models.Vehicle, models.Car]
    assert garage.all[5].next.fare == 2.5


def test_raw_bodies_are_sent_as_they_are(client: Any, server: Server) -> None:
    server.answer(b'{"any": ["json", 1]}')
    assert client.api.import_.raw(body=b"\x00\xff") == {"any": ["json", 1]}
    assert (server.last.headers["Content-Type"], server.last.body) == (
        "application/octet-stream",
        b"\x00\xff",
    )
    client.api.import_.raw(body="grün", content_type="text/plain")
    assert server.last.headers["Content-Type"].startswith("text/plain")
    assert server.last.body == "grün".encode()
    client.api.import_.raw()
    assert server.last.body == b""


def test_arrays_of_files_and_json_in_a_form_are_parts_of_their_own(client: Any, server: Server) -> None:
    server.answer(b"", content_type="audio/mpeg")
    client.api.pets.put_photo(
        1, "a", file=b"main", extra=[b"one", ("two.txt", b"two")], meta={"x": 1, "y": 2}
    )
    body = server.last.body
    assert body.count(b'name="extra"') == 2
    assert b'filename="two.txt"' in body
    assert b'name="meta"\r\n\r\n{"x":1,"y":2}\r\n' in body


def test_nothing_to_say_is_none(client: Any, server: Server) -> None:
    server.answer(b"", 204)
    assert client.api.pets.create_pet(name="Rex") is None
