"""What a change of the description means: to callers, to readers, to the next version."""
# ruff: noqa: E501  a row of the table is a line

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from generator.cli import main
from generator.compatibility import redocly
from generator.compatibility.aspects import Change
from generator.compatibility.changes import compare_snapshots
from generator.compatibility.diff import NoSuchDescription, at
from generator.compatibility.entry import Snapshot
from generator.compatibility.snapshot import snapshot_of
from generator.compatibility.versions import bump_of, following, may_break
from generator.description.read import read
from generator.source.settings import PROJECT, GeneratorSettings
from tests.evolution.editing import BASE, overlaid

HAS_REDOCLY = (PROJECT / redocly.BINARY).exists()


def portrait(document: object, directory: Path, name: str) -> Snapshot:
    path = directory / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return snapshot_of(read(path), "shelf")


def changes(old: str, new: str, directory: Path) -> list[Change]:
    return compare_snapshots(
        portrait(overlaid(old), directory, "old"), portrait(overlaid(new), directory, "new")
    )


# The edit; the change that has to be named; whom it breaks; what follows.
ROWS = [
    ("", "paths: {/new: {get: {operationId: getNew, tags: [books], responses: {'204': {description: x}}}}}",
     "operation getNew", "added", "", "minor"),
    ("", "paths: {/books/{book_id}: ~}", "operation getBook", "removed", "callers", "major"),
    ("", "paths: {/books: {get: {operationId: allBooks}}}", "operation listBooks", "renamed", "callers", "major"),
    ("", "paths: {/books: {get: {tags: [shelf]}}}", "operation listBooks", "changed", "callers", "major"),
    ("", "paths: {/books: {get: {deprecated: true}}}", "operation listBooks", "changed", "", "minor"),
    ("", "paths: {/books: {get: {security: []}}}", "operation listBooks", "changed", "", "minor"),
    ("paths: {/books: {get: {security: []}}}", "", "operation listBooks", "changed", "callers", "major"),
    ("", "paths: {/books: {post: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/NewBook'}}}}}}}",
     "operation createBook", "changed", "", "minor"),
    ("", "paths: {/books: {post: {responses: {'202': {description: Later.}}}}}",
     "operation createBook", "retyped", "readers", "major"),
    ("", "paths: {/books: {get: {parameters: [{name: limit, in: query, schema: {type: integer, maximum: 50}}, {name: genre, in: query, schema: {$ref: '#/components/schemas/Genre'}}]}}}",
     "argument listBooks: query parameter limit", "changed", "callers", "major"),
    ("", "paths: {/books: {get: {parameters: [{name: limit, in: query, required: true, schema: {type: integer, minimum: 1, maximum: 100}}, {name: genre, in: query, schema: {$ref: '#/components/schemas/Genre'}}]}}}",
     "argument listBooks: query parameter limit", "changed", "callers", "major"),
    ("", "paths: {/books: {get: {parameters: [{name: limit, in: query, schema: {type: number, minimum: 1, maximum: 100}}, {name: genre, in: query, schema: {$ref: '#/components/schemas/Genre'}}]}}}",
     "argument listBooks: query parameter limit", "retyped", "", "minor"),
    ("", "components: {schemas: {NewBook: {properties: {isbn: {type: string}}}}}", "field NewBook.isbn", "added", "", "minor"),
    ("", "components: {schemas: {NewBook: {required: [title, isbn], properties: {isbn: {type: string}}}}}",
     "field NewBook.isbn", "added", "callers", "major"),
    ("", "components: {schemas: {NewBook: {required: [title, pages]}}}", "field NewBook.pages", "changed", "callers", "major"),
    ("", "components: {schemas: {NewBook: {properties: {pages: ~}}}}", "field NewBook.pages", "removed", "callers", "major"),
    ("", "components: {schemas: {NewBook: {properties: {pages: {type: [integer, string]}}}}}",
     "field NewBook.pages", "retyped", "", "minor"),
    ("", "components: {schemas: {NewBook: {properties: {pages: {type: string, minimum: ~}}}}}",
     "field NewBook.pages", "retyped", "callers", "major"),
    ("", "components: {schemas: {NewBook: {properties: {pages: {minimum: 0}}}}}", "field NewBook.pages", "changed", "", "minor"),
    ("", "components: {schemas: {NewBook: {properties: {pages: {default: 1}}}}}", "field NewBook.pages", "changed", "", "patch"),
    ("", "components: {schemas: {NewBook: {additionalProperties: false}}}", "schema NewBook", "changed", "callers", "major"),
    ("", "components: {schemas: {Book: {properties: {isbn: {type: string}}}}}", "field Book.isbn", "added", "", "minor"),
    ("", "components: {schemas: {Book: {properties: {pages: ~}}}}", "field Book.pages", "removed", "readers", "major"),
    ("", "components: {schemas: {Book: {properties: {pages: {type: string}}}}}", "field Book.pages", "retyped", "readers", "major"),
    ("", "components: {schemas: {Book: {required: [id]}}}", "field Book.title", "retyped", "readers", "major"),
    ("", "components: {schemas: {Book: {properties: {title: {type: [string, 'null']}}}}}",
     "field Book.title", "retyped", "readers", "major"),
    ("", "components: {schemas: {Genre: {enum: [novel, poetry, comic]}}}", "value Genre: 'comic'", "added", "", "minor"),
    ("", "components: {schemas: {Genre: {enum: [novel]}}}", "value Genre: 'poetry'", "removed", "callers and readers", "major"),
    ("", "components: {schemas: {Genre: {x-open-enum: false}}}", "value Genre", "changed", "callers", "major"),
    ("", "components: {schemas: {Book: {properties: {pages: ~, page_count: {type: integer, x-renamed-from: pages}}}}}",
     "field Book.pages", "renamed", "", "minor"),
    ("", "components: {schemas: {NewBook: {properties: {pages: ~, page_count: {type: integer, minimum: 1, x-renamed-from: pages}}}}}",
     "field NewBook.pages", "renamed", "", "minor"),
    ("paths: {/books: {get: {parameters: [{name: lang, in: query, schema: {type: string}}]}}}",
     "paths: {/books: {get: {parameters: [{name: language, in: query, x-renamed-from: lang, schema: {type: string}}]}}}",
     "argument listBooks: query parameter lang", "renamed", "", "minor"),
    ("", "components: {securitySchemes: {bearerAuth: {type: http, scheme: basic}}}", "auth bearerAuth", "changed", "callers", "major"),
    ("", "components: {securitySchemes: {key: {type: apiKey, in: header, name: K}}}", "auth key", "added", "", "minor"),
    ("", "webhooks: {sold: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}, responses: {'200': {description: x}}}}}",
     "webhook sold", "added", "", "minor"),
    ("", "servers: [{url: 'https://elsewhere.test'}]", "server the servers", "changed", "", "minor"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "what", "action", "breaks", "bump"),
    ROWS,
    ids=[f"{row[2]} {row[3]} {row[5]}" for row in ROWS],
)
def test_change_is_named_with_whom_it_breaks(
    old: str, new: str, what: str, action: str, breaks: str, bump: str, tmp_path: Path
) -> None:
    if "~" in new and "/books/{book_id}" in new:
        new = "paths:\n  /books/{book_id}: ~\n"
    found = changes(old, new, tmp_path)
    named = [change for change in found if f"{change.kind} {change.name}" == what and change.action == action]
    assert named, [f"{change.kind} {change.name} {change.action}" for change in found]
    words = {
        " and ".join(word for word, broken in (("callers", c.callers), ("readers", c.readers)) if broken)
        for c in named
    }
    assert breaks in words
    assert bump_of(found) == bump
    if breaks:
        assert named[0].why


