"""Media types on the wire: text and documents as they are, charsets, ranges, JSON under any name."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.evolution.types import complaints
from tests.generator.support import Made, Server, document, generate

A = "{$ref: '#/components/schemas/A'}"
BODIES = {
    "xml": ("application/xml", A),
    "soap": ("application/soap+xml", A),
    "text_xml": ("text/xml", A),
    "lines": ("application/x-ndjson", A),
    "latin": ("text/plain; charset=ISO-8859-1", "{type: string}"),
    "number": ("text/plain", "{type: integer}"),
    "any_text": ("text/*", "{type: string, maxLength: 3}"),
    "image": ("image/*", "{type: string, format: binary}"),
    "any": ("'*/*'", "{type: string, format: binary}"),
}
ANSWERS = {
    "string": ("'*/*'", "{type: string}"),
    "choice": ("'*/*'", "{type: string, enum: [calm, wild]}"),
    "file": ("'*/*'", "{type: string, format: binary}"),
    "plain": ("text/plain", "{const: fixed}"),
    "thing": ("application/json", A),
    "parts": ("multipart/mixed", "{type: object, properties: {part: {type: string}}}"),
}
PATHS = "".join(
    f"""
/{name}:
  post:
    operationId: {name}
    tags: [t]
    requestBody: {{content: {{{media}: {{schema: {schema}}}}}}}
    responses: {{'200': {{description: ok}}}}
"""
    for name, (media, schema) in BODIES.items()
) + "".join(
    f"""
/{name}:
  get:
    operationId: {name}
    tags: [t]
    responses:
      '200':
        description: ok
        headers: {{X-Page: {{content: {{application/json: {{schema: {A}}}}}}}}}
        content: {{{media}: {{schema: {schema}}}}}
      '400': {{description: Wrong., content: {{application/json: {{schema: {A}}}}}}}
