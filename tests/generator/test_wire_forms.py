"""Requests and answers of other people's descriptions, as they travel: a real server sees or sends the bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yaml

from generator.cli import main
from tests.evolution.types import complaints
from tests.generator.support import Made, Server, answers, document, generate, serving


def operation(path: str, name: str, method: str = "get", **parts: Any) -> dict[str, Any]:
    """A path with one operation; without `responses` it answers with any object."""
    return {
        path: {method: {"operationId": name, "tags": ["t"], "responses": {"200": json_of(OBJECT)}, **parts}}
    }


def parameter(name: str, where: str, schema: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema, **rest}


def content(media_type: str, schema: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"description": "ok", "content": {media_type: {"schema": schema, **rest}}}


def json_of(schema: dict[str, Any]) -> dict[str, Any]:
    return content("application/json", schema)


OBJECT: dict[str, Any] = {"type": "object"}
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
THING = {"$ref": "#/components/schemas/Thing"}
FORM = {"type": "object", "properties": {"tags": TEXTS, "flat": TEXTS, "meta": OBJECT, "info": OBJECT}}
PARTS = {
    "type": "object",
    "properties": {
        "note": TEXT,
        "meta": OBJECT,
        "rows": {"type": "array", "items": OBJECT},
        "file": {"type": "string", "format": "binary"},
    },
}
PATHS = {
    **operation("/list/{items}", "listed", parameters=[parameter("items", "path", TEXTS)]),
    **operation("/map/{of}", "mapped", parameters=[parameter("of", "path", OBJECT)]),
    **operation("/exploded/{of}", "exploded", parameters=[parameter("of", "path", OBJECT, explode=True)]),
    **{
        f"/{style}{'/exploded' if explode else ''}/{kind}/{{of}}": {
            "get": {
                "operationId": f"{style}_{'exploded_' if explode else ''}{kind}",
                "tags": ["t"],
                "parameters": [parameter("of", "path", schema, style=style, explode=explode)],
                "responses": {"200": json_of(OBJECT)},
            }
        }
        for style in ("label", "matrix")
        for explode in (False, True)
        for kind, schema in (("text", TEXT), ("list", TEXTS), ("map", OBJECT))
    },
    **operation(
        "/headers",
        "headed",
        parameters=[parameter("X-Map", "header", OBJECT), parameter("X-List", "header", TEXTS)],
    ),
    **operation(
        "/query",
        "queried",
        parameters=[
            parameter("csv", "query", TEXTS, explode=False),
            parameter("pipes", "query", TEXTS, style="pipeDelimited", explode=False),
            parameter("raw", "query", TEXT, allowReserved=True),
            parameter("plain", "query", TEXT),
        ],
    ),
    **operation("/files/{id}#add_link", "addLink", "put", parameters=[parameter("id", "path", TEXT)]),
    **operation("/files/{id}#remove_link", "removeLink", "put", parameters=[parameter("id", "path", TEXT)]),
    **operation("/action?name=start", "act", "post", parameters=[parameter("q", "query", TEXT)]),
    **operation(
        "/form",
        "formed",
        "post",
        requestBody=content(
            "application/x-www-form-urlencoded",
            FORM,
            encoding={
                "flat": {"style": "form", "explode": False},
                "meta": {"style": "deepObject", "explode": True},
            },
        ),
    ),
    **operation(
        "/parts",
        "parted",
        "post",
        requestBody=content(
            "multipart/form-data",
            PARTS,
            encoding={"rows": {"contentType": "application/json"}, "file": {"contentType": "image/png"}},
        ),
    ),
    "/upload": {
        "servers": [
            {"url": "https://{region}.upload.example.com/v2", "variables": {"region": {"default": "eu"}}}
        ],
        **operation("/upload", "upload", "post")["/upload"],
        **operation("/upload", "relative", "put", servers=[{"url": "/other"}])["/upload"],
    },
    **operation(
        "/any",
        "anything",
        "post",
        requestBody=content("*/*", THING),
        responses={"200": content("*/*", THING)},
    ),
    **operation("/made", "made", "post", responses={"200": json_of(THING)}),
    **operation("/empty", "empty", "post", responses={"204": {"description": "ok"}}),
    **operation("/text", "text", responses={"200": content("text/plain", TEXT)}),
    **operation("/xml", "xml", responses={"200": content("application/xml", PARTS)}),
    "/free": {"post": {"operationId": "free", "tags": ["t"]}},  # since 3.1, `responses` may be absent
    **operation(
        "/subscribe",
        "subscribe",
        "post",
        callbacks={"told": {"{$request.body#/url}": {"post": {"responses": {"200": json_of(PARTS)}}}}},
    ),
    **operation("/head", "head", "head", responses={"200": json_of(THING)}),
    **operation(
        "/fails",
        "fails",
        responses={
            "200": {"description": "ok"},
            "404": json_of({"$ref": "#/components/schemas/Problem"}),
            "4XX": json_of(THING),
        },
    ),
}
SCHEMAS = """
Thing: {type: object, properties: {a: {type: integer}}}
Problem:
  type: object
  properties:
    error_code: {type: string}
    when: {type: string, format: date}
    errors: {type: array, items: {type: object, properties: {message: {type: string}}}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return generate(
        document(schemas=SCHEMAS, paths=yaml.safe_dump(PATHS, sort_keys=False)),
        tmp_path_factory.mktemp("wire"),
    )


@pytest.fixture
def server() -> Any:
    with serving() as found:
        yield found


@pytest.fixture
def api(package: Made, server: Server) -> Any:
    with package().ApiClient(server.url) as client:
        yield client.api.t


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_lists_and_objects_in_paths_are_separated_outside_of_their_values(api: Any, server: Server) -> None:
    api.listed(["a", "b,c", "d"])
    assert server.last.path == "/list/a,b%2Cc,d"
    api.mapped({"R": 100, "G": "x=y"})
    assert server.last.path == "/map/R,100,G,x%3Dy"
    api.exploded({"R": 100, "G": True})
    assert server.last.path == "/exploded/R=100,G=true"


LIST, MAP = ["red", "g;r", "b,l"], {"semi": ";", "dot": ".x", "n": 1}


@pytest.mark.parametrize(
    ("method", "value", "expected"),
    [
        ("label_text", "a.b", ".a.b"),
        ("label_list", ["a.b", *LIST], ".a.b,red,g%3Br,b%2Cl"),
        ("label_exploded_list", LIST, ".red.g%3Br.b%2Cl"),
        ("label_map", MAP, ".semi,%3B,dot,.x,n,1"),
        ("label_exploded_map", {"semi": ";", "n": True}, ".semi=%3B.n=true"),
        ("matrix_text", "a;b=c", ";of=a%3Bb%3Dc"),
        ("matrix_text", "", ";of"),
        ("matrix_list", LIST, ";of=red,g%3Br,b%2Cl"),
        ("matrix_exploded_list", LIST, ";of=red;of=g%3Br;of=b%2Cl"),
        ("matrix_map", MAP, ";of=semi,%3B,dot,.x,n,1"),
        ("matrix_exploded_map", MAP, ";semi=%3B;dot=.x;n=1"),
    ],
)
def test_paths_follow_rfc_6570(api: Any, server: Server, method: str, value: Any, expected: str) -> None:
    getattr(api, method)(value)
    assert server.last.path.rpartition("/")[2] == expected


@pytest.mark.parametrize(
    ("method", "value", "reason"),
    [
        ("label_exploded_list", ["a", "b.c"], "without '.', which separates them"),
        ("label_exploded_map", {"a.b": 1}, "without '.', which separates them"),
        ("label_text", "", "not empty"),
        ("label_text", ".", "no '.' or '..'"),
        ("label_list", [], "at least one item"),
        ("matrix_exploded_map", {}, "at least one item"),
        ("matrix_list", ["a", "b/c"], "without '/'"),
    ],
)
def test_what_would_change_a_path_is_refused(
    package: Made, api: Any, server: Server, method: str, value: Any, reason: str
) -> None:
    with pytest.raises(package().InvalidParametersError, match=reason):
        getattr(api, method)(value)
    assert server.requests == []


def test_lists_and_objects_in_headers_are_simple(api: Any, server: Server) -> None:
    api.headed(x_map={"R": 1, "G": 2}, x_list=["a", "b"])
    assert (server.last.headers["X-Map"], server.last.headers["X-List"]) == ("R,1,G,2", "a,b")


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("queried", {"csv": ["a", "b,c"]}),
        ("queried", {"pipes": ["a|b", "c"]}),
        ("headed", {"x_list": ["a,b"]}),
        ("headed", {"x_map": {"k": "a,b"}}),
    ],
    ids=repr,
)
def test_a_value_with_the_separator_in_it_is_refused(
    package: Made, api: Any, server: Server, method: str, arguments: Any
) -> None:
    with pytest.raises(package().InvalidParametersError, match="which separates them") as caught:
        getattr(api, method)(**arguments)
    assert caught.value.argument == next(iter(arguments))
    assert server.requests == []


