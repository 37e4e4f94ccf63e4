"""Text that stands for another value: UUIDs and bytes may be passed where the description says `uuid` or `byte`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from tests.evolution.types import complaints
from tests.generator.support import Made, Server, document, generate

X = "{$ref: '#/components/schemas/X'}"
PATHS = f"""
/of/{{id}}/{{key}}:
  post:
    operationId: put
    tags: [t]
    parameters:
      - {{name: id, in: path, required: true, schema: {{type: string, format: uuid}}}}
      - {{name: key, in: path, required: true, schema: {{type: string, format: byte}}}}
      - {{name: ids, in: query, schema: {{type: array, items: {{$ref: '#/components/schemas/Id'}}}}}}
      - {{name: token, in: query, schema: {{type: string, contentEncoding: base64url, minLength: 4}}}}
      - {{name: either, in: query, schema: {{oneOf: [{{type: integer}}, {{type: string, format: uuid}}]}}}}
      - {{name: X-Signature, in: header, schema: {{type: string, format: byte}}}}
    requestBody: {{content: {{application/json: {{schema: {X}}}}}}}
    responses: {{'200': {{description: ok, content: {{application/json: {{schema: {X}}}}}}}}}
/form:
  post:
    operationId: fill
    tags: [t]
    requestBody: {{content: {{application/x-www-form-urlencoded: {{schema: {X}}}}}}}
    responses: {{'200': {{description: ok}}}}
/uuid: {{get: {{operationId: uuid, tags: [t], responses: {{'200': {{description: ok}}}}}}}}
"""
SCHEMAS = """
Id: {type: string, format: uuid}
X:
  type: object
  properties:
    uuid: {type: string, format: uuid}
    data: {type: string, format: byte, description: The data.}
    image: {type: string, contentEncoding: base64, contentMediaType: image/png}
    owners: {type: object, additionalProperties: {$ref: '#/components/schemas/Id'}}
    mixed: {oneOf: [{type: array, items: {type: integer}}, {type: string, format: byte}]}
    none: {type: [string, 'null'], format: byte}
"""
ID = UUID("123e4567-e89b-12d3-a456-426614174000")
FIELDS: dict[str, Any] = {
    "uuid": ID,
    "data": b"\xff\x00",
    "image": bytearray(b"png"),
    "mixed": b"hi",
    "none": None,
}
SENT = {"uuid": str(ID), "data": "/wA=", "image": "cG5n", "mixed": "aGk=", "none": None}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return generate(document(PATHS, SCHEMAS), tmp_path_factory.mktemp("encoded"))


async def test_uuids_and_bytes_are_sent_as_their_text(made: Made, server: Server) -> None:
    answer = {**SENT, "owners": {"a": str(ID)}}
    server.answer(json.dumps(answer).encode())
    arguments = {"ids": [ID, "text"], "token": b"\xff\xfe", "either": ID, "x_signature": b"sig"}
    body = {**FIELDS, "owners": {"a": ID}}
    with made().ApiClient(server.url) as client:
        results = [client.api.t.put(ID, b"key", **arguments, body=body)]
        results.append(client.api.t.put(str(ID), "a2V5", **arguments, body=made().X(**body)))
    async with made().AsyncApiClient(server.url) as client:
        results.append(await client.api.t.put(ID, b"key", **arguments, body=body))
    for request in server.requests:
        url = urlsplit(request.path)
        assert url.path == f"/of/{ID}/a2V5"
        assert parse_qs(url.query) == {"ids": [str(ID), "text"], "token": ["__4="], "either": [str(ID)]}
        assert request.headers["X-Signature"] == "c2ln"
        assert json.loads(request.body) == answer
    for result in results:
        assert result.to_dict() == answer
        assert (result.uuid, result.data) == (str(ID), "/wA=")


def test_forms_take_them_too(made: Made, server: Server) -> None:
    with made().ApiClient(server.url) as client:
        client.api.t.fill(body={"uuid": ID, "data": b"\xff\x00"})
    assert parse_qs(server.last.body.decode()) == {"uuid": [str(ID)], "data": ["/wA="]}


def test_other_values_and_texts_out_of_bounds_are_refused(made: Made, server: Server) -> None:
    with made().ApiClient(server.url) as client:
        for arguments, message in (
            ((5, b"key"), "id: expected text"),
            ((ID, 5), "key: expected text, got int 5"),
        ):
            with pytest.raises(made().InvalidParametersError, match=message):
                client.api.t.put(*arguments)
        with pytest.raises(made().InvalidParametersError, match="token: expected at least 4 characters"):
            client.api.t.put(ID, b"key", token="ab")
    assert server.requests == []


def test_types_and_docstrings_name_them(made: Made, tmp_path: Path) -> None:
    text = made.text("resources/t.py")
    assert "id: uuid.UUID | str" in text
    assert "key: bytes | str" in text
    assert "ids: Sequence[uuid.UUID | str] | Unset | None" in text
    assert "The data. Base64; bytes are encoded when they are sent." in " ".join(text.split())
    use = tmp_path / "use.py"
    use.write_text(
        f"from uuid import UUID\nfrom {made.name} import ApiClient\n"
        "client = ApiClient('http://localhost')\n"
        "client.api.t.put(UUID(int=1), b'x', ids=[UUID(int=2), 'x'], body={'uuid': UUID(int=3), 'data': b'x'})\n"
        "client.api.t.uuid_()\n"
    )
    assert complaints([made.directory], [use], cache="encoded") == ""


def test_packages_that_use_neither_have_no_codec_of_them(tmp_path: Path) -> None:
    made = generate(document("/a: {get: {operationId: a, responses: {'200': {description: ok}}}}"), tmp_path)
    assert not (made.directory / "_runtime/codecs/encoded_text.py").exists()