"""
    for name, (media, schema) in ANSWERS.items()
)
SCHEMAS = "A: {type: object, properties: {a: {type: integer}, s: {type: string}}}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return generate(document(PATHS, SCHEMAS), tmp_path_factory.mktemp("media"))


@pytest.mark.parametrize(
    ("name", "body", "media_type", "sent"),
    [
        ("xml", "<a>é</a>", "application/xml; charset=utf-8", "<a>é</a>".encode()),
        ("xml", b"<a/>", "application/xml", b"<a/>"),
        ("xml", io.BytesIO(b"<b/>"), "application/xml", b"<b/>"),
        ("soap", "<a/>", "application/soap+xml; charset=utf-8", b"<a/>"),
        ("text_xml", "<a/>", "text/xml; charset=utf-8", b"<a/>"),
        ("lines", '{"a":1}\n', "application/x-ndjson; charset=utf-8", b'{"a":1}\n'),
        ("latin", "é", "text/plain; charset=ISO-8859-1", b"\xe9"),
        ("number", "42", "text/plain; charset=utf-8", b"42"),
        ("any_text", "abc", "text/plain; charset=utf-8", b"abc"),
        ("image", ("a.png", b"png"), "image/png", b"png"),
        ("any", b"\x00", "application/octet-stream", b"\x00"),
    ],
)
def test_a_body_is_sent_as_it_is(
    made: Made, server: Server, name: str, body: Any, media_type: str, sent: bytes
) -> None:
    with made().ApiClient(server.url) as client:
        getattr(client.api.t, name)(body=body)
    assert (server.last.headers["Content-Type"], server.last.body) == (media_type, sent)


def test_a_path_names_a_document_and_text_is_one(made: Made, server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a/>")
    with made().ApiClient(server.url) as client:
        client.api.t.xml(body=tmp_path / "a.xml")
        assert server.last.body == b"<a/>"
        with pytest.raises(made().InvalidParametersError, match="its charset can carry"):
            client.api.t.latin(body="€")
        with pytest.raises(made().InvalidParametersError, match="at most 3 characters"):
            client.api.t.any_text(body="long")


@pytest.mark.parametrize(
    ("name", "content_type", "body", "result"),
    [
        ("string", "text/plain", b"hello", "hello"),
        ("string", "text/plain; charset=iso-8859-1", b"\xe9", "é"),
        ("string", "application/json", b'"hello"', "hello"),
        ("string", "application/json", b"hello", "hello"),
        ("choice", "application/json", b'"calm"', "calm"),
        ("plain", "text/plain", b"other", "other"),
        ("file", "application/json", b'"calm"', b'"calm"'),
    ],
)
async def test_text_of_any_media_type_is_text(
    made: Made, server: Server, name: str, content_type: str, body: bytes, result: str | bytes
) -> None:
    server.answer(body, content_type=content_type)
    with made().ApiClient(server.url) as client:
        assert getattr(client.api.t, name)() == result
    async with made().AsyncApiClient(server.url) as client:
        assert await getattr(client.api.t, name)() == result


def test_json_is_read_in_its_charset(made: Made, server: Server) -> None:
    body = '{"a": 1, "s": "é", "message": "é"}'.encode("latin-1")
    server.answer(body, content_type="application/json; charset=iso-8859-1")
    with made().ApiClient(server.url) as client:
        assert client.api.t.thing().s == "é"
        server.answer(body, 400, content_type="application/json; charset=iso-8859-1")
        with pytest.raises(made().InvalidParametersError, match="é") as caught:
            client.api.t.thing()
    assert caught.value.body.s == "é"


def test_a_header_may_hold_json(made: Made, server: Server) -> None:
    server.answer(b"{}")
    server.headers["X-Page"] = json.dumps({"a": 2})
    with made().ApiClient(server.url) as client:
        values = client.api.t.thing().http.values
    assert values["X-Page"].a == 2


def test_types_and_docstrings_say_so(made: Made, tmp_path: Path) -> None:
    text = made.text("resources/t.py")
    assert text.count('-> Literal["calm", "wild"] | str:') == 2
    assert "body: The body: its text, or bytes or a file." in text
    use = tmp_path / "use.py"
    use.write_text(
        f"from {made.name} import ApiClient\nfrom {made.name}.models import A\n"
        "client = ApiClient('http://localhost')\n"
        "client.api.t.xml(body='<a/>')\nclient.api.t.xml(body=b'<a/>')\n"
        "text: str = client.api.t.string()\nfile: bytes = client.api.t.file()\nthing: A = client.api.t.thing()\n"
    )
    assert complaints([made.directory], [use], cache="media") == ""


def test_the_query_of_a_webhook_may_be_the_whole_url(tmp_path: Path) -> None:
    query = "parameters: [{name: count, in: query, schema: {type: integer}}]"
    hook = f"{{get: {{{query}, responses: {{'200': {{description: ok}}}}}}}}"
    made = generate(document(webhooks={"ping": yaml.safe_load(hook)}), tmp_path)
    read = made("webhooks").read_ping
    for sent in ("count=3", "?count=3", "/hook?count=3", b"https://me.example/hook?count=3"):
        assert read(sent).count == 3


def test_json_without_a_schema_is_any_json(tmp_path: Path, server: Server) -> None:
    body = "requestBody: {content: {application/json: {}}}"
    made = generate(
        document(f"/a: {{put: {{operationId: a, {body}, responses: {{'204': {{description: ok}}}}}}}}"),
        tmp_path,
    )
    server.answer(b"", 204)
    with made().ApiClient(server.url) as client:
        for value in ({"a": [1]}, 3, "text", None):
            client.api.default.a(body=value)
            assert json.loads(server.last.body) == value
            assert server.last.headers["Content-Type"] == "application/json"


def test_a_failure_in_two_kinds_of_json_is_read_as_either(tmp_path: Path, server: Server) -> None:
    kinds = {
        "application/json": {
            "type": "object",
            "required": ["code"],
            "properties": {"code": {"type": "integer"}},
        },
        "application/problem+json": {
            "type": "object",
            "required": ["title"],
            "properties": {"title": {"type": "string"}},
        },
        "text/plain": {"type": "object", "properties": {"text": {"type": "string"}}},
    }
    failure = {"description": "No.", "content": {name: {"schema": schema} for name, schema in kinds.items()}}
    paths = {"/a": {"get": {"operationId": "a", "responses": {"204": {"description": "ok"}, "400": failure}}}}
    made = generate(document(json.dumps(paths)), tmp_path)
    with made().ApiClient(server.url) as client:
        for body, media_type, name in (
            ({"code": 1}, "application/json", "code"),
            ({"title": "x"}, "application/problem+json", "title"),
        ):
            server.answer(json.dumps(body).encode(), 400, media_type)
            with pytest.raises(made("errors").InvalidParametersError) as caught:
                client.api.default.a()
            assert getattr(caught.value.body, name) == body[name]
