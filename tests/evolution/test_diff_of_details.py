"""Changes that only our own comparison sees: it names and rates them without any other tool."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.commands.changelog import draft
from generator.compatibility import redocly
from generator.compatibility.aspects import Change
from generator.compatibility.changes import compare_snapshots
from generator.compatibility.entry import Snapshot
from generator.compatibility.redocly import Rating, merge
from generator.compatibility.report import Comparison
from generator.compatibility.snapshot import snapshot_of
from generator.description.read import read
from generator.source.settings import PROJECT

BASE = yaml.safe_load("""
openapi: 3.1.0
info: {title: T, version: '1'}
servers: [{url: 'https://{region}.example.com', variables: {region: {default: eu, enum: [eu, us]}}}]
paths:
  /job:
    servers: [{url: 'https://jobs.example.com'}]
    get:
      operationId: job
      tags: [t]
      security: [{a: []}]
      x-error-statuses: {404: NotFoundError}
      x-poll: {status: state, done: [ok], failed: [bad], pending: [busy], interval: 1, deadline: 60}
      parameters: [{name: only, in: query, schema: {type: array, items: {type: string}}}]
      responses:
        '200':
          description: ok
          headers: {X-Left: {schema: {type: integer}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Job'}}}
        '201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Job'}}}}
        '404': {description: gone}
  /pets:
    get:
      operationId: pets
      tags: [t]
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema:
                oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
                discriminator: {propertyName: kind, mapping: {dog: '#/components/schemas/Dog'}}
  /talk:
    post:
      operationId: talk
      tags: [t]
      security: [{a: [], b: []}]
      x-stream: {parameter: stream, done: '[DONE]'}
      requestBody:
        content:
          application/json: {schema: {$ref: '#/components/schemas/Ask'}}
          application/x-www-form-urlencoded:
            schema: {$ref: '#/components/schemas/Ask'}
            encoding: {tags: {style: form, explode: false}}
      responses:
        '200':
          description: ok
          content:
            application/json: {schema: {$ref: '#/components/schemas/Pet'}}
            text/event-stream: {schema: {$ref: '#/components/schemas/Pet'}}
        '409': {description: busy, content: {application/json: {schema: {$ref: '#/components/schemas/Problem'}}}}
webhooks:
  told:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Cat'}}}}
      responses: {'200': {description: ok}}
