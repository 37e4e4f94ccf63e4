"""What cannot be generated is refused with file, pointer, line and construct; nothing is written; exit code 1."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from generator.cli import main
from tests.generator.support import document, refusals

HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"


def spec(text: str) -> str:
    return HEAD + textwrap.dedent(text)


def get(inside: str) -> str:
    """A description with one operation; what is given goes into it, four spaces deep."""
    lines = textwrap.indent(textwrap.dedent(inside).strip("\n"), "      ")
    return f"{HEAD}paths:\n  /a:\n    get:\n      operationId: a\n{lines}\n"


FINE = "responses: {'200': {description: ok}}"
CASES = {
    "swagger": ("swagger: '2.0'\n", "Swagger 2.0", "/swagger", 1),
    "version": (
        "openapi: 3.2.0\ninfo: {}\n",
        "3.0 and 3.1 are read, found the string '3.2.0'",
        "/openapi",
        1,
    ),
    "no info": ("openapi: 3.1.0\npaths: {}\n", "`info`", "", 1),
    "dialect": (
        spec("jsonSchemaDialect: https://example.com/mine\npaths: {}"),
        "dialect",
        "/jsonSchemaDialect",
        3,
    ),
    "path without slash": (spec("paths:\n  a: {}"), "start with `/`", "/paths/a", 4),
    "operation that is null": (
        spec("paths:\n  /a:\n    get: null"),
        "expected an object, found null",
        "/paths/~1a/get",
        5,
    ),
    "no responses": (
        get("summary: x").replace("openapi: 3.1.0", "openapi: 3.0.3"),
        "needs `responses`",
        "/paths/~1a/get",
        5,
    ),
    "required that is no list": (
        spec("components:\n  schemas:\n    A: {type: object, required: a, properties: {a: {}}}"),
        "`required` has to be a list of names, found the string 'a'",
        "/components/schemas/A/required",
        5,
    ),
    "dangling reference": (
        get("responses: {'200': {$ref: '#/components/responses/Gone'}}"),
        "`$ref: #/components/responses/Gone` has no target",
        "/paths/~1a/get/responses/200/$ref",
        7,
    ),
    "reference to a host": (
        spec("components:\n  schemas:\n    A: {type: array, items: {$ref: 'https://example.com/a.yaml'}}"),
        "points to another host",
        "/components/schemas/A/items/$ref",
        5,
    ),
    "missing file": (
        spec("components:\n  schemas:\n    A: {type: array, items: {$ref: 'gone.yaml#/A'}}"),
        "gone.yaml",
        "/components/schemas/A/items/$ref",
        5,
    ),
    "circle of references": (
        spec(
            "components:\n  schemas:\n    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}"
        ),
        "refers to itself",
        "/components/schemas/A",
        5,
    ),
    "union with itself": (
        spec("components:\n  schemas:\n    A: {oneOf: [{type: string}, {$ref: '#/components/schemas/A'}]}"),
        "refers to itself",
        "/components/schemas/A",
        5,
    ),
    "all of itself": (
        spec("components:\n  schemas:\n    A: {allOf: [{$ref: '#/components/schemas/A'}, {type: object}]}"),
        "form a cycle",
        "/components/schemas/A",
        5,
    ),
    "status": (
        get("responses: {'20': {description: ok}}"),
        "'20' is not a status",
        "/paths/~1a/get/responses/20",
        7,
    ),
    "path parameter missing": (
        spec(f"paths:\n  /a/{{id}}:\n    get:\n      {FINE}"),
        "names 'id', for which there is no path parameter",
        "/paths/~1a~1{id}/get",
        5,
    ),
    "path parameter unused": (
        get(f"parameters:\n  - {{name: id, in: path, required: true, schema: {{type: string}}}}\n{FINE}"),
        "is not in /a",
        "/paths/~1a/get",
        5,
    ),
    "parameter twice": (
        get(
            "parameters:\n  - {name: q, in: query, schema: {type: string}}\n"
            f"  - {{name: q, in: query, schema: {{type: string}}}}\n{FINE}"
        ),
        "'q' is declared twice",
        "/paths/~1a/get/parameters/1",
        9,
    ),
    "parameter style": (
        spec(
            "paths:\n  /a/{id}:\n    get:\n      parameters:\n"
            "        - {name: id, in: path, required: true, style: deepObject, schema: {type: string}}\n"
            f"      {FINE}"
        ),
        "style 'deepObject' is not supported",
        "/paths/~1a~1{id}/get/parameters/0",
        7,
    ),
    "operation id twice": (
        spec(f"paths:\n  /a:\n    get: {{operationId: x, {FINE}}}\n    put: {{operationId: x, {FINE}}}"),
        "operationId 'x' is also",
        "/paths/~1a/put",
        6,
    ),
    "security scheme": (
        get(f"security: [{{gone: []}}]\n{FINE}"),
        "no security scheme 'gone'",
        "/security/0/gone",
        7,
    ),
    "unknown word": (
        spec("components:\n  schemas:\n    A:\n      type: object\n      propertys: {a: {type: string}}"),
        "unknown keyword `propertys`",
        "/components/schemas/A/propertys",
        7,
    ),
    "dynamic reference": (
        spec("components:\n  schemas:\n    A: {type: array, items: {$dynamicRef: '#A'}}"),
        "`$dynamicRef`",
        "/components/schemas/A/items/$dynamicRef",
        5,
    ),
    "dependent schemas": (
        spec("components:\n  schemas:\n    A: {type: object, dependentSchemas: {a: {required: [b]}}}"),
        "`dependentSchemas`",
        "/components/schemas/A/dependentSchemas",
        5,
    ),
    "type": (
        spec("components:\n  schemas:\n    A: {type: strng}"),
        "'strng' is not a JSON type",
        "/components/schemas/A/type",
        5,
    ),
    "types that exclude each other": (
        spec("components:\n  schemas:\n    A: {allOf: [{type: string}, {type: integer}]}"),
        "exclude each other",
        "/components/schemas/A",
        5,
    ),
    "false": (
        spec("components:\n  schemas:\n    A: {type: object, properties: {b: false}}"),
        "`false` allows no value",
        "/components/schemas/A/properties/b",
        5,
    ),
    "default of the wrong type": (
        spec("components:\n  schemas:\n    A: {type: object, properties: {b: {type: integer, default: x}}}"),
        "the default of b does not fit",
        "/components/schemas/A/properties/b",
        5,
    ),
    "facade": (
        get(f"x-facade:\n  - {{name: it, positional: [gone]}}\n{FINE}"),
        "`positional` names 'gone'",
        "/paths/~1a/get/x-facade/0",
        8,
    ),
    "facade key": (
        get(f"x-facade:\n  - {{name: it, position: []}}\n{FINE}"),
        "unknown key 'position'",
        "/paths/~1a/get/x-facade/0",
        8,
    ),
    "retry": (get(f"x-retry: often\n{FINE}"), "`x-retry` is one of", "/paths/~1a/get/x-retry", 7),
    "stream": (get(f"x-stream: {{parameter: stream}}\n{FINE}"), "text/event-stream", "/x-stream", 7),
    "exceptions": (
        spec("components:\n  x-exceptions:\n    IndoxRouterError: {parent: Exception}\npaths: {}"),
        "the runtime raises APIError",
        "/components/x-exceptions",
        4,
    ),
    "bad YAML": (f"{HEAD}paths: {{a: [}}\n", "", "", 3),
    "key twice": (f"{HEAD}paths: {{}}\npaths: {{}}\n", "paths", "", 4),
    "not a number": (spec("x-a: .nan\npaths: {}"), "nan is not a JSON number", "", 3),
    "anchor in itself": (spec("x-a: &a [*a]\npaths: {}"), "an anchor contains itself", "", 3),
    "list": ("- a\n- b\n", "an OpenAPI description is an object", "", 1),
    "tag": (get(f"tags: [7]\n{FINE}"), "a tag has to be a name", "/paths/~1a/get/tags/0", 7),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_with_file_pointer_line_and_reason(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, reason, pointer, line = CASES[name]
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    output = tmp_path / "package"
    arguments = ["generate", "--strict", "--spec", str(path), "--output", str(output), "--package", "package"]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    place = f"{path}:{line} #" if line else f"{path} #"
    assert place in said
    assert f"{pointer}: " in said
    assert reason in said
    assert "nothing was written" in said
    assert not output.exists()


# A refusal ends with what to do; these forms name what is possible in its place.
REMEDY = re.compile(r"; .|known: .|is one of|download that one")


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_says_what_to_do(name: str, tmp_path: Path) -> None:
    found = refusals(CASES[name][0], tmp_path, strict=True)
    assert found
    assert [message for message in found if not REMEDY.search(message)] == []


def test_a_path_parameter_that_is_refused_is_not_missing_too(tmp_path: Path) -> None:
    text = spec(
        "paths:\n  /a/{id}:\n    get:\n      operationId: a\n      parameters:\n"
        "        - {name: id, in: path, required: true, style: deepObject, schema: {type: string}}\n"
        f"      {FINE}\n  /b: {{get: {{operationId: b, {FINE}}}}}"
    )
    (found,) = refusals(text, tmp_path)
    assert "style 'deepObject'" in found
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    output = tmp_path / "sample"
    arguments = ["--spec", str(path), "--output", str(output), "--package", "sample", "--lenient"]
    assert main(["generate", *arguments]) == 0
    about = (output / "about.py").read_text(encoding="utf-8")
    assert '"b": ("default", "b")' in about
    assert '"a":' not in about


def test_a_path_parameter_that_the_path_lacks_is_refused_beside_other_problems(tmp_path: Path) -> None:
    found = refusals(
        spec(
            "paths:\n  /a:\n    get:\n      operationId: a\n      parameters:\n"
            "        - {name: q, in: nowhere, schema: {type: string}}\n"
            "        - {name: id, in: path, required: true, schema: {type: string}}\n"
            f"      {FINE}"
        ),
        tmp_path,
    )
    assert [message.partition(": ")[2][:40] for message in found] == [
        "the path parameter 'id' is not in /a; ad",
        "a parameter needs `name`, and `in` as pa",
    ]


def test_what_can_be_left_out_is_offered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.yaml"
    for text, offered in ((CASES["type"][0], True), (CASES["swagger"][0], False)):
        path.write_text(text, encoding="utf-8")
        arguments = ["--spec", str(path), "--output", str(tmp_path / "x"), "--package", "sample"]
        assert main(["generate", *arguments]) == 1
        assert ("`--lenient`" in capsys.readouterr().err) == offered


def test_refusal_leaves_an_existing_package_alone(tmp_path: Path) -> None:
    path, output = tmp_path / "spec.yaml", tmp_path / "package"
    arguments = ["generate", "--spec", str(path), "--output", str(output), "--package", "package"]
    path.write_text(document(schemas="A: {type: object, properties: {a: {type: string}}}"), encoding="utf-8")
    assert main(arguments) == 0
    before = {p: p.read_bytes() for p in output.rglob("*") if p.is_file()}
    path.write_text(document(schemas="A: {type: strng}"), encoding="utf-8")
    assert main(arguments) == 1
    assert {p: p.read_bytes() for p in output.rglob("*") if p.is_file()} == before


def test_missing_description_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--spec", str(tmp_path / "gone.yaml"), "--output", str(tmp_path / "x")]) == 1
    assert "gone.yaml" in capsys.readouterr().err


def test_package_name_has_to_be_a_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--package", "not-a-name", "--output", str(tmp_path / "x")]) == 2
    assert "'not-a-name'" in capsys.readouterr().err


def test_an_argument_that_a_command_does_not_take_names_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["lint", "new.yaml"])
    assert left.value.code == 2
    assert "lint does not take new.yaml; a description is given as --spec FILE" in capsys.readouterr().err


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"\n    {command} " in shown for command in ("generate", "check", "lint"))


def test_error_in_another_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(
        "A:\n  type: object\n  properties:\n    a: {type: strng}\n", encoding="utf-8"
    )
    found = refusals(document(schemas="B: {type: array, items: {$ref: 'other.yaml#/A'}}"), tmp_path)
    assert len(found) == 1
    assert "other.yaml:4 #/A/properties/a/type: 'strng' is not a JSON type" in found[0]
