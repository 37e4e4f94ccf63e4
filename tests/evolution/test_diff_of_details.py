"""Changes that only our own comparison sees: it names and rates them without any other tool."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.compatibility.changes import Change, compare_snapshots
from generator.compatibility.snapshot import snapshot_of
from generator.description.read import read
from generator.source.settings import TEMPLATES

BASE = yaml.safe_load("""
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /job:
    servers: [{url: 'https://jobs.example.com'}]
    get:
      operationId: job
      tags: [t]
      security: [{a: []}]
      x-error-statuses: {404: NotFoundError}
      x-poll: {status: state, done: [ok], failed: [bad], pending: [busy], interval: 1, deadline: 60}
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Job'}}}}
        '404': {description: gone}
  /talk:
    post:
      operationId: talk
      tags: [t]
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
components:
  securitySchemes: {a: {type: http, scheme: bearer}, b: {type: apiKey, in: header, name: X-B}}
  schemas:
    Job: {type: object, required: [state], properties: {state: {type: string}}}
    Ask: {type: object, properties: {stream: {type: boolean}, tags: {type: array, items: {type: string}}}}
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


def _mapping(document: Any) -> Any:
    return document["components"]["schemas"]["Pet"]["discriminator"]["mapping"]


def compared(old: Any, new: Any, directory: Path) -> list[Change]:
    snapshots = []
    for name, document in (("old", old), ("new", new)):
        path = directory / f"{name}.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        snapshots.append(snapshot_of(read(path), TEMPLATES, "shelf"))
    return compare_snapshots(*snapshots)


# What is edited; the detail that has to be named; whom it breaks.
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
}


@pytest.mark.parametrize(("edit", "detail", "broken"), EDITS.values(), ids=EDITS)
def test_the_change_is_named_and_rated(
    edit: Callable[[Any], Any], detail: str, broken: str, tmp_path: Path
) -> None:
    after = copy.deepcopy(BASE)
    edit(after)
    found = [change for change in compared(BASE, after, tmp_path) if change.detail.startswith(detail)]
    assert len(found) == 1
    (change,) = found
    assert (change.callers, change.readers) == (broken == "callers", broken == "readers")
    assert bool(change.why) == bool(broken)
    assert change.level == ("breaking" if broken else "feature")


def test_the_same_description_has_no_changes(tmp_path: Path) -> None:
    assert compared(BASE, copy.deepcopy(BASE), tmp_path) == []