def test_what_breaks_comes_first_and_what_is_new_before_the_rest(tmp_path: Path) -> None:
    edits = (
        "components: {schemas: {NewBook: {properties: {pages: {default: 1}, isbn: {type: string}}},"
        " Book: {properties: {pages: ~}}}}"
    )
    levels = [change.level for change in changes("", edits, tmp_path)]
    assert list(dict.fromkeys(levels)) == ["breaking", "feature", "fix"]
    assert levels == sorted(levels, key=["breaking", "feature", "fix"].index)


def test_nothing_changed_is_nothing_said(tmp_path: Path) -> None:
    assert changes("", "", tmp_path) == []
    assert bump_of([]) == "none"


def test_python_names_are_those_that_users_type(tmp_path: Path) -> None:
    facade = "paths: {/books: {post: {x-facade: [{name: add_book, positional: [title], rename: {pages: length}}]}}}"
    closer = facade + "\ncomponents: {schemas: {NewBook: {properties: {pages: {maximum: 9}}}}}"
    (change,) = changes(facade, closer, tmp_path)
    assert change.python == (
        "shelf.models.NewBook.pages",
        "client.add_book(length=)",
        "client.api.books.create_book(pages=)",
    )


def test_position_of_an_argument_counts(tmp_path: Path) -> None:
    before = "paths: {/books: {post: {x-facade: [{name: add_book, positional: [title, pages, genre]}]}}}"
    after = "paths: {/books: {post: {x-facade: [{name: add_book, positional: [title, genre, pages]}]}}}"
    (change,) = changes(before, after, tmp_path)
    assert change.callers
    assert "by position" in change.detail