def test_reserved_characters_stay_where_the_description_allows_them(api: Any, server: Server) -> None:
    api.queried(raw="a/b?c=d:e&f#g h", plain="a/b", csv=["x", "y"])
    assert server.last.path == "/query?csv=x%2Cy&raw=a/b?c%3Dd:e%26f%23g%20h&plain=a%2Fb"
    assert dict(parse_qsl(server.last.path.partition("?")[2]))["raw"] == "a/b?c=d:e&f#g h"


def test_fragments_of_paths_are_not_sent_and_queries_of_paths_are(api: Any, server: Server) -> None:
    api.add_link("7")
    assert server.last.path == "/files/7"
    api.remove_link("7")
    assert server.last.path == "/files/7"
    api.act(q="x")
    assert server.last.path == "/action?name=start&q=x"
    api.act()
    assert server.last.path == "/action?name=start"


def test_fields_of_a_form_are_encoded_as_described(api: Any, server: Server) -> None:
    api.formed(tags=["a", "b"], flat=["x", "y"], meta={"order": 1, "deep": {"k": "v"}}, info={"j": 2})
    assert parse_qsl(server.last.body.decode()) == [
        ("tags", "a"),
        ("tags", "b"),
        ("flat", "x,y"),
        ("meta[order]", "1"),
        ("meta[deep][k]", "v"),
        ("info", '{"j":2}'),
    ]


