"""Edits of what is sent: parameters and bodies."""
# ruff: noqa: E501  a schema on one line of YAML reads better than one on six

from __future__ import annotations

from tests.evolution.editing import Edit

_OK = "{'200': {description: Fine., content: {application/json: {schema: {type: object}}}}}"

EDITS = [
    Edit(
        "two request media types",
        """
        paths:
          /books:
            post:
              requestBody:
                content:
                  application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/NewBook'}}
        """,
        """
        client.api.books.create_book(title="a b")
        assert sent()["body"] == {"title": "a b"}
        book = client.api.books.create_book(title="a b", content_type="application/x-www-form-urlencoded")
        assert "urlencoded" in sent()["headers"]["content-type"]
        assert book.title
        """,
    ),
    Edit(
        "a file to upload as it is",
        """
        paths:
          /raw:
            put:
              operationId: putRaw
              tags: [books]
              requestBody: {required: true, content: {application/octet-stream: {schema: {type: string, format: binary}}}}
              responses: {'204': {description: Taken.}}
        """,
        """
        client.api.books.put_raw(body=b"\\x00\\x01")
        assert sent()["size"] == 2
        """,
    ),
    Edit(
        "an array of files",
        """
        paths:
          /scans:
            post:
              operationId: addScans
              tags: [books]
              requestBody:
                required: true
                content:
                  multipart/form-data:
                    schema:
                      type: object
                      required: [pages]
                      properties:
                        pages: {type: array, items: {type: string, format: binary}}
                        note: {type: string}
              responses: {'204': {description: Taken.}}
        """,
        """
        client.api.books.add_scans(pages=[b"one", b"two"], note="n")
        assert sent()["headers"]["content-type"].startswith("multipart/form-data")
        assert sent()["status"] == 204
        """,
    ),
    Edit(
        "JSON inside of a form",
        """
        paths:
          /scans:
            post:
              operationId: addScan
              tags: [books]
              requestBody:
                required: true
                content:
                  multipart/form-data:
                    schema:
                      type: object
                      required: [book, page]
                      properties:
                        page: {type: string, format: binary}
                        book: {type: string, contentMediaType: application/json, contentSchema: {$ref: '#/components/schemas/NewBook'}}
              responses: {'204': {description: Taken.}}
        """,
        """
        client.api.books.add_scan(page=b"x", book={"title": "A"})
        client.api.books.add_scan(page=b"x", book=models.NewBook("A"))
        assert sent()["status"] == 204
        """,
    ),
    Edit(
        "a body that is an array",
        f"""
        paths:
          /batch:
            post:
              operationId: addBatch
              tags: [books]
              requestBody:
                required: true
                content: {{application/json: {{schema: {{type: array, items: {{$ref: '#/components/schemas/NewBook'}}}}}}}}
              responses: {_OK}
        """,
        """
        client.api.books.add_batch(body=[models.NewBook("A"), {"title": "B"}])
        assert sent()["body"] == [{"title": "A"}, {"title": "B"}]
        """,
    ),
    Edit(
        "a path with two parameters that hold slashes",
        f"""
        paths:
          /tree/{{left}}/to/{{right}}:
            get:
              operationId: compareTrees
              tags: [books]
              parameters:
                - {{name: left, in: path, required: true, x-allow-slash: true, schema: {{type: string}}}}
                - {{name: right, in: path, required: true, x-allow-slash: true, schema: {{type: string}}}}
              responses: {_OK}
        """,
        """
        client.api.books.compare_trees("a/b c", "d/e")
        assert sent()["path"] in ("/tree/a/b c/to/d/e", "/tree/a/b%20c/to/d/e")
        """,
    ),
    Edit(
        "header and cookie parameters",
        f"""
        paths:
          /headers:
            get:
              operationId: readHeaders
              tags: [books]
              parameters:
                - {{name: X-Count, in: header, required: true, schema: {{type: integer}}}}
                - {{name: X-Since, in: header, schema: {{type: string, format: date-time}}}}
                - {{name: session, in: cookie, schema: {{type: string}}}}
              responses: {_OK}
        """,
        """
        since = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)
        client.api.books.read_headers(x_count=3, x_since=since, session="s1")
        headers = sent()["headers"]
        assert headers["x-count"] == "3"
        assert headers["x-since"].startswith("2026-01-02")
        assert "cookie" in headers
        """,
    ),
    Edit(
        "a deep object in the query",
        f"""
        paths:
          /search:
            get:
              operationId: search
              tags: [books]
              parameters:
                - name: filter
                  in: query
                  style: deepObject
                  explode: true
                  schema: {{type: object, properties: {{title: {{type: string}}, pages: {{type: integer}}}}}}
              responses: {_OK}
        """,
        """
        client.api.books.search(filter={"title": "a", "pages": 3})
        assert sent()["query"] == {"filter[title]": "a", "filter[pages]": "3"}
        """,
    ),
    Edit(
        "lists in the query in three styles",
        f"""
        paths:
          /search:
            get:
              operationId: search
              tags: [books]
              parameters:
                - {{name: many, in: query, schema: {{type: array, items: {{type: integer}}}}}}
                - {{name: comma, in: query, explode: false, schema: {{type: array, items: {{type: string}}}}}}
                - {{name: pipe, in: query, style: pipeDelimited, explode: false, schema: {{type: array, items: {{type: string}}}}}}
              responses: {_OK}
        """,
        """
        client.api.books.search(many=[1, 2], comma=["a", "b"], pipe=["c", "d"])
        assert sent()["query"] == {"many": "2", "comma": "a,b", "pipe": "c|d"}  # of `many`, the last one
        """,
    ),
    Edit(
        "a parameter that travels as JSON",
        f"""
        paths:
          /search:
            get:
              operationId: search
              tags: [books]
              parameters:
                - {{name: like, in: query, content: {{application/json: {{schema: {{$ref: '#/components/schemas/NewBook'}}}}}}}}
              responses: {_OK}
        """,
        """
        client.api.books.search(like={"title": "a"})
        assert sent()["query"] == {"like": '{"title":"a"}'}
        """,
    ),
    Edit(
        "parameters of a path that an operation overrides",
        f"""
        paths:
          /shared/{{key}}:
            parameters:
              - {{name: key, in: path, required: true, schema: {{type: string}}}}
              - {{name: size, in: query, schema: {{type: string}}}}
            get:
              operationId: readShared
              tags: [books]
              parameters: [{{name: size, in: query, schema: {{type: integer}}}}]
              responses: {_OK}
        """,
        """
        client.api.books.read_shared("k", size=2)
        assert sent()["query"] == {"size": "2"}
        """,
    ),
    Edit(
        "parameters of the same name in different places",
        f"""
        paths:
          /twice/{{id}}:
            get:
              operationId: readTwice
              tags: [books]
              parameters:
                - {{name: id, in: path, required: true, schema: {{type: string}}}}
                - {{name: id, in: query, schema: {{type: string}}}}
              responses: {_OK}
        """,
        """
        client.api.books.read_twice("p", id_query="q")
        assert (sent()["path"], sent()["query"]) == ("/twice/p", {"id": "q"})
        """,
    ),
]

__all__ = ["EDITS"]
