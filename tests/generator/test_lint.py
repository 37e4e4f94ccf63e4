"""`lint`: valid OpenAPI, the same in both YAML libraries, and every `x-` key known, in its place and in its form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from generator.cli import main
from generator.commands.lint import lint as problems_of
from generator.rules.extensions import EXTENSIONS
from generator.source.settings import load

ROOT = Path(__file__).resolve().parent.parent.parent
HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
OPERATION = HEAD + (
    "paths:\n  /a:\n    get:\n      operationId: a\n      responses: {'200': {description: ok}}\n      "
)
SCHEMA = HEAD + "paths: {}\ncomponents:\n  schemas:\n    A:\n      type: object\n      "
STREAM = """\
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a:
    post:
      operationId: a
      x-stream: {parameter: nothing, stop: nobody}
      x-provider-rules: {google: {drop: [gone]}}
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
      responses:
        '200':
          description: ok
          content:
            application/json: {schema: {type: string}}
            text/event-stream: {schema: {$ref: '#/components/schemas/A'}}
  /job:
    get:
      operationId: job
      x-poll: {status: state, done: [finished], failed: [], pending: [], interval: 1, deadline: 2}
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
components:
  schemas:
    A:
      type: object
      properties: {b: {type: string}, state: {type: string, enum: [done, open]}}
      x-response-shapes: [Unheard]
"""


def lint(text: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    path = directory / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    code = main(["lint", "--spec", str(path), "--package", "linted"])
    return code, capsys.readouterr().err


CASES = {
    "unknown key of an operation": (
        OPERATION + "x-retries: safe",
        8,
        "/paths/~1a/get/x-retries",
        "unknown extension `x-retries`",
    ),
    "unknown key of a callback": (
        OPERATION + "callbacks: {done: {x-mine: 1}}",
        8,
        "/paths/~1a/get/callbacks/done/x-mine",
        "unknown extension",
    ),
    "unknown key of a schema": (
        SCHEMA + "x-nullable: true",
        8,
        "/components/schemas/A/x-nullable",
        "unknown extension",
    ),
    "unknown key at the root": (HEAD + "paths: {}\nx-mine: 1", 4, "/x-mine", "unknown extension"),
    "wrong place": (OPERATION + "x-secret: true", 8, "/paths/~1a/get/x-secret", "not to an operation"),
    "wrong flag": (
        OPERATION + "x-idempotency-key: yes please",
        8,
        "/paths/~1a/get/x-idempotency-key",
        "true or false",
    ),
    "wrong retry": (OPERATION + "x-retry: 3", 8, "/paths/~1a/get/x-retry", "one of safe, billed"),
    "wrong source": (OPERATION + "x-source: ''", 8, "/paths/~1a/get/x-source", "a sentence"),
    "wrong statuses": (
        OPERATION + "x-error-statuses: {'1': APIError}",
        8,
        "/x-error-statuses/1",
        "not an HTTP status",
    ),
    "unknown exception": (
        OPERATION + "x-error-statuses: {'404': Gone}",
        8,
        "/x-error-statuses",
        "'Gone', which is not",
    ),
    "wrong limit": (
        SCHEMA + "x-media-limit: {image_bytes: -1}",
        8,
        "/x-media-limit/image_bytes",
        "above zero",
    ),
    "wrong former name": (
        SCHEMA + "x-renamed-from: 7",
        8,
        "/components/schemas/A/x-renamed-from",
        "former name",
    ),
    "wrong shapes": (SCHEMA + "x-response-shapes: A", 8, "/x-response-shapes", "a list of names"),
    "client default": (
        SCHEMA + "properties: {b: {type: integer, x-client-default: much}}",
        8,
        "/components/schemas/A/properties/b",
        "`x-client-default` of b does not fit",
    ),
    "invalid OpenAPI": (HEAD + "paths: {}\ntags: nothing", 4, "/tags", "openapi-spec-validator"),
    "default against its schema": (
        SCHEMA + "properties: {b: {type: integer, default: x}}",
        8,
        "/properties/b",
        "default",
    ),
    "YAML 1.1 reads another value": (SCHEMA + "description: 0o17", 8, "/description", "put it in quotes"),
    "YAML 1.1 reads another key": (
        SCHEMA + "properties: {on: {type: string}}",
        8,
        "/properties/on",
        "the key 'on'",
    ),
    "parameter that stream names": (STREAM, 7, "/paths/~1a/post/x-stream", "`parameter` is 'nothing'"),
    "operation that stream stops with": (STREAM, 7, "/paths/~1a/post/x-stream", "`stop` is 'nobody'"),
    "field that a provider rule drops": (STREAM, 8, "/x-provider-rules/google", "'gone' is not a field"),
    "state that poll waits for": (STREAM, 19, "/paths/~1job/get/x-poll", "'finished' is none of the states"),
    "state that poll forgets": (STREAM, 19, "/paths/~1job/get/x-poll", "'open' of state is neither done"),
    "shape that may come": (STREAM, 24, "/components/schemas/A", "'Unheard', which is not a schema"),
}


@pytest.mark.parametrize("name", CASES)
def test_problem_is_named_with_file_line_and_pointer(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, line, pointer, reason = CASES[name]
    code, said = lint(text, tmp_path, capsys)
    assert code == 1
    matching = [row for row in said.splitlines() if reason in row and pointer in row]
    assert matching, said
    if "YAML 1.1 reads another key" not in name and "description: 0o17" not in text:
        assert f"spec.yaml:{line} #" in matching[0]


def test_broken_yaml_is_one_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = lint(HEAD + "paths: {\n", tmp_path, capsys)
    assert code == 1
    assert "spec.yaml:4" in said
    assert "1 problem" in said


def test_problem_does_not_quote_the_whole_description(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schemas = "".join(f"    Some{number}: {{type: object}}\n" for number in range(200))
    broken = "components:\n  schemas:\n    A: {$ref: '#/components/schemas/Gone'}\n"
    code, said = lint(f"{HEAD}paths: {{}}\n{broken}{schemas}", tmp_path, capsys)
    assert code == 1
    assert "Gone" in said
    assert max(map(len, said.splitlines())) < 500


def test_yaml_that_only_one_library_accepts_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = lint(HEAD + "paths: {}\ninfo2: 2024-13-45\nx-a: {a: 1, a: 2}\n", tmp_path, capsys)
    assert code == 1
    assert "spec.yaml:5" in said


def test_the_projects_description_is_sound(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["lint"]) == 0, capsys.readouterr().err


def test_every_extension_says_what_it_is_for() -> None:
    assert all(
        name.startswith("x-") and extension.purpose and extension.kinds
        for name, extension in EXTENSIONS.items()
    )


def test_a_schema_that_the_client_extends_keeps_its_name(tmp_path: Path) -> None:
    settings = load()
    text = settings.spec.read_text(encoding="utf-8").replace("schemas/VideoResponse'", "schemas/VideoAnswer'")
    given = tmp_path / "openapi.yaml"
    renamed = "\n    VideoAnswer:\n      x-renamed-from: VideoResponse\n"
    given.write_text(text.replace("\n    VideoResponse:\n", renamed), encoding="utf-8")
    (problem,) = problems_of(replace(settings, spec=given))[0]
    assert problem.message == (
        "VideoAnswer was VideoResponse, whose class indoxrouter_ext.videos.response extends; "
        "keep the name: no request or answer contains it"
    )