def test_parts_have_the_media_type_that_is_described(api: Any, server: Server) -> None:
    api.parted(note="n", meta={"k": 1}, rows=[{"r": 1}, {"r": 2}], file=("a.bin", b"PNG"))
    body = server.last.body.decode()
    parts = {
        part.partition('name="')[2].partition('"')[0]: part
        for part in body.split("--")[1:-1]
        if "name=" in part
    }
    assert "Content-Type" not in parts["note"]
    assert parts["meta"].endswith('Content-Type: application/json\r\n\r\n{"k":1}\r\n')
    assert parts["rows"].endswith('Content-Type: application/json\r\n\r\n[{"r":1},{"r":2}]\r\n')
    assert 'filename="a.bin"\r\nContent-Type: image/png\r\n\r\nPNG' in parts["file"]


def test_an_operation_uses_its_own_server_and_the_client_may_choose_another(
    package: Made, server: Server
) -> None:
    documented = "https://eu.upload.example.com/v2"
    assert package.operation("t", "upload").servers == (documented,)
    with package().ApiClient(f"{server.url}/base", servers={documented: f"{server.url}/mine"}) as client:
        client.api.t.upload()
        assert server.last.path == "/mine/upload"
        client.api.t.relative()
        assert server.last.path == "/other/upload"
        client.api.t.act()
        assert server.last.path == "/base/action?name=start"