def test_a_renamed_argument_does_not_move_its_namesake_in_another_method(tmp_path: Path) -> None:
    facades = """paths:
  /books:
    get: {x-facade: [{name: books, positional: [genre, limit]}]}
    post: {x-facade: [{name: add_book, positional: [title, genre]}]}
components: {schemas: {NewBook: {properties: {genre: %s}}}}
"""
    kind = "{$ref: '#/components/schemas/Genre'"
    before = facades % f"{kind}}}"
    after = facades.replace("[title, genre]", "[title, kind]").replace(
        "{genre: %s}", f"{{genre: ~, kind: {kind}, x-renamed-from: genre}}}}"
    )
    (change,) = changes(before, after, tmp_path)
    assert (change.action, change.detail) == ("renamed", "NewBook.genre → NewBook.kind")


def test_undeclared_rename_is_hinted_at(tmp_path: Path) -> None:
    new = "components: {schemas: {Book: {properties: {pages: ~, leaves: {type: integer}}}}}"
    removed = next(change for change in changes("", new, tmp_path) if change.action == "removed")
    assert removed.detail == "if Book.leaves is its new name, declare it there: `x-renamed-from: pages`"


def test_renamed_schema_is_one_change_and_not_many(tmp_path: Path) -> None:
    book = overlaid("")
    text = (
        yaml.safe_dump(book, sort_keys=False)
        .replace("schemas/Book'", "schemas/Volume'")
        .replace("schemas/Book\n", "schemas/Volume\n")
    )
    renamed = yaml.safe_load(text)
    renamed["components"]["schemas"]["Volume"] = {
        **renamed["components"]["schemas"].pop("Book"),
        "x-renamed-from": "Book",
    }
    found = compare_snapshots(portrait(book, tmp_path, "old"), portrait(renamed, tmp_path, "new"))
    assert [(change.kind, change.action, change.breaking) for change in found] == [
        ("schema", "renamed", False)
    ]
    assert found[0].python == ("shelf.models.Book", "shelf.models.Volume")


@pytest.mark.parametrize(
    ("version", "bump", "next_one"),
    [
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("1.2.3", "none", "1.2.3"),
        ("0.2.0", "major", "0.3.0"),
        ("0.2.0", "minor", "0.2.1"),
    ],
)
def test_version_that_follows(version: str, bump: str, next_one: str) -> None:
    assert following(version, bump) == next_one  # type: ignore[arg-type]  # a row of the table
    assert may_break(version, next_one) == (bump == "major")


