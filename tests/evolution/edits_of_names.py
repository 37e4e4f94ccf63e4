"""Edits of names, texts and references."""
# ruff: noqa: E501  a schema on one line of YAML reads better than one on six

from __future__ import annotations

from tests.evolution.editing import Edit, echoing

_LONG_TEXT = " ".join(f"This is sentence {number} of a long description." for number in range(250))

EDITS = [
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
        assert "Volume; the old name will be removed in the next major version" in str(heard[0].message)
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
        assert "Book.pages is now called page_count; the old name will be removed" in str(heard[0].message)
        """,
    ),
    Edit(
        "a renamed keyword of a method",
        """
        paths:
          /books/{book_id}:
            get:
              parameters:
                - {name: book_id, in: path, required: true, schema: {type: string}}
                - {name: language, in: query, x-renamed-from: [lang, tongue], schema: {type: string}}
        components: {schemas: {NewBook: {properties: {pages: ~, page_count: {type: integer, x-renamed-from: pages}}}}}
        """,
        """
        import warnings

        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            client.api.books.create_book(title="t", pages=7)
            assert sent()["body"] == {"title": "t", "page_count": 7}
            client.api.books.get_book("1", lang="en")
            assert sent()["query"] == {"language": "en"}
            client.api.books.get_book("1", tongue="fr")
            assert sent()["query"] == {"language": "fr"}
            client.api.books.get_book("1", language="de")
            try:
                client.api.books.create_book(title="t", pages=7, page_count=8)
            except package.InvalidParametersError as error:
                assert "pages: expected the argument once; page_count is its present name" in str(error)
            else:
                raise AssertionError("both names were accepted")
        assert [str(each.message).partition(";")[0] for each in heard] == [
            "create_book(): pages is now called page_count",
            "get_book(): lang is now called language",
            "get_book(): tongue is now called language",
            "create_book(): pages is now called page_count",
        ]
        assert {each.filename for each in heard} == {__file__}
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
        echoing(
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
        echoing(
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
        echoing(
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
        echoing(
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
        echoing(
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
        echoing(
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
        echoing(
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
        "deprecated things",
        "paths: {/books: {get: {deprecated: true}}}\ncomponents: {schemas: {Book: {properties: {pages: {deprecated: true}}}}}",
        """
        assert "Deprecated." in str(models.Book.__doc__)
        assert "Deprecated." in str(client.api.books.list_books.__doc__)
        """,
    ),
]

__all__ = ["EDITS"]