def test_any_media_type_with_a_schema_is_json(package: Made, api: Any, server: Server) -> None:
    server.answer(b'{"a": 1}')
    assert api.anything(a=2) == package().Thing(a=1)
    assert json.loads(server.last.body) == {"a": 2}
    assert server.last.headers["Content-Type"] == "application/json"


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_operations_without_responses_keep_the_body(api: Any, server: Server) -> None:
    server.answer(b'{"a": 1}')
    assert api.free() == {"a": 1}
    server.answer(b"", 204)
    assert api.free() is None


def test_xml_is_text_whatever_its_schema_says(api: Any, server: Server) -> None:
    server.answer(b"<note>n</note>", content_type="application/xml")
    assert api.xml() == "<note>n</note>"


def test_an_undocumented_success_keeps_its_body(package: Made, api: Any, server: Server) -> None:
    server.answer(b'{"a": 1}', 201)
    assert api.made() == package().Thing(a=1)
    server.answer(b'{"k": [1]}', 202)
    assert api.empty() == {"k": [1]}
    server.answer("hé".encode("latin-1"), 202, "text/plain; charset=iso-8859-1")
    assert api.empty() == "hé"
    server.answer(b"\x00\xff", 200, "application/octet-stream")
    assert api.empty() == b"\x00\xff"
    server.answer(b"", 202)
    assert api.empty() is None


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", "hé".encode()),
        ("text/plain; charset=ISO-8859-1", "hé".encode("latin-1")),
        ('text/plain; charset="utf-16"', "hé".encode("utf-16")),
        ("text/plain; charset=unheard-of", "hé".encode()),
    ],
)
def test_text_is_read_in_its_charset(api: Any, server: Server, content_type: str, body: bytes) -> None:
    server.answer(body, 200, content_type)
    assert api.text() == "hé"


def test_the_answer_to_head_is_none_also_for_type_checkers(package: Made, api: Any, server: Server) -> None:
    server.answer(b"", 200)
    assert api.head() is None
    assert "def head(\n        self,\n    ) -> None:" in package.text("resources/t.py")


def test_an_error_has_the_documented_body_and_its_message(package: Made, api: Any, server: Server) -> None:
    body = {
        "error_code": "E7",
        "when": "2024-01-02",
        "errors": [{"message": "no such thing"}, {"message": "sorry"}],
    }
    server.answer(json.dumps(body).encode(), 404)
    with pytest.raises(package().NotFoundError) as caught:
        api.fails()
    error = caught.value
    assert isinstance(error.body, package().Problem)
    assert (error.body.when.year, error.body.to_dict()) == (2024, body)
    assert (error.message, error.error_type) == ("no such thing; sorry", "E7")
    server.answer(b'{"a": 5}', 418)
    with pytest.raises(package().RequestError) as other:
        api.fails()
    assert other.value.body == package().Thing(a=5)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"errors": ["one", "two"]}, "one; two"),
        ({"errors": [{"message": "m", "help": "h"}]}, "m"),
        ({"error_message": "the login changed", "error_code": "ITEM"}, "the login changed"),
        ({"error_description": "expired", "error": "invalid_grant"}, "expired"),
        ({"title": "Out of credit", "status": 500, "type": "about:blank"}, "Out of credit"),
        ({"code": 20404, "message": "not found", "more_info": "https://example.com"}, "not found"),
        ({"error": {"code": 2001, "message": "Invalid", "errors": ["Name is required"]}}, "Invalid"),
        ({"status": "error"}, "The server answered 500 with application/json and no message"),
    ],
    ids=repr,
)
def test_the_message_is_found_in_the_usual_places(
    package: Made, api: Any, server: Server, body: dict[str, Any], message: str
) -> None:
    server.answer(json.dumps(body).encode(), 500)
    with pytest.raises(package().APIError) as caught:
        api.fails()
    assert caught.value.message == message
    assert caught.value.body == body


