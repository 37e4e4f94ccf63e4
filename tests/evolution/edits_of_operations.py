"""Edits of operations: paths, methods, answers, credentials."""
# ruff: noqa: E501  a schema on one line of YAML reads better than one on six

from __future__ import annotations

from tests.evolution.editing import Edit

_OK = "{'200': {description: Fine., content: {application/json: {schema: {type: object}}}}}"

EDITS = [
    Edit(
        "a new tag",
        """
        tags: [{name: books}, {name: readers, description: Who reads.}]
        paths:
          /readers:
            get:
              operationId: listReaders
              tags: [readers]
              responses:
                '200': {description: Readers., content: {application/json: {schema: {type: array, items: {type: string}}}}}
        """,
        """
        names: list[str] = client.api.readers.list_readers()
        assert isinstance(names, list)
        assert sent()["path"] == "/readers"
        """,
    ),
    Edit(
        "a tag and an operation that are Python keywords",
        f"""
        paths:
          /class:
            delete:
              operationId: import
              tags: [class]
              parameters: [{{name: from, in: query, required: true, schema: {{type: string}}}}]
              responses: {_OK}
        """,
        """
        client.api.class_.import_(from_="a")
        assert sent()["query"] == {"from": "a"}
        """,
    ),
    Edit(
        "an operation without tag and id",
        f"""
        paths:
          /plain/{{key}}:
            get:
              parameters: [{{name: key, in: path, required: true, schema: {{type: integer}}}}]
              responses: {_OK}
        """,
        """
        client.api.default.get_plain_key(3)
        assert sent()["path"] == "/plain/3"
        """,
    ),
    Edit(
        "a file to download",
        """
        paths:
          /books/{book_id}/cover:
            get:
              operationId: getCover
              tags: [books]
              parameters: [{name: book_id, in: path, required: true, schema: {type: string}}]
              responses: {'200': {description: A picture., content: {image/png: {schema: {type: string, format: binary}}}}}
        """,
        """
        picture: bytes = client.api.books.get_cover("7")
        assert isinstance(picture, bytes) and picture
        """,
    ),
    Edit(
        "text and JSON from one operation",
        """
        paths:
          /books/{book_id}:
            get:
              responses: {'200': {content: {text/plain: {schema: {type: string}}}}}
        """,
        """
        answer = client.api.books.get_book("1")
        if not isinstance(answer, str):
            assert answer.title
        """,
    ),
    Edit(
        "a path item behind a reference",
        f"""
        paths:
          /behind: {{$ref: '#/components/pathItems/Behind'}}
        components:
          pathItems:
            Behind:
              get: {{operationId: readBehind, tags: [books], responses: {_OK}}}
        """,
        """
        client.api.books.read_behind()
        assert sent()["path"] == "/behind"
        """,
    ),
    Edit(
        "answers, parameters and bodies behind references",
        """
        paths:
          /behind:
            post:
              operationId: writeBehind
              tags: [books]
              parameters: [{$ref: '#/components/parameters/Mode'}]
              requestBody: {$ref: '#/components/requestBodies/Book'}
              responses: {'200': {$ref: '#/components/responses/Book'}}
        components:
          parameters: {Mode: {name: mode, in: query, schema: {type: string}}}
          requestBodies: {Book: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewBook'}}}}}
          responses: {Book: {description: A book., content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}}
        """,
        """
        book = client.api.books.write_behind(title="t", mode="fast")
        assert isinstance(book, models.Book)
        assert sent()["query"] == {"mode": "fast"}
        """,
    ),
    Edit(
        "several successes",
        """
        paths:
          /books:
            post:
              responses:
                '200': {description: It was there., content: {application/json: {schema: {$ref: '#/components/schemas/Known'}}}}
                '202': {description: Later.}
        components:
          schemas:
            Known: {type: object, required: [known], properties: {known: {type: string}}}
        """,
        """
        answer = client.api.books.create_book(title="t")
        if isinstance(answer, models.Known):
            assert answer.known
        elif answer is not None:
            assert answer.title
        """,
    ),
    Edit(
        "an answer without a body",
        """
        paths:
          /books/{book_id}:
            delete:
              operationId: deleteBook
              tags: [books]
              parameters: [{name: book_id, in: path, required: true, schema: {type: string}}]
              responses: {'204': {description: Gone.}}
        """,
        """
        client.api.books.delete_book("1")
        assert (sent()["method"], sent()["status"]) == ("DELETE", 204)
        """,
    ),
    Edit(
        "a method of every kind",
        f"""
        paths:
          /verbs:
            put: {{operationId: verbPut, tags: [verbs], responses: {_OK}}}
            patch: {{operationId: verbPatch, tags: [verbs], responses: {_OK}}}
            options: {{operationId: verbOptions, tags: [verbs], responses: {{'204': {{description: Fine.}}}}}}
        """,
        """
        client.api.verbs.verb_put()
        client.api.verbs.verb_patch()
        client.api.verbs.verb_options()
        assert sent()["method"] == "OPTIONS"
        """,
    ),
    Edit(
        "a renamed operation",
        "paths: {/books: {get: {operationId: allBooks}}}",
        """
        books = client.api.books.all_books(limit=2)
        assert all(isinstance(book, models.Book) for book in books)
        """,
    ),
    Edit(
        "a removed operation",
        """
        paths:
          /books/{book_id}: ~
        """,
        """
        assert not hasattr(client.api.books, "get_book")
        assert client.api.books.list_books() is not None
        """,
    ),
    Edit(
        "a security scheme of another kind",
        f"""
        paths:
          /vault:
            get: {{operationId: openVault, tags: [books], security: [{{key: []}}], responses: {_OK}}}
        components:
          securitySchemes: {{key: {{type: apiKey, in: header, name: X-Vault-Key}}}}
        """,
        """
        client.api.books.open_vault()
        assert "x-vault-key" in sent()["headers"]
        assert "authorization" not in sent()["headers"]
        """,
    ),
    Edit(
        "OAuth in place of plain tokens",
        """
        components:
          securitySchemes:
            bearerAuth: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'https://example.test/token', scopes: {}}}}
        """,
        """
        client.api.books.list_books()
        assert "authorization" in sent()["headers"]
        """,
    ),
    Edit(
        "an operation that needs no credentials",
        f"paths: {{/open: {{get: {{operationId: readOpen, tags: [books], security: [], responses: {_OK}}}}}}}",
        """
        client.api.books.read_open()
        assert "authorization" not in sent()["headers"]
        """,
    ),
    Edit(
        "webhooks",
        """
        webhooks:
          bookSold:
            post:
              requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}
              responses: {'200': {description: Thanks.}}
        """,
        """
        from package_name import webhooks

        book = webhooks.read_book_sold('{"id": "1", "title": "t"}')
        assert isinstance(book, models.Book)
        """,
    ),
    Edit(
        "servers with variables",
        """
        servers: [{url: 'https://{region}.example.test/v1', variables: {region: {default: eu}}}]
        """,
        """
        from package_name.about import SERVERS

        assert SERVERS == ("https://eu.example.test/v1",)
        assert client.api.books.list_books() is not None
        """,
    ),
]

__all__ = ["EDITS"]
