"""What stock openapi-python-client 0.29.1 does wrong at run time, done right by our output."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.generator.support import Made, Server


@pytest.fixture
def client(torture: Made, server: Server) -> Iterator[Any]:
    """A client of the torture package, talking to the server."""
    with torture().ApiClient(server.url, "indox-a-secret-token") as connected:
        yield connected


def everything(torture: Made, **values: Any) -> Any:
    return torture("models").Everything.from_dict({"id": "1", "vectors": [], **values})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("color", "ultraviolet"),  # an enum value of tomorrow
        ("color", 7),
        ("type", "something else"),  # a constant that moved
        ("level", 99),
        ("when", None),  # null where the description has none
        ("vectors", None),
    ],
)
def test_values_that_the_description_does_not_know_come_through(
    torture: Made, name: str, value: object
) -> None:
    read = everything(torture, **{name: value})
    assert getattr(read, name) == value
    assert read.to_dict()[name] == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        ("2026-01-02T03:04:60Z", datetime(2026, 1, 2, 3, 5, 0, tzinfo=timezone.utc)),
        ("2026-01-02 03:04:05+01:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1)))),
        (1767323045, datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        ("next Tuesday", "next Tuesday"),
    ],
)
def test_odd_timestamps_are_read_and_kept(torture: Made, text: object, expected: object) -> None:
    read = everything(torture, when=text)
    assert read.when == expected
    assert read.to_dict()["when"] == text


def test_html_error_page_raises_the_typed_error(client: Any, torture: Made, server: Server) -> None:
    server.answer(b"<html><h1>502 Bad Gateway</h1></html>", 502, "text/html")
    with pytest.raises(torture("errors").RootError) as caught:
        client.api.pets.list_pets()
    assert caught.value.status_code == 502


def test_status_that_nobody_registered_raises_the_typed_error(
    client: Any, torture: Made, server: Server
) -> None:
    server.answer(b'{"message": "overloaded"}', 529)
    with pytest.raises(torture("errors").APIError, match="overloaded") as caught:
        client.api.pets.list_pets()
    assert caught.value.status_code == 529


def test_declared_error_is_raised_not_returned(client: Any, torture: Made, server: Server) -> None:
    server.answer(b'{"message": "no such pet"}', 404)
    with pytest.raises(torture("errors").NotFoundError, match="no such pet"):
        client.api.pets.list_pets()


def test_file_bytes_can_not_add_parts_to_a_multipart_body(client: Any, server: Server) -> None:
    server.answer(b"", content_type="audio/mpeg")
    evil = b'x\r\n--+++\r\nContent-Disposition: form-data; name="admin"\r\n\r\ntrue\r\n--+++--\r\n'
    for _ in range(2):
        client.api.pets.put_photo(1, "a.png", file=("a.png", evil))
    boundaries = []
    for request in server.requests:
        found = re.search(r'boundary="?([^";]+)', request.headers["Content-Type"])
        assert found is not None
        boundaries.append(found[1])
        assert request.body.count(b"--" + found[1].encode()) == 2  # one part, and the end
        assert evil in request.body
    assert boundaries[0] != boundaries[1]
    assert "+++" not in boundaries


def test_slashes_stay_in_a_path_parameter_that_may_hold_them(
    client: Any, torture: Made, server: Server
) -> None:
    server.answer(b"", content_type="audio/mpeg")
    client.api.pets.put_photo(7, "summer 2026/at sea?.png", file=b"x")
    assert server.last.path == "/pets/7/photos/summer%202026/at%20sea%3F.png"
    for wrong in ("../../admin", "a/../b", "a/%2e%2e/b", "a//b"):
        with pytest.raises(torture("errors").InvalidParametersError, match="path"):
            client.api.pets.put_photo(7, wrong, file=b"x")
    with pytest.raises(torture("errors").InvalidParametersError, match="id"):
        client.api.pets.get_shared("no/slash/here")
    assert len(server.requests) == 1


def test_token_is_not_shown(client: Any) -> None:
    assert "indox-a-secret-token" not in repr(client)
    assert "indox-a-secret-token" not in str(vars(client.api))


def test_there_is_a_timeout_without_asking(torture: Made) -> None:
    assert inspect.signature(torture().ApiClient).parameters["timeout"].default == 30.0


def test_defaults_of_the_server_stay_off_the_wire(client: Any, server: Server) -> None:
    server.answer(b"[]")
    client.api.pets.list_pets()
    assert server.last.path == "/pets"
    client.api.pets.create_pet(name="Rex")
    assert json.loads(server.last.body) == {"name": "Rex"}


def test_unset_survives_copying_and_pickling(torture: Made) -> None:
    unset = torture().UNSET
    assert copy.copy(unset) is unset
    assert copy.deepcopy({"a": unset})["a"] is unset
    assert pickle.loads(pickle.dumps(unset)) is unset
    pet = torture("models").NewPet("Rex", tags=["a"])
    assert copy.deepcopy(pet) == pet
    assert pickle.loads(pickle.dumps(pet)) == pet


def test_declared_fields_are_read_by_key_and_by_attribute(torture: Made) -> None:
    read = everything(torture, foo_bar="here", **{"dash-ed and spaced": 1, "surprise": [2]})
    assert read["foo_bar"] == read.foo_bar == "here"
    assert read["dash-ed and spaced"] == read.dash_ed_and_spaced == 1
    assert read["surprise"] == [2]
    assert {**read}["foo_bar"] == "here"


def test_plain_dicts_stand_in_for_models(client: Any, torture: Made, server: Server) -> None:
    server.answer(b"[]")
    client.api.pets.list_pets(filter={"name": "Rex"})
    assert server.last.path == "/pets?filter%5Bname%5D=Rex"
    client.api.pets.create_pet(body={"name": "Rex", "where": {"x": 1, "y": 2}, "surprise": True})
    assert json.loads(server.last.body) == {"name": "Rex", "where": {"x": 1, "y": 2}, "surprise": True}
    client.api.pets.create_pet(body=torture("models").NewPet("Rex", where=torture("models").Point(1, 2)))
    assert json.loads(server.last.body) == {"name": "Rex", "where": {"x": 1, "y": 2}}


def test_types_are_shipped(torture: Made) -> None:
    assert (torture.directory / "py.typed").is_file()


def test_vectors_are_handed_out_without_looking_at_them(torture: Made) -> None:
    vectors = [[0.1, 0.2], ["not", "a", "number"]]
    read = everything(torture, vectors=vectors)
    assert read.vectors is vectors
    assert read.to_dict()["vectors"] is vectors


def test_unknown_fields_survive(torture: Made) -> None:
    raw = {"id": "1", "vectors": [], "brand_new": {"deep": [1]}}
    read = torture("models").Everything.from_dict(raw)
    assert read.additional_properties == {"brand_new": {"deep": [1]}}
    assert read.to_dict() == raw


def test_closed_enum_and_closed_object_are_checked_before_sending(
    client: Any, torture: Made, server: Server
) -> None:
    refused = torture("errors").InvalidParametersError
    with pytest.raises(refused, match="size"):
        client.api.pets.create_pet(name="Rex", size="XXL")
    with pytest.raises(refused, match="where"):
        client.api.pets.create_pet(name="Rex", where={"x": 1, "y": 2, "z": 3})
    with pytest.raises(refused, match="name"):
        client.api.pets.create_pet(name="")
    assert server.requests == []


async def test_async_calls_do_the_same(torture: Made, server: Server) -> None:
    server.answer(b'[{"kind": "hund", "name": "Rex", "tricks": []}]')
    async with torture().AsyncApiClient(server.url, "t") as client:
        pets = await client.api.pets.list_pets(ids=[1, 2], session="a b")
        assert type(pets[0]) is torture("models").Dog
    assert server.last.path == "/pets?ids=1%2C2"
    assert server.last.headers["Cookie"] == "session=a%20b"


def test_renamed_names_warn_and_work(torture: Made) -> None:
    with pytest.warns(DeprecationWarning, match="FormerName is now called Renamed"):
        former = torture().FormerName
    assert former is torture("models").Renamed
    with pytest.warns(DeprecationWarning, match="stale is now called fresh"):
        assert former.from_dict({"fresh": "yes"}).stale == "yes"