# ── redocly ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(not HAS_REDOCLY, reason="redocly is not installed: make lint installs it")
def test_what_redocly_finds_is_matched_or_added(tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    document = overlaid("components: {schemas: {NewBook: {properties: {pages: {minimum: 2}}}}}")
    document["paths"]["/books"]["get"]["description"] = "Another text."
    document["paths"]["/books"]["get"]["responses"]["200"]["links"] = {"one": {"operationId": "getBook"}}
    new.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    rated = redocly.ratings(PROJECT, BASE, new)
    assert rated is not None
    ours = compare_snapshots(snapshot_of(read(BASE), "shelf"), snapshot_of(read(new), "shelf"))
    merged = redocly.merge(ours, rated, overlaid(""), document)
    (limits,) = [change for change in merged if change.name == "NewBook.pages"]
    assert limits.callers
    assert any("constraint" in rule for rule in limits.rated)
    assert [c.name for c in merged if c.kind == "description"][-1].startswith("1 text for people")
    assert any("link" in c.name.lower() for c in merged if c.kind == "description")


def test_without_redocly_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(redocly, "BINARY", Path("nowhere/redocly"))
    assert main(["diff", str(BASE), str(BASE), "--package", "shelf"]) == 0
    assert "redocly is not installed" in capsys.readouterr().out


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def breaking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(redocly, "BINARY", Path("nowhere/redocly"))
    monkeypatch.setenv("COLUMNS", "120")
    path = tmp_path / "new.yaml"
    change = "components: {schemas: {Book: {properties: {pages: ~, isbn: {type: string}}}}}"
    path.write_text(yaml.safe_dump(overlaid(change), sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.parametrize(("fail_on", "code"), [("major", 3), ("patch", 3), ("never", 0)])
def test_exit_code_says_whether_something_breaks(breaking: Path, fail_on: str, code: int) -> None:
    assert main(["diff", str(BASE), str(breaking), "--package", "shelf", "--fail-on", fail_on]) == code


def test_table_is_for_people(breaking: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["diff", str(BASE), str(breaking), "--package", "shelf"])
    said = capsys.readouterr().out
    assert "- field Book.pages removed" in said
    assert "breaks readers" in said
    assert "shelf.models.Book.isbn" in said
    assert "version bump: major (0." in said


def test_markdown_is_for_pull_requests(breaking: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["diff", str(BASE), str(breaking), "--package", "shelf", "--format", "markdown"])
    said = capsys.readouterr().out
    assert "### Breaking (1)" in said
    assert "| `shelf.models.Book.pages` | readers | the attribute is removed |" in said


def test_json_is_for_programs(breaking: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["diff", str(BASE), str(breaking), "--package", "shelf", "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert document["bump"] == "major"
    assert document["breaking"] == {"callers": 0, "readers": 1}
    removed = document["changes"][0]
    assert (removed["kind"], removed["action"], removed["name"]) == ("field", "removed", "Book.pages")
    assert removed["old"]["pointer"] == "#/components/schemas/Book/properties/pages"
    assert removed["old"]["line"] > 0


def test_description_that_is_not_sound_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {a: {}}\n", encoding="utf-8")
    assert main(["diff", str(BASE), str(wrong)]) == 1
    assert "start with `/`" in capsys.readouterr().err


def test_former_description_may_be_a_git_ref(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.test", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    spec = tmp_path / "api" / "openapi.yaml"
    (tmp_path / "api" / "parts").mkdir(parents=True)
    part = spec.parent / "parts" / "book.yaml"
    part.write_text("Title: {type: string}\n", encoding="utf-8")
    change = "components: {schemas: {Book: {properties: {title: {$ref: 'parts/book.yaml#/Title'}}}}}"
    spec.write_text(yaml.safe_dump(overlaid(change)), encoding="utf-8")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    part.write_text("Title: {type: integer}\n", encoding="utf-8")
    settings = GeneratorSettings(spec=spec, output=tmp_path / "out", package="shelf")
    with at("HEAD", settings) as old:
        found = compare_snapshots(snapshot_of(read(old), "shelf"), snapshot_of(read(spec), "shelf"))
    assert [(change.name, change.action, change.readers) for change in found] == [("Title", "retyped", True)]
    with pytest.raises(NoSuchDescription, match="neither a file nor a git ref"), at("nothing", settings):
        pass
    shutil.rmtree(tmp_path / ".git")


STREAM = """
paths:
  /talk:
    post:
      operationId: talk
      tags: [books]
      x-stream: {{parameter: stream, done: "[DONE]"}}
      requestBody: {{content: {{application/json: {{schema: {{type: object, properties: {{stream: {{type: boolean}}}}}}}}}}}}
      responses:
        '200':
          description: Words.
          content:
            application/json: {{schema: {{$ref: '#/components/schemas/Word'}}}}
            text/event-stream: {{schema: {{oneOf: [{events}]}}}}
components:
  schemas:
    Word: {{type: object, required: [word], properties: {{word: {{type: string}}}}}}
    Pause: {{type: object, required: [seconds], properties: {{seconds: {{type: number}}}}}}
    End: {{type: object, required: [reason], properties: {{reason: {{type: string}}}}}}
"""


def test_events_of_a_stream_are_added_and_removed(tmp_path: Path) -> None:
    def events(*names: str) -> str:
        return STREAM.format(events=", ".join(f"{{$ref: '#/components/schemas/{name}'}}" for name in names))

    found = [
        c for c in changes(events("Word", "Pause"), events("Word", "End"), tmp_path) if c.kind == "event"
    ]
    assert [(c.name, c.action, c.callers, c.readers) for c in found] == [
        ("talk: Pause", "removed", False, True),
        ("talk: End", "added", False, False),
    ]
    assert found[0].python == ("client.api.books.talk",)


def test_operation_that_streams_no_more_breaks_callers(tmp_path: Path) -> None:
    before = STREAM.format(events="{$ref: '#/components/schemas/Word'}")
    after = overlaid(before)
    del after["paths"]["/talk"]["post"]["x-stream"]
    found = compare_snapshots(portrait(overlaid(before), tmp_path, "old"), portrait(after, tmp_path, "new"))
    (change,) = [c for c in found if c.detail == "can no longer be streamed"]
    assert change.callers
    assert not change.readers