components:
  securitySchemes: {a: {type: http, scheme: bearer}, b: {type: apiKey, in: header, name: X-B}}
  schemas:
    Problem: {type: object, properties: {message: {type: string}}, x-error-statuses: {503: NetworkError}}
    Job: {type: object, required: [state], properties: {state: {type: string}}}
    Ask:
      type: object
      properties:
        stream: {type: boolean}
        live: {type: boolean}
        tags: {type: array, items: {type: string}}
        mood: {type: string, enum: [calm, wild]}
        notes: {type: object, patternProperties: {^x-: {type: integer}}}
    Cat: {type: object, properties: {kind: {type: string}, lives: {type: integer}}}
    Dog: {type: object, properties: {kind: {type: string}, tail: {type: string}}}
    Pet:
      oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
      discriminator:
        propertyName: kind
        mapping: {cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog'}
""")


def _talk(document: Any) -> Any:
    return document["paths"]["/talk"]["post"]


def _job(document: Any) -> Any:
    return document["paths"]["/job"]["get"]


def _reordered(document: Any) -> None:
    content = _talk(document)["requestBody"]["content"]
    _talk(document)["requestBody"]["content"] = dict(reversed(content.items()))


def _encoding(document: Any) -> None:
    form = _talk(document)["requestBody"]["content"]["application/x-www-form-urlencoded"]
    form["encoding"]["tags"]["explode"] = True


def _json(schema: str) -> Any:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _inline(document: Any) -> Any:
    return document["paths"]["/pets"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]


def _mapping(document: Any) -> Any:
    return document["components"]["schemas"]["Pet"]["discriminator"]["mapping"]


def compared(old: Any, new: Any, directory: Path) -> list[Change]:
    snapshots: list[Snapshot] = []
    for name, document in (("old", old), ("new", new)):
        path = directory / f"{name}.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        snapshots.append(snapshot_of(read(path), "shelf"))
    return compare_snapshots(*snapshots)


def _limits(document: Any) -> list[Any]:
    parameters: list[Any] = _job(document)["parameters"]
    return parameters


# What is edited; the detail that has to be named; whom it breaks, "" where it adds something, else "other".
EDITS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "exception of a status": (
        lambda d: _job(d)["x-error-statuses"].update({404: "ConflictError"}),
        "errors by status: ",
        "readers",
    ),
    "exception for one more status": (
        lambda d: _job(d)["x-error-statuses"].update({409: "ConflictError"}),
        "errors by status: ",
        "",
    ),
    "state that ends a job": (
        lambda d: _job(d)["x-poll"].update(done=["fine"]),
        "states of the job: ",
        "readers",
    ),
    "one more state": (lambda d: _job(d)["x-poll"].update(done=["ok", "fine"]), "states of the job: ", ""),
    "end of a stream": (
        lambda d: _talk(d)["x-stream"].update(done="[END]"),
        "stream ends with: [DONE] → [END]",
        "readers",
    ),
    "class of a discriminator's value": (
        lambda d: _mapping(d).update(dog="#/components/schemas/Cat"),
        "discriminator: ",
        "readers",
    ),
    "value of a discriminator": (
        lambda d: _mapping(d).update(puppy="#/components/schemas/Dog"),
        "discriminator: ",
        "",
    ),
    "documented failure": (
        lambda d: _job(d)["responses"].update({"409": {"description": "busy"}}),
        "documented failures: 404 → 404, 409",
        "",
    ),
    "two credentials at once": (
        lambda d: _job(d).update(security=[{"a": [], "b": []}]),
        "credentials: a → a + b",
        "callers",
    ),
    "another credential": (
        lambda d: _job(d).update(security=[{"a": []}, {"b": []}]),
        "credentials: a → a, b",
        "",
    ),
    "order of request media types": (_reordered, "default media type: application/json → ", "callers"),
    "server of a path": (
        lambda d: d["paths"]["/job"]["servers"][0].update(url="https://new.example.com"),
        "servers: ",
        "callers",
    ),
    "encoding of a field": (_encoding, "encodings: ", "callers"),
    "failure that is no longer documented": (
        lambda d: _job(d)["responses"].pop("404"),
        "documented failures: 404 → none",
        "other",
    ),
    "body of a failure": (
        lambda d: _job(d)["responses"]["404"].update(_json("Cat")),
        "bodies of failures: none → 404 Cat",
        "",
    ),
    "another body of a failure": (
        lambda d: _talk(d)["responses"]["409"].update(_json("Cat")),
        "bodies of failures: 409 Problem → 409 Cat",
        "readers",
    ),
    "header of an answer": (
        lambda d: _job(d)["responses"]["200"]["headers"].update({"X-New": {"schema": {"type": "string"}}}),
        "headers of answers: none → 200 X-New str",
        "",
    ),
    "type of a header": (
        lambda d: _job(d)["responses"]["200"]["headers"]["X-Left"]["schema"].update(type="string"),
        "headers of answers: 200 X-Left int → 200 X-Left str",
        "readers",
    ),
    "property of a discriminator": (
        lambda d: d["components"]["schemas"]["Pet"]["discriminator"].update(propertyName="tail"),
        "discriminator: by kind → by tail",
        "readers",
    ),
    "discriminator in an answer": (
        lambda d: _inline(d)["discriminator"]["mapping"].update(dog="#/components/schemas/Cat"),
        "discriminator: dog Dog → dog Cat",
        "readers",
    ),
    "no credentials": (lambda d: _job(d).update(security=[{"a": []}, {}]), "credentials: a → a, none", ""),
    "one of two credentials": (
        lambda d: _talk(d).update(security=[{"b": []}]),
        "credentials: a + b → b",
        "",
    ),
    "server of an operation": (
        lambda d: _talk(d).update(servers=[{"url": "https://talk.example.com"}]),
        "servers: none → https://talk.example.com",
        "callers",
    ),
    "values of a variable": (
        lambda d: d["servers"][0]["variables"]["region"].update(enum=["eu"]),
        "variables: ",
        "callers",
    ),
    "one more value of a variable": (
        lambda d: d["servers"][0]["variables"]["region"].update(enum=["eu", "us", "ap"]),
        "variables: ",
        "",
    ),
    "media type of a part": (
        lambda d: _talk(d)["requestBody"]["content"]["application/x-www-form-urlencoded"]["encoding"].update(
            note={"contentType": "text/plain"}
        ),
        "encodings: ",
        "callers",
    ),
    "style of a parameter": (lambda d: _limits(d)[0].update(explode=False), "sent as: ", "callers"),
    "state that means failure": (
        lambda d: _job(d)["x-poll"].update(failed=["broken"]),
        "states of the job: failed bad → failed broken",
        "readers",
    ),
    "time between two looks": (
        lambda d: _job(d)["x-poll"].update(interval=2),
        "states of the job: interval 1 s → interval 2 s",
        "other",
    ),
    "event that ends a stream": (
        lambda d: _talk(d)["x-stream"].update(terminal=["end"]),
        "stream ends with: ",
        "readers",
    ),
    "either of two credentials": (
        lambda d: _talk(d).update(security=[{"a": []}, {"b": []}]),
        "credentials: a + b → a, b",
        "",
    ),
    "scopes of a credential": (
        lambda d: _job(d).update(security=[{"a": ["read"]}]),
        "scopes: none → a read",
        "callers",
    ),
    "credentials where none were needed": (
        lambda d: d["paths"]["/pets"]["get"].update(security=[{"a": []}]),
        "credentials: none → a",
        "callers",
    ),
    "URL of the server": (
        lambda d: d["servers"][0].update(url="https://{region}.example.org"),
        "URLs: https://eu.example.com → https://eu.example.org",
        "",
    ),
    "one more server": (lambda d: d["servers"].append({"url": "https://b.example.com"}), "URLs: ", ""),
    "another server first": (
        lambda d: d["servers"].insert(0, {"url": "https://b.example.com"}),
        "URLs: ",
        "",
    ),
    "default of a variable": (
        lambda d: d["servers"][0]["variables"]["region"].update(default="us"),
        "URLs: https://eu.example.com → https://us.example.com",
        "",
    ),
    "what asks for a stream": (
        lambda d: _talk(d)["x-stream"].update(parameter="live"),
        "asks for a stream: stream → live",
        "callers",
    ),
    "form of a webhook": (
        lambda d: d["webhooks"]["told"]["post"]["requestBody"].update(
            content={"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Cat"}}}
        ),
        "sent as: JSON → a form or a query",
        "readers",
    ),
    "pattern of keys": (
        lambda d: d["components"]["schemas"]["Ask"]["properties"]["notes"].update(
            patternProperties={"^y-": {"type": "integer"}}
        ),
        "patterns of keys: `^x-` int → `^y-` int",
        "callers",
    ),
    "answer of a documented status": (
        lambda d: _job(d)["responses"].update({"202": {"description": "later"}}),
        "reads as: Job → Job | None, with the answer 202 without a body",
        "readers",
    ),
    "status that is no longer documented": (
        lambda d: _job(d)["responses"].pop("201"),
        "",
        "readers",
    ),
    "request media type": (
        lambda d: _talk(d)["requestBody"]["content"].pop("application/x-www-form-urlencoded"),
        "request media types: application/json, application/x-www-form-urlencoded → application/json",
        "callers",
    ),
    "values of an enum alone": (
        lambda d: d["components"]["schemas"]["Ask"]["properties"]["mood"].update({"x-open-enum": False}),
        "no other values may be sent",
        "callers",
    ),
    "exception of a status, for all": (
        lambda d: d["components"]["schemas"]["Problem"]["x-error-statuses"].update({503: "APIError"}),
        "raises: NetworkError → APIError",
        "readers",
    ),
}


@pytest.mark.parametrize(("edit", "detail", "broken"), EDITS.values(), ids=EDITS)
def test_the_change_is_named_and_rated(
    edit: Callable[[Any], Any], detail: str, broken: str, tmp_path: Path
) -> None:
    after = copy.deepcopy(BASE)
    edit(after)
    (change,) = compared(BASE, after, tmp_path)  # it is named, and once
    assert change.detail.startswith(detail)
    assert (change.callers, change.readers) == (broken == "callers", broken == "readers")
    assert bool(change.why) == (broken in ("callers", "readers"))
    assert change.level == {"": "feature", "other": "fix"}.get(broken, "breaking")


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        ([{"a": []}, {"b": []}], [{"a": []}], True),
        ([{"a": []}, {"b": []}], [{"b": []}], True),
        ([{"a": []}, {"b": []}], [{"b": []}, {"a": [], "b": []}], True),
        ([{"a": []}, {"a": [], "b": []}], [{"a": []}], False),
    ],
)
def test_all_credentials_that_were_enough_have_to_be_enough(
    before: Any, after: Any, broken: bool, tmp_path: Path
) -> None:
    old, new = copy.deepcopy(BASE), copy.deepcopy(BASE)
    _job(old).update(security=before)
    _job(new).update(security=after)
    (change,) = compared(old, new, tmp_path)
    assert change.detail.startswith("credentials: ")
    assert change.callers == broken


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        (None, {"image_bytes": 10}, True),
        ({"image_bytes": 10}, {"image_bytes": 9}, True),
        ({"image_bytes": 10}, {"image_bytes": 11}, False),
        ({"image_bytes": 10}, None, False),
        ({"image_bytes": 10}, {"image_bytes": 11, "request_bytes": 90}, True),
    ],
)
def test_a_size_that_was_not_limited_or_less_breaks_callers(
    before: Any, after: Any, broken: bool, tmp_path: Path
) -> None:
    old, new = copy.deepcopy(BASE), copy.deepcopy(BASE)
    for document, limit in ((old, before), (new, after)):
        document["components"]["schemas"]["Ask"]["properties"]["picture"] = {
            "type": "string",
            **({"x-media-limit": limit} if limit else {}),
        }
    (change,) = compared(old, new, tmp_path)
    assert change.callers == broken


def test_the_same_description_has_no_changes(tmp_path: Path) -> None:
    assert compared(BASE, copy.deepcopy(BASE), tmp_path) == []


def test_credentials_that_are_needed_together_have_no_order(tmp_path: Path) -> None:
    after = copy.deepcopy(BASE)
    _talk(after).update(security=[{"b": [], "a": []}])
    assert compared(BASE, after, tmp_path) == []


# ── redocly's findings beside ours ───────────────────────────────────────────────────────────────────────────────────


def _rating(pointer: str, message: str = "m") -> Rating:
    return Rating(pointer, pointer, "breaking", ("rule",), message, text=False)


def _required(document: Any) -> None:
    document["components"]["schemas"]["Ask"]["required"] = ["tags"]


FINDINGS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "list of required properties": (_required, "#/components/schemas/Ask/required"),
    "server of a path": (EDITS["server of a path"][0], "#/paths/~1job/servers/0/url"),
    "server of all": (lambda d: d["servers"][0].update(url="https://x.example.com"), "#/servers/0"),
    "credentials": (EDITS["two credentials at once"][0], "#/paths/~1job/get/security/0/b"),
    "table of errors": (
        EDITS["exception of a status, for all"][0],
        "#/components/schemas/Problem/x-error-statuses/503",
    ),
    "property of another schema, which did not change": (
        EDITS["class of a discriminator's value"][0],
        "#/components/schemas/Dog/properties/tail",
    ),
}


@pytest.mark.parametrize(("edit", "pointer"), FINDINGS.values(), ids=FINDINGS)
def test_a_finding_of_redocly_stands_once(edit: Callable[[Any], Any], pointer: str, tmp_path: Path) -> None:
    after = copy.deepcopy(BASE)
    edit(after)
    ours = compared(BASE, after, tmp_path)
    merged = merge(ours, [_rating(pointer)], BASE, after)
    assert [(c.kind, c.name, c.detail) for c in merged] == [(c.kind, c.name, c.detail) for c in ours]


def test_a_finding_of_redocly_alone_is_added_once(tmp_path: Path) -> None:
    after = copy.deepcopy(BASE)
    _job(after)["responses"]["200"]["links"] = {"again": {"operationId": "job"}}
    place = "#/paths/~1job/get/responses/200/links"
    merged = merge(
        compared(BASE, after, tmp_path), [_rating(place, "a link"), _rating(place, "a link")], BASE, after
    )
    assert [(c.kind, c.name, c.level, c.readers) for c in merged] == [
        ("description", "a link", "breaking", True)
    ]


# Others edit what these remove or move.
ALONE = {"failure that is no longer documented", "another server first", "request media type"}


@pytest.mark.skipif(not (PROJECT / redocly.BINARY).exists(), reason="`make lint` installs redocly")
def test_with_redocly_every_edit_is_still_one_change_and_one_line_of_the_changelog(tmp_path: Path) -> None:
    after = copy.deepcopy(BASE)
    for name, (edit, _, _) in EDITS.items():
        if name not in ALONE:
            edit(after)
    _required(after)
    ours = compared(BASE, after, tmp_path)
    rated = redocly.ratings(PROJECT, tmp_path / "old.yaml", tmp_path / "new.yaml")
    assert rated is not None
    merged = merge(ours, rated, BASE, after)
    merged = [change for change in merged if "for people" not in change.name]
    assert [change.name for change in merged if change.kind == "description"] == []
    assert len({(change.kind, change.name, change.detail) for change in merged}) == len(merged)
    lines = [
        line
        for line in draft(Comparison("old", "new", merged, "major", "1.0.0", "2.0.0")).splitlines()
        if line.startswith("- ")
    ]
    assert len(lines) == len(set(lines)) == len(merged)