def test_a_secret_in_the_body_of_an_error_is_masked(package: Made, server: Server) -> None:
    server.answer(b'{"message": "bad token s3cret-token"}', 500)
    with (
        package().ApiClient(server.url, "s3cret-token") as client,
        pytest.raises(package().APIError) as caught,
    ):
        client.api.t.fails()
    assert "s3cret" not in str(caught.value.body) + str(caught.value)


def test_keywords_are_refused_as_names_of_packages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("class", "import", "None", "async"):
        assert main(["generate", "--package", name, "--output", str(tmp_path / name)]) == 2
        assert f"{name!r} cannot be the name of a Python package" in capsys.readouterr().err


def test_a_query_beside_a_post_of_the_same_path_is_an_operation_of_its_own(tmp_path: Path) -> None:
    answer = answers("{type: string}")
    paths = f"""
    /pets:
      post: {{operationId: addPet, {answer}}}
      query: {{operationId: findPets, {answer}}}
    """
    made = generate(document(paths), tmp_path)
    assert [made.operation("default", name).method for name in ("add_pet", "find_pets")] == ["POST", "QUERY"]


NULLS = """
Entry: {type: [object, 'null'], properties: {a: {type: string}}}
Nothing: {type: 'null'}
Text: {oneOf: [{$ref: '#/components/schemas/Nothing'}, {$ref: '#/components/schemas/Entry'}, {type: string}]}
Alias: {$ref: '#/components/schemas/Entry'}
Fields:
  type: object
  properties:
    only_null: {type: 'null'}
    constant: {const: null}
    named: {$ref: '#/components/schemas/Nothing'}
    choice: {$ref: '#/components/schemas/Text'}
    alias: {$ref: '#/components/schemas/Alias'}
    text: {type: string}
"""


def test_null_is_sent_where_the_schema_allows_it(tmp_path: Path, server: Server) -> None:
    bodies = {"entry": "Entry", "text": "Text", "alias": "Alias", "fields": "Fields"}
    paths: dict[str, Any] = {}
    for name, schema in bodies.items():
        body = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
        paths.update(operation(f"/{name}", name, "post", requestBody=body))
    made = generate(document(json.dumps(paths), NULLS), tmp_path)
    fields = ("only_null", "constant", "named", "choice", "alias")
    with made().ApiClient(server.url) as client:
        for name in ("entry", "text", "alias"):
            getattr(client.api.t, name)(body=None)
            assert server.last.body == b"null"
            getattr(client.api.t, name)()
            assert server.last.body == b""
        client.api.t.entry(body=None, a="b")
        assert json.loads(server.last.body) == {"a": "b"}
        client.api.t.fields(body=None)
        assert server.last.body == b""
        nulls = dict.fromkeys(fields)
        client.api.t.fields(**nulls, text=None)
        assert json.loads(server.last.body) == nulls
        client.api.t.fields(body=made("models").Fields(**nulls, text=None))
        assert json.loads(server.last.body) == nulls
    assert complaints([made.directory], cache="nulls") == ""


def test_an_argument_may_be_called_like_anything_in_a_method(tmp_path: Path, server: Server) -> None:
    flag = {"type": "object", "properties": {"stream": {"type": "boolean"}}}
    both = {"application/json": {"schema": OBJECT}, "text/event-stream": {"schema": OBJECT}}
    named = [parameter(name, "query", TEXT) for name in ("answer", "send", "options")]
    body = {"content": {"application/json": {"schema": flag}}}
    responses = {"200": {"description": "ok", "content": both}}
    paths = operation("/a", "a", "post", parameters=named, requestBody=body, responses=responses)
    made = generate(document(json.dumps(paths)), tmp_path)
    with made().ApiClient(server.url) as client:
        assert client.api.t.a(answer="1", send="2", options="3") == {}
    assert server.last.path == "/a?answer=1&send=2&options=3"
    assert complaints([made.directory], cache="arguments") == ""
