"""Edits of schemas: composition, nullability, enums, limits, formats."""
# ruff: noqa: E501  a schema on one line of YAML reads better than one on six

from __future__ import annotations

from tests.evolution.editing import Edit, echoing

EDITS = [
    Edit(
        "one of several with a discriminator",
        echoing(
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
        from package_name._runtime.codecs.factory import alias

        decoded = alias("things", "THING_CODEC").decode({"kind": "lp", "sides": 1, "minutes": 3})
        assert isinstance(decoded, models.Record)
        """,
    ),
    Edit(
        "all of several",
        echoing(
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
        echoing(
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
        echoing(
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
        echoing(
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
        echoing(
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
        echoing(
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
        echoing(
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
        "dates, times and identifiers",
        echoing(
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
        echoing(
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
        echoing(
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
        echoing("    Thing: {type: object, properties: {name: {type: string}}, additionalProperties: false}"),
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
        echoing(
            """
    Thing:
      type: object
      required: [id, secret]
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
        echoing(
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
        echoing(
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
