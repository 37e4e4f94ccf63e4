"""Edits of schemas: composition, nullability, enums, names, text, references."""
# ruff: noqa: E501  a schema on one line of YAML reads better than one on six

from __future__ import annotations

from tests.evolution.editing import Edit

_LONG_TEXT = " ".join(f"This is sentence {number} of a long description." for number in range(250))


def _both(schemas: str, *, used: str = "Thing") -> str:
    """An operation that takes a thing and gives one back, and the schemas for it, indented by four."""
    return f"""
paths:
  /things:
    post:
      operationId: echoThing
      tags: [things]
      requestBody: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/{used}'}}}}}}}}
      responses: {{'200': {{description: Fine., content: {{application/json: {{schema: {{$ref: '#/components/schemas/{used}'}}}}}}}}}}
components:
  schemas:
{schemas}
"""


EDITS = [
    Edit(
        "one of several with a discriminator",
        _both(
            """
    Film: {type: object, required: [kind, minutes], properties: {kind: {type: string}, minutes: {type: integer}}}
    Record: {type: object, required: [kind, sides], properties: {kind: {type: string}, sides: {type: integer}}}
    Thing:
      oneOf: [{$ref: '#/components/schemas/Film'}, {$ref: '#/components/schemas/Record'}]
      discriminator: {propertyName: kind, mapping: {film: '#/components/schemas/Film', lp: '#/components/schemas/Record'}}
"""
        ),
        """
        client.api.things.echo_thing(body={"kind": "film", "minutes": 90})
        client.api.things.echo_thing(body=models.Record("lp", 2))
        assert sent()["body"] == {"kind": "lp", "sides": 2}
        from package_name._runtime.codec import alias

        decoded = alias("thing", "THING_CODEC").decode({"kind": "lp", "sides": 1, "minutes": 3})
        assert isinstance(decoded, models.Record)
        """,
    ),
    Edit(
        "all of several",
        _both(
            """
    Named: {type: object, required: [name], properties: {name: {type: string}}}
    Dated: {type: object, properties: {day: {type: string, format: date}}}
    Thing:
      allOf:
        - {$ref: '#/components/schemas/Named'}
        - {$ref: '#/components/schemas/Dated'}
        - {type: object, required: [size], properties: {size: {type: number}}}
"""
        ),
        """
        thing = client.api.things.echo_thing(name="n", size=1.5, day=datetime.date(2026, 1, 2))
        assert sent()["body"] == {"name": "n", "size": 1.5, "day": "2026-01-02"}
        assert isinstance(thing.name, str) and isinstance(thing.size, float | int)
        """,
    ),
    Edit(
        "any of scalars",
        _both(
            "    Thing: {type: object, properties: {value: {anyOf: [{type: string}, {type: number}, {type: boolean}]}}}"
        ),
        """
        for value in ("a", 1.5, True):
            client.api.things.echo_thing(value=value)
            assert sent()["body"] == {"value": value}
        """,
    ),
    Edit(
        "a schema that holds itself",
        _both(
            """
    Thing:
      type: object
      required: [name]
      properties:
        name: {type: string}
        children: {type: array, items: {$ref: '#/components/schemas/Thing'}}
        parent: {oneOf: [{$ref: '#/components/schemas/Thing'}, {type: 'null'}]}
"""
        ),
        """
        tree = models.Thing("root", children=[models.Thing("leaf")])
        client.api.things.echo_thing(body=tree)
        assert sent()["body"] == {"name": "root", "children": [{"name": "leaf"}]}
        again = models.Thing.from_dict(tree.to_dict())
        assert again.children is not None and again.children[0].name == "leaf"
        """,
    ),
    Edit(
        "JSON of any form",
        _both(
            """
    Thing:
      type: object
      properties: {data: {}, more: {type: object, additionalProperties: true}, list: {type: array, items: {}}}
"""
        ),
        """
        data: Any = {"a": [1, None, {"b": True}]}
        client.api.things.echo_thing(data=data, more={"x": [1]}, list_=[1, "two", None])
        assert sent()["body"] == {"data": data, "more": {"x": [1]}, "list": [1, "two", None]}
        """,
    ),
    Edit(
        "an enum that grew",
        "components: {schemas: {Genre: {enum: [novel, poetry, comic]}}}",
        """
        client.api.books.list_books(genre=models.Genre.COMIC)
        assert sent()["query"] == {"genre": "comic"}
        """,
    ),
    Edit(
        "an enum that lost a value",
        "components: {schemas: {Genre: {enum: [novel]}}}",
        """
        book = models.Book.from_dict({"id": "1", "title": "t", "genre": "poetry"})
        assert book.genre == "poetry"
        assert not hasattr(models.Genre, "POETRY")
        """,
    ),
    Edit(
        "an enum of numbers and an enum of everything",
        _both(
            """
    Level: {type: integer, enum: [-1, 0, 1]}
    Thing: {type: object, properties: {level: {$ref: '#/components/schemas/Level'}, mixed: {enum: [1, two, true, null]}}}
"""
        ),
        """
        client.api.things.echo_thing(level=models.Level.MINUS_1, mixed="two")
        assert sent()["body"] == {"level": -1, "mixed": "two"}
        """,
    ),
    Edit(
        "a closed enum",
        _both(
            "    Thing: {type: object, required: [mode], properties: {mode: {type: string, enum: [a, b], x-open-enum: false}}}"
        ),
        """
        client.api.things.echo_thing(mode="a")
        try:
            client.api.things.echo_thing(mode="c")  # type: ignore[arg-type]  # the point of it
        except package.InvalidParametersError as error:
            assert "mode" in str(error)
        else:
            raise AssertionError("a value outside of a closed enum was sent")
        """,
    ),
    Edit(
        "a field that may be null now",
        "components: {schemas: {Book: {properties: {title: {type: [string, 'null']}}}}}",
        """
        title: str | None = models.Book.from_dict({"id": "1", "title": None}).title
        assert title is None
        """,
    ),
    Edit(
        "null among the types",
        _both(
            "    Thing: {type: object, properties: {note: {type: [string, 'null']}, size: {type: [integer, string, 'null']}}}"
        ),
        """
        client.api.things.echo_thing(note=None, size="large")
        assert sent()["body"] == {"note": None, "size": "large"}
        """,
    ),
    Edit(
        "the nullable of OpenAPI 3",
        "openapi: 3.0.3\ncomponents: {schemas: {Book: {properties: {pages: {nullable: true}}}}}",
        """
        pages: int | None = models.Book.from_dict({"id": "1", "title": "t", "pages": None}).pages
        assert pages is None
        """,
    ),
    Edit(
        "an optional field that is required now",
        "components: {schemas: {NewBook: {required: [title, pages]}}}",
        """
        client.api.books.create_book(title="t", pages=3)
        assert sent()["body"] == {"title": "t", "pages": 3}
        try:
            client.api.books.create_book(title="t")
        except package.InvalidParametersError as error:
            assert "pages" in str(error)
        else:
            raise AssertionError("a request without a required field was sent")
        """,
    ),
    Edit(
        "tighter limits",
        "components: {schemas: {NewBook: {properties: {title: {maxLength: 3}, pages: {maximum: 10, multipleOf: 2}}}}}",
        """
        client.api.books.create_book(title="abc", pages=10)
        for wrong in ({"title": "abcd"}, {"title": "a", "pages": 12}, {"title": "a", "pages": 3}):
            try:
                client.api.books.create_book(body=wrong)  # type: ignore[arg-type]  # a plain dict of either field
            except package.InvalidParametersError:
                continue
            raise AssertionError(f"{wrong} was sent")
        """,
    ),
    Edit(
        "a field of another type",
        "components: {schemas: {Book: {properties: {pages: {type: string}}}}}",
        """
        pages: str | None = models.Book.from_dict({"id": "1", "title": "t", "pages": "xii"}).pages
        assert pages == "xii"
        assert client.api.books.get_book("1") is not None
        """,
    ),
    Edit(
        "a renamed schema",
        """
        paths:
          /books:
            get:
              responses:
                '200': {content: {application/json: {schema: {items: {$ref: '#/components/schemas/Volume'}}}}}
            post:
              responses: {'201': {content: {application/json: {schema: {$ref: '#/components/schemas/Volume'}}}}}
          /books/{book_id}:
            get:
              responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Volume'}}}}}
        components:
          schemas:
            Book: ~
            Volume:
              type: object
              x-renamed-from: Book
              required: [id, title]
              properties: {id: {type: string}, title: {type: string}}
        """,
        """
        import warnings

        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            assert models.Book is models.Volume
            assert package.Book is package.Volume
            assert models.Book("1", "t").title == "t"
        assert len(heard) == 2  # once for each of the two places
        assert "Volume; the old name goes with the next major version" in str(heard[0].message)
        volume: models.Volume = client.api.books.get_book("1")
        assert isinstance(volume, models.Volume)
        """,
    ),
    Edit(
        "a renamed field",
        """
        components:
          schemas:
            Book: {properties: {pages: ~, page_count: {type: integer, x-renamed-from: pages}}}
            NewBook: {properties: {pages: ~, page_count: {type: integer, x-renamed-from: pages}}}
        """,
        """
        import warnings

        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            book = models.Book.from_dict({"id": "1", "title": "t", "page_count": 3})
            assert book.pages == 3
            assert book.pages == 3
            client.api.books.create_book(body=models.NewBook("t", pages=7))
        assert sent()["body"] == {"title": "t", "page_count": 7}
        assert len(heard) == 2  # once for each schema
        assert "Book.pages is now called page_count; the old name goes" in str(heard[0].message)
        """,
    ),
    Edit(
        "a removed field",
        "components: {schemas: {Book: {properties: {pages: ~}}}}",
        """
        book = models.Book.from_dict({"id": "1", "title": "t", "pages": 3})
        assert book["pages"] == 3  # what the server still sends is still there, by its name on the wire
        assert book.to_dict()["pages"] == 3
        """,
    ),
    Edit(
        "fields that are Python keywords and builtins",
        _both(
            """
    Thing:
      type: object
      required: [class, from]
      properties:
        class: {type: string}
        from: {type: string}
        list: {type: array, items: {type: string}}
        id: {type: string}
        type: {type: string}
        print: {type: integer}
        None: {type: string}
        self: {type: string}
        keys: {type: string}
        to_dict: {type: string}
"""
        ),
        """
        thing = models.Thing("c", "f", list_=["x"], id="i", type="t", print=1, none="n", self_="s", keys_="k", to_dict_="d")
        wire = {"class": "c", "from": "f", "list": ["x"], "id": "i", "type": "t", "print": 1, "None": "n"}
        assert thing.to_dict() == {**wire, "self": "s", "keys": "k", "to_dict": "d"}
        client.api.things.echo_thing(body=thing)
        assert sent()["body"] == thing.to_dict()
        assert thing.class_ == "c" and thing.list_ == ["x"]
        """,
    ),
    Edit(
        "schemas that are called like builtins",
        _both(
            """
    list: {type: object, properties: {a: {type: string}}}
    Exception: {type: object, properties: {b: {type: string}}}
    Any: {type: object, properties: {c: {type: string}}}
    Thing:
      type: object
      properties:
        one: {$ref: '#/components/schemas/list'}
        two: {$ref: '#/components/schemas/Exception'}
        three: {$ref: '#/components/schemas/Any'}
"""
        ),
        """
        client.api.things.echo_thing(one={"a": "x"}, two={"b": "y"}, three={"c": "z"})
        assert sent()["body"] == {"one": {"a": "x"}, "two": {"b": "y"}, "three": {"c": "z"}}
        """,
    ),
    Edit(
        "names that differ by case",
        _both(
            """
    thing_item: {type: object, properties: {a: {type: string}}}
    ThingItem: {type: object, properties: {b: {type: string}}}
    Thing:
      type: object
      properties:
        Name: {type: string}
        name: {type: string}
        NAME: {type: string}
        one: {$ref: '#/components/schemas/thing_item'}
        two: {$ref: '#/components/schemas/ThingItem'}
        mode: {type: string, enum: [up, Up, UP]}
"""
        ),
        """
        client.api.things.echo_thing(body={"Name": "a", "name": "b", "NAME": "c", "one": {"a": "x"}, "two": {"b": "y"}})
        read = models.Thing.from_dict(sent()["body"])
        assert read.to_dict() == {"Name": "a", "name": "b", "NAME": "c", "one": {"a": "x"}, "two": {"b": "y"}}
        assert read.name == "b"
        """,
    ),
    Edit(
        "names beyond ASCII",
        _both(
            """
    Thing:
      type: object
      properties:
        größe: {type: object, properties: {länge: {type: number}, 高さ: {type: number}}}
        with space: {type: string}
        $ref-like: {type: string}
"""
        ),
        """
        client.api.things.echo_thing(body={"größe": {"länge": 1.5, "高さ": 2}, "with space": "w", "$ref-like": "r"})
        assert sent()["body"] == {"größe": {"länge": 1.5, "高さ": 2}, "with space": "w", "$ref-like": "r"}
        thing = models.Thing.from_dict(sent()["body"])
        assert thing.größe is not None and thing.größe.länge == 1.5
        assert thing.with_space == "w"
        """,
    ),
    Edit(
        "a description of ten thousand characters",
        f"components: {{schemas: {{Book: {{description: '{_LONG_TEXT}', properties: {{title: {{description: '{_LONG_TEXT}'}}}}}}}}}}",
        """
        assert "sentence 249 of a long description" in " ".join(str(models.Book.__doc__).split())
        assert client.api.books.get_book("1").title
        """,
    ),
    Edit(
        "hostile text",
        r"""
components:
  schemas:
    Book:
      description: |
        Ends the docstring: "" + '"' and with a backslash \
        {{ 7 * 7 }} {% raw %} {# #} \N{BELL} \x00
        " + __import__("os").system("true") + "
      properties:
        title: {description: "'''; raise SystemExit \\", default: "\"\"\"\nimport os\n"}
        'ti"tle': {type: string, enum: ["a\\", "\"", "'''", "{{x}}"]}
""",
        r"""
        book = models.Book.from_dict({"id": "1", "title": "t", 'ti"tle': '"'})
        assert book.to_dict()['ti"tle'] == '"'
        assert "{{ 7 * 7 }}" in str(models.Book.__doc__)
        assert client.api.books.get_book("1") is not None
        """,
    ),
    Edit(
        "chains of references",
        _both(
            """
    A: {$ref: '#/components/schemas/B'}
    B: {$ref: '#/components/schemas/C'}
    C: {type: object, required: [end], properties: {end: {type: string}}}
    Thing: {type: object, properties: {a: {$ref: '#/components/schemas/A'}, list: {type: array, items: {$ref: '#/components/schemas/B'}}}}
"""
        ),
        """
        client.api.things.echo_thing(a=models.C("x"), list_=[{"end": "y"}])
        assert sent()["body"] == {"a": {"end": "x"}, "list": [{"end": "y"}]}
        """,
    ),
    Edit(
        "schemas inside of schemas",
        _both(
            """
    Thing:
      type: object
      $defs: {Local: {type: object, properties: {deep: {type: string}}}}
      properties:
        local: {$ref: '#/components/schemas/Thing/$defs/Local'}
        inline: {type: object, properties: {more: {type: object, properties: {end: {type: integer}}}}}
"""
        ),
        """
        thing = client.api.things.echo_thing(local={"deep": "d"}, inline={"more": {"end": 1}})
        assert sent()["body"] == {"local": {"deep": "d"}, "inline": {"more": {"end": 1}}}
        read = models.Thing.from_dict(sent()["body"])
        assert read.inline is not None and read.inline.more is not None and read.inline.more.end == 1
        assert thing is not None
        """,
    ),
    Edit(
        "schemas in another file",
        _both(
            "    Thing: {type: object, properties: {part: {$ref: 'parts.yaml#/Part'}, book: {$ref: '#/components/schemas/Book'}}}"
        ),
        """
        read = models.Thing.from_dict({"part": {"name": "p"}, "book": {"id": "1", "title": "t"}})
        assert read.part is not None and read.part.name == "p"
        assert read.book is not None and read.book.title == "t"
        """,
        files={"parts.yaml": "Part: {type: object, required: [name], properties: {name: {type: string}}}\n"},
    ),
    Edit(
        "dates, times and identifiers",
        _both(
            """
    Thing:
      type: object
      properties:
        at: {type: string, format: date-time}
        day: {type: string, format: date}
        id: {type: string, format: uuid}
        many: {type: array, items: {type: string, format: date-time}}
"""
        ),
        """
        at = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
        client.api.things.echo_thing(at=at, day=at.date(), id="00000000-0000-4000-8000-000000000000", many=[at, "2026-01-02T03:04:05Z"])
        body = sent()["body"]
        assert body["at"].startswith("2026-01-02T03:04:05") and body["day"] == "2026-01-02"
        odd = models.Thing.from_dict({"at": "2026-01-02t03:04:60z"})
        assert odd.to_dict() == {"at": "2026-01-02t03:04:60z"}
        """,
    ),
    Edit(
        "constants",
        _both(
            "    Thing: {type: object, required: [kind], properties: {kind: {const: thing}, version: {const: 2}}}"
        ),
        """
        assert models.Thing().to_dict() == {"kind": "thing"}
        client.api.things.echo_thing(body=models.Thing(version=2))
        assert sent()["body"] == {"kind": "thing", "version": 2}
        """,
    ),
    Edit(
        "maps of models",
        _both(
            """
    Thing: {type: object, required: [name], properties: {name: {type: string}}, additionalProperties: {$ref: '#/components/schemas/Book'}}
"""
        ),
        """
        wire = {"name": "n", "first": {"id": "1", "title": "t"}}
        client.api.things.echo_thing(body=models.Thing.from_dict(wire))
        assert sent()["body"] == wire
        """,
    ),
    Edit(
        "an object that takes no other keys",
        _both("    Thing: {type: object, properties: {name: {type: string}}, additionalProperties: false}"),
        """
        client.api.things.echo_thing(name="n")
        try:
            client.api.things.echo_thing(body={"nome": "n"})  # type: ignore[arg-type]  # the point of it
        except package.InvalidParametersError as error:
            assert "nome" in str(error)
        else:
            raise AssertionError("an unknown key was sent")
        """,
    ),
    Edit(
        "fields that only one side may set",
        _both(
            """
    Thing:
      type: object
      required: [secret]
      properties:
        id: {type: string, readOnly: true}
        secret: {type: string, writeOnly: true, x-secret: true}
"""
        ),
        """
        client.api.things.echo_thing(secret="hidden")
        assert set(sent()["body"]) == {"secret"}
        assert "hidden" not in repr(models.Thing(secret="hidden"))
        """,
    ),
    Edit(
        "defaults beside references",
        _both(
            """
    Thing:
      type: object
      properties:
        book: {$ref: '#/components/schemas/NewBook', description: Beside a reference., default: {title: none}}
        tags: {type: array, items: {type: string}, default: [a]}
"""
        ),
        """
        thing = models.Thing()
        assert thing.tags == ["a"]
        assert thing.book is not None and thing.book.title == "none"
        client.api.things.echo_thing(body=thing)
        assert sent()["body"] == {}
        """,
    ),
    Edit(
        "lists of lists of numbers",
        _both(
            "    Thing: {type: object, required: [vectors], properties: {vectors: {type: array, items: {type: array, items: {type: number}}}}}"
        ),
        """
        thing = client.api.things.echo_thing(vectors=[[0.5, 1], [2.0]])
        assert sent()["body"] == {"vectors": [[0.5, 1], [2.0]]}
        vectors: list[list[float]] = thing.vectors
        assert isinstance(vectors, list)
        """,
    ),
    Edit(
        "deprecated things",
        "paths: {/books: {get: {deprecated: true}}}\ncomponents: {schemas: {Book: {properties: {pages: {deprecated: true}}}}}",
        """
        assert "Deprecated." in str(models.Book.__doc__)
        assert "Deprecated." in str(client.api.books.list_books.__doc__)
        """,
    ),
    Edit(
        "an error with a class of its own",
        """
        components:
          x-exceptions:
            IndoxRouterError: {parent: Exception, doc: Any.}
            APIError: {parent: IndoxRouterError, doc: The server failed.}
            InvalidParametersError: {parent: IndoxRouterError, doc: An argument is wrong., also: ValueError}
            NetworkError: {parent: IndoxRouterError, doc: No connection.}
            RequestTimeoutError: {parent: NetworkError, doc: Too late.}
            ShelfFullError: {parent: APIError, doc: No room.}
          schemas:
            Problem: {x-error-codes: {shelf_full: ShelfFullError}, x-error-statuses: {'507': ShelfFullError}}
        """,
        """
        from package_name.errors import ERROR_CODES, ERROR_STATUSES

        assert ERROR_CODES["shelf_full"] == "ShelfFullError" and ERROR_STATUSES[507] == "ShelfFullError"
        assert issubclass(package.ShelfFullError, package.APIError)
        """,
    ),
]

__all__ = ["EDITS"]
